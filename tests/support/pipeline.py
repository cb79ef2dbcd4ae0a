"""The whole way of a mail in one process: the sandbox Google, a connected mailbox, each stage run by hand."""

import atexit
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from uuid import UUID

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from adapters.gmail.tokens import Tokens
from adapters.mime.jail import Jail, JailLimits
from adapters.pinned_http import PinnedHttp
from adapters.web_search import TavilyWeb
from bootstrap import Services
from sandbox.google import DEMO_CLIENT, Google, serve
from settings import Settings
from storage import documents, mailboxes, outbox
from storage.database import psycopg_url
from storage.due import Kind, kinds_due
from tests.conftest import Workspace
from tests.support.earning import MODEL
from tests.support.little_models import PARCELS, PlainAnswers, PlainEmbedder, PlainLearner, PlainReader
from tests.support.waiting import PATIENT
from worker import act, deliver, tickets
from worker.drain import STAGES, drain

SHOP = "support@shop.example"
CUSTOMER = "anna@customer.example"


class LastingJail(Jail):
    """The real jail for many tests one after the other: to start its child costs more than most of them.

    A child that a test ruined is replaced at the next mail, as in a worker. It ends with the process of the tests. Its
    patience is longer than a worker's, so that no test fails on a machine that has more to do.
    """

    def close(self) -> None:
        """Not yet: other tests come."""


JAIL = LastingJail(JailLimits(deadline_seconds=60.0, cpu_seconds=10.0))
atexit.register(Jail.close, JAIL)


class TestServices(Services):
    """The real services with the models replaced at our own ports, and patient with what is asked outside."""

    __test__ = False

    @cached_property
    def jail(self):
        return JAIL

    @property
    def reader(self):
        return PlainReader()

    @property
    def model(self):
        return MODEL

    @cached_property
    def embedder(self):
        return PlainEmbedder()

    @cached_property
    def learner(self):
        return PlainLearner()

    @property
    def answer_model(self):
        return MODEL

    @cached_property
    def status_pages(self):
        return PinnedHttp(private_allowed=self.settings.status_page_private, limits=PATIENT)

    @cached_property
    def _web(self):
        settings = self.settings
        return TavilyWeb(settings.web_search_api_key, settings.web_search_base_url, patience_s=60.0)

    def _answers(self, tenant, abstention):
        stock(self, tenant)
        return PlainAnswers()


def stock(services: Services, tenant: UUID) -> None:
    """Store what the little answers quote, once, as if it were indexed: they search nothing."""
    with services.database.transaction(tenant) as db:
        if not documents.versions(db, tenant, PARCELS.path):
            documents.put(db, tenant, PARCELS)
            db.exec_driver_sql("UPDATE knowledge SET done = wanted")


