"""Refunds and order actions: asks for the order number, looks the order up, and leaves the rest to a person.

A stranger must not learn whether an order exists. The number of somebody else's order therefore gets the very same
treatment as a number that does not exist: it counts as tried in vain, the same reply asks once more, the second such
number goes to a person. A mail that names the order's customer as its sender goes to a person at once, verified or
not; that tells nothing to anybody else, since every reply goes to the address of that customer.
"""

from domain.case import Case, CaseState
from domain.category import Category
from domain.conversation import Conversation
from domain.decision import Check, Decision, Disposition, Reply
from domain.message import Address, Message
from domain.order import Order
from domain.ports import Orders
from domain.understanding import Understanding
from handlers.ownership import described, is_customer, order_checks
from handlers.wording import Wording, wording_for

ORDER_NUMBER, ORDER_NUMBER_AGAIN = "order_number", "order_number_again"
MOST_WRONG_NUMBERS = 2


class RefundHandler:
    def __init__(self, orders: Orders) -> None:
        self._orders = orders

    def decide(self, message: Message, understanding: Understanding, conversation: Conversation) -> Decision:
        wording = wording_for(understanding.language)
        if message.sender is None:
            return Decision.hold("The mail does not name exactly one sender.")
        case = conversation.case
        if case is None or case.kind != Category.REFUND or case.has_ended:
            case = Case(Category.REFUND.value)
        numbers = understanding.claimed_orders or ((case.order_number,) if case.order_number else ())
        # What only stands in old or forwarded mail is looked at where the writer names nothing; it never counts as
        # tried, since somebody else may have written it.
        candidates = () if numbers else understanding.thread_orders
        found = [(number, self._orders.find(number)) for number in (*numbers, *candidates)]
        own = [order for _, order in found if order is not None and is_customer(message, order)]
        if not case.asks:
            decision = Decision.hold(
                f"Its {understanding.sub_intent or case.kind} is with a person already ({case.state})."
            )
        elif own:
            decision = _checking(message, message.sender, case, own, wording, from_thread=bool(candidates))
        elif wording is None:
            decision = Decision.hold(f"No replies are written in its language ({understanding.language}).")
        elif numbers:
            decision = _in_vain(message, message.sender, case, numbers, wording)
        else:
            decision = _without_number(message, message.sender, case, wording)
        if decision.disposition is not Disposition.HOLD:
            return decision
        from_thread = [_thread_check(candidates)] if candidates else []
        return decision.checked(
            *from_thread, *(check for number, order in found for check in order_checks(message, number, order))
        )


def _thread_check(candidates: tuple[str, ...]) -> Check:
    return Check(
        f"The order number ({', '.join(candidates)}) stands only in the quoted or forwarded mail, not in the new text.",
        passed=False,
    )


def _checking(
    message: Message, sender: Address, case: Case, own: list[Order], wording: Wording | None, *, from_thread: bool
) -> Decision:
    """The sender named at least one order of the address they write from: a person decides, the machine only looked.

    A number `from_thread` is a candidate only: the case is not tied to it.
    """
    named = "; ".join(described(order) for order in own)
    drafts = [Reply(sender, message.subject, wording.letter(message, wording.received, asking=True))] if wording else []
    verified = "verified" if message.sender_verified else "did not verify"
    number = own[0].number if len(own) == 1 and not from_thread else ""
    where = " (its number stands only in the quoted or forwarded mail)" if from_thread else ""
    return Decision.hold(
        f"Found {named}{where}; the sender is the customer on it, and Gmail {verified} that address: a person decides.",
        *drafts,
    ).moving(case.moved_to(CaseState.CHECKING, order_number=number).moved_to(CaseState.PERSON))


def _in_vain(message: Message, sender: Address, case: Case, numbers: tuple[str, ...], wording: Wording) -> Decision:
    """No number fits the sender, whether it exists or not: ask once more, then leave it to a person."""
    case = case.with_wrong_numbers(*numbers)
    tried = ", ".join(case.wrong_numbers)
    if len(case.wrong_numbers) >= MOST_WRONG_NUMBERS or ORDER_NUMBER_AGAIN in case.asked:
        return Decision.hold(f"No order number fits the sender; tried: {tried}.").moving(
            case.moved_to(CaseState.PERSON)
        )
    text = wording.letter(message, wording.order_wanted_again, asking=True)
    return Decision.release(
        f"Asked again for the order number: {tried} fits no order of this sender.",
        Reply(sender, message.subject, text),
    ).moving(case.asking(ORDER_NUMBER_AGAIN, CaseState.ORDER_WANTED))


def _without_number(message: Message, sender: Address, case: Case, wording: Wording) -> Decision:
    if case.asked:
        tried = f" (tried before: {', '.join(case.wrong_numbers)})" if case.wrong_numbers else ""
        return Decision.hold(f"Asked for the order number, the writer named none{tried}.").moving(
            case.moved_to(CaseState.PERSON)
        )
    text = wording.letter(message, wording.order_wanted, asking=True)
    return Decision.release("Asked for the order number.", Reply(sender, message.subject, text)).moving(
        case.asking(ORDER_NUMBER, CaseState.ORDER_WANTED)
    )
