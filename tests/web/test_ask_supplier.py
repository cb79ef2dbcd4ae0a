"""A supplier is asked from a conversation: the words first, then one button that says where they go."""

import re

import pytest

from domain.bridging import BridgeRules, Mode
from domain.decision import WordsFor
from domain.delivery import WordsState
from domain.sealed import Sealed
from domain.supplier import Purpose, Supplier
from handlers.asking_words import languages, question
from storage import requests_shown, suppliers, ticket_release, ticketing, tickets, tickets_waiting
from storage.tickets import Words
from tests.web.conftest import Browser, seen
from tests.web.filling import Filler, Held

GENERAL, RETURNS = "desk@acme.example", "returns@acme.example"
ACME = Supplier(
    "Acme Möbel GmbH", ("acme.example",), (), {Purpose.GENERAL: GENERAL, Purpose.RETURNS: RETURNS}, language="de"
)
OTHER = Supplier("Northmill", ("northmill.example",), (), {Purpose.RETURNS: "back@northmill.example"})
MAIL = """
    SELECT recipient, subject, text, wall_reason, automatic, thread_id FROM outbox
    WHERE tenant_id = :tenant AND kind = 'supplier_mail'
"""
REQUESTS = "SELECT * FROM supplier_request WHERE tenant_id = :tenant"
OVER = "Customers and suppliers are not to learn of each other."


@pytest.fixture
def known(filler: Filler) -> dict[str, str]:
    with filler.database.transaction(filler.tenant) as db:
        return {one.name: str(suppliers.save(db, filler.tenant, one, actor="test")) for one in (ACME, OTHER)}


@pytest.fixture
def held(filler: Filler) -> Held:
    return filler.held(filler.mailbox())


def form(known: dict[str, str], **more: str) -> dict[str, str]:
    acme = known[ACME.name]
    return {
        "supplier": acme, "purpose": "returns", "purchase_order": "d400000001", "order_number": "LO-48213",
        "subject": "A return", "text": "Where does it go?", "prepared": f"{acme}/returns", "act": "send", **more,
    }  # fmt: skip


def path(held: Held) -> str:
    return f"/conversations/{held.conversation}/ask-supplier"


def test_the_form_is_there_where_there_is_somebody_to_ask(browser: Browser, filler: Filler, held: Held) -> None:
    assert "Ask the supplier" not in browser.page(f"/conversations/{held.conversation}")
    with filler.database.transaction(filler.tenant) as db:
        suppliers.save(db, filler.tenant, ACME, actor="test")
    page = browser.page(f"/conversations/{held.conversation}")
    assert "Ask the supplier" in page
    # The only one there is, and the order that the mail names, stand in it already.
    assert re.search(r"<option value=\"[^\"]+\" selected>Acme Möbel GmbH", page)
    assert re.search(r'name="order_number"[^>]*value="LO-48213"', page)


def test_the_words_come_first_in_the_suppliers_language_with_nothing_of_the_customers(
    browser: Browser, filler: Filler, held: Held, known: dict[str, str]
) -> None:
    page = browser.press(path(held), form(known, act="prepare", text="", prepared=""))
    assert "Rücksendung zur Bestellung D400000001" in page
    assert "Write to returns@acme.example" in seen(page).replace("\u200b", "").replace(" @", "@")
    assert filler.rows(REQUESTS) == []
    assert "Anna" not in page.split('id="ask-text"')[1].split("</textarea>")[0]


def test_it_leaves_in_a_thread_of_its_own_and_is_shown_as_waiting(
    browser: Browser, filler: Filler, held: Held, known: dict[str, str]
) -> None:
    page = seen(browser.press(path(held), form(known)))
    assert "It is leaving for returns@acme.example now." in page
    assert "waiting to leave Acme Möbel GmbH on D400000001" in page
    assert [tuple(row) for row in filler.rows(MAIL)] == [(RETURNS, "A return", "Where does it go?", "", False, "")]
    [row] = filler.rows(REQUESTS)
    assert (row.purchase_order, row.order_number, row.purpose) == ("D400000001", "LO-48213", "returns")
    assert (row.conversation_id, row.message_id, row.asked_by) == (held.conversation, held.message, filler.member)


