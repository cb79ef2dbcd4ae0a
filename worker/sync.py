"""Learn which messages are new: the sync machine of GMAIL.md 5.3, one mailbox at a time."""

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

from bootstrap import Services
from domain.errors import HistoryExpired, MailwrightError, NeedsPerson
from domain.mailbox import MailSource
from storage import sync
from storage.sync import Cursor
from worker.attempt import attempt
from worker.backoff import after_attempts, mailbox_trouble

LEASE = timedelta(minutes=2)

# How far back the daily comparison looks.
RECONCILED = timedelta(days=2)


def work(services: Services, tenant: UUID) -> int:
    """Sync the one mailbox of this tenant that has waited longest; returns how many mailboxes that were: 0 or 1."""
    with services.database.transaction(tenant) as db:
        cursor = sync.claim(db, tenant, LEASE)
    if cursor is None:
        return 0
    attempt(
        lambda: _sync(services, cursor),
        lambda error: _failed(services, cursor, error),
        tenant=tenant,
        mailbox=cursor.mailbox,
        stage="sync",
    )
    return 1


def _sync(services: Services, cursor: Cursor) -> None:
    with services.open_mailbox(cursor.tenant, cursor.mailbox) as gmail:
        source = gmail.source
        if cursor.state == "live" and cursor.history_id is not None:
            try:
                _changes(services, cursor, source, cursor.history_id)
                _reconcile(services, cursor, source)
            except HistoryExpired:
                _list(services, cursor, source, state="resync")
        else:
            _list(services, cursor, source, state=cursor.state)
    # Jitter, so that a thousand mailboxes do not ask in the same second.
    poll = timedelta(seconds=services.settings.poll_seconds * random.uniform(0.9, 1.1))  # noqa: S311  # spreads load
    with services.database.transaction(cursor.tenant) as db:
        sync.finish(db, cursor, after=poll)


def _changes(services: Services, cursor: Cursor, source: MailSource, since: int) -> None:
    """The usual case: what was added since the cursor, and the cursor moved, in one transaction."""
    changes = source.changes(since)
    with services.database.transaction(cursor.tenant) as db:
        sync.advance(db, cursor, changes.added, state="live", history_id=changes.history_id)


def _reconcile(services: Services, cursor: Cursor, source: MailSource) -> None:
    """Once a day, look whether anything in the inbox was never told of: found by a listing, as in GMAIL.md 5.3.

    What left Spam for the inbox is found by this alone: the history names it as a changed label, not as a new mail.
    """
    with services.database.transaction(cursor.tenant) as db:
        if not sync.reconcile_due(db, cursor):
            return
    page = ""
    while True:
        listed = source.list_since(datetime.now(UTC) - RECONCILED, page)
        page = listed.next_page
        with services.database.transaction(cursor.tenant) as db:
            if not sync.advance(db, cursor, tuple(reversed(listed.added)), state="live"):
                return
            if not page:
                sync.reconciled(db, cursor)
                return


def _list(services: Services, cursor: Cursor, source: MailSource, *, state: str) -> None:
    """List the inbox page by page, resuming where an earlier run stopped.

    The history id is taken before the listing begins, so that nothing can fall between listing and following.
    """
    begun, since, page = cursor.listing_history_id, cursor.since, cursor.page
    if begun is None or since is None or cursor.state != state:
        begun, page = source.profile().history_id, ""
        since = _listing_start(services, cursor, state)
        with services.database.transaction(cursor.tenant) as db:
            sync.advance(db, cursor, (), state=state, listing_history_id=begun, since=since)
    while True:
        listed = source.list_since(since, page)
        page = listed.next_page
        # Gmail lists the newest first; a thread is handled in the order in which it was written.
        added = tuple(reversed(listed.added))
        with services.database.transaction(cursor.tenant) as db:
            if not page:
                if sync.advance(db, cursor, added, state="live", history_id=begun):
                    sync.reconciled(db, cursor)
                return
            if not sync.advance(db, cursor, added, state=state, page=page, listing_history_id=begun, since=since):
                return


def _listing_start(services: Services, cursor: Cursor, state: str) -> datetime:
    """How far back to look: the backfill when new; a day before the last thing we surely knew when resyncing."""
    if state == "new":
        # From the connection on, however late the first listing begins, and whatever the clocks differ.
        return cursor.connected_at - timedelta(days=services.settings.backfill_days, hours=1)
    with services.database.transaction(cursor.tenant) as db:
        newest = sync.newest_received(db, cursor.tenant, cursor.mailbox)
    known = [moment for moment in (cursor.last_ok_at, newest) if moment is not None]
    return min(known, default=cursor.connected_at) - timedelta(days=1)


def _failed(services: Services, cursor: Cursor, error: Exception) -> None:
    reason = "An unexpected error; it is in the log."
    if isinstance(error, MailwrightError):
        reason = str(error)
        mailbox_trouble(services, cursor.tenant, cursor.mailbox, error, cursor.attempts)
    if isinstance(error, NeedsPerson) and cursor.page:
        # A page token that Gmail no longer takes would be refused for ever: begin the listing anew.
        with services.database.transaction(cursor.tenant) as db:
            sync.advance(db, cursor, (), state=cursor.state)
    with services.database.transaction(cursor.tenant) as db:
        sync.finish(db, cursor, after=after_attempts(cursor.attempts, timedelta(seconds=5)), error=reason)
