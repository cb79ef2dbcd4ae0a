"""What of a decision goes onto the ticket of its order: asked only where the tenant has a ticketing system."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from domain.bridging import BridgeRules, bridged
from domain.case import Case, Identity
from domain.category import Category
from domain.conversation import Conversation
from domain.message import Message
from domain.order import Order, normal_number
from domain.phase import Phase
from domain.ports import Orders
from handlers.ownership import may_hear_of
from worker.suggesting import Decided


@dataclass(frozen=True, slots=True)
class Bridge:
    """`rules` are None for a tenant without a ticketing system: everything stays as it was decided."""

    rules: BridgeRules | None
    orders: Orders
    messages: Mapping[UUID, Message]
    conversations: Mapping[UUID, Conversation]
    phases: Mapping[Category, Phase]

    def over(self, decided: Sequence[Decided]) -> list[Decided]:
        if self.rules is None:
            return list(decided)
        return [self._one(one, self.rules) for one in decided]

    def _one(self, one: Decided, rules: BridgeRules) -> Decided:
        message, conversation = self.messages[one.claim.id], self.conversations[one.claim.id]
        # What a supplier writes, or whoever says to be one, is never a customer's: see `worker.supplier_answers`.
        number = "" if conversation.supplier_mail is not None else self._order_of(one, message, conversation)
        category = one.decision.handled_as or one.understanding.category
        phase = self.phases.get(category, Phase.ASSISTED)
        return replace(one, decision=bridged(one.decision, message, one.understanding, number, rules, phase=phase))

    def _order_of(self, one: Decided, message: Message, conversation: Conversation) -> str:
        """The order of the case, else the first that the mail names: only where the writer is proven to be its owner.

        Whoever names somebody else's order must neither write onto its ticket nor be answered by it.
        """
        cases = [one.decision.case, one.decision.case_on_release, conversation.case]
        known = [case for case in cases if case is not None and case.order_number]
        numbers = dict.fromkeys(normal_number(case.order_number) for case in known)
        numbers |= dict.fromkeys(map(normal_number, one.understanding.claimed_orders))
        for number in numbers:
            order = self.orders.find(number)
            if order is not None and _is_theirs(message, order, known):
                return order.number
        return ""


def _is_theirs(message: Message, order: Order, cases: Sequence[Case]) -> bool:
    confirmed = message.sender is not None and any(
        case.identity is Identity.LINK
        and normal_number(case.order_number) == normal_number(order.number)
        and case.writer == message.sender.address
        for case in cases
    )
    return may_hear_of(message, order) or (confirmed and message.sender_verified)
