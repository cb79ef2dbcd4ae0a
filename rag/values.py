"""What in a text can be compared to the letter: links, addresses, dates, times, codes, numbers with their units."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any


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


_URL = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://|www\.)[^\s<>\"“”„»«]+|(?<![\w@.-])(?:[\w-]{2,}\.)+[a-z]{2,}(?:/[^\s<>\"]*)?",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"[\w.+%'-]+@(?:[\w-]+\.)+[\w-]{2,}")
_ISO = re.compile(r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")
_DOTTED = re.compile(
    r"(?<![\d.,/])(?P<a>0?[1-9]|[12]\d|3[01])(?P<sign>[./])(?P<b>0?[1-9]|[12]\d|3[01])(?P=sign)(?P<year>\d{4}|\d{2})?(?!\d)"
)
_CLOCK = re.compile(r"(?<![\d.,:])(\d{1,2})[:h](\d{2})(?!\d)(?:\s*(?:uhr|h)\b)?(?:\s*([ap])\.?m\b\.?)?", re.IGNORECASE)
_HOUR = re.compile(r"(?<![\d.,:])(\d{1,2})\s*(?:(?:uhr|o'clock|o’clock)\b|([ap])\.?m\b\.?)", re.IGNORECASE)
_PHONE = re.compile(r"(?<![\w+])(?:\+|00|0|\(\+?\d)[\d\s()/.-]{6,}\d(?!\w)")
_LETTERS_FIRST = re.compile(r"(?<![\w-])(?!(?:eur|usd|gbp|chf)\d)(?=[\w/-]*\d)[^\W\d_]\w*(?:[/-]\w+)*", re.IGNORECASE)
_DIGITS_FIRST = re.compile(r"(?<![\w-])(?=[\w/-]*[^\W\d_])\d\w*(?:[/-]\w+)*")
_NUMERAL = r"\d{1,3}(?:(?P<s>[.,'’ \u00a0\u202f])\d{3})(?:(?P=s)\d{3})*(?:[.,]\d+)?(?!\d)|\d+(?:[.,]\d+)?"
_NUMBER = re.compile(rf"(?<![\w.,])(?:{_NUMERAL})")
_JOINED = re.compile(r"\s*(?:(?P<to>-|–|—|to|bis|à|a|hasta)|or|and|oder|und|ou|et|o|y)\s*", re.IGNORECASE)
_MARKS = {"€": "eur", "$": "usd", "£": "gbp", "eur": "eur", "usd": "usd", "gbp": "gbp", "chf": "chf"}
_BEFORE = re.compile(r"(€|\$|£|\b(?:eur|usd|gbp|chf))\s*$", re.IGNORECASE)


@cache
def _words() -> Any:
    return tomllib.loads(Path(__file__).with_name("values.toml").read_text(encoding="utf-8"))


@cache
def _units() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (name, re.compile(rf"[\s\u00a0-]*(?:{words})", re.IGNORECASE)) for name, words in _words()["units"].items()
    )


@cache
def _months() -> dict[str, int]:
    return {word: at for at, words in enumerate(_words()["months"], 1) for word in words.split()}


@cache
def _month_dates() -> tuple[re.Pattern[str], re.Pattern[str]]:
    months = "|".join(sorted(map(re.escape, _months()), key=len, reverse=True))
    day = r"(?P<day>\d{1,2})(?:st|nd|rd|th|er|\.)?"
    year = r"(?:,?\s+(?:de\s+)?(?P<year>\d{4}))?(?!\d)"
    return (
        re.compile(rf"(?<![\w.,]){day}\s+(?:of\s+|de\s+)?(?P<month>{months})\b\.?{year}", re.IGNORECASE),
        re.compile(rf"\b(?P<month>{months})\b\.?\s+{day}\b{year}", re.IGNORECASE),
    )


@cache
def _number_words(language: str) -> dict[str, int]:
    pairs = (pair.split("=") for pair in _words()["numbers"].get(language, "").split())
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


def values_in(text: str, language: str) -> list[Value]:
    """Every value of a text, in its order; `language` says how numbers are written and which words are numbers."""
    left = text
    found: list[Value] = []
    for find in (_emails, _urls, _dates, _times, _phones, _codes, _numbers, _other_codes, _digits):
        values = list(find(left, language))
        found += values
        left = _blank(left, values)
    return sorted(found, key=lambda one: one.start)


def _blank(text: str, values: list[Value]) -> str:
    characters = list(text)
    for one in values:
        characters[one.start : one.end] = " " * (one.end - one.start)
    return "".join(characters)


def _emails(text: str, _: str) -> Iterator[Value]:
    return (Value("email", (match[0].casefold(),), *match.span()) for match in _EMAIL.finditer(text))


def _urls(text: str, _: str) -> Iterator[Value]:
    for match in _URL.finditer(text):
        link = match[0].rstrip(".,;:!?)]}'’*_")
        host, slash, path = link.removeprefix("https://").partition("/")
        what = f"{host.casefold()}{slash}{path}".rstrip("/")
        yield Value("url", (what,), match.start(), match.start() + len(link))


def _dates(text: str, language: str) -> Iterator[Value]:
    for match in _ISO.finditer(text):
        yield _date(match, int(match[3]), int(match[2]), match[1])
    for match in _DOTTED.finditer(text):
        first, second, year = int(match["a"]), int(match["b"]), match["year"] or ""
        slashed = match["sign"] == "/"
        if not year and (slashed or language == "en" or second > 12):
            continue
        if slashed and language == "en" and first <= 12 and second <= 12:
            # 03/04/2026 is read one way here and another way there: only as it stands.
            yield Value("date", (match[0],), *match.span())
        elif second > 12:
            yield _date(match, second, first, year)
        else:
            yield _date(match, first, second, year)
    for pattern in _month_dates():
        for match in pattern.finditer(text):
            yield _date(match, int(match["day"]), _months()[match["month"].casefold()], match["year"] or "")


def _date(match: re.Match[str], day: int, month: int, year: str) -> Value:
    whole = f"20{year}" if len(year) == 2 else year
    return Value("date", (whole, str(month), str(day)), *match.span())


def _times(text: str, _: str) -> Iterator[Value]:
    for match in _CLOCK.finditer(text):
        yield Value("time", (_minutes(int(match[1]), int(match[2]), match[3]),), *match.span())
    for match in _HOUR.finditer(_blank(text, [Value("", (), *one.span()) for one in _CLOCK.finditer(text)])):
        yield Value("time", (_minutes(int(match[1]), 0, match[2]),), *match.span())


def _minutes(hour: int, minute: int, half: str | None) -> str:
    if half:
        hour = hour % 12 + (12 if half.casefold() == "p" else 0)
    return str(hour * 60 + minute)


def _phones(text: str, _: str) -> Iterator[Value]:
    for match in _PHONE.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        if len(digits) >= 7:
            yield Value("phone", (digits,), *match.span())


def _codes(text: str, _: str) -> Iterator[Value]:
    return (Value("code", (match[0].casefold(),), *match.span()) for match in _LETTERS_FIRST.finditer(text))


def _other_codes(text: str, _: str) -> Iterator[Value]:
    return (Value("code", (match[0].casefold(),), *match.span()) for match in _DIGITS_FIRST.finditer(text))


def _digits(text: str, _: str) -> Iterator[Value]:
    """Whatever digit is left belongs to something that nobody knows here: as it stands, or not at all."""
    return (Value("digits", (match[0],), *match.span()) for match in re.finditer(r"\S*\d\S*", text))


def _numbers(text: str, language: str) -> Iterator[Value]:
    found = [(match.start(), match.end(), _decimal(match[0], language)) for match in _NUMBER.finditer(text)]
    found = [one for one in found if not re.match(r"[^\W\d_]", text[one[1] :]) or _unit_at(text, one[1])[0]]
    words = _number_words(language)
    for match in re.finditer(r"[^\W\d_]+(?:-[^\W\d_]+)?", text):
        whole = match[0].casefold()
        first = whole.partition("-")[0]
        word = whole if whole in words else first
        end = match.start() + len(word)
        article = word in _words()["articles"].get(language, "").split()
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
