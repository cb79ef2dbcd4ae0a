"""The same act on many mails of the queue: each is looked at anew, and what could not be done is counted by why."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from domain.category import Category
from storage import desk, reclassify

# What one press may do, so that it ends while a person waits.
MOST = 500


@dataclass(frozen=True, slots=True)
class Picked:
    """A decision that was picked and waits still. `acts`: an order action was proposed with it."""

    id: UUID
    conversation: UUID | None
    acts: bool


@dataclass(slots=True)
class Tally:
    """How it went: `done` mails; `gone` were settled meanwhile, `money` wait for a word on an order action, `same` were
    so already.
    """

    done: int = 0
    gone: int = 0
    money: int = 0
    same: int = 0


_PICKED = text("""
    SELECT d.id, d.conversation_id, EXISTS (SELECT FROM order_act a WHERE a.tenant_id = d.tenant_id
        AND a.decision_id = d.id AND a.state <> 'cancelled') AS acts
    FROM decision d WHERE d.tenant_id = :tenant AND d.id = ANY(:ids) AND d.is_current AND d.disposition = 'hold'
        AND d.settled_at IS NULL
    ORDER BY d.id
""")


def picked(db: Connection, tenant: UUID, decisions: Sequence[UUID]) -> list[Picked]:
    """Those of the decisions that wait for a person still."""
    return [Picked(*row) for row in db.execute(_PICKED, {"tenant": tenant, "ids": list(decisions)})]


def dismiss(db: Connection, tenant: UUID, decision: UUID, *, member: UUID) -> str:
    """Dismiss one of many, unless an order action goes with it; returns the field of a Tally that it counts for."""
    found = picked(db, tenant, [decision])
    if found and found[0].acts:
        return "money"
    return "done" if found and desk.dismiss(db, tenant, decision, member=member) else "gone"


def say(db: Connection, tenant: UUID, decision: UUID, *, member: UUID, category: Category) -> str:
    """Say what one of many is about, unless an order action goes with it; returns the field that it counts for.

    Each is decided anew, and learned from for this mail alone: who judges many at once has read few of them.
    """
    found = picked(db, tenant, [decision])
    if found and found[0].acts:
        return "money"
    if not found:
        return "gone"
    outcome = reclassify.correct(db, tenant, decision, member=member, category=category, sub_intent="", learn=False)
    match outcome:
        case reclassify.Outcome.AGAIN:
            return "done"
        case reclassify.Outcome.NOTED:
            return "same"
        case reclassify.Outcome.LATE:
            return "gone"
