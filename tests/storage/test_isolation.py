"""Every function of `storage` and every stage of the workers, called by one tenant with another tenant's ids."""

import importlib
import inspect
import pkgutil
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy import table as named
from sqlalchemy.exc import IntegrityError, NoResultFound, ProgrammingError

import storage
from adapters.ticketing import Connection
from domain.answering import AnswerLook, CheckedQuestion, Verdict
from domain.bridging import BridgeRules, Mode
from domain.case import Case, CaseState
from domain.category import Category
from domain.completeness import Day, days
from domain.decision import Decision, IdentityMail, InternalNote, OrderAct, Tried, WordsFor
from domain.delivery import DraftRef, EffectState, Gate, SentRef, TicketState, WordsState
from domain.earned import NotEnough
from domain.errors import BadInput, NeedsPerson, TryAgain
from domain.incident import Incident
from domain.ladder import NextRung
from domain.mailbox import Added, RawMail
from domain.message import Address
from domain.money import Money
from domain.number_forms import NumberForms
from domain.opinion import Call
from domain.order import Order
from domain.order_action import Action
from domain.phase import Phase
from domain.refund_policy import RefundPolicy
from domain.sealed import Sealed
from domain.settlement import Settlement
from domain.supplier import Directory, Purpose, Supplier
from domain.supplier_mail import About, KnownBy, SupplierMail
from domain.supplier_request import Channel, FoundBy, Rung, RungKind, SupplierRequest, SupplierRules, ToAsk
from domain.understanding import Understanding
from storage import (
    account,
    act_ends,
    act_work,
    acts,
    answer_standings,
    answer_verdicts,
    approvals,
    arrivals,
    assigning,
    attempts,
    audit,
    bulk,
    by_hand,
    case_history,
    case_shown,
    cases,
    checked,
    citations,
    claims,
    closing,
    completeness,
    conversations,
    corrections,
    customer_data,
    customer_health,
    customer_news,
    customers,
    decisions,
    demonstration,
    demonstration_past,
    desk,
    disconnecting,
    document_list,
    documents,
    draft_numbers,
    edit_reasons,
    erasure,
    events,
    found_out,
    gap_work,
    gaps,
    gate,
    gmail_drafts,
    identity_links,
    incidents,
    indexing,
    invitations,
    kept_replies,
    knowledge_search,
    learning,
    leaving,
    ledger,
    llm_calls,
    machine_view,
    mailboxes,
    members,
    messages,
    notes,
    notices,
    oauth_states,
    order_history,
    orders,
    orders_list,
    outbox,
    own_copies,
    passages,
    people,
    phase_counts,
    phases,
    presence,
    published,
    queue,
    queue_counts,
    reclassify,
    reconciliation,
    refund_export,
    refund_policies,
    refund_totals,
    refunds_list,
    replies,
    requests_shown,
    resets,
    retention,
    revocations,
    rotation,
    search,
    second_factor,
    sent_from_gmail,
    sessions,
    settling,
    shared_threads,
    shop_webhooks,
    standings,
    supplier_alerts,
    supplier_by_hand,
    supplier_links,
    supplier_notes,
    supplier_numbers,
    supplier_open,
    supplier_past,
    supplier_requests,
    supplier_rules,
    supplier_sending,
    supplier_shown,
    supplier_steps,
    supplier_words,
    suppliers,
    sync,
    taking_over,
    tenants,
    thread,
    ticket_ends,
    ticket_files,
    ticket_release,
    ticket_words,
    ticket_work,
    ticketing,
    tickets,
    tickets_waiting,
    trials,
    unapproved,
    undo,
    views,
    wall_facts,
    walls,
)
from storage.approvals import Approved, Wanted
from storage.codec import dumps
from storage.customer_news import News, Target
from storage.documents import StoredDocument
from storage.due import Kind
from storage.effect import Effect
from storage.gap_work import GapWork
from storage.gaps import Grouped
from storage.incidents import StatusPage
from storage.indexing import Work
from storage.kept_replies import Seen
from storage.learning import Lesson
from storage.messages import Claimed
from storage.passages import Piece, Vectors
from storage.queue import Filter, State
from storage.revocations import Revocation
from storage.settling import Answer, Waiting
from storage.shared_threads import Writer
from storage.supplier_by_hand import ByHand
from storage.supplier_notes import SupplierNote
from storage.supplier_past import PastRequest
from storage.supplier_requests import Anchor
from storage.supplier_steps import Climb
from storage.sync import Cursor
from storage.tickets import Words
from storage.walls import Letter
from tests.support import pipeline
from tests.support.pipeline import Shop
from worker.drain import STAGES

SOON = timedelta(minutes=2)

# No tables of tenants, or asked before a tenant is known: each says why it has no case.
WITHOUT_CASE = {
    "due.kinds_due": "the listener's: kinds of work, no rows",
    "due.tenants_due": "the listener's: ids of tenants",
    "due.every_tenant": "the listener's: ids of tenants",
    "members.candidates": "who may be signing in, before a tenant is known",
    "members.of_google": "who may be signing in with Google, before a tenant is known",
    "members.count_attempt": "counts hashes",
    "metrics.figures": "numbers of the whole machine: tests/storage/test_metrics.py",
    "tenants.by_slug": "the command line's, before a tenant is known",
}
NO_QUERIES = {"codec", "database", "migrate"}


@dataclass(frozen=True)
class Foreign:
    """What another tenant has: its ids, and rows that its own workers have claimed."""

    tenant: UUID
    member: UUID
    mailbox: UUID
    google_sub: str
    message: UUID
    gmail_id: str
    decision: UUID
    conversation: UUID
    session: str
    claim: Claimed
    effect: Effect
    cursor: Cursor
    revocation: Revocation
    lesson: Lesson
    work: Work
    document: UUID
    status_page: StatusPage
    correction: UUID
    checked_mail: UUID
    answer_verdict: UUID
    gap: UUID
    services: Any
    case: UUID
    act: UUID
    order_act: act_work.Act
    link: UUID
    supplier: UUID
    done: UUID
    unknown: UUID
    ticket: ticket_work.Due
    words: ticket_words.DueWords
    request: UUID
    view: UUID
    asking: UUID
    invitation: str
    invited: UUID
    reset: str
    recovery: str
    session_id: UUID
    asking_words: UUID
    due: supplier_steps.Due
    standing: supplier_steps.Standing
    held_words: UUID
    alert: UUID
    note: UUID
    trial: trials.Trial

    @property
    def waiting(self) -> Waiting:
        return Waiting(self.decision, self.message, self.conversation, None)

    @property
    def held(self) -> acts.Held:
        return acts.Held(self.act, self.case, Action.REFUND, "LO-SECRET", A_LITTLE, 2, frozenset())

    def raw(self) -> RawMail:
        return RawMail(self.gmail_id, "thread", (), datetime.now(UTC), b"raw", 3)


AN_ORDER = Order(
    number="LO-1", customer_email="a@b.example", status="shipped", total=Money(1, "EUR"), refunded=Money(0, "EUR"),
    placed_at=datetime.now(UTC), delivered_at=None, items=(), customer_name="", tracking_url="",
)  # fmt: skip

AN_ANSWER = Answer(uuid4(), "hello", "ABCDEF")
A_LINK = IdentityMail(Address("a@b.example"), "Was it you?", "{link}", "LO-SECRET")
A_CLAIM = "We have refunded 0.01 EUR to you."
A_WEBHOOK = shop_webhooks.Webhook("https://shop.example/ours", Sealed(b"ours"))
A_SYSTEM = ticketing.Connected("https://tickets.example", "ours", Sealed(b"ours"), "/tickets", "UTC")
THE_RULES = BridgeRules(Mode.GMAIL_ONLY)
A_NOTE = Words(WordsFor.NOTE, "hello")
NOBODYS = Directory()
TO_A_CUSTOMER = Letter(Address("a@b.example"), "Secret, secret.example")
A_SUPPLIER = Supplier("Ours", ("ours.example",))
A_LITTLE = Money(1, "EUR")
A_REFUND = OrderAct(Action.REFUND, "LO-SECRET", A_LITTLE, approvals=2)

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
LATER = datetime.now(UTC) + timedelta(days=30)
EVER = Day(LONG_AGO.date(), LONG_AGO, LATER)
A_RUNG = Climb(NextRung(3, Rung(RungKind.ALERT, SOON), LONG_AGO), Channel.DESK)


def an_answer_to(request: UUID, supplier: UUID) -> SupplierMail:
    asked = SupplierRequest(request, supplier, "D400000001", "desk@secret.example")
    return SupplierMail(KnownBy.SENDER, about=(About(asked, FoundBy.THREAD, answers=True),))


def a_question_to(supplier: UUID) -> ToAsk:
    return ToAsk(supplier, "D400000001", Purpose.TRACKING, "desk@secret.example", "Where is it?", "secret")


AN_INCIDENT = Incident("secret", "Secret", "open", "minor", (), "", LONG_AGO, LONG_AGO, "", LONG_AGO)
READ = {"now": LONG_AGO, "again": SOON}

A_SHIPPED_MAIL = checked.Shipped("shipped-1", "ours", "", "en", Category.OTHER)
A_DOCUMENT = StoredDocument("a.md", "v", "text")
A_STANDING = standings.Row(Category.OTHER, 0.25, 0, NotEnough(1, 45))

A_QUESTION = CheckedQuestion("shipped-1", "ours", "", "en", "a.md", ("A",))
A_VERDICT = Verdict(AnswerLook("quoted", 0.5), is_right=True)
HOW_ANSWERS_STAND = answer_standings.Row("quoted", "x/1", 0.25, 0, NotEnough(1, 45))

