"""Put placeholders in the place of personal data before a text leaves, and the data back into what returns.

Found are addresses, links, telephone numbers, IBANs, cards, IP addresses, whatever has four digits and more, and the
names that the caller knows. Postal addresses and names that stand in no header are not found: that would need a model.
"""

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneNumberMatcher
from stdnum import iban, luhn
from stdnum.exceptions import ValidationError

# Numbers without a country's code are read as each of these writes them.
_REGIONS = ("DE", "GB", "FR", "ES", "US")
_LEAST_DIGITS = 4

# What phones and word processors write for a blank, a hyphen or an at sign, each one character for one.
_PLAIN = str.maketrans(
    {**dict.fromkeys("\u00a0\u1680\u202f\u205f\u3000", " "), **{chr(code): " " for code in range(0x2000, 0x200C)},
     **{chr(code): "-" for code in range(0x2010, 0x2016)}, "\u2212": "-", "\uff20": "@", "\ufe6b": "@"}
)  # fmt: skip

_URL = re.compile(
    r"(?<![\w@.-])(?:[a-z][a-z+.-]{1,15}://|www\.|(?:[\w-]{1,63}\.){1,8}[a-z]{2,24}/)[^\s<>\"]{1,2000}", re.IGNORECASE
)
# Also as some write it, so that no program reads it: `anna (at) example (dot) org`.
_EMAIL = re.compile(
    r"[\w.+%'-]{1,64} ?(?:@|[(\[]at[)\]]) ?"
    r"(?:[\w-]{1,63}(?:\.| ?[(\[](?:dot|punkt|point|punto)[)\]] ?)){1,8}[\w-]{2,63}",
    re.IGNORECASE,
)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}", re.IGNORECASE)
_CARD = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")
_IP = re.compile(r"(?<![\w.:])[0-9A-Fa-f:.]{6,45}(?![\w:])")
_DIGITS = re.compile(r"\+?\d(?:[ ./()-]{0,2}\d){6,40}")
_TOKEN = re.compile(r"\w[\w/#.-]*")
_SHAPE = re.compile(r"<([A-Z]+)_(\d+)>")


@dataclass(frozen=True, slots=True)
class Replaced:
    """A text with its placeholders, and what each of them stands for."""

    text: str
    values: dict[str, str]

    def restore(self, text: str) -> str:
        """The values in the place of our placeholders; everything else stays as it is."""
        return _SHAPE.sub(lambda found: self.values.get(found[0], found[0]), text)


def replace_personal(text: str, names: tuple[str, ...] = ()) -> Replaced:
    """Each value has one placeholder, wherever it stands; `restore` of what comes out gives the text back."""
    numbers = _Numbers(text)
    places: dict[str, str] = {}
    for kind, value in _found(text, names):
        if value not in places:
            places[value] = numbers.next(kind)
    if not places:
        return Replaced(text, {})
    known = {form.casefold() for name in names for form in _forms(name)}
    # The longest first: a number that is part of another must not break it. Names are replaced as words alone.
    patterns = (
        _as_word(value) if value.casefold() in known else re.escape(value)
        for value in sorted(places, key=len, reverse=True)
    )
    changed = re.sub("|".join(patterns), lambda found: places[found[0]], text)
    return Replaced(changed, {place: value for value, place in places.items()})


class _Numbers:
    """Numbers for placeholders that the text does not hold already, whoever wrote them into it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._last: dict[str, int] = {}

    def next(self, kind: str) -> str:
        number = self._last.get(kind, 0) + 1
        while f"<{kind}_{number}>" in self._text or (number >= 10 ** (_LEAST_DIGITS - 1) and str(number) in self._text):
            number += 1
        self._last[kind] = number
        return f"<{kind}_{number}>"


def _found(text: str, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Kind and value of each, the surest kinds first. What one kind has taken is blank for the next."""
    left = text.translate(_PLAIN)
    for kind, find in _KINDS:
        spans = [span for span in find(left) if left[span[0] : span[1]].strip()]
        for start, end in spans:
            yield kind, text[start:end]
        blank = list(left)
        for start, end in spans:
            blank[start:end] = "\n" * (end - start)
        left = "".join(blank)
    for form in (form for name in names for form in _forms(name)):
        for found in re.finditer(_as_word(form), left, re.IGNORECASE):
            if found[0].casefold() == form.casefold():
                yield "NAME", found[0]


def _forms(name: str) -> set[str]:
    """Accents may be letters of their own or marks upon letters: the header and the text need not agree."""
    return {unicodedata.normalize("NFC", name), unicodedata.normalize("NFD", name)}


def _as_word(name: str) -> str:
    """A pattern for the name alone; of scripts that know no capitals, which often know no blanks, anywhere."""
    pattern = re.escape(name)
    return rf"(?<![^\W_]){pattern}(?![^\W_])" if name.upper() != name.lower() else pattern


def _urls(text: str) -> Iterator[tuple[int, int]]:
    """Links that lead to more than a host: what follows may be a key to somebody's account."""
    for found in _URL.finditer(text):
        end = found.start() + len(found[0].rstrip(".,;:!?)]}'"))
        link = text[found.start() : end]
        if re.search(r"[^/:][/?#].|@", link.partition("://")[2] or link):
            yield found.start(), end


def _emails(text: str) -> Iterator[tuple[int, int]]:
    return (found.span() for found in _EMAIL.finditer(text))


def _ibans(text: str) -> Iterator[tuple[int, int]]:
    """The longest beginning of each candidate whose check digits fit: words may follow without a break."""
    for found in _IBAN.finditer(text):
        for end in range(found.end(), found.start() + 14, -1):
            if text[end - 1].isalnum() and _is_iban(text[found.start() : end]):
                yield found.start(), end
                break


def _is_iban(text: str) -> bool:
    try:
        iban.validate(text, check_country=False)
    except ValidationError:
        return False
    return True


def _cards(text: str) -> Iterator[tuple[int, int]]:
    return (found.span() for found in _CARD.finditer(text) if luhn.is_valid(re.sub(r"[ -]", "", found[0])))


def _ips(text: str) -> Iterator[tuple[int, int]]:
    for found in _IP.finditer(text):
        end = found.start() + len(found[0].rstrip("."))
        try:
            ipaddress.ip_address(text[found.start() : end])
        except ValueError:
            continue
        yield found.start(), end


def _phones(text: str) -> Iterator[tuple[int, int]]:
    for region in _REGIONS:
        for match in PhoneNumberMatcher(text, region, leniency=phonenumbers.Leniency.VALID):
            yield match.start, match.end


def _numbers(text: str) -> Iterator[tuple[int, int]]:
    """Order, customer and telephone numbers of any form, with dates and prices, which say little of the kind."""
    for found in _DIGITS.finditer(text):
        yield found.span()
    for found in _TOKEN.finditer(text):
        end = found.start() + len(found[0].rstrip("./#-"))
        if sum(map(str.isdigit, found[0])) >= _LEAST_DIGITS:
            yield found.start(), end


_KINDS: tuple[tuple[str, Callable[[str], Iterator[tuple[int, int]]]], ...] = (
    ("URL", _urls),
    ("EMAIL", _emails),
    ("IBAN", _ibans),
    ("CARD", _cards),
    ("IP", _ips),
    ("PHONE", _phones),
    ("NUMBER", _numbers),
)
