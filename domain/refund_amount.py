"""What part of an order is wanted, and how much money that part is worth."""

from collections import Counter
from dataclasses import dataclass

from domain.order import Order, OrderItem
from domain.order_action import WantedItem


@dataclass(frozen=True, slots=True)
class Part:
    """`items` as the order spells them, empty where nothing was said about items; `lines` those of the order that they
    mean. `price_minor` is what they cost by the item prices.
    """

    items: tuple[WantedItem, ...]
    lines: tuple[OrderItem, ...]
    is_whole: bool
    price_minor: int


@dataclass(frozen=True, slots=True)
class NoPart:
    """What is wanted cannot be found in the order, for this reason."""

    reason: str


def part_of(order: Order, wanted: tuple[WantedItem, ...]) -> Part | NoPart:
    """The wanted items among those of the order; nothing named means all of it."""
    if not wanted:
        return Part((), order.items, is_whole=True, price_minor=_price(order.items))
    pieces: Counter[str] = Counter()
    for one in wanted:
        if one.quantity < 1:
            return NoPart(f"{one.quantity} pieces of {one.sku} are wanted.")
        pieces[_folded(one.sku)] += one.quantity
    items: list[WantedItem] = []
    lines: list[OrderItem] = []
    price = 0
    for sku, quantity in pieces.items():
        same = tuple(line for line in order.items if _folded(line.sku) == sku)
        there = sum(line.quantity for line in same)
        if quantity > there:
            return NoPart(f"{quantity} pieces of {sku.upper()} are wanted, and the order has {there}.")
        if quantity < there and len({line.price_minor for line in same}) > 1:
            return NoPart(f"{sku.upper()} stands in the order at several prices.")
        items.append(WantedItem(same[0].sku, quantity))
        lines.extend(same)
        price += _price(same) if quantity == there else same[0].price_minor * quantity
    ordered = sum(line.quantity for line in order.items)
    return Part(tuple(items), tuple(lines), is_whole=pieces.total() == ordered, price_minor=price)


def left_of(order: Order) -> int:
    """What was paid and not paid back or promised, in minor units."""
    return order.total.minor - order.refunded.minor


def worth(order: Order, part: Part) -> int:
    """What the part may bring at most, in minor units: never more than is left of the order.

    The whole order brings what is left of it. Where the item prices add up to more than was paid, a discount was given
    on the order: each item then counts by its share of it, rounded down, so that its items one by one never bring more
    than the order. Where they add up to less, the rest was shipping, which is paid back with the whole order alone.
    """
    if part.is_whole:
        return left_of(order)
    listed, paid = _price(order.items), order.total.minor
    share = part.price_minor if listed <= paid else part.price_minor * paid // listed
    return min(share, left_of(order))


def without_restocking(minor: int, percent: int) -> int:
    """What is paid back when `percent` of it is kept. Half a cent goes to the customer."""
    return (minor * (100 - percent) + 50) // 100


def _price(lines: tuple[OrderItem, ...]) -> int:
    return sum(line.price_minor * line.quantity for line in lines)


def _folded(sku: str) -> str:
    return sku.strip().casefold()
