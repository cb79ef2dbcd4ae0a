"""What else happens in a shop while mail comes in: documents change, work is learned from, a mailbox comes and goes.

So that every stage of the workers is at work when blows fall, not only those that mail meets.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count, cycle
from uuid import UUID

from adapters.gmail.tokens import Tokens
from bootstrap import Services
from chaos.shops import SLUGS
from chaos.stand_ins import StandIns
from chaos.suppliers import Asking
from evaluation.bench_shop import SCOPES
from storage import disconnecting, documents, incidents, learning, mailboxes, shop_webhooks, tenants, trials
from storage.documents import StoredDocument

PATH = "en/opening-days.md"
SPARE = "spare@lumen-oak.example"
TRIED = (
    b"From: Nora <nora@tried.example>\r\nTo: support@lumen-oak.example\r\nSubject: A lamp\r\n"
    b"Message-ID: <tried@tried.example>\r\n\r\nHow many days do I have to send a lamp back?\r\n"
)


class Errands:
    """Each call runs the next one. Raises TryAgain while Postgres is away."""

    def __init__(self, services: Services, outside: StandIns, asking: Asking) -> None:
        self._services, self._outside, self._asking = services, outside, asking
        self._numbers = count(1)
        self._next: Iterator[str] = cycle(("document", "supplier", "connect", "trial", "disconnect", "lesson"))
        self._spare: UUID | None = None

    def open(self) -> None:
        """Both shops read the status page from now on, and know a supplier."""
        for tenant in self._tenants():
            with self._services.database.transaction(tenant) as db:
                incidents.watch(db, tenant, self._outside.urls["page"])
            self._asking.open(tenant)

    def run_one(self) -> None:
        tenant = self._tenants()[0]
        match next(self._next):
            case "document":
                text = f"We are closed on day {next(self._numbers)} of the year."
                version = hashlib.sha256(text.encode()).hexdigest()
                stored = StoredDocument(PATH, version, text, body=text, title="Opening days", language="en")
                with self._services.database.transaction(tenant) as db:
                    documents.put(db, tenant, stored)
            case "lesson":
                with self._services.database.transaction(tenant) as db:
                    learning.ask(db, tenant)
            case "supplier":
                self._asking.ask(tenant)
            case "connect":
                self._connect(tenant)
            case "trial":
                with self._services.database.transaction(tenant) as db:
                    owner = shop_webhooks.who_sets(db, tenant)
                    assert owner is not None
                    trials.ask(db, tenant, member=owner, raw=TRIED)
            case _:
                if self._spare is not None:
                    with self._services.database.transaction(tenant) as db:
                        disconnecting.disconnect(db, tenant, self._spare)

    def _connect(self, tenant: UUID) -> None:
        answer = self._outside.account(SPARE)
        ends = datetime.now(UTC) + timedelta(seconds=answer["expires_in"])
        tokens = Tokens(answer["refresh_token"], answer["access_token"], ends)
        with self._services.database.transaction(tenant) as db:
            owner = shop_webhooks.who_sets(db, tenant)
            assert owner is not None
            self._spare, _ = mailboxes.connect(
                db, tenant, member=owner, google_sub="chaos-spare", address=SPARE, scopes=SCOPES
            )
            sealed = self._services.sealed(tenant, self._spare, tokens)
            mailboxes.save_tokens(db, tenant, self._spare, sealed)

    def _tenants(self) -> list[UUID]:
        with self._services.database.without_tenant() as db:
            found = [tenants.by_slug(db, slug) for slug in SLUGS]
        return [tenant for tenant in found if tenant is not None]
