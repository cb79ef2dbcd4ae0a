"""A PDF to Markdown: what is set in larger type becomes a heading; without any, each page is a section."""

import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pypdf import PdfReader
from pypdf.errors import DependencyError, PyPdfError

from adapters.mime.text import MAX_TEXT, clean, clean_line
from domain.errors import Unreadable
from domain.ports import Converted

MAX_BYTES = 20 * 1024 * 1024
MAX_PAGES = 300
LARGER = 1.12
MAX_HEADING = 120
LEVELS = 3
# What Markdown would take for a heading, a rule or code, and what nobody meant as such.
_MARKS = re.compile(r"^(\s{0,3})(?=#{1,6}\s|`{3}|~{3}|-{2,}\s*$|>)")
_BULLET = re.compile(r"\s*(?:[-*•▪●◦–—]|\(?\d{1,3}[.)]|[a-z][.)])\s")
_ENDS = re.compile(r"[.!?:;。！？][\"'»”)\]]*$")
_HYPHEN = re.compile(r"(?<=[^\W\d_])[-\u00ad\u2010]$")


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line; `size` is that of its largest type, rounded to half a point."""

    text: str
    size: float
    page: int


def read(content: bytes) -> Converted:
    """Raises Unreadable. Runs in the jailed child only."""
    if len(content) > MAX_BYTES:
        raise Unreadable("is larger than 20 MB; split it into several documents.")
    if b"%PDF-" not in content[:1024]:
        raise Unreadable("is not a PDF, whatever its name says.")
    try:
        return _read(content)
    except DependencyError as error:
        raise Unreadable("is encrypted in a way that is not read here; store it without a password.") from error
    except (PyPdfError, OSError) as error:
        raise Unreadable("is damaged, or built in a way that cannot be read.") from error


def _read(content: bytes) -> Converted:
    reader = PdfReader(io.BytesIO(content))
    # Many PDFs are encrypted under an empty password, which only asks a reader not to let them be changed.
    if reader.is_encrypted and not reader.decrypt(""):
        raise Unreadable("is encrypted; store it without a password.")
    if len(reader.pages) > MAX_PAGES:
        raise Unreadable(f"has {len(reader.pages)} pages; {MAX_PAGES} at most can be read: split it.")
    lines: list[Line] = []
    characters = 0
    for number, page in enumerate(reader.pages, 1):
        lines += _lines(page, number)
        characters += sum(len(line.text) for line in lines if line.page == number)
        if characters > MAX_TEXT:
            raise Unreadable("holds more than a million characters of text; split it into several documents.")
    if not any(re.search(r"\w", line.text) for line in lines):
        raise Unreadable("holds no text: it may be a scan. Store it with its text recognised, or as text.")
    title = clean_line(str((reader.metadata and reader.metadata.title) or ""))
    return Converted(_markdown(lines), title, str(reader.root_object.get("/Lang") or ""))


def _lines(page: Any, number: int) -> list[Line]:
    lines: list[Line] = []
    words: list[str] = []
    largest = 0.0

    def visit(text: str, _outer: Any, matrix: Any, _font: Any, size: float | None) -> None:
        nonlocal largest
        head, *following = text.split("\n")
        for place, part in enumerate((head, *following)):
            if place:
                lines.append(Line("".join(words), largest, number))
                words.clear()
                largest = 0.0
            if part.strip():
                largest = max(largest, round(2 * abs((size or 0.0) * _scale(matrix))) / 2)
            words.append(part)

    page.extract_text(visitor_text=visit)
    lines.append(Line("".join(words), largest, number))
    return [replace(line, text=clean_line(line.text)) for line in lines]


def _scale(matrix: Sequence[float]) -> float:
    """How much larger than its nominal size type is set under this text matrix."""
    return float((matrix[2] ** 2 + matrix[3] ** 2) ** 0.5)


def _markdown(lines: Sequence[Line]) -> str:
    sizes = Counter[float]()
    for line in lines:
        sizes[line.size] += len(line.text)
    usual = sizes.most_common(1)[0][0]
    headings = sorted({line.size for line in lines if _may_head(line, usual)}, reverse=True)
    level = {size: min(place, LEVELS) for place, size in enumerate(headings, 1)}
    written: list[str] = []
    page, heading_size = 0, 0.0
    for line in lines:
        if line.page != page:
            page = line.page
            if not headings:
                written += ["", f"## Page {page}", ""]
        if not line.text:
            written.append("")
            heading_size = 0.0
        elif _may_head(line, usual):
            # A heading over two lines is one heading.
            if heading_size == line.size and written[-1:] == [""] and len(written) > 1:
                written[-2] += f" {line.text}"
            else:
                written += ["", f"{'#' * level[line.size]} {line.text}", ""]
            heading_size = line.size
        else:
            heading_size = 0.0
            _append(written, _MARKS.sub(r"\1\\", line.text))
    return re.sub(r"\n{3,}", "\n\n", clean("\n".join(written))).strip()


def _may_head(line: Line, usual: float) -> bool:
    return (
        line.size > usual * LARGER and len(line.text) <= MAX_HEADING and re.search(r"[^\W\d_]", line.text) is not None
    )


def _append(written: list[str], text: str) -> None:
    """Add a printed line: to the paragraph before it, unless something begins anew."""
    before = written[-1] if written else ""
    if not before or before.startswith("#") or _BULLET.match(text) or (_ENDS.search(before) and len(before) < 60):
        written.append(text)
    elif _HYPHEN.search(before) and text[:1].islower():
        written[-1] = before[:-1] + text
    elif _ENDS.search(before) and text[:1].isupper() and len(before.rpartition("\n")[2]) < 60:
        written.append(text)
    else:
        written[-1] = f"{before} {text}"
