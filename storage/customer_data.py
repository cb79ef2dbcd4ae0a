"""Everything that is kept about one customer, by their mail address: for a copy that they may have.

What was written to a supplier, or by one, on their behalf is no mail of theirs: the wall holds in the copy, too. And a
stranger who named somebody else's order learns from their copy no more than from our replies: not whether there is one.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, TextClause, text

from domain.order import normal_number

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
    # The mail with a link is of whom it goes to, though somebody else's mail led to it.
    "replies": """
        SELECT to_jsonb(o) FROM outbox o WHERE o.tenant_id = :tenant AND o.request_id IS NULL
            AND (o.recipient = :address OR o.kind <> 'identity' AND o.message_id IN ({messages}))
        ORDER BY o.created_at, o.id""",
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
    # That an order is somebody else's only members may learn.
    "attempts": """
        SELECT to_jsonb(a) - 'known' FROM order_attempt a WHERE a.tenant_id = :tenant
            AND (a.sender_address = :address OR a.message_id IN ({messages})) ORDER BY a.id""",
    "examples": """
        SELECT to_jsonb(c) FROM correction c WHERE c.tenant_id = :tenant AND c.message_id IN ({messages})
        ORDER BY c.created_at, c.id""",
    # A note on the ticket of an order is of whose order it is.
    "ticket_words": """
        SELECT CASE WHEN w.side = 'customer' OR EXISTS (SELECT FROM ticket t JOIN shop_order o
                ON o.tenant_id = t.tenant_id AND o.number = t.order_number
                WHERE t.tenant_id = w.tenant_id AND t.id = w.ticket_id AND o.customer_email = :address)
            THEN to_jsonb(w) ELSE to_jsonb(w) || jsonb_build_object('text', NULL) END
        FROM ticket_words w WHERE w.tenant_id = :tenant AND w.side <> 'supplier'
            AND (w.recipient = :address OR w.message_id IN ({messages}) OR w.conversation_id IN ({conversations}))
        ORDER BY w.seq""",
}
_RAW_MAILS = """
    SELECT r.message_id, r.raw FROM raw_mail r WHERE r.tenant_id = :tenant AND r.message_id IN ({messages})
    ORDER BY r.message_id
"""

# Every order that a decision may tell of: more than it does, since it only ever leaves out.
_NUMBERS = """
    SELECT d.id, ARRAY(
        SELECT jsonb_array_elements_text(coalesce(e.understanding -> 'order_numbers', '[]')) FROM decision e
            WHERE e.tenant_id = d.tenant_id AND (e.id = d.id OR e.conversation_id = d.conversation_id)
        UNION SELECT a.number FROM order_attempt a
            WHERE a.tenant_id = d.tenant_id AND (a.message_id = d.message_id OR a.conversation_id = d.conversation_id)
        UNION SELECT unnest(c.wrong_numbers || c.order_number) FROM support_case c
            WHERE c.tenant_id = d.tenant_id AND c.conversation_id = d.conversation_id
        UNION SELECT t.order_number FROM ticket t
            WHERE t.tenant_id = d.tenant_id AND (t.id = d.ticket_id OR t.conversation_id = d.conversation_id)
        UNION SELECT a.order_number FROM order_act a WHERE a.tenant_id = d.tenant_id AND a.decision_id = d.id
    ) AS numbers
    FROM decision d WHERE d.tenant_id = :tenant AND d.message_id IN ({messages})
"""

# What stays where not every such number is an order of theirs. A column that comes later is left out until it is here.
_OF_THE_MAIL = frozenset({
    "tenant_id", "id", "message_id", "conversation_id", "mailbox_id", "is_current", "disposition", "category",
    "confidence", "importance", "queue_rank", "language", "understanding", "words", "decided_by", "handled_as",
    "created_at", "settled_at", "settled_by", "settlement",
})  # fmt: skip
_OF_THE_WISH = frozenset({
    "tenant_id", "id", "conversation_id", "kind", "is_open", "asked", "wrong_numbers", "action", "reason", "evidence",
    "words", "language", "previous_id", "version", "opened_at", "moved_at",
})  # fmt: skip
# And what goes then: what we wrote down about a reply. Its words are theirs.
_ABOUT_A_REPLY = frozenset({
    "act_id", "claim_reason", "wall_reason", "edit_reason", "edit_note", "last_error", "undo",
})  # fmt: skip


def _whole(statement: str) -> TextClause:
    """The statement with the two texts above in their places; values are parameters as everywhere."""
    return text(statement.replace("{messages}", _MESSAGES).replace("{conversations}", _CONVERSATIONS))


_STATEMENTS = {name: _whole(statement) for name, statement in _PARTS.items()}
_RAW = _whole(_RAW_MAILS)
_NAMED = _whole(_NUMBERS)


def rows(db: Connection, tenant: UUID, address: str) -> dict[str, list[dict[str, Any]]]:
    """By the name of each part, its rows with every column; empty lists where there is nothing.

    What tells of an order that is not proven to be theirs is None: also where there is no such order, so that nobody
    can tell the two apart.
    """
    values = {"tenant": tenant, "address": address.lower()}
    found = {name: list(db.execute(one, values).scalars()) for name, one in _STATEMENTS.items()}
    own = {normal_number(order["number"]) for order in found["orders"]}
    named = db.execute(_NAMED, values).all()
    proven = {str(row.id) for row in named if {normal_number(one) for one in row.numbers} - {""} <= own}
    return {
        **found,
        "decisions": [_decision(row, proven) for row in found["decisions"]],
        "cases": [_case(row, own, address.lower()) for row in found["cases"]],
        "replies": [_reply(row, proven) for row in found["replies"]],
    }


def mails(db: Connection, tenant: UUID, address: str) -> list[tuple[UUID, bytes]]:
    """The id and the bytes of each mail that is kept as it came."""
    found = db.execute(_RAW, {"tenant": tenant, "address": address.lower()})
    return [(row.message_id, bytes(row.raw)) for row in found]


def _decision(row: dict[str, Any], proven: set[str]) -> dict[str, Any]:
    # Where nothing is left of what was read, nobody knows which orders the mail named.
    known = bool(row["understanding"]) and row["id"] in proven
    return row if known else _only(row, _OF_THE_MAIL)


def _case(row: dict[str, Any], own: set[str], address: str) -> dict[str, Any]:
    if row["identity"] and normal_number(row["order_number"]) in own:
        return row
    # Its state, too, says whether a link was mailed to somebody.
    return {**_only(row, _OF_THE_WISH), "writer": row["writer"] if row["writer"] == address else None}


def _reply(row: dict[str, Any], proven: set[str]) -> dict[str, Any]:
    return row if row["decision_id"] in proven else {**row, **dict.fromkeys(_ABOUT_A_REPLY)}


def _only(row: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
    return {name: value if name in names else None for name, value in row.items()}
