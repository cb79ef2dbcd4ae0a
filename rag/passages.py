"""The citable pieces of a document: whole sections with stable spans."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from rag.documents import Document

MAX_WORDS = 180
_FENCE = re.compile(r"[ ]{0,3}(`{3,}|~{3,})")
_ATX = re.compile(r"[ ]{0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$")
_SETEXT = re.compile(r"[ ]{0,3}(=+|-{2,})[ \t]*$")
_ASKED = re.compile(r"^(?:\*\*)?[QFP][:.)](?:\*\*)?[ \t]*(\S.*)$", re.MULTILINE)
_ANSWERED = re.compile(r"^(?:\*\*)?[AR][:.)](?:\*\*)?[ \t]*(?=\S)", re.MULTILINE)
_ATTRIBUTES = re.compile(r"\s*\{[:#.][^}]*\}\s*$")
_PARAGRAPH_BREAK = re.compile(r"\n[ \t]*\n")


@dataclass(frozen=True, slots=True)
class Passage:
    """`document.body[start:end]` is its text; `heading` is the path of headings, title first, joined by " > "."""

    document: Document
    heading: str
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.document.body[self.start : self.end]

    @property
    def section(self) -> str:
        """The innermost heading."""
        return self.heading.rpartition(" > ")[2]


def passages_of(document: Document) -> tuple[Passage, ...]:
    """The passages of a document in their order; none overlaps another, none is blank."""
    sections = _asked_and_answered(document) or _sections(document.body)
    return tuple(
        Passage(document, _path(document.title, headings), start, end)
        for headings, section_start, section_end in sections
        for start, end in _pieces(document.body, section_start, section_end)
    )


def _path(title: str, headings: tuple[str, ...]) -> str:
    # Most documents repeat their title as first heading.
    below = headings[1:] if headings and headings[0].casefold() == title.casefold() else headings
    return " > ".join((title, *below))


def _asked_and_answered(document: Document) -> list[tuple[tuple[str, ...], int, int]]:
    """Sections of a file of `Q:` and `A:` lines (also F/A, Q/R, P/R); empty when it is none."""
    body = document.body
    if not _ASKED.match(body):
        return []
    asked = list(_ASKED.finditer(body))
    sections: list[tuple[tuple[str, ...], int, int]] = []
    for at, question in enumerate(asked):
        end = asked[at + 1].start() if at + 1 < len(asked) else len(body)
        answer = _ANSWERED.search(body, question.end(), end)
        if answer:
            sections.append(((question.group(1).strip().rstrip("*"),), answer.end(), end))
    return sections


def _sections(body: str) -> Iterator[tuple[tuple[str, ...], int, int]]:
    """(headings above, start, end) for each stretch of text between two Markdown headings."""
    above: list[tuple[int, str]] = []
    start = 0
    for level, heading, heading_start, heading_end in _headings(body):
        yield tuple(text for _, text in above), start, heading_start
        above = [(outer, text) for outer, text in above if outer < level]
        above.append((level, heading))
        start = heading_end
    yield tuple(text for _, text in above), start, len(body)


def _headings(body: str) -> Iterator[tuple[int, str, int, int]]:
    """(level, text, start, end) of each heading outside code."""
    fence = ""
    offset, before, before_offset = 0, "", 0
    for line in body.splitlines(keepends=True):
        bare = line.rstrip("\n")
        mark = _FENCE.match(bare)
        end = offset + len(line)
        if fence:
            if mark and mark.group(1).startswith(fence):
                fence = ""
        elif mark:
            fence = mark.group(1)
        elif atx := _ATX.match(bare):
            yield len(atx.group(1)), _ATTRIBUTES.sub("", atx.group(2)), offset, end
        elif (underline := _SETEXT.match(bare)) and _may_be_setext(before):
            yield 1 if underline.group(1)[0] == "=" else 2, before.strip(), before_offset, end
        before, before_offset, offset = bare, offset, end


def _may_be_setext(line: str) -> bool:
    return bool(line.strip()) and not re.match(r"\s*(?:[#>|*+-]|\d+[.)])", line)


def _pieces(body: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The section whole, or cut at paragraphs into pieces of at most about MAX_WORDS words."""
    if len(body[start:end].split()) <= MAX_WORDS:
        yield from _trimmed(body, start, end)
        return
    breaks = [start, *(mark.end() for mark in _PARAGRAPH_BREAK.finditer(body, start, end)), end]
    piece_start, words = start, 0
    for paragraph_start, paragraph_end in itertools.pairwise(breaks):
        length = len(body[paragraph_start:paragraph_end].split())
        if words and words + length > MAX_WORDS:
            yield from _trimmed(body, piece_start, paragraph_start)
            piece_start, words = paragraph_start, 0
        words += length
    yield from _trimmed(body, piece_start, end)


def _trimmed(body: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    text = body[start:end]
    if re.search(r"\w", text):
        yield start + len(text) - len(text.lstrip()), end - (len(text) - len(text.rstrip()))
