"""End at Google the grants of mailboxes that were disconnected here, until Google has confirmed it.

An account has one grant to us, however often it consented: what was connected again meanwhile is not revoked.
"""

from datetime import timedelta
from uuid import UUID

from adapters.google_grants import revoke
from bootstrap import Services
from storage import revocations
from storage.revocations import Revocation
from worker.attempt import attempt
from worker.backoff import after_attempts

LEASE = timedelta(minutes=2)


def work(services: Services, tenant: UUID) -> int:
    """Revoke one grant; returns how many were taken."""
    with services.database.transaction(tenant) as db:
        revocation = revocations.claim(db, tenant, LEASE)
    if revocation is None:
        return 0
    attempt(
        lambda: _revoke(services, revocation),
        lambda _: _failed(services, revocation),
        tenant=tenant,
        mailbox=revocation.mailbox,
        stage="revoke",
    )
    return 1


def _revoke(services: Services, revocation: Revocation) -> None:
    token = services.vault.open(
        revocation.refresh, tenant=revocation.tenant, mailbox=revocation.mailbox, field="refresh"
    ).decode()
    revoke_uri = services.google_endpoints.revoke_uri
    with services.database.transaction(revocation.tenant) as db:
        superseded = revocations.connected_again(db, revocation)
    if not superseded:
        revoke(token, revoke_uri)
    with services.database.transaction(revocation.tenant) as db:
        revocations.done(db, revocation)


def _failed(services: Services, revocation: Revocation) -> None:
    with services.database.transaction(revocation.tenant) as db:
        revocations.retry(db, revocation, after_attempts(revocation.attempts))
