"""Which items of an order a sentence names, and how many pieces of each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from domain.order import Order, OrderItem
from domain.order_action import WantedItem
from handlers.wish.folding import fold, tokens
from handlers.wish.sentences import Sentence
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


def item_words(order: Order) -> frozenset[str]:
    """All words of an order's items and numbers that may stand in a mail about it."""
    every = (order.number, *(text for item in order.items for text in (item.sku, item.name)))
    return frozenset(word for text in every for word in tokens(fold(text)))


def named_in(sentence: Sentence, order: Order, words: Words, *, exchanges: bool) -> Named:
    """What of the order a sentence names; of one that asks for an exchange only what stands before its new size."""
    patterns, text = words.items, _before_target(sentence, words) if exchanges else sentence.folded
    kept = patterns["except"].search(text)
    if kept:
        return _all_but(_pieces(tokens(text[kept.end() :]), order, words), order)
    whole = patterns["all"].search(text)
    found = _pieces(tokens(text), order, words)
    if found.items or found.doubts:
        return found
    count = 2 if patterns["both"].search(text) else _count_of(whole.group(0) if whole else "", words)
    if count is not None:
        pieces, kinds = sum(item.quantity for item in order.items), len(order.items)
        return Named(whole=True, doubts=() if count in {pieces, kinds} else (UNCLEAR_MANY,))
    return Named(whole=whole is not None)


def unknown_goods(sentence: Sentence, order: Order, words: Words, *, exchanges: bool) -> Iterator[str]:
    """Words for goods that no item of the order has."""
    end = len(tokens(_before_target(sentence, words))) if exchanges else len(sentence.words)
    names = [name for item in order.items for name in _words_of(item, words)]
    for before, word, stem in list(zip(("", *sentence.words), sentence.words, sentence.stems, strict=False))[:end]:
        # "I tried another bulb" speaks of none that was ordered.
        strange = stem in words.goods and stem not in words.known and before not in words.another
        if strange and not any(_same(word, name) for name in names):
            yield word


def _before_target(sentence: Sentence, words: Words) -> str:
    target = words.items["target"].search(sentence.folded)
    return sentence.folded[: target.start()] if target else sentence.folded


def _pieces(said: Sequence[str], order: Order, words: Words) -> Named:
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


def _places(said: Sequence[str], item: OrderItem, words: Words) -> tuple[int, ...]:
    sku = tokens(fold(item.sku))
    names = _words_of(item, words)
    by_name = tuple(at for at, word in enumerate(said) if any(_same(word, name) for name in names))
    by_sku = tuple(at for at in range(len(said)) if sku and tuple(said[at : at + len(sku)]) == sku)
    return tuple(sorted({*by_name, *by_sku}))


def _words_of(item: OrderItem, words: Words) -> tuple[str, ...]:
    """What tells an item in a sentence: the words of its name that are no usual words of sentences."""
    named = tuple(word for word in tokens(words.spelled(fold(item.name))) if len(word) > 2 and not word.isdigit())
    told = tuple(
        word
        for word, stem in zip(named, words.stems(named), strict=True)
        if stem in words.goods or stem in words.colours or stem not in words.known
    )
    return told or named


def _same(word: str, name: str) -> bool:
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
    return int(word) if word.isdecimal() and len(word) < 3 else words.numbers.get(word)


def _count_of(text: str, words: Words) -> int | None:
    return next((number for word in tokens(text) if (number := _number(word, words)) is not None), None)


def _all_of_kind(said: Sequence[str], places: Sequence[int], kinds: int, words: Words) -> bool:
    """Whether a word before says that all items of that name are meant: "both lamps"."""
    before = said[max(0, places[0] - _NEAR) : places[0]]
    return (kinds == 2 and not words.both.isdisjoint(before)) or not words.all.isdisjoint(before)


def _all_but(kept: Named, order: Order) -> Named:
    """Everything that is not kept. What is kept must be named, and leave something."""
    keeps: Mapping[str, int] = {one.sku: one.quantity for one in kept.items}
    rest = tuple(
        WantedItem(item.sku, item.quantity - keeps.get(item.sku, 0))
        for item in order.items
        if item.quantity > keeps.get(item.sku, 0)
    )
    unclear = not kept.items or not rest
    return replace(kept, items=rest, doubts=(*kept.doubts, *((UNCLEAR_WHICH,) if unclear else ())))
