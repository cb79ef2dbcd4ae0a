"""The cursor of each mailbox's sync machine (GMAIL.md 5.3), moved in the transaction that stores what it passed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, text

from domain.mailbox import Added
from storage import events


@dataclass(frozen=True, slots=True)
class Cursor:
    """A claimed mailbox. `listing_history_id` is the profile's history id from before a listing began."""

    tenant: UUID
    mailbox: UUID
    fence: int
    state: str
    history_id: int | None
    page: str
    listing_history_id: int | None
    since: datetime | None
    connected_at: datetime
    last_ok_at: datetime | None
    attempts: int


_CLAIM = text("""
    UPDATE mailbox m SET lease_until = now() + :lease, fence = fence + 1, attempts = attempts + 1
    WHERE tenant_id = :tenant AND id = (
        SELECT id FROM mailbox WHERE tenant_id = :tenant AND status = 'active' AND next_sync_at <= now()
            AND (lease_until IS NULL OR lease_until < now()) AND (blocked_until IS NULL OR blocked_until < now())
        ORDER BY next_sync_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id, fence, sync_state, history_id, sync_page, sync_history_id, sync_since, connected_at, last_ok_at,
        attempts
""")

_INSERT = text("""
    INSERT INTO message (tenant_id, id, mailbox_id, gmail_id, thread_id, direction, next_at)
    SELECT :tenant, gen_random_uuid(), :mailbox, a.gmail_id, a.thread_id, a.direction,
        CASE a.direction WHEN 'in' THEN now() ELSE now() + :rest END
    FROM unnest(CAST(:gmail_ids AS text[]), CAST(:threads AS text[]), CAST(:directions AS text[]))
        WITH ORDINALITY AS a (gmail_id, thread_id, direction, place) ORDER BY a.place
    ON CONFLICT (tenant_id, mailbox_id, gmail_id) DO NOTHING
""")

_MOVE = text("""
    UPDATE mailbox SET sync_state = :state, sync_page = :page, sync_history_id = :listing_history_id,
        sync_since = :since, history_id = greatest(history_id, :history_id), last_error = '',
        lease_until = now() + interval '2 minutes'
    WHERE tenant_id = :tenant AND id = :mailbox AND fence = :fence
""")

_FINISH = text("""
    UPDATE mailbox SET lease_until = NULL, next_sync_at = now() + :after, last_error = :error,
        attempts = CASE WHEN :error = '' THEN 0 ELSE attempts END,
        last_ok_at = CASE WHEN :error = '' AND NOT :partly THEN now() ELSE last_ok_at END
    WHERE tenant_id = :tenant AND id = :mailbox AND fence = :fence
""")

_KNOWN = text("""
    SELECT gmail_id FROM message WHERE tenant_id = :tenant AND mailbox_id = :mailbox AND gmail_id = ANY(:ids)
""")

# Labels of mail that is none of ours to handle, or not yet mail at all.
SKIPPED_LABELS = frozenset({"DRAFT", "SPAM", "TRASH", "CHAT"})


def claim(db: Connection, tenant: UUID, lease: timedelta) -> Cursor | None:
    """Take the mailbox that has waited longest, alone until the lease ends."""
    row = db.execute(_CLAIM, {"tenant": tenant, "lease": lease}).one_or_none()
    if row is None:
        return None
    return Cursor(
        tenant, row.id, row.fence, row.sync_state, _whole(row.history_id), row.sync_page, _whole(row.sync_history_id),
        row.sync_since, row.connected_at, row.last_ok_at, row.attempts,
    )  # fmt: skip


def advance(
    db: Connection,
    cursor: Cursor,
    added: Sequence[Added],
    *,
    state: str,
    page: str = "",
    listing_history_id: int | None = None,
    since: datetime | None = None,
    history_id: int | None = None,
    rest: timedelta = timedelta(),
) -> bool:
    """Store what was found and move the cursor past it, in one transaction; False when the lease was lost.

    What was sent is fetched after `rest`.
    """
    moved = db.execute(
        _MOVE,
        {
            "tenant": cursor.tenant, "mailbox": cursor.mailbox, "fence": cursor.fence, "state": state, "page": page,
            "listing_history_id": listing_history_id, "since": since, "history_id": history_id,
        },
    )  # fmt: skip
    if moved.rowcount != 1:
        return False
    wanted = [item for item in added if not SKIPPED_LABELS.intersection(item.labels)]
    if wanted:
        db.execute(
            _INSERT,
            {
                "tenant": cursor.tenant,
                "mailbox": cursor.mailbox,
                "gmail_ids": [item.gmail_id for item in wanted],
                "threads": [item.thread_id for item in wanted],
                "rest": rest,
                "directions": ["out" if "SENT" in item.labels else "in" for item in wanted],
            },
        )
    return True


def finish(db: Connection, cursor: Cursor, *, after: timedelta, error: str = "", partly: bool = False) -> None:
    """Give the mailbox back, due again in `after`; `partly` where it was not read to its end."""
    values = {"tenant": cursor.tenant, "mailbox": cursor.mailbox, "fence": cursor.fence, "after": after, "error": error}
    db.execute(_FINISH, {**values, "partly": partly})


def reconcile_due(db: Connection, cursor: Cursor) -> bool:
    """Whether a day has passed since the mailbox was last compared with a listing."""
    recently = text("""
        SELECT EXISTS (SELECT FROM event WHERE tenant_id = :tenant AND subject = :mailbox
            AND kind = 'mailbox_reconciled' AND at > now() - interval '1 day')
    """)
    return not db.execute(recently, {"tenant": cursor.tenant, "mailbox": cursor.mailbox}).scalar_one()


def unknown(db: Connection, cursor: Cursor, listed: Sequence[Added]) -> list[Added]:
    """Those of a listing that are not here, in its order."""
    ids = [one.gmail_id for one in listed]
    known = set(db.execute(_KNOWN, {"tenant": cursor.tenant, "mailbox": cursor.mailbox, "ids": ids}).scalars())
    return [one for one in listed if one.gmail_id not in known]


def reconciled(db: Connection, cursor: Cursor) -> None:
    """Remember that a listing was compared with what is known."""
    events.record(db, cursor.tenant, actor="machine", kind="mailbox_reconciled", subject=cursor.mailbox)


def newest_received(db: Connection, tenant: UUID, mailbox: UUID) -> datetime | None:
    """When Gmail accepted the newest message that we know: a resync begins a day before that."""
    return db.execute(
        text("SELECT max(received_at) FROM message WHERE tenant_id = :tenant AND mailbox_id = :mailbox"),
        {"tenant": tenant, "mailbox": mailbox},
    ).scalar()


def _whole(value: object) -> int | None:
    return None if value is None else int(str(value))