@dataclass
class Shop:
    """One workspace with one mailbox, and the sandbox behind it."""

    google: Google
    services: Services
    workspace: Workspace
    mailbox: UUID

    @property
    def tenant(self) -> UUID:
        return self.workspace.id

    def write(self, text: str, subject: str = "A question", sender: str = CUSTOMER, to: str = SHOP, **more: object):
        """A customer writes to the shop."""
        return self.google.deliver(to, sender, subject, text, **more)

    def run(self, kind: Kind) -> int:
        return STAGES[kind](self.services, self.tenant)

    def due_again(self) -> None:
        """Let the time pass that retries, leases and polls wait for."""
        with self.services.database.transaction(self.tenant) as db:
            # Whoever writes several mails does so in their own order: without this the two might wait for each other.
            db.exec_driver_sql("LOCK TABLE message IN SHARE ROW EXCLUSIVE MODE")
            db.exec_driver_sql("UPDATE message SET next_at = now(), lease_until = NULL")
            db.exec_driver_sql("UPDATE revocation SET next_at = now(), lease_until = NULL")
            db.exec_driver_sql(
                "UPDATE outbox SET next_at = now(), lease_until = NULL, sending_at = sending_at - interval '2 minutes'"
            )
            db.exec_driver_sql("UPDATE order_act SET next_at = now(), lease_until = NULL")
            db.exec_driver_sql("UPDATE ticket SET next_at = now(), lease_until = NULL WHERE next_at IS NOT NULL")
            db.exec_driver_sql("UPDATE supplier_request SET lease_until = NULL")
            db.exec_driver_sql("UPDATE mailbox SET next_sync_at = now(), lease_until = NULL, blocked_until = NULL")
            db.exec_driver_sql("UPDATE learning SET next_at = now(), lease_until = NULL")
            db.exec_driver_sql("UPDATE knowledge SET next_at = now(), lease_until = NULL")
            db.exec_driver_sql("UPDATE gap_work SET next_at = now(), lease_until = NULL")
            db.exec_driver_sql("UPDATE trial SET next_at = now(), lease_until = NULL WHERE state = 'waiting'")
            db.exec_driver_sql("UPDATE status_page SET next_at = now(), lease_until = NULL")

    def settle(self, rounds: int = 24) -> None:
        """Run every stage for every tenant until nothing is due any more, as the listener and the workers would."""
        for _ in range(rounds):
            with self.services.listener_database.without_tenant() as db:
                due = kinds_due(db)
            if not due:
                return
            for kind in due:
                drain(self.services, kind, lambda _: None, seconds=5)

    def settle_over_time(self, rounds: int = 6) -> None:
        """The same over half an hour or so: retries, looks and polls come due again and again."""
        for _ in range(rounds):
            self.due_again()
            self.settle()

    def sync_and_settle(self) -> None:
        with self.services.database.transaction(self.tenant) as db:
            db.exec_driver_sql("UPDATE mailbox SET next_sync_at = now()")
        self.settle()

    def fetch(self) -> None:
        """Read what has come, and decide nothing about it yet."""
        self.change("UPDATE mailbox SET next_sync_at = now()")
        for kind in (Kind.SYNC, Kind.FETCH):
            self.run(kind)

    def a_day_passes(self) -> None:
        """Since the last comparison with Gmail. Nobody but the owner of the tables may change what is recorded."""
        engine = create_engine(psycopg_url(self.services.settings.database_owner_url), poolclass=NullPool)
        with engine.begin() as owner:
            owner.exec_driver_sql("UPDATE event SET at = at - interval '25 hours'")
        engine.dispose()

    def rows(self, sql: str, *values: object) -> list:
        with self.services.database.transaction(self.tenant) as db:
            return list(db.exec_driver_sql(sql, values or None))

    def one(self, sql: str, *values: object):
        return self.rows(sql, *values)[0][0]

    def change(self, sql: str, *values: object) -> None:
        with self.services.database.transaction(self.tenant) as db:
            db.exec_driver_sql(sql, values or None)

    def claim_outbox(self, lease: timedelta = timedelta(minutes=3)) -> list:
        """What another worker does first."""
        with self.services.database.transaction(self.tenant) as db:
            return outbox.claim(db, self.tenant, limit=20, lease=lease)

    def received(self, address: str = CUSTOMER) -> list:
        """What lies in somebody's own mailbox at the sandbox."""
        return [mail for mail in self.google.mailbox(address).messages.values() if "INBOX" in mail.labels]


def connect_mailbox(google: Google, services: Services, workspace: Workspace, address: str = SHOP) -> UUID:
    """Consent at the sandbox without a browser, and store the grant as the page does."""
    answer = google.authorize(address)
    tokens = Tokens(
        answer["refresh_token"], answer["access_token"], datetime.now(UTC) + timedelta(seconds=answer["expires_in"])
    )
    sub = google.world.accounts[address].sub
    with services.database.transaction(workspace.id) as db:
        mailbox, _ = mailboxes.connect(
            db, workspace.id, member=workspace.owner, google_sub=sub, address=address, scopes=answer["scope"].split()
        )
        mailboxes.save_tokens(db, workspace.id, mailbox, services.sealed(workspace.id, mailbox, tokens))
    return mailbox


@contextmanager
def running_google(*addresses: str) -> Iterator[Google]:
    google = Google()
    with serve(google, 0):
        for address in addresses or (SHOP, CUSTOMER):
            google.account(address, address.partition("@")[0].title(), "shop" if address == SHOP else "customer")
        yield google


@contextmanager
def slow(google: Google, route: str, fault: str = "slow") -> Iterator[Callable[[], None]]:
    """The next call of `route` waits until the block says that it goes on: for as long as a busy machine wants."""
    google.fault(route, fault, seconds=60.0)
    try:
        yield google.stopping.set
    finally:
        google.stopping.clear()


def let_batches_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch breaks off for its slowness where a test says so, and never since the machine is busy."""
    for stage in (act, deliver, tickets):
        monkeypatch.setattr(stage, "LONGEST_BATCH", 60.0)
    for stage in (act, tickets):
        monkeypatch.setattr(stage, "SLOW", 60.0)


def settings_over(settings: Settings, google: Google) -> Settings:
    return replace(
        settings,
        google_client_id=DEMO_CLIENT.id,
        google_client_secret=DEMO_CLIENT.secret,
        google_metadata_url=f"{google.base_url}/.well-known/openid-configuration",
        gmail_api_endpoint=google.base_url,
        google_timeout_seconds=30.0,
    )


@contextmanager
def services_over(
    settings: Settings, google: Google, kind: type[TestServices] = TestServices
) -> Iterator[TestServices]:
    services = kind(settings_over(settings, google))
    yield services
    services.close()
