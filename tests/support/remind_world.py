"""Weeks of asking suppliers, in seconds: Postgres itself is told what time it is, and Gmail is the fake in memory.

Everything in between is the program's own: the ladder, the outbox, its gate and its send machine. `now()` of every
statement is a function of the test's database that reads the clock of the world.
"""

import heapq
import random
import re
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from types import SimpleNamespace
from uuid import UUID, uuid4

import psycopg

from domain.business_time import later
from domain.supplier import Supplier
from domain.supplier_request import SupplierRules
from storage import gate, mailboxes, supplier_requests, supplier_rules, suppliers
from storage.database import Database
from tests.support.fake_gmail import FakeGmail
from tests.support.kills import Killed, MortalDatabase, MortalPort, Plan
from tests.support.pipeline import SHOP, TestServices
from worker import deliver, remind

MONDAY = datetime(2026, 11, 2, 8, tzinfo=UTC)
SUPPLIER, OPERATIONS = "desk@acme.example", "ops@merchant.example"
MINUTE = timedelta(minutes=1)
AT_ONCE = 5 * MINUTE

CLOCK = """
    CREATE SCHEMA clock;
    CREATE TABLE clock.at (moment timestamptz NOT NULL);
    INSERT INTO clock.at VALUES ('2026-11-02 08:00+00');
    CREATE FUNCTION clock.now() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT moment FROM clock.at';
    GRANT USAGE ON SCHEMA clock TO PUBLIC;
    GRANT SELECT, UPDATE ON clock.at TO PUBLIC;
"""


def set_up_clock(owner_url: str) -> None:
    """Before the program's first connection: from then on its `now()` is the world's."""
    with psycopg.connect(owner_url.replace("+psycopg", ""), autocommit=True) as db:
        db.execute(CLOCK)
        name = db.execute("SELECT current_database()").fetchone()[0]
        db.execute(f"ALTER DATABASE {name} SET search_path = clock, public, pg_catalog")


@dataclass
class Asked:
    """One request and its truth: `answer_at` is when the supplier writes, None for never."""

    id: UUID
    purchase: str
    asked_at: datetime
    answer_at: datetime | None
    arrived_at: datetime | None = None
    arrived_as: int = 0
    message: UUID | None = None


class Sim(TestServices):
    """The program over this database, which may die, and this mailbox."""

    def __init__(self, settings, gmail) -> None:
        super().__init__(settings)
        self.plan, self.gmail = Plan(), gmail
        self.database = MortalDatabase(settings.database_url)
        self.database.plan = self.plan

    @contextmanager
    def open_mailbox(self, tenant, mailbox):
        yield SimpleNamespace(outgoing=MortalPort(self.gmail, self.plan))

    def dying_at(self, kill_at: int) -> None:
        self.plan = self.database.plan = Plan(kill_at)


@dataclass(slots=True)
class Mailbox(FakeGmail):
    """It notes what leaves at which time of the world, and lets answers come in exactly between claim and send."""

    world: "World | None" = None

    def create_draft(self, mime, thread_id):
        self.world.drafting(mime)
        return FakeGmail.create_draft(self, mime, thread_id)

    def send_draft(self, draft_id):
        raw = self.messages[self.drafts[draft_id]].raw if draft_id in self.drafts else b""
        sent = FakeGmail.send_draft(self, draft_id)
        self.world.left(raw)
        return sent


