"""Which order a mail is about, and whether its writer is the customer on it.

Proven is whom Gmail verified as the address on the order, or whose mail was confirmed by the link sent there. All
others get one and the same reply, whether the number they name is somebody else's, exists nowhere, or is their own but
Gmail did not verify them; what else happens reaches the address on the order alone. The second such number goes to a
person.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.case import Case, CaseState, Identity
from domain.decision import Check, Decision, IdentityMail, Tried
from domain.message import Address
from domain.order import Order, normal_number
from domain.ports import Orders
from domain.understanding import Understanding
from handlers.ownership import described, may_hear_of
from handlers.refund_mail import Mail, for_a_person

ORDER_NUMBER, ORDER_NUMBER_AGAIN = "order_number", "order_number_again"
MOST_WRONG_NUMBERS = 2
# Before these, which order it is about is still open.
_ORDER_IS_OPEN = frozenset({CaseState.REQUESTED, CaseState.ORDER_WANTED, CaseState.IDENTITY_WANTED})

Found = Sequence[tuple[str, Order | None]]


@dataclass(frozen=True, slots=True)
class Proven:
    """The writer is the customer on `order`; the case stands at its checks. `doubts` are other numbers beside it."""

    case: Case
    order: Order
    check: Check
    doubts: tuple[str, ...] = ()
    tried: tuple[Tried, ...] = ()


def numbers_named(understanding: Understanding, case: Case | None) -> tuple[str, ...]:
    """Each number once that the writer names; where they name none, that of the open case."""
    named: dict[str, str] = {}
    for number in understanding.claimed_orders:
        named.setdefault(normal_number(number), number)
    known = case.order_number if case is not None and case.is_open else ""
    return tuple(named.values()) or ((known,) if known else ())


def who_asks(mail: Mail, case: Case, orders: Orders) -> Proven | Decision:
    """The proven customer with their order; else what is asked of the writer, or the way to a person."""
    numbers = numbers_named(mail.understanding, case)
    if not numbers:
        return _without_number(mail, case, orders)
    found = [(number, orders.find(number)) for number in numbers]
    own = {order.number: order for _, order in found if order is not None and _proof(mail, case, order)}
    tried = tuple(Tried(number, order is not None) for number, order in found if not order or order.number not in own)
    if case.state not in _ORDER_IS_OPEN:
        settled = _still_the_same(mail, case, own)
        if settled is not None:
            return replace(settled, tried=tried)
    if len(own) > 1:
        named = "; ".join(described(order) for order in own.values())
        return for_a_person(case, f"It names several orders of its sender: {named}.", mail.received())
    if not own:
        return _in_vain(mail, case, found, tried)
    order = next(iter(own.values()))
    others = tuple(f"It also names {one.number}, which is no order of its sender's." for one in tried)
    return _proven(mail, case, order, others, tried)


def _proof(mail: Mail, case: Case, order: Order) -> Identity:
    if may_hear_of(mail.message, order):
        return Identity.SENDER
    same = normal_number(case.order_number) == normal_number(order.number) and case.writer == mail.sender.address
    return Identity.LINK if case.identity is Identity.LINK and same else Identity.UNKNOWN


def _proven(mail: Mail, case: Case, order: Order, doubts: tuple[str, ...], tried: tuple[Tried, ...]) -> Proven:
    identity = _proof(mail, case, order)
    said = {
        Identity.SENDER: "The sender is the customer on the order, verified by Gmail.",
        Identity.LINK: "The customer confirmed the sender by the link that was mailed to the address on the order.",
    }
    case = replace(case, identity=identity, order_number=order.number)
    checking = case if case.state is CaseState.CHECKING else case.moved_to(CaseState.CHECKING)
    return Proven(checking, order, Check(said[identity], passed=True), doubts, tried)


def _still_the_same(mail: Mail, case: Case, own: dict[str, Order]) -> Decision | None:
    """Once the customer is proven, another order or another writer in the same case is a person's."""
    numbers = numbers_named(mail.understanding, case)
    if any(normal_number(number) != normal_number(case.order_number) for number in numbers):
        return for_a_person(case, f"It names other orders than that of its case ({case.order_number}).")
    if not own:
        return for_a_person(case, "Nothing proves that this mail comes from the customer on the order.")
    return None


def _in_vain(mail: Mail, case: Case, found: Found, tried: tuple[Tried, ...]) -> Decision:
    """No number fits the sender, whatever the cause: the same reply once, then a person."""
    case = case.with_wrong_numbers(*(normal_number(number) for number, _ in found))
    names = ", ".join(case.wrong_numbers)
    asked = ORDER_NUMBER_AGAIN in case.asked or case.state is CaseState.IDENTITY_WANTED
    if len(case.wrong_numbers) >= MOST_WRONG_NUMBERS or asked:
        reason = f"No order number fits the sender; tried: {names}."
        return replace(for_a_person(case, reason), tried=tried)
    reply = mail.reply(mail.wording.order_wanted_again)
    order = found[0][1]
    if order is None:
        decision = Decision.release(f"Asked again for the order number: there is no order {names}.", reply)
        return replace(decision.moving(case.asking(ORDER_NUMBER_AGAIN, CaseState.ORDER_WANTED)), tried=tried)
    case = replace(case, order_number=order.number, writer=mail.sender.address, identity=Identity.UNKNOWN)
    link = [_identity_mail(mail, order)] if order.customer_email.strip() else []
    decision = Decision.release(
        f"Gmail did not verify the writer as the customer on order {order.number}: asked there, and for the number.",
        reply,
        *link,
    )
    return replace(decision.moving(case.asking(ORDER_NUMBER_AGAIN, CaseState.IDENTITY_WANTED)), tried=tried)


def _identity_mail(mail: Mail, order: Order) -> IdentityMail:
    """To the address on the order and no other. The writer's address is shown, their name and words are not."""
    wording = mail.wording
    # A brace may stand in an address: it must not pass for the place of the link.
    writer = mail.sender.address.translate({ord("{"): None, ord("}"): None})
    text = wording.identity_mail.format(writer=writer, number=order.number, link="{link}")
    return IdentityMail(
        Address(order.customer_email.strip()),
        wording.identity_subject.format(number=order.number),
        f"{wording.greeting}\n\n{text}\n\n{wording.closing_asking}",
        order.number,
    )


def _without_number(mail: Mail, case: Case, orders: Orders) -> Decision:
    """What only stands in old or forwarded mail never counts as tried, since somebody else may have written it."""
    candidates = mail.understanding.thread_orders
    old = [order for order in map(orders.find, candidates) if order is not None and may_hear_of(mail.message, order)]
    if old:
        named = "; ".join(described(order) for order in old)
        return for_a_person(
            case, f"Found {named}: its number stands only in the quoted or forwarded mail.", mail.received()
        ).checked(
            Check(
                f"The order number ({', '.join(candidates)}) stands only in the quoted or forwarded mail, not in the "
                "new text.",
                passed=False,
            )
        )
    # A person may have asked for something else, before the order was known; and a link was mailed about one that was.
    if case.asked or case.state not in {CaseState.REQUESTED, CaseState.ORDER_WANTED}:
        names = f" (tried before: {', '.join(case.wrong_numbers)})" if case.wrong_numbers else ""
        return for_a_person(case, f"Asked for the order number, the writer named none{names}.")
    return Decision.release("Asked for the order number.", mail.reply(mail.wording.order_wanted)).moving(
        case.asking(ORDER_NUMBER, CaseState.ORDER_WANTED)
    )
