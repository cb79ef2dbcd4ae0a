"""Amounts of money as a text names them: a number with its currency, in the ways of four languages."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from domain.claims.folding import Piece
from domain.money import DIGITS, Money

# A dollar or a franc may be of several countries: where that is open, any of them matches.
_CURRENCIES: dict[str, str | None] = {
    **dict.fromkeys(("€", "eur", "euro", "euros"), "EUR"),
    **dict.fromkeys(("£", "gbp", "pound", "pounds", "pfund"), "GBP"),
    **dict.fromkeys(("chf", "franken"), "CHF"),
    **dict.fromkeys(("usd",), "USD"),
    **dict.fromkeys(("$", "dollar", "dollars", "dolares", "¥", "francs"), None),
}
_CENTS = re.compile(r"[.,](\d{1,2})$")


@dataclass(frozen=True, slots=True)
class Amount:
    """`value` in whole units of `currency` (ISO 4217), which is None where the text leaves it open."""

    value: Decimal
    currency: str | None

    def __str__(self) -> str:
        return f"{self.value} {self.currency or ''}".strip()

    def fits(self, money: Money) -> bool:
        known = self.currency in {None, money.currency}
        return known and self.value.scaleb(DIGITS.get(money.currency, 2)) == money.minor


def amounts_in(pieces: Sequence[Piece]) -> tuple[Amount, ...]:
    """Each number that stands beside a currency, in the order of the text."""
    words = [piece.word for piece in pieces]
    found = []
    for at, word in enumerate(words):
        if not word[0].isdigit():
            continue
        beside = [*words[at + 1 : at + 2], *words[max(at - 1, 0) : at]]
        named = next((one for one in beside if one in _CURRENCIES), None)
        if named is not None:
            found.append(Amount(_value(word), _CURRENCIES[named]))
    return tuple(found)


def _value(number: str) -> Decimal:
    """The last one or two digits after a point or comma are cents; every other sign only groups."""
    cents = _CENTS.search(number)
    whole = number[: cents.start()] if cents else number
    return Decimal("".join(sign for sign in whole if sign.isdecimal()) + (f".{cents[1]}" if cents else ""))
