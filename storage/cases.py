"""Cases: the state of a refund or order action over several mails, moved only from the version that was read."""

from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from domain.case import Case
from domain.errors import TryAgain

# Whatever a person made of a case, a month later the same customer may want something new.
_NEWEST = text("""
    SELECT DISTINCT ON (conversation_id) conversation_id, kind, state, order_number, asked, wrong_numbers, version
    FROM support_case
    WHERE tenant_id = :tenant AND conversation_id = ANY(:conversations)
        AND (is_open OR moved_at > now() - interval '30 days')
    ORDER BY conversation_id, is_open DESC, opened_at DESC
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


def move(db: Connection, tenant: UUID, conversation: UUID, case: Case) -> None:
    """Store the case as a decision leaves it. Raises TryAgain when somebody else moved it since it was read."""
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
            ),
            values,
        )
    else:
        moved = db.execute(
            text(
                "UPDATE support_case SET state = :state, is_open = :is_open, order_number = :order_number,"
                " asked = :asked, wrong_numbers = :wrong_numbers, version = version + 1, moved_at = now()"
                " WHERE tenant_id = :tenant AND conversation_id = :conversation AND is_open AND version = :version"
            ),
            values,
        )
    if moved.rowcount != 1:
        raise TryAgain("The case was moved by somebody else meanwhile.")


def move_late(db: Connection, tenant: UUID, conversation: UUID, step: Case) -> bool:
    """Take a step that was decided earlier from where the case stands now; False where none is left to take."""
    db.execute(
        text("SELECT FROM support_case WHERE tenant_id = :tenant AND conversation_id = :conversation FOR UPDATE"),
        {"tenant": tenant, "conversation": conversation},
    )
    moved = step.onto(newest(db, tenant, [conversation]).get(conversation))
    if moved is None:
        return False
    try:
        move(db, tenant, conversation, moved)
    except TryAgain:  # Somebody opened a case in this very moment: theirs counts.
        return False
    return True
