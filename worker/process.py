"""Decide about messages: read a batch, understand it, triage each, write what was decided."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from bootstrap import Services
from domain.bridging import BridgeRules
from domain.category import Category
from domain.conversation import Conversation
from domain.decision import Decision, Disposition
from domain.earned import CERTAIN
from domain.ports import Handler
from domain.supplier import Directory
from domain.triage import Policy, triage
from domain.understanding import Understanding
from parts.tables import TenantOrders
from storage import (
    decisions,
    gap_work,
    identity_links,
    mailboxes,
    messages,
    reclassify,
    standings,
    supplier_links,
    suppliers,
    ticketing,
)
from storage.mailboxes import Mailbox
from storage.messages import Claimed, Fetched
from storage.reclassify import Known as Said
from understanding.cascade import known_as
from worker.attempt import attempt, reason_of
from worker.backoff import after_attempts
from worker.bridging import Bridge
from worker.recognising import Recognising
from worker.suggesting import Decided, with_suggestions
from worker.supplier_answers import Answer, Answers, heard_at_least
from worker.together import Row, write_all

LEASE = timedelta(minutes=2)
BATCH = 32
MAX_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Known:
    """What was read before anyone thinks, so that no transaction is open while a model works."""

    tenant: UUID
    now: datetime
    policy: Policy
    mailboxes: Mapping[UUID, Mailbox]
    own_addresses: frozenset[str]
    conversations: Mapping[UUID, Conversation]
    said: Mapping[UUID, Said]
    suppliers: Directory
    confirmed: frozenset[UUID]
    bridge: BridgeRules | None
    suppliers_asked: bool

    def policy_for(self, mailbox: UUID) -> Policy:
        known = self.mailboxes[mailbox]
        # Where Google ended our access a reply waits for the reconnecting, and is looked at once more before it leaves.
        answering = self.policy.answering and known.status in {"active", "needs_reauth"}
        return replace(
            self.policy,
            answering=answering,
            answers_since=known.connected_at,
            own_addresses=self.own_addresses,
            now=self.now,
        )


def work(services: Services, tenant: UUID) -> int:
    """Decide about up to 32 messages of one tenant; returns how many were taken."""
    with services.database.transaction(tenant) as db:
        taken = messages.claim_fetched(db, tenant, limit=BATCH, lease=LEASE)
        known = Known(
            tenant,
            datetime.now(UTC),
            standings.policy(db, tenant, services.model, services.answer_model),
            {mailbox.id: mailbox for mailbox in mailboxes.every(db, tenant)},
            mailboxes.own_addresses(db, tenant),
            decisions.conversations(db, tenant, [one.claim.id for one in taken]),
            reclassify.known(db, tenant, [one.claim.id for one in taken]),
            suppliers.directory(db, tenant),
            identity_links.confirmed(db, tenant, [one.claim.id for one in taken]),
            ticketing.rules(db, tenant),
            supplier_links.any_request(db, tenant),
        )
    fresh = [one for one in taken if one.claim.attempts <= MAX_ATTEMPTS]
    for one in taken:
        if one not in fresh:
            _give_up(services, known, one)
    if fresh and not attempt(
        lambda: _decide(services, known, fresh), lambda _: None, tenant=tenant, stage="process", messages=len(fresh)
    ):
        # One of them spoils the batch: each alone, so that the others do not suffer.
        for one in fresh:
            attempt(
                partial(_decide, services, known, [one]),
                partial(_failed, services, one.claim),
                message=one.claim.id,
                stage="process",
            )
    return len(taken)


def _decide(services: Services, known: Known, batch: list[Fetched]) -> None:
    understood = services.tenant_reader(known.tenant).read([one.message for one in batch])
    known = replace(known, conversations=_recognising(known).over(services, known.conversations, batch, understood))
    handlers = services.handlers(known.tenant)
    decided: list[Decided] = []
    for one, understanding in zip(batch, understood, strict=True):
        attempt(
            partial(_decide_one, known, one, understanding, handlers, decided.append),
            partial(_failed, services, one.claim),
            message=one.claim.id,
            stage="process",
        )
    orders = TenantOrders(services.database, known.tenant)
    letters = {one.claim.id: one.message for one in batch}
    decided = Bridge(known.bridge, orders, letters, known.conversations, known.policy.phases).over(decided)
    suppliers_answers = Answers(services, known.tenant, known.suppliers, known.bridge)
    answers = suppliers_answers.among(decided, letters, known.conversations, known.said)
    rows = [
        Row(one.claim, partial(_record, one=one, answer=answers.get(one.claim.id)))
        for one in with_suggestions(services.web_search(known.tenant), decided)
    ]
    unanswered = [one for one in decided if one.decision.answer is not None and not one.decision.answer.answered]
    if unanswered:
        # Last, since it locks a row that every batch of the tenant wants.
        rows.append(Row(unanswered[-1].claim, partial(gap_work.ask, tenant=known.tenant)))
    write_all(services, rows, partial(_failed, services), "process")


def _recognising(known: Known) -> Recognising:
    return Recognising(known.tenant, known.suppliers, known.own_addresses, known.suppliers_asked)


def _record(db: Any, one: Decided, answer: Answer | None) -> None:
    recorded = decisions.record(db, claim=one.claim, decision=one.decision, understanding=one.understanding)
    if recorded and answer is not None:
        answer.write(db)


def _decide_one(
    known: Known,
    one: Fetched,
    understanding: Understanding,
    handlers: Mapping[Category, Handler],
    keep: Callable[[Decided], None],
) -> None:
    conversation, said = known.conversations[one.claim.id], known.said.get(one.claim.id)
    policy = known.policy_for(one.claim.mailbox)
    if said is not None:
        understanding, conversation = as_said(said, understanding, conversation)
        if said.category is not Category.SUPPLIER:
            conversation = replace(conversation, supplier_mail=None)
        policy = as_wanted(policy, said.category)
    elif one.claim.id in known.confirmed:
        understanding = as_asked(understanding, conversation)
        policy = as_wanted(policy, understanding.category)
    decision = triage(one.message, conversation, understanding, handlers, policy)
    if said is not None and decision.disposition is Disposition.RELEASE:
        # Who said what it is about is looking at it: the draft waits for them.
        decision = decision.held("A person said what it is about, and decides about the draft.")
    elif one.claim.id in known.confirmed and decision.disposition is Disposition.RELEASE:
        # It had its automatic reply already, which asked for the confirmation.
        decision = decision.held("The customer confirmed by the link that was mailed to them; a person approves.")
    if said is not None or one.claim.id in known.confirmed:
        decision = replace(decision, would_release=False)
    sender = one.message.sender
    keep(Decided(one.claim, decision, understanding, (sender.name,) if sender and sender.name else ()))


def as_wanted(policy: Policy, category: Category) -> Policy:
    """What somebody wants decided again is no mail of the past, though its mailbox was connected anew since it came."""
    return replace(policy, standings={category: CERTAIN}, answers_since=None)


def as_said(said: Said, understanding: Understanding, conversation: Conversation) -> tuple[Understanding, Conversation]:
    """A member's word about a mail rules over what was read, and over a case of another kind."""
    other = conversation.case is not None and conversation.case.kind != said.category
    return (
        replace(known_as(understanding, said.category, said.sub_intent), confidence=1.0, suspicion=""),
        replace(conversation, case=None) if other else conversation,
    )


def as_asked(understanding: Understanding, conversation: Conversation) -> Understanding:
    """A mail whose writer was confirmed is about what its case is about, whatever its few words were read as."""
    kind = conversation.case.kind if conversation.case is not None and conversation.case.is_open else ""
    if kind not in set(Category):
        return understanding
    about = Category(kind)
    if understanding.category is not about:
        understanding = known_as(understanding, about, "")
    return replace(understanding, confidence=1.0)


def _give_up(services: Services, known: Known, one: Fetched) -> None:
    """A person has it. That a supplier wrote is noted all the same, where sender or thread say so."""
    reason = f"It was tried {MAX_ATTEMPTS} times in vain: {one.claim.last_error or 'the program ended each time'}."
    with services.database.transaction(one.claim.tenant) as db:
        if decisions.record(db, one.claim, Decision.hold(reason), None):
            heard_at_least(db, _recognising(known), one)


def _failed(services: Services, claim: Claimed, error: Exception) -> None:
    with services.database.transaction(claim.tenant) as db:
        messages.retry(db, claim, after=after_attempts(claim.attempts), error=reason_of(error))
