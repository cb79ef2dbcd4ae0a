"""How much was paid back in a while, and how much is promised now, for each currency."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from domain.money import Money


@dataclass(frozen=True, slots=True)
class Since:
    """`paid` counts from a moment on; `promised` is what is set aside by now and has not ended yet."""

    paid: Money
    promised: Money


# A sum over the index by time for what was paid, and over what has no end yet for what is promised.
_SINCE = text("""
    SELECT currency, sum(paid) AS paid, sum(promised) AS promised FROM (
        SELECT currency, amount_minor AS paid, 0 AS promised FROM ledger_entry
            WHERE tenant_id = :tenant AND kind = 'paid' AND at >= :since
        UNION ALL
        SELECT p.currency, 0, p.amount_minor FROM ledger_entry p WHERE p.tenant_id = :tenant AND p.kind = 'promised'
            AND NOT EXISTS (SELECT FROM ledger_entry e WHERE e.tenant_id = p.tenant_id AND e.key = p.key
                AND e.kind IN ('paid', 'released'))
    ) entries GROUP BY currency ORDER BY currency
""")


def since(db: Connection, tenant: UUID, moment: datetime) -> list[Since]:
    rows = db.execute(_SINCE, {"tenant": tenant, "since": moment})
    return [Since(Money(int(row.paid), row.currency), Money(int(row.promised), row.currency)) for row in rows]
