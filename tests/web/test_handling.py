"""The bar of acts on a conversation, taking it over, and notes: what is offered, to whom, and what it leads to."""

from datetime import UTC, datetime, timedelta

import pytest

from storage import assigning, notes, taking_over
from tests.web.conftest import Browser, seen
from tests.web.filling import Filler, Held


@pytest.fixture
def held(filler: Filler) -> Held:
    return filler.held(filler.mailbox())


def path(held: Held, act: str = "") -> str:
    return f"/conversations/{held.conversation}{act}"


def bar(html: str) -> str:
    """What the bar says and offers, on one line."""
    return seen(html.split('class="handling"')[1].split('class="conversation"', maxsplit=1)[0])


def test_a_waiting_conversation_can_be_given_rested_closed_and_taken_over(browser: Browser, held: Held) -> None:
    offered = bar(browser.page(path(held)))
    assert "Nobody has it." in offered
    for act in ("Assign to me", "Assign whoever is chosen", "Snooze…", "3 hours", "a week", "Close", "Take over"):
        assert act in offered
    for act in ("Reopen", "End its rest", "Give it back"):
        assert act not in offered


def test_only_what_can_be_done_is_offered(browser: Browser, filler: Filler, held: Held) -> None:
    assert "Olivia Owner has it." in bar(browser.press(path(held, "/assign"), {"assignee": "me"}))
    assert "Assign to me" not in bar(browser.page(path(held)))
    resting = bar(browser.press(path(held, "/snooze"), {"for": "1d"}))
    assert "resting It comes back in" in resting
    assert "End its rest" in resting
    assert "Snooze…" not in resting
    assert "Snooze…" in bar(browser.press(path(held, "/snooze"), {"for": "now"}))
    closed = bar(browser.press(path(held, "/close")))
    assert "Reopen" in closed
    for act in ("Close", "Snooze…"):
        assert act not in closed
    assert "Close" in bar(browser.press(path(held, "/reopen")))
    answered = filler.released(filler.mailbox())
    offered = bar(browser.page(path(answered)))
    for act in ("Close", "Snooze…", "Reopen"):
        assert act not in offered


def test_a_rest_that_is_over_is_none(browser: Browser, filler: Filler, held: Held) -> None:
    with filler.database.transaction(filler.tenant) as db:
        past = datetime.now(UTC) - timedelta(minutes=1)
        assigning.snooze(db, filler.tenant, [held.conversation], until=past, member=filler.member)
    assert "Snooze…" in bar(browser.page(path(held)))


def test_taking_over_says_so_and_can_be_given_back(browser: Browser, join, held: Held) -> None:
    taken = browser.press(path(held, "/take-over"))
    assert "The machine sends nothing here by itself until you give it back." in taken
    assert "taken over by Olivia Owner" in bar(taken)
    assert "Take over" not in bar(taken)
    assert "Nothing changed" in browser.press(path(held, "/take-over"))
    tom = join("agent")
    assert "Take over" in bar(tom.page(path(held)))
    assert "taken over by Tom" in bar(tom.press(path(held, "/take-over")))
    back = tom.press(path(held, "/give-back"))
    assert "The machine may answer here again." in back
    assert "Tom has it." in bar(back)
    assert "Nothing changed" in tom.press(path(held, "/give-back"))


def test_a_viewer_sees_who_has_it_and_can_do_nothing(join, filler: Filler, held: Held) -> None:
    with filler.database.transaction(filler.tenant) as db:
        taking_over.take_over(db, filler.tenant, held.conversation, member=filler.member)
        note = notes.write(db, filler.tenant, held.conversation, member=filler.member, words="She called.")
    viewer = join("viewer")
    html = viewer.page(path(held))
    assert "taken over by Olivia Owner" in bar(html)
    assert "<button" not in html.split('class="handling"')[1].split('class="conversation"')[0]
    assert "She called." in seen(html)
    assert "Write a note" not in html
    assert "Take it back" not in html
    for act in (path(held, "/take-over"), path(held, "/give-back"), path(held, "/notes"), f"/notes/{note}/take-back"):
        assert viewer.post(act, {"note": "x"}).status_code == 403


def test_a_note_stands_in_the_thread_where_it_was_written_and_is_marked(
    browser: Browser, filler: Filler, held: Held
) -> None:
    answer = browser.post(path(held, "/notes"), {"note": "  Her <b>last</b> lamp broke, too.\r\nBe kind. "})
    assert "#note-" in answer.headers["Location"]
    html = browser.page(path(held))
    assert "Her &lt;b&gt;last&lt;/b&gt; lamp broke, too.\nBe kind.</div>" in html
    page = seen(html)
    assert "Note, only your team sees it Olivia Owner" in page
    assert page.index("How long may I send it back?") < page.index("Be kind.")
    filler.rows("UPDATE note SET written_at = now() - interval '2 days' WHERE tenant_id = :tenant RETURNING 1")
    html = browser.page(path(held))
    page = seen(html.split('class="conversation"')[1])
    assert page.index("Be kind.") < page.index("How long may I send it back?")
    assert "Take it back" not in html


def test_a_note_that_is_too_long_is_kept_on_the_page_and_nowhere_else(
    browser: Browser, filler: Filler, held: Held
) -> None:
    html = browser.press(path(held, "/notes"), {"note": "y" * 5001})
    assert "The note was not kept. A note needs between 1 and 5,000 characters." in seen(html)
    assert "y" * 5001 in html.split('id="note-text"')[1].split("</textarea>")[0]
    assert "The note was not kept." in seen(browser.press(path(held, "/notes"), {"note": " \n"}))
    assert filler.rows("SELECT 1 FROM note WHERE tenant_id = :tenant") == []


def test_a_note_is_taken_back_by_whoever_wrote_it(browser: Browser, join, filler: Filler, held: Held) -> None:
    browser.post(path(held, "/notes"), {"note": "Wrong customer."})
    [note] = filler.rows("SELECT id FROM note WHERE tenant_id = :tenant")
    tom = join("agent")
    assert "Take it back" not in tom.page(path(held))
    assert "It stays" in tom.press(f"/notes/{note.id}/take-back")
    assert "Take it back" in browser.page(path(held))
    gone = browser.press(f"/notes/{note.id}/take-back")
    assert "The note is gone." in gone
    assert "Wrong customer." not in gone
    assert browser.post(f"/notes/{note.id}/take-back").status_code == 404


def test_a_note_goes_into_no_reply_and_no_search(browser: Browser, filler: Filler, held: Held) -> None:
    browser.post(path(held, "/notes"), {"note": "Zanzibar."})
    assert "Zanzibar" not in str(filler.rows("SELECT * FROM outbox WHERE tenant_id = :tenant"))
    assert "Zanzibar" not in browser.page("/?q=Zanzibar").replace('value="Zanzibar"', "").replace("q=Zanzibar", "")
