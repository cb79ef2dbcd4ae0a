"""Order actions as the pages list them, a page at a time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from domain.delivery import ActState
from domain.money import Money
from domain.order import normal_number
from domain.order_action import Action, WantedItem
from storage.codec import wanted_items
from storage.conversations import begins_with, like


@dataclass(frozen=True, slots=True)
class Act:
    """One order action. `amount` is what it pays back; of a return, what is expected once the goods are here.

    `approved_by` are the names of who approved it, of `needed` people. `waits` says whether its decision still waits.
    """

    id: UUID
    decision: UUID | None
    case: UUID | None
    conversation: UUID | None
    action: Action
    order_number: str
    customer: str
    amount: Money | None
    items: tuple[WantedItem, ...]
    reason: str
    state: ActState
    needed: int
    approved_by: tuple[str, ...]
    waits: bool
    reference: str
    last_error: str
    created_at: datetime
    done_at: datetime | None


_ACT = """
    SELECT a.id, a.decision_id, a.case_id, coalesce(d.conversation_id, c.conversation_id) AS conversation_id, a.action,
        a.order_number, o.customer_email, a.amount_minor, a.currency, a.items, a.reason, a.state, a.approvals_needed,
        ARRAY(SELECT coalesce(nullif(m.name, ''), m.email) FROM act_approval p JOIN member m
            ON m.tenant_id = p.tenant_id AND m.id = p.member_id
            WHERE p.tenant_id = a.tenant_id AND p.act_id = a.id ORDER BY p.at, p.member_id) AS approved_by,
        coalesce(d.is_current AND d.disposition = 'hold' AND d.settled_at IS NULL, false) AS waits,
        a.provider_reference, a.last_error, a.created_at, a.done_at
    FROM order_act a JOIN shop_order o ON o.tenant_id = a.tenant_id AND o.number = a.order_number
        LEFT JOIN decision d ON d.tenant_id = a.tenant_id AND d.id = a.decision_id
        LEFT JOIN support_case c ON c.tenant_id = a.tenant_id AND c.id = a.case_id
    WHERE a.tenant_id = :tenant"""

# One statement for each list, so that each walks the index that was made for it.
_PAGE = """
    AND (:words = '' OR a.order_number IN (SELECT f.number FROM shop_order f WHERE f.tenant_id = :tenant
        AND (f.number LIKE :number OR f.customer_email ILIKE :pattern OR f.customer_name ILIKE :pattern)))
    AND (CAST(:after AS uuid) IS NULL OR (a.created_at, a.id) <
        (SELECT x.created_at, x.id FROM order_act x WHERE x.tenant_id = :tenant AND x.id = :after))
    ORDER BY a.created_at DESC, a.id DESC LIMIT :limit"""

_ACTS = text(_ACT + _PAGE)

_ACTS_IN_STATE = text(_ACT + " AND a.state = :state" + _PAGE)

_IN_CONVERSATION = """
    AND a.id IN (SELECT f.id FROM order_act f JOIN decision e ON e.tenant_id = f.tenant_id AND e.id = f.decision_id
            WHERE f.tenant_id = :tenant AND e.conversation_id = :conversation
        UNION SELECT f.id FROM order_act f JOIN support_case e ON e.tenant_id = f.tenant_id AND e.id = f.case_id
            WHERE f.tenant_id = :tenant AND e.conversation_id = :conversation)
    ORDER BY a.created_at DESC, a.id DESC"""

_OF_CONVERSATION = text(_ACT + _IN_CONVERSATION)

_OF_ORDER = text(_ACT + " AND a.order_number = :number ORDER BY a.created_at DESC, a.id DESC LIMIT 100")

_OF_CUSTOMER = text(_ACT + " AND o.customer_email = :address ORDER BY a.created_at DESC, a.id DESC LIMIT 100")

_HALF_APPROVED = """
    AND a.state = 'held' AND a.approvals_needed > 1
    AND EXISTS (SELECT FROM act_approval q WHERE q.tenant_id = a.tenant_id AND q.act_id = a.id)
    ORDER BY a.created_at, a.id LIMIT 100"""

_FOR_SECOND = text(_ACT + _HALF_APPROVED)


def acts(
    db: Connection,
    tenant: UUID,
    *,
    state: ActState | None = None,
    words: str = "",
    after: UUID | None = None,
    limit: int = 50,
) -> list[Act]:
    """The page of order actions after the row `after`, newest first; `words` looks for an order number's beginning,
    and into the customer's name and address.
    """
    values = {"tenant": tenant, "after": after, "limit": limit, "words": words.strip(), "pattern": like(words.strip())}
    values |= {"number": begins_with(normal_number(words))}
    rows = db.execute(_ACTS, values) if state is None else db.execute(_ACTS_IN_STATE, {**values, "state": state.value})
    return [_act(row) for row in rows]


def waiting_for_second(db: Connection, tenant: UUID) -> list[Act]:
    """What one person has approved and another one has still to, the oldest first; a hundred at most."""
    return [_act(row) for row in db.execute(_FOR_SECOND, {"tenant": tenant})]


def of_conversation(db: Connection, tenant: UUID, conversation: UUID) -> list[Act]:
    """Every order action of a conversation, newest first."""
    return [_act(row) for row in db.execute(_OF_CONVERSATION, {"tenant": tenant, "conversation": conversation})]


def of_order(db: Connection, tenant: UUID, number: str) -> list[Act]:
    """What was to be done with one order, newest first; a hundred at most."""
    return [_act(row) for row in db.execute(_OF_ORDER, {"tenant": tenant, "number": normal_number(number)})]


def of_customer(db: Connection, tenant: UUID, address: str) -> list[Act]:
    """What was to be done with the orders of this address, newest first; a hundred at most."""
    return [_act(row) for row in db.execute(_OF_CUSTOMER, {"tenant": tenant, "address": address.lower()})]


def _act(row: Any) -> Act:
    return Act(
        row.id, row.decision_id, row.case_id, row.conversation_id, Action(row.action), row.order_number,
        row.customer_email, Money(row.amount_minor, row.currency) if row.amount_minor is not None else None,
        wanted_items(row.items), row.reason, ActState(row.state), row.approvals_needed, tuple(row.approved_by),
        row.waits, row.provider_reference, row.last_error, row.created_at, row.done_at,
    )  # fmt: skip