def test_the_same_form_sent_twice_asks_once(
    browser: Browser, filler: Filler, held: Held, known: dict[str, str]
) -> None:
    browser.press(path(held), form(known))
    assert "These very words are on their way already." in seen(browser.press(path(held), form(known)))
    assert len(filler.rows(MAIL)) == 1


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"supplier": "nobody"}, "Choose the supplier."),
        ({"supplier": "00000000-0000-0000-0000-000000000000"}, "Choose the supplier."),
        ({"purchase_order": "  "}, "Enter the purchase order that it is about."),
        ({"text": " \r\n "}, "A letter needs between 1 and 20,000 characters."),
        ({"text": "x" * 20_001}, "A letter needs between 1 and 20,000 characters."),
        ({"purpose": "tracking"}, "Another supplier or purpose was chosen since the words were written"),
        ({"prepared": ""}, "Another supplier or purpose was chosen since the words were written"),
        ({"text": "When does D400000777 leave?"}, "The letter names D400000777 and the form D400000001"),
        ({"channel": "ticket"}, "There is no ticket to write on."),
    ],
    ids=[
        "no supplier",
        "unknown",
        "no number",
        "no words",
        "too long",
        "other purpose",
        "unread",
        "another",
        "no ticket",
    ],
)
def test_bad_input_gives_one_sentence_and_keeps_what_was_typed(
    browser: Browser, filler: Filler, held: Held, known: dict[str, str], changed: dict[str, str], problem: str
) -> None:
    page = browser.press(path(held), form(known, **{"text": "My own words.", **changed}))
    assert problem in seen(page)
    assert "LO-48213" in page
    assert ("My own words." in page) is ("text" not in changed)
    assert filler.rows(REQUESTS) == filler.rows(MAIL) == []


def test_a_letter_whose_question_was_not_written_does_not_leave(
    browser: Browser, filler: Filler, held: Held, known: dict[str, str]
) -> None:
    empty = question("de", Purpose.GENERAL, "D400000001").text
    general = form(known, purpose="general", prepared=f"{known[ACME.name]}/general")
    for spaced in (empty, empty.replace("\n\n\n", "\n \n")):
        page = seen(browser.press(path(held), {**general, "text": spaced}))
        assert "The letter asks nothing yet: write your question into it." in page
    assert filler.rows(REQUESTS) == filler.rows(MAIL) == []
    browser.press(path(held), {**general, "text": empty.replace("\n\n\n\n", "\n\nWann geht sie ab?\n\n")})
    assert len(filler.rows(REQUESTS)) == 1
    # A letter for a return asks as it stands.
    browser.press(
        path(held), form(known, text=question("de", Purpose.RETURNS, "D400000002").text, purchase_order="D400000002")
    )
    assert len(filler.rows(REQUESTS)) == 2


def test_who_has_no_address_for_a_purpose_is_not_asked(
    browser: Browser, filler: Filler, held: Held, known: dict[str, str]
) -> None:
    other = known[OTHER.name]
    typed = form(known, supplier=other, purpose="general", prepared=f"{other}/general")
    assert "Northmill has no address for this: enter one under Suppliers." in seen(browser.press(path(held), typed))
    assert filler.rows(REQUESTS) == []


@pytest.mark.parametrize("words", ["Anna Winter waits.", "Write to anna@example.org.", "ANNA\nWINTER"])
def test_what_is_the_customers_is_stopped_and_leaves_with_a_reason_only(
    browser: Browser, filler: Filler, held: Held, known: dict[str, str], words: str
) -> None:
    page = browser.press(path(held), form(known, text=words))
    assert OVER in seen(page)
    assert "wall_reason" in page
    assert words.splitlines()[0] in page
    assert filler.rows(REQUESTS) == filler.rows(MAIL) == []
    browser.press(path(held), form(known, text=words, wall_reason=" They know each other. "))
    assert [row.wall_reason for row in filler.rows(MAIL)] == ["They know each other."]


