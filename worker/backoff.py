"""How long to wait before trying again, and what trouble with Google means for a mailbox."""

import random
from datetime import timedelta
from uuid import UUID

import structlog

from bootstrap import Services
from domain.errors import AuthLost, MailwrightError, RateLimited, ScopeMissing, TryAgain
from storage import events, mailboxes

log = structlog.get_logger()

_LONGEST = timedelta(minutes=15)


def after_attempts(attempts: int, first: timedelta = timedelta(seconds=2)) -> timedelta:
    """Full jitter over first * 2**n, at most a quarter of an hour (RELIABILITY.md 3.2, rule 7)."""
    ceiling = min(first * float(2 ** min(attempts, 12)), _LONGEST)
    share = random.random()  # noqa: S311  # spreads load, protects nothing
    return max(first / 2, ceiling * share)


def mailbox_trouble(services: Services, tenant: UUID, mailbox: UUID, error: MailwrightError, attempts: int) -> bool:
    """Put the mailbox to rest where the error concerns all of it; True when going on with it now has no point."""
    with services.database.transaction(tenant) as db:
        match error:
            case AuthLost() | ScopeMissing():
                if mailboxes.set_status(
                    db, tenant, mailbox, "needs_reauth", only_from=("active", "paused"), error=error.reason
                ):
                    events.record(db, tenant, actor="machine", kind="mailbox_needs_reauth", subject=mailbox)
                    log.warning("mailbox_needs_reauth", mailbox=mailbox)
                return True
            case RateLimited():
                mailboxes.block(db, tenant, mailbox, error.after, error.reason)
                return True
            case TryAgain():
                mailboxes.block(db, tenant, mailbox, max(error.after, after_attempts(attempts)), error.reason)
                return True
            case _:
                return False
