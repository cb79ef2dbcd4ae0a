"""Cases: the state of a refund or order action over several mails, moved only from the version that was read."""

from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from domain.case import ASKING, TRANSITIONS, Case, CaseState, NoSuchMove, unquoted
from domain.errors import TryAgain
from storage import acts
from storage.case_history import note
from storage.case_rows import from_row, to_row
from storage.codec import case_from_json, dumps

MACHINE = "machine"

# What is being asked or done goes on however long it takes.
_LASTING = (*ASKING, CaseState.APPROVED, CaseState.EXECUTING)

# In these an order action may still wait for its approval; a case that goes elsewhere leaves none behind.
_ACT_MAY_WAIT = frozenset({CaseState.ELIGIBLE, CaseState.PERSON, CaseState.APPROVED, CaseState.EXECUTING})


# Whatever a person made of a case, a month later the same customer may want something new.
_NEWEST = text("""
    SELECT DISTINCT ON (conversation_id) * FROM support_case
    WHERE tenant_id = :tenant AND conversation_id = ANY(:conversations)
        AND (state = ANY(:lasting) OR moved_at > now() - interval '30 days')
    ORDER BY conversation_id, is_open DESC, opened_at DESC
""")

_EXPIRE = text("""
    UPDATE support_case c SET state = 'expired', is_open = false, version = version + 1, moved_at = now()
    FROM (SELECT id, state FROM support_case WHERE tenant_id = :tenant AND conversation_id = :conversation
            AND state IN ('person', 'eligible', 'checking') AND moved_at <= now() - interval '30 days' FOR UPDATE) old
    WHERE c.tenant_id = :tenant AND c.id = old.id
    RETURNING c.id, old.state
""")

_BY_ID = text("SELECT * FROM support_case WHERE tenant_id = :tenant AND id = :id FOR UPDATE")

_OPEN = text("""
    SELECT * FROM support_case WHERE tenant_id = :tenant AND conversation_id = :conversation AND is_open FOR UPDATE
""")

_LOCK = text("SELECT FROM support_case WHERE tenant_id = :tenant AND conversation_id = :conversation FOR UPDATE")

_UNDO = text("SELECT case_undo FROM decision WHERE tenant_id = :tenant AND id = :decision FOR UPDATE")

_STOOD_SINCE = text("SELECT moved_at FROM support_case WHERE tenant_id = :tenant AND id = :id")

# By the moment of its move it is known which decision a case waits for: put back, it waits for the same as before.
_STANDS_SINCE = text("""
    UPDATE support_case SET moved_at = CAST(:since AS timestamptz) WHERE tenant_id = :tenant AND id = :id
""")

_WAITS_FOR = text("""
    UPDATE support_case c SET moved_at = d.created_at FROM decision d
    WHERE c.tenant_id = :tenant AND c.id = :id AND c.state = 'person' AND d.tenant_id = c.tenant_id
        AND d.id = :decision
""")

# A case `c` is of a decision `d` of its conversation that moved it, or whose order action waits; or that was made when
# its customer was confirmed by a link: then it takes its step as the draft leaves.
ITS_OWN = """(c.moved_at = d.created_at
    OR EXISTS (SELECT FROM order_act a WHERE a.tenant_id = c.tenant_id AND a.case_id = c.id AND a.decision_id = d.id
        AND a.state = 'held')
    OR c.state = 'checking' AND EXISTS (SELECT FROM identity_link l WHERE l.tenant_id = c.tenant_id
        AND l.case_id = c.id AND l.message_id = d.message_id AND l.used_at IS NOT NULL))"""

_REMOVE = text("DELETE FROM support_case WHERE tenant_id = :tenant AND id = :id AND version = :version")

