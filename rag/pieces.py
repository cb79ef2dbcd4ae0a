"""Where a section that is too long for one passage is cut: at paragraphs, else at sentences, lines or words."""

import itertools
import re
from collections.abc import Iterator

MAX_WORDS = 180
# Of text that has few spaces, as code, tables of links, or Chinese.
CHARACTERS_A_WORD = 20

# From the widest to the narrowest: what stands between two cuts of one is cut at the next where it is too long.
_BREAKS = (
    re.compile(r"\n[ \t]*\n"),
    re.compile(r"[.!?][)\"'»”*_]*\s+|[。！？]|(?<=;)\n"),
    re.compile(r"\n"),
    re.compile(r"[ \t]+"),
)


def pieces(body: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The spans of a section: one where it is short, else several of at most about MAX_WORDS words, none blank."""
    if _size(body, start, end) <= MAX_WORDS:
        yield from _trimmed(body, start, end)
        return
    piece_start, piece_size = start, 0
    for part_start, _, size in _parts(body, start, end):
        if piece_size and piece_size + size > MAX_WORDS:
            yield from _trimmed(body, piece_start, part_start)
            piece_start, piece_size = part_start, 0
        piece_size += size
    yield from _trimmed(body, piece_start, end)


def _parts(body: str, start: int, end: int, level: int = 0) -> Iterator[tuple[int, int, int]]:
    """(start, end, size) of paragraphs, and of what is left whole of those that are too long."""
    if level == len(_BREAKS):
        step = MAX_WORDS * CHARACTERS_A_WORD
        for at in range(start, end, step):
            yield at, min(at + step, end), MAX_WORDS
        return
    cuts = [start, *(mark.end() for mark in _BREAKS[level].finditer(body, start, end)), end]
    for part_start, part_end in itertools.pairwise(cuts):
        size = _size(body, part_start, part_end)
        if size <= MAX_WORDS:
            yield part_start, part_end, size
        else:
            yield from _parts(body, part_start, part_end, level + 1)


def _size(body: str, start: int, end: int) -> int:
    return max(len(body[start:end].split()), (end - start) // CHARACTERS_A_WORD)


def _trimmed(body: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    text = body[start:end]
    if re.search(r"\w", text):
        yield start + len(text) - len(text.lstrip()), end - (len(text) - len(text.rstrip()))
