"""What a model's sentence rests on: the whole sentences of passages of which a part is quoted."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.ports import FoundPassage
from rag.numerals import Value
from rag.quoting import around
from rag.senses import Meaning, meaning_of


@dataclass(frozen=True, slots=True)
class Ground:
    """A quoted sentence of a passage with its heading, and which of its values are quoted."""

    passage: FoundPassage
    text: str
    said: Meaning
    heading: Meaning
    values: frozenset[Value]
    same_language: bool


def grounds_of(spans: Sequence[tuple[FoundPassage, tuple[int, int]]], language: str) -> tuple[Ground, ...]:
    quoted: dict[tuple[FoundPassage, tuple[int, int]], set[Value]] = {}
    for passage, (start, end) in spans:
        for low, high in around(start, end, passage.text):
            said = meaning_of(passage.text[low:high], passage.language)
            # Taken from the whole sentence: of "15 days" nobody can quote "5 days".
            inside = {one for one in said.values if start <= low + one.start and low + one.end <= end}
            quoted.setdefault((passage, (low, high)), set()).update(inside)
    return tuple(
        Ground(
            passage,
            passage.text[low:high],
            meaning_of(passage.text[low:high], passage.language),
            meaning_of(passage.heading, passage.language),
            frozenset(values),
            passage.language == language,
        )
        for (passage, (low, high)), values in quoted.items()
    )
