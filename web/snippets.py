"""Pieces of stored texts as pages show them: what was asked for, or cited, and what stands around it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.display import plain
from storage.knowledge_search import BEGIN, END

WIDTH = 280
AROUND = 100
# What stands around a span is for reading: its headings come without the marks of Markdown.
_HEADING = re.compile(r"^[ ]{0,3}#{1,6}[ \t]+", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Piece:
    text: str
    hit: bool = False


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A cited span with what stands before and behind it."""

    before: str
    cited: str
    after: str


def snippet(marked: str, tokens: Sequence[str], width: int = WIDTH) -> tuple[Piece, ...]:
    """About `width` characters where the most hits stand together; `tokens` are hits as they are written."""
    text = " ".join(plain(marked).split())
    if tokens:
        exact = "|".join(re.escape(token) for token in tokens)
        unmarked = re.compile(f"(?<!{BEGIN})({exact})(?!{END})", re.IGNORECASE)
        text = unmarked.sub(lambda found: f"{BEGIN}{found[0]}{END}", text)
    pieces = _pieces(text)
    starts, at = [], 0
    for piece in pieces:
        if piece.hit:
            starts.append(at)
        at += len(piece.text)
    best = max(starts, key=lambda start: sum(start <= one < start + width for one in starts), default=0)
    return _cut(pieces, max(0, best - width // 6), width)


def excerpt(body: str, start: int, end: int, around: int = AROUND) -> Excerpt | None:
    """The span of a body with its neighbourhood, cut at blanks; None where the span lies outside of it."""
    if not 0 <= start < end <= len(body):
        return None
    before, after = body[max(0, start - around) : start], body[end : end + around]
    if start > around:
        before = f"… {before.partition(' ')[2]}"
    if end + around < len(body):
        after = f"{after.rpartition(' ')[0]} …"
    return Excerpt(_HEADING.sub("", before.lstrip()), body[start:end], _HEADING.sub("", after.rstrip()))


def _pieces(marked: str) -> list[Piece]:
    found, depth = [], 0
    for part in re.split(f"([{BEGIN}{END}])", marked):
        if part in {BEGIN, END}:
            depth = max(0, depth + (1 if part == BEGIN else -1))
        elif part:
            found.append(Piece(part, hit=depth > 0))
    return found


def _cut(pieces: Sequence[Piece], begin: int, width: int) -> tuple[Piece, ...]:
    whole = sum(len(piece.text) for piece in pieces)
    kept, at = [], 0
    for piece in pieces:
        text = piece.text[max(0, begin - at) : max(0, begin + width - at)]
        at += len(piece.text)
        if text:
            kept.append(Piece(text, piece.hit))
    if begin and kept:
        kept[0] = Piece(f"… {kept[0].text}", kept[0].hit) if not kept[0].hit else kept[0]
    if begin + width < whole and kept:
        kept.append(Piece(" …"))
    return tuple(kept)
