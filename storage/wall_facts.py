"""What of suppliers a customer may not learn, and of customers a supplier, as the rows about both know it."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from domain.claims import Amount
from domain.money import Money
from domain.order import normal_number
from domain.supplier import Directory
from domain.wall import Customer, amounts_of, same_amount
from storage import mailboxes, orders

# A purchase order that is shorter may be any number, where nothing but the number ties it to a conversation.
_LONG_NUMBER = 6

# Every order that these conversations may be about: more than are proven, since it only ever forbids.
_ORDERS = text("""
    SELECT c.order_number AS number FROM support_case c
        WHERE c.tenant_id = :tenant AND c.conversation_id = ANY(:conversations)
    UNION SELECT t.order_number FROM ticket t
        WHERE t.tenant_id = :tenant AND t.conversation_id = ANY(:conversations)
    UNION SELECT t.order_number FROM decision d JOIN ticket t ON t.tenant_id = d.tenant_id AND t.id = d.ticket_id
        WHERE d.tenant_id = :tenant AND d.conversation_id = ANY(:conversations)
    UNION SELECT named.number FROM decision d,
            jsonb_array_elements_text(coalesce(d.understanding -> 'order_numbers', '[]')) AS named (number)
        WHERE d.tenant_id = :tenant AND d.conversation_id = ANY(:conversations) AND d.is_current
    UNION SELECT r.order_number FROM supplier_request r WHERE r.tenant_id = :tenant AND r.id = :request
""")

# The requests behind these conversations, one request, and, to know all of their customers, those to one supplier.
_REQUESTS = text("""
    SELECT r.id, r.purchase_order, r.conversation_id, r.order_number FROM supplier_request r
    WHERE r.tenant_id = :tenant AND (r.id = :request
        OR r.supplier_id = :supplier AND (r.conversation_id IS NOT NULL OR r.order_number <> '')
        OR r.conversation_id = ANY(:conversations)
        OR r.order_number <> '' AND r.order_number = ANY(:orders)
        OR r.id IN (SELECT l.request_id FROM message m
            JOIN supplier_link l ON l.tenant_id = m.tenant_id AND l.message_id = m.id
            WHERE m.tenant_id = :tenant AND m.conversation_id = ANY(:conversations)))
    ORDER BY r.created_at DESC LIMIT 1000
""")

_EVERY_NUMBER = text("""
    SELECT purchase_order FROM supplier_request WHERE tenant_id = :tenant AND length(purchase_order) >= :long
    ORDER BY created_at DESC LIMIT 5000
""")

# Which mails first, each by an index of its own: asked for in one condition, Postgres reads every mail of the tenant.
_MAIL = text("""
    WITH behind AS (
        SELECT m.id FROM message m WHERE m.tenant_id = :tenant AND m.conversation_id = ANY(:conversations)
        UNION SELECT x.message_id FROM supplier_link x WHERE x.tenant_id = :tenant AND x.request_id = ANY(:requests)
    )
    SELECT m.sender_address, left(coalesce(m.parsed ->> 'text', ''), 20000) AS body, l.is_linked,
        coalesce(d.understanding -> 'purchase_orders', '[]') AS purchases
    FROM behind b JOIN message m ON m.tenant_id = :tenant AND m.id = b.id
        CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM supplier_link l WHERE l.tenant_id = m.tenant_id
            AND l.message_id = m.id) AS is_linked) l
        LEFT JOIN decision d ON d.tenant_id = m.tenant_id AND d.message_id = m.id AND d.is_current
    WHERE m.direction = 'in' ORDER BY m.received_at DESC LIMIT 200
""")

_CITED = text("""
    SELECT cited ->> 'quote' FROM decision d, jsonb_array_elements(d.citations) AS cited
    WHERE d.tenant_id = :tenant AND d.id = :decision
""")

# Whose mail was found to be a supplier's is no customer, though no list has their address.
_PEOPLE = text("""
    WITH theirs AS (SELECT DISTINCT m.sender_address AS address
        FROM message m JOIN supplier_link l ON l.tenant_id = m.tenant_id AND l.message_id = m.id
        WHERE m.tenant_id = :tenant AND m.conversation_id = ANY(:conversations)),
    people AS (SELECT c.customer_name AS name, c.customer_address AS address FROM conversation c
            WHERE c.tenant_id = :tenant AND c.id = ANY(:conversations)
        UNION SELECT m.sender_name, m.sender_address FROM message m
            WHERE m.tenant_id = :tenant AND m.conversation_id = ANY(:conversations) AND m.direction = 'in')
    SELECT name, address FROM people WHERE address NOT IN (SELECT address FROM theirs)
    UNION SELECT o.customer_name, o.customer_email FROM shop_order o
        WHERE o.tenant_id = :tenant AND o.number = ANY(:orders)
    LIMIT 5000
