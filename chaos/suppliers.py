"""A supplier that is asked and never answers: questions, reminders and alerts leave while blows fall."""

from datetime import timedelta
from itertools import count
from uuid import UUID

import psycopg

from bootstrap import Services
from chaos import ahead
from chaos.place import DATABASE, Place
from domain.errors import TryAgain
from domain.supplier import Purpose, Supplier
from domain.supplier_request import BusinessDays, Channel, Rung, RungKind, SupplierRules, ToAsk
from storage import shop_webhooks, supplier_requests, supplier_rules, suppliers
from storage.supplier_requests import Anchor

DESK = "desk@acme-lamps.example"
# As short as a ladder may be: a run passes hours of Postgres's clock, not days.
LADDER = tuple(
    Rung(kind, timedelta(hours=hours))
    for hours, kind in ((1, RungKind.REMIND), (2, RungKind.REMIND), (3, RungKind.ALERT))
)
RULES = SupplierRules(
    ladder=LADDER, days=BusinessDays("UTC", frozenset(range(1, 8))), operations_address="operations@head-office.example"
)

_MAIL = """
    SELECT m.mailbox_id, m.id, m.conversation_id, t.id
    FROM message m LEFT JOIN ticket t ON t.tenant_id = m.tenant_id AND t.message_id = m.id AND t.state = 'known'
    WHERE m.tenant_id = %s AND m.state = 'decided' AND m.direction = 'in' AND m.rfc_message_id LIKE '<chaos-%%'
    ORDER BY (t.id IS NOT NULL) = %s DESC, m.seq DESC LIMIT 1
"""


class Asking:
    """Questions for one tenant, by turns by mail and on a ticket. Raises TryAgain while Postgres is away."""

    def __init__(self, services: Services, place: Place) -> None:
        self._services, self._place = services, place
        self._numbers = count(1)

    def open(self, tenant: UUID) -> None:
        with self._services.database.transaction(tenant) as db:
            suppliers.save(db, tenant, Supplier("Acme Lamps", ("acme-lamps.example",)), actor="command")
            supplier_rules.put(db, tenant, RULES, actor="command")

    def ask(self, tenant: UUID) -> None:
        """About the newest mail that was decided; nothing before there is one."""
        number = next(self._numbers)
        found = self._newest(tenant, on_ticket=number % 2 == 0)
        if found is None:
            return
        mailbox, message, conversation, ticket = found
        with self._services.database.transaction(tenant) as db:
            member = shop_webhooks.who_sets(db, tenant)
            supplier = suppliers.directory(db, tenant).suppliers[0]
            assert member is not None
            assert supplier.id is not None
            wish = ToAsk(
                supplier.id, f"D{400_000_000 + number}", Purpose.TRACKING, DESK, "A question", "Where is this order?"
            )
            channel = Channel.TICKET if ticket else Channel.GMAIL
            anchor = Anchor(mailbox, message, conversation, ticket)
            supplier_requests.ask(db, tenant, wish, anchor, channel=channel, member=member)

    def _newest(self, tenant: UUID, *, on_ticket: bool) -> tuple[UUID, UUID, UUID, UUID | None] | None:
        try:
            with ahead.connect(self._place.postgres, DATABASE) as db:
                row = db.execute(_MAIL, [tenant, on_ticket]).fetchone()
        except psycopg.OperationalError as away:
            raise TryAgain("Postgres is being started again.") from away
        if row is None:
            return None
        mailbox, message, conversation, ticket = row
        assert isinstance(mailbox, UUID)
        assert isinstance(message, UUID)
        assert isinstance(conversation, UUID)
        assert ticket is None or isinstance(ticket, UUID)
        return mailbox, message, conversation, ticket if on_ticket else None
