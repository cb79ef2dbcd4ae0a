"""Order numbers that were named in vain, with who named them: for members alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from domain.decision import Tried
from storage.messages import Claimed

MOST_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Attempt:
    """`known`: it is somebody else's order, which only members may learn."""

    id: int
    at: datetime
    number: str
    known: bool
    sender: str
    message: UUID
    conversation: UUID | None


@dataclass(frozen=True, slots=True)
class Group:
    """All that one sender named in vain: `n` numbers, of which `others` are somebody else's orders.

    `rows` are the newest ten of them; `last` is the newest one's id.
    """

    sender: str
    n: int
    others: int
    last: int
    last_at: datetime
    rows: tuple[Attempt, ...]


_INSERT = text("""
    INSERT INTO order_attempt (tenant_id, message_id, conversation_id, number, known, sender_address)
    SELECT :tenant, m.id, m.conversation_id, :number, :known, m.sender_address
    FROM message m WHERE m.tenant_id = :tenant AND m.id = :message
""")

_GROUPS = text("""
    SELECT sender_address, count(*) AS n, count(*) FILTER (WHERE known) AS others, max(id) AS last, max(at) AS last_at
    FROM order_attempt WHERE tenant_id = :tenant GROUP BY sender_address
    HAVING CAST(:after AS bigint) IS NULL OR max(id) < :after ORDER BY max(id) DESC LIMIT :limit
""")

_NEWEST = text("""
    SELECT a.* FROM unnest(CAST(:senders AS text[])) AS s (address) CROSS JOIN LATERAL (
        SELECT id, at, number, known, sender_address, message_id, conversation_id FROM order_attempt
        WHERE tenant_id = :tenant AND sender_address = s.address ORDER BY id DESC LIMIT :most) a
    ORDER BY a.id DESC
""")


def record(db: Connection, claim: Claimed, tried: Sequence[Tried]) -> None:
    rows = [{"number": one.number[:100], "known": one.exists} for one in tried]
    db.execute(_INSERT, [{"tenant": claim.tenant, "message": claim.id, **row} for row in rows])


def groups(db: Connection, tenant: UUID, *, after: int | None = None, limit: int = 50) -> list[Group]:
    """The page of senders after the one whose newest row is `after`, who tried last first."""
    found = db.execute(_GROUPS, {"tenant": tenant, "after": after, "limit": limit}).all()
    newest = db.execute(
        _NEWEST, {"tenant": tenant, "senders": [row.sender_address for row in found], "most": MOST_SHOWN}
    )
    rows: dict[str, list[Attempt]] = {}
    for row in newest:
        rows.setdefault(row.sender_address, []).append(Attempt(*row))
    return [
        Group(row.sender_address, row.n, row.others, row.last, row.last_at, tuple(rows.get(row.sender_address, ())))
        for row in found
    ]
