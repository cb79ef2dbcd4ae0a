"""Save as Gmail draft: the mail is settled, nothing is sent, and what no reply may say no draft may say."""

import pytest

from tests.support.proposing import Desk, S
from tests.web.conftest import Browser, seen
from tests.web.filling import Filler

OUTBOX = "SELECT state, as_draft, text, released_by FROM outbox WHERE tenant_id = :tenant"


def left_as_draft(filler: Filler) -> None:
    filler.rows("UPDATE outbox SET state = 'left_as_draft' WHERE tenant_id = :tenant AND as_draft RETURNING 1")


def test_the_reply_goes_to_gmail_and_the_mail_leaves_the_queue(browser: Browser, filler: Filler) -> None:
    held = filler.held(filler.mailbox())
    assert "Save as Gmail draft" in browser.page(f"/conversations/{held.conversation}")
    page = seen(browser.press(f"/decisions/{held.decision}/gmail-draft", {"text": "To be\r\ncontinued."}))
    assert "It is being laid down in Gmail as a draft. Nothing is sent from here." in page
    assert "It is being laid down as a draft in Gmail of support@lumen.example" in page
    [row] = filler.rows(OUTBOX)
    assert tuple(row) == ("pending", True, "To be\ncontinued.", filler.member)
    assert filler.rows("SELECT settlement FROM decision") == [("gmail_draft",)]
    assert "Nothing waits for you" in browser.page("/")
    left_as_draft(filler)
    page = seen(browser.page(f"/conversations/{held.conversation}"))
    assert "A draft is in Gmail of support@lumen.example : finish it there." in page
    assert "in Gmail" in seen(browser.page("/?state=done"))
    assert "in Gmail" in seen(browser.page("/conversations"))
    kinds = [row.kind for row in filler.rows("SELECT kind FROM event WHERE tenant_id = :tenant ORDER BY id")]
    assert kinds[-1] == "reply_taken_to_gmail"


def test_it_is_counted_with_the_day_and_with_the_person(browser: Browser, filler: Filler) -> None:
    mailbox = filler.mailbox()
    for act in ("gmail-draft", "gmail-draft", "send"):
        browser.press(f"/decisions/{filler.held(mailbox).decision}/{act}", {"text": "Mine."})
    page = seen(browser.page("/"))
    assert "Olivia Owner sent 1 reply and took 2 to Gmail" in page
    assert "In them 2 replies were taken to Gmail, too." in page


def test_the_steps_say_that_it_went_to_gmail(browser: Browser, filler: Filler) -> None:
    held = filler.held(filler.mailbox())
    browser.press(f"/decisions/{held.decision}/gmail-draft", {"text": "Mine."})
    page = seen(browser.page(f"/conversations/{held.conversation}"))
    assert "Settled by Olivia Owner The reply was taken to Gmail as a draft; nothing was sent from here." in page


def test_what_lies_in_gmail_waits_again_and_the_reply_is_one_of_its_own(browser: Browser, filler: Filler) -> None:
    held = filler.held(filler.mailbox(), draft="One two three four five.")
    path = f"/conversations/{held.conversation}"
    browser.press(f"/decisions/{held.decision}/gmail-draft", {"text": "Mine."})
    assert "nothing to take back" in browser.press(f"{path}/reopen")
    assert 'id="reopen"' not in browser.page(path)
    left_as_draft(filler)
    assert 'id="reopen"' in browser.page(path)
    page = seen(browser.press(f"{path}/reopen"))
    assert "Its newest mail waits again. The draft in Gmail stays there" in page
    assert "Its earlier draft stays in Gmail of support@lumen.example" in page
    assert "held" in seen(browser.page("/conversations").split("<main")[1])
    assert "Sending the lamp back" in seen(browser.page("/"))
    browser.press(f"/decisions/{held.decision}/send", {"text": "One two three four six."})
    rows = filler.rows("SELECT state, as_draft, text, words_changed FROM outbox ORDER BY position")
    assert [tuple(row) for row in rows] == [
        ("left_as_draft", True, "Mine.", 100), ("pending", False, "One two three four six.", 20),
    ]  # fmt: skip


def test_what_its_owner_sent_says_so_once_and_shows_the_difference(browser: Browser, filler: Filler) -> None:
    held = filler.held(filler.mailbox(), draft="One two three four five.")
    path = f"/conversations/{held.conversation}"
    browser.press(f"/decisions/{held.decision}/gmail-draft", {"text": "Mine."})
    left_as_draft(filler)
    filler.rows("UPDATE outbox SET text = 'One two three.', sent_at = now() - interval '5 minutes' RETURNING 1")
    html = browser.page(path)
    page = seen(html)
    assert "sent Sent from Gmail 5 min ago, edited before it left. Nothing was sent from here." in page
    assert "What was changed of the draft" in page
    assert '<div class="letter" dir="auto">One two three.</div>' not in html
    assert "A draft is in Gmail" not in page
    assert 'id="reopen"' not in html
    assert "nothing to take back" in browser.press(f"{path}/reopen")
    assert "sent" in seen(browser.page("/conversations").split("<ol")[1])


def test_an_action_is_given_up_and_a_person_has_the_case(browser: Browser, filler: Filler) -> None:
    desk = Desk(filler.database, filler.tenant, filler.member)
    desk.order()
    made = desk.held()
    browser.press(f"/decisions/{made.decision}/gmail-draft", {"text": "I write it myself."})
    assert (desk.acts(), desk.case(made).state) == (["cancelled"], S.PERSON)
    assert desk.lines() == []


def test_what_nobody_did_is_not_taken_to_gmail_without_a_reason(browser: Browser, filler: Filler) -> None:
    held = filler.held(filler.mailbox())
    words = {"text": "We have refunded 20.00 EUR.", "edit_reason": "tone"}
    page = browser.press(f"/decisions/{held.decision}/gmail-draft", words)
    assert "Nothing was saved in Gmail: the reply says that something was done of which we know nothing." in seen(page)
    assert "Save as Gmail draft all the same" in page
    assert 'name="edit_reason" value="tone"' in page
    assert [row.state for row in filler.rows(OUTBOX)] == ["held"]
    browser.press(f"/decisions/{held.decision}/gmail-draft", words | {"claim_reason": "Paid by hand."})
    assert [row.state for row in filler.rows(OUTBOX)] == ["pending"]
    assert filler.rows("SELECT claim_reason, edit_reason FROM outbox") == [("Paid by hand.", "tone")]


@pytest.mark.parametrize("text", ["", "  ", "x" * 20_001])
def test_nothing_and_too_much_is_no_draft(browser: Browser, filler: Filler, text: str) -> None:
    held = filler.held(filler.mailbox())
    page = browser.press(f"/decisions/{held.decision}/gmail-draft", {"text": text})
    assert "Nothing was saved in Gmail: a reply needs between 1 and 20,000 characters." in seen(page)
    assert [row.state for row in filler.rows(OUTBOX)] == ["held"]


def test_whoever_comes_second_is_told(browser: Browser, filler: Filler, join) -> None:
    held, tom = filler.held(filler.mailbox()), join("agent")
    tom.press(f"/decisions/{held.decision}/send", {"text": "Tom's answer."})
    page = browser.press(f"/decisions/{held.decision}/gmail-draft", {"text": "Olivia's."})
    assert "Somebody has settled this already; nothing was saved in Gmail." in seen(page)
    assert "Olivia's." in seen(page)
    assert [row.text for row in filler.rows(OUTBOX)] == ["Tom's answer."]
