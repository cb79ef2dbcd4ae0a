"""Climb the ladder of each request to a supplier that is due: write a reminder, or an alert to operations, down once.

Nothing leaves here: a rung becomes a row of the outbox, words on a ticket, or a line at the desk, each with its own
retries. That a supplier has written since is looked at under the request's lock here, and again as the mail leaves.
"""

from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from bootstrap import Services
from domain import reminder_words, wall
from domain.ladder import NextRung, next_rung, not_before
from domain.supplier_request import Channel, RungKind, SupplierRules
from storage import supplier_rules, supplier_steps, supplier_words
from storage.supplier_steps import Climb, Due, Standing
from worker.attempt import attempt, reason_of
from worker.backoff import after_attempts

LEASE = timedelta(minutes=3)
BATCH = 50
MAX_ATTEMPTS = 20

NO_MAILBOX = "No mailbox is connected that could write to the supplier."
NO_MAIL = "The mail for which the supplier was asked is there no more."


def work(services: Services, tenant: UUID, now: datetime | None = None) -> int:
    """Climb up to 50 rungs that are due at `now`; returns how many requests were taken."""
    moment = now or datetime.now(UTC)
    with services.database.transaction(tenant) as db:
        claimed = supplier_steps.claim(db, tenant, now=moment, limit=BATCH, lease=LEASE)
    # Behind the claim: a request that was answered meanwhile is due once more for what was set aside of it.
    with services.database.transaction(tenant) as db:
        supplier_words.resume(db, tenant)
    for due in claimed:
        attempt(
            partial(_climb, services, due, moment),
            partial(_failed, services, due, moment),
            request=due.id,
            stage="remind",
        )
    return len(claimed)


def _climb(services: Services, due: Due, now: datetime) -> None:
    with services.database.transaction(due.tenant) as db:
        standing = supplier_steps.lock(db, due)
        if standing is None:
            supplier_steps.forget(db, due)
            return
        rules = supplier_rules.get(db, due.tenant)
        following = next_rung(rules, standing.asked_at, standing.rungs_done)
        if following is None:
            supplier_steps.move(db, due, next_at=None, rungs_done=standing.rungs_done)
            return
        earliest = not_before(rules, following.position, standing.reminded_at)
        when = max(following.due_at, earliest or following.due_at)
        if when > now:  # The rules were changed, or what was held back has only just left.
            supplier_steps.move(db, due, next_at=when, rungs_done=standing.rungs_done)
            return
        after = next_rung(rules, standing.asked_at, standing.rungs_done + 1)
        rung = _rung(services, standing, following, rules)
        supplier_steps.climb(db, due, standing, rung, now=now, next_at=after.due_at if after else None)


def _rung(services: Services, standing: Standing, following: NextRung, rules: SupplierRules) -> Climb:
    if following.rung.kind is RungKind.ALERT:
        return _alert(services, standing, following, rules)
    subject, text = reminder_words.reminder(
        standing.language, standing.purchase_order, standing.asked_at, rules.days.zone
    )
    subject = standing.subject or subject
    told = wall.told_to_supplier(f"{subject}\n{text}", standing.customer)
    if standing.ticket is not None:
        return Climb(following, Channel.TICKET, standing.recipient, subject, text, told)
    missing = NO_MAILBOX if standing.mailbox is None else NO_MAIL if standing.message is None else ""
    return Climb(following, Channel.GMAIL, standing.recipient, subject, text, told or missing)


def _alert(services: Services, standing: Standing, following: NextRung, rules: SupplierRules) -> Climb:
    """It stands on its page in any case; by mail only where somebody of operations wants it."""
    if not rules.operations_address or standing.mailbox is None or standing.message is None:
        return Climb(following, Channel.DESK)
    subject, text = reminder_words.alert(
        standing.supplier_name, standing.purchase_order, standing.purpose, standing.asked_at, rules.days.zone,
        reminded=standing.reminded, link=f"{services.settings.public_url}/suppliers/alerts",
    )  # fmt: skip
    return Climb(following, Channel.GMAIL, rules.operations_address, subject, text)


def _failed(services: Services, due: Due, now: datetime, error: Exception) -> None:
    """What fails again and again ends, with the reason on the request's page; it blocks no other."""
    next_at = now + after_attempts(due.attempts) if due.attempts < MAX_ATTEMPTS else None
    with services.database.transaction(due.tenant) as db:
        supplier_steps.give_back(db, due, next_at=next_at, error=reason_of(error))
