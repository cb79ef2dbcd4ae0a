"""What must still be true in the instant in which an order action is taken up that nobody approves."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Connection, text

from domain.errors import NeedsPerson
from domain.message import Address
from domain.order_action import Action
from storage import order_history, orders, refund_policies, shop_webhooks

# Until the transaction ends. Mails of one customer that were judged at once did not know of each other.
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended(CAST(:customer AS text), 18))")


def look_again(db: Connection, tenant: UUID, order_number: str, action: Action) -> None:
    """Raises NeedsPerson where something else of this order was granted meanwhile, or refunds enough to its customer,
    or where nobody would do it: the ledger pays, by finance's hand; it stops, takes back and sends nothing.

    The handler looked at both before. From here on nobody else takes up an action of the same customer unapproved.
    """
    if action is not Action.REFUND and shop_webhooks.find(db, tenant) is None:
        raise NeedsPerson(f"No shop is connected that could do it: a person does the {action} there, then approves.")
    order = orders.find(db, tenant, order_number)
    if order is None:
        return
    customer = Address(order.customer_email).mailbox
    db.execute(_ONE_AT_A_TIME, {"customer": f"{tenant} {customer}"})
    granted = order_history.actions_on(db, tenant, order_number)
    if granted:
        raise NeedsPerson(f"A {granted[0]} of this order was granted, or waits, already. A person decides.")
    most = refund_policies.newest(db, tenant).per_customer_and_month
    count = orders.paid_back_since(db, tenant, customer, datetime.now(UTC) - orders.MONTH)
    if count >= most:
        raise NeedsPerson(f"The customer got {count} refunds in 30 days, and {most} need nobody's look.")
