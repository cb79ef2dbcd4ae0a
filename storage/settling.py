"""A person's settlement of a held decision: locked, settled at most once, its case moved and its reply written."""

from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import Connection, text

from domain.case import TRANSITIONS, Case, CaseState
from domain.delivery import EffectState
from domain.errors import BadInput
from domain.settlement import Settlement
from storage import answer_verdicts, cases, checked, events, tickets
from storage.codec import case_from_json


@dataclass(frozen=True, slots=True)
class Waiting:
    """A decision that waits for a person. `step` is what its case becomes, where it has not moved yet."""

    id: UUID
    message: UUID
    conversation: UUID | None
    step: Case | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person sends. `claim_reason` is why it says that something was done which the ledger does not have,
    `wall_reason` why it leaves though the wall between suppliers and customers objects. `as_draft`: it is laid down in
    their Gmail, where they send it themselves.
    """

    member: UUID
    text: str
    reference: str
    claim_reason: str = ""
    wall_reason: str = ""
    as_draft: bool = False


_LOCK = text("""
    SELECT id, message_id, conversation_id, case_on_release FROM decision
    WHERE tenant_id = :tenant AND id = :decision AND is_current AND disposition = 'hold' AND settled_at IS NULL
    FOR UPDATE
""")

_SETTLE = text("""
    UPDATE decision SET settled_at = now(), settled_by = :member, settlement = :settlement,
        case_on_release = CASE WHEN :for_good THEN NULL ELSE case_on_release END
    WHERE tenant_id = :tenant AND id = :decision AND settled_at IS NULL
""")

# What is settled rests no longer: should it wait again, it is seen at once.
_WAKE = text("""
    UPDATE conversation c SET snoozed_until = NULL FROM decision d
    WHERE d.tenant_id = :tenant AND d.id = :decision AND c.tenant_id = d.tenant_id AND c.id = d.conversation_id
        AND c.snoozed_until IS NOT NULL
""")

# What was typed for this mail and not sent, for an earlier decision about it, too: it is answered, so it goes.
_DROP_KEPT = text("""
    DELETE FROM kept_reply k USING decision d, decision one
    WHERE k.tenant_id = :tenant AND d.tenant_id = k.tenant_id AND d.id = k.decision_id
        AND one.tenant_id = d.tenant_id AND one.message_id = d.message_id AND one.id = :decision
""")

# Nobody disconnects it before what a person just sends stands in the outbox, where the disconnecting finds it.
_MAILBOX = text("""
    SELECT b.address, b.status FROM decision d JOIN message m ON m.tenant_id = d.tenant_id AND m.id = d.message_id
        JOIN mailbox b ON b.tenant_id = m.tenant_id AND b.id = m.mailbox_id
    WHERE d.tenant_id = :tenant AND d.id = :decision FOR SHARE OF b
""")

# The mail to the address on an order is none that a person releases: the reply is found by its kind.
_RELEASE = text("""
    UPDATE outbox SET state = :state, act_id = :act, automatic = false, released_by = :member, released_at = now(),
        text = :text, reference = :reference, claim_reason = :claim_reason, wall_reason = :wall_reason, next_at = now(),
        attempts = 0, draft_id = NULL, fence = fence + 1, lease_until = NULL, undo = NULL, as_draft = :as_draft,
        words_changed = CASE WHEN draft_text <> '' THEN words_changed(draft_text, CAST(:text AS text)) END,
        edit_reason = '', edit_note = ''
    WHERE tenant_id = :tenant AND id = (SELECT r.id FROM outbox r WHERE r.tenant_id = :tenant
        AND r.decision_id = :decision AND r.kind = 'reply' AND r.state = 'held' ORDER BY r.position LIMIT 1)
    RETURNING id, draft_text
""")

# Where the mail waits again after the machine's draft went to Gmail, the reply is measured against that draft still.
_WRITE = text("""
    INSERT INTO outbox (tenant_id, id, decision_id, position, kind, message_id, mailbox_id, conversation_id, thread_id,
        automatic, released_by, released_at, recipient, recipient_name, subject, text, draft_text, reference,
        claim_reason, wall_reason, act_id, state, as_draft, words_changed)
    SELECT :tenant, gen_random_uuid(), d.id,
        (SELECT coalesce(max(o.position) + 1, 0) FROM outbox o
            WHERE o.tenant_id = d.tenant_id AND o.decision_id = d.id),
        'reply', m.id, m.mailbox_id, m.conversation_id, m.thread_id, false, :member, now(), m.sender_address,
        m.sender_name, m.subject, :text, coalesce(g.draft_text, ''), :reference, :claim_reason, :wall_reason, :act,
        :state, :as_draft, CASE WHEN g.draft_text <> '' THEN words_changed(g.draft_text, CAST(:text AS text)) END
    FROM decision d JOIN message m ON m.tenant_id = d.tenant_id AND m.id = d.message_id
        LEFT JOIN LATERAL (SELECT o.draft_text FROM outbox o WHERE o.tenant_id = d.tenant_id AND o.decision_id = d.id
            AND o.kind = 'reply' AND o.state = 'left_as_draft' ORDER BY o.position DESC LIMIT 1) g ON true
    WHERE d.tenant_id = :tenant AND d.id = :decision AND m.sender_address <> ''
""")

# A reply that is written anew may tell of what was done meanwhile.
_DONE_ACT = text("""
    SELECT id FROM order_act WHERE tenant_id = :tenant AND decision_id = :decision AND state = 'done' LIMIT 1
""")

_CANCEL_REPLIES = text("""
    UPDATE outbox SET state = 'cancelled', last_error = :reason
    WHERE tenant_id = :tenant AND decision_id = :decision AND state = 'held'
