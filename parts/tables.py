"""Ports that are answered from one tenant's tables; each question is a short transaction of its own."""

from datetime import UTC, datetime
from uuid import UUID

from domain.incident import Incident
from domain.opinion import Call
from domain.order import Order
from domain.order_action import Action
from storage import incidents, llm_calls, order_history, orders
from storage.database import Database


class TenantOrders:
    """The port `Orders` over one tenant's table."""

    def __init__(self, database: Database, tenant: UUID) -> None:
        self._database = database
        self._tenant = tenant

    def find(self, number: str) -> Order | None:
        with self._database.transaction(self._tenant) as db:
            return orders.find(db, self._tenant, number)


class NoOrders:
    """The port `Orders` where there is no shop to ask, as in `flask explain` without a tenant."""

    def find(self, number: str) -> Order | None:
        del number
        return None


class TenantRefunds:
    """The port `Refunds` over one tenant's ledger."""

    def __init__(self, database: Database, tenant: UUID) -> None:
        self._database = database
        self._tenant = tenant

    def paid_back_since(self, customer: str, since: datetime) -> int:
        with self._database.transaction(self._tenant) as db:
            return orders.paid_back_since(db, self._tenant, customer, since)

    def actions_on(self, order_number: str) -> list[Action]:
        with self._database.transaction(self._tenant) as db:
            return order_history.actions_on(db, self._tenant, order_number)


class NoRefunds:
    """The port `Refunds` where there is no ledger to ask."""

    def paid_back_since(self, customer: str, since: datetime) -> int:
        del customer, since
        return 0

    def actions_on(self, order_number: str) -> list[Action]:
        del order_number
        return []


class TenantIncidents:
    """The port `Incidents` over what the tenant's status page said last."""

    def __init__(self, database: Database, tenant: UUID) -> None:
        self._database = database
        self._tenant = tenant

    def open(self) -> list[Incident]:
        with self._database.transaction(self._tenant) as db:
            return incidents.open_now(db, self._tenant)


class TenantSpending:
    """The port `Spending` over one tenant's table. Days are UTC.

    Calls that run side by side see the budget as it was when each began: it can be overdrawn by what these few use.
    """

    def __init__(self, database: Database, tenant: UUID, tokens_per_day: int) -> None:
        self._database = database
        self._tenant = tenant
        self._tokens_per_day = tokens_per_day

    def has_room(self) -> bool:
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        with self._database.transaction(self._tenant) as db:
            return llm_calls.tokens_since(db, self._tenant, today) < self._tokens_per_day

    def record(self, call: Call) -> None:
        with self._database.transaction(self._tenant) as db:
            llm_calls.record(db, self._tenant, call)
