"""Which files are documents, of which kind each is, and how large it may be."""

from pathlib import PurePosixPath

from domain.errors import BadInput

MB = 1024 * 1024
KINDS = {
    ".md": "text",
    ".markdown": "text",
    ".txt": "text",
    ".html": "html",
    ".htm": "html",
    ".pdf": "pdf",
}
MAX_BYTES = {"text": 2 * MB, "html": 2 * MB, "pdf": 20 * MB}
MAX_PATH = 300


def kind_of(path: str, content: bytes) -> str:
    """The kind of a file: text, html or pdf. Raises BadInput where it is none of them, or too large."""
    if not path.strip("/") or len(path) > MAX_PATH or not path.isprintable():
        raise BadInput(path[:MAX_PATH], f"has no name that can be used: up to {MAX_PATH} characters on one line.")
    # One document, one name: none that means another file elsewhere, on whatever system.
    if {"", ".", ".."} & set(path.split("/")) or "\\" in path:
        raise BadInput(path, "has a name that leads elsewhere: folders and a file, as in en/returns.md.")
    suffix = PurePosixPath(path).suffix.lower()
    kind = KINDS.get(suffix)
    if kind is None:
        raise BadInput(path, not_read(suffix))
    if len(content) > MAX_BYTES[kind]:
        raise BadInput(path, f"is larger than {MAX_BYTES[kind] // MB} MB; split it into several documents.")
    return kind


def not_read(suffix: str) -> str:
    return f"{suffix or 'a file without ending'} is not a kind read here."
