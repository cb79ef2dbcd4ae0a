"""A small world of refunds: two orders' customers, a stranger, three members, two shops that play along, and a clock.

Whatever happens in it goes through the functions of `storage` and the stages of `worker`, over a tenant of its own.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID, uuid4

from sqlalchemy import create_engine, text

from adapters.gmail.connect import Gmail
from domain.category import Category
from domain.mailbox import RawMail
from domain.message import Address, Message
from domain.money import Money
from domain.order import Order, OrderItem
from domain.refund_policy import RefundPolicy
from parts.shop import TenantShop
from sandbox.order_shop import OrderShop
from storage import (
    approvals, desk, identity_links, mailboxes, members, messages, orders, reclassify, refund_policies, shop_webhooks,
)  # fmt: skip
from storage.approvals import Wanted
from storage.database import psycopg_url
from storage.references import new_reference
from tests.conftest import make_workspace
from tests.support.acting import QUICK_SHOP
from tests.support.fake_gmail import FakeGmail
from tests.support.letters import letter
from tests.support.pacing import PacedDatabase, PacedPort
from tests.support.pipeline import PlainReader, TestServices
from worker import act, deliver, process

ANNA, BOB, MALLORY = "anna@customer.example", "bob@customer.example", "mallory@stranger.example"
ITEMS = (OrderItem("LAMP-1", "Desk lamp", 1, 4990), OrderItem("MUG-1", "Mug", 2, 1500))
TOTAL = 7990
POLICY = RefundPolicy(
    evidence_for=frozenset(), alone_up_to={"EUR": 3500}, second_person_above={"EUR": 7000}, per_customer_and_month=100
)
CUSTOMERS = {"LO-1": ANNA, "LO-2": BOB, "LO-3": ANNA, "LO-4": ANNA, "LO-5": ANNA}
STATUSES = {"LO-1": "delivered", "LO-2": "delivered", "LO-3": "pending", "LO-4": "delivered", "LO-5": "delivered"}

_numbers = count(1)

# What waits for time to pass, with all that time is counted from. An act's `created_at` is in what the shop is asked.
_PASS_TIME = [
    text(
        "UPDATE order_act SET next_at = next_at - :by, lease_until = lease_until - :by, sending_at = sending_at - :by"
        " WHERE tenant_id = :tenant"
    ),
    text(
        "UPDATE outbox SET next_at = next_at - :by, lease_until = lease_until - :by, sending_at = sending_at - :by,"
        " created_at = created_at - :by WHERE tenant_id = :tenant"
    ),
    text(
        "UPDATE message SET next_at = next_at - :by, lease_until = lease_until - :by, received_at = received_at - :by"
        " WHERE tenant_id = :tenant"
    ),
    text("UPDATE decision SET created_at = created_at - :by WHERE tenant_id = :tenant"),
    text("UPDATE support_case SET opened_at = opened_at - :by, moved_at = moved_at - :by WHERE tenant_id = :tenant"),
    text(
        "UPDATE identity_link SET created_at = created_at - :by, expires_at = expires_at - :by"
        " WHERE tenant_id = :tenant"
    ),
    text("UPDATE mailbox SET blocked_until = blocked_until - :by WHERE tenant_id = :tenant"),
]

_DECISIONS = text("""
    SELECT id FROM decision WHERE tenant_id = :tenant
    ORDER BY (is_current AND disposition = 'hold' AND settled_at IS NULL) DESC, created_at DESC, id
""")

_DRAFT = text("""
    SELECT text FROM outbox WHERE tenant_id = :tenant AND decision_id = :decision AND kind = 'reply' LIMIT 1
""")

_INSERT = text("""
    INSERT INTO message (tenant_id, id, mailbox_id, gmail_id, thread_id, direction)
    VALUES (:tenant, :id, :mailbox, :gmail_id, :thread, 'in')
""")

_WAITS = text("""
    SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')
""")


# Webhooks that lead nowhere: another secret than the shop's, and nobody there.
_WRONG = {3, 4}

_LINKS = """
    SELECT i.id FROM identity_link i JOIN outbox o ON o.tenant_id = i.tenant_id AND o.id = i.id
    WHERE i.tenant_id = :tenant AND o.state IN ('sending', 'uncertain', 'sent') ORDER BY i.created_at DESC, i.id
