"""What a knowledge-base document is, and how it is read from a file."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from domain.errors import BadInput
from rag.words import LANGUAGES, guess_language

SUFFIXES = frozenset({".md", ".markdown", ".txt"})
MAX_BYTES = 2 * 1024 * 1024
_FENCE = re.compile(r"---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_FIRST_HEADING = re.compile(r"\A\s*#{1,2}[ \t]+(.+?)[ \t#]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Document:
    """One file of a knowledge base. `body` is what can be cited: the text without front matter, lines end by LF.

    `version` is the sha256 of the file's bytes, `visibility` is public or internal, `language` ISO 639-1 or "und";
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


def parse_document(path: str, content: bytes, language: str = "") -> Document:
    """Read one file; `language` counts where neither front matter nor folder names one. Raises BadInput."""
    if len(content) > MAX_BYTES:
        raise BadInput(path, f"is larger than {MAX_BYTES // 1024 // 1024} MB; split it into several documents.")
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise BadInput(path, f"is not UTF-8 text (byte {error.start}); save it as UTF-8.") from error
    if "\0" in text:
        raise BadInput(path, "contains NUL characters; it is not a text file.")
    meta, body = _front_matter(path, text)
    if not body:
        raise BadInput(path, "has no text beside its front matter.")
    return Document(
        path=path,
        title=_title(path, meta, body),
        language=_language(path, meta) or language or guess_language(body),
        body=body,
        version=hashlib.sha256(content).hexdigest(),
        visibility=_visibility(path, meta),
        questions=_questions(path, meta),
        url=_url(path, meta),
    )


def load_folder(folder: Path, language: str = "") -> tuple[tuple[Document, ...], tuple[Problem, ...]]:
    """Read every document under `folder`, in the order of paths; a bad file is reported and never breaks the rest."""
    documents, problems = [], []
    for path, content in files_in(folder):
        if isinstance(content, Problem):
            problems.append(content)
            continue
        try:
            documents.append(parse_document(path, content, language))
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
    if file.suffix.lower() not in SUFFIXES:
        return Problem(path, f"{file.suffix or 'a file without ending'} is not a kind read here.")
    if file.is_symlink():
        return Problem(path, "is a link to another file; only files in the folder itself are read.")
    try:
        return file.read_bytes()
    except OSError as error:
        return Problem(path, f"cannot be read: {error.strerror}.")


def _front_matter(path: str, text: str) -> tuple[Mapping[str, Any], str]:
    # A file that opens with a line of dashes but no "key:" after it uses them as a rule, not as front matter.
    if not re.match(r"---[ \t]*\n(?:[ \t]*\n|#.*\n)*(?:[\w-]+[ \t]*:|---)", text):
        return {}, text.strip()
    fenced = _FENCE.match(text)
    if fenced is None:
        raise BadInput(path, "opens a front matter with --- and does not close it.")
    try:
        meta = yaml.safe_load(fenced.group(1)) or {}
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", 0) + 2
        raise BadInput(path, f"has a front matter that is not YAML (line {line}).") from error
    if not isinstance(meta, dict):
        raise BadInput(path, "has a front matter that is not a list of names and values.")
    return meta, text[fenced.end() :].strip()


def _title(path: str, meta: Mapping[str, Any], body: str) -> str:
    named = meta.get("title")
    if named is not None and str(named).strip():
        return " ".join(str(named).split())
    heading = _FIRST_HEADING.match(body)
    if heading:
        return heading.group(1).strip()
    return PurePosixPath(path).stem.replace("-", " ").replace("_", " ").strip().capitalize()


def _language(path: str, meta: Mapping[str, Any]) -> str:
    named = meta.get("language", meta.get("lang"))
    if named is False:  # YAML 1.1 reads Norwegian's bare `no` as a boolean.
        return "no"
    if named is not None:
        code = re.split(r"[-_]", str(named).strip().lower())[0]
        if code not in LANGUAGES:
            raise BadInput(path, f"names the language {str(named)!r}; use a code such as en, de, fr, es.")
        return code
    folders = (part.lower() for part in reversed(PurePosixPath(path).parts[:-1]))
    return next((folder for folder in folders if folder in LANGUAGES), "")


def _visibility(path: str, meta: Mapping[str, Any]) -> str:
    # A misspelt "internal" must never become public.
    visibility = str(meta.get("visibility", "public")).strip().lower()
    if visibility not in {"public", "internal"}:
        raise BadInput(path, f"has the visibility {visibility!r}; it can be public or internal.")
    return visibility


def _questions(path: str, meta: Mapping[str, Any]) -> tuple[str, ...]:
    questions = meta.get("questions") or []
    if not isinstance(questions, list) or not all(isinstance(question, str) for question in questions):
        raise BadInput(path, "has sample questions that are not a list of sentences.")
    return tuple(" ".join(question.split()) for question in questions if question.strip())


def _url(path: str, meta: Mapping[str, Any]) -> str:
    url = str(meta.get("url") or meta.get("link") or "").strip()
    if url and not re.fullmatch(r"https://[^\s<>\"']+", url):
        raise BadInput(path, "has a link that does not begin with https://.")
    return url