# How each is called: `t` is the tenant that it is asked for, everything else is the other tenant's.
CASES = {
    "act_work.claim": lambda db, t, b: act_work.claim(db, t, SOON),
    "act_work.begin": lambda db, t, b: (
        act_work.begin(db, replace(b.order_act, tenant=t), "", SOON)[0] is not act_work.Gate.LOST
    ),
    "act_work.uncertain": lambda db, t, b: act_work.uncertain(
        db, replace(b.order_act, tenant=t), after=SOON, error="x"
    ),
    "act_work.never_asked": lambda db, t, b: act_work.never_asked(
        db, replace(b.order_act, tenant=t), after=SOON, error="x"
    ),
    "act_work.give_back": lambda db, t, b: act_work.give_back(
        db, replace(b.order_act, tenant=t), after=SOON, error="x"
    ),
    "act_work.rest": lambda db, t, b: act_work.rest(db, t, SOON),
    "act_work.move_case": lambda db, t, b: act_work.move_case(db, t, b.case, CaseState.PERSON),
    "act_ends.done": lambda db, t, b: act_ends.done(db, replace(b.order_act, tenant=t), "x"),
    "act_ends.refused": lambda db, t, b: act_ends.refused(db, replace(b.order_act, tenant=t), "x"),
    "act_ends.called_off": lambda db, t, b: act_ends.called_off(db, replace(b.order_act, tenant=t), "x"),
    "act_ends.needs_person": lambda db, t, b: act_ends.needs_person(db, replace(b.order_act, tenant=t), "x"),
    "act_ends.held": lambda db, t, b: act_ends.held(db, replace(b.order_act, tenant=t), "x"),
    "act_ends.confirmed": lambda db, t, b: act_ends.confirmed(db, t, b.effect.id),
    "members.join": lambda db, t, b: (
        members.join(db, t, email="new@rival.example", name="x", password_hash="x", role="owner") and None
    ),
    "trials.ask": lambda db, t, b: trials.ask(db, t, member=b.member, raw=b"ours") and None,
    "trials.claim": lambda db, t, b: trials.claim(db, t, SOON),
    "trials.finish": lambda db, t, b: trials.finish(
        db,
        replace(b.trial, tenant=t),
        None,
        understanding=Understanding(""),
        decision=Decision.hold("x"),
        effects=(),
    ),
    "trials.give_up": lambda db, t, b: trials.give_up(db, replace(b.trial, tenant=t), "x"),
    "trials.give_back": lambda db, t, b: trials.give_back(db, replace(b.trial, tenant=t), after=SOON, error="x"),
    "trials.forget": lambda db, t, b: trials.forget(db, t),
    "trials.look": lambda db, t, b: trials.look(db, t, b.trial.id, member=b.member),
    "unapproved.look_again": lambda db, t, b: unapproved.look_again(db, t, "LO-SECRET", Action.REFUND),
    "acts.propose": lambda db, t, b: acts.propose(
        db, t, b.decision, b.case, replace(A_REFUND, approvals=0), released=True
    ),
    "acts.held": lambda db, t, b: acts.held(db, t, b.decision),
    "acts.approve": lambda db, t, b: acts.approve(db, t, b.act, member=b.member),
    "acts.make_due": lambda db, t, b: acts.make_due(db, t, b.held, b.case, member=b.member),
    "acts.is_unknown": lambda db, t, b: acts.is_unknown(db, t, b.case),
    "acts.cancel": lambda db, t, b: acts.cancel(db, t, b.decision, reason="x"),
    "acts.cancel_of_case": lambda db, t, b: acts.cancel_of_case(db, t, b.case, reason="x"),
    "approvals.approve": lambda db, t, b: (
        approvals.approve(db, t, b.decision, member=b.member, text_to_send="hello", reference="ABCDEF")
        is not Approved.LATE
    ),
    "approvals.refuse": lambda db, t, b: approvals.refuse(
        db, t, b.decision, member=b.member, rule_or_reason="x", text_to_send="hello", reference="ABCDEF"
    ),
    "approvals.ask": lambda db, t, b: approvals.ask(
        db, t, b.decision, member=b.member, what=Wanted.REASON, text_to_send="hello", reference="ABCDEF"
    ),
    "attempts.record": lambda db, t, b: attempts.record(db, replace(b.claim, tenant=t), [Tried("X", exists=False)]),
    "attempts.groups": lambda db, t, b: attempts.groups(db, t),
    "account.of": lambda db, t, b: account.of(db, t, b.member),
    "account.password_hash": lambda db, t, b: account.password_hash(db, t, b.member),
    "account.rename": lambda db, t, b: account.rename(db, t, b.member, "ours"),
    "invitations.invite": lambda db, t, b: invitations.invite(
        db, t, email="owner@rival.example", role="owner", by=b.member
    ),
    "invitations.every": lambda db, t, b: invitations.every(db, t),
    "invitations.look": lambda db, t, b: invitations.look(db, t, b.invitation),
    "invitations.accept": lambda db, t, b: invitations.accept(db, t, b.invitation, name="x", password_hash="x"),
    "invitations.revoke": lambda db, t, b: invitations.revoke(db, t, b.invited, by=b.member),
    "people.every": lambda db, t, b: [one for one in people.every(db, t) if one.email == "owner@rival.example"],
    "people.one": lambda db, t, b: people.one(db, t, b.member),
    "people.set_role": lambda db, t, b: people.set_role(db, t, b.member, "viewer", by=b.member),
    "people.deactivate": lambda db, t, b: people.deactivate(db, t, b.member, by=b.member),
    "people.reactivate": lambda db, t, b: people.reactivate(db, t, b.member, by=b.member),
    "resets.make": lambda db, t, b: resets.make(db, t, b.member, by_mail=True),
    "resets.look": lambda db, t, b: resets.look(db, t, b.reset),
    "resets.use": lambda db, t, b: resets.use(db, t, b.reset, "ours"),
    "second_factor.find": lambda db, t, b: second_factor.find(db, t, b.member),
    "second_factor.begin": lambda db, t, b: second_factor.begin(db, t, b.member, Sealed(b"ours")),
    "second_factor.confirm": lambda db, t, b: second_factor.confirm(db, t, b.member, 1),
    "second_factor.renew_codes": lambda db, t, b: second_factor.renew_codes(db, t, b.member),
    "second_factor.take_step": lambda db, t, b: second_factor.take_step(db, t, b.member, 9),
    "second_factor.take_code": lambda db, t, b: second_factor.take_code(db, t, b.member, b.recovery),
    "second_factor.remove": lambda db, t, b: second_factor.remove(db, t, b.member, actor="x"),
    "sessions.live": lambda db, t, b: sessions.live(db, t, b.member),
    "sessions.end": lambda db, t, b: sessions.end(db, t, b.member, b.session_id),
    "sessions.end_others": lambda db, t, b: sessions.end_others(db, t, b.member, kept=uuid4()),
    "members.exists": lambda db, t, b: members.exists(db, t, "owner@rival.example"),
    "members.is_proven": lambda db, t, b: members.is_proven(db, t, b.member),
    "members.unlink_google": lambda db, t, b: members.unlink_google(db, t, b.member),
    "members.link_google": lambda db, t, b: members.link_google(db, t, b.member, "ours"),
    "tenants.require_second_factor": lambda db, t, b: (
        tenants.require_second_factor(db, t, required=True) and t == b.tenant
    ),
    "customer_data.rows": lambda db, t, b: any(customer_data.rows(db, t, "anna@customer.example").values()),
    "customer_data.mails": lambda db, t, b: customer_data.mails(db, t, "anna@customer.example"),
    "erasure.erase": lambda db, t, b: erasure.erase(db, t, "anna@customer.example", actor="x"),
    "shared_threads.lock": lambda db, t, b: shared_threads.lock(db, t, "anna@customer.example"),
    "shared_threads.leave": lambda db, t, b: shared_threads.leave(
        db, t, Writer("anna@customer.example", "nobody@erased.invalid", [b.message], [b.conversation])
    ),
    "retention.days": lambda db, t, b: retention.days(db, t),
    "retention.set_days": lambda db, t, b: retention.set_days(db, t, None, actor="x"),
    "retention.forget": lambda db, t, b: retention.forget(db, t),
    "audit.head": lambda db, t, b: t == b.tenant and audit.head(db, t).position,
    "audit.broken": lambda db, t, b: audit.broken(db, t),
    "audit.page": lambda db, t, b: [
        one for one in audit.page(db, t) if one.subject in {b.message, b.mailbox} and one.kind != "test"
    ],
    "case_shown.conversation_of": lambda db, t, b: case_shown.conversation_of(db, t, b.act),
    "case_shown.step_of": lambda db, t, b: case_shown.step_of(db, t, b.decision),
    "case_shown.has_approved": lambda db, t, b: case_shown.has_approved(db, t, b.act, b.member),
    "refund_totals.since": lambda db, t, b: refund_totals.since(db, t, LONG_AGO),
    "case_history.history": lambda db, t, b: case_history.history(db, t, b.case),
    "case_history.of_conversation": lambda db, t, b: case_history.of_conversation(db, t, b.conversation),
    "case_history.note": lambda db, t, b: case_history.note(
        db, t, b.case, CaseState.REQUESTED, [CaseState.PERSON], actor="x", reason="x"
    ),
    "ledger.promise": lambda db, t, b: ledger.promise(db, t, b.act),
    "ledger.paid": lambda db, t, b: ledger.paid(db, t, b.act),
    "ledger.released": lambda db, t, b: ledger.released(db, t, b.act),
    "ledger.entries": lambda db, t, b: ledger.entries(db, t, "LO-SECRET"),
    "orders_list.page": lambda db, t, b: [
        one for one in orders_list.page(db, t) + orders_list.page(db, t, after="LO-SECRET") if "SECRET" in one.number
    ],
    "orders_list.of_customer": lambda db, t, b: [
        one for one in orders_list.of_customer(db, t, "a@b.example") if "SECRET" in one.number
    ],
    "orders_list.one": lambda db, t, b: orders_list.one(db, t, "LO-SECRET"),
    "refunds_list.acts": lambda db, t, b: refunds_list.acts(db, t) or refunds_list.acts(db, t, after=b.act),
    "refunds_list.waiting_for_second": lambda db, t, b: refunds_list.waiting_for_second(db, t),
    "refunds_list.of_conversation": lambda db, t, b: refunds_list.of_conversation(db, t, b.conversation),
    "refunds_list.of_customer": lambda db, t, b: refunds_list.of_customer(db, t, "a@b.example"),
    "refunds_list.of_order": lambda db, t, b: refunds_list.of_order(db, t, "LO-SECRET"),
    "kept_replies.of": lambda db, t, b: kept_replies.of(db, t, [b.decision]),
    "kept_replies.left_behind": lambda db, t, b: kept_replies.left_behind(db, t, b.conversation),
    "kept_replies.check": lambda db, t, b: kept_replies.check(db, t, b.decision, Seen(), "secret"),
    "kept_replies.keep": lambda db, t, b: kept_replies.keep(db, t, b.decision, "ours", member=b.member, seen=Seen()),
    "kept_replies.put": lambda db, t, b: kept_replies.put(db, t, b.decision, "ours", member=b.member),
    "kept_replies.drop": lambda db, t, b: kept_replies.drop(db, t, b.decision, seen=Seen()),
    "presence.note": lambda db, t, b: presence.note(db, t, b.conversation, b.member, writing=True),
    "presence.others": lambda db, t, b: presence.others(db, t, b.conversation, uuid4()),
    "settling.lock": lambda db, t, b: settling.lock(db, t, b.decision),
    "settling.settle": lambda db, t, b: settling.settle(db, t, b.decision, member=b.member, settlement=Settlement.SENT),
    "settling.reply": lambda db, t, b: settling.reply(db, t, b.waiting, AN_ANSWER, state=EffectState.PENDING),
    "settling.sent": lambda db, t, b: settling.sent(
        db, t, replace(b.waiting, message=uuid4()), AN_ANSWER, edited=False
    ),
    "settling.drop_replies": lambda db, t, b: settling.drop_replies(db, t, b.decision, reason="x"),
    "settling.to_person": lambda db, t, b: settling.to_person(db, t, b.waiting, b.case, member=b.member, reason="x"),
    "settling.case_of": lambda db, t, b: settling.case_of(db, t, b.waiting, b.case),
    "cases.open_one": lambda db, t, b: cases.open_one(db, t, b.conversation),
    # Where nothing stands, a step opens a case of its own.
    "cases.late": lambda db, t, b: cases.late(db, t, b.conversation, Case("refund", version=1))[1].version,
    "answer_verdicts.sent": lambda db, t, b: answer_verdicts.sent(db, t, b.decision, member=b.member),
    "answer_verdicts.said": lambda db, t, b: answer_verdicts.said(db, t, b.decision, member=b.member, is_right=False),
    "answer_verdicts.ship": lambda db, t, b: answer_verdicts.ship(db, t, [A_QUESTION]),
    "answer_verdicts.unasked": lambda db, t, b: [
        one for one in answer_verdicts.unasked(db, t, "x") if "secret" in one[1].question
    ],
    "answer_verdicts.ask_where_stale": lambda db, t, b: answer_verdicts.ask_where_stale(db, t, "x"),
    "answer_verdicts.asked": lambda db, t, b: answer_verdicts.asked(
        db, t, b.answer_verdict, A_VERDICT, model="x", knowledge_version="x"
    ),
    "answer_verdicts.verdicts": lambda db, t, b: answer_verdicts.verdicts(db, t, "plain"),
    "answer_standings.save": lambda db, t, b: answer_standings.save(db, t, HOW_ANSWERS_STAND),
    "answer_standings.replace_all": lambda db, t, b: answer_standings.replace_all(db, t, [HOW_ANSWERS_STAND]),
    "answer_standings.every": lambda db, t, b: [one for one in answer_standings.every(db, t) if one.method == "secret"],
    "answer_standings.save_model": lambda db, t, b: (
        answer_standings.save_model(db, t, model="x", n=1, weights={}) and None
    ),
    "answer_standings.model_of": lambda db, t, b: answer_standings.model_of(db, t, "plain"),
    "answer_standings.set_target": lambda db, t, b: answer_standings.set_target(db, t, 0.2),
    "answer_standings.target": lambda db, t, b: answer_standings.target(db, t) == 0.5,
    "cases.move": lambda db, t, b: cases.move(db, t, b.conversation, Case("refund", version=1)),
    "cases.move_late": lambda db, t, b: cases.move_late(db, t, b.decision, b.conversation, Case("refund", version=1)),
    "cases.move_with_reply": lambda db, t, b: cases.move_with_reply(
        db, t, b.decision, b.conversation, Case("refund", version=1)
    ),
    "cases.take_back": lambda db, t, b: cases.take_back(db, t, b.decision),
    "cases.put_back": lambda db, t, b: cases.put_back(
        db, t, b.case, 1, before=Case("refund", version=1), since=None, reason="x"
    ),
    "cases.waits_for": lambda db, t, b: cases.waits_for(db, t, b.case, b.decision),
    "cases.get": lambda db, t, b: cases.get(db, t, b.case),
    "cases.newest": lambda db, t, b: cases.newest(db, t, [b.conversation]),
    "checked.sent": lambda db, t, b: checked.sent(db, t, b.decision, member=b.member),
    "checked.said": lambda db, t, b: checked.said(db, t, b.decision, member=b.member, category=Category.OTHER),
    "checked.ship": lambda db, t, b: checked.ship(db, t, [A_SHIPPED_MAIL]),
    "checked.unread": lambda db, t, b: [one for one in checked.unread(db, t, "x") if "secret" in one[1].text],
    "checked.read": lambda db, t, b: checked.read(
        db, t, b.checked_mail, said=Category.OTHER, confidence=0.5, model="x"
    ),
    "checked.verdicts": lambda db, t, b: any(checked.verdicts(db, t, "plain").values()),
    "shop_webhooks.find": lambda db, t, b: shop_webhooks.find(db, t),
    "shop_webhooks.put": lambda db, t, b: shop_webhooks.put(db, t, A_WEBHOOK, member=b.member),
    "shop_webhooks.clear": lambda db, t, b: shop_webhooks.clear(db, t, member=b.member),
    "shop_webhooks.under_way": lambda db, t, b: shop_webhooks.under_way(db, t),
    "shop_webhooks.who_sets": lambda db, t, b: shop_webhooks.who_sets(db, t, "owner@rival.example"),
    "suppliers.directory": lambda db, t, b: [
        one for one in suppliers.directory(db, t).suppliers if one.name == "Secret"
    ],
    "suppliers.save": lambda db, t, b: suppliers.save(db, t, A_SUPPLIER, actor="x") and t == b.tenant,
    "supplier_requests.ask": lambda db, t, b: supplier_requests.ask(
        db, t, a_question_to(b.supplier), Anchor(b.mailbox, b.message), channel=Channel.GMAIL, member=b.member
    ),
    "supplier_requests.find": lambda db, t, b: supplier_requests.find(
        db, t, b.supplier, purchase_orders=["D400000001"], thread_id="secret"
    ),
    "supplier_requests.heard": lambda db, t, b: supplier_requests.heard(db, t, b.request, None, at=datetime.now(UTC)),
    "supplier_requests.link": lambda db, t, b: supplier_requests.link(
        db, t, b.message, b.request, FoundBy.PERSON, answers=True
    ),
    "supplier_requests.left": lambda db, t, b: supplier_requests.left(
        db, t, b.request, at=datetime.now(UTC) + timedelta(days=1)
    ),
    "supplier_by_hand.is_ours": lambda db, t, b: supplier_by_hand.is_ours(db, t, f"Ref: {b.effect.reference}"),
    "supplier_by_hand.written": lambda db, t, b: supplier_by_hand.written(
        db, t, ByHand(b.message, b.mailbox, "secret", "<x@y>", b.supplier, "a@b.example", "D400000002", "x", LATER)
    ),
    "supplier_rules.get": lambda db, t, b: supplier_rules.get(db, t).operations_address == "secret@ops.example",
    "supplier_rules.put": lambda db, t, b: supplier_rules.put(db, t, SupplierRules(), actor="x") and t == b.tenant,
    "supplier_sending.thread_of": lambda db, t, b: supplier_sending.thread_of(db, t, b.asking).thread_id,
    "supplier_sending.known_as": lambda db, t, b: supplier_sending.known_as(db, t, b.asking, "<ours@x>"),
    "supplier_sending.forbidden": lambda db, t, b: (
        supplier_sending.forbidden(db, t, b.asking, 0, sight=SOON)[0] is not Gate.LOST
    ),
    "supplier_sending.ticket_of": lambda db, t, b: supplier_sending.ticket_of(db, t, b.asking),
    "supplier_requests.heard_on_ticket": lambda db, t, b: supplier_requests.heard_on_ticket(db, t, b.request, [LATER]),
    "supplier_sending.limits": lambda db, t, b: t == b.tenant and supplier_sending.limits(db, t),
    "supplier_sending.sent": lambda db, t, b: supplier_sending.sent(db, t, b.asking, thread_id="ours"),
    "supplier_sending.ended": lambda db, t, b: supplier_sending.ended(db, t, b.asking, reason="x"),
    "supplier_sending.mailbox_gone": lambda db, t, b: supplier_sending.mailbox_gone(db, t, b.mailbox, reasons=["x"]),
    "supplier_steps.claim": lambda db, t, b: supplier_steps.claim(db, t, now=LATER, limit=9, lease=SOON),
    "supplier_steps.lock": lambda db, t, b: supplier_steps.lock(db, replace(b.due, tenant=t)),
    "supplier_steps.climb": lambda db, t, b: supplier_steps.climb(
        db, replace(b.due, tenant=t), b.standing, A_RUNG, now=LATER, next_at=None
    ),
    "supplier_steps.move": lambda db, t, b: supplier_steps.move(
        db, replace(b.due, tenant=t), next_at=None, rungs_done=1
    ),
    "supplier_steps.forget": lambda db, t, b: supplier_steps.forget(db, replace(b.due, tenant=t)),
    "supplier_steps.give_back": lambda db, t, b: supplier_steps.give_back(
        db, replace(b.due, tenant=t), next_at=LATER, error="x"
    ),
    "supplier_words.overtaken": lambda db, t, b: supplier_words.overtaken(db, t, b.asking_words),
    "supplier_words.is_undecided": lambda db, t, b: supplier_words.is_undecided(db, t, b.asking_words),
    "supplier_words.done": lambda db, t, b: supplier_words.done(db, t, b.asking_words),
    "supplier_words.ended": lambda db, t, b: supplier_words.ended(db, t, b.asking_words, reason="x"),
    "supplier_words.set_aside": lambda db, t, b: supplier_words.set_aside(db, t, b.asking_words, reason="x"),
    "supplier_words.resume": lambda db, t, b: supplier_words.resume(db, t),
    "requests_shown.of_conversation": lambda db, t, b: requests_shown.of_conversation(db, t, b.conversation),
    "requests_shown.ground": lambda db, t, b: requests_shown.ground(db, t, b.conversation),
    "requests_shown.ticket_of": lambda db, t, b: requests_shown.ticket_of(db, t, "LO-SECRET"),
    "requests_shown.asked_before": lambda db, t, b: requests_shown.asked_before(db, t, ("D400000001",), ()),
    "requests_shown.check_asked_once": lambda db, t, b: requests_shown.check_asked_once(db, t, b.request, "secret"),
    "requests_shown.conversation_of": lambda db, t, b: requests_shown.conversation_of(db, t, b.request),
    "ticket_release.of_conversation": lambda db, t, b: ticket_release.of_conversation(db, t, b.conversation),
    "ticket_release.conversation_of": lambda db, t, b: ticket_release.conversation_of(db, t, b.held_words),
    "ticket_release.release": lambda db, t, b: ticket_release.release(db, t, b.held_words, member=b.member),
    "ticket_release.drop": lambda db, t, b: ticket_release.drop(db, t, b.held_words, member=b.member),
    "ticket_files.of_ticket": lambda db, t, b: ticket_files.of_ticket(db, replace(b.ticket, tenant=t)),
    "ticket_files.of_note": lambda db, t, b: ticket_files.of_note(db, t, b.words.id),
    "wall_facts.customers": lambda db, t, b: (
        wall_facts.customers(
            db, t, NOBODYS, conversations=[b.conversation], supplier=b.supplier, request=b.request
        ).addresses
    ),
    "wall_facts.secrets": lambda db, t, b: wall_facts.secrets(db, t, NOBODYS, conversations=[b.conversation])[0],
    "walls.doubt": lambda db, t, b: walls.doubt(db, replace(b.effect, tenant=t)),
    "walls.objection": lambda db, t, b: walls.objection(db, t, TO_A_CUSTOMER),
    "walls.objection_to_reply": lambda db, t, b: walls.objection_to_reply(db, t, b.decision, "Secret"),
    "walls.objection_to_words": lambda db, t, b: walls.objection_to_words(db, t, b.held_words),
    "walls.behind_words": lambda db, t, b: walls.behind_words(db, t, b.held_words, NOBODYS)[0].addresses,
    "walls.note_override": lambda db, t, b: walls.note_override(db, t, b.decision, member=b.member, reason="x"),
    "supplier_open.page": lambda db, t, b: (
        supplier_open.page(db, t, supplier=b.supplier) or supplier_open.page(db, t, after=b.request)
    ),
    "supplier_open.ages": lambda db, t, b: supplier_open.ages(db, t, datetime.now(UTC), supplier=b.supplier).every,
    "supplier_open.close": lambda db, t, b: supplier_open.close(db, t, b.request, member=b.member),
    "supplier_open.exists": lambda db, t, b: supplier_open.exists(db, t, b.request),
    "supplier_numbers.asked": lambda db, t, b: supplier_numbers.asked(db, t, LONG_AGO),
    "supplier_numbers.last_mail": lambda db, t, b: supplier_numbers.last_mail(db, t, b.supplier),
    "supplier_alerts.page": lambda db, t, b: supplier_alerts.page(db, t) or supplier_alerts.page(db, t, after=b.alert),
    "supplier_alerts.unseen": lambda db, t, b: supplier_alerts.unseen(db, t),
    "supplier_alerts.seen": lambda db, t, b: supplier_alerts.seen(db, t, b.alert, member=b.member),
    "supplier_past.bring": lambda db, t, b: supplier_past.bring(
        db, t, PastRequest(b.supplier, "D400000009", "desk@secret.example", LONG_AGO)
    ),
    "tickets_waiting.page": lambda db, t, b: (
        tickets_waiting.page(db, t) or tickets_waiting.page(db, t, after=b.ticket.id)
    ),
    "tickets_waiting.settle": lambda db, t, b: tickets_waiting.settle(db, t, b.words.id, member=b.member),
    "suppliers.one": lambda db, t, b: suppliers.one(db, t, b.supplier),
    "supplier_requests.open_numbers": lambda db, t, b: supplier_requests.open_numbers(db, t, b.supplier),
    "supplier_requests.named": lambda db, t, b: supplier_requests.named(db, t, ["D400000001"]),
    "supplier_links.any_request": lambda db, t, b: supplier_links.any_request(db, t),
    "supplier_links.writer": lambda db, t, b: (
        supplier_links.writer(db, t, b.message, ["x@secret.example"], threads=[], named=[])
        != supplier_links.Writer(is_customer=True, is_answered=True)
    ),
    "supplier_links.orders_of_tickets": lambda db, t, b: supplier_links.orders_of_tickets(db, t, [b.ticket.id]),
    "supplier_links.record": lambda db, t, b: supplier_links.record(
        db, t, b.message, an_answer_to(b.request, b.supplier), at=datetime.now(UTC)
    ),
    "supplier_links.catch_up": lambda db, t, b: supplier_links.catch_up(db, t, b.request),
    "supplier_links.by_person": lambda db, t, b: supplier_links.by_person(db, t, b.message, b.request, member=b.member),
    "supplier_links.take_back": lambda db, t, b: supplier_links.take_back(db, t, b.message, b.request, member=b.member),
    "supplier_notes.lock": lambda db, t, b: supplier_notes.lock(db, t, [SupplierNote("LO-SECRET", "ours", None)]),
    "supplier_notes.write": lambda db, t, b: supplier_notes.write(
        db, t, b.message, SupplierNote("LO-SECRET", "ours", b.conversation)
    ),
    "supplier_shown.linked": lambda db, t, b: supplier_shown.linked(db, t, b.conversation),
    "supplier_shown.choices": lambda db, t, b: supplier_shown.choices(db, t),
    "supplier_shown.conversation_of": lambda db, t, b: supplier_shown.conversation_of(db, t, b.message),
    "customer_news.target": lambda db, t, b: customer_news.target(db, t, b.conversation),
    "customer_news.hold": lambda db, t, b: customer_news.hold(
        db, t, News(Target(b.message, b.decision, Address("x@secret.example"), "en"), "ours", "ours")
    ),
    "tenants.set_supplier_news": lambda db, t, b: tenants.set_supplier_news(db, t, drafted=False),
    "suppliers.remove": lambda db, t, b: suppliers.remove(db, t, b.supplier, actor="x"),
    "standings.save": lambda db, t, b: standings.save(db, t, A_STANDING, "x"),
    "standings.every": lambda db, t, b: [one for one in standings.every(db, t) if one.category is Category.SUPPLIER],
    "standings.policy": lambda db, t, b: standings.policy(db, t, "plain", "plain").standings.get(Category.SUPPLIER),
    "standings.targets": lambda db, t, b: standings.targets(db, t)[Category.OTHER] == 0.5,
    "reclassify.correct": lambda db, t, b: (
        reclassify.correct(db, t, b.decision, member=b.member, category=Category.OTHER, sub_intent="thanks", learn=True)
        is not reclassify.Outcome.LATE
    ),
    "reclassify.known": lambda db, t, b: reclassify.known(db, t, [b.message]),
    "corrections.live": lambda db, t, b: corrections.live(db, t),
    "corrections.next_end": lambda db, t, b: corrections.next_end(db, t),
    "corrections.page": lambda db, t, b: corrections.page(db, t) or corrections.page(db, t, after=b.correction),
    "corrections.exists": lambda db, t, b: corrections.exists(db, t, b.correction),
    "corrections.delete": lambda db, t, b: corrections.delete(db, t, b.correction, member=b.member),
    "corrections.end": lambda db, t, b: corrections.end(db, t, b.correction, member=b.member),
    "corrections.extend": lambda db, t, b: corrections.extend(db, t, b.correction, member=b.member),
    "gap_work.ask": lambda db, t, b: gap_work.ask(db, t),
    "gap_work.claim": lambda db, t, b: gap_work.claim(db, t, SOON) if t == b.tenant else None,
    "gap_work.finish": lambda db, t, b: gap_work.finish(db, GapWork(t, 1, 1, 99)),
    "gap_work.retry": lambda db, t, b: gap_work.retry(db, GapWork(t, 1, 1, 1), after=SOON, error="x"),
    "gaps.unanswered": lambda db, t, b: [one for one in gaps.unanswered(db, t, "plain") if "boats" in one.text],
    "gaps.keep": lambda db, t, b: gaps.keep(db, t, "x", [(b.message, b"ours")]),
    "gaps.regroup": lambda db, t, b: gaps.regroup(db, t, [Grouped(uuid4(), "en", (b.message,))]),
    "knowledge_search.keep_words": lambda db, t, b: knowledge_search.keep_words(
        db, t, b.document, "plain", ["ours", "ours"]
    ),
    "knowledge_search.search": lambda db, t, b: [
        one for one in knowledge_search.search(db, t, "secret") if "secret" in one.path
    ],
    "replies.by_a_person": lambda db, t, b: replies.by_a_person(db, t, b.effect.id),
    "found_out.settle": lambda db, t, b: found_out.settle(db, t, b.unknown, member=b.member, was_done=True),
    "gaps.every": lambda db, t, b: [one for one in gaps.every(db, t) if one.id == b.gap],
    "gaps.one": lambda db, t, b: gaps.one(db, t, b.gap),
    "gaps.count_open": lambda db, t, b: t == b.tenant and gaps.count_open(db, t),
    "gaps.settle": lambda db, t, b: gaps.settle(db, t, b.gap, member=b.member, state="dismissed"),
    "identity_links.write": lambda db, t, b: identity_links.write(
        db, replace(b.claim, tenant=t), b.decision, b.case, A_LINK, position=9
    ),
    "identity_links.look": lambda db, t, b: identity_links.look(db, t, b.link),
    "identity_links.confirm": lambda db, t, b: identity_links.confirm(db, t, b.link),
    "identity_links.confirmed": lambda db, t, b: identity_links.confirmed(db, t, [b.message]),
    "identity_links.is_copy": lambda db, t, b: identity_links.is_copy(db, t, f"Ref: {b.effect.reference}"),
    "incidents.watch": lambda db, t, b: incidents.watch(db, t, "") or incidents.watch(db, t, "https://status.example"),
    "incidents.page_url": lambda db, t, b: incidents.page_url(db, t) == b.status_page.url,
    "incidents.claim": lambda db, t, b: incidents.claim(db, t, SOON) if t == b.tenant else None,
    "incidents.read": lambda db, t, b: incidents.read(
        db, replace(b.status_page, tenant=t, fence=99), [AN_INCIDENT], etag="x", page_updated_at=None, **READ
    ),
    "incidents.unchanged": lambda db, t, b: incidents.unchanged(db, replace(b.status_page, tenant=t, fence=99), **READ),
    "incidents.retry": lambda db, t, b: incidents.retry(db, replace(b.status_page, tenant=t), after=SOON, error="x"),
    "incidents.open_now": lambda db, t, b: [one for one in incidents.open_now(db, t) if one.name == "Secret"],
    "learning.ask": lambda db, t, b: learning.ask(db, t),
    "learning.ask_for_model": lambda db, t, b: learning.ask_for_model(db, t, "another"),
    "learning.again": lambda db, t, b: learning.again(db, t, after=SOON),
    "learning.is_settled": lambda db, t, b: t == b.tenant and not learning.is_settled(db, t),
    "learning.claim": lambda db, t, b: learning.claim(db, t, SOON) if t == b.tenant else None,
    "learning.finish": lambda db, t, b: learning.finish(
        db, replace(b.lesson, tenant=t, fence=99), model="", again_at=None
    ),
    "learning.retry": lambda db, t, b: learning.retry(db, replace(b.lesson, tenant=t), after=SOON, error="x"),
    "learning.save_head": lambda db, t, b: learning.save_head(
        db, t, model="x", trained_on="x", n=1, weights=b"mine", about={}
    ),
    "learning.head_version": lambda db, t, b: learning.head_version(db, t, "plain"),
    "learning.head": lambda db, t, b: learning.head(db, t, "plain"),
    "claims.proven": lambda db, t, b: claims.proven(db, t, b.done).done,
    # What is not proven to us is doubted, whatever another tenant has done.
    "claims.unproven_in": lambda db, t, b: not claims.unproven_in(db, t, b.done, A_CLAIM),
    "claims.unproven_once_done": lambda db, t, b: not claims.unproven_once_done(db, t, b.decision, A_CLAIM),
    "claims.doubt": lambda db, t, b: not claims.doubt(db, t, b.done, A_CLAIM),
    "claims.note_override": lambda db, t, b: claims.note_override(db, t, b.decision, (), member=b.member, reason="x"),
    "completeness.counted": lambda db, t, b: any(
        one.fetched for one in completeness.counted(db, t, b.mailbox, days("UTC", LATER.date(), 60))
    ),
    "completeness.mails": lambda db, t, b: (
        completeness.mails(db, t, b.mailbox, EVER) or completeness.mails(db, t, b.mailbox, EVER, after=b.message)
    ),
    "completeness.first": lambda db, t, b: completeness.first(db, t, b.mailbox),
    "reconciliation.keep": lambda db, t, b: reconciliation.keep(
        db, t, b.mailbox, day=LONG_AGO.date(), at_gmail=1, missing=0
    ),
    "reconciliation.newest": lambda db, t, b: reconciliation.newest(db, t),
    "reconciliation.of_days": lambda db, t, b: reconciliation.of_days(db, t, b.mailbox, [LONG_AGO.date()]),
    "conversations.from_address": lambda db, t, b: conversations.from_address(db, t, "anna@customer.example"),
    "conversations.recent": lambda db, t, b: (
        conversations.recent(db, t, after=b.conversation)
        or conversations.recent(db, t)
        or conversations.recent(db, t, words="parcel")
    ),
    "conversations.of_customer": lambda db, t, b: conversations.of_customer(db, t, "anna@customer.example"),
    "customers.page": lambda db, t, b: (
        customers.page(db, t) or customers.page(db, t, words="anna", after=b.conversation)
    ),
    "customers.one": lambda db, t, b: customers.one(db, t, b.conversation),
    "customers.cases": lambda db, t, b: customers.cases(db, t, "anna@customer.example"),
    "customer_health.of": lambda db, t, b: (
        customer_health.of(db, t, ["anna@customer.example"], datetime.now(UTC) + timedelta(days=2))[
            "anna@customer.example"
        ].happened
    ),
    "decisions.composition": lambda db, t, b: decisions.composition(db, t, b.decision),
    "decisions.conversations": lambda db, t, b: decisions.conversations(db, t, [b.message]),
    "decisions.record": lambda db, t, b: decisions.record(db, replace(b.claim, tenant=t), Decision.hold("x"), None),
    "assigning.colleagues": lambda db, t, b: [one for one in assigning.colleagues(db, t) if one.id == b.member],
    "assigning.of": lambda db, t, b: assigning.of(db, t, b.conversation),
    "assigning.assign": lambda db, t, b: (
        assigning.assign(db, t, [b.conversation], assignee=None, member=b.member)
        or assigning.assign(db, t, [b.conversation], assignee=b.member, member=b.member)
    ),
    "assigning.snooze": lambda db, t, b: assigning.snooze(
        db, t, [b.conversation], until=datetime.now(UTC) + SOON, member=b.member
    ),
    "taking_over.of": lambda db, t, b: taking_over.of(db, t, b.conversation),
    "taking_over.take_over": lambda db, t, b: taking_over.take_over(db, t, b.conversation, member=b.member),
    "taking_over.give_back": lambda db, t, b: taking_over.give_back(db, t, b.conversation, member=b.member),
    "taking_over.objection": lambda db, t, b: taking_over.objection(db, t, b.decision),
    "taking_over.objection_to_words": lambda db, t, b: taking_over.objection_to_words(db, t, b.held_words),
    "notes.write": lambda db, t, b: notes.write(db, t, b.conversation, member=b.member, words="x"),
    "notes.of_conversation": lambda db, t, b: notes.of_conversation(db, t, b.conversation),
    "notes.conversation_of": lambda db, t, b: notes.conversation_of(db, t, b.note),
    "notices.looked": lambda db, t, b: notices.looked(db, t, tokens_per_day=1),
    "notes.take_back": lambda db, t, b: notes.take_back(db, t, b.note, member=b.member),
    "machine_view.of_decision": lambda db, t, b: machine_view.of_decision(db, t, b.decision),
    "bulk.picked": lambda db, t, b: bulk.picked(db, t, [b.decision]),
    "bulk.dismiss": lambda db, t, b: bulk.dismiss(db, t, b.decision, member=b.member) != "gone",
    "bulk.say": lambda db, t, b: bulk.say(db, t, b.decision, member=b.member, category=Category.OTHER) != "gone",
    "closing.close": lambda db, t, b: closing.close(db, t, b.conversation, member=b.member),
    "closing.wait_again": lambda db, t, b: closing.wait_again(db, t, b.decision, b.message, actor="x"),
    "closing.reopen": lambda db, t, b: closing.reopen(db, t, b.conversation, member=b.member),
    "queue.page": lambda db, t, b: [
        row
        for state in State
        for after in (None, b.decision)
        for asked in (Filter(), Filter(words="parcel"))
        for row in queue.page(db, t, replace(asked, state=state), after=after)
    ],
    "queue.ids": lambda db, t, b: queue.ids(db, t, Filter(), limit=9) + queue.ids(db, t, Filter(words="par"), limit=9),
    "queue.conditions": lambda db, t, b: (
        queue.conditions(db, t, Filter(words="parcel"))[1]["common words"] and "common among what we may not see"
    ),
    "queue_counts.counts": lambda db, t, b: (
        queue_counts.counts(db, t, Filter()).total or queue_counts.counts(db, t, Filter(words="parcel")).total
    ),
    "queue_counts.done": lambda db, t, b: queue_counts.done(db, t),
    "search.waiting": lambda db, t, b: search.waiting(db, t, "parcel").common,
    "search.decided": lambda db, t, b: search.decided(db, t, "parcel").common,
    "views.every": lambda db, t, b: views.every(db, t, b.member),
    "views.save": lambda db, t, b: (
        views.save(db, t, member=b.member, name="secret", filter_="", shared=True) and t == b.tenant
    ),
    "views.remove": lambda db, t, b: views.remove(db, t, b.view, member=b.member, manages=True),
    "undo.seconds": lambda db, t, b: undo.seconds(db, t),
    "undo.set_seconds": lambda db, t, b: undo.set_seconds(db, t, 0),
    "leaving.of": lambda db, t, b: leaving.of(db, t, b.decision),
    "undo.remember": lambda db, t, b: undo.remember(db, t, b.decision).kept,
    "undo.keep": lambda db, t, b: undo.keep(db, t, b.decision, undo.Before({}, {}, ())),
    "undo.take_back": lambda db, t, b: undo.take_back(db, t, b.decision, member=b.member),
    "gmail_drafts.save": lambda db, t, b: gmail_drafts.save(
        db, t, b.decision, member=b.member, text_to_send="hello", reference="ABCDEF"
    ),
    "gmail_drafts.left": lambda db, t, b: gmail_drafts.left(
        db, replace(b.effect, tenant=t), DraftRef("d", "m", "t"), b""
    ),
    "sent_from_gmail.taken": lambda db, t, b: sent_from_gmail.taken(
        db, t, b.mailbox, b.effect.thread_id, at=LATER, references=[b.effect.reference]
    ),
    "sent_from_gmail.note": lambda db, t, b: sent_from_gmail.note(
        db, t, sent_from_gmail.Taken(b.effect.id, b.message, b.effect.reference, ""), words="ours", at=LATER
    ),
    "edit_reasons.note": lambda db, t, b: edit_reasons.note(db, t, b.decision, edit_reasons.EditReason.TONE),
    "draft_numbers.counts": lambda db, t, b: draft_numbers.counts(db, t),
    "draft_numbers.listed": lambda db, t, b: (
        draft_numbers.listed(db, t) or draft_numbers.listed(db, t, after=b.decision)
    ),
    "desk.waiting": lambda db, t, b: desk.waiting(db, t),
    "desk.today": lambda db, t, b: any(
        getattr(desk.today(db, t), name) for name in ("held", "ignored", "in_work", "answered_by_machine")
    ),
    "desk.handled_by": lambda db, t, b: desk.handled_by(db, t),
    "desk.send": lambda db, t, b: desk.send(
        db, t, b.decision, member=b.member, text_to_send="hello", reference="ABCDEF"
    ),
    "desk.dismiss": lambda db, t, b: desk.dismiss(db, t, b.decision, member=b.member),
    "document_list.listed": lambda db, t, b: [one for one in document_list.listed(db, t) if "secret" in one.path],
    "documents.put": lambda db, t, b: documents.put(db, t, A_DOCUMENT) and None,
    "documents.put_all": lambda db, t, b: documents.put_all(db, t, [A_DOCUMENT]) and None,
    "documents.replace_all": lambda db, t, b: documents.replace_all(db, t, [A_DOCUMENT]) and None,
    "documents.remove_all": lambda db, t, b: documents.remove_all(db, t, ["secret.md"]),
    "documents.remove": lambda db, t, b: documents.remove(db, t, "secret.md"),
    "documents.current": lambda db, t, b: [one for one in documents.current(db, t) if "secret" in one.source],
    "documents.of_path": lambda db, t, b: documents.of_path(db, t, "secret.md"),
    "documents.of_version": lambda db, t, b: documents.of_version(db, t, "secret.md", "v1"),
    "documents.body_of": lambda db, t, b: documents.body_of(db, t, "secret.md", "v1"),
    "documents.versions": lambda db, t, b: documents.versions(db, t, "secret.md"),
    "citations.doubt": lambda db, t, b: citations.doubt(db, t, b.decision),
    "indexing.index_kept": lambda db, t, b: indexing.index_kept(db, t, "The disk is full."),
    "indexing.hold": lambda db, t, b: indexing.hold(db, t),
    "indexing.documents_changed": lambda db, t, b: indexing.documents_changed(db, t),
    "indexing.ask": lambda db, t, b: indexing.ask(db, t),
    "indexing.try_again": lambda db, t, b: indexing.try_again(db, t, ["secret.md"]),
    "indexing.withdraw": lambda db, t, b: indexing.withdraw(db, t, ["secret.md"]),
    "indexing.claim": lambda db, t, b: indexing.claim(db, t, "plain", SOON) and t == b.tenant,
    "indexing.still_ours": lambda db, t, b: indexing.still_ours(db, replace(b.work, tenant=t)),
    "indexing.progressed": lambda db, t, b: indexing.progressed(db, replace(b.work, tenant=t)),
    "indexing.give_back": lambda db, t, b: indexing.give_back(db, replace(b.work, tenant=t), error="x"),
    "indexing.publish": lambda db, t, b: indexing.publish(db, replace(b.work, tenant=t)),
    "indexing.published": lambda db, t, b: indexing.published(db, t, "plain", lock=True),
    "indexing.is_settled": lambda db, t, b: t == b.tenant and not indexing.is_settled(db, t),
    "indexing.progress": lambda db, t, b: t == b.tenant and indexing.progress(db, t),
    "indexing.clean": lambda db, t, b: indexing.clean(db, t, other_engines_after=timedelta(0)),
    "passages.uncut": lambda db, t, b: [one for _, one in passages.uncut(db, t, "new", 9) if "secret" in one.source],
    "passages.read": lambda db, t, b: passages.read(db, t, b.document, replace(A_DOCUMENT, body="ours")),
    "passages.cut": lambda db, t, b: passages.cut(db, t, b.document, "new", [Piece("ours", 0, 1)]),
    "passages.failed": lambda db, t, b: passages.failed(db, t, b.document, "new", "x"),
    "passages.waiting": lambda db, t, b: passages.waiting(db, t, "plain", 9),
    "passages.bodies": lambda db, t, b: passages.bodies(db, t, [b.document]),
    "passages.fill": lambda db, t, b: passages.fill(db, t, "plain", [Vectors(b.document, 0, b"x", b"x")]),
    "passages.ready_without_questions": lambda db, t, b: passages.ready_without_questions(db, t, "plain"),
    "passages.unasked": lambda db, t, b: passages.unasked(db, t, "plain", 9),
    "passages.ask_questions": lambda db, t, b: passages.ask_questions(
        db, t, b.document, "plain", vectors=[b"x"], owners=[0]
    ),
    "published.of_documents": lambda db, t, b: published.of_documents(db, t, "plain", [b.document]),
    "published.load": lambda db, t, b: published.load(db, t, "plain"),
    "events.record": lambda db, t, b: events.record(db, t, actor="machine", kind="test", subject=b.message),
    "events.of_subjects": lambda db, t, b: [
        one for one in events.of_subjects(db, t, [b.message, b.mailbox]) if one.kind != "test"
    ],
    "mailboxes.every": lambda db, t, b: mailboxes.every(db, t),
    "mailboxes.get": lambda db, t, b: mailboxes.get(db, t, b.mailbox),
    "mailboxes.keep_connected": lambda db, t, b: mailboxes.keep_connected(db, t, b.mailbox),
    "mailboxes.keep_free": lambda db, t, b: mailboxes.keep_free(db, t),
    "mailboxes.own_addresses": lambda db, t, b: mailboxes.own_addresses(db, t),
    "mailboxes.connect": lambda db, t, b: mailboxes.connect(
        db, t, member=b.member, google_sub=b.google_sub, address="a@b.example", scopes=()
    ),
    "mailboxes.set_status": lambda db, t, b: mailboxes.set_status(db, t, b.mailbox, "paused", only_from=("active",)),
    "disconnecting.left": lambda db, t, b: disconnecting.left(db, t, b.decision),
    "disconnecting.disconnect": lambda db, t, b: disconnecting.disconnect(db, t, b.mailbox),
    "llm_calls.record": lambda db, t, b: llm_calls.record(db, t, Call(b.message, "classify", "m", "", "failed", 1)),
    "llm_calls.of_message": lambda db, t, b: llm_calls.of_message(db, t, b.message),
    "llm_calls.tokens_since": lambda db, t, b: llm_calls.tokens_since(db, t, datetime(2026, 1, 1, tzinfo=UTC)),
    "mailboxes.get_tokens": lambda db, t, b: mailboxes.get_tokens(db, t, b.mailbox, lock=True),
    "mailboxes.save_tokens": lambda db, t, b: mailboxes.save_tokens(
        db, t, b.mailbox, mailboxes.Tokens(b.revocation.refresh, None, None)
    ),
    "mailboxes.block": lambda db, t, b: mailboxes.block(db, t, b.mailbox, SOON, "x"),
    "mailboxes.note_sending": lambda db, t, b: mailboxes.note_sending(db, t, b.mailbox, error="x"),
    "mailboxes.set_label": lambda db, t, b: mailboxes.set_label(db, t, b.mailbox, "x"),
    "mailboxes.get_label": lambda db, t, b: mailboxes.get_label(db, t, b.mailbox),
    "members.add": lambda db, t, b: (
        members.add(db, t, email="owner@rival.example", name="x", password_hash="x", role="owner") and None
    ),
    "members.names": lambda db, t, b: members.names(db, t).get(str(b.member)),
    "members.set_password_hash": lambda db, t, b: members.set_password_hash(db, t, b.member, "x"),
    "members.open_session": lambda db, t, b: members.open_session(db, t, b.member),
    "members.of_session": lambda db, t, b: members.of_session(db, t, b.session),
    "members.end_session": lambda db, t, b: members.end_session(db, t, b.session),
    "messages.claim_discovered": lambda db, t, b: messages.claim_discovered(db, t, limit=20, lease=SOON),
    "messages.claim_fetched": lambda db, t, b: messages.claim_fetched(db, t, limit=20, lease=SOON),
    "arrivals.store": lambda db, t, b: arrivals.store(db, replace(b.claim, tenant=t), b.raw(), None, state="fetched"),
    "arrivals.placed": lambda db, t, b: arrivals.placed(db, replace(b.claim, tenant=t)),
    "messages.end": lambda db, t, b: messages.end(db, replace(b.claim, tenant=t), "gone"),
    "messages.retry": lambda db, t, b: messages.retry(db, replace(b.claim, tenant=t), after=SOON, error="x"),
    "own_copies.ours_among": lambda db, t, b: own_copies.ours_among(db, t, b.mailbox, [b.gmail_id, "sent-id"]),
    "own_copies.take_for_ours": lambda db, t, b: own_copies.take_for_ours(db, t, b.mailbox, b.gmail_id, ""),
    "messages.labels_due": lambda db, t, b: messages.labels_due(db, t, limit=20, lease=SOON),
    "messages.labelled": lambda db, t, b: messages.labelled(db, [replace(b.claim, tenant=t)]),
    "oauth_states.put": lambda db, t, b: oauth_states.put(db, t, "key", "mine", 60),
    "oauth_states.get": lambda db, t, b: (oauth_states.get(db, t, "key") or "mine") != "mine",
    "oauth_states.delete": lambda db, t, b: oauth_states.delete(db, t, "key"),
    "order_history.actions_on": lambda db, t, b: order_history.actions_on(db, t, "LO-SECRET"),
    "orders.save": lambda db, t, b: orders.save(db, t, [AN_ORDER]),
    "orders.find": lambda db, t, b: orders.find(db, t, "LO-SECRET"),
    "orders.paid_back_since": lambda db, t, b: orders.paid_back_since(db, t, "a@b.example", LONG_AGO),
    "orders.paid_back_between": lambda db, t, b: orders.paid_back_between(db, t, "a@b.example", LONG_AGO, None),
    "refund_export.paid": lambda db, t, b: refund_export.paid(db, t, since=LONG_AGO, until=datetime.now(UTC) + SOON),
    "refund_export.asked": lambda db, t, b: refund_export.asked(db, t, since=LONG_AGO),
    "refund_policies.newest": lambda db, t, b: refund_policies.newest(db, t).version,
    "refund_policies.of_version": lambda db, t, b: refund_policies.of_version(db, t, 1),
    "refund_policies.save": lambda db, t, b: refund_policies.save(db, t, RefundPolicy(version=1), b.member),
    "refund_policies.versions": lambda db, t, b: refund_policies.versions(db, t),
    "refund_policies.effect_on_past": lambda db, t, b: (
        refund_policies.effect_on_past(db, t, RefundPolicy(), datetime.now(UTC)).cases
    ),
    "phases.of": lambda db, t, b: t == b.tenant and phases.of(db, t),
    "phases.change": lambda db, t, b: phases.change(db, t, Category.OTHER, Phase.SHADOW, actor="x") and None,
    "phases.begin_in_shadow": lambda db, t, b: phases.begin_in_shadow(db, t),
    "phases.forbids": lambda db, t, b: "no kind" not in phases.forbids(db, t, b.decision),
    "phase_counts.every": lambda db, t, b: any(one.mails for one in phase_counts.every(db, t).values()),
    "outbox.claim": lambda db, t, b: outbox.claim(db, t, limit=20, lease=SOON),
    "outbox.drafted": lambda db, t, b: outbox.drafted(db, replace(b.effect, tenant=t), DraftRef("d", "m", "t"), b""),
    "outbox.begin_sending": lambda db, t, b: (
        outbox.begin_sending(db, replace(b.effect, tenant=t), sight=SOON)[0] is not Gate.LOST
    ),
    "outbox.sent": lambda db, t, b: outbox.sent(db, replace(b.effect, tenant=t), SentRef("g", "t")),
    "outbox.move": lambda db, t, b: outbox.move(db, replace(b.effect, tenant=t), EffectState.CANCELLED),
    "outbox.give_back": lambda db, t, b: outbox.give_back(db, replace(b.effect, tenant=t), after=SOON, error="x"),
    "outbox.to_person": lambda db, t, b: outbox.to_person(db, replace(b.effect, tenant=t), EffectState.FAILED, "x"),
    "by_hand.look": lambda db, t, b: by_hand.look(db, t, b.effect.id, sight=SOON),
    "gate.forbidden": lambda db, t, b: gate.forbidden(db, replace(b.effect, tenant=t), sight=SOON)[0] is not Gate.LOST,
    "gate.set_limits": lambda db, t, b: gate.set_limits(db, t, per_day=1, per_hour=1),
    "outbox.cancel": lambda db, t, b: outbox.cancel(db, replace(b.effect, tenant=t), "x"),
    "revocations.claim": lambda db, t, b: revocations.claim(db, t, SOON),
    "revocations.connected_again": lambda db, t, b: revocations.connected_again(db, replace(b.revocation, tenant=t)),
    "revocations.drop": lambda db, t, b: revocations.drop(db, t, b.google_sub) and None,
    "revocations.done": lambda db, t, b: revocations.done(db, replace(b.revocation, tenant=t)),
    "revocations.retry": lambda db, t, b: revocations.retry(db, replace(b.revocation, tenant=t), SOON),
    "rotation.reseal": lambda db, t, b: rotation.reseal(db, t, b.services.vault),
    "sync.claim": lambda db, t, b: sync.claim(db, t, SOON),
    "sync.advance": lambda db, t, b: sync.advance(
        db, replace(b.cursor, tenant=t), [Added("new", "thread")], state="live", history_id=2**63
    ),
    "sync.finish": lambda db, t, b: sync.finish(db, replace(b.cursor, tenant=t), after=SOON, error="x"),
    "sync.reconcile_due": lambda db, t, b: not sync.reconcile_due(db, replace(b.cursor, tenant=t)),
    "sync.reconciled": lambda db, t, b: sync.reconciled(db, replace(b.cursor, tenant=t)),
    "sync.unknown": lambda db, t, b: not sync.unknown(db, replace(b.cursor, tenant=t), [Added(b.gmail_id, "thread")]),
    "sync.newest_received": lambda db, t, b: sync.newest_received(db, t, b.mailbox),
    "standings.set_target": lambda db, t, b: standings.set_target(db, t, Category.OTHER, 0.1),
    "tenants.create": lambda db, t, b: tenants.create(db, b.tenant, slug="other", name="x"),
    "tenants.get": lambda db, t, b: tenants.get(db, t).slug == "rival",
    "tenants.set_answering": lambda db, t, b: tenants.set_answering(db, t, answering=True),
    "tenants.set_incident_replies": lambda db, t, b: tenants.set_incident_replies(db, t, by_itself=True),
    "tenants.set_number_forms": lambda db, t, b: tenants.set_number_forms(db, t, NumberForms(orders=("X-####",))),
    "thread.find": lambda db, t, b: thread.find(db, t, b.conversation),
    "thread.of_decision": lambda db, t, b: thread.of_decision(db, t, b.decision),
    "thread.html_of": lambda db, t, b: thread.html_of(db, t, b.message),
    "thread.raw_of": lambda db, t, b: thread.raw_of(db, t, b.message),
    "thread.attachment_name": lambda db, t, b: thread.attachment_name(db, t, b.message, 0),
    "ticketing.find": lambda db, t, b: ticketing.find(db, t),
    "ticketing.rules": lambda db, t, b: ticketing.rules(db, t),
    "ticketing.put": lambda db, t, b: ticketing.put(db, t, A_SYSTEM, THE_RULES, actor="x") and None,
    "ticketing.set_rules": lambda db, t, b: ticketing.set_rules(db, t, THE_RULES, actor="x") and t == b.tenant,
    "ticketing.clear": lambda db, t, b: ticketing.clear(db, t, actor="x") and t == b.tenant,
    "ticketing.trouble": lambda db, t, b: ticketing.trouble(db, t, "x"),
    "ticketing.last_error": lambda db, t, b: ticketing.last_error(db, t),
    "tickets_waiting.every": lambda db, t, b: tickets_waiting.every(db, t),
    "tickets.of_decision": lambda db, t, b: tickets.of_decision(
        db, replace(b.claim, tenant=t), b.decision, [InternalNote("LO-SECRET", "x")], None, released=True
    ),
    "tickets.open_one": lambda db, t, b: tickets.open_one(db, t, "LO-SECRET", None, None, about=0),
    "tickets.takes_words": lambda db, t, b: tickets.takes_words(db, t, b.ticket.id),
    "tickets.write": lambda db, t, b: tickets.write(db, t, b.ticket.id, A_NOTE),
    "tickets.reply_left": lambda db, t, b: tickets.reply_left(db, t, b.decision, "x"),
    "tickets.no_reply_leaves": lambda db, t, b: tickets.no_reply_leaves(db, t, b.decision),
    "ticket_work.claim": lambda db, t, b: ticket_work.claim(db, t, SOON),
    "ticket_work.lock": lambda db, t, b: ticket_work.lock(db, replace(b.ticket, tenant=t)),
    "ticket_work.begin_creating": lambda db, t, b: (
        ticket_work.begin_creating(db, replace(b.ticket, tenant=t), "x", SOON) is not ticket_work.Gate.LOST
    ),
    "ticket_work.known": lambda db, t, b: ticket_work.known(
        db, replace(b.ticket, tenant=t), 1, "x", system="x", lease=SOON
    ),
    "ticket_work.move": lambda db, t, b: ticket_work.move(
        db, replace(b.ticket, tenant=t), TicketState.WANTED, after=SOON, error="x"
    ),
    "ticket_work.anew": lambda db, t, b: ticket_work.anew(db, replace(b.ticket, tenant=t)),
    "ticket_work.give_back": lambda db, t, b: ticket_work.give_back(
        db, replace(b.ticket, tenant=t), after=SOON, error="x"
    ),
    "ticket_work.idle": lambda db, t, b: ticket_work.idle(db, replace(b.ticket, tenant=t)),
    "ticket_work.rest": lambda db, t, b: ticket_work.rest(db, t, SOON),
    "ticket_words.next_words": lambda db, t, b: ticket_words.next_words(db, replace(b.ticket, tenant=t)),
    "ticket_words.begin": lambda db, t, b: (
        ticket_words.begin(db, replace(b.ticket, tenant=t), b.words, SOON, sight=SOON)[0] is not ticket_work.Gate.LOST
    ),
    "ticket_words.move": lambda db, t, b: ticket_words.move(
        db, replace(b.ticket, tenant=t), b.words, WordsState.UNCERTAIN, after=SOON, error="x"
    ),
    "ticket_ends.done": lambda db, t, b: ticket_ends.done(db, replace(b.ticket, tenant=t), b.words),
    "ticket_ends.cancelled": lambda db, t, b: ticket_ends.cancelled(db, replace(b.ticket, tenant=t), b.words, "x"),
    "ticket_ends.set_aside": lambda db, t, b: ticket_ends.set_aside(db, replace(b.ticket, tenant=t), b.words, "x"),
    "ticket_ends.held": lambda db, t, b: ticket_ends.held(db, replace(b.ticket, tenant=t), b.words, "x"),
    "ticket_ends.refused": lambda db, t, b: ticket_ends.refused(db, replace(b.ticket, tenant=t), b.words, "x"),
    "ticket_ends.needs_person": lambda db, t, b: ticket_ends.needs_person(
        db, replace(b.ticket, tenant=t), b.words, "x"
    ),
    "ticket_ends.ticket_to_person": lambda db, t, b: ticket_ends.ticket_to_person(db, replace(b.ticket, tenant=t), "x"),
    "ticket_ends.disconnected": lambda db, t, b: ticket_ends.disconnected(db, replace(b.ticket, tenant=t), "x"),
    "ticket_ends.replies_to_person": lambda db, t, b: ticket_ends.replies_to_person(
        db, replace(b.ticket, tenant=t), "x"
    ),
    "ticket_ends.look_again": lambda db, t, b: ticket_ends.look_again(
        db, t, "LO-SECRET-2", external_id=None, actor="x"
    ),
    "outbox.hand_to_ticket": lambda db, t, b: (
        outbox.hand_to_ticket(db, replace(b.effect, tenant=t), sight=SOON)[0] is not Gate.LOST
    ),
    "demonstration.find": lambda db, t, b: demonstration.find(db, t),
    "demonstration.is_empty": lambda db, t, b: t == b.tenant and not demonstration.is_empty(db, t),
    "demonstration.refuse": lambda db, t, b: demonstration.refuse(db, t),
    "demonstration.begin": lambda db, t, b: (
        demonstration.begin(db, t, address="x@y.example", member=b.member) and t == b.tenant
    ),
    "demonstration.arrive": lambda db, t, b: demonstration.arrive(
        db, t, b.mailbox, demonstration.Arrival("x", "x", b.raw(), None)
    ),
    "demonstration.note": lambda db, t, b: demonstration.note(db, t, orders=["x"], documents=["x"], suppliers=[]),
    "demonstration.remove": lambda db, t, b: demonstration.remove(db, t, actor="x"),
    "demonstration_past.became": lambda db, t, b: demonstration_past.became(
        db,
        replace(b.claim, tenant=t),
        demonstration_past.Past("hold", "x"),
        sender=None,
        subject="",
        said="",
        at=LONG_AGO,
        member=b.member,
    ),
}


