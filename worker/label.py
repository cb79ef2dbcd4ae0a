"""Put our label on handled mail in Gmail: best effort, since the database is the truth."""

from datetime import timedelta
from uuid import UUID

from bootstrap import Services
from domain.errors import MailwrightError
from storage import mailboxes, messages
from storage.messages import Claimed
from worker.attempt import attempt
from worker.backoff import after_attempts, mailbox_trouble

LEASE = timedelta(minutes=2)
LABEL = "Mailwright/Answered"
MAX_ATTEMPTS = 5

# One call for many costs 50 quota units, one call each 5: below ten, singly is cheaper (GMAIL.md 1.1).
BATCH = 100
CHEAPER_TOGETHER = 10


def work(services: Services, tenant: UUID) -> int:
    """Label up to 100 messages of one mailbox; returns how many were taken."""
    with services.database.transaction(tenant) as db:
        claims = messages.labels_due(db, tenant, limit=BATCH, lease=LEASE)
    if claims:
        attempt(
            lambda: _label(services, claims),
            lambda error: _failed(services, claims, error),
            tenant=tenant,
            mailbox=claims[0].mailbox,
            stage="label",
        )
    return len(claims)


def _label(services: Services, claims: list[Claimed]) -> None:
    tenant, mailbox = claims[0].tenant, claims[0].mailbox
    with services.database.transaction(tenant) as db:
        label = mailboxes.get_label(db, tenant, mailbox)
    with services.open_mailbox(tenant, mailbox) as opened:
        gmail = opened.outgoing
        if not label:
            label = gmail.ensure_label(LABEL)
            with services.database.transaction(tenant) as db:
                mailboxes.set_label(db, tenant, mailbox, label)
        gmail_ids = tuple(claim.gmail_id for claim in claims)
        if len(gmail_ids) >= CHEAPER_TOGETHER:
            gmail.relabel(gmail_ids, (label,))
        else:
            for gmail_id in gmail_ids:
                gmail.relabel((gmail_id,), (label,))
    with services.database.transaction(tenant) as db:
        messages.labelled(db, claims)


def _failed(services: Services, claims: list[Claimed], error: Exception) -> None:
    if isinstance(error, MailwrightError):
        mailbox_trouble(services, claims[0].tenant, claims[0].mailbox, error, claims[0].attempts)
    with services.database.transaction(claims[0].tenant) as db:
        # The label may have been deleted by hand: it is looked for, or made, anew.
        mailboxes.set_label(db, claims[0].tenant, claims[0].mailbox, "")
        messages.labelled(db, [claim for claim in claims if claim.attempts >= MAX_ATTEMPTS])
        for claim in claims:
            messages.retry(db, claim, after=after_attempts(claim.attempts), error="")
