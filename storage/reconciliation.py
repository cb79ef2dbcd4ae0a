"""What the daily comparisons with Gmail found, by mailbox: one row a day, kept with what they took in."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import Connection, text

from domain.completeness import Compared

# Where a day has two comparisons, what either found missing was missing.
_KEEP = text("""
    INSERT INTO reconciliation (tenant_id, mailbox_id, day, at_gmail, here, missing)
    VALUES (:tenant, :mailbox, :day, :at_gmail, :here, :missing)
    ON CONFLICT (tenant_id, mailbox_id, day) DO UPDATE SET at_gmail = excluded.at_gmail, here = excluded.here,
        missing = reconciliation.missing + excluded.missing, looked_at = now()
""")

_NEWEST = text("""
    SELECT DISTINCT ON (mailbox_id) mailbox_id, day, at_gmail, here, missing, looked_at FROM reconciliation
    WHERE tenant_id = :tenant ORDER BY mailbox_id, day DESC
""")

_OF_DAYS = text("""
    SELECT day, at_gmail, here, missing, looked_at FROM reconciliation
    WHERE tenant_id = :tenant AND mailbox_id = :mailbox AND day = ANY(:days)
""")


def keep(db: Connection, tenant: UUID, mailbox: UUID, *, day: date, at_gmail: int, missing: int) -> None:
    """A comparison is over: of `at_gmail` mails there, `missing` were not here. `day` is the tenant's."""
    values = {"tenant": tenant, "mailbox": mailbox, "day": day, "at_gmail": at_gmail, "missing": missing}
    db.execute(_KEEP, {**values, "here": at_gmail - missing})


def newest(db: Connection, tenant: UUID) -> dict[UUID, Compared]:
    """The last comparison of each mailbox that had one."""
    return {row.mailbox_id: Compared(*row[1:]) for row in db.execute(_NEWEST, {"tenant": tenant})}


def of_days(db: Connection, tenant: UUID, mailbox: UUID, days: Sequence[date]) -> dict[date, Compared]:
    rows = db.execute(_OF_DAYS, {"tenant": tenant, "mailbox": mailbox, "days": list(days)})
    return {row.day: Compared(*row) for row in rows}