def test_no_answer_needed_ends_it_and_calls_the_mail_off(
    browser: Browser, filler: Filler, held: Held, known: dict[str, str]
) -> None:
    browser.press(path(held), form(known))
    [row] = filler.rows(REQUESTS)
    page = seen(browser.press(f"/supplier-requests/{row.id}/close"))
    assert "Noted: no answer is needed." in page
    assert "no answer is needed, says" in page
    [row] = filler.rows(REQUESTS)
    assert (row.closed_by, row.next_at, row.closed_at is None) == (filler.member, None, False)
    assert (
        filler.rows("SELECT state FROM outbox WHERE tenant_id = :tenant AND kind = 'supplier_mail'")[0].state
        == "cancelled"
    )
    assert "settled this already" in seen(browser.press(f"/supplier-requests/{row.id}/close"))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ("UPDATE outbox SET state = 'sent'", "asked Acme"),
        ("UPDATE outbox SET state = 'uncertain'", "uncertain Acme"),
        ("UPDATE outbox SET state = 'failed', last_error = 'Gmail refused it.'", "it did not leave. Gmail refused it."),
        (
            "UPDATE outbox SET state = 'needs_person', sending_at = now(), last_error = 'Look into the Sent folder.'",
            "perhaps it left, nobody said. Look into the Sent folder.",
        ),
        (
            "UPDATE outbox SET state = 'needs_person', last_error = 'Somebody changed its draft.'",
            "it did not leave. Somebody changed its draft.",
        ),
        (
            "UPDATE outbox SET state = 'cancelled', sending_at = now(), last_error = 'A person saw to it.'",
            "nobody said whether it left. A person saw to it.",
        ),
        ("UPDATE supplier_request SET answered_at = now()", "answered Acme"),
    ],
    ids=["asked", "uncertain", "failed", "perhaps left", "changed", "seen to", "answered"],
)
def test_the_page_says_how_a_question_stands(
    browser: Browser, filler: Filler, held: Held, known: dict[str, str], change: str, word: str
) -> None:
    browser.press(path(held), form(known))
    filler.rows("UPDATE supplier_request SET asked_at = now() WHERE tenant_id = :tenant RETURNING 1")
    kind = " AND kind = 'supplier_mail'" if "outbox" in change else ""
    filler.rows(f"{change} WHERE tenant_id = :tenant{kind} RETURNING 1")  # the statements above
    assert word in seen(browser.page(f"/conversations/{held.conversation}"))


def test_who_may_only_look_sees_and_asks_nothing(
    browser: Browser, filler: Filler, held: Held, known: dict[str, str], join
) -> None:
    browser.press(path(held), form(known))
    viewer = join("viewer")
    page = seen(viewer.page(f"/conversations/{held.conversation}"))
    assert "Acme Möbel GmbH on D400000001" in page
    assert "Ask the supplier" not in page
    assert "No answer needed" not in page
    assert viewer.post(path(held), form(known)).status_code == 403


def test_every_language_has_words_for_every_purpose() -> None:
    assert set(languages()) == {"en", "de", "fr", "es"}
    for language in (*languages(), "nl"):
        for purpose in Purpose:
            words = question(language, purpose, "D4{x}")
            assert "D4{x}" in words.subject
            assert "D4{x}" in words.text
            assert "{purchase}" not in words.subject + words.text


def test_a_question_at_a_suppliers_own_conversation_has_no_customer_behind_it(
    browser: Browser, filler: Filler, held: Held, known: dict[str, str]
) -> None:
    filler.rows(
        "UPDATE conversation SET customer_address = :address WHERE tenant_id = :tenant RETURNING 1", address=GENERAL
    )
    page = browser.press(path(held), form(known))
    [row] = filler.rows(REQUESTS)
    assert (row.conversation_id, row.message_id) == (None, held.message)
    # It is shown all the same: its mail stands there.
    assert "waiting to leave Acme" in seen(page)


# What waits for its ticket.


