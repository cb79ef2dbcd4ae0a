"""Which orders, tickets, purchase orders and errors a mail names, and in which of its places.

The new text comes first, then the subject, then the quoted text, then what is forwarded: the first place that names
any has the word, so that a number which only stands in an old mail never outranks one that the writer names now.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from domain.understanding import Place, Reading
from understanding.context import Context
from understanding.entities import has_digit, orders_in, purchases_in, tickets_in
from understanding.error_codes import error_codes
from understanding.quotes import Parts


@dataclass(frozen=True, slots=True)
class Numbers:
    orders: tuple[str, ...] = ()
    tickets: tuple[str, ...] = ()
    purchases: tuple[str, ...] = ()
    read_from: tuple[Reading, ...] = ()


def numbers_in(parts: Parts, subject: str, context: Context) -> Numbers:
    """Of each kind all that its first place names; several stay several."""
    # Every number of every kind has a digit: most places of most mails need not be looked at.
    places = [one for one in _places(parts, subject) if has_digit(one[1])]
    if not places:
        return Numbers()
    tickets, tickets_from = _first(places, lambda _, text: tickets_in(text, context.ticket_patterns))
    purchases, purchases_from = _first(places, lambda _, text: purchases_in(text, context.purchase_patterns))
    others = {*tickets, *purchases}

    def orders_at(place: Place, text: str) -> tuple[str, ...]:
        # Old mail is full of numbers: there a word alone announces nothing that the shop has forms for.
        own, old = context.order_patterns, place in {Place.THREAD, Place.FORWARDED}
        found = orders_in(text, own, alone=not old, forms_only=old and bool(own))
        # What a form of the tenant's says outweighs the words of others: it may fit two kinds.
        return tuple(one for one in found if one not in others or any(each.fullmatch(one) for each in own))

    orders, orders_from = _first(places, orders_at)
    found = (
        ("order_numbers", orders, orders_from),
        ("ticket_numbers", tickets, tickets_from),
        ("purchase_orders", purchases, purchases_from),
    )
    return Numbers(
        orders,
        tickets,
        purchases,
        tuple(Reading(name, place, ", ".join(numbers)) for name, numbers, place in found if place is not None),
    )


def errors_in(parts: Parts, subject: str, numbers: Numbers) -> tuple[tuple[str, ...], tuple[Reading, ...]]:
    """The error codes of what is sent now, without those of old mail: its errors may be mended."""
    others = (*numbers.orders, *numbers.tickets, *numbers.purchases)
    places = [one for one in _places(parts, subject) if one[0] is not Place.THREAD]
    codes, place = _first(places, lambda _, text: error_codes(text, others))
    return codes, (Reading("error_codes", place, ", ".join(codes)),) if place is not None else ()


def _places(parts: Parts, subject: str) -> Iterator[tuple[Place, str]]:
    if parts.text != parts.forwarded:
        yield Place.NEW_TEXT, parts.text
    if subject:
        yield Place.SUBJECT, subject
    if parts.quoted:
        yield Place.THREAD, parts.quoted
    if parts.forwarded:
        yield Place.FORWARDED, parts.forwarded


def _first(
    places: Sequence[tuple[Place, str]], numbers_at: Callable[[Place, str], tuple[str, ...]]
) -> tuple[tuple[str, ...], Place | None]:
    for place, text in places:
        found = numbers_at(place, text)
        if found:
            return found, place
    return (), None
