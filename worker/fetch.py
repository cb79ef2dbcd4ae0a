"""Fetch the bytes of new messages and read them: from an id to a message that waits for its decision."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from adapters.gmail.source import Fate
from bootstrap import Services
from domain.decision import Decision
from domain.errors import AuthLost, Gone, MailwrightError, RateLimited, ScopeMissing, TryAgain, Unreadable
from domain.mailbox import RawMail
from domain.message import Message
from domain.triage import MAX_BYTES
from storage import arrivals, decisions, identity_links, messages, own_copies
from storage.messages import Claimed
from worker import by_hand, from_gmail
from worker.attempt import attempt
from worker.backoff import after_attempts, mailbox_trouble
from worker.together import Row, write_all

LEASE = timedelta(minutes=2)
BATCH = 20

# Tries that ended in a crash or an error that waiting does not cure.
MAX_ATTEMPTS = 5

# Passing trouble at Gmail blames no mail and is waited out for three days (RELIABILITY.md 3.2, rule 7).
PATIENCE = timedelta(hours=72)
LONGEST_WAIT = timedelta(minutes=15)


def work(services: Services, tenant: UUID) -> int:
    """Fetch up to 20 messages of one mailbox; returns how many were taken."""
    with services.database.transaction(tenant) as db:
        claims = messages.claim_discovered(db, tenant, limit=BATCH, lease=LEASE)
    if not claims:
        return 0
    mailbox = claims[0].mailbox
    attempt(
        lambda: _fetch(services, mailbox, _still_wanted(services, tenant, mailbox, claims)),
        lambda error: _all_failed(services, claims, error),
        tenant=tenant,
        mailbox=mailbox,
        stage="fetch",
    )
    return len(claims)


def _still_wanted(services: Services, tenant: UUID, mailbox: UUID, claims: list[Claimed]) -> list[Claimed]:
    """Without the copies of our own replies, which are known, and the mails that were tried too often or too long."""
    sent_ids = [claim.gmail_id for claim in claims if claim.direction == "out"]
    wanted = []
    with services.database.transaction(tenant) as db:
        ours = own_copies.ours_among(db, tenant, mailbox, sent_ids) if sent_ids else frozenset()
        for claim in claims:
            objection = _objection(claim)
            if claim.gmail_id in ours or (claim.direction == "out" and objection):
                messages.end(db, claim, "noted")
            elif objection:
                _hold(services, claim, objection)
            else:
                wanted.append(claim)
    return wanted


def _objection(claim: Claimed) -> str:
    """Why this mail is given up, or nothing. What waited longer while nobody could try has its try first."""
    if claim.attempts > MAX_ATTEMPTS:
        return f"It could not be fetched after {MAX_ATTEMPTS} tries: {claim.last_error}"
    if claim.waited > PATIENCE and claim.last_error:
        return f"It could not be fetched for {PATIENCE // timedelta(hours=1)} hours: {claim.last_error}"
    return ""


def _wait(claim: Claimed, error: Exception) -> timedelta:
    """As long again as it has waited, at most a quarter of an hour, when Gmail is to blame; else by its tries."""
    if isinstance(error, TryAgain):
        return max(error.after, min(claim.waited, LONGEST_WAIT), after_attempts(claim.attempts))
    return after_attempts(claim.attempts)


def _fetch(services: Services, mailbox: UUID, claims: list[Claimed]) -> None:
    if not claims:
        return
    with services.open_mailbox(claims[0].tenant, mailbox) as gmail:
        fates = gmail.source.fetch_many([claim.gmail_id for claim in claims])
    rows: list[Row] = []
    for claim, fate in zip(claims, fates, strict=True):
        attempt(
            partial(_read, services, claim, fate, rows.append),
            partial(_failed, services, claim),
            message=claim.id,
            stage="fetch",
        )
    write_all(services, rows, partial(_failed, services), "fetch")


def _read(services: Services, claim: Claimed, fate: Fate, keep: Callable[[Row], None]) -> None:
    """Take the mail apart and say what is to be written about it; raises what befell it at Gmail."""
    if isinstance(fate, Gone):
        keep(Row(claim, partial(messages.end, claim=claim, state="gone")))
        return
    if not isinstance(fate, RawMail):
        raise fate
    if not fate.raw or len(fate.raw) > MAX_BYTES:
        reason = f"It is larger than 25 MB ({fate.size // 1_000_000} MB)."
        keep(Row(claim, partial(_keep_unread, claim=claim, mail=replace(fate, raw=b""), reason=reason)))
        return
    try:
        message = replace(services.jail.read(fate.raw), labels=fate.labels)
    except Unreadable as error:
        keep(Row(claim, partial(_keep_unread, claim=claim, mail=fate, reason=f"It cannot be read as a mail: {error}")))
        return
    # What the merchant wrote by hand in Gmail is kept for context and needs no decision.
    state = "noted" if claim.direction == "out" else "fetched"
    keep(Row(claim, partial(_keep_read, claim=claim, mail=fate, message=message, state=state)))


def _keep_read(db: Any, claim: Claimed, mail: RawMail, message: Message, state: str) -> None:
    """Our own mail with a link in it is kept nowhere, also while nobody knows yet under which id it left."""
    if claim.direction == "out" and identity_links.is_copy(db, claim.tenant, message.text):
        messages.end(db, claim, "noted")
    else:
        stored = arrivals.store(db, claim, mail, message, state=state)
        if stored is not None and claim.direction == "out":
            by_hand.note(db, claim, mail, message)
            from_gmail.note(db, claim, mail, message)


def _keep_unread(db: Any, claim: Claimed, mail: RawMail, reason: str) -> None:
    """Keep the bytes, show the mail as unreadable, and let a person look."""
    conversation = arrivals.store(db, claim, mail, None, state="unreadable", error=reason)
    if conversation is not None and claim.direction == "in":
        held = replace(claim, conversation=conversation)
        decisions.record(db, held, Decision.hold(reason), None, state="unreadable")


def _hold(services: Services, claim: Claimed, reason: str) -> None:
    """Put a mail without bytes into the queue, in the conversation of its thread."""
    with services.database.transaction(claim.tenant) as db:
        placed = arrivals.placed(db, claim)
        if placed is not None:
            decisions.record(db, placed, Decision.hold(reason), None)


def _failed(services: Services, claim: Claimed, error: Exception) -> None:
    reason = str(error) if isinstance(error, MailwrightError) else "An unexpected error; it is in the log."
    if isinstance(error, RateLimited | AuthLost | ScopeMissing):
        mailbox_trouble(services, claim.tenant, claim.mailbox, error, claim.attempts)
    with services.database.transaction(claim.tenant) as db:
        blamed = not isinstance(error, TryAgain)
        messages.retry(db, claim, after=_wait(claim, error), error=reason, counts=blamed)


def _all_failed(services: Services, claims: list[Claimed], error: Exception) -> None:
    """Nothing came of the whole batch: the mailbox rests where it is to blame, and no mail is blamed for that."""
    known, first = error if isinstance(error, MailwrightError) else None, claims[0]
    rests = known is not None and mailbox_trouble(services, first.tenant, first.mailbox, known, first.attempts)
    with services.database.transaction(claims[0].tenant) as db:
        for claim in claims:
            reason = str(known) if known else "An unexpected error; it is in the log."
            messages.retry(db, claim, after=_wait(claim, error), error=reason, counts=not rests)
