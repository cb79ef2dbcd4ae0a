"""Read the status pages of workspaces every minute, so that nothing is fetched while a mail is decided."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog

from adapters.status_page import read_page
from bootstrap import Services
from domain.errors import TryAgain
from storage import incidents
from storage.incidents import StatusPage
from worker.attempt import attempt, reason_of
from worker.backoff import after_attempts

log = structlog.get_logger()

LEASE = timedelta(minutes=2)
EVERY = timedelta(minutes=1)
# What only a person can put right is not asked for every minute.
PATIENCE = timedelta(minutes=15)


def work(services: Services, tenant: UUID) -> int:
    """Read one tenant's status page; returns 1, or 0 where it is not due."""
    with services.database.transaction(tenant) as db:
        page = incidents.claim(db, tenant, LEASE)
    if page is None:
        return 0

    def failed(error: Exception) -> None:
        backoff = after_attempts(page.attempts, first=timedelta(seconds=20))
        after = max(error.after, backoff) if isinstance(error, TryAgain) else max(PATIENCE, backoff)
        with services.database.transaction(tenant) as db:
            incidents.retry(db, page, after=after, error=reason_of(error))

    attempt(lambda: _read(services, page), failed, tenant=tenant, stage="incidents")
    return 1


def _read(services: Services, page: StatusPage) -> None:
    now = datetime.now(UTC)
    found = read_page(services.status_pages, page.url, etag=page.etag, now=now)
    if found is not None and page.page_updated_at and found.updated_at and found.updated_at < page.page_updated_at:
        # A cache between the page and us hands out an older copy: what is resolved by now would be open again.
        raise TryAgain("The status page gave an older copy than before.", EVERY)
    with services.database.transaction(page.tenant) as db:
        if found is None:
            incidents.unchanged(db, page, now=now, again=EVERY)
        else:
            incidents.read(
                db, page, found.incidents, etag=found.etag, page_updated_at=found.updated_at or page.page_updated_at,
                now=now, again=EVERY,
            )  # fmt: skip
