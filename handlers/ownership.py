"""Who may hear of an order, and what a person is told about both."""

from domain.decision import Check
from domain.message import Message
from domain.order import Order


def is_customer(message: Message, order: Order) -> bool:
    """Whether the mail names the order's customer as its sender; anybody can write that, see `may_hear_of`."""
    customer = order.customer_email.strip().lower()
    return message.sender is not None and customer != "" and message.sender.address.lower() == customer


def may_hear_of(message: Message, order: Order) -> bool:
    """Only the customer on the order, and only when Gmail verified the sender."""
    return message.sender_verified and is_customer(message, order)


def order_checks(message: Message, number: str, order: Order | None) -> tuple[Check, ...]:
    """What was looked at for one order number, for the person who decides; never for the writer."""
    if order is None:
        return (Check(f"There is no order {number}.", passed=False),)
    customer = is_customer(message, order)
    return (
        Check(f"Found order {described(order)}.", passed=True),
        Check(f"The sender is {'' if customer else 'not '}the customer on order {order.number}.", passed=customer),
        Check(
            f"Gmail {'verified' if message.sender_verified else 'did not verify'} the sender.", message.sender_verified
        ),
    )


def described(order: Order) -> str:
    """One line: number, status with its date, amount paid and already refunded."""
    on = f" on {order.delivered_at:%Y-%m-%d}" if order.delivered_at and order.status == "delivered" else ""
    refunded = f", of which {order.refunded} were refunded before" if order.refunded.minor else ""
    return f"{order.number}, {order.status}{on}, {order.total}{refunded}"
