"""The record of events as a chain that shows tampering, and as pages.

A trigger links each event at the end of its transaction (`migrations/versions/0015_people.py`). Here the links are
computed once more, in Python and from the rows as they are: a row that was changed, removed, put in or moved shows.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

BATCH = 1000
_NOTHING = hashlib.sha256(b"").digest()


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain: how many events it holds, and the hash over all of them. `str` is what a person keeps."""

    position: int
    hash: bytes

    def __str__(self) -> str:
        return f"{self.position}:{self.hash.hex()}"

    @classmethod
    def read(cls, text: str) -> "Head":
        """What `str` wrote. Raises ValueError for anything else."""
        position, _, digest = text.strip().partition(":")
        found = cls(int(position), bytes.fromhex(digest))
        if found.position < 0 or len(found.hash) != len(_NOTHING):
            raise ValueError("A head reads POSITION:HASH, as the command prints it.")
        return found


@dataclass(frozen=True, slots=True)
class Entry:
    """One event as the page shows it. `actor` is "machine", "customer", "command" or a member's id."""

    id: int
    at: datetime
    actor: str
    kind: str
    subject: UUID | None
    detail: Mapping[str, Any]


_ENDS = text("""
    SELECT coalesce(h.position, 0) AS position, h.hash, coalesce((SELECT max(s.position) FROM event_seal s
        WHERE s.tenant_id = t.tenant_id), 0) AS links
    FROM tenant t LEFT JOIN event_head h ON h.tenant_id = t.tenant_id WHERE t.tenant_id = :tenant
""")
_LINKS = text("""
    SELECT s.position, s.event_id, s.previous, s.hash, e.id, e.at, e.actor, e.kind, e.subject,
        CAST(e.detail AS text) AS detail
    FROM event_seal s LEFT JOIN event e ON e.tenant_id = s.tenant_id AND e.id = s.event_id
    WHERE s.tenant_id = :tenant AND s.position > :after AND s.position <= :last ORDER BY s.position LIMIT :batch
""")
_UNLINKED = text("""
    SELECT e.id FROM event e WHERE e.tenant_id = :tenant AND NOT EXISTS (
        SELECT FROM event_seal s WHERE s.tenant_id = e.tenant_id AND s.event_id = e.id) ORDER BY e.id LIMIT 1
""")
_PAGE = text("""
    SELECT id, at, actor, kind, subject, detail FROM event
    WHERE tenant_id = :tenant AND (CAST(:before AS bigint) IS NULL OR id < :before)
        AND (CAST(:kinds AS text[]) IS NULL OR kind = ANY(CAST(:kinds AS text[])))
        AND (CAST(:actor AS text) IS NULL OR actor = :actor)
        AND (CAST(:since AS timestamptz) IS NULL OR at >= :since AND at < :until)
    ORDER BY id DESC LIMIT :limit
""")


def head(db: Connection, tenant: UUID) -> Head:
    """The end of the chain as it is kept beside it."""
    row = db.execute(_ENDS, {"tenant": tenant}).one()
    return Head(row.position, row.hash if row.hash is not None else _NOTHING)


def broken(db: Connection, tenant: UUID, kept: Head | None = None) -> str:
    """What is wrong first with the chain, as a sentence; empty where it holds.

    `kept` is an end that was written down elsewhere: without it, who owns the tables could cut off the newest events
    and their links and move the end back, and nothing here would show it.
    """
    ends = db.execute(_ENDS, {"tenant": tenant}).one()
    before = Head(0, _NOTHING)
    # What is linked from here on is looked at the next time.
    for row in _links(db, tenant, ends.links):
        wrong = _wrong(tenant, before, row)
        if wrong:
            return wrong
        before = Head(row.position, row.hash)
        if kept is not None and before.position == kept.position and before.hash != kept.hash:
            return f"Event {row.event_id} (link {row.position}) is not the one that the kept end names."
    if before.position != ends.position or (ends.position and before.hash != ends.hash):
        return f"The chain ends at link {before.position}; its end says {ends.position}: links at the end are missing."
    if kept is not None and kept.position > before.position:
        return f"The chain ends at link {before.position}; the kept end is {kept.position}: the newest were cut off."
    unlinked = db.execute(_UNLINKED, {"tenant": tenant}).scalar()
    return f"Event {unlinked} is in the record, and no link of the chain names it." if unlinked is not None else ""


def page(
    db: Connection,
    tenant: UUID,
    *,
    kinds: frozenset[str] | None = None,
    actor: str | None = None,
    day: datetime | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Entry]:
    """The page of events below the id `before`, newest first: of some kinds, by one actor, of one day from `day` on."""
    values: dict[str, object] = {"tenant": tenant, "before": before, "actor": actor, "limit": limit, "since": day}
    values |= {"kinds": sorted(kinds) if kinds is not None else None, "until": day + timedelta(days=1) if day else None}
    return [Entry(*row) for row in db.execute(_PAGE, values)]


def digest(previous: bytes, *fields: str) -> bytes:
    """The hash of a link: SHA-256 over the hash before it and each field with its length in bytes before it."""
    encoded = [field.encode() for field in ("1", *fields)]
    return hashlib.sha256(previous + b"".join(b"%d:%b," % (len(part), part) for part in encoded)).digest()


def _links(db: Connection, tenant: UUID, last: int) -> Iterator[Any]:
    values, after = {"tenant": tenant, "last": last, "batch": BATCH}, -1
    while rows := db.execute(_LINKS, {**values, "after": after}).all():
        yield from rows
        after = rows[-1].position


def _wrong(tenant: UUID, before: Head, row: Any) -> str:
    if row.position != before.position + 1:
        return f"Link {before.position + 1} is missing: after {before.position} comes {row.position}."
    named = f"event {row.event_id} (link {row.position})"
    if row.id is None:
        return f"The record lacks {named}: it was removed."
    if row.previous != before.hash:
        return f"The link of {named} does not continue the one before it: it was moved, or one was put in or taken out."
    at = row.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    subject = str(row.subject) if row.subject is not None else ""
    made = digest(
        before.hash, str(tenant), str(row.position), str(row.id), at, row.actor, row.kind, subject, row.detail
    )
    return "" if made == row.hash else f"What stands in {named} is not what was recorded: it was changed."
