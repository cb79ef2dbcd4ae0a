"""How often a customer was paid back lately, for the limit of a tenant's policy."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

# What was given up again was never paid back.
_PAID_BACK = text("""
    SELECT count(*) FROM ledger_entry l
        JOIN shop_order s ON s.tenant_id = l.tenant_id AND s.number = l.order_number
    WHERE l.tenant_id = :tenant AND l.kind = 'promised' AND l.at >= :since AND s.customer_email = :customer
        AND NOT EXISTS (SELECT FROM ledger_entry r
            WHERE r.tenant_id = l.tenant_id AND r.key = l.key AND r.kind = 'released')
""")


def paid_back_since(db: Connection, tenant: UUID, customer: str, since: datetime) -> int:
    """How many refunds were promised or paid since then for orders of this address."""
    values = {"tenant": tenant, "customer": customer.strip().lower(), "since": since}
    found: int = db.execute(_PAID_BACK, values).scalar_one()
    return found
