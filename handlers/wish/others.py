"""What else a mail wants that is not done here: another address, another card, a voucher, a part of the price."""

import re
from collections.abc import Iterator, Sequence

from domain.order import Order, normal_number
from handlers.wish.sentences import Sentence
from handlers.wish.words import Words

AMOUNT = "It names an amount of money that is not that of the order or of an item."
ANOTHER = "It names a number that looks like that of another order."
_CURRENCY = r"(?:[€$£]|eur(?:os?)?|usd|gbp|chf|dollars?|pounds?|francs?)"
# As words for money begin. A dollar is of many countries, and of none of Europe's.
_CURRENCIES = re.compile(rf"(?:(?<!\w)|(?<=\d)){_CURRENCY}(?!\w)|[€$£]")
_CODES = {
    "€": "EUR",
    "eur": "EUR",
    "£": "GBP",
    "gbp": "GBP",
    "pou": "GBP",
    "chf": "CHF",
    "usd": "USD",
    "dol": "USD",
    "$": "USD",
}
_DOLLARS = frozenset({"USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN"})
_COSTS = (
    r"(?:price|costs?|paid|pay|worth|was|preis|kostet\w{0,2}|bezahlt|zahlen|prix|coute|paye|precio|costo|pague|pagado"
    r"|era)"
)
_NO_MONEY = (
    r"(?:days?|weeks?|months?|hours?|years?|tagen?|wochen?|jours|semaines?|mois|dias|semanas|meses|cm|mm|kg|x|times|uhr|h"
    r"|st|nd|rd|th)"
)
AMOUNTS = re.compile(
    rf"{_CURRENCY}\s{{0,2}}(?P<after>\d{{1,6}}(?:[.,]\d{{1,3}}){{0,2}})"
    rf"|{_COSTS}(?: \w{{1,10}}){{0,2}} (?P<bare>\d{{2,6}}(?:[.,]\d{{2}})?)(?![\d.,:%]| ?{_NO_MONEY}(?!\w))"
    rf"|(?P<before>\d{{1,6}}(?:[.,]\d{{1,3}}){{0,2}})\s{{0,2}}{_CURRENCY}(?!\w)"
)


def also_wanted(sentences: Sequence[Sentence], words: Words, order: Order | None, subject: str) -> Iterator[str]:
    """One doubt for each other thing that a sentence names. `subject` is folded, empty where it is of an older mail."""
    texts = (subject, *(sentence.folded for sentence in sentences))
    if order is not None and any(_names_another(text, order) for text in texts):
        yield ANOTHER
    for sentence in sentences:
        for what, pattern in words.others.items():
            if pattern.search(sentence.folded):
                yield f"It may also want us to {what}."
        if not _known_amounts(sentence.folded, order):
            yield AMOUNT


def _names_another(folded: str, order: Order) -> bool:
    """Whether a number stands there that is written as the order's, and is not it."""
    own = normal_number(order.number).casefold()
    form = "".join(r"\d" if one.isdigit() else "[a-z]" if one.isalpha() else re.escape(one) for one in own)
    return any(found != own for found in re.findall(rf"(?<![\w-]){form}(?!\w|-\w)", folded))


def _known_amounts(folded: str, order: Order | None) -> bool:
    """Whether each amount that stands there is one that the order has."""
    said = {_minor(match["after"] or match["before"] or match["bare"]) for match in AMOUNTS.finditer(folded)}
    if order is None:
        return True
    own = "USD" if order.total.currency in _DOLLARS else order.total.currency
    if not {_CODES.get(word[:3], own) for word in _CURRENCIES.findall(folded)} <= {own}:
        return False
    if not said:
        return True
    prices = {price for item in order.items for price in (item.price_minor, item.price_minor * item.quantity)}
    return said <= {order.total.minor, *prices}


def _minor(written: str) -> int:
    """An amount as it is written in any of the languages, in hundredths."""
    parts = re.split(r"[.,]", written)
    cents = parts.pop() if len(parts) > 1 and len(parts[-1]) < 3 else ""
    return int("".join(parts)) * 100 + int(cents.ljust(2, "0") or 0)
