"""The citable pieces of a document: whole sections with stable spans."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.documents import Document
from rag.pieces import pieces

# (level, text, start, end), and (headings above, start, end).
Heading = tuple[int, str, int, int]
Section = tuple[tuple[str, ...], int, int]

_FENCE = re.compile(r"[ ]{0,3}(`{3,}|~{3,})")
_ATX = re.compile(r"[ ]{0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$")
_SETEXT = re.compile(r"[ ]{0,3}(=+|-{2,})[ \t]*$")
_ASKED = re.compile(r"^(?:\*\*)?[QFP][:.)](?:\*\*)?[ \t]*(\S.*)$", re.MULTILINE)
_ANSWERED = re.compile(r"^(?:\*\*)?[AR][:.)](?:\*\*)?[ \t]*(?=\S)", re.MULTILINE)
_ATTRIBUTES = re.compile(r"\s*\{[:#.][^}]*\}\s*$")


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
    """The passages of a document in their order; none overlaps another, none is blank. Linear in its length."""
    headings = list(_headings(document.body))
    sections = _asked_and_answered(document.body, headings) or _sections(document.body, headings)
    return tuple(
        Passage(document, _path(document.title, path), start, end)
        for path, section_start, section_end in sections
        for start, end in pieces(document.body, section_start, section_end)
    )


def _path(title: str, headings: tuple[str, ...]) -> str:
    # Most documents repeat their title as first heading.
    below = headings[1:] if headings and headings[0].casefold() == title.casefold() else headings
    return " > ".join((title, *below))


def _asked_and_answered(body: str, headings: Sequence[Heading]) -> list[Section]:
    """Sections of a file of `Q:` and `A:` lines (also F/A, Q/R, P/R), perhaps in groups; empty when it is none."""
    start = 0
    for _, _, heading_start, heading_end in headings:
        if body[start:heading_start].strip():
            break
        start = heading_end
    if not _ASKED.match(body, start + len(body[start:]) - len(body[start:].lstrip())):
        return []
    asked = list(_ASKED.finditer(body, start))
    groups = list(_sections(body, headings))
    begins = [group_start for _, group_start, _ in groups]
    found: list[Section] = []
    for at, question in enumerate(asked):
        above, _, group_end = groups[bisect_right(begins, question.start()) - 1]
        end = min(group_end, asked[at + 1].start() if at + 1 < len(asked) else len(body))
        answer = _ANSWERED.search(body, question.end(), end)
        path = (*above, question.group(1).strip().rstrip("*"))
        found.append((path, answer.end() if answer else question.end(), end))
    return found


def _sections(body: str, headings: Sequence[Heading]) -> Iterator[Section]:
    """(headings above, start, end) for each stretch of text between two Markdown headings."""
    above: list[tuple[int, str]] = []
    start = 0
    for level, heading, heading_start, heading_end in headings:
        yield tuple(text for _, text in above), start, heading_start
        above = [(outer, text) for outer, text in above if outer < level]
        above.append((level, heading))
        start = heading_end
    yield tuple(text for _, text in above), start, len(body)


def _headings(body: str) -> Iterator[Heading]:
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
