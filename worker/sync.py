"""Learn which messages are new: the sync machine of GMAIL.md 5.3, one mailbox at a time."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from bootstrap import Services
from domain.completeness import today
from domain.errors import HistoryExpired, MailwrightError, NeedsPerson
from domain.mailbox import Added, Box, MailSource, Page
from storage import reconciliation, supplier_rules, sync
from storage.sync import Cursor
from worker.attempt import attempt
from worker.backoff import after_attempts, mailbox_trouble

LEASE = timedelta(minutes=2)

# Of 500 mails each. A mailbox with more to tell is due again at once, after the others that wait.
PAGES = 5

# What was just sent is mostly our own reply, which needs no fetching once its worker has written its id down.
OWN_COPY = timedelta(seconds=20)

# How far back the daily comparison looks.
RECONCILED = timedelta(days=3)


# What may have passed unseen. What was sent comes first: who was answered by hand is known before anything is decided.
GAP = (Box.SENT, Box.RECEIVED)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a listing of several boxes, one after the other, stands: at a page of the first of `boxes`."""

    boxes: tuple[Box, ...]
    token: str = ""

    @property
    def box(self) -> Box:
        return self.boxes[0]

    @property
    def written(self) -> str:
        """As the mailbox's row keeps it."""
        return f"{self.box}:{self.token}"

    @classmethod
    def read(cls, written: str, boxes: tuple[Box, ...]) -> "_Place":
        """From a row; the beginning where the row says nothing."""
        name, _, token = written.partition(":")
        return cls(boxes[boxes.index(Box(name)) :], token) if name in boxes else cls(boxes)

    def after(self, listed: Page) -> "_Place | None":
        """The page that follows the one just listed, if any."""
        if listed.next_page:
            return _Place(self.boxes, listed.next_page)
        return _Place(self.boxes[1:]) if self.boxes[1:] else None


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
        whole = _read(services, cursor, gmail.source)
    # Jitter, so that a thousand mailboxes do not ask in the same second.
    poll = timedelta(seconds=services.settings.poll_seconds * random.uniform(0.9, 1.1))  # noqa: S311  # spreads load
    with services.database.transaction(cursor.tenant) as db:
        sync.finish(db, cursor, after=poll if whole else timedelta(), partly=not whole)


def _read(services: Services, cursor: Cursor, source: MailSource) -> bool:
    """A turn's share of what the mailbox has to tell; whether that was all."""
    if cursor.state != "live" or cursor.history_id is None:
        return _list(services, cursor, source, state=cursor.state)
    try:
        told = _changes(services, cursor, source, cursor.history_id)
        if told is not None:
            _reconcile(services, cursor, source, told)
    except HistoryExpired:
        return _list(services, cursor, source, state="resync")
    return told is not None


def _changes(services: Services, cursor: Cursor, source: MailSource, since: int) -> int | None:
    """The usual case: what was added since the cursor, and the cursor moved, in one transaction; returns its place.

    None where there is more: then the page is kept and the cursor stays, as a look into the history has one start on
    all its pages. Whoever begins anew sees all of it once more, which stores nothing twice.
    """
    changes = source.changes(since, cursor.page, PAGES)
    goes_on = cursor.page and cursor.listing_history_id is not None
    begun = cursor.listing_history_id if goes_on else changes.history_id
    with services.database.transaction(cursor.tenant) as db:
        if changes.next_page:
            sync.advance(
                db, cursor, changes.added, state="live", page=changes.next_page, listing_history_id=begun, rest=OWN_COPY
            )
            return None
        sync.advance(db, cursor, changes.added, state="live", history_id=begun, rest=OWN_COPY)
    return begun


def _reconcile(services: Services, cursor: Cursor, source: MailSource, told: int) -> None:
    """Once a day, look whether anything was never told of: found by a listing, as in GMAIL.md 5.3.

    What left Spam for the inbox is found by this alone: the history names it as a changed label, not as a new mail.
    What came since the history was read up to `told` is new, and was not missing. All that was found is taken in at the
    end, with the row that counts it: a look that breaks off is made again and counts nothing twice.
    """
    with services.database.transaction(cursor.tenant) as db:
        if not sync.reconcile_due(db, cursor):
            return
    # What lay there before the mailbox was connected is none of ours, unless its first listing took it in.
    since, at_gmail = max(datetime.now(UTC) - RECONCILED, cursor.connected_at), 0
    unknown: dict[Box, list[Added]] = {box: [] for box in GAP}
    following: _Place | None = _Place(GAP)
    while following is not None:
        place = following
        listed = source.list_since(since, place.token, place.box)
        with services.database.transaction(cursor.tenant) as db:
            if not sync.advance(db, cursor, (), state="live"):
                return
            unknown[place.box] += sync.unknown(db, cursor, listed.added)
        at_gmail += len(listed.added) if place.box is Box.RECEIVED else 0
        following = place.after(listed)
    late = {one.gmail_id for one in unknown[Box.RECEIVED]}
    if late:
        late -= {one.gmail_id for one in source.changes(told).added}
    found = [one for box in GAP for one in reversed(unknown[box])]
    with services.database.transaction(cursor.tenant) as db:
        if sync.advance(db, cursor, found, state="live"):
            day = today(supplier_rules.get(db, cursor.tenant).days.zone, datetime.now(UTC))
            reconciliation.keep(db, cursor.tenant, cursor.mailbox, day=day, at_gmail=at_gmail, missing=len(late))
            sync.reconciled(db, cursor)


def _list(services: Services, cursor: Cursor, source: MailSource, *, state: str) -> bool:
    """List the mailbox page by page, resuming where an earlier run stopped; whether it came to the end.

    The history id is taken before the listing begins, so that nothing can fall between listing and following.
    """
    boxes = (Box.INBOX,) if state == "new" else GAP
    begun, since, page = cursor.listing_history_id, cursor.since, cursor.page
    if begun is None or since is None or cursor.state != state:
        begun, page = source.profile().history_id, ""
        since = _listing_start(services, cursor, state)
        with services.database.transaction(cursor.tenant) as db:
            sync.advance(db, cursor, (), state=state, listing_history_id=begun, since=since)
    place = _Place.read(page, boxes)
    for _ in range(PAGES):
        listed = source.list_since(since, place.token, place.box)
        following = place.after(listed)
        # Gmail lists the newest first; a thread is handled in the order in which it was written.
        added = tuple(reversed(listed.added))
        with services.database.transaction(cursor.tenant) as db:
            if following is None:
                if sync.advance(db, cursor, added, state="live", history_id=begun):
                    sync.reconciled(db, cursor)
                return True
            page = following.written
            if not sync.advance(db, cursor, added, state=state, page=page, listing_history_id=begun, since=since):
                return True
        place = following
    return False


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
