"""A small world of refunds: two orders' customers, a stranger, three members, two shops that play along, and a clock.

Whatever happens in it goes through the functions of `storage` and the stages of `worker`, over a tenant of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID, uuid4

from sqlalchemy import text

from domain.category import Category
from domain.mailbox import RawMail
from domain.message import Address, Message
from domain.money import Money
from domain.order import Order, OrderItem
from domain.refund_policy import RefundPolicy
from storage import (
    approvals,
    arrivals,
    desk,
    found_out,
    identity_links,
    mailboxes,
    members,
    messages,
    orders,
    reclassify,
    refund_policies,
    shop_webhooks,
)  # fmt: skip
from storage.approvals import Wanted
from storage.references import new_reference
from tests.conftest import make_workspace
from tests.support.fake_gmail import FakeGmail
from tests.support.letters import letter
from tests.support.refund_ground import Ground
from tests.support.refund_rows import (
    BUSY,
    CAME_ABOUT,
    DECISIONS,
    DRAFT,
    INSERT,
    LEASES,
    LINKS,
    PASS_TIME,
    WAITS,
    WRONG,
)  # fmt: skip
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
            db.execute(INSERT, {**row, "thread": thread_id})
            [claim] = messages.claim_discovered(db, self.tenant, limit=1, lease=timedelta(minutes=1))
            arrivals.store(db, claim, RawMail(gmail_id, thread_id, (), now, raw, len(raw)), message, state="fetched")

    def confirms(self, which: int) -> None:
        """Whoever got a mail with a link opens it, also one that was used or replaced. We may not know that it left."""
        links = self.rows(LINKS)
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

    def finds_out(self, which: int, who: int) -> None:
        """An honest look into the shop, where nobody knew what had become of an action."""
        unknown = self.rows(
            "SELECT id FROM order_act WHERE tenant_id = :tenant AND state = 'needs_person' ORDER BY created_at, id"
        )
        if unknown:
            found = unknown[which % len(unknown)].id
            was_done = any(shop.effects(found) for shop in self.ground.shops)
            with self._transaction() as db:
                found_out.settle(db, self.tenant, found, member=self.people[who % 3], was_done=was_done)

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
            for statement in PASS_TIME:
                db.execute(statement, {"tenant": self.tenant, "by": by})

    def takes_leases(self) -> None:
        """Whoever works is taken for dead."""
        for row in ("order_act", "outbox", "message"):
            self._say(LEASES[row])

    def settles(self) -> None:
        """Everything works, and whoever works does so until nothing is due any more."""
        for shop in self.ground.shops:
            shop.faults.clear()
        self.gmail._troubles.clear()
        self.switch(answering=True)
        if self.hook in WRONG:
            self.webhook(1)
        for _ in range(100):
            self.passes(timedelta(hours=1))
            self.takes_leases()
            self.decides()
            self.acts()
            self.delivers()
            if not self.rows(BUSY):
                return
        raise AssertionError(f"it never ends: {self.rows(BUSY)}")

    # -- how it stands

    def rows(self, question: str, **values: object) -> list:
        with self.ground.owner.connect() as db:
            return list(db.execute(text(question), {"tenant": self.tenant, **values}))

    def somebody_waits(self) -> bool:
        with self.ground.owner.connect() as db:
            return bool(db.execute(WAITS).scalar())

    def told(self) -> None:
        """Count what came about here, so that nobody is content with a world in which nothing happens."""
        seen = self.ground.seen
        seen["worlds"] += 1
        for row in self.rows(CAME_ABOUT):
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
            found = db.execute(DECISIONS, {"tenant": self.tenant}).scalars().all()
        return found[which % len(found)] if found else None

    def _draft(self, decision: UUID) -> str:
        with self.ground.owner.connect() as db:
            return db.execute(DRAFT, {"tenant": self.tenant, "decision": decision}).scalar() or "It is done."

    def _settles(self, which: int, who: int, act_: Callable[..., object]) -> None:
        decision = self._decision(which)
        if decision is None:
            return
        with self._transaction() as db:
            act_(db=db, tenant=self.tenant, decision=decision, member=self.people[who % 3], reference=new_reference())
