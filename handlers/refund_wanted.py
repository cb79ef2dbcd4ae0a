"""What the customer wants, gathered over the mails of one case."""

from dataclasses import replace

from domain.case import LONGEST_WORDS, Case, CaseState, Identity
from domain.decision import Decision
from domain.message import Address
from domain.order import Order
from domain.request import Wish
from handlers.refund_mail import Mail, for_a_person
from handlers.wish import read_wish

# As the local models name the question what became of a request.
STATUS = "refund_status"
# Anybody can write into a thread, or begin it: what a stranger asked for must not pass for the customer's wish.
SOMEBODY_ELSE = "Somebody else ({writer}) wrote in this conversation before."


def heard(mail: Mail, case: Case) -> Case | Decision:
    """The case with what the mail adds to it; or the decision, where the mail takes it back or asks for several."""
    said, before = _read(mail, case), case
    case = replace(
        case,
        words=tuple(
            dict.fromkeys(
                (*case.words, *([mail.understanding.text[:LONGEST_WORDS]] if mail.understanding.text else []))
            )
        ),
        doubts=tuple(dict.fromkeys((*case.doubts, *_beside_its_words(mail, case, said)))),
        language=case.language or mail.language,
        writer=case.writer or mail.sender.address,
        evidence=tuple(dict.fromkeys((*case.evidence, *mail.pictures))),
    )
    if len(said.actions) > 1:
        return for_a_person(case, f"It asks for several things ({', '.join(said.actions)}): a person decides.")
    if before.action and said.actions and said.actions != (before.action,):
        return for_a_person(case, f"It asks for something else than before ({before.action}, now {said.actions[0]}).")
    if said.actions and mail.understanding.sub_intent == STATUS:
        return for_a_person(case, f"It may ask what became of an earlier request, or for a {said.actions[0]}.")
    if said.withdrawn:
        return _taken_back(mail, case, said)
    return replace(case, action=before.action or next(iter(said.actions), None), reason=said.reason or before.reason)


def wish_of(mail: Mail, case: Case, order: Order) -> Wish:
    """What all mails of the case say together, now that the order is known: its items were perhaps named before."""
    together = replace(mail.understanding, text="\n\n".join(case.words), language=case.language)
    return read_wish(together, mail.message, order, earlier=case if case.version else None)


def _read(mail: Mail, case: Case) -> Wish:
    """The mail alone, before anything is known of an order. A case that is new has no earlier mail."""
    return read_wish(mail.understanding, mail.message, None, earlier=case if case.version else None)


def _beside_its_words(mail: Mail, case: Case, said: Wish) -> tuple[str, ...]:
    """The doubts that reading its words once more, with those of the next mail, would not show."""
    bare = replace(
        mail,
        message=replace(mail.message, subject=""),
        understanding=replace(mail.understanding, sub_intent="", forwarded=""),
    )
    shown = _read(bare, case).doubts
    same = not case.writer or Address(case.writer).mailbox == mail.sender.mailbox
    others = () if same else (SOMEBODY_ELSE.format(writer=case.writer),)
    return (*others, *(doubt for doubt in said.doubts if doubt not in shown))


def _taken_back(mail: Mail, case: Case, said: Wish) -> Decision:
    if not case.version:
        return for_a_person(case, "It takes something back, and nothing is open here.")
    # Said before it is asked whose the order is, and so alike for every number.
    if case.writer != mail.sender.address or (case.identity is Identity.SENDER and not mail.message.sender_verified):
        return for_a_person(case, "Whoever takes it back may not be who asked for it: a person decides.")
    if said.actions or said.doubts:
        return for_a_person(case, "The writer seems to take it back: a person decides.")
    return Decision.release("The writer took it back.", mail.reply(mail.wording.withdrawn)).moving(
        case.moved_to(CaseState.WITHDRAWN)
    )
