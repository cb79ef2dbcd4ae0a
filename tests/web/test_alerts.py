"""What needs looking at: each thing that can be wrong, with what it means and what to press, and nothing else."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from domain.bridging import BridgeRules, Mode
from domain.decision import Decision
from domain.sealed import Sealed
from storage import ticketing
from storage.due import Kind
from tests.web.conftest import Browser, seen
from tests.web.filling import MESSAGE, UNDERSTANDING, Filler
from web.alerts import WORK

NOTHING = "Nothing needs looking at."


@pytest.fixture
def change(database, workspace):
    """Age or break something, in the workspace's own transaction."""

    def changed(statement: str, **values) -> None:
        with database.transaction(workspace.id) as db:
            db.execute(text(statement), values)

    return changed


def alerts(browser: Browser) -> str:
    """What the page itself says, without the frame around it."""
    return seen(browser.page("/alerts").partition('data-live="alerts"')[2])


def header(browser: Browser) -> str:
    page = browser.page("/alerts")
    return seen(page.partition('class="notices"')[2].partition("</a>")[0].partition(">")[2])


def test_a_workspace_in_which_all_is_well_has_nothing_to_look_at(browser: Browser, filler: Filler) -> None:
    filler.held(filler.mailbox())
    said = alerts(browser)
    assert NOTHING in said
    assert "Last looked: just now." in said
    assert header(browser) == "Notices"


def test_a_mailbox_that_lost_its_token_is_reconnected_from_here(browser: Browser, filler: Filler, change) -> None:
    mailbox = filler.mailbox()
    change("UPDATE mailbox SET status = 'needs_reauth'")
    page = browser.page("/alerts")
    assert "Google no longer lets us into support@lumen.example" in alerts(browser)
    assert "Nothing is lost." in alerts(browser)
    assert page.count(f'action="/mailboxes/{mailbox}/reconnect"') == 2, "in the banner, and here"
    assert header(browser) == "Notices 1"


def test_what_the_daily_comparison_found_is_told_for_a_day(browser: Browser, filler: Filler, change) -> None:
    mailbox = filler.mailbox()
    change(
        "INSERT INTO reconciliation (tenant_id, mailbox_id, day, at_gmail, here, missing)"
        " VALUES (:tenant, :mailbox, current_date, 412, 410, 2)",
        tenant=filler.tenant,
        mailbox=mailbox,
    )
    assert "2 mails lay in support@lumen.example without Gmail having told us" in alerts(browser)
    change("UPDATE reconciliation SET looked_at = now() - interval '25 hours'")
    assert NOTHING in alerts(browser)


def test_a_mailbox_that_was_not_read_for_a_quarter_hour_is_named(browser: Browser, filler: Filler, change) -> None:
    filler.mailbox()
    change("UPDATE mailbox SET last_ok_at = now() - interval '14 min', connected_at = now() - interval '1 day',"
           " next_sync_at = now()")  # fmt: skip
    assert NOTHING in alerts(browser)
    change("UPDATE mailbox SET last_ok_at = now() - interval '16 min', next_sync_at = now() - interval '15 min'")
    assert "support@lumen.example was last read 16 min ago" in alerts(browser)
    assert header(browser) == "Notices 1", "and not once more as late work"
    change("UPDATE mailbox SET status = 'paused'")
    assert NOTHING in alerts(browser), "who paused it knows"


def test_a_reply_that_is_uncertain_for_half_an_hour_leads_to_its_conversation(
    browser: Browser, filler: Filler, change
) -> None:
    made = filler.released(filler.mailbox(), "uncertain")
    change("UPDATE outbox SET sending_at = now() - interval '29 min'")
    assert NOTHING in alerts(browser)
    change("UPDATE outbox SET sending_at = now() - interval '31 min'")
    assert "A reply may or may not have left, for 31 min" in alerts(browser)
    assert f'href="/conversations/{made.conversation}"' in browser.page("/alerts")


def test_a_reply_that_needs_a_person_is_there_until_somebody_decided(browser: Browser, filler: Filler, change) -> None:
    made = filler.released(filler.mailbox(), "needs_person")
    assert "could not be sent for sure" in alerts(browser)
    change("UPDATE decision SET settled_at = now() WHERE id = :id", id=made.decision)
    assert NOTHING in alerts(browser)


