"""Everything that is kept about one customer, by their mail address: for a copy that they may have.

What was written to a supplier, or by one, on their behalf is no mail of theirs: the wall holds in the copy, too.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, TextClause, text

# Which conversations and mails are theirs: those with them, but what a supplier wrote there, and what they wrote
# elsewhere.
_CONVERSATIONS = "SELECT id FROM conversation WHERE tenant_id = :tenant AND customer_address = :address"
_MESSAGES = """
    SELECT id FROM message WHERE tenant_id = :tenant
        AND (sender_address = :address OR conversation_id IN ({conversations}) AND NOT EXISTS (
            SELECT FROM supplier_link l WHERE l.tenant_id = message.tenant_id AND l.message_id = message.id))
"""

# What of each table is a customer's: the name in the copy, and the rows as JSON, the oldest first.
_PARTS = {
    "conversations": """
        SELECT to_jsonb(c) FROM conversation c WHERE c.tenant_id = :tenant AND c.customer_address = :address
        ORDER BY c.created_at, c.id""",
    "messages": """
        SELECT to_jsonb(m) FROM message m WHERE m.tenant_id = :tenant AND m.id IN ({messages}) ORDER BY m.seq""",
    "decisions": """
        SELECT to_jsonb(d) FROM decision d WHERE d.tenant_id = :tenant AND d.message_id IN ({messages})
        ORDER BY d.created_at, d.id""",
    "notes": """
        SELECT to_jsonb(n) FROM note n WHERE n.tenant_id = :tenant AND n.conversation_id IN ({conversations})
        ORDER BY n.written_at, n.id""",
    "replies": """
        SELECT to_jsonb(o) FROM outbox o WHERE o.tenant_id = :tenant AND o.request_id IS NULL
            AND (o.recipient = :address OR o.message_id IN ({messages})) ORDER BY o.created_at, o.id""",
    "kept_replies": """
        SELECT to_jsonb(k) FROM kept_reply k JOIN decision d ON d.tenant_id = k.tenant_id AND d.id = k.decision_id
        WHERE k.tenant_id = :tenant AND d.message_id IN ({messages}) ORDER BY k.saved_at, k.decision_id""",
    "cases": """
        SELECT to_jsonb(c) FROM support_case c WHERE c.tenant_id = :tenant AND c.conversation_id IN ({conversations})
        ORDER BY c.opened_at, c.id""",
    "orders": """
        SELECT to_jsonb(o) FROM shop_order o WHERE o.tenant_id = :tenant AND o.customer_email = :address
        ORDER BY o.placed_at, o.number""",
    "order_actions": """
        SELECT to_jsonb(a) FROM order_act a JOIN shop_order o ON o.tenant_id = a.tenant_id AND o.number = a.order_number
        WHERE a.tenant_id = :tenant AND o.customer_email = :address ORDER BY a.created_at, a.id""",
    "payments": """
        SELECT to_jsonb(l) FROM ledger_entry l JOIN shop_order o
            ON o.tenant_id = l.tenant_id AND o.number = l.order_number
        WHERE l.tenant_id = :tenant AND o.customer_email = :address ORDER BY l.id""",
    "links": """
        SELECT to_jsonb(l) FROM identity_link l WHERE l.tenant_id = :tenant AND l.address = :address
        ORDER BY l.created_at, l.id""",
    "attempts": """
        SELECT to_jsonb(a) FROM order_attempt a WHERE a.tenant_id = :tenant
            AND (a.sender_address = :address OR a.message_id IN ({messages})) ORDER BY a.id""",
    "examples": """
        SELECT to_jsonb(c) FROM correction c WHERE c.tenant_id = :tenant AND c.message_id IN ({messages})
        ORDER BY c.created_at, c.id""",
    "ticket_words": """
        SELECT to_jsonb(w) FROM ticket_words w WHERE w.tenant_id = :tenant AND w.side <> 'supplier'
            AND (w.recipient = :address OR w.message_id IN ({messages}) OR w.conversation_id IN ({conversations}))
        ORDER BY w.seq""",
}
_RAW_MAILS = """
    SELECT r.message_id, r.raw FROM raw_mail r WHERE r.tenant_id = :tenant AND r.message_id IN ({messages})
    ORDER BY r.message_id
"""


def _whole(statement: str) -> TextClause:
    """The statement with the two texts above in their places; values are parameters as everywhere."""
    return text(statement.replace("{messages}", _MESSAGES).replace("{conversations}", _CONVERSATIONS))


_STATEMENTS = {name: _whole(statement) for name, statement in _PARTS.items()}
_RAW = _whole(_RAW_MAILS)


def rows(db: Connection, tenant: UUID, address: str) -> dict[str, list[dict[str, Any]]]:
    """By the name of each part, its rows as they stand, with every column; empty lists where there is nothing."""
    values = {"tenant": tenant, "address": address.lower()}
    return {name: list(db.execute(one, values).scalars()) for name, one in _STATEMENTS.items()}


def mails(db: Connection, tenant: UUID, address: str) -> list[tuple[UUID, bytes]]:
    """The id and the bytes of each mail that is kept as it came."""
    found = db.execute(_RAW, {"tenant": tenant, "address": address.lower()})
    return [(row.message_id, bytes(row.raw)) for row in found]
