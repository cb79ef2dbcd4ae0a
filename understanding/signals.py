"""What the words of a mail say besides their topic: it asks for a person, it threatens, it is in a hurry.

The phrases stand in `phrases.toml`, one list per language; all of them are looked for in every mail, since people mix
languages and short mails do not show theirs.
"""

import re
import tomllib
from functools import cache, lru_cache
from pathlib import Path

from understanding.openings import Openings

LOOKED_AT = 8_000
PHRASES = Path(__file__).with_name("phrases.toml")
# At most four words between two parts of a phrase; bounded, so that no text takes long.
_GAP = r"(?:\W{1,3}\w{1,20}){0,4}?\W{1,3}"


def asks_for_person(text: str) -> bool:
    """Whether the writer wants to deal with a human being."""
    return wish_for_person(text) != ""


def wish_for_person(text: str) -> str:
    """The words in which the writer asks for a human being, or an empty string."""
    return first("person", folded(text))


def threat_in(text: str) -> str:
    """The first safety or legal threat with the words it was read from, or an empty string."""
    text = folded(text)
    if "harmless" in possible(text):
        text = _any_language("harmless").sub(" … ", text)
    for kind in ("safety", "legal"):
        words = first(kind, text)
        if words:
            return f"{kind}: “{words}”"
    return ""


def folded(text: str) -> str:
    """The form in which phrases are looked for: lower case, single spaces, straight apostrophes, not too long."""
    return " ".join(text[:LOOKED_AT].lower().replace("’", "'").split())


def first(kind: str, text: str) -> str:
    """The first phrase of a list in a folded text, or an empty string."""
    match = _any_language(kind).search(text) if kind in possible(text) else None
    return match[0] if match else ""


def count(kind: str, text: str, most: int = 8) -> int:
    """How many different phrases of a list a folded text holds, up to `most` occurrences."""
    found: set[str] = set()
    if kind not in possible(text):
        return 0
    for number, match in enumerate(_any_language(kind).finditer(text)):
        if number == most:
            break
        found.add(match[0])
    return len(found)


# One text is asked about list after list, first the texts of a batch for the classifier, then each for the rest.
@lru_cache(maxsize=256)
def possible(text: str) -> frozenset[str]:
    """The lists, whatever their language, of which a phrase can stand in a folded text: the others need no search."""
    return _openings().possible(text)


def in_language(kind: str, language: str) -> re.Pattern[str]:
    """The list of a language, matched in lower case; those of all languages where it is unknown or has none."""
    return _list_of(kind, language if language in _phrases()[kind] else "")


def _any_language(kind: str) -> re.Pattern[str]:
    return _list_of(kind, "")


@cache
def _list_of(kind: str, language: str) -> re.Pattern[str]:
    phrases = "|".join(_phrases_of(kind, language)).replace("{gap}", _GAP)
    return re.compile(rf"(?<!\w)(?:{phrases})(?!\w)")


def _phrases_of(kind: str, language: str = "") -> list[str]:
    lists = [text for name, text in _phrases()[kind].items() if language in {"", name}]
    return [line for text in lists for line in text.splitlines() if line]


@cache
def _openings() -> Openings:
    return Openings({kind: [line.replace("{gap}", _GAP) for line in _phrases_of(kind)] for kind in _phrases()})


@cache
def _phrases() -> dict[str, dict[str, str]]:
    return tomllib.loads(PHRASES.read_text(encoding="utf-8"))