@dataclass
class World:
    settings: object
    tenant: UUID
    member: UUID
    seed: int = 0
    kills: float = 0.0
    jumps: float = 0.0
    now: datetime = MONDAY
    asked: dict[str, Asked] = field(default_factory=dict)
    sent: list[tuple[datetime, str, str, int]] = field(default_factory=list)
    killed: int = 0
    jumped: int = 0
    between: int = 0
    _events: list = field(default_factory=list)
    _order: count = field(default_factory=count)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)  # a world to play, no secret
        self.gmail = Mailbox(SHOP, world=self)
        self.plain = Database(self.settings.database_url)
        self.services = Sim(self.settings, self.gmail)
        with self.plain.transaction(self.tenant) as db:
            self.mailbox, _ = mailboxes.connect(
                db, self.tenant, member=self.member, google_sub="sub", address=SHOP, scopes=[]
            )
            acme = Supplier("Acme", ("acme.example",), contacts={}, addresses=(SUPPLIER,))
            self.supplier = suppliers.save(db, self.tenant, acme, actor="test")
            self.rules = supplier_rules.put(db, self.tenant, SupplierRules(operations_address=OPERATIONS), actor="test")
            self.first = self._message(db, "decided")
            # The day by which they are counted is the real one, in which all these weeks pass.
            gate.set_limits(db, self.tenant, per_day=100_000, per_hour=100_000)
            db.exec_driver_sql("UPDATE mailbox SET history_id = 1000, sync_history_id = 1000")

    def close(self) -> None:
        self.services.close()
        self.plain.close()

    # -- what happens in it

    def ask(self, number: int, weeks: int = 2) -> None:
        """A question at some time of these weeks, answered at once, late, never, or right when a rung is due."""
        at = MONDAY + self.random.random() * timedelta(weeks=weeks)
        due = later(at, self.random.choice(self.rules.ladder).after, self.rules.days)
        answer = self.random.choices(
            [None, due + self.random.uniform(-4, 4) * MINUTE, at + self.random.expovariate(1 / 30) * 60 * MINUTE],
            [15, 40, 45],
        )[0]
        one = Asked(uuid4(), f"D4{number:08}", at, answer)
        self.asked[one.purchase] = one
        self._at(at, self._asks, one)

    def _asks(self, one: Asked) -> None:
        values = (self.tenant, one.id, self.supplier, one.purchase, SUPPLIER, self.mailbox, self.first)
        with self.plain.transaction(self.tenant) as db:
            db.exec_driver_sql(
                "INSERT INTO supplier_request (tenant_id, id, supplier_id, purchase_order, recipient, mailbox_id, "
                "message_id) VALUES (%s, %s, %s, %s, %s, %s, %s)",
                values,
            )
            assert supplier_requests.left(db, self.tenant, one.id, at=one.asked_at)
        if one.answer_at is not None:
            self._at(max(one.answer_at, one.asked_at + MINUTE), self._arrives, one)

    def _arrives(self, one: Asked, decided_after: float | None = None) -> None:
        """Their mail is in the mailbox; that it is about this purchase order is known a little later."""
        if one.arrived_at is not None:
            return
        one.arrived_at, one.arrived_as = self.now, next(self._order)
        with self.plain.transaction(self.tenant) as db:
            one.message = self._message(db, "fetched")
        wait = self.random.uniform(2, 90) if decided_after is None else decided_after
        self._at(self.now + timedelta(seconds=wait), self._decided, one)

    def _decided(self, one: Asked) -> None:
        with self.plain.transaction(self.tenant) as db:
            supplier_requests.heard(db, self.tenant, one.id, one.message, at=one.arrived_at)
            db.exec_driver_sql("UPDATE message SET state = 'decided' WHERE id = %s", (one.message,))

    def drafting(self, mime: bytes) -> None:
        """A worker has claimed a mail and lays down its draft: often the answer comes in this very moment."""
        one = self.asked[_purchase(mime)]
        soon = one.answer_at is not None and abs(one.answer_at - self.now) < 10 * MINUTE
        if soon and one.arrived_at is None and self.random.random() < 0.7:
            self.between += 1
            self._arrives(one)
            if self.random.random() < 0.5:
                self._decided(one)

    def left(self, mime: bytes) -> None:
        to = OPERATIONS if OPERATIONS.encode() in mime else SUPPLIER
        self.sent.append((self.now, _purchase(mime), to, next(self._order)))

    # -- time

    def run(self) -> None:
        while True:
            following = self._pass_time()
            if following is None:
                return
            if self.jumps and self.random.random() < self.jumps:
                self.jumped += 1
                following += self.random.choice([180 * MINUTE, 90 * MINUTE, -8 * MINUTE])
            self.now = following
            while self._events and self._events[0][0] <= self.now:
                _, _, what, one = heapq.heappop(self._events)
                what(one)
            self._set_clock()
            self._work()

    def _pass_time(self) -> datetime | None:
        """When something happens next, or a worker has something to do."""
        with self.plain.transaction(self.tenant) as db:
            due = db.exec_driver_sql(
                "SELECT least((SELECT min(greatest(next_at, lease_until)) FROM supplier_request "
                "WHERE next_at IS NOT NULL), "
                "(SELECT min(greatest(next_at, lease_until)) FROM outbox "
                "WHERE state IN ('pending', 'drafted', 'sending', 'uncertain')))"
            ).scalar()
        moments = [one for one in (due, self._events[0][0] if self._events else None) if one is not None]
        return max(min(moments), self.now + timedelta(seconds=1)) + timedelta(seconds=3) if moments else None

    def _set_clock(self) -> None:
        with self.plain.transaction(self.tenant) as db:
            db.exec_driver_sql("UPDATE clock.at SET moment = %s", (self.now,))
            db.exec_driver_sql("UPDATE mailbox SET last_ok_at = now(), blocked_until = NULL")

    def _work(self) -> None:
        for stage in (self._remind, self._deliver):
            if self.kills and self.random.random() < self.kills:
                self.services.dying_at(self.random.randint(1, 14))
            with suppress(Killed):
                stage()
            self.killed += len(self.services.plan.places) == self.services.plan.kill_at > 0
            self.services.dying_at(0)

    def _remind(self) -> None:
        remind.work(self.services, self.tenant, self.now)

    def _deliver(self) -> None:
        while deliver.work(self.services, self.tenant):
            pass

    # -- the verdict

    def wrongs(self, within: timedelta = AT_ONCE) -> dict[str, list[str]]:
        """What left after an answer, too early, too late, twice, or not at all."""
        found: dict[str, list[str]] = {"after an answer": [], "early": [], "late": [], "twice": [], "missing": []}
        for one in self.asked.values():
            mine = [(at, to, order) for at, purchase, to, order in self.sent if purchase == one.purchase]
            # By what came first, and not by a clock that jumps.
            if one.arrived_at is not None and any(order > one.arrived_as for _, _, order in mine):
                found["after an answer"].append(one.purchase)
            for to in (SUPPLIER, OPERATIONS):
                times = sorted(at for at, whom, _ in mine if whom == to)
                dues = [
                    later(one.asked_at, rung.after, self.rules.days)
                    for rung in self.rules.ladder
                    if (rung.kind.value == "remind") == (to == SUPPLIER)
                ]
                owed = [due for due in dues if one.arrived_at is None or one.arrived_at > due + within]
                if len(times) > len(dues):
                    found["twice"].append(one.purchase)
                if len(times) < len(owed):
                    found["missing"].append(one.purchase)
                for at, due in zip(times, dues, strict=False):
                    if at < due:
                        found["early"].append(one.purchase)
                    if at > due + within:
                        found["late"].append(one.purchase)
        return found

    def _at(self, moment: datetime, what, one: Asked) -> None:
        heapq.heappush(self._events, (moment, next(self._order), what, one))

    def _message(self, db, state: str) -> UUID:
        message = uuid4()
        db.exec_driver_sql(
            "INSERT INTO message (tenant_id, id, mailbox_id, gmail_id, thread_id, direction, state, received_at, "
            "discovered_at) VALUES (%s, %s, %s, %s, %s, 'in', %s, %s, %s)",
            (self.tenant, message, self.mailbox, message.hex, message.hex, state, self.now, self.now),
        )
        return message


def _purchase(mime: bytes) -> str:
    return re.search(rb"D4\d{8}", mime)[0].decode()