""")


def lock(db: Connection, tenant: UUID, decision: UUID) -> Waiting | None:
    """The decision while it waits, locked with its mailbox until the transaction ends; None where it was settled."""
    values = {"tenant": tenant, "decision": decision}
    # The mailbox first, as whoever disconnects it locks the two: so neither waits for the other in a circle.
    db.execute(_MAILBOX, values)
    row = db.execute(_LOCK, values).one_or_none()
    if row is None:
        return None
    return Waiting(row.id, row.message_id, row.conversation_id, case_from_json(row.case_on_release))


def settle(
    db: Connection, tenant: UUID, decision: UUID, *, member: UUID, settlement: Settlement, for_good: bool = False
) -> None:
    """`for_good`: its case moves now, and stays moved where the reply cannot leave, so that whoever answers then moves
    it no second time. What was typed and not sent goes with an answer; of what is dismissed it stays, for whoever
    typed it, and for who reopens it.
    """
    values = {"tenant": tenant, "decision": decision, "member": member, "settlement": settlement.value}
    db.execute(_SETTLE, {**values, "for_good": for_good})
    db.execute(_WAKE, values)
    if settlement is not Settlement.DISMISSED:
        db.execute(_DROP_KEPT, values)


def reply(
    db: Connection, tenant: UUID, waiting: Waiting, answer: Answer, *, state: EffectState, act: UUID | None = None
) -> bool:
    """Put the draft as the person left it, or what they wrote where there was none, into the outbox; whether edited.

    A reply that tells of `act` waits for it in the `state` WAITING. Raises BadInput, and nothing may be kept of the
    transaction then, when there is nobody to answer or no mailbox to answer from.
    """
    values: dict[str, object] = {"tenant": tenant, "decision": waiting.id, "member": answer.member}
    mailbox = db.execute(_MAILBOX, values).one()
    if mailbox.status == "disconnected":
        raise BadInput(
            "mailbox", f"{mailbox.address} is disconnected, so nothing can leave from here: answer in Gmail."
        )
    told = act or db.execute(_DONE_ACT, values).scalar()
    values |= {"text": answer.text, "reference": answer.reference, "state": state.value, "act": told}
    values |= {
        "as_draft": answer.as_draft,
        "claim_reason": answer.claim_reason[:1000],
        "wall_reason": answer.wall_reason[:1000],
    }
    released = db.execute(_RELEASE, values).one_or_none()
    if released is None and db.execute(_WRITE, values).rowcount != 1:
        raise BadInput("reply", "This mail names nobody who could be answered.")
    return released is None or bool(released.draft_text != answer.text)


def sent(db: Connection, tenant: UUID, waiting: Waiting, answer: Answer, *, edited: bool) -> None:
    """Note that a person answered: a draft that they sent as it stands counts as checked mail."""
    if not edited:
        checked.sent(db, tenant, waiting.id, member=answer.member)
        answer_verdicts.sent(db, tenant, waiting.id, member=answer.member)
    detail = {"edited": edited, **({"claims": "not in the ledger"} if answer.claim_reason else {})}
    events.record(db, tenant, actor=str(answer.member), kind="reply_approved", subject=waiting.message, **detail)


def drop_replies(db: Connection, tenant: UUID, decision: UUID, *, reason: str) -> None:
    """What was held of the decision's mail never leaves."""
    db.execute(_CANCEL_REPLIES, {"tenant": tenant, "decision": decision, "reason": reason})
    tickets.no_reply_leaves(db, tenant, decision)


def case_of(db: Connection, tenant: UUID, waiting: Waiting, linked: UUID | None) -> tuple[CaseState, Case] | None:
    """The case that the decision is about, locked: the state in which it stands, and what was decided from there.

    `linked` is the case of its order action. None where it is with nobody here any more: it went on, or has ended.
    """
    if linked is None and waiting.step is not None and waiting.conversation is not None:
        return cases.late(db, tenant, waiting.conversation, waiting.step)
    if linked is not None:
        now = cases.get(db, tenant, linked)
    else:
        now = cases.open_one(db, tenant, waiting.conversation) if waiting.conversation is not None else None
    with_us = now is not None and now.state in {CaseState.ELIGIBLE, CaseState.PERSON}
    return (now.state, now) if now is not None and with_us else None


def to_person(
    db: Connection, tenant: UUID, waiting: Waiting, linked: UUID | None, *, member: UUID, reason: str
) -> None:
    """What was proposed was not approved, nor was it refused: a person has the case, if there is one here still."""
    found = case_of(db, tenant, waiting, linked)
    case = ending_in(*found, CaseState.PERSON) if found is not None else None
    if case is not None and waiting.conversation is not None:
        moved = cases.move(db, tenant, waiting.conversation, case, actor=str(member), reason=reason)
        cases.waits_for(db, tenant, moved, waiting.id)


def ending_in(state: CaseState, case: Case, target: CaseState) -> Case | None:
    """The case as it was decided from `state`, then as a person wants it; None where no way leads there.

    That the machine would have approved it alone is no step: a person decides now.
    """
    passed = tuple(step for step in case.trail if step is not CaseState.APPROVED)
    at = passed[-1] if passed else state
    decided = replace(case, state=at, trail=passed)
    if at is target:
        return decided
    if target in TRANSITIONS[at]:
        return decided.moved_to(target)
    by_person = CaseState.PERSON in TRANSITIONS[at] and target in TRANSITIONS[CaseState.PERSON]
    return decided.moved_to(CaseState.PERSON).moved_to(target) if by_person else None