def functions_of_storage() -> set[str]:
    """Every public function that is handed a connection."""
    found = set()
    for module in pkgutil.iter_modules(storage.__path__):
        if module.name in NO_QUERIES:
            continue
        for name, value in inspect.getmembers(importlib.import_module(f"storage.{module.name}"), inspect.isfunction):
            if value.__module__ == f"storage.{module.name}" and not name.startswith("_"):
                first = next(iter(inspect.signature(value).parameters), "")
                if first == "db":
                    found.add(f"{module.name}.{name}")
    return found


def everything_of(owner, tenant: UUID) -> dict[str, list[str]]:
    """All rows of a tenant, as text. Not the views: what is due becomes more while one waits."""
    tables = owner.execute(
        text("SELECT table_name FROM information_schema.columns NATURAL JOIN information_schema.tables"
             " WHERE column_name = 'tenant_id' AND table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1")
    ).scalars().all()  # fmt: skip
    found = {}
    for name in tables:
        rows = select(text("t::text AS row")).select_from(named(name).alias("t")).where(text("tenant_id = :tenant"))
        found[name] = list(owner.execute(rows.order_by(text("row")), {"tenant": tenant}).scalars())
    owner.rollback()
    return found


@pytest.fixture
def rival(settings, other_workspace):
    """Another tenant with something of everything, due in every kind of work."""
    with (
        pipeline.running_google("desk@rival.example", "anna@customer.example") as google,
        pipeline.services_over(settings, google) as services,
    ):
        mailbox = pipeline.connect_mailbox(google, services, other_workspace, "desk@rival.example")
        shop = Shop(google, services, other_workspace, mailbox)
        shop.settle()
        for subject, words in (
            ("Parcel", "question: my parcel?"),
            ("Boats", "question: boats?"),
            ("R", "refund: x"),
        ):
            shop.write(words, subject, to="desk@rival.example")
        shop.sync_and_settle()
        shop.write("question: my parcel?", "Again", to="desk@rival.example")
        shop.change("UPDATE mailbox SET next_sync_at = now()")
        for kind in (Kind.SYNC, Kind.FETCH, Kind.PROCESS):
            shop.run(kind)
        shop.write("question: my parcel?", "Fetched", to="desk@rival.example")
        shop.change("UPDATE mailbox SET next_sync_at = now()")
        shop.run(Kind.SYNC)
        shop.run(Kind.FETCH)
        shop.write("question: my parcel?", "Discovered", to="desk@rival.example")
        shop.change("UPDATE mailbox SET next_sync_at = now()")
        shop.run(Kind.SYNC)
        shop.change("UPDATE message SET label_due = true, next_at = now() WHERE state = 'decided'")
        shop.change("UPDATE mailbox SET next_sync_at = now()")
        with services.database.transaction(shop.tenant) as db:
            oauth_states.put(db, shop.tenant, "key", "secret", 3600)
            asked = "---\nquestions: [secret]\n---\nsecret"
            documents.replace_all(db, shop.tenant, [StoredDocument("secret.md", "v1", asked)])
            incidents.watch(db, shop.tenant, "https://127.0.0.1/secret")
            page = incidents.claim(db, shop.tenant, SOON)
            incidents.read(db, page, [AN_INCIDENT], etag="", page_updated_at=None, now=LONG_AGO, again=timedelta(0))
            trials.ask(db, shop.tenant, member=other_workspace.owner, raw=b"secret")
            reconciliation.keep(db, shop.tenant, mailbox, day=LONG_AGO.date(), at_gmail=1, missing=0)
            orders.save(db, shop.tenant, [replace(AN_ORDER, number="LO-SECRET", total=Money(1000, "EUR"))])
            refund_policies.save(db, shop.tenant, RefundPolicy(partial=False), other_workspace.owner)
            db.execute(text("UPDATE support_case SET action = 'refund', order_number = 'LO-SECRET'"))
            llm_calls.record(db, shop.tenant, Call(None, "classify", "secret", "", "answered", 1, 100, 10))
            refresh = mailboxes.get_tokens(db, shop.tenant, mailbox).refresh
            checked.ship(db, shop.tenant, [replace(A_SHIPPED_MAIL, text="secret other mail")])
            targets = text(
                """UPDATE tenant SET policy = '{"targets": {"other": 0.5, "answers": 0.5}}' WHERE tenant_id = :t"""
            )
            db.execute(targets, {"t": shop.tenant})
            decision = db.execute(text("SELECT id FROM decision WHERE disposition = 'ignore' LIMIT 1")).scalar()
            held = "SELECT id FROM decision WHERE disposition = 'release' AND is_current LIMIT 1"
            decision = decision or db.execute(text(held)).scalar_one()
            member, about = other_workspace.owner, {"category": Category.OTHER, "sub_intent": "thanks"}
            reclassify.correct(db, shop.tenant, decision, member=member, learn=True, **about)
            looked_at = db.execute(text("SELECT id FROM decision WHERE answer IS NOT NULL LIMIT 1")).scalar_one()
            assert answer_verdicts.said(db, shop.tenant, looked_at, member=member, is_right=True)
            answer_verdicts.ship(db, shop.tenant, [replace(A_QUESTION, question="secret question")])
        while shop.run(Kind.INDEX):
            pass
        shop.run(Kind.LEARN)
        shop.change("UPDATE gap_work SET next_at = now()")
        shop.run(Kind.GAPS)
        with services.database.transaction(shop.tenant) as db:
            answer_standings.save(db, shop.tenant, replace(HOW_ANSWERS_STAND, method="secret"))
        with services.database.transaction(shop.tenant) as db:
            learning.ask(db, shop.tenant)
            gap_work.ask(db, shop.tenant)
            # One is published, another has been cut and waits for its vectors.
            documents.put(db, shop.tenant, StoredDocument("new.md", "v1", "secret, too"))
        shop.run(Kind.INDEX)
        shop.change("UPDATE gap_work SET next_at = now()")
        # Its questions wait until there is something to answer from.
        shop.change("UPDATE learning SET next_at = now()")
        with services.database.transaction(shop.tenant) as db:
            db.execute(
                text("INSERT INTO revocation (tenant_id, mailbox_id, refresh_sealed) VALUES (:t, :m, :r)"),
                {"t": shop.tenant, "m": mailbox, "r": refresh.value},
            )
        an_order_action_of_each_kind(shop)
        yield shop


