"""Mail about what is decided already: a person or the shop has it, or it was done."""

from domain.case import Case, CaseState, Identity
from domain.decision import Check, Decision
from domain.order import normal_number
from domain.ports import Orders
from domain.request import Wish
from handlers.ownership import may_hear_of
from handlers.refund_mail import Mail
from handlers.refund_words import done_paragraphs
from handlers.wish import read_wish

_DONE = frozenset({CaseState.EXECUTED, CaseState.CONFIRMED})


def about_what_was(mail: Mail, case: Case, orders: Orders) -> Decision | None:
    """The decision about a mail to which nothing new is to be begun; None where the mail is to be worked on."""
    # Whose writer was confirmed by the link goes on to the checks.
    works_on_it = case.asks or (case.state is CaseState.CHECKING and case.identity is Identity.LINK)
    if works_on_it:
        return None
    said = read_wish(mail.understanding, mail.message, None, earlier=case)
    if not case.has_ended:
        takes_back = " The writer takes it back: a person ends it." if said.withdrawn else ""
        return Decision.hold(f"Its {case.action or 'request'} is with a person already ({case.state}).{takes_back}")
    if not said.asks_status or said.actions:
        return None
    return _what_became_of_it(mail, case, orders)


def _what_became_of_it(mail: Mail, case: Case, orders: Orders) -> Decision:
    """Told by the facts of the case alone, to the proven customer alone, and only where it was done."""
    order = orders.find(case.order_number) if case.order_number else None
    others = {normal_number(number) for number in mail.understanding.order_numbers} - {normal_number(case.order_number)}
    done = case.state in _DONE and case.action is not None and not others
    if not done or case.action is None or order is None or not may_hear_of(mail.message, order):
        return Decision.hold(f"It asks what became of an earlier request ({case.state}): a person answers.")
    said: Wish = read_wish(mail.understanding, mail.message, order, earlier=case)
    if said.doubts:
        return Decision.hold(f"It asks what became of the {case.action}. {said.doubts[0]}").checked(
            *(Check(doubt, passed=False) for doubt in said.doubts)
        )
    told = done_paragraphs(mail.wording, order, case.action, case.amount, case.items)
    return Decision.release(
        f"Told the customer what became of the {case.action} of order {order.number}.", mail.reply(*told, asking=False)
    ).checked(Check("The sender is the customer on the order, verified by Gmail.", passed=True))
