"""What became of the drafts: counted by category, each number with its list, and the difference on the conversation."""

import re
from dataclasses import replace

from domain.category import Category
from tests.web.conftest import Browser, seen
from tests.web.filling import UNDERSTANDING, Filler

DRAFT = " ".join(f"word{number}" for number in range(20))
A_LITTLE = DRAFT.replace("word19", "other")


def settled(browser: Browser, filler: Filler, text: str, act: str = "send", **more: str):
    mailbox = next(iter(row.id for row in filler.rows("SELECT id FROM mailbox")), None) or filler.mailbox()
    understanding = replace(UNDERSTANDING, category=Category(more.pop("category", "question")))
    held = filler.held(mailbox, draft=DRAFT, understanding=understanding)
    browser.press(f"/decisions/{held.decision}/{act}", {"text": text, **more})
    return held


def test_each_draft_is_counted_once_by_what_became_of_it(browser: Browser, filler: Filler) -> None:
    settled(browser, filler, DRAFT)
    settled(browser, filler, A_LITTLE)
    settled(browser, filler, A_LITTLE, category="refund")
    settled(browser, filler, "Something else altogether.", edit_reason="wrong_fact", edit_note="The price is old.")
    settled(browser, filler, "", act="dismiss")
    settled(browser, filler, DRAFT, act="gmail-draft")
    page = browser.page("/drafts")
    words = seen(page)
    assert "Question 5 drafts" in words
    assert "Refund 1 draft" in words
    assert "1 sent as written, 1 edited a little, 1 rewritten, 1 dismissed, 1 taken to Gmail" in words
    assert "Something in it is wrong: 1" in words
    listed = seen(browser.page("/drafts/list?category=question&fate=rewritten"))
    assert "rewritten Sending the lamp back" in listed
    assert "100 of 100 words changed: something in it is wrong – The price is old." in listed
    assert "Nothing here" in browser.page("/drafts/list?category=refund&fate=dismissed")
    assert browser.page("/drafts/list?category=refund").count("data-row") == 1
    assert browser.page("/drafts/list?reason=wrong_fact").count("data-row") == 1
    assert browser.page("/drafts/list").count("data-row") == 6
    assert browser.page("/drafts/list?category=x&fate=y&reason=z&after=w").count("data-row") == 6


def test_what_waits_was_written_without_a_draft_or_is_long_ago_is_not_counted(browser: Browser, filler: Filler) -> None:
    assert "No draft yet" in browser.page("/drafts")
    mailbox = filler.mailbox()
    filler.held(mailbox)
    by_hand = filler.held(mailbox, draft="")
    browser.press(f"/decisions/{by_hand.decision}/send", {"text": "By hand."})
    settled(browser, filler, DRAFT)
    filler.rows("UPDATE decision SET settled_at = now() - interval '31 days' WHERE settled_at IS NOT NULL RETURNING 1")
    assert "No draft yet" in browser.page("/drafts")


def test_the_numbers_of_another_workspace_are_its_own(browser: Browser, filler: Filler, rival: Filler) -> None:
    held = rival.held(rival.mailbox())
    rival.rows("UPDATE decision SET settlement = 'dismissed', settled_at = now() WHERE id = :id RETURNING 1",
               id=held.decision)  # fmt: skip
    assert "No draft yet" in browser.page("/drafts")
    assert "Nothing here" in browser.page("/drafts/list")


def test_the_list_goes_on_below_the_last_row(browser: Browser, filler: Filler) -> None:
    mailbox = filler.mailbox()
    for _ in range(51):
        filler.held(mailbox)
    filler.rows(
        "UPDATE decision SET settlement = 'dismissed', settled_at = now() WHERE tenant_id = :tenant RETURNING 1"
    )
    page = browser.page("/drafts/list?fate=dismissed")
    assert page.count("data-row") == 50
    further = page.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert browser.page(further).count("data-row") == 1


def test_a_sent_reply_shows_what_was_changed_and_why(browser: Browser, filler: Filler) -> None:
    held = settled(browser, filler, "Changed words.", edit_note="Too <b>long</b>")
    filler.rows("UPDATE outbox SET state = 'sent', sent_at = now() WHERE tenant_id = :tenant RETURNING 1")
    page = browser.page(f"/conversations/{held.conversation}")
    assert "What was changed of the draft" in page
    assert "Because: Something else – Too <b>long</b>" in seen(page)
    assert "removed word0" in seen(page)
    assert "added Changed words." in seen(page)


def test_of_a_draft_that_was_sent_as_written_no_reason_is_kept(browser: Browser, filler: Filler) -> None:
    settled(browser, filler, DRAFT, edit_reason="tone")
    settled(browser, filler, A_LITTLE, edit_reason="nonsense")
    rows = filler.rows("SELECT edit_reason, words_changed FROM outbox ORDER BY words_changed")
    assert rows == [("", 0), ("", 5)]


def test_why_a_draft_was_dismissed_is_counted_and_listed_until_its_mail_waits_again(
    browser: Browser, filler: Filler
) -> None:
    held = settled(browser, filler, DRAFT, act="dismiss", edit_reason="wrong_person", edit_note="For Ben.")
    assert "It is for somebody else: 1" in seen(browser.page("/drafts"))
    assert "dismissed Sending the lamp back" in seen(browser.page("/drafts/list?reason=wrong_person"))
    assert ": it is for somebody else – For Ben." in seen(browser.page("/drafts/list?fate=dismissed"))
    browser.press(f"/conversations/{held.conversation}/reopen")
    browser.press(f"/decisions/{held.decision}/dismiss", {"text": DRAFT})
    assert filler.rows("SELECT state, edit_reason, edit_note FROM outbox") == [("cancelled", "", "")]
    without = settled(browser, filler, "", act="dismiss", edit_reason="nonsense")
    assert filler.rows("SELECT edit_reason FROM outbox WHERE decision_id = :id", id=without.decision) == [("",)]


def test_the_form_asks_why_only_where_there_was_a_draft(browser: Browser, filler: Filler) -> None:
    mailbox = filler.mailbox()
    with_draft, without = filler.held(mailbox), filler.held(mailbox, draft="")
    assert 'name="edit_reason"' in browser.page(f"/conversations/{with_draft.conversation}")
    assert 'name="edit_reason"' not in browser.page(f"/conversations/{without.conversation}")


def test_enter_sends_no_mail_because_no_field_beside_a_reply_has_one_line(browser: Browser, filler: Filler) -> None:
    """Enter in such a field presses the first button of its form, which is Send."""
    held = filler.held(filler.mailbox())
    form = browser.page(f"/conversations/{held.conversation}").split('<form class="reply"')[1].split("</form>")[0]
    assert set(re.findall(r'<input [^>]*type="(\w+)"', form)) == {"hidden"}
    assert form.count("<input") == form.count('type="hidden"')
    text = {"text": "Changed words.", "edit_note": "Too long,\r\nand  too late."}
    browser.press(f"/decisions/{held.decision}/send", text)
    assert filler.rows("SELECT edit_note FROM outbox") == [("Too long, and too late.",)]
