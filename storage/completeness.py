"""What became of each mail that came in: counted by mailbox and day, and the mails behind each number."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from domain.completeness import Counted, Day, Whereabouts
from domain.settlement import Settlement


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail behind a number. `conversation` is None where nothing can be opened; `note` says why it is there."""

    id: UUID
    conversation: UUID | None
    subject: str
    sender: str
    came_at: datetime
    whereabouts: Whereabouts
    note: str


# Each condition says what must be true, and none is left over: a mail that the rows of no stage account for is missing.
# The order matters: what a person settled is theirs, also where the machine could not read it.
_EACH = """
    SELECT m.id, m.came_at, m.conversation_id, m.subject, m.sender_name, m.sender_address, m.last_error, d.reason,
        CASE
            WHEN m.state IN ('discovered', 'fetched') THEN 'working'
            WHEN m.state = 'gone' THEN 'gone'
            WHEN m.state NOT IN ('decided', 'unreadable') THEN 'missing'
            WHEN d.settlement = ANY(:settlements) AND d.settled_at IS NOT NULL THEN 'people'
            WHEN d.disposition = 'hold' AND d.settled_at IS NULL
                THEN CASE m.state WHEN 'unreadable' THEN 'unreadable' ELSE 'held' END
            WHEN d.disposition = 'ignore' THEN 'ignored'
            WHEN d.disposition = 'release' AND r.n = 0 THEN 'answered'
            WHEN d.disposition = 'release' AND r.sent > 0 THEN 'answered'
            WHEN d.disposition = 'release' AND r.leaving > 0 THEN 'working'
            WHEN d.disposition = 'release' AND r.cancelled = r.n THEN 'people'
            ELSE 'missing'
        END AS whereabouts
    FROM message m
        LEFT JOIN decision d ON d.tenant_id = m.tenant_id AND d.message_id = m.id AND d.is_current
        LEFT JOIN LATERAL (SELECT count(*) AS n, count(*) FILTER (WHERE o.state = 'sent') AS sent,
                count(*) FILTER (WHERE o.state IN ('waiting', 'pending', 'drafted', 'sending', 'uncertain')) AS leaving,
                count(*) FILTER (WHERE o.state = 'cancelled') AS cancelled
            FROM outbox o WHERE d.disposition = 'release' AND o.tenant_id = d.tenant_id AND o.decision_id = d.id
                AND o.kind = 'reply') r ON true
    WHERE m.tenant_id = :tenant AND m.mailbox_id = :mailbox AND m.direction = 'in'
"""

_BY_DAY = """
    SELECT k.place, e.whereabouts, count(*) AS n
    FROM unnest(CAST(:begins AS timestamptz[]), CAST(:ends AS timestamptz[])) WITH ORDINALITY AS k (begins, ends, place)
    CROSS JOIN LATERAL ("""
_BY_DAY_ENDS = """ AND m.came_at >= k.begins AND m.came_at < k.ends) e
    GROUP BY k.place, e.whereabouts
"""
_PAGE = "SELECT e.* FROM ("
_PAGE_ENDS = """ AND m.came_at >= :begins AND m.came_at < :ends
        AND (CAST(:at AS timestamptz) IS NULL OR (m.came_at, m.id) < (:at, CAST(:after AS uuid)))) e
    WHERE :whereabouts = '' OR e.whereabouts = :whereabouts
    ORDER BY e.came_at DESC, e.id DESC LIMIT :limit
"""
_DAYS = text(_BY_DAY + _EACH + _BY_DAY_ENDS)
_MAILS = text(_PAGE + _EACH + _PAGE_ENDS)

_PLACE = text("SELECT came_at FROM message WHERE tenant_id = :tenant AND mailbox_id = :mailbox AND id = :after")

_SETTLEMENTS = [one.value for one in Settlement]

_FIRST = text("""
    SELECT min(came_at) FROM message WHERE tenant_id = :tenant AND mailbox_id = :mailbox AND direction = 'in'
""")


def counted(db: Connection, tenant: UUID, mailbox: UUID, days: Sequence[Day]) -> list[Counted]:
    """What came into a mailbox on each of these days, in their order, by where it is now."""
    spans: dict[str, object] = {"settlements": _SETTLEMENTS}
    spans |= {"begins": [one.begins for one in days], "ends": [one.ends for one in days]}
    found: list[dict[Whereabouts, int]] = [{} for _ in days]
    for place, whereabouts, n in db.execute(_DAYS, {"tenant": tenant, "mailbox": mailbox, **spans}):
        found[place - 1][Whereabouts(whereabouts)] = n
    return [Counted(day, counts) for day, counts in zip(days, found, strict=True)]


def mails(
    db: Connection,
    tenant: UUID,
    mailbox: UUID,
    day: Day,
    whereabouts: Whereabouts | None = None,
    *,
    after: UUID | None = None,
    limit: int = 50,
) -> list[Mail]:
    """The page of a day's mails after the mail `after`, the newest first; all of them, or those in one place."""
    values = {
        "tenant": tenant, "mailbox": mailbox, "begins": day.begins, "ends": day.ends, "after": after, "limit": limit,
        "whereabouts": whereabouts.value if whereabouts else "", "at": None, "settlements": _SETTLEMENTS,
    }  # fmt: skip
    if after is not None:
        values["at"] = db.execute(_PLACE, {"tenant": tenant, "mailbox": mailbox, "after": after}).scalar()
        if values["at"] is None:
            return []
    return [
        Mail(
            row.id, row.conversation_id, row.subject, row.sender_name or row.sender_address, row.came_at,
            Whereabouts(row.whereabouts), row.reason or row.last_error,
        )
        for row in db.execute(_MAILS, values)
    ]  # fmt: skip


def first(db: Connection, tenant: UUID, mailbox: UUID) -> datetime | None:
    """When the oldest mail came that we know of in this mailbox."""
    return db.execute(_FIRST, {"tenant": tenant, "mailbox": mailbox}).scalar()
