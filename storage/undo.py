"""Taking back what a person released, for some seconds: either it has left, or it is as it was, and never both.

What a release changes (the decision, its case, the order actions that it gives up, its reply) is written down with the
reply, and taken back exactly, unless somebody else has moved the case since: then theirs counts. The words stay as the
person left them. A worker that takes the reply erases what is written down, in the same statement; so whoever comes
first has it.

What is approved with an order action is no such release: its reply waits for the action, which is begun at once and
cannot be undone. The page says so before it is approved. What leaves by itself is not delayed.
"""

from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from storage import cases, events, learning
from storage.case_rows import from_row
from storage.codec import case_from_json, dumps

# Until when a reply may be undone, unless the workspace says otherwise; in seconds.
USUAL, MOST = 10, 60


@dataclass(frozen=True, slots=True)
class Before:
    """How everything stood that a release may change. `kept` is as it is stored; `cases` by id."""

    kept: dict[str, Any]
    cases: dict[UUID, Any]
    acts: tuple[UUID, ...]


_SECONDS = text("""
    SELECT least(greatest(coalesce(CAST(policy ->> 'undo_seconds' AS integer), :usual), 0), :most) FROM tenant
    WHERE tenant_id = :tenant
""")

_SET_SECONDS = text("""
    UPDATE tenant SET policy = policy || jsonb_build_object('undo_seconds', CAST(:seconds AS integer))
    WHERE tenant_id = :tenant
""")

_DECISION = text("""
    SELECT conversation_id, case_on_release, case_undo FROM decision WHERE tenant_id = :tenant AND id = :decision
""")

_REPLY = text("""
    SELECT act_id, automatic, released_by, released_at FROM outbox
    WHERE tenant_id = :tenant AND decision_id = :decision AND kind = 'reply' AND state = 'held'
    ORDER BY position LIMIT 1
""")

_CASES = text("""
    SELECT * FROM support_case WHERE tenant_id = :tenant AND conversation_id = CAST(:conversation AS uuid)
""")

_HELD_ACTS = text("""
    SELECT a.id FROM order_act a WHERE a.tenant_id = :tenant AND a.state = 'held' AND (a.decision_id = :decision
        OR a.case_id IN (SELECT c.id FROM support_case c WHERE c.tenant_id = a.tenant_id
            AND c.conversation_id = CAST(:conversation AS uuid)))
    ORDER BY a.id
""")

_GIVEN_UP = text("""
    SELECT id FROM order_act WHERE tenant_id = :tenant AND id = ANY(:ids) AND state = 'cancelled' ORDER BY id
""")

_KEEP = text("""
    UPDATE outbox SET undo = CAST(:undo AS jsonb), next_at = now() + make_interval(secs => :seconds)
    WHERE tenant_id = :tenant AND decision_id = :decision AND kind = 'reply' AND state = 'pending' AND NOT automatic
""")

# The reply first: a worker that holds it locks nothing else before it, and one that comes later finds it locked.
_LOCK = text("""
    SELECT id, undo, message_id, released_at FROM outbox
    WHERE tenant_id = :tenant AND decision_id = :decision AND kind = 'reply' AND state = 'pending' AND undo IS NOT NULL
    FOR UPDATE
""")

_UNSETTLE = text("""
    UPDATE decision SET settled_at = NULL, settled_by = NULL, settlement = NULL,
        case_on_release = CAST(:case_on_release AS jsonb), case_undo = CAST(:case_undo AS jsonb)
    WHERE tenant_id = :tenant AND id = :decision AND is_current AND disposition = 'hold' AND settlement = 'sent'
""")

_HOLD = text("""
    UPDATE outbox SET state = 'held', undo = NULL, act_id = CAST(:act AS uuid), automatic = :automatic,
        released_by = CAST(:released_by AS uuid), released_at = CAST(:released_at AS timestamptz), claim_reason = '',
        wall_reason = '', words_changed = NULL, edit_reason = '', edit_note = '', next_at = now(), fence = fence + 1
    WHERE tenant_id = :tenant AND id = :id
""")

# Its case is locked: nobody takes up another action of it meanwhile. Where one was, or the case has gone on, this one
# stays given up.
_PROPOSE_AGAIN = text("""
    UPDATE order_act a SET state = 'held', last_error = ''
    WHERE tenant_id = :tenant AND id = CAST(:act AS uuid) AND state = 'cancelled' AND NOT EXISTS (
        SELECT FROM order_act o WHERE o.tenant_id = a.tenant_id AND o.case_id = a.case_id AND o.id <> a.id
            AND o.state NOT IN ('refused', 'cancelled'))
        AND (a.case_id IS NULL OR NOT a.case_id = ANY(CAST(:moved_on AS uuid[])) AND EXISTS (SELECT FROM support_case c
            WHERE c.tenant_id = a.tenant_id AND c.id = a.case_id AND c.state IN ('eligible', 'person')))
""")

