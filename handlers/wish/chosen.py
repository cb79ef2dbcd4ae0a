"""Which items of the order a whole mail is about: those of the sentences that ask, else of those that say why."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from domain.order import Order, normal_number
from domain.order_action import Action, WantedItem
from domain.request import Reason
from handlers.wish.actions import DENIED, Asked
from handlers.wish.items import keeps, named_in, unknown_goods
from handlers.wish.pieces import UNCLEAR_WHICH, Named
from handlers.wish.sentences import Sentence
from handlers.wish.words import Words

NO_ITEM = "It names “{word}”, which is no item of the order."
WHICH = "It does not say which items of the order."


@dataclass(frozen=True, slots=True)
class Read:
    """One sentence with what was read out of it."""

    sentence: Sentence
    asked: Asked
    reasons: tuple[Reason, ...]

    @property
    def tells(self) -> bool:
        return self.asked.mentions or bool(self.reasons)

    @property
    def exchanges(self) -> bool:
        return Action.EXCHANGE in self.asked.actions


def items_in(
    read: Sequence[Read], order: Order | None, words: Words, actions: Sequence[Action]
) -> tuple[tuple[WantedItem, ...], tuple[str, ...]]:
    """The items of the sentences that ask; without any, of those that say why; without any, of all."""
    if order is None:
        return (), ()
    telling = [one for one in read if one.tells]
    strange = [
        NO_ITEM.format(word=word)
        for one in telling
        for word in unknown_goods(one.sentence, order, words, exchanges=one.exchanges)
    ]
    asking = [one for one in read if one.asked.mentions]
    if any(keeps(one.sentence, order, words) for one in read if not one.asked.mentions):
        strange.append(UNCLEAR_WHICH)
    # Who calls an order off for one item's sake calls all of it off; who calls off an item says so in that sentence.
    whole = Action.CANCEL in actions and _speaks_of_order(asking, words)
    for chosen in (asking,) if whole else (asking, [one for one in read if one.reasons], read):
        named = [named_in(one.sentence, order, words, exchanges=one.exchanges) for one in chosen]
        found = _merged(named)
        if found or any(one.whole or one.doubts for one in named):
            denied = any(one.asked.denied and name.items for one, name in zip(chosen, named, strict=True))
            doubts = (doubt for one in named for doubt in one.doubts)
            return found, (*strange, *doubts, *([DENIED] if denied else []))
    about = asking if Action.CANCEL in actions else telling
    # "One item of my order" is not the order.
    some = sum(item.quantity for item in order.items) > 1 and _says(about, words.items["some"])
    whole = whole or Action.CANCEL in actions or _speaks_of_order(telling, words) or _names_number(telling, order)
    vague = actions and (some or (len(order.items) > 1 and not whole))
    return (), (*strange, *([WHICH] if vague else []))


def _merged(named: Sequence[Named]) -> tuple[WantedItem, ...]:
    """Each item once. Named twice, the smaller quantity counts: nobody is paid for more than they clearly said."""
    if any(one.whole for one in named) and not any(one.items for one in named):
        return ()
    most: dict[str, int] = {}
    for item in (item for one in named for item in one.items):
        most[item.sku] = min(item.quantity, most.get(item.sku, item.quantity))
    return tuple(WantedItem(sku, quantity) for sku, quantity in most.items())


def _speaks_of_order(read: Sequence[Read], words: Words) -> bool:
    return _says(read, words.items["order"])


def _names_number(read: Sequence[Read], order: Order) -> bool:
    """Whether the order is spoken of by its number alone: "Please refund LO-48213"."""
    number = re.compile(rf"(?<!\w)#?{re.escape(normal_number(order.number).casefold())}(?!\w)")
    return _says(read, number)


def _says(read: Sequence[Read], pattern: re.Pattern[str]) -> bool:
    return any(pattern.search(one.sentence.folded) for one in read)