@pytest.fixture
def words(filler: Filler, held: Held, known: dict[str, str]):
    """Words for a supplier that a held decision wants to put on a ticket; returns a way to write more."""
    system = ticketing.Connected("https://tickets.example", "x", Sealed(b"x"), "/tickets", "UTC")
    with filler.database.transaction(filler.tenant) as db:
        ticketing.put(db, filler.tenant, system, BridgeRules(Mode.GMAIL_ONLY), actor="test")
        ticket = tickets.open_one(db, filler.tenant, "LO-48213", held.conversation, held.message, about=0)

    def write(said: str, side: WordsFor = WordsFor.SUPPLIER, **more):
        with filler.database.transaction(filler.tenant) as db:
            to = RETURNS if side is WordsFor.SUPPLIER else "anna@example.org"
            one = Words(side, said, to, message=held.message, conversation=held.conversation, **more)
            return tickets.write(db, filler.tenant, ticket, one, state=WordsState.HELD)

    return write


def state(filler: Filler, words) -> tuple:
    [row] = filler.rows("SELECT state, automatic, wall_reason FROM ticket_words WHERE id = :id", id=words)
    return tuple(row)


def test_held_words_are_shown_and_go_onto_the_ticket_when_a_person_says_so(
    browser: Browser, filler: Filler, held: Held, words
) -> None:
    one = words("Please take it back.")
    page = seen(browser.page(f"/conversations/{held.conversation}"))
    assert "Please take it back." in page
    assert "on the ticket of order LO-48213" in page
    assert "It goes onto the ticket now." in seen(browser.press(f"/ticket-words/{one}/release"))
    assert state(filler, one) == ("pending", False, "")
    assert filler.rows("SELECT 1 FROM ticket WHERE tenant_id = :tenant AND next_at IS NOT NULL")
    assert "settled this already" in seen(browser.press(f"/ticket-words/{one}/release"))
    assert "settled this already" in seen(browser.press(f"/ticket-words/{one}/drop"))


def test_held_words_are_dropped_for_good(browser: Browser, filler: Filler, held: Held, words) -> None:
    one = words("Please take it back.")
    assert "Dropped; it was not sent." in seen(browser.press(f"/ticket-words/{one}/drop"))
    assert state(filler, one)[0] == "cancelled"
    assert "Please take it back." not in browser.page(f"/conversations/{held.conversation}")


def test_the_wall_is_asked_again_before_held_words_go(browser: Browser, filler: Filler, held: Held, words) -> None:
    one = words("Anna Winter sends it back.")
    assert "It names the customer Anna Winter." in seen(browser.page(f"/conversations/{held.conversation}"))
    assert "Nothing was sent" in seen(browser.press(f"/ticket-words/{one}/release"))
    assert state(filler, one)[0] == "held"
    browser.press(f"/ticket-words/{one}/release", {"wall_reason": "They know each other."})
    assert state(filler, one) == ("pending", False, "They know each other.")


def test_a_customers_words_that_are_a_draft_again_are_sent_from_the_draft_alone(
    browser: Browser, filler: Filler, held: Held, words
) -> None:
    [reply] = filler.rows("SELECT id FROM outbox WHERE tenant_id = :tenant AND kind = 'reply'")
    one = words("It is on its way.", WordsFor.CUSTOMER, reply=reply.id)
    assert "on the ticket of order" not in seen(browser.page(f"/conversations/{held.conversation}"))
    assert "settled this already" in seen(browser.press(f"/ticket-words/{one}/release"))
    assert state(filler, one)[0] == "held"


def test_words_that_a_person_has_to_see_to_are_listed_for_the_command_line(filler: Filler, words) -> None:
    with filler.database.transaction(filler.tenant) as db:
        assert tickets_waiting.every(db, filler.tenant) == []
    words("Please take it back.")
    with filler.database.transaction(filler.tenant) as db:
        [row] = tickets_waiting.every(db, filler.tenant)
    assert (row.order_number, len(row.words), row.why) == ("LO-48213", 1, "Words for a supplier wait at the desk.")


def test_the_functions_say_when_it_is_too_late(filler: Filler, held: Held, words) -> None:
    one = words("Please take it back.")
    filler.rows("UPDATE ticket SET state = 'needs_person' WHERE tenant_id = :tenant RETURNING 1")
    with filler.database.transaction(filler.tenant) as db:
        [shown] = ticket_release.of_conversation(db, filler.tenant, held.conversation)
        assert not shown.can_leave
        assert not ticket_release.release(db, filler.tenant, one, member=filler.member)
        assert requests_shown.ticket_of(db, filler.tenant, "LO-48213") is None
