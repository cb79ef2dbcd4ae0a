"""Servers of the test's own, which it may take away and bring back, and a clock of Postgres that it may move."""

import itertools
import os
import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from adapters.embedded import place
from adapters.embedded.postgres import RunningPostgres, start_postgres
from adapters.embedded.valkey import RunningValkey, start_valkey
from chaos import ahead
from evaluation.bench_cpu import family
from storage import migrate
from tests.support.pipeline import SHOP, Shop
from tests.support.servers import memory
from tests.support.waiting import until
from tests.web.conftest import Browser, seen

APP, LISTENER = "outage_app", "outage_listener"
TEMPLATE = "outage_template"


class Ground:
    """A Postgres whose clock goes ahead when it is told to, and a Valkey; both may be killed and revived.

    Only what was moved stands ahead: the database's own `now()`, and `now()` and `time()` here, for who asks us.
    """

    def __init__(self, folder: Path, postgres: RunningPostgres, valkey: RunningValkey) -> None:
        self.postgres, self.valkey = postgres, valkey
        self._folder = folder
        self._numbers = itertools.count(1)
        self._database = ""
        self.ahead = timedelta()

    @contextmanager
    def fresh_database(self) -> Iterator[str]:
        """The name of a migrated database whose clock is right."""
        self._database, self.ahead = f"outage_{next(self._numbers)}", timedelta()
        self.postgres.create_database(self._database, self._template)
        # What is set on a database is not copied with it.
        ahead.set_clock(self.postgres, self._database)
        yield self._database
        self.postgres.drop_database(self._database)

    def leap(self, over: timedelta) -> None:
        ahead.leap(self.postgres, self._database, over)
        self.ahead += over

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def time(self) -> float:
        return self.now().timestamp()

    def next_due(self) -> timedelta | None:
        """How long until the next row comes due that waits for its time; None where none does."""
        with ahead.connect(self.postgres, self._database) as db:
            row = db.execute(_NEXT_DUE).fetchone()
        return row[0] if row else None

    @cached_property
    def _template(self) -> str:
        owner = self.postgres.create_database(TEMPLATE)
        # Before the migrations: views keep the function that they found.
        ahead.set_clock(self.postgres, TEMPLATE)
        app, listener = (self.postgres.url(TEMPLATE, user, "secret") for user in (APP, LISTENER))
        migrate.upgrade(owner, app_url=app, listener_url=listener)
        return TEMPLATE


# A mailbox that rests is asked when its rest ends; what waits for that mailbox cannot come sooner.
_NEXT_DUE = """
    SELECT min(at) - now() FROM (
        SELECT greatest(next_sync_at, blocked_until) AS at FROM mailbox WHERE status = 'active'
        UNION ALL SELECT greatest(m.next_at, b.blocked_until) FROM message m JOIN mailbox b ON b.id = m.mailbox_id
            WHERE m.state = 'discovered' AND b.status = 'active'
        UNION ALL SELECT next_at FROM message WHERE state = 'fetched'
        UNION ALL SELECT greatest(o.next_at, b.blocked_until) FROM outbox o JOIN mailbox b ON b.id = o.mailbox_id
            WHERE o.state IN ('pending', 'drafted', 'sending', 'uncertain') AND b.status = 'active'
    ) waiting WHERE at > now()
"""


@contextmanager
def running_ground() -> Iterator[Ground]:
    folder = Path(tempfile.mkdtemp(prefix="mailwright-outages-", dir=memory()))
    # Postgres may run as another user, who has to find its way through.
    folder.chmod(0o711)
    try:
        with (
            # Durable as in production: else what was committed just before a kill -9 would be gone.
            start_postgres(folder / "postgres") as postgres,
            start_valkey(folder / "valkey", durable=False) as valkey,
        ):
            yield Ground(folder, postgres, valkey)
    finally:
        for part in ("postgres", "valkey"):
            place.erase(folder / part)
        shutil.rmtree(folder)


@contextmanager
def away(server: RunningPostgres | RunningValkey) -> Iterator[None]:
    """Gone within the block, as after a kill -9, and started again at its end."""
    os.kill(server.pid, signal.SIGKILL)
    until(lambda: not server.alive)
    try:
        yield
    finally:
        server.revive()


