"""Cases: the state of a refund or order action over several mails, moved only from the version that was read."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from domain.case import ASKING, Case, CaseState, Identity
from domain.errors import TryAgain
from domain.money import Money
from domain.order_action import Action
from storage.codec import case_from_json, dumps, wanted_items

MACHINE = "machine"

# Whatever a person made of a case, a month later the same customer may want something new.
_NEWEST = text("""
    SELECT DISTINCT ON (conversation_id) * FROM support_case
    WHERE tenant_id = :tenant AND conversation_id = ANY(:conversations)
        AND (state = ANY(:asking) OR moved_at > now() - interval '30 days')
    ORDER BY conversation_id, is_open DESC, opened_at DESC
""")

_EXPIRE = text("""
    UPDATE support_case SET state = 'expired', is_open = false, version = version + 1, moved_at = now()
    WHERE tenant_id = :tenant AND conversation_id = :conversation AND state IN ('person', 'eligible', 'checking')
        AND moved_at <= now() - interval '30 days'
    RETURNING id
""")

_BY_ID = text("SELECT * FROM support_case WHERE tenant_id = :tenant AND id = :id FOR UPDATE")

_LOCK = text("SELECT FROM support_case WHERE tenant_id = :tenant AND conversation_id = :conversation FOR UPDATE")

_UNDO = text("SELECT case_undo FROM decision WHERE tenant_id = :tenant AND id = :decision FOR UPDATE")

_REMOVE = text("DELETE FROM support_case WHERE tenant_id = :tenant AND id = :id AND version = :version")

_INSERT = text("""
    INSERT INTO support_case (tenant_id, id, conversation_id, kind, state, is_open, order_number, asked, wrong_numbers,
        action, items, reason, evidence, identity, amount_minor, currency, rule, policy_version, words,
        language, writer, previous_id, version)
    VALUES (:tenant, :id, :conversation, :kind, :state, :is_open, :order_number, :asked, :wrong_numbers, :action,
        CAST(:items AS jsonb), :reason, :evidence, :identity, :amount_minor, :currency, :rule, :policy_version,
        :words, :language, :writer, :previous_id, 1)
    ON CONFLICT (tenant_id, conversation_id) WHERE is_open DO NOTHING RETURNING id
""")

# From the version that was read, and from no other. The version rises: whoever read the case must read anew.
# A step of which no id is known is the open case's: a conversation has one at most.
_UPDATE = text("""
    UPDATE support_case c SET state = :state, is_open = :is_open, order_number = :order_number, asked = :asked,
        wrong_numbers = :wrong_numbers, action = :action, items = CAST(:items AS jsonb), reason = :reason,
        evidence = :evidence, identity = :identity, amount_minor = :amount_minor, currency = :currency, rule = :rule,
        policy_version = :policy_version, words = :words, language = :language, writer = :writer,
        version = version + 1, moved_at = now()
    WHERE tenant_id = :tenant AND version = :version
        AND (id = :id OR CAST(:id AS uuid) IS NULL AND conversation_id = :conversation AND is_open)
        AND (NOT :is_open OR NOT EXISTS (SELECT FROM support_case o WHERE o.tenant_id = c.tenant_id
            AND o.conversation_id = c.conversation_id AND o.is_open AND o.id <> c.id))
    RETURNING id
""")

_EVENT = text("""
    INSERT INTO case_event (tenant_id, case_id, actor, from_state, to_state, reason)
    VALUES (:tenant, :case, :actor, :before, :after, :reason)
""")


def newest(db: Connection, tenant: UUID, conversations: Sequence[UUID]) -> dict[UUID, Case]:
    """The case of each conversation: the open one, else the newest, left out a month after its last move."""
    asking = [state.value for state in ASKING]
    rows = db.execute(_NEWEST, {"tenant": tenant, "conversations": list(conversations), "asking": asking})
    return {row.conversation_id: _case(row) for row in rows}


def get(db: Connection, tenant: UUID, case: UUID) -> Case | None:
    """One case, its row locked until the transaction ends."""
    row = db.execute(_BY_ID, {"tenant": tenant, "id": case}).one_or_none()
    return _case(row) if row is not None else None


def move(
    db: Connection, tenant: UUID, conversation: UUID, case: Case, *, actor: str = MACHINE, reason: str = ""
) -> UUID:
    """Store the case as a decision or a member leaves it, and each state that it passed; returns its id.

    TryAgain: somebody else moved it since it was read.
    """
    values = {**_values(case), "tenant": tenant, "conversation": conversation, "version": case.version}
    # What was read under no id is new.
    fresh = case.version == 0
    before = CaseState.REQUESTED if fresh else _state_now(db, tenant, case.id)
    if fresh:
        _expire_old(db, tenant, conversation)
    moved = db.execute(_INSERT if fresh else _UPDATE, {**values, "id": uuid4() if fresh else case.id}).scalar()
    if moved is None:
        raise TryAgain("The case was moved by somebody else meanwhile.")
    case_id: UUID = moved
    _note(db, tenant, case_id, before, case.trail, actor=actor, reason=reason)
    return case_id


def move_with_reply(
    db: Connection, tenant: UUID, decision: UUID, conversation: UUID, case: Case, *, reason: str = ""
) -> UUID:
    """The same, where the move stands and falls with the decision's reply: how to take it back is written down."""
    before = newest(db, tenant, [conversation]).get(conversation) if case.version else None
    moved = move(db, tenant, conversation, case, reason=reason)
    undo = {"id": moved, "version": case.version + 1, "before": asdict(before) if before else None}
    db.execute(
        text("UPDATE decision SET case_undo = CAST(:undo AS jsonb) WHERE tenant_id = :tenant AND id = :decision"),
        {"tenant": tenant, "decision": decision, "undo": dumps(undo)},
    )
    return moved


