"""What the words of a mail say besides their topic: it asks for a person, it threatens, it is in a hurry.

The phrases stand in `phrases.toml`, one list per language; all of them are looked for in every mail, since people mix
languages and short mails do not show theirs.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import islice
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
    text = without(phrases("harmless", text), text)
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
    return next((match[0] for match in phrases(kind, text)), "")


def count(kind: str, text: str, most: int = 8) -> int:
    """How many different phrases of a list a folded text holds, up to `most` occurrences."""
    return len({match[0] for match in islice(phrases(kind, text), most)})


def phrases(kind: str, text: str, language: str = "") -> Iterator[re.Match[str]]:
    """Every phrase of a list in a folded text, as `finditer` gives them: of a language, or of all where it is unknown
    or has none. Tried only where the letters are those with which a phrase can begin.
    """
    end = 0
    for at in _places(text).get(kind, ()):
        match = in_language(kind, language).match(text, at) if at >= end else None
        if match:
            end = match.end()
            yield match


def without(found: Iterable[re.Match[str]], text: str) -> str:
    """The text with a gap in place of each of these phrases."""
    kept, end = [], 0
    for match in found:
        kept.append(text[end : match.start()])
        end = match.end()
    return " … ".join([*kept, text[end:]])


def in_language(kind: str, language: str) -> re.Pattern[str]:
    """The list of a language, matched in lower case; those of all languages where it is unknown or has none."""
    return _list_of(kind, language if language in _phrases()[kind] else "")


# One text is asked about list after list, first the texts of a batch for the classifier, then each for the rest.
@lru_cache(maxsize=256)
def _places(text: str) -> Mapping[str, Sequence[int]]:
    return _openings().places(text)


@cache
def _list_of(kind: str, language: str) -> re.Pattern[str]:
    lines = "|".join(_phrases_of(kind, language)).replace("{gap}", _GAP)
    return re.compile(rf"(?<!\w)(?:{lines})(?!\w)")


def _phrases_of(kind: str, language: str = "") -> list[str]:
    lists = [text for name, text in _phrases()[kind].items() if language in {"", name}]
    return [line for text in lists for line in text.splitlines() if line]


@cache
def _openings() -> Openings:
    return Openings({kind: [line.replace("{gap}", _GAP) for line in _phrases_of(kind)] for kind in _phrases()})


@cache
def _phrases() -> dict[str, dict[str, str]]:
    return tomllib.loads(PHRASES.read_text(encoding="utf-8"))
