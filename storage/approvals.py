"""What a person decides about a case: to approve what is proposed, to refuse it, or to ask the customer once more.

Each act is one transaction of the caller's, and nothing may be kept of it where an error is raised. Nothing is done
outside here: the workers do what is due afterwards.
"""

from dataclasses import replace
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Connection

from domain.case import WITH_US, Case, CaseState
from domain.delivery import EffectState
from domain.errors import BadInput
from domain.settlement import Settlement
from storage import acts, cases, events, kept_replies, settling, undo
from storage.settling import Answer, Waiting


class Approved(StrEnum):
    """`DONE`: action and reply are due. `SECOND`: it waits for a second person. `SAME`: it still does, since the same
    person approved it twice. `LATE`: somebody settled it before, or the case went another way.
    """

    DONE = "done"
    SECOND = "second"
    SAME = "same"
    LATE = "late"


class Wanted(StrEnum):
    """What a person asks the customer for, by the words in which a case remembers it."""

    ORDER_NUMBER = "order_number"
    REASON = "reason"
    EVIDENCE = "evidence"


_STATE = {
    Wanted.ORDER_NUMBER: CaseState.ORDER_WANTED,
    Wanted.REASON: CaseState.REASON_WANTED,
    Wanted.EVIDENCE: CaseState.EVIDENCE_WANTED,
}


def approve(
    db: Connection,
    tenant: UUID,
    decision: UUID,
    *,
    member: UUID,
    text_to_send: str,
    reference: str,
    claim_reason: str = "",
    wall_reason: str = "",
) -> Approved:
    """A member approves the order action of a decision, and the reply that tells of it once it is done.

    Until as many people have approved as it needs, nothing happens but that it is written down. Raises BadInput where
    the order has less money left or nobody can be answered, TryAgain where a mail moved the case in this very moment.
    """
    waiting = settling.lock(db, tenant, decision)
    if waiting is None:
        return Approved.LATE
    act = acts.held(db, tenant, decision)
    if act is None:
        return Approved.LATE
    case = _case(db, tenant, waiting, act.case, CaseState.APPROVED)
    if case is None and (act.case is not None or waiting.step is not None):
        return Approved.LATE
    # Now that the case is ours: a mail may have taken the action's place before.
    act = acts.held(db, tenant, decision)
    if act is None:
        return Approved.LATE
    answer = Answer(member, text_to_send, reference, claim_reason, wall_reason)
    is_new = acts.approve(db, tenant, act.id, member=member)
    if len(act.approved_by | {member}) < act.needed:
        settling.reply(db, tenant, waiting, answer, state=EffectState.HELD, act=act.id)
        # Whoever approves it second sees what the first has approved, also on a page that was open before.
        kept_replies.put(db, tenant, decision, text_to_send, member=member)
        if is_new:
            _record(db, tenant, member, waiting, "act_approved_once", act=act.id)
        return Approved.SECOND if is_new else Approved.SAME
    settling.settle(db, tenant, decision, member=member, settlement=Settlement.SENT, for_good=True)
    edited = settling.reply(db, tenant, waiting, answer, state=EffectState.WAITING, act=act.id)
    moved = act.case
    if case is not None and waiting.conversation is not None:
        moved = cases.move(db, tenant, waiting.conversation, case, actor=str(member), reason="Approved.")
    acts.make_due(db, tenant, act, moved, member=member)
    _record(db, tenant, member, waiting, "act_approved", act=act.id)
    settling.sent(db, tenant, waiting, answer, edited=edited)
    return Approved.DONE


def refuse(
    db: Connection,
    tenant: UUID,
    decision: UUID,
    *,
    member: UUID,
    rule_or_reason: str,
    text_to_send: str,
    reference: str,
    claim_reason: str = "",
    wall_reason: str = "",
) -> bool:
    """A member refuses what is wanted, by a rule of the policy or in their own words, and tells the customer.

    False where somebody settled it before, or the case went another way. Raises as `approve` does. A refusal stands
    also where its reply cannot leave: the decision then waits for a person once more.
    """
    found = _to_settle(db, tenant, decision, CaseState.REFUSED)
    if found is None:
        return False
    waiting, case = found
    before = undo.remember(db, tenant, decision)
    answer = Answer(member, text_to_send, reference, claim_reason, wall_reason)
    _settle_otherwise(db, tenant, waiting, answer, reason="It was refused.", for_good=True)
    case = replace(case, rule=rule_or_reason[:200])
    if waiting.conversation is not None:
        cases.move(db, tenant, waiting.conversation, case, actor=str(member), reason=rule_or_reason)
    _record(db, tenant, member, waiting, "case_refused")
    undo.keep(db, tenant, decision, before)
    return True


