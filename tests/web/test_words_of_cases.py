"""The words of customers that cases, decisions and tickets keep: they go with their mail, and with the customer."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from domain.case import Case, CaseState
from domain.category import Category
from domain.decision import Decision, WordsFor
from domain.delivery import WordsState
from domain.message import Address
from domain.order_action import Action
from domain.refund_policy import RefundPolicy
from handlers.refund import RefundHandler
from storage import cases, closing, decisions, desk, erasure, retention, tickets, undo
from storage.tickets import Words
from tests.storage.test_isolation import everything_of
from tests.support.refund_table import KnownOrders, KnownRefunds
from tests.web.conftest import Browser
from tests.web.filling import MESSAGE, UNDERSTANDING, Filler, Held
from tests.web.refunding import Till

ANNA, BEN = "anna@example.org", "ben@other.example"
OF_ANNA, OF_BEN = "ANNAS-LAMP", "BENS-VASE"
WORDS = {ANNA: OF_ANNA, BEN: OF_BEN}
# Where an address may stand after the words of its mail are gone: who wrote, who was answered, what was counted.
ADDRESSES = {"message", "conversation", "outbox", "shop_order", "order_attempt", "identity_link", "reply_counter"}


@dataclass
class Thread:
    """One conversation, whose mails the handler for refunds decides."""

    filler: Filler
    mailbox: UUID
    orders: KnownOrders

    def writes(self, sender: str, *numbers: str, verified: bool = True) -> Held:
        words = f"I want a refund. {WORDS[sender]}."
        mail = replace(
            MESSAGE, sender=Address(sender, f"{WORDS[sender]} name"), subject=f"{WORDS[sender]} refund", text=words,
            html="", attachments=(), sender_verified=verified, rfc_message_id=f"<{words}-{numbers}>",
        )  # fmt: skip
        read = replace(UNDERSTANDING, text=words, quoted="", category=Category.REFUND, order_numbers=numbers)
        claim = self.filler.store(self.mailbox, mail, thread="shared", raw=words.encode())
        with self.filler.database.transaction(self.filler.tenant) as db:
            conversation = decisions.conversations(db, self.filler.tenant, [claim.id])[claim.id]
        decision = RefundHandler(self.orders, KnownRefunds(), RefundPolicy(version=1)).decide(mail, read, conversation)
        return Held(self.filler.decide(claim, decision, read), claim.conversation, claim.id)

    def everything_left(self) -> None:
        """All replies are sent."""
        self.filler.rows("UPDATE outbox SET state = 'sent', undo = NULL WHERE tenant_id = :tenant RETURNING 1")

    def became(self, state: CaseState) -> None:
        self.filler.rows(
            "UPDATE support_case SET state = :state, is_open = false WHERE tenant_id = :tenant RETURNING 1", state=state
        )

    def grows_old(self) -> None:
        """A hundred days pass, and words are kept for ninety."""
        past = "received_at = received_at - interval '100 days'"
        self.filler.rows(f"UPDATE message SET {past} WHERE tenant_id = :tenant RETURNING 1")  # noqa: S608
        self.filler.rows(
            "UPDATE support_case SET moved_at = moved_at - interval '100 days' WHERE tenant_id = :tenant RETURNING 1"
        )
        with self.filler.database.transaction(self.filler.tenant) as db:
            retention.set_days(db, self.filler.tenant, 90, actor="x")

    def forgets(self) -> int:
        with self.filler.database.transaction(self.filler.tenant) as db:
            return retention.forget(db, self.filler.tenant)

    def erases(self, address: str) -> dict[str, int]:
        with self.filler.database.transaction(self.filler.tenant) as db:
            return erasure.erase(db, self.filler.tenant, address, actor="x")

    def case(self) -> object:
        [row] = self.filler.rows("SELECT * FROM support_case WHERE tenant_id = :tenant")
        return row


@pytest.fixture
def thread(filler: Filler) -> Thread:
    order = Till(filler).order("LO-1", email=ANNA, name="Anna")
    filler.rows("""
        INSERT INTO ticketing (tenant_id, base_url, username, secret_sealed, path_prefix, zone, mode)
        VALUES (:tenant, 'https://tickets.example', 'x', 'x', '', 'UTC', 'gmail_with_note') RETURNING 1
    """)
    return Thread(filler, filler.mailbox(), KnownOrders({"LO-1": order}))


def noted(thread: Thread, held: Held, state: WordsState) -> None:
    """A note with the mail's words on the ticket of the order."""
    filler = thread.filler
    with filler.database.transaction(filler.tenant) as db:
        ticket = tickets.open_one(db, filler.tenant, "LO-1", held.conversation, held.message, about=1)
        words = Words(
            WordsFor.NOTE, f"The customer wrote:\n| {OF_ANNA}", decision=held.decision, message=held.message,
            conversation=held.conversation,
        )  # fmt: skip
        tickets.write(db, filler.tenant, ticket, words, state=state)


