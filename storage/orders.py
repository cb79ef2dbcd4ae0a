"""The shop's orders, as far as support needs them, and how often their customers were paid back."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, text

from domain.message import Address
from domain.money import Money
from domain.order import Order, OrderItem, normal_number
from storage.codec import dumps

# By which a customer's refunds are counted.
MONTH = timedelta(days=30)

# A promise of this very moment is waited for: the sum of what is promised is read after it.
_LOCK = text("""
    SELECT FROM shop_order WHERE tenant_id = :tenant AND number = ANY(:numbers) ORDER BY number FOR NO KEY UPDATE
""")

# What the shop says was refunded does not hold what we promised and it has not done yet: both are taken from what is
# left. A row is left as it was whose total would be below what was refunded or promised, or which would change the
# currency of such money.
_SAVE = text("""
    INSERT INTO shop_order AS o (tenant_id, number, customer_email, customer_name, status, currency, total_minor,
        refunded_minor, shop_refunded_minor, placed_at, delivered_at, tracking_url, items, status_at, as_of)
    SELECT :tenant, r.number, r.customer_email, r.customer_name, r.status, r.currency, r.total, r.refunded, r.refunded,
        r.placed_at, r.delivered_at, r.tracking_url, r.items, r.status_at, now()
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (number text, customer_email text, customer_name text,
        status text, currency text, total bigint, refunded bigint, placed_at timestamptz, delivered_at timestamptz,
        tracking_url text, items jsonb, status_at timestamptz)
    ORDER BY r.number
    ON CONFLICT (tenant_id, number) DO UPDATE SET customer_email = excluded.customer_email,
        customer_name = excluded.customer_name, status = excluded.status, currency = excluded.currency,
        total_minor = excluded.total_minor,
        refunded_minor = greatest(o.refunded_minor, least(excluded.total_minor, excluded.refunded_minor + (
            SELECT coalesce(sum(p.amount_minor), 0) FROM ledger_entry p WHERE p.tenant_id = o.tenant_id
                AND p.order_number = o.number AND p.kind = 'promised' AND NOT EXISTS (SELECT FROM ledger_entry e
                    WHERE e.tenant_id = p.tenant_id AND e.key = p.key AND e.kind IN ('paid', 'released'))))),
        shop_refunded_minor = excluded.shop_refunded_minor, placed_at = excluded.placed_at,
        delivered_at = excluded.delivered_at, tracking_url = excluded.tracking_url,
        items = excluded.items, as_of = excluded.as_of, status_at = coalesce(excluded.status_at,
            CASE WHEN o.status = excluded.status THEN o.status_at END)
    WHERE excluded.total_minor >= o.refunded_minor AND (excluded.currency = o.currency OR o.refunded_minor = 0)
    RETURNING number
""")

# A promise counts unless it was given back. Whoever writes with a +tag is the same customer.
_PAID_BACK = text(r"""
    SELECT count(DISTINCT l.key) FROM ledger_entry l
        JOIN shop_order o ON o.tenant_id = l.tenant_id AND o.number = l.order_number
    WHERE l.tenant_id = :tenant AND l.kind = 'promised' AND l.at >= :since AND l.at < :until
        AND regexp_replace(o.customer_email, '\+.*@', '@') = :mailbox
        AND NOT EXISTS (SELECT FROM ledger_entry r
            WHERE r.tenant_id = l.tenant_id AND r.key = l.key AND r.kind = 'released')
""")


def save(db: Connection, tenant: UUID, orders: Sequence[Order]) -> list[Order]:
    """Add orders, or bring those that are known up to date, as of now; returns those that were not taken.

    Of them more than their total was refunded or promised already, or other money. What was refunded or promised is
    never lowered. Of several orders with one number the last counts.
    """
    refused: list[Order] = []
    waiting = list(orders)
    while waiting:
        # One statement takes each number once.
        once: dict[str, Order] = {}
        for order in waiting:
            once.setdefault(normal_number(order.number), order)
        db.execute(_LOCK, {"tenant": tenant, "numbers": list(once)})
        rows = dumps([_row(number, order) for number, order in once.items()])
        taken = set(db.execute(_SAVE, {"tenant": tenant, "rows": rows}).scalars())
        refused += [order for number, order in once.items() if number not in taken]
        waiting = [order for order in waiting if once[normal_number(order.number)] is not order]
    return refused


def find(db: Connection, tenant: UUID, number: str) -> Order | None:
    row = db.execute(
        text("SELECT * FROM shop_order WHERE tenant_id = :tenant AND number = :number"),
        {"tenant": tenant, "number": normal_number(number)},
    ).one_or_none()
    if row is None:
        return None
    return Order(
        number=row.number,
        customer_email=row.customer_email,
        status=row.status,
        total=Money(row.total_minor, row.currency),
        refunded=Money(row.refunded_minor, row.currency),
        placed_at=row.placed_at,
        delivered_at=row.delivered_at,
        items=tuple(OrderItem(**item) for item in row.items),
        customer_name=row.customer_name,
        tracking_url=row.tracking_url,
        as_of=row.as_of,
        status_at=row.status_at,
    )


def paid_back_since(db: Connection, tenant: UUID, customer_email: str, since: datetime) -> int:
    """How many refunds were promised or paid for this customer's orders since then; see `domain.ports.Refunds`."""
    return paid_back_between(db, tenant, customer_email, since, None)


def paid_back_between(
    db: Connection, tenant: UUID, customer_email: str, since: datetime, until: datetime | None
) -> int:
    """The same, before `until`: what was given back since then counts as never promised."""
    mailbox = Address(customer_email.strip().lower()).mailbox
    values = {"tenant": tenant, "since": since, "until": until or "infinity", "mailbox": mailbox}
    found: int = db.execute(_PAID_BACK, values).scalar_one()
    return found


def _row(number: str, order: Order) -> dict[str, object]:
    return {
        "number": number,
        "customer_email": order.customer_email.lower(),
        "customer_name": order.customer_name,
        "status": order.status,
        "currency": order.total.currency,
        "total": order.total.minor,
        "refunded": order.refunded.minor,
        "placed_at": order.placed_at,
        "delivered_at": order.delivered_at,
        "tracking_url": order.tracking_url,
        "items": [asdict(item) for item in order.items],
        "status_at": order.status_at,
    }
