"""Decisions: written with their case and their outbox rows in one transaction, settled by a person at most once."""

from dataclasses import asdict, replace
from typing import assert_never
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from domain.case import CaseState
from domain.composition import Attempt
from domain.conversation import Conversation
from domain.decision import Decision, Disposition, IdentityMail, InternalNote, OrderAct, Reply, TicketMessage, WordsFor
from domain.delivery import EffectState
from domain.errors import BadInput, NeedsPerson, TryAgain
from domain.understanding import Understanding
from storage import acts, attempts, cases, events, identity_links, settling, tickets, unapproved
from storage.codec import composition_from_json, composition_to_json, dumps
from storage.messages import Claimed
from storage.references import new_reference

# Of two copies of one mail in two mailboxes, one is decided at a time.
_SETTLE_MESSAGE = text("""
    UPDATE message SET state = :state, lease_until = NULL, label_due = false, last_error = ''
    WHERE tenant_id = :tenant AND id = :id AND fence = :fence AND state = ANY(:states)
    RETURNING rfc_message_id = ''
        OR pg_try_advisory_xact_lock(hashtextextended(tenant_id || rfc_message_id || sender_address, 0))
""")

# Whether the same mail was answered or held in another mailbox. Within one mailbox Gmail keeps no second copy:
# what comes there under an old Message-ID was written by a program that counts badly, and is a mail of its own.
_HANDLED_ELSEWHERE = text("""
    SELECT DISTINCT m.id FROM message m
        JOIN message e ON e.tenant_id = m.tenant_id AND e.rfc_message_id = m.rfc_message_id AND e.rfc_message_id <> ''
            AND e.sender_address = m.sender_address AND e.mailbox_id <> m.mailbox_id AND e.direction = 'in'
        JOIN decision d ON d.tenant_id = e.tenant_id AND d.message_id = e.id
            AND d.is_current AND d.disposition IN ('release', 'hold')
    WHERE m.tenant_id = :tenant AND m.id = ANY(:ids)
""")

_INSERT = text("""
    INSERT INTO decision (tenant_id, id, message_id, conversation_id, disposition, reason, category, confidence,
        importance, understanding, citations, checks, case_on_release, facts, suggestions, composition, answer,
        handled_as, would_release)
    VALUES (:tenant, :id, :message, :conversation, :disposition, :reason, :category, :confidence, :importance,
        CAST(:understanding AS jsonb), CAST(:citations AS jsonb), CAST(:checks AS jsonb),
        CAST(:case_on_release AS jsonb), CAST(:facts AS jsonb), CAST(:suggestions AS jsonb),
        CAST(:composition AS jsonb), CAST(:answer AS jsonb) || jsonb_build_object('knowledge_version',
            (SELECT t.knowledge_version FROM tenant t WHERE t.tenant_id = :tenant)),
        :handled_as, :would_release)
""")

_COMPOSITION = text("SELECT composition FROM decision WHERE tenant_id = :tenant AND id = :id")

_INSERT_EFFECT = text("""
    INSERT INTO outbox (tenant_id, id, decision_id, position, kind, message_id, mailbox_id, conversation_id, thread_id,
        automatic, recipient, recipient_name, subject, text, draft_text, reference, state, act_id)
    VALUES (:tenant, :id, :decision, :position, :kind, :message, :mailbox, :conversation, :thread, true, :recipient,
        :recipient_name, :subject, :text, :text, :reference, :state, :act)
""")

_FACTS = text("""
    SELECT m.id, m.thread_id, m.conversation_id,
        (SELECT count(*) FROM outbox o WHERE o.tenant_id = m.tenant_id AND o.mailbox_id = m.mailbox_id
            AND o.thread_id = m.thread_id AND o.automatic AND o.state NOT IN ('held', 'cancelled', 'failed')
            AND o.created_at > coalesce((SELECT max(p.created_at) FROM outbox p WHERE p.tenant_id = m.tenant_id
                AND p.mailbox_id = m.mailbox_id AND p.thread_id = m.thread_id AND NOT p.automatic), '-infinity')
        ) AS in_thread,
        (SELECT count(*) FROM outbox o WHERE o.tenant_id = m.tenant_id AND o.recipient = m.sender_address
            AND o.kind = 'reply' AND o.automatic AND o.state NOT IN ('held', 'cancelled', 'failed')
            AND o.created_at > now() - interval '24 hours') AS today,
        (SELECT count(*) FROM message e WHERE e.tenant_id = m.tenant_id AND e.conversation_id = m.conversation_id
            AND e.seq < m.seq) AS earlier,
        CASE WHEN c.taken_over_at IS NULL THEN ''
            ELSE coalesce(nullif(p.name, ''), p.email, 'Somebody') END AS taken_over
    FROM message m LEFT JOIN conversation c ON c.tenant_id = m.tenant_id AND c.id = m.conversation_id
        LEFT JOIN member p ON p.tenant_id = c.tenant_id AND p.id = c.taken_over_by
    WHERE m.tenant_id = :tenant AND m.id = ANY(:ids)
""")


