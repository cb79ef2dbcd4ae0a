"""A customer's copy, and being erased, where a supplier was asked on their behalf: the wall holds there, too."""

import io
import json
import zipfile
from dataclasses import replace

import pytest

from domain.bridging import BridgeRules, Mode
from domain.decision import WordsFor
from domain.message import Address
from domain.sealed import Sealed
from domain.supplier import Purpose, Supplier
from domain.supplier_request import Channel, ToAsk
from storage import customer_news, erasure, kept_replies, notes, supplier_requests, suppliers, ticketing, tickets
from storage.customer_news import News
from storage.kept_replies import Seen
from storage.supplier_requests import Anchor
from storage.tickets import Words
from tests.web.conftest import Browser
from tests.web.filling import MESSAGE, Filler, Held

ANNA = "anna@example.org"
DESK = "desk@acme.example"
ACME = Supplier("Acme Textil GmbH", ("acme.example",), (), {Purpose.GENERAL: DESK})
PURCHASE = "D400000001"
OURS = ("Acme", DESK, PURCHASE, "Where does it go")


@pytest.fixture
def asked(filler: Filler) -> Held:
    """Anna's mail was answered; Acme was asked by mail and on the ticket, and what they answered waits as a draft."""
    mail = replace(MESSAGE, sender=Address(ANNA, "Anna Lee"))
    held = filler.released(filler.mailbox(), message=mail, raw=b"raw of hers")
    with filler.database.transaction(filler.tenant) as db:
        acme = suppliers.save(db, filler.tenant, ACME, actor="test")
        system = ticketing.Connected("https://tickets.example", "agent", Sealed(b"x"), "/tickets", "UTC")
        ticketing.put(db, filler.tenant, system, BridgeRules(Mode.GMAIL_WITH_NOTE), actor="test")
        ticket = tickets.open_one(db, filler.tenant, "LO-1", held.conversation, held.message, about=1)
        assert ticket is not None
        words = Words(
            WordsFor.SUPPLIER, "Where does it go, Acme?", DESK, automatic=False, message=held.message,
            conversation=held.conversation,
        )  # fmt: skip
        tickets.write(db, filler.tenant, ticket, words)
        wish = ToAsk(acme, PURCHASE, Purpose.GENERAL, DESK, "A return", "Where does it go?")
        mailbox = filler.rows("SELECT id FROM mailbox WHERE tenant_id = :tenant")[0].id
        anchor = Anchor(mailbox, held.message, held.conversation)
        supplier_requests.ask(db, filler.tenant, wish, anchor, channel=Channel.GMAIL, member=filler.member)
    filler.rows("UPDATE ticket_words SET state = 'done' WHERE tenant_id = :tenant RETURNING 1")
    filler.rows("""
        UPDATE outbox SET state = 'sent', sent_at = now(), sent_gmail_id = 'ours', thread_id = 'theirs'
        WHERE tenant_id = :tenant AND kind = 'supplier_mail' RETURNING 1
    """)
    with filler.database.transaction(filler.tenant) as db:
        target = customer_news.target(db, filler.tenant, held.conversation)
        assert target is not None
        why = f"Acme Textil GmbH answered on purchase order {PURCHASE}: a person looks at what the customer hears."
        assert customer_news.hold(db, filler.tenant, News(target, "It leaves on Monday.", why))
    return held


def test_a_customers_copy_holds_nothing_of_the_supplier_who_was_asked_for_them(browser: Browser, asked: Held) -> None:
    answer = browser.post("/data/copy", {"address": ANNA})
    with zipfile.ZipFile(io.BytesIO(answer.data)) as file:
        data = json.loads(file.read("data.json"))
        everything = "".join(file.read(name).decode() for name in file.namelist())
    assert data["messages"]
    assert data["decisions"]
    assert any("Monday" in one["text"] for one in data["replies"])
    assert [one for one in OURS if one in everything] == []


def test_what_members_wrote_of_the_supplier_is_left_out_and_the_rest_of_it_stays(
    browser: Browser, filler: Filler, asked: Held
) -> None:
    waiting = filler.held(filler.mailbox(), replace(MESSAGE, sender=Address(ANNA, "Anna Lee"), rfc_message_id="<2@x>"))
    # One after the other: what is written in one transaction is written at one moment.
    for words in (f"Acme has it as {PURCHASE}.", "She wants it by Monday."):
        with filler.database.transaction(filler.tenant) as db:
            notes.write(db, filler.tenant, asked.conversation, member=filler.member, words=words)
    with filler.database.transaction(filler.tenant) as db:
        begun = f"Dear Anna, {DESK} has not answered"
        kept_replies.keep(db, filler.tenant, waiting.decision, begun, member=filler.member, seen=Seen())
    answer = browser.post("/data/copy", {"address": ANNA})
    with zipfile.ZipFile(io.BytesIO(answer.data)) as file:
        content = file.read("data.json").decode()
    data = json.loads(content)
    assert [one["text"] for one in data["notes"]] == [None, "She wants it by Monday."]
    assert [one["text"] for one in data["kept_replies"]] == [None]
    assert [one for one in OURS if one in content] == []


@pytest.mark.parametrize("state", ["held", "waiting"])
def test_after_erasing_the_customer_nothing_of_theirs_waits_for_its_ticket(
    filler: Filler, asked: Held, state: str
) -> None:
    filler.rows("UPDATE ticket_words SET state = :state WHERE tenant_id = :tenant RETURNING 1", state=state)
    filler.rows("""
        INSERT INTO supplier_step (tenant_id, id, request_id, round, position, kind, channel, state, due_at, words_id)
        SELECT r.tenant_id, gen_random_uuid(), r.id, 1, 0, 'remind', 'ticket', 'pending', now(), w.id
        FROM supplier_request r, ticket_words w WHERE r.tenant_id = :tenant AND w.tenant_id = :tenant RETURNING 1
    """)
    with filler.database.transaction(filler.tenant) as db:
        assert erasure.erase(db, filler.tenant, ANNA, actor="test")["reminders"] == 1
    (words,) = filler.rows("SELECT state, text, last_error FROM ticket_words WHERE tenant_id = :tenant")
    assert tuple(words) == ("cancelled", "", "The customer was erased.")
    (step,) = filler.rows("SELECT state, last_error FROM supplier_step WHERE tenant_id = :tenant")
    assert tuple(step) == ("cancelled", "The customer was erased.")


def test_after_erasing_the_customer_our_mail_to_the_supplier_is_still_known_as_ours(
    filler: Filler, asked: Held
) -> None:
    with filler.database.transaction(filler.tenant) as db:
        erasure.erase(db, filler.tenant, ANNA, actor="x")
    [ours] = filler.rows("SELECT text, sent_gmail_id FROM outbox WHERE tenant_id = :tenant AND request_id IS NOT NULL")
    # Unknown, it would be taken for one that somebody wrote by hand, and no reminder would follow.
    assert (ours.text, ours.sent_gmail_id) == ("", "ours")
