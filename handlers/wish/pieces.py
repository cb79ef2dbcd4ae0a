"""Words held against the names of an order's items: which are meant, and how many pieces of each."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.order import Order, OrderItem
from domain.order_action import WantedItem
from handlers.wish.folding import fold, tokens
from handlers.wish.words import Words

UNCLEAR_WHICH = "It may mean several items of the order."
UNCLEAR_MANY = "It does not say clearly how many pieces."
TOO_MANY = "It names more pieces than were ordered."
_NEAR = 4


@dataclass(frozen=True, slots=True)
class Named:
    """`whole` says that all of the order was named; `doubts` as in `Wish`."""

    items: tuple[WantedItem, ...] = ()
    whole: bool = False
    doubts: tuple[str, ...] = ()


def pieces_in(said: Sequence[str], order: Order, words: Words) -> Named:
    """The items that these words name."""
    hits = {item.sku: _places(said, item, words) for item in order.items}
    hits = {sku: places for sku, places in hits.items() if places}
    # "floor lamp" names the floor lamp, and not the table lamp too: the more words of a name, the better.
    best = {
        sku: places
        for sku, places in hits.items()
        if not any(set(places) < set(others) for other, others in hits.items() if other != sku)
    }
    doubts: list[str] = []
    items: list[WantedItem] = []
    for item in order.items:
        places = best.get(item.sku)
        if places is None:
            continue
        if any(set(places) & set(others) for sku, others in best.items() if sku != item.sku):
            if not _all_of_kind(said, places, len(best), words):
                doubts.append(UNCLEAR_WHICH)
            items.append(WantedItem(item.sku, item.quantity))
            continue
        quantity, doubt = _quantity(said, places, item, words)
        doubts += [doubt] if doubt else []
        items.append(WantedItem(item.sku, quantity))
    return Named(tuple(items), doubts=tuple(dict.fromkeys(doubts)))


def words_of_item(item: OrderItem, words: Words) -> tuple[str, ...]:
    """What tells an item in a sentence: the words of its name that are no usual words of sentences."""
    named = tuple(word for word in tokens(words.spelled(fold(item.name))) if len(word) > 2 and not word.isdigit())
    told = tuple(
        word
        for word, stem in zip(named, words.stems(named), strict=True)
        if stem in words.goods or stem in words.colours or stem not in words.known
    )
    return told or named


def is_same(word: str, name: str) -> bool:
    """Whether two words name the same thing: `mug` and `mugs`, `lamp` and `Lampe`, `Stehlampe` and `Lampe`."""
    if word == name:
        return True
    shorter, longer = sorted((word, name), key=len)
    if len(shorter) < 3:
        return False
    begins = longer.startswith(shorter) and len(longer) - len(shorter) <= 2
    ends = len(shorter) >= 5 and longer.endswith(shorter)
    return (
        begins
        or ends
        or (len(shorter) >= 5 and shorter[:-1] == longer[: len(shorter) - 1] and len(longer) - len(shorter) <= 1)
    )


def count_in(text: str, words: Words) -> int | None:
    """The first number that stands in a text, in digits or as a word."""
    return next((number for word in tokens(text) if (number := _number(word, words)) is not None), None)


def _places(said: Sequence[str], item: OrderItem, words: Words) -> tuple[int, ...]:
    sku = tokens(fold(item.sku))
    names = words_of_item(item, words)
    by_name = tuple(at for at, word in enumerate(said) if any(is_same(word, name) for name in names))
    by_sku = tuple(at for at in range(len(said)) if sku and tuple(said[at : at + len(sku)]) == sku)
    return tuple(sorted({*by_name, *by_sku}))


def _quantity(said: Sequence[str], places: Sequence[int], item: OrderItem, words: Words) -> tuple[int, str]:
    """How many pieces are meant, and the doubt about it, or an empty string."""
    counts = [count for at in places if (count := _counted(said[max(0, at - _NEAR) : at], words)) is not None]
    if counts:
        # "Three mugs, but one mug was missing": nobody is paid for more than they clearly said.
        count = min(counts)
        return min(count, item.quantity), TOO_MANY if count > item.quantity else ""
    before = said[max(0, places[0] - _NEAR) : places[0]]
    if item.quantity == 1:
        return 1, ""
    plural = all(said[at] not in tokens(fold(item.name)) for at in places) or not words.all.isdisjoint(before)
    return item.quantity, "" if plural else UNCLEAR_MANY


def _counted(before: Sequence[str], words: Words) -> int | None:
    """The number that stands in words nearest before a name."""
    count = next((number for word in reversed(before) if (number := _number(word, words)) is not None), None)
    return 2 if count is None and not words.both.isdisjoint(before) else count


def _number(word: str, words: Words) -> int | None:
    number = int(word) if word.isdecimal() and len(word) < 3 else words.numbers.get(word)
    return number or None


def _all_of_kind(said: Sequence[str], places: Sequence[int], kinds: int, words: Words) -> bool:
    """Whether a word before says that all items of that name are meant: "both lamps"."""
    before = said[max(0, places[0] - _NEAR) : places[0]]
    return (kinds == 2 and not words.both.isdisjoint(before)) or not words.all.isdisjoint(before)
