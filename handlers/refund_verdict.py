"""What the tenant's policy makes of a proven customer's request, as a decision."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from domain.case import Case, CaseState, Identity
from domain.decision import Check, Decision, OrderAct, Reply
from domain.order import Order
from domain.order_action import PAYS_BACK, Action
from domain.ports import Refunds
from domain.refund_policy import RefundPolicy
from domain.refund_rules import Judge, Outcome, Request, Verdict
from domain.request import Reason, Wish
from handlers.refund_identity import Proven
from handlers.refund_mail import Mail, for_a_person
from handlers.refund_wanted import wish_of
from handlers.refund_words import done_paragraphs, refused_paragraph

MONTH = timedelta(days=30)
REASON, EVIDENCE = "reason", "evidence"
_WAITS_FOR = {REASON: CaseState.REASON_WANTED, EVIDENCE: CaseState.EVIDENCE_WANTED}
_APPROVE = {1: "a person approves", 2: "two people approve"}


@dataclass(frozen=True, slots=True)
class Rules:
    """The policy, and what it asks beside the order."""

    policy: RefundPolicy
    refunds: Refunds
    now: datetime
    judge: Judge


def left_to_a_person(reason: str) -> Judge:
    """Judges nothing: for a policy that cannot be read, and why."""

    def judge(request: Request, order: Order, policy: RefundPolicy, now: datetime) -> Verdict:
        del order, policy, now
        return Verdict(Outcome.PERSON, request.action, reason, items=request.items)

    return judge


def judged(mail: Mail, proven: Proven, rules: Rules) -> Decision:
    wish = wish_of(mail, proven.case, proven.order)
    case = replace(proven.case, items=wish.items, reason=wish.reason or proven.case.reason)
    decision = _by_wish(mail, replace(proven, case=case), wish, rules)
    return replace(decision, tried=proven.tried, checks=(proven.check, *decision.checks))


def _by_wish(mail: Mail, proven: Proven, wish: Wish, rules: Rules) -> Decision:
    case, action = proven.case, proven.case.action or next(iter(wish.actions), None)
    doubts = tuple(dict.fromkeys((*proven.doubts, *case.doubts, *wish.doubts)))
    unclear = _unclear(wish, action)
    if unclear or action is None:
        return _with_doubts(for_a_person(case, unclear, mail.received()), doubts)
    request = Request(
        action,
        case.items,
        Reason(case.reason) if case.reason else None,
        case.evidence,
        rules.refunds.paid_back_since(proven.order.customer_email, rules.now - MONTH),
    )
    verdict = rules.judge(request, proven.order, rules.policy, rules.now)
    case = replace(case, action=action, policy_version=rules.policy.version)
    return _by_verdict(mail, replace(proven, case=case), verdict, doubts, rules)


def _unclear(wish: Wish, action: Action | None) -> str:
    """Why nothing can be asked of the policy, or an empty string."""
    if len(wish.actions) > 1 or (wish.actions and wish.actions != (action,)):
        return f"It asks for several things ({', '.join(wish.actions)}): a person decides."
    if wish.withdrawn:
        return "The writer seems to take something back: a person decides."
    if action is None:
        return "It asks what became of an earlier request." if wish.asks_status else "It is not clear what is wanted."
    return ""


def _by_verdict(mail: Mail, proven: Proven, verdict: Verdict, doubts: tuple[str, ...], rules: Rules) -> Decision:
    case, wording, number = proven.case, mail.wording, proven.order.number
    by_a_person = verdict.outcome is Outcome.PERSON and verdict.is_whole
    if verdict.outcome is Outcome.ELIGIBLE or by_a_person:
        grant = _for_their_word if by_a_person else _eligible
        return grant(mail, proven, verdict, (*doubts, *_granted_before(rules, number)))
    if doubts:
        held = for_a_person(case, f"{doubts[0]} A person decides.", mail.received())
        return _with_doubts(held, doubts).checked(*verdict.checks)
    match verdict.outcome:
        case Outcome.PERSON:
            return for_a_person(case, verdict.reason, mail.received()).checked(*verdict.checks)
        case Outcome.REASON_WANTED:
            return _asked_once(mail, case, verdict, REASON, wording.reason_wanted.format(number=number))
        case Outcome.EVIDENCE_WANTED:
            return _asked_once(mail, case, verdict, EVIDENCE, wording.evidence_wanted.format(number=number))
        case Outcome.REFUSED:
            return _refused(mail, proven, verdict, rules.policy)
        case _:
            assert_never(verdict.outcome)


def _asked_once(mail: Mail, case: Case, verdict: Verdict, what: str, question: str) -> Decision:
    if what in case.asked:
        return for_a_person(case, f"{verdict.reason} It was asked for already.", mail.received()).checked(
            *verdict.checks
        )
    return (
        Decision.release(f"Asked for the {what}: {verdict.reason}", mail.reply(question))
        .moving(case.asking(what, _WAITS_FOR[what]))
        .checked(*_passed(verdict))
    )


def _refused(mail: Mail, proven: Proven, verdict: Verdict, policy: RefundPolicy) -> Decision:
    case = proven.case
    if verdict.rule is None:
        return for_a_person(case, verdict.reason, mail.received()).checked(*verdict.checks)
    told = refused_paragraph(mail, proven.order, verdict, verdict.rule, policy)
    return (
        Decision.release(f"Refused: {verdict.reason}", mail.reply(told, asking=False))
        .moving(replace(case, rule=verdict.rule.value).moved_to(CaseState.REFUSED))
        .checked(*_passed(verdict), Check(f"The rule “{verdict.rule}” refuses it: {verdict.reason}", passed=True))
    )


def _granted_before(rules: Rules, number: str) -> tuple[str, ...]:
    """The order does not tell what was returned or sent anew: the same must not be granted twice, in two threads."""
    found = rules.refunds.actions_on(number)
    return tuple(dict.fromkeys(f"A {one} of this order was granted, or waits, already." for one in found))


def _for_their_word(mail: Mail, proven: Proven, verdict: Verdict, doubts: tuple[str, ...]) -> Decision:
    """A person decides: what they would grant waits for their approval, with the reply that tells of it."""
    case, approvals = proven.case, max(1, verdict.approvals)
    case = replace(case, action=verdict.action, items=verdict.items, amount=verdict.amount).moved_to(CaseState.PERSON)
    held = Decision.hold(verdict.reason, *_proposed(mail, proven, verdict, approvals)).moving(case)
    return _with_doubts(held.checked(*verdict.checks), doubts)


def _proposed(mail: Mail, proven: Proven, verdict: Verdict, approvals: int) -> tuple[OrderAct, Reply]:
    """The action, and the reply that leaves once it is done."""
    order, action = proven.order, verdict.action
    amount = verdict.amount if action in PAYS_BACK else None
    act = OrderAct(action, order.number, amount, verdict.items, proven.case.reason, approvals)
    told = done_paragraphs(mail.wording, order, action, verdict.amount, verdict.items)
    return act, mail.reply(*told, asking=False)


def _eligible(mail: Mail, proven: Proven, verdict: Verdict, doubts: tuple[str, ...]) -> Decision:
    case, order, action = proven.case, proven.order, verdict.action
    if action in {Action.REFUND, Action.RETURN} and verdict.amount is None:
        return for_a_person(case, "What it is worth is not known.", mail.received()).checked(*verdict.checks)
    # The link proves who asked, not who reads what we write: a person has the last word.
    approvals = max(verdict.approvals, 1 if doubts or case.identity is Identity.LINK else 0)
    act, reply = _proposed(mail, proven, verdict, approvals)
    case = replace(case, action=action, items=verdict.items, amount=verdict.amount).moved_to(CaseState.ELIGIBLE)
    what = f"{action.value.capitalize()}{f' {verdict.amount}' if verdict.amount else ''} for order {order.number}"
    if approvals == 0:
        decision = Decision.release(f"{what}: everything checked, and the policy lets the machine do it.", act, reply)
        return decision.moving(case.moved_to(CaseState.APPROVED)).checked(*verdict.checks)
    reason = f"{doubts[0]} Proposed: {what}." if doubts else f"{what}: everything checked; {_APPROVE[approvals]}."
    return _with_doubts(Decision.hold(reason, act, reply).moving(case), doubts).checked(*verdict.checks)


def _with_doubts(decision: Decision, doubts: tuple[str, ...]) -> Decision:
    return decision.checked(*(Check(doubt, passed=False) for doubt in doubts))


def _passed(verdict: Verdict) -> tuple[Check, ...]:
    """What was found in order: what was not is why the reply is what it is, and speaks for it."""
    return tuple(check for check in verdict.checks if check.passed)