def conversations(db: Connection, tenant: UUID, messages: list[UUID]) -> dict[UUID, Conversation]:
    """For each message, what a decision about it needs to know of its conversation."""
    rows = db.execute(_FACTS, {"tenant": tenant, "ids": messages}).all()
    known = cases.newest(db, tenant, [row.conversation_id for row in rows if row.conversation_id])
    elsewhere = _handled_elsewhere(db, tenant, messages)
    return {
        row.id: Conversation(
            thread_id=row.thread_id,
            case=known.get(row.conversation_id),
            replies_by_machine=row.in_thread,
            replies_to_sender_today=row.today,
            earlier_messages=row.earlier,
            handled_elsewhere=row.id in elsewhere,
            taken_over_by=row.taken_over,
        )
        for row in rows
    }


def record(
    db: Connection, claim: Claimed, decision: Decision, understanding: Understanding | None, *, state: str = "decided"
) -> bool:
    """Write what was decided, its case and its outbox rows; False, and nothing written, when the lease was lost.

    Raises TryAgain when the case was moved by somebody else since it was read, or when the same mail was answered or
    held in another mailbox meanwhile.
    """
    values = {"tenant": claim.tenant, "id": claim.id, "fence": claim.fence}
    expected = ["discovered", "fetched", "unreadable"]
    undisturbed = db.execute(_SETTLE_MESSAGE, {**values, "state": state, "states": expected}).scalar_one_or_none()
    if undisturbed is None:
        return False
    # What could not be read or decided is shown to a person in every mailbox that it came to.
    as_one_copy = understanding is not None and decision.disposition is not Disposition.IGNORE
    if as_one_copy and (not undisturbed or _handled_elsewhere(db, claim.tenant, [claim.id])):
        raise TryAgain("The same mail is being dealt with in another mailbox.")
    decision_id = uuid4()
    written = _write_or_hold(db, claim, decision_id, decision, understanding)
    if decision.tried:
        attempts.record(db, claim, decision.tried)
    kind = f"message_{written.disposition}"
    by = _decider(decision, understanding)
    events.record(db, claim.tenant, actor="machine", kind=kind, subject=claim.id, decision=decision_id, **by)
    return True


def _decider(decision: Decision, understanding: Understanding | None) -> dict[str, object]:
    """Who truly decided, for the record of events: a rule alone, or the models that said what the mail is about."""
    if understanding is None or decision.disposition is Disposition.IGNORE:
        return {"by": "rule"}
    sure = round(understanding.confidence, 3)
    return {"by": understanding.decided_by, "category": understanding.category.value, "confidence": sure}


def composition(db: Connection, tenant: UUID, decision: UUID) -> tuple[Attempt, ...]:
    """What a language model was asked and said for this decision, and what code made of each sentence."""
    stored = db.execute(_COMPOSITION, {"tenant": tenant, "id": decision}).scalar_one_or_none()
    return composition_from_json(stored or ())


def _write_or_hold(
    db: Connection, claim: Claimed, decision_id: UUID, decision: Decision, understanding: Understanding | None
) -> Decision:
    """Write what was decided, and return it; what cannot be taken up as it is waits for a person with the reason.

    Where it cannot even wait, it is left out with the replies that would tell of it, and a person has the case: no mail
    is lost over an order action.
    """
    if all(isinstance(effect, Reply) for effect in decision.effects):
        _write(db, claim, decision_id, decision, understanding)
        return decision
    with_person = settling.ending_in(decision.case.state, decision.case, CaseState.PERSON) if decision.case else None
    for _ in range(2):
        was_released = decision.disposition is Disposition.RELEASE
        try:
            with db.begin_nested():
                _write(db, claim, decision_id, decision, understanding)
        except (BadInput, NeedsPerson) as objection:
            decision = decision.held(objection.reason)
            if not was_released:
                break
        else:
            return decision
    decision = replace(decision, effects=(), case=with_person, case_on_release=None)
    _write(db, claim, decision_id, decision, understanding)
    return decision