def ask(
    db: Connection,
    tenant: UUID,
    decision: UUID,
    *,
    member: UUID,
    what: Wanted,
    text_to_send: str,
    reference: str,
    claim_reason: str = "",
    wall_reason: str = "",
) -> bool:
    """A member asks the customer for what is missing: the machine takes the case up again with the next mail.

    False where somebody settled it before, or the case went another way. Raises as `approve` does. Where the reply
    cannot leave, nothing was asked, and the case is put back.
    """
    found = _to_settle(db, tenant, decision, _STATE[what])
    if found is None:
        return False
    waiting, case = found
    before = undo.remember(db, tenant, decision)
    answer = Answer(member, text_to_send, reference, claim_reason, wall_reason)
    _settle_otherwise(db, tenant, waiting, answer, reason="The customer was asked once more.")
    case = replace(case, asked=tuple(dict.fromkeys((*case.asked, what.value))))
    if waiting.conversation is not None:
        actor, reason = str(member), f"A member asked for it: {what.value.replace('_', ' ')}."
        cases.move_with_reply(db, tenant, waiting.id, waiting.conversation, case, actor=actor, reason=reason)
    _record(db, tenant, member, waiting, "case_asked", what=what.value)
    undo.keep(db, tenant, decision, before)
    return True


def _to_settle(db: Connection, tenant: UUID, decision: UUID, target: CaseState) -> tuple[Waiting, Case] | None:
    """The decision, locked, with its case as it would stand in `target`; None where it is too late for that."""
    waiting = settling.lock(db, tenant, decision)
    if waiting is None:
        return None
    act = acts.held(db, tenant, decision)
    linked = act.case if act is not None else None
    if linked is None and waiting.step is None and not _has_open_case(db, tenant, waiting):
        raise BadInput("case", "There is no open case here: send a reply instead.")
    case = _case(db, tenant, waiting, linked, target)
    if case is not None and case.id is not None and acts.is_unknown(db, tenant, case.id):
        raise BadInput("act", "Nobody knows yet whether the shop did it: find out and say so first.")
    return (waiting, case) if case is not None else None


def _has_open_case(db: Connection, tenant: UUID, waiting: Waiting) -> bool:
    return waiting.conversation is not None and cases.open_one(db, tenant, waiting.conversation) is not None


def _case(db: Connection, tenant: UUID, waiting: Waiting, linked: UUID | None, target: CaseState) -> Case | None:
    found = settling.case_of(db, tenant, waiting, linked) or _asked_case(db, tenant, waiting, linked)
    return settling.ending_in(*found, target) if found is not None else None


def _asked_case(db: Connection, tenant: UUID, waiting: Waiting, linked: UUID | None) -> tuple[CaseState, Case] | None:
    """A case that waits for its customer, whose mail decided nothing: it could not be read, say. A person goes on."""
    if linked is not None or waiting.step is not None or waiting.conversation is None:
        return None
    now = cases.open_one(db, tenant, waiting.conversation)
    return (now.state, now) if now is not None and now.state in WITH_US else None


def _settle_otherwise(
    db: Connection, tenant: UUID, waiting: Waiting, answer: Answer, *, reason: str, for_good: bool = False
) -> None:
    """The reply leaves by itself, and what was proposed is given up."""
    settling.settle(db, tenant, waiting.id, member=answer.member, settlement=Settlement.SENT, for_good=for_good)
    acts.cancel(db, tenant, waiting.id, reason=reason)
    edited = settling.reply(db, tenant, waiting, answer, state=EffectState.PENDING)
    settling.sent(db, tenant, waiting, answer, edited=edited)


def _record(db: Connection, tenant: UUID, member: UUID, waiting: Waiting, kind: str, **detail: object) -> None:
    events.record(db, tenant, actor=str(member), kind=kind, subject=waiting.message, **detail)
