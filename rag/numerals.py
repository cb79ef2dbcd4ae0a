"""Numbers in figures and in words, with their units: the same in every notation and language."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

_NUMERAL = r"\d{1,3}(?:(?P<s>[.,'’ \u00a0\u202f])\d{3})(?:(?P=s)\d{3})*(?:[.,]\d+)?(?!\d)|\d+(?:[.,]\d+)?"
_NUMBER = re.compile(rf"(?<![\w.,])(?P<minus>(?<!\S)[-−])?(?P<numeral>{_NUMERAL})")
_JOINED = re.compile(r"\s*(?:(?P<to>-|–|—|to|bis|à|a|hasta)|or|and|oder|und|ou|et|o|y)\s*", re.IGNORECASE)
_MARKS = {"€": "eur", "$": "usd", "£": "gbp", "eur": "eur", "usd": "usd", "gbp": "gbp", "chf": "chf"}
_BEFORE = re.compile(r"(€|\$|£|\b(?:eur|usd|gbp|chf))\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Value:
    """`what` is the same for all notations of one thing: 1.000,50 EUR and €1,000.50; five days and 5 Tage."""

    kind: str
    what: tuple[str, ...]
    start: int
    end: int

    @property
    def same(self) -> tuple[str, ...]:
        return (self.kind, *self.what)


@cache
def value_words() -> Any:
    return tomllib.loads(Path(__file__).with_name("values.toml").read_text(encoding="utf-8"))


@cache
def _units() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (name, re.compile(rf"[\s\u00a0-]*(?:{words})", re.IGNORECASE)) for name, words in value_words()["units"].items()
    )


@cache
def _number_words(language: str) -> dict[str, int]:
    pairs = (pair.split("=") for pair in value_words()["numbers"].get(language, "").split())
    found = {word: int(value) for word, value in pairs}
    if language == "de":
        tens = {word: value for word, value in found.items() if value in range(20, 100, 10)}
        ones = {word: value for word, value in found.items() if 0 < value < 10} | {"ein": 1}
        found |= {f"{one}und{ten}": high + low for one, low in ones.items() for ten, high in tens.items()}
    if language == "en":
        tens = {word: value for word, value in found.items() if value in range(20, 100, 10)}
        ones = {word: value for word, value in found.items() if 0 < value < 10} | {"one": 1}
        found |= {f"{ten}-{one}": high + low for one, low in ones.items() for ten, high in tens.items()}
    return found


def numbers_in(text: str, language: str) -> Iterator[Value]:
    found = [
        (match.start(), match.end(), f"{(match['minus'] and '-') or ''}{_decimal(match['numeral'], language)}")
        for match in _NUMBER.finditer(text)
    ]
    found = [one for one in found if not re.match(r"[^\W\d_]", text[one[1] :]) or _unit_at(text, one[1])[0]]
    words = _number_words(language)
    for match in re.finditer(r"[^\W\d_]+(?:-[^\W\d_]+)?", text):
        whole = match[0].casefold()
        first = whole.partition("-")[0]
        word = whole if whole in words else first
        end = match.start() + len(word)
        article = word in value_words()["articles"].get(language, "").split()
        if word in words or (article and _unit_at(text, end)[0]):
            found.append((match.start(), end, str(words.get(word, 1))))
    found.sort()
    unit_of_next = ""
    for at in range(len(found) - 1, -1, -1):
        start, end, number = found[at]
        unit, until = _unit_at(text, end)
        before = _BEFORE.search(text[:start])
        if not unit and before:
            unit, start = _MARKS[before[1].casefold()], before.start(1)
        joined = _JOINED.fullmatch(text[until : found[at + 1][0]]) if at + 1 < len(found) else None
        # "3 to 5 days": the 3 is of days, too.
        unit = unit or (unit_of_next if joined else "")
        unit_of_next = unit
        if joined and joined["to"]:
            yield Value("range", (number, found[at + 1][2], unit), start, found[at + 1][1])
        until = found[at + 1][0] if joined else until
        yield Value("number", (number, unit), start, until)


def _unit_at(text: str, at: int) -> tuple[str, int]:
    for name, pattern in _units():
        if match := pattern.match(text, at):
            return name, match.end()
    return "", at


def _decimal(text: str, language: str) -> str:
    """1,000.50 and 1.000,50: the last of two kinds of separators is the decimal one; of one kind, three digits behind
    it make it one of thousands where the language writes thousands so.
    """
    text = re.sub(r"['’ \u00a0\u202f]", "", text)
    kinds = [sign for sign in ".," if sign in text]
    if len(kinds) == 2:
        decimal = max(kinds, key=text.rindex)
    elif kinds and text.count(kinds[0]) == 1 and not _is_thousands(text, kinds[0], language):
        decimal = kinds[0]
    else:
        decimal = ""
    plain = "".join("." if sign == decimal else sign for sign in text if sign.isdigit() or sign == decimal)
    return str(Decimal(plain).normalize().__format__("f"))


def _is_thousands(text: str, sign: str, language: str) -> bool:
    return len(text.rpartition(sign)[2]) == 3 and sign == ("," if language == "en" else ".")