def an_order_action_of_each_kind(shop: Shop) -> None:
    """One that is due and promised, one that is done, one with one of its two approvals; and what goes with them."""
    tenant, member, alone = shop.tenant, shop.workspace.owner, replace(A_REFUND, approvals=0)
    held = shop.one("SELECT id FROM decision WHERE disposition = 'hold' AND is_current AND settled_at IS NULL LIMIT 1")
    released = shop.one("SELECT id FROM decision WHERE disposition = 'release' LIMIT 1")
    with shop.services.database.transaction(tenant) as db:
        done = acts.propose(db, tenant, released, None, alone, released=True)
        assert ledger.paid(db, tenant, done)
        db.execute(text("UPDATE order_act SET state = 'done', sent_to = 'https://127.0.0.1:9/secret'"))
        unknown = acts.propose(db, tenant, released, None, alone, released=True)
        db.execute(text("UPDATE order_act SET state = 'needs_person' WHERE id = :id"), {"id": unknown})
        acts.propose(db, tenant, released, None, alone, released=True)
        acts.approve(db, tenant, acts.propose(db, tenant, held, None, A_REFUND, released=False), member=member)
        step = dumps(asdict(Case("refund", CaseState.PERSON)))
        db.execute(
            text("UPDATE decision SET case_on_release = CAST(:c AS jsonb) WHERE id = :id"), {"c": step, "id": held}
        )
        [fetched] = messages.claim_fetched(db, tenant, limit=1, lease=timedelta())
        attempts.record(db, fetched.claim, [Tried("LO-SECRET", exists=True)])
        shop_webhooks.put(db, tenant, replace(A_WEBHOOK, url="https://127.0.0.1:9/secret"), member=member)
        suppliers.save(db, tenant, Supplier("Secret", ("secret.example",)), actor="x")
        views.save(db, tenant, member=member, name="secret", filter_="", shared=True)
        talk = db.execute(text("SELECT conversation_id FROM decision WHERE id = :id"), {"id": held}).scalar_one()
        assert notes.write(db, tenant, talk, member=member, words="secret note")
        assert taking_over.take_over(db, tenant, talk, member=member)
        kept_replies.put(db, tenant, held, "secret", member=member)
        talk = db.execute(text("SELECT conversation_id FROM decision WHERE id = :id"), {"id": held}).scalar_one()
        presence.note(db, tenant, talk, member, writing=True)
        _tickets(shop, db)
        _supplier_requests(shop, db)
        # The page behind it is asked for in its own tests: here it is enough that there is one.
        link = text("""
            INSERT INTO identity_link (tenant_id, id, case_id, message_id, order_number, address, expires_at)
            SELECT c.tenant_id, gen_random_uuid(), c.id, m.id, 'LO-SECRET', 'a@b.example', now() + interval '1 day'
            FROM support_case c
                JOIN message m ON m.tenant_id = c.tenant_id AND m.conversation_id = c.conversation_id
            WHERE c.tenant_id = :tenant LIMIT 1
        """)
        db.execute(link, {"tenant": tenant})


