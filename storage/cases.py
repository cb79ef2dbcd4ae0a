"""Cases: the state of a refund or order action over several mails, moved only from the version that was read."""

from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from domain.case import Case
from domain.errors import TryAgain
from storage.codec import case_from_json, dumps

# Whatever a person made of a case, a month later the same customer may want something new.
_NEWEST = text("""
    SELECT DISTINCT ON (conversation_id) conversation_id, kind, state, order_number, asked, wrong_numbers, version
    FROM support_case
    WHERE tenant_id = :tenant AND conversation_id = ANY(:conversations)
        AND (is_open OR moved_at > now() - interval '30 days')
    ORDER BY conversation_id, is_open DESC, opened_at DESC
""")

_UNDO = text("SELECT case_undo FROM decision WHERE tenant_id = :tenant AND id = :decision FOR UPDATE")

_REMOVE = text("DELETE FROM support_case WHERE tenant_id = :tenant AND id = :id AND version = :version")

# Only an open case is ever moved, so it is open again. The version rises: whoever read the case asked must read anew.
_PUT_BACK = text("""
    UPDATE support_case c SET state = :state, is_open = true, order_number = :order_number, asked = :asked,
        wrong_numbers = :wrong_numbers, version = version + 1, moved_at = now()
    WHERE tenant_id = :tenant AND id = :id AND version = :version
        AND NOT EXISTS (SELECT FROM support_case o WHERE o.tenant_id = c.tenant_id
            AND o.conversation_id = c.conversation_id AND o.is_open AND o.id <> c.id)
""")


def newest(db: Connection, tenant: UUID, conversations: Sequence[UUID]) -> dict[UUID, Case]:
    """The case of each conversation: the open one, else the newest, left out a month after its last move."""
    rows = db.execute(_NEWEST, {"tenant": tenant, "conversations": list(conversations)})
    return {
        row.conversation_id: Case(
            row.kind, row.state, row.order_number, tuple(row.asked), tuple(row.wrong_numbers), row.version
        )
        for row in rows
    }


def move(db: Connection, tenant: UUID, conversation: UUID, case: Case) -> UUID:
    """Store the case as a decision leaves it; returns its id. TryAgain: somebody else moved it since it was read."""
    values = {
        **asdict(case),
        "asked": list(case.asked),
        "wrong_numbers": list(case.wrong_numbers),
        "is_open": case.is_open,
    }
    values |= {"tenant": tenant, "conversation": conversation, "id": uuid4()}
    if case.version == 0:
        moved = db.execute(
            text(
                "INSERT INTO support_case (tenant_id, id, conversation_id, kind, state, is_open, order_number, asked,"
                " wrong_numbers, version) VALUES (:tenant, :id, :conversation, :kind, :state, :is_open, :order_number,"
                " :asked, :wrong_numbers, 1) ON CONFLICT (tenant_id, conversation_id) WHERE is_open DO NOTHING"
                " RETURNING id"
            ),
            values,
        ).scalar_one_or_none()
    else:
        moved = db.execute(
            text(
                "UPDATE support_case SET state = :state, is_open = :is_open, order_number = :order_number,"
                " asked = :asked, wrong_numbers = :wrong_numbers, version = version + 1, moved_at = now()"
                " WHERE tenant_id = :tenant AND conversation_id = :conversation AND is_open AND version = :version"
                " RETURNING id"
            ),
            values,
        ).scalar_one_or_none()
    if moved is None:
        raise TryAgain("The case was moved by somebody else meanwhile.")
    case_id: UUID = moved
    return case_id


def move_with_reply(db: Connection, tenant: UUID, decision: UUID, conversation: UUID, case: Case) -> None:
    """The same, where the move stands and falls with the decision's reply: how to take it back is written down."""
    before = newest(db, tenant, [conversation]).get(conversation) if case.version else None
    moved = move(db, tenant, conversation, case)
    undo = {"id": moved, "version": case.version + 1, "before": asdict(before) if before else None}
    db.execute(
        text("UPDATE decision SET case_undo = CAST(:undo AS jsonb) WHERE tenant_id = :tenant AND id = :decision"),
        {"tenant": tenant, "decision": decision, "undo": dumps(undo)},
    )


def take_back(db: Connection, tenant: UUID, decision: UUID) -> None:
    """The decision's reply did not leave, so its case is put back, unless something else moved it since."""
    values = {"tenant": tenant, "decision": decision}
    undo = db.execute(_UNDO, values).scalar_one_or_none()
    if undo is None:
        return
    before = case_from_json(undo["before"])
    values |= {"id": UUID(undo["id"]), "version": undo["version"]}
    if before is None:
        db.execute(_REMOVE, values)
    else:
        lists = {"asked": list(before.asked), "wrong_numbers": list(before.wrong_numbers)}
        db.execute(_PUT_BACK, {**values, **lists, "state": before.state, "order_number": before.order_number})
    db.execute(text("UPDATE decision SET case_undo = NULL WHERE tenant_id = :tenant AND id = :decision"), values)


def move_late(db: Connection, tenant: UUID, decision: UUID, conversation: UUID, step: Case) -> bool:
    """Take a step that was decided earlier from where the case stands now; False where none is left to take."""
    db.execute(
        text("SELECT FROM support_case WHERE tenant_id = :tenant AND conversation_id = :conversation FOR UPDATE"),
        {"tenant": tenant, "conversation": conversation},
    )
    moved = step.onto(newest(db, tenant, [conversation]).get(conversation))
    if moved is None:
        return False
    try:
        move_with_reply(db, tenant, decision, conversation, moved)
    except TryAgain:  # Somebody opened a case in this very moment: theirs counts.
        return False
    return True
