"""The people who write: a customer is an address within the tenant, listed by their newest conversation."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

from sqlalchemy import Connection, TextClause, text

from storage.case_rows import from_row
from storage.conversations import like
from storage.orders_list import CaseOf

# So many of a customer's conversations are counted, the newest: one of a hundred thousand may not hold up a list.
MOST_COUNTED = 100


@dataclass(frozen=True, slots=True)
class Row:
    """`conversation` is their newest, by whose id they are named: no address has to stand in an address bar.

    `conversations` counts up to MOST_COUNTED; in `waiting` of them something waits for a person.
    """

    conversation: UUID
    address: str
    name: str
    last_message_at: datetime
    conversations: int
    waiting: int


# Of each customer the newest conversation, and no other. OFFSET 0 keeps each question one for each row, asked along an
# index in the order of the list: Postgres would else compare all of a tenant's conversations with one another. A
# customer is who wrote something that a machine did not write, and that was not handled as a supplier's: who is one is
# known where mail is decided about (domain/supplier.py), and asked nowhere else.
_PAGE = """
    WITH page AS MATERIALIZED (
        SELECT c.id, c.customer_address, c.customer_name, c.last_message_at FROM conversation c
        WHERE c.tenant_id = :tenant AND c.customer_address <> '' AND c.last_message_at IS NOT NULL"""

_CONDITIONS = {
    "one": " AND c.customer_address = :address",
    "words": " AND (c.customer_address ILIKE :pattern OR c.customer_name ILIKE :pattern)",
    "after": " AND (c.last_message_at, c.id) < (CAST(:at AS timestamptz), :after)",
}

_PAGE_ENDS = """
            AND NOT EXISTS (SELECT FROM conversation n WHERE n.tenant_id = c.tenant_id
                AND n.customer_address = c.customer_address
                AND (n.last_message_at, n.id) > (c.last_message_at, c.id) OFFSET 0)
            AND EXISTS (SELECT FROM conversation k
                JOIN decision d ON d.tenant_id = k.tenant_id AND d.conversation_id = k.id AND d.is_current
                WHERE k.tenant_id = c.tenant_id AND k.customer_address = c.customer_address
                    AND d.disposition <> 'ignore' AND d.handled_as <> 'supplier' OFFSET 0)
        ORDER BY c.last_message_at DESC, c.id DESC LIMIT :limit)
    SELECT page.id, page.customer_address, page.customer_name, page.last_message_at, had.n, had.waiting
    FROM page, LATERAL (
        SELECT count(*) AS n, count(*) FILTER (WHERE EXISTS (SELECT FROM decision d
            WHERE d.tenant_id = :tenant AND d.conversation_id = k.id AND d.is_current AND d.disposition = 'hold'
                AND d.settled_at IS NULL)) AS waiting
        FROM (SELECT k.id FROM conversation k WHERE k.tenant_id = :tenant AND k.customer_address = page.customer_address
            ORDER BY k.last_message_at DESC LIMIT :counted) k) had
    ORDER BY page.last_message_at DESC, page.id DESC
"""

_PLACE = text("SELECT last_message_at FROM conversation WHERE tenant_id = :tenant AND id = :after")

_ADDRESS = text("SELECT customer_address FROM conversation WHERE tenant_id = :tenant AND id = :conversation")

_CASES = text("""
    SELECT s.* FROM conversation c JOIN support_case s ON s.tenant_id = c.tenant_id AND s.conversation_id = c.id
    WHERE c.tenant_id = :tenant AND c.customer_address = :address ORDER BY s.moved_at DESC, s.id LIMIT 100
""")


def page(db: Connection, tenant: UUID, *, words: str = "", after: UUID | None = None, limit: int = 50) -> list[Row]:
    """The page of customers after the one whose newest conversation is `after`, who wrote last first.

    `words` are looked for in their address, and in the name that their newest conversation has.
    """
    names: tuple[str, ...] = ("words",) if words else ()
    values: dict[str, object] = {"pattern": like(words)} if words else {}
    if after is not None:
        at = db.execute(_PLACE, {"tenant": tenant, "after": after}).scalar()
        if at is None:
            return []
        names, values = (*names, "after"), {**values, "at": at, "after": after}
    return _rows(db, tenant, names, {**values, "limit": limit})


def one(db: Connection, tenant: UUID, conversation: UUID) -> Row | None:
    """The customer of this conversation; None where there is none, or where a supplier or a machine writes there."""
    address = db.execute(_ADDRESS, {"tenant": tenant, "conversation": conversation}).scalar()
    return next(iter(_rows(db, tenant, ("one",), {"address": address, "limit": 1})), None) if address else None


def cases(db: Connection, tenant: UUID, address: str) -> list[CaseOf]:
    """What was asked for in their conversations, what moved last first; a hundred at most."""
    rows = db.execute(_CASES, {"tenant": tenant, "address": address.lower()})
    return [CaseOf(row.conversation_id, from_row(row)) for row in rows]


def _rows(db: Connection, tenant: UUID, names: tuple[str, ...], values: dict[str, object]) -> list[Row]:
    found = db.execute(statement(names), {"tenant": tenant, "counted": MOST_COUNTED, **values})
    return [Row(*row) for row in found]


@cache
def statement(names: tuple[str, ...]) -> TextClause:
    """The question for a page under these conditions: our own pieces of SQL, put together."""
    return text(_PAGE + "".join(_CONDITIONS[name] for name in names) + _PAGE_ENDS)