"""

_LEASES = {
    "order_act": "UPDATE order_act SET lease_until = now() - interval '1 second' WHERE tenant_id = :tenant",
    "outbox": "UPDATE outbox SET lease_until = now() - interval '1 second' WHERE tenant_id = :tenant",
    "message": "UPDATE message SET lease_until = now() - interval '1 second' WHERE tenant_id = :tenant",
}

_BUSY = """
    SELECT 'act' AS what, id, state FROM order_act
        WHERE tenant_id = :tenant AND state IN ('pending', 'sending', 'uncertain')
    UNION ALL SELECT 'mail', id, state FROM outbox
        WHERE tenant_id = :tenant AND state IN ('pending', 'drafted', 'sending', 'uncertain')
    UNION ALL SELECT 'message', id, state FROM message WHERE tenant_id = :tenant AND state IN ('discovered', 'fetched')
"""


_CAME_ABOUT = """
    SELECT 'act ' || state AS what, count(*) AS n FROM order_act WHERE tenant_id = :tenant GROUP BY state
    UNION ALL SELECT 'case ' || state, count(*) FROM support_case WHERE tenant_id = :tenant GROUP BY state
    UNION ALL SELECT 'ledger ' || kind, count(*) FROM ledger_entry WHERE tenant_id = :tenant GROUP BY kind
    UNION ALL SELECT 'reply ' || state, count(*) FROM outbox WHERE tenant_id = :tenant GROUP BY state
    UNION ALL SELECT 'settled ' || settlement, count(*) FROM decision WHERE tenant_id = :tenant AND settlement <> ''
        GROUP BY settlement
    UNION ALL SELECT 'put back', count(*) FROM case_event WHERE tenant_id = :tenant AND is_put_back
    UNION ALL SELECT 'steps', count(*) FROM case_event WHERE tenant_id = :tenant
    UNION ALL SELECT 'links used', count(*) FROM identity_link WHERE tenant_id = :tenant AND used_at IS NOT NULL
    UNION ALL SELECT 'mails', count(*) FROM message WHERE tenant_id = :tenant
    UNION ALL SELECT 'approved by two', count(*) FROM order_act a WHERE tenant_id = :tenant AND state = 'done'
        AND approvals_needed = 2
