"""Undoing a reply on its page, the seconds of the workspace, and who may do both."""

import re

import pytest
from sqlalchemy import text

from storage import undo
from tests.support.proposing import Desk
from tests.web.conftest import Browser, seen
from tests.web.filling import Filler

OUTBOX = "SELECT state, text FROM outbox WHERE tenant_id = :tenant"


@pytest.fixture(autouse=True)
def sixty_seconds(filler: Filler) -> None:
    with filler.database.transaction(filler.tenant) as db:
        undo.set_seconds(db, filler.tenant, 60)


def test_a_released_reply_says_when_it_leaves_and_is_undone_by_a_button(browser: Browser, filler: Filler) -> None:
    held = filler.held(filler.mailbox())
    page = seen(browser.press(f"/decisions/{held.decision}/send", {"text": "My own words."}))
    assert "It leaves in 60 seconds; until then you can undo it." in page
    left = [int(seconds) for seconds in re.findall(r"Leaves in (\d+) seconds? for anna@example\.org \.", page)]
    assert 0 < min(left) <= max(left) <= 60
    page = browser.press(f"/decisions/{held.decision}/undo")
    assert "Taken back. Nothing was sent; your words are the draft below." in seen(page)
    assert "Draft, as it was changed here" in page
    assert "\nMy own words.</textarea>" in page
    assert filler.rows(OUTBOX) == [("held", "My own words.")]
    assert "Sending the lamp back" in browser.page("/")


@pytest.mark.parametrize(
    ("status", "until"), [("paused", "resumed"), ("needs_reauth", "reconnected"), ("disconnected", "connected again")]
)
def test_while_its_mailbox_lets_nothing_leave_no_seconds_are_promised(
    browser: Browser, filler: Filler, status: str, until: str
) -> None:
    mailbox = filler.mailbox()
    held, by_gmail, later = (filler.held(mailbox) for _ in range(3))
    changed = "UPDATE mailbox SET status = :status WHERE tenant_id = :tenant RETURNING 1"
    if status != "disconnected":
        filler.rows(changed, status=status)
    page = seen(browser.press(f"/decisions/{held.decision}/send", {"text": "Yes."}))
    if status == "disconnected":
        filler.rows(changed, status=status)
        page = seen(browser.page(f"/conversations/{held.conversation}"))
    else:
        assert f"It leaves when support@lumen.example is {until}; until then you can undo it." in page
        told = seen(browser.press(f"/decisions/{by_gmail.decision}/gmail-draft", {"text": "Yes."}))
        assert f"It is laid down in Gmail as a draft when support@lumen.example is {until}. Nothing is sent" in told
        assert f"It is laid down as a draft in Gmail when support@lumen.example is {until}." in told
        with filler.database.transaction(filler.tenant) as db:
            undo.set_seconds(db, filler.tenant, 0)
        told = seen(browser.press(f"/decisions/{later.decision}/send", {"text": "Yes."}))
        assert f"It leaves when support@lumen.example is {until}." in told
        assert f"It leaves for anna@example.org when support@lumen.example is {until}." in told
    assert f"leaving Leaves when support@lumen.example is {until}, for anna@example.org" in page
    assert "data-leaving" not in browser.page(f"/conversations/{held.conversation}")
    assert "Leaves now" not in page
    assert "Taken back." in seen(browser.press(f"/decisions/{held.decision}/undo"))


def test_what_has_left_cannot_be_undone(browser: Browser, filler: Filler) -> None:
    held = filler.held(filler.mailbox())
    browser.press(f"/decisions/{held.decision}/send", {"text": "Yes."})
    filler.rows("UPDATE outbox SET undo = NULL WHERE tenant_id = :tenant RETURNING 1")
    assert "Undo<" not in browser.page(f"/conversations/{held.conversation}")
    page = browser.press(f"/decisions/{held.decision}/undo")
    assert "It is too late to undo it" in seen(page)
    assert filler.rows(OUTBOX) == [("pending", "Yes.")]


def test_a_refusal_and_a_question_can_be_undone_too(browser: Browser, filler: Filler) -> None:
    desk = Desk(filler.database, filler.tenant, filler.member)
    desk.order()
    made = desk.held()
    form = {"what": "window", "act": "send", "text": "Dear Anna, no."}
    page = seen(browser.press(f"/decisions/{made.decision}/refuse", form))
    assert "Refused. The reply leaves in 60 seconds; until then you can undo it." in page
    browser.press(f"/decisions/{made.decision}/undo")
    assert desk.acts() == ["held"]
    assert "Refund 25.00 EUR" in seen(browser.page(f"/conversations/{made.conversation}"))


def test_a_viewer_sees_that_it_leaves_and_has_no_button(browser: Browser, filler: Filler, join) -> None:
    held = filler.held(filler.mailbox())
    browser.press(f"/decisions/{held.decision}/send", {"text": "Yes."})
    viewer = join("viewer")
    page = viewer.page(f"/conversations/{held.conversation}")
    assert "Leaves in" in page
    assert "/undo" not in page
    assert viewer.post(f"/decisions/{held.decision}/undo").status_code == 403


def test_the_seconds_are_set_by_who_manages_and_recorded(browser: Browser, filler: Filler, join) -> None:
    assert "Sending" in browser.page("/settings")
    assert "Saved." in seen(browser.press("/sending", {"seconds": "30"}))
    assert 'value="30"' in browser.page("/sending")
    [event] = filler.rows("SELECT detail FROM event WHERE tenant_id = :tenant AND kind = 'undo_seconds_changed'")
    assert event.detail == {"seconds": 30}
    agent = join("agent")
    assert "A reply can be undone for 30 seconds." in seen(agent.page("/sending"))
    assert agent.post("/sending", {"seconds": "0"}).status_code == 403


@pytest.mark.parametrize("typed", ["", "-1", "61", "ten", "1.5", "٣", "9" * 9])
def test_other_seconds_are_refused_in_one_sentence_and_kept_on_the_page(
    browser: Browser, filler: Filler, typed: str
) -> None:
    page = browser.press("/sending", {"seconds": typed})
    assert "Nothing was saved. The seconds are a whole number from 0 to 60." in seen(page)
    assert f'value="{typed}"' in page
    with filler.database.transaction(filler.tenant) as db:
        assert undo.seconds(db, filler.tenant) == 60


def test_a_workspace_that_never_said_anything_has_ten_seconds(browser: Browser, filler: Filler) -> None:
    with filler.database.transaction(filler.tenant) as db:
        db.execute(text("UPDATE tenant SET policy = '{}' WHERE tenant_id = :tenant"), {"tenant": filler.tenant})
    assert 'value="10"' in browser.page("/sending")
