"""The wall between suppliers and customers: whom a text may reach, and what of one side may not stand in it.

Words are looked up as `domain.claims.folding` makes them: case, accents, letters that look alike and what nobody sees
hide nothing.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain.claims.folding import folded, pieces
from domain.message import Address
from domain.supplier import Directory

# A name of a supplier that is shorter is too likely a word of its own.
SHORTEST_NAME = 3


@dataclass(frozen=True, slots=True)
class Customer:
    """What a supplier may not learn of a customer. `names` are full names, `addresses` mail addresses."""

    names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


def misdirected(recipient: Address, directory: Directory, *, for_supplier: bool) -> str:
    """Why a text must not go to this address, or nothing: what is meant for a customer never reaches a supplier."""
    if for_supplier or not directory.knows(recipient.address):
        return ""
    return f"{recipient.address} is a supplier's address, and this was written for a customer."


def told_to_customer(text: str, directory: Directory, purchase_orders: Sequence[str] = ()) -> str:
    """What of a supplier's stands in a text for a customer, in words, or nothing.

    `purchase_orders` are numbers of the merchant's own orders, known to stand in this conversation's mail or ticket.
    """
    words, plain = _words(text), _plain(text)
    for supplier in directory.suppliers:
        if len(supplier.name) >= SHORTEST_NAME and _has(words, supplier.name):
            return f"It names the supplier {supplier.name}."
        shown = _first(plain, (*supplier.every_address, *supplier.domains))
        if shown:
            return f"It shows {shown}, which is of the supplier {supplier.name}."
    number = _first(plain, purchase_orders)
    return f"It shows the purchase order {number}." if number else ""


def told_to_supplier(text: str, customer: Customer) -> str:
    """What of a customer's stands in a text for a supplier, in words, or nothing."""
    words, plain = _words(text), _plain(text)
    shown = _first(plain, customer.addresses)
    if shown:
        return f"It shows the customer's address {shown}."
    # One word alone may be anybody's first name, or a word.
    name = next((one for one in customer.names if len(one.split()) > 1 and _has(words, one)), "")
    return f"It names the customer {name}." if name else ""


def _words(text: str) -> str:
    return f" {' '.join(piece.word for piece in pieces(text) if piece.word.isalnum())} "


def _has(words: str, name: str) -> bool:
    wanted = _words(name)
    return bool(wanted.strip()) and wanted in words


def _plain(text: str) -> str:
    """Everything in its simplest form, with what is no letter, digit or one of `.@-+_` taken out of words."""
    simple = unicodedata.normalize("NFKC", text)
    return " ".join(folded(part) for part in re.findall(r"[\w.@+-]+|[^\s\w]", _visible(simple)))


def _visible(text: str) -> str:
    return "".join(character for character in text if unicodedata.category(character) != "Cf")


def _first(plain: str, wanted: Iterable[str]) -> str:
    """The first of these that stands in the text, not as a part of a longer word, address or domain of others."""
    for one in filter(None, wanted):
        if re.search(rf"(?<![\w-])(?<!\w\+){re.escape(folded(one))}(?![\w-])(?!\.\w)", plain):
            return one
    return ""