def tables_with(owner, filler: Filler, said: str) -> set[str]:
    """Bytes are shown in hexadecimal."""
    found, forms = everything_of(owner, filler.tenant), (said.lower(), said.encode().hex())
    return {name for name, rows in found.items() if any(form in row.lower() for form in forms for row in rows)}


def settled(thread: Thread) -> Held:
    """Anna asked, a member answered the mail that waited, and all has come to its end."""
    held = thread.writes(ANNA)
    thread.everything_left()
    thread.writes(ANNA, "LO-9")
    thread.writes(ANNA, "LO-8", verified=False)
    [(waiting,)] = thread.filler.rows(
        "SELECT id FROM decision WHERE tenant_id = :tenant AND disposition = 'hold' AND is_current"
    )
    with thread.filler.database.transaction(thread.filler.tenant) as db:
        assert desk.send(
            db, thread.filler.tenant, waiting, member=thread.filler.member, text_to_send=OF_ANNA, reference="ABC234"
        )
    thread.everything_left()
    return held


def test_with_old_mail_its_words_go_from_every_table_and_the_address_from_the_case(
    thread: Thread, filler: Filler, owner
) -> None:
    held = settled(thread)
    noted(thread, held, WordsState.DONE)
    thread.became(CaseState.REFUSED)
    before = thread.case()
    assert {"message", "raw_mail", "decision", "outbox", "support_case", "ticket_words"} <= tables_with(
        owner, filler, OF_ANNA
    )
    assert "support_case" in tables_with(owner, filler, ANNA)
    [(undone,)] = filler.rows("SELECT count(*) FROM decision WHERE tenant_id = :tenant AND case_undo IS NOT NULL")
    assert undone
    thread.grows_old()
    assert thread.forgets() == 4, "three mails and a case"
    assert thread.forgets() == 0
    assert tables_with(owner, filler, OF_ANNA) == set()
    assert tables_with(owner, filler, ANNA) - {"decision"} <= ADDRESSES
    assert ANNA not in str(filler.rows("SELECT case_on_release, case_undo, reason, checks FROM decision"))
    after = thread.case()
    assert (after.words, after.doubts, after.writer) == ([], [], "")
    for kept in ("state", "version", "order_number", "wrong_numbers", "action", "amount_minor", "identity", "asked"):
        assert getattr(after, kept) == getattr(before, kept), kept


def test_the_words_of_an_open_case_and_of_one_whose_mail_is_kept_stay(thread: Thread, filler: Filler) -> None:
    thread.writes(ANNA)
    thread.everything_left()
    thread.grows_old()
    assert thread.forgets() == 0
    assert OF_ANNA in thread.case().words[0]
    thread.became(CaseState.WITHDRAWN)
    filler.rows(
        "UPDATE message SET received_at = received_at + interval '50 days' WHERE tenant_id = :tenant RETURNING 1"
    )
    filler.rows(
        "UPDATE support_case SET moved_at = moved_at + interval '51 days' WHERE tenant_id = :tenant RETURNING 1"
    )
    assert thread.forgets() == 0
    assert OF_ANNA in thread.case().words[0]


def test_a_mail_that_came_after_a_case_had_ended_keeps_none_of_its_words(thread: Thread, filler: Filler, owner) -> None:
    thread.writes(ANNA)
    thread.everything_left()
    thread.became(CaseState.WITHDRAWN)
    thread.grows_old()
    filler.held(thread.mailbox, replace(MESSAGE, rfc_message_id="<later@example.org>"), thread="shared")
    assert thread.forgets() == 2
    assert tables_with(owner, filler, OF_ANNA) <= {"conversation"}, "its subject stays as long as it has mail"


def test_what_an_earlier_release_left_of_forgotten_mail_goes_too(thread: Thread, filler: Filler, owner) -> None:
    held = settled(thread)
    noted(thread, held, WordsState.DONE)
    thread.became(CaseState.REFUSED)
    kept = filler.rows("SELECT id, case_undo::text AS undo FROM decision WHERE tenant_id = :tenant")
    words = thread.case().words
    thread.grows_old()
    thread.forgets()
    for row in kept:
        filler.rows("UPDATE decision SET case_undo = CAST(:undo AS jsonb) WHERE id = :id RETURNING 1", **row._mapping)
    filler.rows("UPDATE support_case SET words = :words RETURNING 1", words=words)
    filler.rows("UPDATE ticket_words SET text = :words RETURNING 1", words=OF_ANNA)
    assert {"decision", "support_case", "ticket_words"} == tables_with(owner, filler, OF_ANNA)
    while thread.forgets():
        pass
    assert tables_with(owner, filler, OF_ANNA) == set()


