"""The words of customers that cases, decisions and tickets keep: they go with their mail, and with the customer."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from domain.case import Case, CaseState, Identity
from domain.category import Category
from domain.decision import Decision, Reply, WordsFor
from domain.delivery import WordsState
from domain.errors import BadInput
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
        self.filler.rows(
            "UPDATE message SET received_at = received_at - interval '100 days' WHERE tenant_id = :tenant RETURNING 1"
        )
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


# Two who write in one conversation.


@pytest.fixture
def shared(thread: Thread) -> Thread:
    """Anna begins; Ben goes on, and Anna once more: her mail waits for a person."""
    thread.writes(ANNA)
    thread.everything_left()
    thread.writes(BEN, "LO-1")
    thread.everything_left()
    thread.writes(ANNA, "LO-1")
    return thread


def test_who_wrote_in_a_conversation_of_anothers_is_gone_from_it_and_the_other_is_not(
    shared: Thread, filler: Filler, owner
) -> None:
    case = shared.case()
    assert [one in case.words[0] + case.words[1] for one in (OF_ANNA, OF_BEN)] == [True, True]
    assert case.writer == BEN
    assert BEN in str(case.doubts)
    assert {"support_case", "decision", "message", "outbox"} <= tables_with(owner, filler, OF_BEN)
    before = everything_of(owner, filler.tenant)
    assert shared.erases(BEN)["words elsewhere"] > 0
    assert tables_with(owner, filler, OF_BEN) == set()
    assert tables_with(owner, filler, BEN) == set()
    after = shared.case()
    assert [OF_ANNA in one for one in after.words] == [True]
    assert after.doubts, "what was doubtful stays so"
    assert after.writer.endswith("@erased.invalid")
    for kept in ("state", "version", "order_number", "identity", "action", "moved_at"):
        assert getattr(after, kept) == getattr(case, kept), kept
    now = everything_of(owner, filler.tenant)
    assert {name for name in before if len(now[name]) < len(before[name])} <= {
        "decision", "outbox", "order_attempt", "identity_link", "raw_mail", "reply_counter",
    }  # fmt: skip
    assert OF_ANNA in json.dumps([now[name] for name in ("raw_mail", "message", "decision", "conversation")])


def test_whoever_goes_on_after_the_writer_was_erased_is_not_taken_for_them(thread: Thread, filler: Filler) -> None:
    """A link that confirmed one writer speaks for no other."""
    thread.writes(ANNA)
    thread.everything_left()
    filler.rows(
        "UPDATE support_case SET writer = :ben, identity = :link, state = 'checking', order_number = 'LO-1'"
        " RETURNING 1",
        ben=BEN, link=Identity.LINK.value,
    )  # fmt: skip
    filler.rows("UPDATE shop_order SET customer_email = 'vera@home.example' RETURNING 1")
    thread.orders = KnownOrders({"LO-1": replace(thread.orders.find("LO-1"), customer_email="vera@home.example")})
    assert thread.erases(BEN)["words elsewhere"] > 0
    thread.writes(ANNA, "LO-1")
    [(reason,)] = filler.rows("SELECT reason FROM decision WHERE is_current AND disposition = 'hold'")
    assert reason == "Nothing proves that this mail comes from the customer on the order."


def test_what_a_person_may_still_release_is_kept_without_the_erased(thread: Thread, filler: Filler, owner) -> None:
    ben = thread.writes(BEN)
    filler.rows("UPDATE conversation SET customer_address = :anna, customer_name = 'Anna' RETURNING 1", anna=ANNA)
    thread.everything_left()
    step = replace(Case("refund"), words=(f"I want a refund. {OF_BEN}.", OF_ANNA), writer=BEN, doubts=(f"({BEN})",))
    mail = replace(MESSAGE, rfc_message_id="<3@example.org>")
    claim = filler.store(thread.mailbox, mail, thread="shared")
    reply = Reply(mail.sender, mail.subject, "Dear Anna,")
    held = Decision.hold("A person looks.", reply)
    held = replace(held, case_on_release=replace(step, version=1).asking("x", CaseState.ORDER_WANTED))
    made = filler.decide(claim, held, UNDERSTANDING)
    thread.erases(BEN)
    assert ben.conversation == claim.conversation
    assert tables_with(owner, filler, OF_BEN) | tables_with(owner, filler, BEN) == set()
    with filler.database.transaction(filler.tenant) as db:
        assert desk.send(db, filler.tenant, made, member=filler.member, text_to_send="Hello.", reference="ABC234")
    assert OF_ANNA in thread.case().words


def test_nobody_is_erased_while_somebody_else_is_heard_in_the_same_conversation(shared: Thread, filler: Filler) -> None:
    mail = replace(MESSAGE, rfc_message_id="<4@example.org>")
    claim = filler.store(shared.mailbox, mail, thread="shared")
    with pytest.raises(BadInput, match="just being"):
        shared.erases(BEN)
    filler.decide(claim, Decision.hold("A person looks."), UNDERSTANDING)
    assert shared.erases(BEN)


def test_nobody_is_erased_while_a_reply_there_can_be_taken_back(shared: Thread, filler: Filler) -> None:
    [(waiting,)] = filler.rows("SELECT id FROM decision WHERE is_current AND disposition = 'hold'")
    with filler.database.transaction(filler.tenant) as db:
        undo.set_seconds(db, filler.tenant, 10)
        assert desk.send(db, filler.tenant, waiting, member=filler.member, text_to_send="Hello.", reference="ABC234")
    with pytest.raises(BadInput, match="just being"):
        shared.erases(BEN)


def test_what_a_mail_of_theirs_proposes_in_anothers_thread_is_settled_before_they_are_erased(
    thread: Thread, filler: Filler
) -> None:
    till = Till(filler)
    till.order("LO-2", email=ANNA)
    ben = till.wanted(thread.mailbox, number="LO-2", message=replace(MESSAGE, sender=Address(BEN, "Ben")))
    act = till.act(ben)
    with filler.database.transaction(filler.tenant) as db:
        db.execute(text("UPDATE conversation SET customer_address = :anna"), {"anna": ANNA})
    with pytest.raises(BadInput, match="a person has settled it"):
        thread.erases(BEN)
    with filler.database.transaction(filler.tenant) as db:
        assert desk.dismiss(db, filler.tenant, ben.decision, member=filler.member)
    thread.erases(BEN)
    assert filler.rows("SELECT state FROM order_act WHERE id = :id", id=act) == [("cancelled",)]