def _write(
    db: Connection, claim: Claimed, decision_id: UUID, decision: Decision, understanding: Understanding | None
) -> None:
    released = decision.disposition is Disposition.RELEASE
    acting = any(isinstance(effect, OrderAct) for effect in decision.effects)
    # Should a gate hold what is released here, the case moves when a person sends it after all; but not where it has
    # moved for good, with what is done with an order.
    on_release = (None if acting else decision.case) if released else decision.case_on_release
    db.execute(
        _INSERT,
        {
            "tenant": claim.tenant, "id": decision_id, "message": claim.id, "conversation": claim.conversation,
            "disposition": decision.disposition.value, "reason": decision.reason,
            "category": understanding.category.value if understanding else "",
            "confidence": understanding.confidence if understanding else 0.0,
            "importance": understanding.importance if understanding else 3,
            "understanding": dumps(asdict(understanding)) if understanding else "{}",
            "citations": dumps([asdict(citation) for citation in decision.citations]),
            "checks": dumps([asdict(check) for check in decision.checks]),
            "case_on_release": dumps(asdict(on_release)) if on_release else None,
            "answer": dumps(asdict(decision.answer)) if decision.answer else None,
            "composition": composition_to_json(decision.composition),
            "facts": dumps([asdict(fact) for fact in decision.facts]),
            "suggestions": dumps([asdict(one) for one in decision.suggestions]),
            "handled_as": decision.handled_as or (understanding.category.value if understanding else ""),
            "would_release": decision.would_release,
        },
    )  # fmt: skip
    case = _move_case(db, claim, decision_id, decision, with_reply=released and not acting)
    act = _write_acts(db, claim, decision_id, case, decision, released=released)
    # Who is told that something was done hears it when it is done.
    waiting = EffectState.HELD if not released else EffectState.WAITING if act else EffectState.PENDING
    for position, effect in enumerate(decision.effects):
        match effect:
            case Reply():
                _write_reply(db, claim, decision_id, effect, position=position, state=waiting, act=act)
            case IdentityMail():
                # Not before the case stands: a person who releases the reply later asks in their own words.
                if released and case is not None:
                    identity_links.write(db, claim, decision_id, case, effect, position=position)
            case TicketMessage(side=WordsFor.CUSTOMER):
                # Until it leaves it is a reply as any other, for the desk and for all that guards it.
                reply = Reply(effect.to, effect.subject, effect.text)
                _write_reply(db, claim, decision_id, reply, position=position, state=waiting, act=act)
            case OrderAct() | TicketMessage() | InternalNote():
                pass
            case _:
                assert_never(effect)
    on_ticket = [effect for effect in decision.effects if isinstance(effect, TicketMessage | InternalNote)]
    tickets.of_decision(db, claim, decision_id, on_ticket, understanding, released=released)


def _move_case(
    db: Connection, claim: Claimed, decision_id: UUID, decision: Decision, *, with_reply: bool
) -> UUID | None:
    if decision.case is None or claim.conversation is None:
        return None
    if with_reply:
        return cases.move_with_reply(
            db, claim.tenant, decision_id, claim.conversation, decision.case, reason=decision.reason
        )
    return cases.move(db, claim.tenant, claim.conversation, decision.case, reason=decision.reason)


def _write_acts(
    db: Connection, claim: Claimed, decision_id: UUID, case: UUID | None, decision: Decision, *, released: bool
) -> UUID | None:
    """The id of the order action that the decision's replies wait for, if it has one."""
    written: list[UUID] = []
    for effect in decision.effects:
        if isinstance(effect, OrderAct):
            if released:
                unapproved.look_again(db, claim.tenant, effect.order_number, effect.action)
            written.append(acts.propose(db, claim.tenant, decision_id, case, effect, released=released))
    return written[0] if written else None


def _write_reply(
    db: Connection,
    claim: Claimed,
    decision: UUID,
    reply: Reply,
    *,
    position: int,
    state: EffectState,
    act: UUID | None,
) -> None:
    db.execute(
        _INSERT_EFFECT,
        {
            "tenant": claim.tenant, "id": uuid4(), "decision": decision, "position": position,
            "kind": reply.kind.value, "message": claim.id, "mailbox": claim.mailbox,
            "conversation": claim.conversation, "thread": claim.thread_id, "recipient": reply.to.address,
            "recipient_name": reply.to.name[:200], "subject": reply.subject[:500], "text": reply.text,
            "reference": new_reference(), "state": state.value, "act": act,
        },
    )  # fmt: skip


def _handled_elsewhere(db: Connection, tenant: UUID, messages: list[UUID]) -> set[UUID]:
    return set(db.execute(_HANDLED_ELSEWHERE, {"tenant": tenant, "ids": messages}).scalars())