"""


class RefundReader(PlainReader):
    """Takes all mail for a request about an order but what asks for a parcel."""

    def _one(self, message, own_addresses):
        about = Category.QUESTION if "parcel" in message.text else Category.REFUND
        return replace(super()._one(message, own_addresses), category=about)


class WorldServices(TestServices):
    """The services with a Gmail in memory for each tenant, every way outside a place where a worker may die."""

    @property
    def reader(self):
        return RefundReader()

    def __init__(self, settings) -> None:
        super().__init__(replace(settings, shop_webhook_private=True))
        self.database = PacedDatabase(settings.database_url)
        self.shops_http = QUICK_SHOP
        self.gmails: dict[UUID, FakeGmail] = {}

    @contextmanager
    def open_mailbox(self, tenant, mailbox):
        port = PacedPort(self.gmails[tenant])
        yield Gmail(port, port)

    def shop(self, tenant):
        found = super().shop(tenant)
        return TenantShop(found.address, PacedPort(self.through(found.port)))

    def through(self, port):
        """The way on which the shop is asked: here a test puts a worker that errs."""
        return port


class Ground:
    """What all worlds stand on: one database under its roles, and two shops. `seen` counts what ever came about."""

    def __init__(self, settings, shops: tuple[OrderShop, ...], services: WorldServices | None = None) -> None:
        self.services = services or WorldServices(settings)
        self.shops = shops
        self.seen: Counter[str] = Counter()
        self.owner = create_engine(psycopg_url(settings.database_owner_url), isolation_level="AUTOCOMMIT")

    def close(self) -> None:
        self.owner.dispose()
        self.services.close()


@dataclass
class World:
    """One tenant. `imported` is what the newest import said that was refunded of each order."""

    ground: Ground
    imported: dict[str, int] = field(default_factory=dict)
    hook: int = 0

    def __post_init__(self) -> None:
        number = next(_numbers)
        for shop in self.ground.shops:
            shop.reset()
        database = self.ground.services.database
        workspace = make_workspace(database, f"world-{number}", "x")
        self.tenant, self.owner = workspace.id, workspace.owner
        self.gmail = self.ground.services.gmails[self.tenant] = FakeGmail(f"support{number}@shop.example")
        with database.transaction(self.tenant) as db:
            self.people = [self.owner] + [
                members.add(
                    db, self.tenant, email=f"{name}{number}@shop.example", name=name, password_hash="x", role="agent"
                )
                for name in ("carla", "dan")
            ]
            self.mailbox, _ = mailboxes.connect(
                db, self.tenant, member=self.owner, google_sub=f"sub-{number}", address=self.gmail.address, scopes=["x"]
            )
            refund_policies.save(db, self.tenant, POLICY, self.owner)
        self._say(
            "UPDATE mailbox SET connected_at = now() - interval '90 days', last_ok_at = now() WHERE tenant_id = :tenant"
        )
        for order in CUSTOMERS:
            self.imports(order, TOTAL, 0)
            for shop in self.ground.shops:
                shop.order(order, TOTAL, status=STATUSES[order])

    # -- what customers do

    def writes(self, text_: str, sender: tuple[str, bool] = (ANNA, True), thread: int = 0) -> None:
        """A mail that was fetched and read, and waits for its decision. Gmail verified its sender, or did not."""
        address, verified = sender
        message_id, thread_id = f"<{uuid4()}@customer.example>", f"thread-{thread}"
        now = datetime.now(UTC)
        raw = letter(address, self.gmail.address, "My order", text_, message_id=message_id)
        gmail_id = self.gmail.deliver(raw, thread_id=thread_id)
        message = Message(
            Address(address), to=(Address(self.gmail.address),), subject="My order", text=text_,
            rfc_message_id=message_id, sender_verified=verified, received_at=now,
        )  # fmt: skip
        with self._transaction() as db:
            row = {"tenant": self.tenant, "id": uuid4(), "mailbox": self.mailbox, "gmail_id": gmail_id}
            db.execute(_INSERT, {**row, "thread": thread_id})
            [claim] = messages.claim_discovered(db, self.tenant, limit=1, lease=timedelta(minutes=1))
            messages.store(db, claim, RawMail(gmail_id, thread_id, (), now, raw, len(raw)), message, state="fetched")

    def confirms(self, which: int) -> None:
        """Whoever got a mail with a link opens it, also one that was used or replaced. We may not know that it left."""
        links = self.rows(_LINKS)
        if links:
            with self._transaction() as db:
                identity_links.confirm(db, self.tenant, links[which % len(links)].id)

    # -- what members do, with what waits for them, and beyond that with what was settled before

    def approves(self, which: int, who: int) -> None:
        self._settles(which, who, lambda **more: approvals.approve(**more, text_to_send=self._draft(more["decision"])))

    def refuses(self, which: int, who: int) -> None:
        self._settles(which, who, lambda **more: approvals.refuse(**more, rule_or_reason="window", text_to_send="No."))

    def asks(self, which: int, who: int) -> None:
        what = list(Wanted)[which % len(Wanted)]
        self._settles(which, who, lambda **more: approvals.ask(**more, what=what, text_to_send="A picture, please?"))

    def sends(self, which: int, who: int) -> None:
        self._settles(which, who, lambda **more: desk.send(**more, text_to_send="We look at it."))

    def claims(self, which: int, who: int) -> None:
        """In their own words, of what perhaps nobody did; `claim_reason` is missing."""
        self._settles(which, who, lambda **more: desk.send(**more, text_to_send="We have refunded you 30.00 EUR."))

    def dismisses(self, which: int, who: int) -> None:
        decision = self._decision(which)
        if decision is not None:
            with self._transaction() as db:
                desk.dismiss(db, self.tenant, decision, member=self.people[who % 3])

    def reclassifies(self, which: int, who: int) -> None:
        decision, category = self._decision(which), (Category.QUESTION, Category.REFUND)[who % 2]
        if decision is not None:
            with self._transaction() as db:
                reclassify.correct(
                    db, self.tenant, decision, member=self.people[who % 3], category=category, sub_intent="", learn=True
                )

    # -- what the shop does

    def imports(self, number: str, total: int, refunded: int, status: str = "") -> None:
        now, euros = datetime.now(UTC), "EUR"
        order = Order(
            number, CUSTOMERS[number], status or STATUSES[number], Money(total, euros), Money(refunded, euros),
            now - timedelta(days=9), now - timedelta(days=3), ITEMS,
        )  # fmt: skip
        with self._transaction() as db:
            taken = not orders.save(db, self.tenant, [order])
        if taken:
            self.imported[number] = refunded

    def webhook(self, which: int) -> None:
        """None, either shop, one whose secret is another, or an address where nobody listens."""
        self.hook, services, shops = which, self.ground.services, self.ground.shops
        secrets = [shop.secret for shop in shops]
        ways = {1: (shops[0].base_url, secrets[0]), 2: (shops[1].base_url, secrets[1]),
                3: (shops[0].base_url, secrets[1]), 4: ("http://127.0.0.1:9", secrets[0])}  # fmt: skip
        with self._transaction() as db:
            if which in ways:
                webhook = services.sealed_webhook(self.tenant, *ways[which])
                shop_webhooks.put(db, self.tenant, webhook, member=self.owner)
            else:
                shop_webhooks.clear(db, self.tenant, member=self.owner)

    def switch(self, answering: bool) -> None:
        self._say("UPDATE tenant SET answering = :answering WHERE tenant_id = :tenant", answering=answering)

    # -- what the workers do

    def decides(self) -> None:
        process.work(self.ground.services, self.tenant)

    def acts(self) -> None:
        act.work(self.ground.services, self.tenant)

    def delivers(self) -> None:
        deliver.work(self.ground.services, self.tenant)

    def overtakes(self, stage: str) -> None:
        """Another worker takes whoever works for dead."""
        self.takes_leases()
        getattr(self, stage)()

    def passes(self, by: timedelta) -> None:
        """Time goes by. The mailbox is read all the while."""
        with self.ground.owner.begin() as db:
            for statement in _PASS_TIME:
                db.execute(statement, {"tenant": self.tenant, "by": by})

    def takes_leases(self) -> None:
        """Whoever works is taken for dead."""
        for row in ("order_act", "outbox", "message"):
            self._say(_LEASES[row])

    def settles(self) -> None:
        """Everything works, and whoever works does so until nothing is due any more."""
        for shop in self.ground.shops:
            shop.faults.clear()
        self.gmail._troubles.clear()
        self.switch(answering=True)
        if self.hook in _WRONG:
            self.webhook(1)
        for _ in range(100):
            self.passes(timedelta(hours=1))
            self.takes_leases()
            self.decides()
            self.acts()
            self.delivers()
            if not self.rows(_BUSY):
                return
        raise AssertionError(f"it never ends: {self.rows(_BUSY)}")

    # -- how it stands

    def rows(self, question: str, **values: object) -> list:
        with self.ground.owner.connect() as db:
            return list(db.execute(text(question), {"tenant": self.tenant, **values}))

    def somebody_waits(self) -> bool:
        with self.ground.owner.connect() as db:
            return bool(db.execute(_WAITS).scalar())

    def told(self) -> None:
        """Count what came about here, so that nobody is content with a world in which nothing happens."""
        seen = self.ground.seen
        seen["worlds"] += 1
        for row in self.rows(_CAME_ABOUT):
            seen[row.what] += row.n
        seen["effects"] += sum(kept.effects for shop in self.ground.shops for kept in shop.kept.values())
        seen["asked"] += sum(shop.posts for shop in self.ground.shops)
        seen["looks"] += sum(shop.looks for shop in self.ground.shops)

    # -- inside

    def _transaction(self):
        return self.ground.services.database.transaction(self.tenant)

    def _say(self, statement: str, **values: object) -> None:
        with self.ground.owner.connect() as db:
            db.execute(text(statement), {"tenant": self.tenant, **values})

    def _decision(self, which: int) -> UUID | None:
        with self.ground.owner.connect() as db:
            found = db.execute(_DECISIONS, {"tenant": self.tenant}).scalars().all()
        return found[which % len(found)] if found else None

    def _draft(self, decision: UUID) -> str:
        with self.ground.owner.connect() as db:
            return db.execute(_DRAFT, {"tenant": self.tenant, "decision": decision}).scalar() or "It is done."

    def _settles(self, which: int, who: int, act_: Callable[..., object]) -> None:
        decision = self._decision(which)
        if decision is None:
            return
        with self._transaction() as db:
            act_(db=db, tenant=self.tenant, decision=decision, member=self.people[who % 3], reference=new_reference())
