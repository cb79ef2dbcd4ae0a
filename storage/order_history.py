"""What was done with an order before, for a later request about it."""

from uuid import UUID

from sqlalchemy import Connection, text

from domain.order import normal_number
from domain.order_action import Action

_ACTIONS = text("""
    SELECT action FROM order_act
    WHERE tenant_id = :tenant AND order_number = :number AND state NOT IN ('refused', 'cancelled')
    ORDER BY created_at, id
""")


def actions_on(db: Connection, tenant: UUID, order_number: str) -> list[Action]:
    """What was done with the order, is being done, or waits for its approval, in the order in which it was proposed."""
    found = db.execute(_ACTIONS, {"tenant": tenant, "number": normal_number(order_number)}).scalars()
    return [Action(action) for action in found]
