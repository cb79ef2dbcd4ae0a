"""What in a text can be compared to the letter: links, addresses, dates, times, codes, numbers with their units."""

import re
from collections.abc import Iterator
from functools import cache

from rag.numerals import Value, numbers_in, value_words

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


@cache
def _months() -> dict[str, int]:
    return {word: at for at, words in enumerate(value_words()["months"], 1) for word in words.split()}


@cache
def _month_dates() -> tuple[re.Pattern[str], re.Pattern[str]]:
    months = "|".join(sorted(map(re.escape, _months()), key=len, reverse=True))
    day = r"(?P<day>\d{1,2})(?:st|nd|rd|th|er|\.)?"
    year = r"(?:,?\s+(?:de\s+)?(?P<year>\d{4}))?(?!\d)"
    return (
        re.compile(rf"(?<![\w.,]){day}\s+(?:of\s+|de\s+)?(?P<month>{months})\b\.?{year}", re.IGNORECASE),
        re.compile(rf"\b(?P<month>{months})\b\.?\s+{day}\b{year}", re.IGNORECASE),
    )


def values_in(text: str, language: str) -> list[Value]:
    """Every value of a text, in its order; `language` says how numbers are written and which words are numbers."""
    left = text
    found: list[Value] = []
    for find in (_emails, _urls, _dates, _times, _phones, _codes, numbers_in, _other_codes, _digits):
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
