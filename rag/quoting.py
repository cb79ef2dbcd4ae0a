"""Where a quote stands in a passage, and the whole sentences around it."""

import itertools
import re
import unicodedata

from domain.decision import Citation
from domain.ports import FoundPassage
from rag.citing import sentence_spans

SHORTEST = 12
_QUOTATION_MARKS = dict.fromkeys(map(ord, "\"'`´‘’‚‛“”„‟‹›«»′″"), '"')
# Marks of Markdown and invisible signs: who copies words does not always copy them.
_MARKS = frozenset("*\\\u00ad")
_ITEM = re.compile(r"\n[ \t]*(?:[-*+|]|\d+[.)])[ \t]")


def find(quote: str, passage: FoundPassage) -> tuple[int, int] | None:
    """Start and end in the passage's text, quotation marks and spaces aside; None where it stands nowhere in it.

    What is shorter than SHORTEST characters must be a whole sentence.
    """
    wanted, _ = _fold(quote)
    held, places = _fold(passage.text)
    wanted = wanted.strip()
    at = held.find(wanted) if wanted else -1
    if at < 0:
        return None
    start, end = places[at][0], places[at + len(wanted) - 1][1]
    if len(wanted) < SHORTEST and (start, end) not in sentences(passage.text):
        return None
    return start, end


def sentences(text: str) -> list[tuple[int, int]]:
    """The sentences of a passage; each item of a list is one, too."""
    cuts = [0, *(match.start() for match in _ITEM.finditer(text)), len(text)]
    found: list[tuple[int, int]] = []
    for low, high in itertools.pairwise(cuts):
        found += sentence_spans(text, low, high)
    return found


def around(start: int, end: int, text: str) -> list[tuple[int, int]]:
    """Every sentence of which a part is quoted: what stands in the rest of it may turn its meaning."""
    return [(low, high) for low, high in sentences(text) if low < end and high > start]


def citation(span: tuple[int, int], passage: FoundPassage) -> Citation:
    """The exact words of the document at their place in that version of it."""
    start, end = span
    return Citation(
        passage.path, passage.heading, passage.start + start, passage.start + end, passage.text[start:end],
        passage.version, passage.url,
    )  # fmt: skip


def _fold(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The text in NFKC with one kind of quotation mark and single spaces, and where each character came from."""
    folded: list[str] = []
    places: list[tuple[int, int]] = []
    for match in re.finditer(r"(?s).[\u0300-\u036f]*", text):
        cluster = unicodedata.normalize("NFKC", match[0]).translate(_QUOTATION_MARKS)
        if cluster in _MARKS or unicodedata.category(match[0][0]) == "Cf":
            continue
        for sign in cluster:
            if sign.isspace() and folded and folded[-1] == " ":
                continue
            folded.append(" " if sign.isspace() else sign)
            places.append(match.span())
    return "".join(folded), places
