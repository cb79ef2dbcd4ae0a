"""Requests to suppliers in a workspace, as they stand after a while: open, answered, reminded of, alerted about."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

from sqlalchemy import text

from domain.supplier import Purpose, Supplier
from domain.supplier_request import Channel, RungKind
from storage import supplier_past, suppliers
from storage.database import Database
from storage.supplier_past import PastRequest, PastStep

_purchases = count(400_000_001)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Asker:
    """Fills one workspace; `now` is from when hours are counted back."""

    database: Database
    tenant: UUID
    now: datetime

    def supplier(self, name: str = "Acme") -> UUID:
        contact = {Purpose.GENERAL: f"desk@{name.lower().replace(' ', '-')}.example"}
        with self.database.transaction(self.tenant) as db:
            return suppliers.save(db, self.tenant, Supplier(name, contacts=contact), actor="test")

    def ask(self, supplier: UUID, hours_ago: float, *, took: float | None = None, purchase: str = "", **more) -> UUID:
        """One request; `took` are the hours until its answer. Returns its id."""
        at = self.now - hours_ago * HOUR
        answered = None if took is None else at + took * HOUR
        purchase = purchase or f"D{next(_purchases)}"
        past = PastRequest(supplier, purchase, "desk@acme.example", at, answered_at=answered, **more)
        with self.database.transaction(self.tenant) as db:
            return supplier_past.bring(db, self.tenant, past)

    def silent(self, supplier: UUID, *, alerted_hours_ago: float = 1, **more) -> tuple[UUID, UUID]:
        """One that was asked four days ago, reminded of twice, then alerted about; returns its id and the alert's."""
        reminded = tuple(PastStep(RungKind.REMIND, self.now - ago * HOUR, Channel.TICKET) for ago in (72, 48))
        alert = PastStep(RungKind.ALERT, self.now - alerted_hours_ago * HOUR)
        request = self.ask(supplier, 96, steps=(*reminded, alert), **more)
        [step] = self.rows(
            "SELECT id FROM supplier_step WHERE request_id = :request AND kind = 'alert'", request=request
        )
        return request, step.id

    def rows(self, question: str, **values) -> list:
        with self.database.transaction(self.tenant) as db:
            return list(db.execute(text(question), {"tenant": self.tenant, **values}))


def asker(database: Database, tenant: UUID, now: datetime | None = None) -> Asker:
    return Asker(database, tenant, now or datetime.now(UTC))
