"""The wall between suppliers and customers: whom a text may reach, and what of one side may not stand in it.

Words are looked up as `domain.hidden_words` finds them: case, accents, letters that look alike, marks of layout, line
breaks and what nobody sees hide nothing.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain.claims.amounts import Amount, amounts_in
from domain.claims.folding import folded, pieces
from domain.hidden_words import Seen, seen, without_marks
from domain.message import Address
from domain.supplier import Directory

# A name of a supplier, or a purchase order, that is shorter is too likely a word or a number of its own.
SHORTEST_NAME = 3

# What a company's name ends with, and what nobody says who speaks of the company.
_LEGAL = frozenset({
    "ab", "ag", "aps", "as", "bv", "co", "company", "corp", "corporation", "eurl", "gbr", "gmbh", "inc", "kg", "kgaa",
    "limited", "llc", "llp", "ltd", "mbh", "nv", "oy", "oyj", "ohg", "plc", "sa", "sarl", "sas", "se", "sl", "slu",
    "spa", "srl", "ug",
})  # fmt: skip
_TITLES = (
    "herr", "herrn", "frau", "mr", "mrs", "ms", "miss", "madame", "mme", "monsieur", "senor", "senora", "sr", "sra",
)  # fmt: skip
# As German is written where its letters are missing.
_SPELLED_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})


@dataclass(frozen=True, slots=True)
class Customer:
    """What a supplier may not learn of a customer. `names` are full names, `addresses` mail addresses."""

    names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()

    def and_also(self, other: "Customer") -> "Customer":
        return Customer((*self.names, *other.names), (*self.addresses, *other.addresses))


def misdirected(recipient: Address, directory: Directory, *, for_supplier: bool) -> str:
    """Why a text must not go to this address, or nothing: what is meant for a customer never reaches a supplier."""
    if for_supplier or not directory.knows(recipient.address):
        return ""
    return f"{recipient.address} is a supplier's address, and this was written for a customer."


def told_to_customer(
    text: str, directory: Directory, purchase_orders: Sequence[str] = (), costs: Sequence[Amount] = ()
) -> str:
    """What of a supplier's stands in a text for a customer, in words, or nothing.

    `purchase_orders` are numbers of the merchant's own orders; `costs` amounts that suppliers wrote to us and the
    customer does not know.
    """
    looked = seen(text)
    for supplier in directory.suppliers:
        if any(looked.names(name) for name in said_as(supplier.name)):
            return f"It names the supplier {supplier.name}."
        shown = _first(looked, (*sorted(supplier.every_address), *supplier.domains))
        if shown:
            return f"It shows {shown}, which is of the supplier {supplier.name}."
    number = next((one for one in purchase_orders if len(one) >= SHORTEST_NAME and looked.has_number(one)), "")
    if number:
        return f"It shows the purchase order {number}."
    cost = next((one for one in amounts_of(text) if any(same_amount(one, known) for known in costs)), None)
    return f"It shows {cost}, which only a supplier wrote." if cost else ""


def told_to_supplier(text: str, customer: Customer) -> str:
    """What of a customer's stands in a text for a supplier, in words, or nothing."""
    looked = seen(text)
    shown = _first(looked, customer.addresses)
    if shown:
        return f"It shows the customer's address {shown}."
    name = next((one for one in customer.names if _speaks_of(looked, one)), "")
    return f"It names the customer {name}." if name else ""


def amounts_of(text: str) -> tuple[Amount, ...]:
    """The amounts of money in a text, marks of layout aside: numbers that stand beside a currency."""
    return amounts_in(pieces(without_marks(text)))


def same_amount(one: Amount, other: Amount) -> bool:
    """Whether both can be the same money: where a currency is left open, it fits any."""
    return one.value == other.value and (one.currency == other.currency or None in {one.currency, other.currency})


def said_as(name: str) -> tuple[str, ...]:
    """A company's full name, and the one without its legal form; nothing where that is too short to be one's own."""
    words = name.split()
    short = list(words)
    while short and re.sub(r"\W+", "", folded(short[-1])) in {*_LEGAL, ""}:
        short.pop()
    if not short:
        return ()
    forms = [form for one in (name, " ".join(short)) for form in (one, one.translate(_SPELLED_OUT))]
    return tuple(dict.fromkeys(one for one in forms if len(re.sub(r"\W+", "", one)) >= SHORTEST_NAME))


def _speaks_of(looked: Seen, name: str) -> bool:
    """By the full name in either order, or by the last name after a title: one word alone may be anybody's."""
    words = name.split()
    if len(words) < 2:
        return False
    turned = f"{words[-1]} {' '.join(words[:-1])}"
    return looked.names(name) or looked.names(turned) or any(looked.names(f"{title} {words[-1]}") for title in _TITLES)


def _first(looked: Seen, wanted: Iterable[str]) -> str:
    return next((one for one in wanted if looked.shows(one)), "")