def test_answers_that_stopped_at_a_limit_are_told_with_who_wrote(browser: Browser, filler: Filler) -> None:
    mailbox = filler.mailbox()
    claim = filler.store(mailbox, MESSAGE)
    filler.decide(claim, Decision.hold("The writer asks for a person."), UNDERSTANDING)
    assert NOTHING in alerts(browser), "what waits for another reason is no loop"
    held = [filler.store(mailbox, MESSAGE) for _ in range(2)]
    for one in held:
        reason = "5 automatic replies to this sender today already: perhaps a machine."
        filler.decide(one, Decision.hold(reason), UNDERSTANDING)
    said = alerts(browser)
    assert f"Automatic answers to {MESSAGE.sender.address} stopped at their limit" in said
    assert "2 mails wait for you. Perhaps a machine answers us, and would for ever." in said
    assert f'href="/conversations/{held[0].conversation}"' in browser.page("/alerts")
    assert "perhaps a machine" in seen(browser.page(f"/conversations/{held[0].conversation}"))


def test_mail_that_could_not_be_read_is_counted(browser: Browser, filler: Filler) -> None:
    mailbox = filler.mailbox()
    for _ in range(2):
        claim = filler.store(mailbox, None, state="unreadable", error="It cannot be read.")
        filler.decide(claim, Decision.hold("It cannot be read."), None, state="unreadable")
    assert "2 mails could not be read" in alerts(browser)
    assert "Open the oldest of them" in alerts(browser)


def test_work_that_lies_for_ten_minutes_is_told_by_what_it_is(browser: Browser, filler: Filler, change) -> None:
    claim = filler.store(filler.mailbox(), None)
    late = "UPDATE message SET state = 'fetched', lease_until = NULL, next_at = now() - :ago WHERE id = :id"
    change(late, id=claim.id, ago=timedelta(minutes=9))
    assert NOTHING in alerts(browser)
    change(late, id=claim.id, ago=timedelta(minutes=11))
    assert "Reading and deciding about mail has waited for 11 min" in alerts(browser)
    assert "Customers wait for longer than they should." in alerts(browser)
    change("UPDATE knowledge SET wanted = 1")
    change("INSERT INTO knowledge (tenant_id, wanted, next_at) SELECT tenant_id, 1, now() - interval '1 h' FROM tenant"
           " ON CONFLICT (tenant_id) DO UPDATE SET next_at = excluded.next_at")  # fmt: skip
    assert "Making your documents searchable has waited for 1 h" in alerts(browser)
    assert header(browser) == "Notices 2"


def test_a_ticketing_system_that_is_not_reached_says_its_last_word(
    browser: Browser, database, workspace, change
) -> None:
    connected = ticketing.Connected("https://tickets.example", "us", Sealed(b"x"), "/tickets", "Europe/Berlin")
    with database.transaction(workspace.id) as db:
        ticketing.put(db, workspace.id, connected, BridgeRules(Mode.GMAIL_WITH_NOTE), actor=str(workspace.owner))
    assert NOTHING in alerts(browser)
    change("UPDATE ticketing SET last_error = 'It does not answer.'")
    assert "Your ticketing system cannot be worked with It does not answer." in alerts(browser)


def test_a_budget_that_is_spent_is_told_until_midnight(browser: Browser, change) -> None:
    change(
        "INSERT INTO llm_call (tenant_id, id, purpose, model, method, input_tokens, output_tokens, outcome,"
        " duration_ms) SELECT tenant_id, :id, 'x', 'x', 'x', 900, 100, 'answered', 1 FROM tenant", id=uuid4(),
    )  # fmt: skip
    assert NOTHING in alerts(browser)
    change("""UPDATE tenant SET policy = policy || '{"llm": {"tokens_per_day": 1000}}'""")
    assert "budget of today is spent: 1,000 tokens" in alerts(browser)
    change("""UPDATE tenant SET policy = policy || '{"llm": {"tokens_per_day": 0}}'""")
    assert NOTHING in alerts(browser), "who wants no language model misses none"


