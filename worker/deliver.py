"""Carry out the effects in the outbox, a batch of one mailbox at a time; what goes wrong with one concerns it alone."""

import time
from datetime import timedelta
from functools import partial
from typing import assert_never
from uuid import UUID

import structlog

from bootstrap import Services
from domain.decision import EffectKind
from domain.delivery import EffectState, Outgoing
from domain.errors import AuthLost, BadInput, MailwrightError, NeedsPerson, NotSent, RateLimited, ScopeMissing, TryAgain
from storage import mailboxes, outbox
from storage.effect import Effect
from worker.attempt import attempt
from worker.backoff import after_attempts, mailbox_trouble
from worker.by_ticket import by_ticket
from worker.gmail_drafts import leave_as_draft
from worker.of_request import of_request
from worker.sending import carry_out, end_at_a_person, to_person
from worker.turns import LONGEST_BATCH

log = structlog.get_logger()

LEASE = timedelta(minutes=3)
BATCH = 20
PATIENCE = 3

# A row is begun only while its lease outlasts the slowest draft; sending renews the lease.
SLOWEST_DRAFT = timedelta(seconds=80)


def work(services: Services, tenant: UUID) -> int:
    """Carry out up to 20 effects of one mailbox; returns how many were taken."""
    ends = time.monotonic() + LEASE.total_seconds() - SLOWEST_DRAFT.total_seconds()
    with services.database.transaction(tenant) as db:
        effects = outbox.claim(db, tenant, limit=BATCH, lease=LEASE)
    if not effects:
        return 0
    attempt(
        lambda: _carry_out_all(services, effects, ends),
        lambda error: _all_failed(services, effects, error),
        tenant=tenant,
        mailbox=effects[0].mailbox,
        stage="deliver",
    )
    return len(effects)


def _carry_out_all(services: Services, effects: list[Effect], ends: float) -> None:
    with services.open_mailbox(effects[0].tenant, effects[0].mailbox) as mailbox:
        failures, enough = 0, time.monotonic() + LONGEST_BATCH
        for number, effect in enumerate(effects):
            # One is begun however long it took to come here: else a slow Postgres would have all of them wait for ever.
            late = time.monotonic() > (min(ends, enough) if number else ends)
            if services.stopping.is_set() or failures >= PATIENCE or late:
                _give_back(services, effect, timedelta(), "", counts=False)
                continue
            done = attempt(
                partial(_carry_out, services, mailbox.outgoing, effect),
                partial(_failed, services, mailbox.outgoing, effect),
                effect=effect.id,
                stage="deliver",
            )
            failures = 0 if done else failures + 1
            if failures == PATIENCE:
                _rest(services, effect)


def _carry_out(services: Services, gmail: Outgoing, effect: Effect) -> None:
    match effect.kind:
        case EffectKind.REPLY if effect.as_draft:
            leave_as_draft(services, gmail, effect)
        case EffectKind.REPLY if effect.ticket is not None and effect.state is EffectState.PENDING:
            by_ticket(services, effect)
        case EffectKind.REPLY | EffectKind.IDENTITY:
            carry_out(services, gmail, effect)
        case EffectKind.SUPPLIER_MAIL | EffectKind.SUPPLIER_REMINDER | EffectKind.OPERATIONS_ALERT:
            of_request(services, gmail, effect)
        case EffectKind.ORDER_ACT | EffectKind.TICKET_MESSAGE | EffectKind.INTERNAL_NOTE:
            # worker/act.py and worker/tickets.py carry these out, from tables of their own.
            log.error("effect_not_due", effect=effect.id, kind=effect.kind)
        case _:
            assert_never(effect.kind)


def _failed(services: Services, gmail: Outgoing, effect: Effect, error: Exception) -> None:
    """Trouble in any call but the sending itself. A row that says `sending` is looked at later, never sent blindly."""
    rests = isinstance(error, RateLimited | AuthLost | ScopeMissing)
    if isinstance(error, MailwrightError) and rests:
        mailbox_trouble(services, effect.tenant, effect.mailbox, error, effect.attempts)
    if isinstance(error, NotSent) and error.after is None:
        to_person(services, effect, EffectState.FAILED, f"Gmail refused the reply: {error.reason}")
    elif isinstance(error, NeedsPerson | BadInput) and not rests:
        end_at_a_person(services, gmail, effect, error.reason)
    else:
        after = error.after if isinstance(error, TryAgain) else after_attempts(effect.attempts)
        reason = str(error) if isinstance(error, MailwrightError) else "An unexpected error; it is in the log."
        _give_back(services, effect, max(after, after_attempts(effect.attempts)), reason)
        with services.database.transaction(effect.tenant) as db:
            mailboxes.note_sending(
                db, effect.tenant, effect.mailbox, error=f"{reason} Replies wait here and are tried again."
            )


def _all_failed(services: Services, effects: list[Effect], error: Exception) -> None:
    if isinstance(error, MailwrightError):
        mailbox_trouble(services, effects[0].tenant, effects[0].mailbox, error, effects[0].attempts)
    for effect in effects:
        _give_back(services, effect, after_attempts(effect.attempts), "The mailbox could not be opened.", counts=False)


def _rest(services: Services, effect: Effect) -> None:
    """Gmail does not answer for this mailbox: each further call would keep the others waiting."""
    with services.database.transaction(effect.tenant) as db:
        rest = after_attempts(PATIENCE + effect.attempts)
        mailboxes.block(db, effect.tenant, effect.mailbox, rest, "Gmail does not answer.")


def _give_back(services: Services, effect: Effect, after: timedelta, error: str, *, counts: bool = True) -> None:
    """Due again in `after`, in whatever state the row is in."""
    with services.database.transaction(effect.tenant) as db:
        outbox.give_back(db, effect, after=after, error=error, counts=counts)