def _tickets(shop: Shop, db) -> None:
    """A ticket whose words are due at a system that is away, and one that a person has."""
    nowhere = Connection("http://127.0.0.1:9/secret", "secret", "secret")
    system = shop.services.sealed_ticketing(shop.tenant, nowhere)
    ticketing.put(db, shop.tenant, system, BridgeRules(Mode.TICKET_ONLY), actor="x")
    ticketing.trouble(db, shop.tenant, "secret")
    tickets.open_one(db, shop.tenant, "LO-SECRET-2", None, None, about=0)
    db.execute(text("UPDATE ticket SET state = 'needs_person'"))
    ticket = tickets.open_one(db, shop.tenant, "LO-SECRET", None, None, about=0)
    db.execute(text("UPDATE decision SET ticket_id = :ticket"), {"ticket": ticket})
    tickets.write(db, shop.tenant, ticket, A_NOTE)
    talk = db.execute(text("SELECT id FROM conversation LIMIT 1")).scalar_one()
    words = Words(WordsFor.SUPPLIER, "secret", "desk@secret.example", conversation=talk)
    tickets.write(db, shop.tenant, ticket, words, state=WordsState.HELD)


def _supplier_requests(shop: Shop, db) -> None:
    """One that is open, reminded of and alerted about, with the mail that is about it and rules of its own."""
    supplier = db.execute(text("SELECT id FROM supplier")).scalar_one()
    message = db.execute(text("SELECT id FROM message LIMIT 1")).scalar_one()
    where, member = Anchor(shop.mailbox, message), shop.workspace.owner
    asked = supplier_requests.ask(db, shop.tenant, a_question_to(supplier), where, channel=Channel.GMAIL, member=member)
    supplier_requests.link(db, shop.tenant, message, asked, FoundBy.PERSON, answers=False)
    values = {"tenant": shop.tenant, "request": asked}
    db.execute(text("UPDATE supplier_request SET thread_id = 'secret', round = 1, next_at = now()"))
    db.execute(text("UPDATE supplier_request SET first_asked_at = now(), asked_at = now()"))
    db.execute(text("UPDATE outbox SET state = 'sent' WHERE request_id = :request"), values)
    ticket = db.execute(text("SELECT id FROM ticket WHERE state <> 'needs_person'")).scalar_one()
    asking = Words(WordsFor.SUPPLIER, "secret", "desk@secret.example", request=asked)
    tickets.write(db, shop.tenant, ticket, asking, state=WordsState.WAITING)
    db.execute(
        text("""
            INSERT INTO supplier_rules (tenant_id, reminding, ladder, zone, weekdays, operations_address)
            VALUES (:tenant, true, '[]', 'UTC', '{1}', 'secret@ops.example')
        """),
        values,
    )
    db.execute(
        text("""
            INSERT INTO supplier_step (tenant_id, id, request_id, round, position, kind, channel, state, due_at)
            VALUES (:tenant, gen_random_uuid(), :request, 1, 0, 'alert', 'desk', 'done', now())
        """),
        values,
    )