def test_replies_that_gmail_does_not_take_for_a_quarter_hour_are_counted(
    browser: Browser, filler: Filler, change
) -> None:
    filler.released(filler.mailbox(), "pending")
    late = (
        "UPDATE outbox SET created_at = now() - interval '16 min', released_at = NULL, next_at = now() + interval '1 h'"
    )
    change(late)
    assert NOTHING in alerts(browser), "nothing is wrong with the sending"
    change("UPDATE mailbox SET last_send_error = 'Gmail answered 503.'")
    assert "A reply waits to leave support@lumen.example , for 16 min" in alerts(browser)
    assert "Nothing is lost: it is tried again by itself, and nothing is sent twice." in alerts(browser)
    change("UPDATE mailbox SET last_ok_at = now() - interval '16 min', connected_at = now() - interval '1 day'")
    assert "was last read 16 min ago" in alerts(browser)
    assert header(browser) == "Notices 1", "one thing is wrong: Gmail does not answer"


def test_a_language_model_that_fails_for_five_minutes_is_told_until_it_answers(browser: Browser, change) -> None:
    def called(outcome: str, minutes_ago: int) -> None:
        change(
            "INSERT INTO llm_call (tenant_id, id, purpose, model, method, outcome, duration_ms, at)"
            " SELECT tenant_id, :id, 'x', 'x', 'x', :outcome, 1, now() - :ago FROM tenant",
            id=uuid4(), outcome=outcome, ago=timedelta(minutes=minutes_ago),
        )  # fmt: skip

    for minutes_ago in (4, 1):
        called("failed", minutes_ago)
    assert NOTHING in alerts(browser), "for so long it is a hiccup"
    called("failed", 7)
    called("answered", 9)
    assert "The language model has not answered for 7 min" in alerts(browser)
    called("answered", 0)
    assert NOTHING in alerts(browser)


def test_a_language_model_that_failed_long_ago_is_told_no_more(browser: Browser, change) -> None:
    change(
        "INSERT INTO llm_call (tenant_id, id, purpose, model, method, outcome, duration_ms, at)"
        " SELECT tenant_id, gen_random_uuid(), 'x', 'x', 'x', 'failed', 1, now() - n * interval '70 min'"
        " FROM tenant, generate_series(1, 3) n"
    )
    assert NOTHING in alerts(browser)


def test_an_index_that_finds_no_room_says_the_disk_s_word(browser: Browser, change) -> None:
    change("INSERT INTO knowledge (tenant_id, done, wanted) SELECT tenant_id, 0, 0 FROM tenant ON CONFLICT DO NOTHING")
    assert NOTHING in alerts(browser)
    change("UPDATE knowledge SET not_kept = 'The disk says: No space left on device.', not_kept_at = now()")
    said = r"cannot be kept on the server’s disk, for \d+ (s|min) The disk says: No space left on device\."
    assert re.search(said, alerts(browser))
    assert "Questions are answered as ever, from memory." in alerts(browser)


def test_nothing_of_another_workspace_is_told(browser: Browser, rival: Filler, database) -> None:
    rival.released(rival.mailbox("canary@rival.example"), "needs_person")
    with database.transaction(rival.tenant) as db:
        db.execute(text("UPDATE mailbox SET status = 'needs_reauth'"))
    assert NOTHING in alerts(browser)
    assert header(browser) == "Notices"


@pytest.mark.parametrize("role", ["agent", "viewer"])
def test_who_manages_nothing_has_no_notices(join, role: str) -> None:
    browser = join(role)
    assert browser.get("/alerts").status_code == 403
    for path in ("/", "/settings"):
        page = browser.page(path)
        assert "/alerts" not in page
        assert "Notices" not in page


def test_settings_lead_to_it(browser: Browser) -> None:
    assert 'href="/alerts"' in browser.page("/settings").partition("<main")[2]


def test_every_kind_of_work_has_words_and_a_page(app) -> None:
    assert set(WORK) == set(Kind)
    for _, endpoint, _ in WORK.values():
        assert endpoint in app.view_functions
