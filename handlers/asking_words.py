"""What a supplier is asked, in their own language and by the purpose of it; a person reads it before it leaves."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from domain.supplier import Purpose

_FILE = Path(__file__).parent / "wording" / "asking.toml"
_EMPTY_PLACE = "\n\n\n\n"  # where a general letter waits for the question itself


@dataclass(frozen=True, slots=True)
class Question:
    subject: str
    text: str


def question(language: str, purpose: Purpose, purchase_order: str) -> Question:
    """The words for this purpose; in English where nobody wrote them in the supplier's language (ISO 639-1)."""
    known = _words()
    words = known.get(language, known["en"])[purpose.value]
    # Not `format`: what a person typed as the number may hold braces.
    return Question(*(words[part].strip().replace("{purchase}", purchase_order) for part in ("subject", "text")))


def asks_nothing(text: str, language: str, purpose: Purpose, purchase_order: str) -> bool:
    """Whether the letter is still the one with an empty place for the question, however it was spaced."""
    words = question(language, purpose, purchase_order).text
    return _EMPTY_PLACE in words and words.split() == text.split()


def languages() -> tuple[str, ...]:
    """Those in which somebody has written them."""
    return tuple(_words())


@cache
def _words() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    with _FILE.open("rb") as file:
        return tomllib.load(file)