@contextmanager
def frozen(server: RunningPostgres | RunningValkey) -> Iterator[None]:
    """It takes connections within the block and says nothing, with all its processes, as a machine that hangs."""
    # The first one first, so that it makes no more.
    os.kill(server.pid, signal.SIGSTOP)
    stopped = family(server.pid)
    try:
        for pid in stopped:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in stopped:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


@dataclass
class Letters:
    """What customers wrote, and what became of each mail: at the desk, and in the customers' own mailboxes."""

    shop: Shop
    _wanted: dict[str, str] = field(default_factory=dict)
    _senders: dict[str, str] = field(default_factory=dict)
    _to: dict[str, str] = field(default_factory=dict)

    def write(self, end: str = "answered", to: str = SHOP) -> None:
        """One mail that is to be `answered`, `held` or `ignored`, from a customer of its own.

        One that is `doubted` would be answered, and is held since nothing is sure of it.
        """
        number = len(self._wanted)
        sender, name = f"c{number}@customer.example", f"<outage-{number}@customer.example>"
        self.shop.google.account(sender, f"Customer {number}")
        words = "question: do you sell boats?" if end == "held" else "question: when does my parcel come?"
        headers = {"Auto-Submitted": "auto-replied"} if end == "ignored" else {}
        self._wanted[name] = "held" if end == "doubted" else end
        self._senders[name], self._to[name] = sender, to
        self.shop.write(words, f"Mail {number}", sender, to, message_id=name, headers=headers)

    def write_all(self, to: str = SHOP) -> None:
        for end in ("answered", "held", "ignored"):
            self.write(end, to)

    def ends(self) -> dict[str, str]:
        """By the mail: its one end, or how far it has come."""
        rows = self.shop.rows(
            "SELECT m.parsed ->> 'rfc_message_id' AS name, d.disposition, o.state FROM message m"
            " LEFT JOIN decision d ON d.tenant_id = m.tenant_id AND d.message_id = m.id AND d.is_current"
            " LEFT JOIN outbox o ON o.tenant_id = d.tenant_id AND o.decision_id = d.id WHERE m.direction = 'in'"
        )
        ends = {("release", "sent"): "answered", ("hold", None): "held", ("ignore", None): "ignored"}
        ends[("hold", "held")] = "held"
        return {row.name: ends.get((row.disposition, row.state), f"{row.disposition} {row.state}") for row in rows}

    def copies(self) -> Counter[str]:
        """How many replies each mail has in its customer's own mailbox."""
        return Counter({name: len(self.shop.received(sender)) for name, sender in self._senders.items()})

    def wanted_of(self, address: str) -> dict[str, str]:
        return {name: end for name, end in self._wanted.items() if self._to[name] == address}

    def ends_of(self, address: str) -> dict[str, str]:
        return {name: end for name, end in self.ends().items() if self._to[name] == address}

    def copies_of(self, address: str) -> Counter[str]:
        return Counter({name: copies for name, copies in self.copies().items() if self._to[name] == address})

    @property
    def newest(self) -> str:
        return list(self._wanted)[-1]

    def await_ends(self, within: float = 60.0) -> None:
        """Until each mail has the end it is to have, while the processes work."""
        try:
            until(lambda: self.all_ended, within)
        except AssertionError:
            assert self.ends() == self._wanted  # which says what is missing

    @property
    def all_ended(self) -> bool:
        return self.ends() == self._wanted

    def check(self) -> None:
        """Each mail has its one end, none is lost, and none has two replies."""
        assert self.ends() == self._wanted
        assert self.copies() == {name: int(end == "answered") for name, end in self._wanted.items()}


def read(browser: Browser, path: str) -> str:
    """What a person reads in the middle of a page, without what stands in the frame around it."""
    return seen("<main" + browser.page(path).partition("<main")[2].partition("</main>")[0])


def pass_time(ground: Ground, shop: Shop, span: timedelta, enough: Callable[[], bool] = lambda: False) -> timedelta:
    """Let so much time pass, working on each row when it comes due; returns what had passed when it was enough."""
    passed = timedelta()
    shop.settle()
    while passed < span and not enough():
        following = ground.next_due() or span
        # A little more: who is due at a moment is due after it.
        step = min(following + timedelta(milliseconds=10), span - passed)
        ground.leap(step)
        passed += step
        shop.settle()
    return passed