# A late mail to a case that has ended opens one that is linked to it.
_INSERT = text("""
    INSERT INTO support_case (tenant_id, id, conversation_id, kind, state, is_open, order_number, asked, wrong_numbers,
        action, items, reason, evidence, identity, amount_minor, currency, rule, policy_version, words,
        doubts, language, writer, previous_id, version)
    VALUES (:tenant, :id, :conversation, :kind, :state, :is_open, :order_number, :asked, :wrong_numbers, :action,
        CAST(:items AS jsonb), :reason, :evidence, :identity, :amount_minor, :currency, :rule, :policy_version,
        :words, :doubts, :language, :writer,
        coalesce(CAST(:previous_id AS uuid), (SELECT e.id FROM support_case e WHERE e.tenant_id = :tenant
            AND e.conversation_id = :conversation AND e.kind = :kind AND NOT e.is_open
            ORDER BY e.opened_at DESC, e.id LIMIT 1)), 1)
    ON CONFLICT (tenant_id, conversation_id) WHERE is_open DO NOTHING RETURNING id
""")

# From the version that was read, and from no other. The version rises: whoever read the case must read anew.
_UPDATE = text("""
    UPDATE support_case c SET state = :state, is_open = :is_open, order_number = :order_number, asked = :asked,
        wrong_numbers = :wrong_numbers, action = :action, items = CAST(:items AS jsonb), reason = :reason,
        evidence = :evidence, identity = :identity, amount_minor = :amount_minor, currency = :currency, rule = :rule,
        policy_version = :policy_version, words = :words, doubts = :doubts,
        language = :language, writer = :writer, version = version + 1, moved_at = now()
    WHERE tenant_id = :tenant AND version = :version AND id = :id
        AND (NOT :is_open OR NOT EXISTS (SELECT FROM support_case o WHERE o.tenant_id = c.tenant_id
            AND o.conversation_id = c.conversation_id AND o.is_open AND o.id <> c.id))
    RETURNING id
""")


def newest(db: Connection, tenant: UUID, conversations: Sequence[UUID]) -> dict[UUID, Case]:
    """The case of each conversation: the open one, else the newest, left out a month after its last move."""
    lasting = [state.value for state in _LASTING]
    rows = db.execute(_NEWEST, {"tenant": tenant, "conversations": list(conversations), "lasting": lasting})
    return {row.conversation_id: from_row(row) for row in rows}


def get(db: Connection, tenant: UUID, case: UUID) -> Case | None:
    """One case, its row locked until the transaction ends."""
    row = db.execute(_BY_ID, {"tenant": tenant, "id": case}).one_or_none()
    return from_row(row) if row is not None else None


def open_one(db: Connection, tenant: UUID, conversation: UUID) -> Case | None:
    """The case of a conversation that has not ended, its row locked until the transaction ends."""
    row = db.execute(_OPEN, {"tenant": tenant, "conversation": conversation}).one_or_none()
    return from_row(row) if row is not None else None


def move(
    db: Connection, tenant: UUID, conversation: UUID, case: Case, *, actor: str = MACHINE, reason: str = ""
) -> UUID:
    """Store the case as a decision or a member leaves it, and each state that it passed; returns its id.

    TryAgain: somebody else moved it since it was read. NoSuchMove: the table has no such way, a defect of ours.
    """
    # What was read under no id is new; what is known by its version alone is the open one: there is at most one.
    if case.version == 0:
        _expire_old(db, tenant, conversation)
        now, case_id = Case(case.kind), uuid4()
    else:
        found = get(db, tenant, case.id) if case.id else open_one(db, tenant, conversation)
        if found is None or found.id is None or found.version != case.version:
            raise TryAgain("The case was moved by somebody else meanwhile.")
        now, case_id = found, found.id
    passed = _way(now.state, case)
    values = {**to_row(case), "tenant": tenant, "conversation": conversation, "version": case.version, "id": case_id}
    if db.execute(_INSERT if case.version == 0 else _UPDATE, values).scalar() is None:
        raise TryAgain("The case was moved by somebody else meanwhile.")
    # No step is ever changed: what the machine quotes of a mail would outlive the mail there.
    said = unquoted(reason) if actor == MACHINE else reason
    note(db, tenant, case_id, now.state, passed, actor=actor, reason=said)
    if case.state not in _ACT_MAY_WAIT:
        acts.cancel_of_case(db, tenant, case_id, reason="The case went another way.")
    return case_id