@pytest.mark.parametrize("state", [one for one in WordsState if one not in {WordsState.DONE, WordsState.CANCELLED}])
def test_words_for_a_ticket_stay_while_anything_is_to_be_done_with_them(
    thread: Thread, filler: Filler, state: WordsState
) -> None:
    held = settled(thread)
    noted(thread, held, state)
    thread.became(CaseState.REFUSED)
    thread.grows_old()
    assert thread.forgets()
    [(kept,)] = filler.rows("SELECT text FROM ticket_words WHERE tenant_id = :tenant")
    assert OF_ANNA in kept
    filler.rows("UPDATE ticket_words SET state = 'done' WHERE tenant_id = :tenant RETURNING 1")
    assert thread.forgets() == 1
    assert filler.rows("SELECT text FROM ticket_words WHERE tenant_id = :tenant") == [("",)]


def test_a_case_without_words_is_shown_its_mail_reopened_and_answered(
    thread: Thread, filler: Filler, browser: Browser
) -> None:
    till = Till(filler)
    wish = replace(Case("refund"), words=(OF_ANNA,), writer=ANNA, order_number="LO-1", action=Action.REFUND)
    held = till.with_a_person(thread.mailbox, wish)
    with filler.database.transaction(filler.tenant) as db:
        assert desk.dismiss(db, filler.tenant, held.decision, member=filler.member)
    thread.became(CaseState.WITHDRAWN)
    thread.grows_old()
    assert thread.forgets() == 2
    assert "order" in browser.page(f"/conversations/{held.conversation}")
    with filler.database.transaction(filler.tenant) as db:
        assert closing.reopen(db, filler.tenant, held.conversation, member=filler.member)
    assert browser.page(f"/conversations/{held.conversation}")
    with filler.database.transaction(filler.tenant) as db:
        undo.set_seconds(db, filler.tenant, 10)
        assert desk.send(
            db, filler.tenant, held.decision, member=filler.member, text_to_send="Hello.", reference="ABC234"
        )
        assert undo.take_back(db, filler.tenant, held.decision, member=filler.member)
    assert thread.case().state == CaseState.WITHDRAWN


def test_a_release_whose_way_back_is_gone_leaves_its_case_as_it_stands(thread: Thread, filler: Filler) -> None:
    held = thread.writes(ANNA)
    filler.rows("UPDATE decision SET case_undo = NULL WHERE tenant_id = :tenant RETURNING 1")
    before = thread.case()
    with filler.database.transaction(filler.tenant) as db:
        cases.take_back(db, filler.tenant, held.decision)
    assert thread.case() == before


def test_a_new_mail_to_a_case_without_words_begins_one_of_its_own(thread: Thread, filler: Filler) -> None:
    thread.writes(ANNA)
    thread.everything_left()
    thread.became(CaseState.WITHDRAWN)
    thread.grows_old()
    thread.forgets()
    thread.writes(ANNA)
    old, new = filler.rows("SELECT * FROM support_case WHERE tenant_id = :tenant ORDER BY opened_at")
    assert (old.words, len(new.words), new.writer, new.previous_id) == ([], 1, ANNA, old.id)


def test_the_steps_of_a_case_quote_no_mail_and_name_no_address(thread: Thread, filler: Filler) -> None:
    case = Case("refund", CaseState.REQUESTED)
    said = f"It says something that the machine cannot place: “{OF_ANNA} ”a” b” ({BEN}) A person decides."
    claim = filler.store(thread.mailbox, replace(MESSAGE, rfc_message_id="<9@x>"), at=datetime.now(UTC))
    with filler.database.transaction(filler.tenant) as db:
        cases.move(db, filler.tenant, claim.conversation, case.moved_to(CaseState.PERSON), reason=said)
    steps = str(filler.rows("SELECT reason FROM case_event WHERE tenant_id = :tenant"))
    assert "the machine cannot place: “…” (…) A person decides." in steps
    assert not [one for one in (OF_ANNA, OF_BEN, ANNA, BEN) if one in steps]


def test_a_reason_that_quotes_old_mail_loses_the_quote(thread: Thread, filler: Filler) -> None:
    claim = filler.store(thread.mailbox, MESSAGE, at=datetime.now(UTC) - timedelta(days=200))
    filler.decide(claim, Decision.ignore(f"It says “{OF_ANNA}”. That is all."), UNDERSTANDING)
    thread.grows_old()
    assert thread.forgets() == 1
    assert filler.rows("SELECT reason FROM decision WHERE tenant_id = :tenant") == [("It says “…”. That is all.",)]
