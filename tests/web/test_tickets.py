"""Tickets on a page: where a person has to look, the two ways on from there, and what goes onto tickets at all."""

import pytest

from adapters.ticketing import Connection
from domain.bridging import BridgeRules, Mode
from domain.decision import WordsFor
from domain.delivery import WordsState
from storage import ticketing, tickets
from storage.tickets import Words
from tests.web.conftest import seen

PATH = "/tickets"


@pytest.fixture
def connected(services, workspace):
    system = services.sealed_ticketing(workspace.id, Connection("https://tickets.example/api", "agent", "hush-hush"))
    with services.database.transaction(workspace.id) as db:
        ticketing.put(db, workspace.id, system, BridgeRules(Mode.GMAIL_WITH_NOTE), actor="test")


@pytest.fixture
def wait(connected, filler):
    """Words that wait on a ticket of an order, whose own state is the one given; returns the words' id."""

    def waiting(number: str, words: Words, state: WordsState, ticket_state: str = "known", error: str = "It said no."):
        with filler.database.transaction(filler.tenant) as db:
            ticket = tickets.open_one(db, filler.tenant, number, None, None, about=2)
            written = tickets.write(db, filler.tenant, ticket, words, state=state)
        values = {"ticket": ticket, "words": written, "state": ticket_state, "error": error}
        filler.rows(
            "UPDATE ticket SET state = :state, last_error = :error, next_at = NULL WHERE id = :ticket RETURNING 1",
            **values,
        )
        filler.rows("UPDATE ticket_words SET last_error = :error WHERE id = :words RETURNING 1", **values)
        return written

    return waiting


NOTE = Words(WordsFor.NOTE, "The customer wrote: hello.")


def test_without_a_system_the_page_says_how_one_is_connected(browser):
    page = browser.page(PATH)
    assert "No ticketing system is connected" in seen(page)
    assert "flask ticketing connect" in seen(page)
    assert 'rail-word">Tickets' not in page


def test_a_connected_system_stands_in_the_rail_and_never_its_password(browser, connected):
    page = browser.page(PATH)
    assert "https://tickets.example/api" in page
    assert "Nothing waits for a person" in seen(page)
    assert 'rail-word">Tickets' in page
    assert "hush-hush" not in page


def test_the_last_trouble_of_the_connection_is_shown(browser, connected, filler):
    with filler.database.transaction(filler.tenant) as db:
        ticketing.trouble(db, filler.tenant, "The ticketing system does not accept our login.")
    page = seen(browser.page(PATH))
    assert "Last trouble of the connection: The ticketing system does not accept our login." in page
    assert "Reconnect" not in page  # The banner is for mailboxes.


def test_an_order_at_whose_ticket_a_person_has_to_look_is_there_with_its_words(browser, wait):
    wait("LO-7", NOTE, WordsState.NEEDS_PERSON, "needs_person", "It never said whether it made one.")
    wait("LO-8", Words(WordsFor.CUSTOMER, "Dear Anna", "anna@x.example"), WordsState.REFUSED)
    wait("LO-9", Words(WordsFor.SUPPLIER, "Dear Acme", "desk@acme.example"), WordsState.HELD)
    wait("LO-10", NOTE, WordsState.DONE)
    # A customer's reply that was held waits at the desk as a draft.
    wait("LO-11", Words(WordsFor.CUSTOMER, "Dear Bert", "bert@x.example"), WordsState.HELD)
    page = seen(browser.page(PATH))
    for words in (
        "Order LO-7", "ticket not known It never said whether it made one.", "The customer wrote: hello.",
        "Order LO-8", "not taken For the customer, anna@x.example", "It said no.",
        "waits for a person For the supplier",
    ):  # fmt: skip
        assert words in page
    assert "LO-10" not in page
    assert "LO-11" not in page


