"""Order actions: what is done with an order, each at most once, and the replies that wait for it."""

from uuid import UUID

from sqlalchemy import Connection

from domain.decision import OrderAct
from domain.errors import NeedsPerson


def propose(db: Connection, tenant: UUID, decision: UUID, case: UUID | None, act: OrderAct, *, released: bool) -> UUID:
    """Write an action as a decision has it: held until it is approved, or promised in the ledger and due at once."""
    del db, tenant, decision, case, act, released
    raise NeedsPerson("Order actions are a person's.")
