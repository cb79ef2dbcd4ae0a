"""How a conversation with a scripted customer goes on, and what it came to, held against what is right."""

from collections.abc import Iterable, Mapping, Sequence

from domain.decision import OrderAct
from domain.order import Order, normal_number
from evaluation.refund_play import ACTS, Did, Played
from evaluation.refund_scenarios import Scenario, Wanted


def answer_of(scenario: Scenario, played: Played) -> str | None:
    """What the customer writes next; None where nothing was asked of them."""
    if played.did is not Did.ASK or played.case is None:
        return None
    numbers = " and ".join(scenario.numbers)
    answers: Mapping[str, str] = {
        "order_wanted": f"My order number is {numbers}." if numbers else "I do not remember the number.",
        "identity_wanted": "I wrote from the address of my order.",
        "reason_wanted": f"The reason: {scenario.reason}.",
        "evidence_wanted": "I have no picture.",
    }
    return answers.get(played.case.state.value)


def end_of(scenario: Scenario, played: Sequence[Played], orders: Iterable[Order]) -> str:
    done = [as_wanted(one.act, orders) for one in played if one.act is not None]
    if any(not is_gold(one, scenario.gold) for one in done):
        return "wrong"
    if scenario.gold and len(done) == len(scenario.gold) and not scenario.others:
        return "gold"
    last = played[-1].did
    if not scenario.gold and not scenario.others and (last is Did.HOLD or not scenario.transfer):
        return "nothing"
    return "hold" if last in {Did.HOLD, *ACTS} else "neither"


def as_wanted(act: OrderAct, orders: Iterable[Order]) -> Wanted:
    """An act without items is about all of them."""
    order = next(one for one in orders if normal_number(one.number) == normal_number(act.order_number))
    items = {one.sku: one.quantity for one in act.items} or {one.sku: one.quantity for one in order.items}
    return Wanted(act.action, order.number, items)


def is_gold(done: Wanted, gold: Sequence[Wanted]) -> bool:
    return any(
        (one.action, one.order) == (done.action, done.order) and (not one.items or dict(one.items) == dict(done.items))
        for one in gold
    )
