"""What a customer is told about their request: what was done, or which rule refused it."""

import re
from collections.abc import Mapping, Sequence

from domain.money import Money
from domain.order import Order
from domain.order_action import Action, WantedItem
from domain.refund_policy import RefundPolicy, Rule
from domain.refund_rules import Verdict
from handlers.refund_mail import Mail
from handlers.wording import Wording

_PLACE = re.compile(r"\{(\w{1,20})\}")


def done_paragraphs(
    wording: Wording, order: Order, action: Action, amount: Money | None, items: Sequence[WantedItem]
) -> tuple[str, ...]:
    """What is sent once it is done, and not before; with the items where it is not the whole order."""
    unpaid = "cancel_unpaid" if action is Action.CANCEL and amount is None else action.value
    told = filled(wording.done[unpaid], {"number": order.number, "amount": wording.amount_of(amount) if amount else ""})
    return (told, wording.items_named.format(items=named(order, items))) if items else (told,)


def refused_paragraph(mail: Mail, order: Order, verdict: Verdict, rule: Rule, policy: RefundPolicy) -> str:
    """The tenant's own sentence for the rule where it has one in this language, else ours."""
    wording = mail.wording
    sentence = policy.phrases.get(rule, {}).get(mail.language) or wording.refused[rule.value]
    status = wording.statuses.get(order.status, order.status)
    return filled(sentence, {**dict(verdict.values), "number": order.number, "status": status})


def named(order: Order, items: Sequence[WantedItem]) -> str:
    names = {item.sku: item.name for item in order.items}
    pieces = ((f"{item.quantity} × " if item.quantity > 1 else "", names.get(item.sku) or item.sku) for item in items)
    return ", ".join(f"{count}{name}" for count, name in pieces)


def filled(sentence: str, values: Mapping[str, str]) -> str:
    """A tenant's sentence may hold any braces: only the names that are known are places."""
    return _PLACE.sub(lambda place: values.get(place[1], place[0]), sentence)
