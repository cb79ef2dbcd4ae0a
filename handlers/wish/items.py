"""Which items of an order a sentence names, and how many pieces of each."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from domain.order import Order
from domain.order_action import WantedItem
from handlers.wish.folding import fold, tokens
from handlers.wish.pieces import UNCLEAR_MANY, UNCLEAR_WHICH, Named, count_in, is_same, pieces_in, words_of_item
from handlers.wish.sentences import Sentence
from handlers.wish.words import Words

_CLAUSE = re.compile(r"[,;:.]|(?<!\w)(?:but|and i|aber|sondern|mais|pero|sino)(?!\w)")


def item_words(order: Order) -> frozenset[str]:
    """All words of an order's items and numbers that may stand in a mail about it."""
    every = (order.number, *(text for item in order.items for text in (item.sku, item.name)))
    return frozenset(word for text in every for word in tokens(fold(text)))


def named_in(sentence: Sentence, order: Order, words: Words, *, exchanges: bool) -> Named:
    """What of the order a sentence names; of one that asks for an exchange only what stands before its new size."""
    patterns, text = words.items, before_target(sentence, words) if exchanges else sentence.folded
    kept = patterns["except"].search(text)
    if kept:
        return _without_kept(text, kept, order, words)
    whole = patterns["all"].search(text)
    found = pieces_in(tokens(text), order, words)
    if len(found.items) > 1 and patterns["beside"].search(text):
        # "The mugs are fine, but the lamp is broken", "the lamp that came with the rug".
        return replace(found, doubts=(*found.doubts, UNCLEAR_WHICH))
    if found.items or found.doubts:
        # "The whole order and not only the lamp" says two things.
        if whole and patterns["order"].search(whole[0]):
            return replace(found, doubts=(*found.doubts, UNCLEAR_WHICH))
        return found
    count = 2 if patterns["both"].search(text) else count_in(whole.group(0) if whole else "", words)
    if count is not None:
        pieces, kinds = sum(item.quantity for item in order.items), len(order.items)
        return Named(whole=True, doubts=() if count in {pieces, kinds} else (UNCLEAR_MANY,))
    return Named(whole=whole is not None)


def unknown_goods(sentence: Sentence, order: Order, words: Words, *, exchanges: bool) -> Iterator[str]:
    """Words for goods that no item of the order has."""
    end = len(tokens(before_target(sentence, words))) if exchanges else len(sentence.words)
    names = [name for item in order.items for name in words_of_item(item, words)]
    for before, word, stem in list(zip(("", *sentence.words), sentence.words, sentence.stems, strict=False))[:end]:
        # "I tried another bulb" speaks of none that was ordered.
        strange = stem in words.goods and stem not in words.known and before not in words.another
        if strange and not any(is_same(word, name) for name in names):
            yield word


def before_target(sentence: Sentence, words: Words) -> str:
    target = words.items["target"].search(sentence.folded)
    return sentence.folded[: target.start()] if target else sentence.folded


def keeps(sentence: Sentence, order: Order, words: Words) -> bool:
    """Whether a sentence says that an item stays with the customer."""
    text = sentence.folded
    return words.items["except"].search(text) is not None and bool(pieces_in(tokens(text), order, words).items)


def _without_kept(text: str, kept: re.Match[str], order: Order, words: Words) -> Named:
    """What stands beside the items that are kept; without any, everything else."""
    end = _CLAUSE.search(text, kept.end())
    until = end.start() if end else len(text)
    wanted = pieces_in(tokens(f"{text[: kept.start()]} {text[until:]}"), order, words)
    return wanted if wanted.items else _all_but(pieces_in(tokens(text[kept.end() : until]), order, words), order)


def _all_but(kept: Named, order: Order) -> Named:
    """Everything that is not kept. What is kept must be named, and leave something."""
    held: Mapping[str, int] = {one.sku: one.quantity for one in kept.items}
    rest = tuple(
        WantedItem(item.sku, item.quantity - held.get(item.sku, 0))
        for item in order.items
        if item.quantity > held.get(item.sku, 0)
    )
    unclear = not kept.items or not rest
    return replace(kept, items=rest, doubts=(*kept.doubts, *((UNCLEAR_WHICH,) if unclear else ())))