@pytest.fixture
def foreign(rival) -> Foreign:
    """Claims are made and then let go again, so that the rows stay due."""
    tenant, services = rival.tenant, rival.services
    with services.database.transaction(tenant) as db:
        session = members.open_session(db, tenant, rival.workspace.owner)
        (fetched,) = messages.claim_fetched(db, tenant, limit=1, lease=SOON)
        (effect,) = outbox.claim(db, tenant, limit=1, lease=SOON)
        cursor, revocation = sync.claim(db, tenant, SOON), revocations.claim(db, tenant, SOON)
        lesson = learning.claim(db, tenant, SOON)
        work = indexing.claim(db, tenant, "plain", SOON)
        db.execute(text("UPDATE status_page SET next_at = now()"))
        page = incidents.claim(db, tenant, SOON)
        order_act = act_work.claim(db, tenant, SOON)
        ticket = ticket_work.claim(db, tenant, SOON)
        words = ticket_words.next_words(db, ticket)
        secret = rival.services.vault.seal(b"x", tenant=tenant, mailbox=rival.workspace.owner, field="second_factor")
        second_factor.begin(db, tenant, rival.workspace.owner, secret)
        recovery = second_factor.confirm(db, tenant, rival.workspace.owner, 1)[0]
        invitation = invitations.invite(db, tenant, email="new@rival.example", role="owner", by=rival.workspace.owner)
        reset = resets.make(db, tenant, rival.workspace.owner, by_mail=True)
        (due,) = supplier_steps.claim(db, tenant, now=LATER, limit=1, lease=SOON)
        standing = supplier_steps.lock(db, due)
        made_up = "INSERT INTO demonstration (tenant_id, mailbox_id, seeded_by) VALUES (:tenant, :mailbox, :member)"
        values = {"tenant": tenant, "mailbox": rival.mailbox, "member": rival.workspace.owner}
        db.execute(text(made_up), values)
        trial = trials.claim(db, tenant, SOON)
    rival.due_again()
    held = "SELECT d.* FROM decision d JOIN order_act a ON a.decision_id = d.id WHERE a.state = 'held'"
    row = rival.rows(held)[0]
    gmail_id = rival.one("SELECT gmail_id FROM message WHERE id = %s", row.message_id)
    return Foreign(
        tenant, rival.workspace.owner, rival.mailbox, rival.google.world.accounts["desk@rival.example"].sub,
        row.message_id, gmail_id, row.id, row.conversation_id, session, fetched.claim, effect, cursor, revocation,
        lesson, work, rival.one("SELECT id FROM document WHERE path = 'secret.md'"), page,
        rival.one("SELECT id FROM correction"), rival.one("SELECT id FROM checked_mail"),
        rival.one("SELECT id FROM answer_verdict WHERE origin = 'shipped'"), rival.one("SELECT id FROM gap"),
        services, rival.one("SELECT id FROM support_case"), rival.one("SELECT id FROM order_act WHERE state = 'held'"),
        order_act, rival.one("SELECT id FROM identity_link"), rival.one("SELECT id FROM supplier"),
        rival.one("SELECT decision_id FROM order_act WHERE state = 'done'"),
        rival.one("SELECT id FROM order_act WHERE state = 'needs_person'"), ticket, words,
        rival.one("SELECT id FROM supplier_request"),
        rival.one("SELECT id FROM saved_view"),
        rival.one("SELECT id FROM outbox WHERE request_id IS NOT NULL"),
        invitation, rival.one("SELECT id FROM invitation"), reset, recovery, rival.one("SELECT id FROM web_session"),
        rival.one("SELECT id FROM ticket_words WHERE request_id IS NOT NULL"), due, standing,
        rival.one("SELECT id FROM ticket_words WHERE state = 'held'"),
        rival.one("SELECT id FROM supplier_step WHERE kind = 'alert'"),
        rival.one("SELECT id FROM note"),
        trial,
    )  # fmt: skip