def test_who_found_the_ticket_says_which_it_is_and_the_machine_goes_on(browser, wait, filler):
    wait("LO-7", NOTE, WordsState.NEEDS_PERSON, "needs_person")
    page = browser.press(f"{PATH}/look-again", {"order_number": "LO-7", "ticket": "nonsense", "act": "found"})
    assert "Write the id of the ticket in figures" in seen(page)
    assert 'value="nonsense"' in page
    page = browser.press(f"{PATH}/look-again", {"order_number": "LO-7", "ticket": " 2476 ", "act": "found"})
    assert "The machine goes on with order LO-7, with ticket 2476." in seen(page)
    [row] = filler.rows("SELECT state, external_id, next_at FROM ticket")
    assert (row.state, row.external_id) == ("known", 2476)
    assert row.next_at is not None
    [words] = filler.rows("SELECT state FROM ticket_words")
    assert words.state == "pending"
    page = browser.press(f"{PATH}/look-again", {"order_number": "LO-7", "ticket": "2476", "act": "found"})
    assert "No ticket of order LO-7 waits for a person any more." in seen(page)


def test_where_there_is_none_it_is_made(browser, wait, filler):
    wait("LO-7", NOTE, WordsState.NEEDS_PERSON, "needs_person")
    page = browser.press(f"{PATH}/look-again", {"order_number": "LO-7", "act": "none"})
    assert "and makes a ticket where none is found" in seen(page)
    [row] = filler.rows("SELECT state, external_id FROM ticket")
    assert (row.state, row.external_id) == ("wanted", None)


def test_what_is_no_id_changes_nothing(browser, wait, filler):
    wait("LO-7", NOTE, WordsState.NEEDS_PERSON, "needs_person")
    for number in ("0", "-1", "9" * 30, "9" * 5000, "²", "1.5", ""):
        browser.press(f"{PATH}/look-again", {"order_number": "LO-7", "ticket": number, "act": "found"})
    assert filler.rows("SELECT state FROM ticket")[0].state == "needs_person"


def test_words_that_somebody_saw_to_wait_no_longer_and_nothing_of_them_is_sent(browser, wait, filler):
    words = wait("LO-7", Words(WordsFor.CUSTOMER, "Dear Anna", "anna@x.example"), WordsState.NEEDS_PERSON)
    for _ in range(2):
        browser.press(f"{PATH}/words/{words}/settle")
    assert filler.rows("SELECT state FROM ticket_words")[0].state == "cancelled"
    assert filler.rows("SELECT next_at FROM ticket")[0].next_at is None
    assert len(filler.rows("SELECT 1 FROM event WHERE kind = 'ticket_words_seen_to'")) == 1
    assert "Nothing waits for a person" in seen(browser.page(PATH))


def test_where_replies_go_is_chosen_by_who_manages(browser, connected, filler, join):
    def rules() -> BridgeRules:
        with filler.database.transaction(filler.tenant) as db:
            return ticketing.rules(db, filler.tenant)

    assert "Saved." in seen(browser.press(f"{PATH}/mode", {"mode": "ticket_only", "shadow": "yes"}))
    assert rules() == BridgeRules(Mode.TICKET_ONLY, shadow=True)
    assert browser.post(f"{PATH}/mode", {"mode": "nonsense"}).status_code == 400
    agent = join("agent")
    assert "by the order’s ticket" in seen(agent.page(PATH))
    assert "Only watching" in seen(agent.page(PATH))
    assert agent.post(f"{PATH}/mode", {"mode": "gmail_only"}).status_code == 403
    browser.press(f"{PATH}/mode", {"mode": "gmail_only"})
    assert rules() == BridgeRules(Mode.GMAIL_ONLY)


def test_nothing_is_chosen_where_nothing_is_connected(browser):
    assert "No ticketing system is connected." in seen(browser.press(f"{PATH}/mode", {"mode": "gmail_only"}))


def test_a_viewer_looks_and_presses_nothing(wait, join):
    words = wait("LO-7", NOTE, WordsState.NEEDS_PERSON, "needs_person")
    viewer = join("viewer")
    page = viewer.page(PATH)
    assert "LO-7" in page
    assert 'action="/tickets' not in page
    assert viewer.post(f"{PATH}/look-again", {"order_number": "LO-7", "act": "none"}).status_code == 403
    assert viewer.post(f"{PATH}/words/{words}/settle").status_code == 403
