"""What finance and a reconciliation read of the acts: what was paid back, and what the shop was asked to do."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from domain.delivery import ActState
from domain.money import Money
from domain.order_action import Action

PAGE = 500


@dataclass(frozen=True, slots=True)
class Paid:
    """One payment of the ledger. `id` is its place there, `approved_by` the addresses of who approved it."""

    id: int
    at: datetime
    order_number: str
    customer_email: str
    action: Action
    amount: Money
    key: UUID
    reference: str
    approved_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """One act that may have been asked of the shop at `sent_to`, and what is booked of it here."""

    key: UUID
    state: ActState
    sent_to: str
    order_number: str
    amount: Money | None
    reference: str


_PAID = text("""
    SELECT l.id, l.at, l.order_number, o.customer_email, a.action, l.amount_minor, l.currency, l.key,
        l.provider_reference, ARRAY(SELECT m.email FROM act_approval p
            JOIN member m ON m.tenant_id = p.tenant_id AND m.id = p.member_id
            WHERE p.tenant_id = l.tenant_id AND p.act_id = l.key ORDER BY p.at, m.email) AS approved_by
    FROM ledger_entry l JOIN order_act a ON a.tenant_id = l.tenant_id AND a.id = l.key
        JOIN shop_order o ON o.tenant_id = l.tenant_id AND o.number = l.order_number
    WHERE l.tenant_id = :tenant AND l.kind = 'paid' AND l.at >= :since AND l.at < :until AND l.id > :after
    ORDER BY l.id LIMIT :limit
""")

_ASKED = text("""
    SELECT id, state, sent_to, order_number, amount_minor, currency, provider_reference FROM order_act
    WHERE tenant_id = :tenant AND sent_to <> '' AND coalesce(done_at, sending_at, created_at) >= :since AND id > :after
    ORDER BY id LIMIT :limit
""")

FIRST = UUID(int=0)


def paid(db: Connection, tenant: UUID, *, since: datetime, until: datetime, after: int = 0) -> list[Paid]:
    """A page of what was paid from `since` on and before `until`, in the ledger's order, behind its entry `after`."""
    values = {"tenant": tenant, "since": since, "until": until, "after": after, "limit": PAGE}
    return [
        Paid(
            row.id, row.at, row.order_number, row.customer_email, Action(row.action),
            Money(row.amount_minor, row.currency), row.key, row.provider_reference, tuple(row.approved_by),
        )
        for row in db.execute(_PAID, values)
    ]  # fmt: skip


def asked(db: Connection, tenant: UUID, *, since: datetime, after: UUID = FIRST) -> list[Asked]:
    """A page of the acts that the shop may have been asked for since then, by their keys, behind `after`."""
    values = {"tenant": tenant, "since": since, "after": after, "limit": PAGE}
    return [
        Asked(
            row.id, ActState(row.state), row.sent_to, row.order_number,
            Money(row.amount_minor, row.currency) if row.amount_minor is not None else None, row.provider_reference,
        )
        for row in db.execute(_ASKED, values)
    ]  # fmt: skip
