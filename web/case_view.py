"""The case of a conversation as its page shows it: what is wanted, missing, checked, and can be done about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from domain.case import WITH_US, Case
from domain.claims import Claim
from domain.decision import Check
from domain.delivery import ActState
from domain.message import Address
from domain.order import Order
from domain.order_action import PAYS_BACK
from storage import case_history, case_shown, orders, refund_policies, refunds_list, shop_webhooks, thread
from storage.case_history import CaseEvent
from storage.refunds_list import Act
from storage.thread import Shown
from web.case_words import QUESTIONS, Prepared, Told, missing, rules
from web.session import member, services

MOST_EARLIER = 3


@dataclass(frozen=True, slots=True)
class Item:
    """`name` is the order's own word for it, its number where the order has none."""

    sku: str
    name: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Earlier:
    case: Case
    steps: tuple[CaseEvent, ...]


@dataclass(frozen=True, slots=True)
class Typed:
    """What a person wrote into the forms about the case and what has not left: `text` of the reply that tells that it
    was done, to be confirmed where `ask_again`; or a reply `prepared` that refuses or asks. `unproven` is what it
    claims and nobody did, `wall` what of a supplier's the customer would learn by it; `version` is what `text` was
    written over.
    """

    text: str = ""
    ask_again: bool = False
    prepared: Prepared | None = None
    unproven: tuple[Claim, ...] = ()
    wall: str = ""
    version: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """`act` is what is proposed or was done; `by` the decision that proposed it and waits for its approval, else the
    one at hand, None where no act of a person's is waited for; `proposed` whether it waits for approval.

    `shop_asked`: whether the shop carries it out by itself; else somebody does it there. `typed` is what a person wrote
    into the forms, which has not left.
    """

    case: Case
    order: Order | None
    items: tuple[Item, ...]
    checks: tuple[Check, ...]
    missing: tuple[str, ...]
    steps: tuple[CaseEvent, ...]
    earlier: tuple[Earlier, ...]
    act: Act | None
    approved_by_me: bool
    by: UUID | None
    proposed: bool
    rules: Mapping[str, str]
    questions: Mapping[str, str]
    shop_asked: bool
    typed: Typed

    @property
    def left_over(self) -> str:
        """What was typed into a form that is not on the page any more."""
        if self.typed.prepared:
            return "" if self.by else self.typed.prepared.text
        return "" if self.proposed else self.typed.text

    @property
    def pays(self) -> bool:
        """Whether money leaves as soon as it is approved."""
        return self.act is not None and self.act.action in PAYS_BACK and self.act.amount is not None


def case_view(conversation: UUID, now: Shown | None, typed: Typed | None = None) -> dict[str, Found | None]:
    """What the templates of the conversation need to show its case; None where it has none."""
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        every = case_history.of_conversation(db, tenant, conversation)
        acts = refunds_list.of_conversation(db, tenant, conversation)
        step = case_shown.step_of(db, tenant, now.decision) if now and now.decision and now.waits else None
        case = _newest(every, step)
        if case is None:
            return {"case": None}
        before = [one for one in every if one.id != case.id][:MOST_EARLIER]
        earlier = tuple(Earlier(one, tuple(case_history.history(db, tenant, one.id))) for one in before if one.id)
        steps = tuple(case_history.history(db, tenant, case.id)) if case.id else ()
        order = orders.find(db, tenant, case.order_number) if case.order_number else None
        act = next((one for one in acts if _is_of(one, case, now)), None)
        shop_asked = shop_webhooks.find(db, tenant) is not None
        approved = case_shown.has_approved(db, tenant, act.id, member().id) if act else False
    at_hand = now.decision if now and now.waits and case.state in WITH_US else None
    proposed = act is not None and act.state is ActState.HELD and act.waits
    found = Found(
        case=case,
        order=order,
        items=_items(case, order),
        checks=now.checks if now and case.is_open else (),
        missing=missing(case),
        steps=steps,
        earlier=earlier,
        act=act,
        approved_by_me=approved,
        by=act.decision if proposed and act else at_hand,
        proposed=proposed,
        rules=rules(),
        questions={what.value: words for what, words in QUESTIONS.items()},
        shop_asked=shop_asked,
        typed=typed or Typed(),
    )
    return {"case": found}


def told_of(conversation: UUID, decision: UUID) -> Told:
    """What a reply about the case of this decision can speak of."""
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        found = thread.find(db, tenant, conversation)
        mail = next((one for one in found.messages if one.decision == decision), None) if found else None
        every = case_history.of_conversation(db, tenant, conversation)
        case = _newest(every, case_shown.step_of(db, tenant, decision))
        order = orders.find(db, tenant, case.order_number) if case and case.order_number else None
        policy = refund_policies.newest(db, tenant)
    read = mail.understanding if mail else None
    return Told(
        language=(case.language if case else "") or (read.language if read else ""),
        writer=Address(mail.sender_address, mail.sender_name) if mail else Address(""),
        number=case.order_number if case else "",
        order=order,
        items=tuple(one.name for one in _items(case, order)) if case else (),
        policy=policy,
    )


def _newest(every: list[Case], step: Case | None) -> Case | None:
    """The case as it stands, the open one first; as it would become where a decision waits to move it."""
    stands = next((one for one in every if one.is_open), every[0] if every else None)
    return step if step is not None and (stands is None or stands.has_ended or step.id == stands.id) else stands


def _is_of(act: Act, case: Case, now: Shown | None) -> bool:
    return (case.id is not None and act.case == case.id) or (now is not None and act.decision == now.decision)


def _items(case: Case, order: Order | None) -> tuple[Item, ...]:
    names = {item.sku: item.name for item in order.items} if order else {}
    return tuple(Item(one.sku, names.get(one.sku) or one.sku, one.quantity) for one in case.items)
