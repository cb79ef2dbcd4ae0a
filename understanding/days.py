"""The days that a sentence names, in English, German, French and Spanish."""

import re
from datetime import date, timedelta
from functools import cache

from understanding.supplier_words import words

# Further away than this, a day without a year is read as one that has passed.
HALF_A_YEAR = timedelta(days=183)

_ISO = re.compile(r"(?<![\d-])(?P<y>20\d\d)-(?P<m>\d\d)-(?P<d>\d\d)(?![\d-])")
_DOTS = re.compile(r"(?<![\d./–-])(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.(?:\s?(?P<y>20\d\d|\d\d)(?!\d))?(?![\d–-])")
_SLASHES = re.compile(r"(?<![\d./–-])(?P<a>\d{1,2})/(?P<b>\d{1,2})(?:/(?P<y>20\d\d|\d\d))?(?![\d/–-])")


def days_in(sentence: str, language: str, today: date) -> set[date]:
    """Every day that is named; `today` gives the year where none is. `sentence` is in small letters.

    `3/4` is a day of April in German, French and Spanish, and nothing in a language where nobody knows.
    """
    found = [(one["y"], one["m"], one["d"]) for one in (*_ISO.finditer(sentence), *_DOTS.finditer(sentence))]
    for one in _SLASHES.finditer(sentence):
        first, second = int(one["a"]), int(one["b"])
        if language in {"de", "fr", "es"} or first > 12 or first == second:  # months in a year
            found.append((one["y"], one["b"], one["a"]))
        elif second > 12:  # months in a year
            found.append((one["y"], one["a"], one["b"]))
    for number, names in enumerate(words().months, 1):
        for pattern in _named(names):
            found += [(one["y"], str(number), one["d"]) for one in pattern.finditer(sentence)]
    return {day for day in (_day(*one, today) for one in found) if day is not None}


@cache
def _named(names: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    # A year that is none of this century's is not left out: the day of no year would be another one.
    year = r"(?:,? ?(?:de |del )?(?P<y>20\d\d)(?!\d)|(?!,? ?(?:de |del )?\d{4}))"
    return (
        re.compile(rf"(?<![\d./–-])(?P<d>\d{{1,2}})(?:st|nd|rd|th|er|\.|º)? (?:of |de )?(?:{names})\b\.?{year}"),
        re.compile(rf"\b(?:{names})\b\.? (?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?![\d–-]){year}"),
    )


def _day(year: str | None, month: str, day: str, today: date) -> date | None:
    try:
        found = date(int(year) % 100 + 2000 if year else today.year, int(month), int(day))
        if not year and found < today and today - found > HALF_A_YEAR:
            found = found.replace(year=today.year + 1)
    except ValueError:
        return None
    return found