def test_every_function_of_storage_has_a_case_here():
    assert functions_of_storage() == set(CASES) | set(WITHOUT_CASE)


def test_no_function_gives_or_changes_what_another_tenant_has(rival, foreign, workspace, owner):
    """Asked for our own tenant with their ids, and asked for theirs from within a transaction of our own."""
    before = everything_of(owner, foreign.tenant)
    assert all(before[name] for name in before if name != "reply_counter"), "something of everything"
    for name, call in CASES.items():
        for asked_for in (workspace.id, foreign.tenant):
            try:
                with rival.services.database.transaction(workspace.id) as db:
                    outcome = call(db, asked_for, foreign)
            except (BadInput, NeedsPerson, TryAgain, IntegrityError, NoResultFound):
                outcome = None
            except ProgrammingError as error:
                # Refused by a row-level policy, and by nothing else.
                outcome = "" if error.orig.sqlstate == "42501" else str(error)
            assert not outcome, f"{name} gave {outcome!r}"
            assert everything_of(owner, foreign.tenant) == before, name


@pytest.mark.parametrize("kind", list(Kind))
def test_no_stage_touches_what_another_tenant_has_due(rival, workspace, owner, kind):
    before = everything_of(owner, rival.tenant)
    calls = len(rival.google.calls())
    assert STAGES[kind](rival.services, workspace.id) == 0
    assert everything_of(owner, rival.tenant) == before
    assert len(rival.google.calls()) == calls
    # It is due indeed: its own tenant's turn takes it.
    assert STAGES[kind](rival.services, rival.tenant) > 0


def test_a_grant_of_one_tenant_is_never_used_for_another(rival, workspace):
    from domain.errors import AuthLost

    with pytest.raises(AuthLost), rival.services.open_mailbox(workspace.id, rival.mailbox) as gmail:
        gmail.source.profile()
