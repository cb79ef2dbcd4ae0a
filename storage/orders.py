"""The shop's orders, as far as support needs them."""

from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID

from sqlalchemy import Connection, text

from domain.money import Money
from domain.order import Order, OrderItem, normal_number
from storage.codec import dumps


def save(db: Connection, tenant: UUID, orders: Sequence[Order]) -> None:
    """Add orders, or bring those that are known up to date, as of now. What was refunded by us is never lowered."""
    if not orders:
        return
    db.execute(
        text(
            "INSERT INTO shop_order (tenant_id, number, customer_email, customer_name, status, currency, total_minor,"
            " refunded_minor, placed_at, delivered_at, tracking_url, items, status_at, as_of)"
            " VALUES (:tenant, :number, :customer_email, :customer_name, :status, :currency, :total, :refunded,"
            " :placed_at, :delivered_at, :tracking_url, CAST(:items AS jsonb), :status_at, now())"
            " ON CONFLICT (tenant_id, number) DO UPDATE SET customer_email = excluded.customer_email,"
            " customer_name = excluded.customer_name, status = excluded.status, currency = excluded.currency,"
            " total_minor = excluded.total_minor,"
            " refunded_minor = greatest(shop_order.refunded_minor, excluded.refunded_minor),"
            " placed_at = excluded.placed_at, delivered_at = excluded.delivered_at,"
            " tracking_url = excluded.tracking_url, items = excluded.items, as_of = excluded.as_of,"
            " status_at = coalesce(excluded.status_at,"
            " CASE WHEN shop_order.status = excluded.status THEN shop_order.status_at END)"
        ),
        [
            {
                "tenant": tenant,
                "number": normal_number(order.number),
                "customer_email": order.customer_email.lower(),
                "customer_name": order.customer_name,
                "status": order.status,
                "currency": order.total.currency,
                "total": order.total.minor,
                "refunded": order.refunded.minor,
                "placed_at": order.placed_at,
                "delivered_at": order.delivered_at,
                "tracking_url": order.tracking_url,
                "items": dumps([asdict(item) for item in order.items]),
                "status_at": order.status_at,
            }
            for order in orders
        ],
    )


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