def waits_for(db: Connection, tenant: UUID, case: UUID, decision: UUID) -> None:
    """A case that was just moved to a person is theirs with this decision: as if it had moved it.

    Who dismisses that, or says that its mail is about something else, then withdraws the case, too.
    """
    db.execute(_WAITS_FOR, {"tenant": tenant, "id": case, "decision": decision})


def move_with_reply(
    db: Connection,
    tenant: UUID,
    decision: UUID,
    conversation: UUID,
    case: Case,
    *,
    actor: str = MACHINE,
    reason: str = "",
) -> UUID:
    """The same, where the move stands and falls with the decision's reply: how to take it back is written down."""
    before = newest(db, tenant, [conversation]).get(conversation) if case.version else None
    since = db.execute(_STOOD_SINCE, {"tenant": tenant, "id": before.id}).scalar() if before else None
    moved = move(db, tenant, conversation, case, actor=actor, reason=reason)
    undo = {"id": moved, "version": case.version + 1, "before": asdict(before) if before else None}
    undo["since"] = since.isoformat() if since else None
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
    before, left = case_from_json(undo["before"]), "Its reply did not leave."
    put_back(db, tenant, UUID(undo["id"]), undo["version"], before=before, since=undo.get("since"), reason=left)
    db.execute(text("UPDATE decision SET case_undo = NULL WHERE tenant_id = :tenant AND id = :decision"), values)


def put_back(
    db: Connection,
    tenant: UUID,
    case: UUID,
    version: int,
    *,
    before: Case | None,
    since: str | None,
    reason: str,
    actor: str = MACHINE,
) -> bool:
    """The case as it stood `before`, or gone where it was new; False where something else moved it after `version`.

    `since` is when it had come to stand there, in ISO form; None where that is not known.
    """
    values: dict[str, object] = {"tenant": tenant, "id": case, "version": version}
    if before is None:
        return db.execute(_REMOVE, values).rowcount == 1
    now = get(db, tenant, case)
    if now is None or db.execute(_UPDATE, {**to_row(before), **values}).scalar() is None:
        return False
    note(db, tenant, case, now.state, (before.state,), actor=actor, reason=reason, is_put_back=True)
    if since:
        db.execute(_STANDS_SINCE, {**values, "since": since})
    return True


def late(db: Connection, tenant: UUID, conversation: UUID, step: Case) -> tuple[CaseState, Case] | None:
    """The state in which the case of a conversation stands now, and the step that was decided earlier from there.

    None where no step is left to take. The conversation's cases are locked until the transaction ends.
    """
    db.execute(_LOCK, {"tenant": tenant, "conversation": conversation})
    now = newest(db, tenant, [conversation]).get(conversation)
    unmoved = now is not None and (now.version, now.id) == (step.version, step.id)
    moved = step if unmoved else step.onto(now)
    if moved is None:
        return None
    return now.state if now is not None and moved.version else CaseState.REQUESTED, moved


def move_late(db: Connection, tenant: UUID, decision: UUID, conversation: UUID, step: Case) -> bool:
    """Take a step that was decided earlier from where the case stands now; False where none is left to take."""
    found = late(db, tenant, conversation, step)
    if found is None:
        return False
    try:
        move_with_reply(db, tenant, decision, conversation, found[1])
    except (TryAgain, NoSuchMove):  # Somebody moved it elsewhere, or opened one in this very moment: theirs counts.
        return False
    return True


def _expire_old(db: Connection, tenant: UUID, conversation: UUID) -> None:
    """What a person left lying for a month makes room for what is new."""
    for case, state in db.execute(_EXPIRE, {"tenant": tenant, "conversation": conversation}).all():
        passed, reason = (CaseState.EXPIRED,), "A month without a move; a new case begins."
        note(db, tenant, case, CaseState(state), passed, actor=MACHINE, reason=reason)
        acts.cancel_of_case(db, tenant, case, reason=reason)


def _way(before: CaseState, case: Case) -> tuple[CaseState, ...]:
    """The states that the case passes, each step a way of the table."""
    passed = case.trail or ((CaseState(case.state),) if case.state != before else ())
    for after in passed:
        if after not in TRANSITIONS[before]:
            raise NoSuchMove(f"No case goes from {before} to {after}.")
        before = after
    return passed