def take_back(db: Connection, tenant: UUID, decision: UUID) -> None:
    """The decision's reply did not leave, so its case is put back, unless something else moved it since."""
    values: dict[str, object] = {"tenant": tenant, "decision": decision}
    undo = db.execute(_UNDO, values).scalar_one_or_none()
    if undo is None:
        return
    before = case_from_json(undo["before"])
    values |= {"id": UUID(undo["id"]), "version": undo["version"], "conversation": None}
    if before is None:
        db.execute(_REMOVE, values)
    else:
        now = _state_now(db, tenant, UUID(undo["id"]))
        put_back = db.execute(_UPDATE, {**_values(before), **values}).scalar()
        if put_back is not None:
            _note(db, tenant, put_back, now, (before.state,), actor=MACHINE, reason="Its reply did not leave.")
    db.execute(text("UPDATE decision SET case_undo = NULL WHERE tenant_id = :tenant AND id = :decision"), values)


def move_late(db: Connection, tenant: UUID, decision: UUID, conversation: UUID, step: Case) -> bool:
    """Take a step that was decided earlier from where the case stands now; False where none is left to take."""
    db.execute(_LOCK, {"tenant": tenant, "conversation": conversation})
    moved = step.onto(newest(db, tenant, [conversation]).get(conversation))
    if moved is None:
        return False
    try:
        move_with_reply(db, tenant, decision, conversation, moved)
    except TryAgain:  # Somebody opened a case in this very moment: theirs counts.
        return False
    return True


def _expire_old(db: Connection, tenant: UUID, conversation: UUID) -> None:
    """What a person left lying for a month makes room for what is new."""
    for case in db.execute(_EXPIRE, {"tenant": tenant, "conversation": conversation}).scalars():
        passed, reason = (CaseState.EXPIRED,), "A month without a move; a new case begins."
        _note(db, tenant, case, CaseState.PERSON, passed, actor=MACHINE, reason=reason)


def _state_now(db: Connection, tenant: UUID, case: UUID | None) -> CaseState:
    found = get(db, tenant, case) if case is not None else None
    return found.state if found is not None else CaseState.REQUESTED


def _note(
    db: Connection,
    tenant: UUID,
    case: UUID,
    before: CaseState,
    passed: Sequence[CaseState],
    *,
    actor: str,
    reason: str,
) -> None:
    """One event for each step. Only the last has the reason: it is what the steps led to."""
    for number, after in enumerate(passed, start=1):
        said = reason if number == len(passed) else ""
        values = {"tenant": tenant, "case": case, "actor": actor, "before": before.value, "after": after.value}
        db.execute(_EVENT, {**values, "reason": said[:500]})
        before = after


def _values(case: Case) -> dict[str, object]:
    return {
        "kind": case.kind,
        "state": str(case.state),
        "is_open": case.is_open,
        "order_number": case.order_number,
        "asked": list(case.asked),
        "wrong_numbers": list(case.wrong_numbers),
        "action": case.action.value if case.action else "",
        "items": dumps([asdict(item) for item in case.items]),
        "reason": case.reason,
        "evidence": list(case.evidence),
        "identity": case.identity.value,
        "amount_minor": case.amount.minor if case.amount else None,
        "currency": case.amount.currency if case.amount else "",
        "rule": case.rule,
        "policy_version": case.policy_version,
        "words": list(case.words),
        "language": case.language,
        "writer": case.writer,
        "previous_id": case.previous,
    }


def _case(row: Any) -> Case:
    return replace(
        Case(row.kind, CaseState(row.state), row.order_number, tuple(row.asked), tuple(row.wrong_numbers), row.version),
        action=Action(row.action) if row.action else None,
        items=wanted_items(row.items),
        reason=row.reason,
        evidence=tuple(row.evidence),
        identity=Identity(row.identity),
        amount=Money(row.amount_minor, row.currency) if row.amount_minor is not None else None,
        rule=row.rule,
        policy_version=row.policy_version,
        words=tuple(row.words),
        language=row.language,
        writer=row.writer,
        previous=row.previous_id,
        id=row.id,
    )
