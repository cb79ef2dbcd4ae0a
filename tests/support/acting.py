"""Order actions in tests: a workspace with orders, its shop in the sandbox, and rows as an approval leaves them."""

import json
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

from adapters.pinned_http import PinnedHttp
from adapters.shop_webhook import FIELD, new_secret
from domain.money import Money
from domain.order import Order
from sandbox.order_shop import OrderShop, serve
from storage import orders, shop_webhooks
from storage.decisions import new_reference
from storage.due import Kind
from tests.support.pipeline import Shop
from tests.support.waiting import PATIENT

# As long as a busy machine may want; and, where a shop is to be slow, less than it takes then.
PATIENT_SHOP = PinnedHttp(
    private_allowed=True, limits=replace(PATIENT, document_bytes=64 * 1024), what="The shop", names=FIELD
)
HURRIED_SHOP = replace(PATIENT_SHOP, limits=replace(PATIENT_SHOP.limits, read_s=0.7))
LONG_AGO = datetime(2026, 1, 2, tzinfo=UTC)


@contextmanager
def running_shop():
    shop = OrderShop(new_secret())
    with serve(shop):
        yield shop


@dataclass
class Approved:
    """What an approval leaves behind: the act and its case, decision and waiting reply."""

    act: UUID
    case: UUID
    decision: UUID
    reply: UUID


@dataclass
class Acting:
    shop: Shop
    outside: OrderShop

    def __post_init__(self) -> None:
        self.order("LO-1", 1_000_000)

    def connect(self, url: str = "", secret: str = "") -> None:
        """From now on the sandbox's shop carries out what is approved."""
        services = self.shop.services
        services.settings = replace(services.settings, shop_webhook_private=True)
        services.shops_http = PATIENT_SHOP
        webhook = services.sealed_webhook(self.shop.tenant, url or self.outside.base_url, secret or self.outside.secret)
        with services.database.transaction(self.shop.tenant) as db:
            shop_webhooks.put(db, self.shop.tenant, webhook, member=self.shop.workspace.owner)

    def disconnect(self) -> None:
        self.shop.change("DELETE FROM shop_webhook")

    def order(self, number: str, total: int, status: str = "delivered") -> None:
        """An order that both sides know."""
        known = Order(number, "anna@customer.example", status, Money(total, "EUR"), Money(0, "EUR"), LONG_AGO, None)
        with self.shop.services.database.transaction(self.shop.tenant) as db:
            orders.save(db, self.shop.tenant, [known])
        self.outside.order(number, total, status=status)

    def act(self, amount: int | None = 2000, *, action: str = "refund", number: str = "LO-1", needed: int = 0, **more):
        """An act that is due, with its promise in the ledger where it pays back."""
        key = uuid4()
        self.shop.change(
            "INSERT INTO order_act (tenant_id, id, decision_id, case_id, action, order_number, amount_minor, currency,"
            " items, reason, approvals_needed, state) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            *(self.shop.tenant, key, more.get("decision"), more.get("case"), action, number, amount),
            *("EUR" if amount else "", json.dumps([{"sku": "A", "quantity": 1}]), "damaged", needed, "pending"),
        )
        if amount and action in {"refund", "cancel"} and more.get("promised", True):
            self.shop.change(
                "INSERT INTO ledger_entry (tenant_id, order_number, key, kind, amount_minor, currency, actor)"
                " VALUES (%s, %s, %s, 'promised', %s, 'EUR', 'machine')",
                *(self.shop.tenant, number, key, amount),
            )
        for _ in range(more.get("approvals", needed)):
            self.shop.change(
                "INSERT INTO act_approval (tenant_id, act_id, member_id) VALUES (%s, %s, %s)",
                *(self.shop.tenant, key, self.shop.workspace.owner),
            )
        return key

    def approved(self, amount: int | None = 2000, subject: str = "Money back", **more) -> Approved:
        """The same of a mail that came, one for each subject: its decision, a case, a reply that waits for the act."""
        if not self.shop.rows("SELECT FROM message WHERE subject = %s", subject):
            self.shop.write("question: do you sell boats?", subject)
            self.shop.sync_and_settle()
        row = self.shop.rows(
            "SELECT d.id, d.conversation_id, d.message_id FROM decision d JOIN message m ON m.id = d.message_id"
            " WHERE m.subject = %s AND d.is_current", subject,
        )[0]  # fmt: skip
        self.shop.change("UPDATE decision SET disposition = 'release', importance = 2 WHERE id = %s", row.id)
        case, reply = uuid4(), uuid4()
        self.shop.change("UPDATE support_case SET is_open = false, state = 'expired' WHERE is_open")
        self.shop.change(
            "INSERT INTO support_case (tenant_id, id, conversation_id, kind, state, is_open, order_number, version)"
            " VALUES (%s, %s, %s, 'refund', %s, true, 'LO-1', 1)",
            *(self.shop.tenant, case, row.conversation_id, more.pop("case_state", "approved")),
        )
        act = self.act(amount, decision=row.id, case=case, **more)
        self.shop.change(
            "INSERT INTO outbox (tenant_id, id, decision_id, position, kind, message_id, mailbox_id, conversation_id,"
            " thread_id, automatic, recipient, subject, text, draft_text, reference, state, act_id)"
            " SELECT m.tenant_id, %s, %s, 9 + (SELECT count(*) FROM outbox), 'reply', m.id, m.mailbox_id,"
            " m.conversation_id, m.thread_id, false,"
            " m.sender_address, m.subject, 'It is paid.', 'It is paid.', %s, 'waiting', %s FROM message m"
            " WHERE m.id = %s",
            *(reply, row.id, new_reference(), act, row.message_id),
        )
        return Approved(act, case, row.id, reply)

    def run(self) -> int:
        return self.shop.run(Kind.ACT)

    def later(self, times: int = 1) -> None:
        """Let the time pass that looks, leases and rests wait for, and work."""
        for _ in range(times):
            self.shop.change(
                "UPDATE order_act SET next_at = now(), lease_until = NULL WHERE state IN"
                " ('pending', 'sending', 'uncertain')"
            )
            self.run()

    def one(self, sql: str, *values: object):
        return self.shop.one(sql, *values)

    def state(self, act: UUID) -> str:
        return self.one("SELECT state FROM order_act WHERE id = %s", act)

    def error(self, act: UUID) -> str:
        return self.one("SELECT last_error FROM order_act WHERE id = %s", act)

    def ledger(self, act: UUID) -> list[str]:
        return [row.kind for row in self.shop.rows("SELECT kind FROM ledger_entry WHERE key = %s ORDER BY id", act)]

    def refunded(self, number: str = "LO-1") -> int:
        return self.one("SELECT refunded_minor FROM shop_order WHERE number = %s", number)

    def case(self, approved: Approved) -> str:
        return self.one("SELECT state FROM support_case WHERE id = %s", approved.case)

    def reply(self, approved: Approved) -> str:
        return self.one("SELECT state FROM outbox WHERE id = %s", approved.reply)

    def decision(self, approved: Approved):
        return self.shop.rows("SELECT * FROM decision WHERE id = %s", approved.decision)[0]
