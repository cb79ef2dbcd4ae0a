"""What a knowledge-base document is, and how it is read from a file."""

import codecs
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from domain.errors import BadInput
from domain.ports import Converted, Converts
from rag.formats import front_matter
from rag.formats.decoding import text_of
from rag.formats.kinds import KINDS, MAX_BYTES, kind_of, not_read
from rag.words import LANGUAGES, guess_language

_FIRST_HEADING = re.compile(r"\A\s*#{1,2}[ \t]+(.+?)[ \t#]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Document:
    """One file of a knowledge base. `body` is what can be cited: the text without front matter, lines end by LF.

    `version` is the sha256 of the file's bytes and of what was said beside them, `visibility` is public or internal,
    `language` ISO 639-1 or "und";
    `questions` are sample questions that staff say it answers; `url` is where customers can read it, or empty.
    """

    path: str
    title: str
    language: str
    body: str
    version: str
    visibility: str = "public"
    questions: tuple[str, ...] = ()
    url: str = ""

    @property
    def public(self) -> bool:
        return self.visibility == "public"


@dataclass(frozen=True, slots=True)
class Problem:
    """A file that was left out, with one sentence that says why."""

    path: str
    reason: str


def knowledge_version(documents: tuple[Document, ...]) -> str:
    """A name for exactly these documents in these versions."""
    names = sorted(f"{document.path}\0{document.version}\0{document.language}" for document in documents)
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def parse_document(
    path: str, content: bytes, language: str = "", *, convert: Converts | None = None, visibility: str = ""
) -> Document:
    """Read one file. Raises BadInput with one sentence.

    `language` counts where the file and its folder name none; `visibility` counts before what the file says, but
    never makes an internal file public. `convert` reads what is no text.
    """
    kind = kind_of(path, content)
    if kind == "text":
        meta, body = front_matter.split(path, text_of(path, content))
    elif convert is None:
        raise BadInput(path, not_read(PurePosixPath(path).suffix.lower()))
    else:
        above, page = _above(path, kind, content)
        meta, body = _converted(convert.convert(path, kind, page))
        hidden = "internal" in {front_matter.visibility(path, one.get("visibility", "public")) for one in (meta, above)}
        meta = {**meta, **above, **({"visibility": "internal"} if hidden else {})}
    if not body:
        raise BadInput(path, "has no text beside its front matter.")
    named = front_matter.language(path, meta)
    # What says nothing itself goes by its folder: a PDF has no other way to say it.
    folders = {part.lower() for part in PurePosixPath(path).parts[:-1]}
    said = front_matter.visibility(path, meta.get("visibility", "internal" if "internal" in folders else "public"))
    asked = front_matter.visibility(path, visibility or said)
    return Document(
        path=path,
        title=front_matter.title(meta) or _title(path, body),
        language=named or language or guess_language(body),
        body=body,
        version=_version(content, "" if named else language, visibility),
        visibility="internal" if "internal" in {said, asked} else "public",
        questions=front_matter.questions(path, meta),
        url=front_matter.url(path, meta),
    )


def _version(content: bytes, language: str, visibility: str) -> str:
    """The name of a version. What was said beside the bytes belongs to it: nothing under a name ever changes."""
    beside = "".join(f"\0{name}={value}" for name, value in (("lang", language), ("visibility", visibility)) if value)
    return hashlib.sha256(content + beside.encode()).hexdigest()


def _above(path: str, kind: str, content: bytes) -> tuple[Mapping[str, Any], bytes]:
    """What a front matter says above a page of HTML, as the makers of static sites write it, and the page."""
    if kind != "html" or not content.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"---"):
        return {}, content
    above, page = front_matter.split(path, text_of(path, content))
    return (above, codecs.BOM_UTF8 + page.encode()) if above else ({}, content)


def _converted(found: Converted) -> tuple[Mapping[str, Any], str]:
    """What a page or a PDF says about itself, as a front matter would, and its text."""
    language = re.split(r"[-_]", found.language.strip().lower())[0]
    meta = {
        # A page's title often ends with the shop's name, a PDF's is that of a file: its first heading says it better.
        "title": "" if _FIRST_HEADING.match(found.text) else found.title,
        "language": language if language in LANGUAGES else None,
        "url": found.url,
        **({"visibility": found.visibility} if found.visibility else {}),
    }
    return meta, found.text.strip()


def load_folder(
    folder: Path, language: str = "", *, convert: Converts | None = None
) -> tuple[tuple[Document, ...], tuple[Problem, ...]]:
    """Read every document under `folder`, in the order of paths; a bad file is reported and never breaks the rest."""
    documents, problems = [], []
    for path, content in files_in(folder):
        if isinstance(content, Problem):
            problems.append(content)
            continue
        try:
            documents.append(parse_document(path, content, language, convert=convert))
        except BadInput as error:
            problems.append(Problem(path, error.reason))
    return tuple(documents), tuple(problems)


def files_in(folder: Path) -> Iterator[tuple[str, bytes | Problem]]:
    """The files under `folder` in the order of their paths, each with its bytes or with why it is left out."""
    if not folder.is_dir():
        raise BadInput(str(folder), "is not a folder.")
    for file in sorted(folder.rglob("*")):
        path = file.relative_to(folder).as_posix()
        if any(part.startswith(".") for part in PurePosixPath(path).parts) or file.is_dir():
            continue
        yield path, _content(file, path)


def _content(file: Path, path: str) -> bytes | Problem:
    suffix = file.suffix.lower()
    if suffix not in KINDS:
        return Problem(path, not_read(suffix))
    if file.is_symlink():
        return Problem(path, "is a link to another file; only files in the folder itself are read.")
    try:
        with file.open("rb") as opened:
            # One byte more than is read of such a file says that it is too large.
            return opened.read(MAX_BYTES[KINDS[suffix]] + 1)
    except OSError as error:
        return Problem(path, f"cannot be read: {error.strerror}.")


def _title(path: str, body: str) -> str:
    heading = _FIRST_HEADING.match(body)
    if heading:
        return heading.group(1).strip()
    return PurePosixPath(path).stem.replace("-", " ").replace("_", " ").strip().capitalize()
