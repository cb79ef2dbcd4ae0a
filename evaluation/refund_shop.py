"""A shop in memory: orders with their ledger and the cases of conversations, under the rules that the tables keep."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from uuid import uuid4

from domain.case import TRANSITIONS, Case, CaseState, NoSuchMove
from domain.decision import OrderAct
from domain.message import Address
from domain.money import Money
from domain.number_forms import NumberForms
from domain.order import Order, normal_number
from domain.order_action import Action

# Whatever a shop's numbers look like, they have few forms.
MOST_FORMS = 20
SHORTEST, LONGEST = 3, 40


def number_forms(orders: Iterable[Order]) -> NumberForms:
    """The forms that a shop's own numbers have, as a workspace names them: each digit a `#`, all else itself.

    Numbers that are digits alone have no form of their own: a house number must not pass for an order.
    """
    forms = Counter(
        "".join("#" if sign.isdigit() else sign for sign in normal_number(order.number)) for order in orders
    )
    usable = (form for form, _ in forms.most_common() if SHORTEST <= len(form) <= LONGEST and set(form) > {"#"})
    return NumberForms(orders=tuple(islice(usable, MOST_FORMS)))


class TooMuch(Exception):
    """More would be paid back than is left of the order: the ledger never allows it."""


@dataclass(frozen=True, slots=True)
class PaidBack:
    order: str
    customer: str
    amount: Money
    at: datetime


class Shop:
    """The ports `Orders` and `Refunds`. What is carried out is carried out at once, at the moment `now`."""

    def __init__(self, orders: Iterable[Order], now: datetime) -> None:
        self._orders = {normal_number(order.number): order for order in orders}
        self._now = now
        self._acts: list[OrderAct] = []
        self.ledger: list[PaidBack] = []

    def find(self, number: str) -> Order | None:
        return self._orders.get(normal_number(number))

    def paid_back_since(self, customer: str, since: datetime) -> int:
        wanted = Address(customer.strip().lower()).mailbox
        return sum(entry.customer == wanted and entry.at >= since for entry in self.ledger)

    def actions_on(self, order_number: str) -> list[Action]:
        return [act.action for act in self._acts if normal_number(act.order_number) == normal_number(order_number)]

    def propose(self, act: OrderAct) -> None:
        """It waits for its approval."""
        self._acts.append(act)

    def carry_out(self, act: OrderAct) -> None:
        """Money that is paid back counts against the order from now on. Raises TooMuch, and nothing is done."""
        self._acts.append(act)
        if act.amount is None:
            return
        number = normal_number(act.order_number)
        order = self._orders[number]
        refunded = Money(order.refunded.minor + act.amount.minor, order.refunded.currency)
        if act.amount.minor <= 0 or refunded.minor > order.total.minor or act.amount.currency != refunded.currency:
            raise TooMuch(f"{act.amount} of order {order.number}, of which {order.refunded} were refunded before.")
        self._orders[number] = replace(order, refunded=refunded)
        customer = Address(order.customer_email.strip().lower()).mailbox
        self.ledger.append(PaidBack(number, customer, act.amount, self._now))


@dataclass(slots=True)
class Cases:
    """The newest case of each conversation, moved only by the ways of the table and from the version that was read."""

    _newest: dict[str, Case] = field(default_factory=dict)

    def of(self, conversation: str) -> Case | None:
        return self._newest.get(conversation)

    def move(self, conversation: str, case: Case) -> Case:
        known = self._newest.get(conversation)
        if case.version and (known is None or known.version != case.version):
            raise NoSuchMove("The case was moved since it was read.")
        at = known.state if known is not None and case.version else CaseState.REQUESTED
        for state in case.trail:
            if state not in TRANSITIONS[at]:
                raise NoSuchMove(f"No case goes from {at} to {state}.")
            at = state
        kept = replace(case, id=case.id or uuid4(), version=case.version + 1, trail=())
        self._newest[conversation] = kept
        return kept