""")


def customers(
    db: Connection,
    tenant: UUID,
    directory: Directory,
    *,
    conversations: Collection[UUID],
    supplier: UUID | None = None,
    request: UUID | None = None,
    order_number: str = "",
) -> Customer:
    """The customers behind these conversations, this request, and every other request to the supplier.

    Suppliers and our own mailboxes are none, in whatever conversation they write.
    """
    behind = set(conversations)
    named = _orders(db, tenant, behind, request) | ({normal_number(order_number)} if order_number else set())
    asked = _requests(db, tenant, behind, sorted(named), request=request, supplier=supplier)
    behind |= {row.conversation_id for row in asked if row.conversation_id}
    named |= {row.order_number for row in asked if row.order_number} | _orders(db, tenant, behind, request)
    values = {"tenant": tenant, "conversations": list(behind), "orders": sorted(named)}
    own = mailboxes.own_addresses(db, tenant)
    rows = [row for row in db.execute(_PEOPLE, values) if not directory.knows(row.address) and row.address not in own]
    return Customer(
        tuple(dict.fromkeys(row.name for row in rows if row.name)),
        tuple(dict.fromkeys(row.address for row in rows if row.address)),
    )


def secrets(
    db: Connection,
    tenant: UUID,
    directory: Directory,
    *,
    conversations: Collection[UUID],
    decision: UUID | None = None,
    known: str = "",
) -> tuple[tuple[str, ...], tuple[Amount, ...]]:
    """The purchase orders and the costs that the customers of these conversations may not learn.

    A cost is an amount in a supplier's mail about them that stands neither in the customer's own mail nor in their
    order, nor in what the decision quotes of a public document, nor in `known`. What is only in an attachment, or has
    no currency, is not seen.
    """
    named = sorted(_orders(db, tenant, conversations, None))
    asked = _requests(db, tenant, conversations, named)
    values = {"tenant": tenant, "conversations": list(conversations), "requests": [row.id for row in asked]}
    mail = db.execute(_MAIL, values).all()
    theirs = [row for row in mail if row.is_linked or directory.knows(row.sender_address)]
    numbers = [row.purchase_order for row in asked]
    numbers += [str(number) for row in theirs for number in row.purchases]
    numbers += db.execute(_EVERY_NUMBER, {"tenant": tenant, "long": _LONG_NUMBER}).scalars()
    costs = [amount for row in theirs for amount in amounts_of(row.body)]
    if costs:
        said = [known, *(row.body for row in mail if row not in theirs)]
        said += db.execute(_CITED, {"tenant": tenant, "decision": decision}).scalars()
        open_to_all = [amount for one in said for amount in amounts_of(one or "")]
        prices = _prices(db, tenant, named)
        costs = [
            one for one in costs
            if not any(same_amount(one, other) for other in open_to_all) and not any(map(one.fits, prices))
        ]  # fmt: skip
    return tuple(dict.fromkeys(one for one in numbers if one not in named)), tuple(costs)


def _orders(db: Connection, tenant: UUID, conversations: Collection[UUID], request: UUID | None) -> set[str]:
    values = {"tenant": tenant, "conversations": list(conversations), "request": request}
    return {normal_number(number) for number in db.execute(_ORDERS, values).scalars() if number}


def _requests(
    db: Connection,
    tenant: UUID,
    conversations: Collection[UUID],
    order_numbers: Sequence[str],
    *,
    request: UUID | None = None,
    supplier: UUID | None = None,
) -> Sequence[Any]:
    values = {"tenant": tenant, "conversations": list(conversations), "orders": list(order_numbers)}
    return db.execute(_REQUESTS, {**values, "request": request, "supplier": supplier}).all()


def _prices(db: Connection, tenant: UUID, numbers: Sequence[str]) -> list[Money]:
    """What the customer pays: the whole order, what came back of it, each article, one or all pieces of it."""
    found = [order for number in numbers if (order := orders.find(db, tenant, number)) is not None]
    return [
        money for order in found for money in (
            order.total, order.refunded, Money(order.total.minor - order.refunded.minor, order.total.currency),
            *(Money(item.price_minor * count, order.total.currency)
              for item in order.items for count in range(1, item.quantity + 1)),
        )
    ]  # fmt: skip