# Made in the transaction of the release, whose time they bear: sending the draft as it stood had counted for something.
_UNCHECK = text("""
    DELETE FROM checked_mail WHERE tenant_id = :tenant AND message_id = :message AND act = 'sent' AND checked_at = :at
""")
_UNJUDGE = text("""
    DELETE FROM answer_verdict WHERE tenant_id = :tenant AND message_id = :message AND act = 'sent' AND at = :at
""")

_TAKEN_BACK = "The reply was taken back before it left."


def seconds(db: Connection, tenant: UUID) -> int:
    """For how many seconds a released reply can be undone; 0 where it leaves at once."""
    found: int = db.execute(_SECONDS, {"tenant": tenant, "usual": USUAL, "most": MOST}).scalar_one()
    return found


def set_seconds(db: Connection, tenant: UUID, wanted: int) -> None:
    """From 0 to 60; for replies that are released from now on."""
    db.execute(_SET_SECONDS, {"tenant": tenant, "seconds": wanted})


def remember(db: Connection, tenant: UUID, decision: UUID) -> Before:
    """How everything stands before a release, whose decision is locked."""
    values: dict[str, object] = {"tenant": tenant, "decision": decision}
    row = db.execute(_DECISION, values).one_or_none()
    if row is None:
        return Before({}, {}, ())
    values["conversation"] = row.conversation_id
    reply = db.execute(_REPLY, values).one_or_none()
    kept = {
        "case_on_release": row.case_on_release,
        "case_undo": row.case_undo,
        "act": reply.act_id if reply else None,
        "automatic": bool(reply and reply.automatic),
        "released_by": reply.released_by if reply else None,
        "released_at": reply.released_at if reply else None,
    }
    known = {row.id: row for row in db.execute(_CASES, values)}
    return Before(kept, known, tuple(db.execute(_HELD_ACTS, values).scalars()))


def keep(db: Connection, tenant: UUID, decision: UUID, before: Before) -> None:
    """Delay the reply that was just released, and write down how it is taken back, where the workspace wants that."""
    delay = seconds(db, tenant)
    row = db.execute(_DECISION, {"tenant": tenant, "decision": decision}).one_or_none() if delay else None
    if row is None:
        return
    values = {"tenant": tenant, "decision": decision, "conversation": row.conversation_id}
    moved = [
        _way_back(case.id, case.version, before.cases.get(case.id))
        for case in db.execute(_CASES, values)
        if case.id not in before.cases or before.cases[case.id].version != case.version
    ]
    given_up = list(db.execute(_GIVEN_UP, {"tenant": tenant, "ids": list(before.acts)}).scalars())
    undo = dumps({**before.kept, "cases": moved, "acts": given_up})
    db.execute(_KEEP, {**values, "undo": undo, "seconds": delay})


def take_back(db: Connection, tenant: UUID, decision: UUID, *, member: UUID) -> bool:
    """The decision waits again, with the words as its draft; False, and nothing changed, where it is too late."""
    values = {"tenant": tenant, "decision": decision}
    reply = db.execute(_LOCK, values).one_or_none()
    if reply is None:
        return False
    undo = reply.undo
    stored = {name: dumps(undo[name]) if undo[name] else None for name in ("case_on_release", "case_undo")}
    if db.execute(_UNSETTLE, {**values, **stored}).rowcount != 1:
        return False
    moved_on = [one["id"] for one in undo["cases"] if not _put_back(db, tenant, one, member)]
    for act in undo["acts"]:
        db.execute(_PROPOSE_AGAIN, {"tenant": tenant, "act": act, "moved_on": moved_on})
    released = {name: undo[name] for name in ("act", "automatic", "released_by", "released_at")}
    db.execute(_HOLD, {"tenant": tenant, "id": reply.id, **released})
    _count_for_nothing(db, tenant, reply)
    events.record(db, tenant, actor=str(member), kind="reply_undone", subject=reply.message_id)
    return True


def _way_back(case: UUID, version: int, before: Any) -> dict[str, object]:
    """How a case is put back: as it was, or not at all where it is new."""
    was = asdict(from_row(before)) if before is not None else None
    return {"id": case, "version": version, "before": was, "since": before.moved_at if before is not None else None}


def _put_back(db: Connection, tenant: UUID, one: dict[str, Any], member: UUID) -> bool:
    before, actor = case_from_json(one["before"]), str(member)
    return cases.put_back(
        db, tenant, UUID(one["id"]), one["version"], before=before, since=one["since"], actor=actor, reason=_TAKEN_BACK
    )


def _count_for_nothing(db: Connection, tenant: UUID, reply: Any) -> None:
    """A draft that was sent as it stands had counted as checked mail."""
    values = {"tenant": tenant, "message": reply.message_id, "at": reply.released_at}
    if db.execute(_UNCHECK, values).rowcount + db.execute(_UNJUDGE, values).rowcount:
        learning.ask(db, tenant)
