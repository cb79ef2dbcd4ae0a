"""What members type in answer to a held mail before it is sent: one text a decision, never overwritten unseen.

Who dismisses the mail does not end it: it is there to be copied, and in the editor again where the mail is reopened.

Whoever writes says which version they have seen. The decision's row is locked while versions are compared, and stays
locked for whatever the same transaction does then: of two people at once, the second sees what the first did.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, TextClause, text

from storage import settling

LONGEST_WRITER = 40


@dataclass(frozen=True, slots=True)
class Kept:
    """A text with who kept it and when; `by` is their name."""

    decision: UUID
    text: str
    version: int
    member: UUID
    by: str
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class Seen:
    """Which version the writer's page shows, 0 for none, and the page's own name: it never overtakes itself."""

    version: int = 0
    writer: str = ""


class Overtaken(Exception):  # no error: it takes a transaction back
    """Something else was kept since the writer's page was made. `theirs` is that text."""

    def __init__(self, theirs: Kept) -> None:
        super().__init__()
        self.theirs = theirs


# The fields of `Kept` in their order, then the writer's page.
_KEPT = """
    SELECT k.decision_id, k.text, k.version, k.member_id, coalesce(nullif(p.name, ''), p.email) AS by, k.saved_at,
        k.writer
    FROM kept_reply k JOIN member p ON p.tenant_id = k.tenant_id AND p.id = k.member_id
        JOIN decision d ON d.tenant_id = k.tenant_id AND d.id = k.decision_id
    WHERE k.tenant_id = :tenant"""

_OF = text(_KEPT + " AND k.decision_id = ANY(:decisions)")

# Of a decision that was made anew, or dismissed: its reply form is gone, and what was typed into it is shown still.
_LEFT_BEHIND = text(
    _KEPT
    + " AND d.conversation_id = :conversation AND (NOT d.is_current OR d.settlement = 'dismissed') ORDER BY k.saved_at"
)

_PUT = text("""
    INSERT INTO kept_reply (tenant_id, decision_id, text, version, member_id, writer)
    VALUES (:tenant, :decision, :text, floor(extract(epoch FROM clock_timestamp()) * 1000), :member, :writer)
    ON CONFLICT (tenant_id, decision_id) DO UPDATE SET text = excluded.text, version = kept_reply.version + 1,
        member_id = excluded.member_id, writer = excluded.writer, saved_at = now()
    RETURNING version
""")

_DROP = text("DELETE FROM kept_reply WHERE tenant_id = :tenant AND decision_id = :decision")


def of(db: Connection, tenant: UUID, decisions: Sequence[UUID]) -> dict[UUID, Kept]:
    """What is kept for these decisions, by decision."""
    return {kept.decision: kept for kept, _ in _rows(db, _OF, {"tenant": tenant, "decisions": list(decisions)})}


def left_behind(db: Connection, tenant: UUID, conversation: UUID) -> list[Kept]:
    """What was typed for decisions of this conversation that were made anew or dismissed since, the oldest first."""
    return [kept for kept, _ in _rows(db, _LEFT_BEHIND, {"tenant": tenant, "conversation": conversation})]


def check(db: Connection, tenant: UUID, decision: UUID, seen: Seen, typed: str) -> int:
    """The version that stands, 0 for none, with the decision locked while it waits until the transaction ends.

    Raises Overtaken where it is neither the one that was seen nor from the same page, and not what is `typed` either.
    """
    if settling.lock(db, tenant, decision) is None:
        return 0
    for kept, writer in _rows(db, _OF, {"tenant": tenant, "decisions": [decision]}):
        own = writer == seen.writer != ""
        if kept.version != seen.version and not own and kept.text != typed:
            raise Overtaken(kept)
        return kept.version
    return 0


def keep(db: Connection, tenant: UUID, decision: UUID, typed: str, *, member: UUID, seen: Seen) -> int:
    """Keep what a member typed; returns its version, 0 where nobody waits for a reply any more.

    Raises Overtaken, and nothing is changed, where something else was kept since their page was made.
    """
    if settling.lock(db, tenant, decision) is None:
        return 0
    check(db, tenant, decision, seen, typed)
    return put(db, tenant, decision, typed, member=member, writer=seen.writer)


def put(db: Connection, tenant: UUID, decision: UUID, typed: str, *, member: UUID, writer: str = "") -> int:
    """Keep a text whatever was kept before; returns its version. The caller has locked the decision and looked."""
    values = {"tenant": tenant, "decision": decision, "text": typed, "member": member, "writer": writer}
    version: int = db.execute(_PUT, values).scalar_one()
    return version


def drop(db: Connection, tenant: UUID, decision: UUID, *, seen: Seen) -> bool:
    """Forget what is kept, so that the machine's draft stands again; False where nothing was.

    Raises Overtaken, and nothing is changed, where something else was kept since the member's page was made.
    """
    check(db, tenant, decision, seen, "")
    return db.execute(_DROP, {"tenant": tenant, "decision": decision}).rowcount == 1


def _rows(db: Connection, question: TextClause, values: dict[str, object]) -> list[tuple[Kept, str]]:
    """Each text that is kept, with the name of the page that kept it."""
    return [(Kept(*fields), writer) for *fields, writer in db.execute(question, values)]
