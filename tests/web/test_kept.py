"""A reply that is not finished: kept, found again, begun anew, and never sent over what a colleague wrote unseen."""

import re
import threading
from datetime import timedelta

import pytest

from settings import ROOT
from storage import presence
from tests.web.conftest import Browser, seen, version_on
from tests.web.filling import Filler, Held
from tests.web.refunding import Till

SCRIPT = {"Accept": "application/json"}
OUTBOX = "SELECT state, text FROM outbox WHERE tenant_id = :tenant ORDER BY created_at"
KEPT = "SELECT text FROM kept_reply WHERE tenant_id = :tenant"


@pytest.fixture
def held(filler: Filler) -> Held:
    return filler.held(filler.mailbox())


def page_of(browser: Browser, held: Held) -> str:
    return browser.page(f"/conversations/{held.conversation}")


def typed_on(html: str) -> str:
    """What stands in the field of the reply."""
    return html.split("data-reply")[1].partition(">")[2].split("</textarea>")[0].strip().replace("&#39;", "'")


def act(browser: Browser, held: Held, path: str, text: str, version: str = "0", **more: str) -> str:
    return browser.press(f"/decisions/{held.decision}/{path}", {"text": text, "version": version, **more})


def test_what_was_kept_is_found_again_by_everybody(browser: Browser, held: Held, join) -> None:
    assert "Kept. Whoever opens this conversation finds it." in act(browser, held, "keep", "Dear Anna,\r\n\r\nhalf")
    html = page_of(join("agent"), held)
    assert typed_on(html) == "Dear Anna,\n\nhalf"
    assert re.search(r"Kept by Olivia Owner , \d+ (s|min) ago", seen(html))
    assert "Draft, written by the machine" not in html


def test_a_reply_is_begun_anew_from_the_draft_of_the_machine(browser: Browser, filler: Filler, held: Held) -> None:
    html = act(browser, held, "keep", "Half a reply.")
    assert "Begin anew from the machine’s draft" in html
    html = act(browser, held, "anew", "Half a reply.", version_on(html))
    assert "You can return it within 30 days." in typed_on(html)
    assert filler.rows(KEPT) == []


def test_it_is_not_begun_anew_over_what_a_colleague_kept_meanwhile(
    browser: Browser, filler: Filler, held: Held, join
) -> None:
    tom, version = join("agent"), version_on(act(browser, held, "keep", "Olivia's"))
    act(tom, held, "keep", "Tom's", version)
    page = seen(act(browser, held, "anew", "Olivia's", version))
    assert "Nothing was changed. Tom kept another text meanwhile. Look at it first." in page
    assert filler.rows(KEPT) == [("Tom's",)]


def test_the_script_is_told_the_version_that_it_kept(browser: Browser, held: Held) -> None:
    form = {"text": "Half", "version": "0", "writer": "page-one"}
    first = browser.post(f"/decisions/{held.decision}/keep", form, headers=SCRIPT)
    assert first.status_code == 200
    again = browser.post(f"/decisions/{held.decision}/keep", {**form, "text": "Half a reply"}, headers=SCRIPT)
    assert again.json["version"] == first.json["version"] + 1


@pytest.mark.parametrize("path", ["send", "keep"])
def test_both_texts_are_shown_and_nothing_is_done_until_one_is_chosen(
    browser: Browser, filler: Filler, held: Held, join, path: str
) -> None:
    tom = join("agent")
    version = version_on(page_of(browser, held))
    act(tom, held, "keep", "Dear Anna,\n\nyes.", version)
    html = act(browser, held, path, "Dear Anna,\n\nno.", version)
    page = seen(html)
    assert f"Nothing was {'sent' if path == 'send' else 'kept'}. Tom kept another text meanwhile." in page
    assert re.search(r"Tom kept another text, \d+ (s|min) ago\.", page)
    assert "removed yes. added no." in page
    assert typed_on(html) == "Dear Anna,\n\nno."
    assert "Take theirs" in page
    assert filler.rows(OUTBOX)[0].state == "held"
    assert filler.rows(KEPT) == [("Dear Anna,\n\nyes.",)]
    assert "It is leaving now." in act(browser, held, "send", "Dear Anna,\n\nno.", version_on(html))
    assert filler.rows(OUTBOX) == [("pending", "Dear Anna,\n\nno.")]
    assert filler.rows(KEPT) == []


def test_mine_may_be_kept_instead_and_theirs_be_taken(browser: Browser, filler: Filler, held: Held, join) -> None:
    act(join("agent"), held, "keep", "Tom's")
    html = act(browser, held, "send", "Olivia's")
    link = html.split("data-take")[0].rsplit('href="', 1)[1].split('"')[0]
    assert typed_on(browser.page(link)) == "Tom's"
    act(browser, held, "keep", "Olivia's", version_on(html))
    assert filler.rows(KEPT) == [("Olivia's",)]


def test_a_third_text_that_comes_while_two_are_shown_is_shown_too(
    browser: Browser, filler: Filler, held: Held, join
) -> None:
    tom = join("agent")
    act(tom, held, "keep", "Tom's")
    html = act(browser, held, "send", "Olivia's")
    act(tom, held, "keep", "Tom's second", version_on(html))
    assert "Tom's second" in seen(act(browser, held, "send", "Olivia's", version_on(html)))
    assert filler.rows(OUTBOX)[0].state == "held"


def test_two_windows_of_one_member_are_told_apart(browser: Browser, held: Held) -> None:
    act(browser, held, "keep", "In one window.")
    page = seen(act(browser, held, "send", "In the other."))
    assert "You kept another text meanwhile, in another window." in page
    assert "From the other to yours" in page


def test_a_mail_is_not_dismissed_over_what_a_colleague_writes_unseen(
    browser: Browser, filler: Filler, held: Held, join
) -> None:
    act(join("agent"), held, "keep", "Tom's")
    html = act(browser, held, "dismiss", "The draft.")
    assert "Nothing was dismissed. Tom kept another text meanwhile. Dismiss it once more" in seen(html)
    page = seen(act(browser, held, "dismiss", "The draft.", version_on(html)))
    assert "Dismissed; nothing is sent." in page
    assert re.search(r"What Tom typed \d+ (s|min) ago for a mail that was dismissed\. It was not sent\. Tom's", page)
    assert filler.rows(KEPT) == [("Tom's",)]


@pytest.mark.parametrize("close", ["close", "bulk"])
def test_what_a_colleague_began_outlives_that_its_mail_is_closed_and_is_in_the_editor_again(
    browser: Browser, filler: Filler, held: Held, join, close: str
) -> None:
    tom, here = join("agent"), f"/conversations/{held.conversation}"
    act(tom, held, "keep", "Tom's half a reply.")
    if close == "close":
        browser.press(f"{here}/close")
    else:
        browser.press("/queue/bulk", {"act": "dismiss", "pick": str(held.decision), "sure": "yes"})
    html = tom.page(here)
    assert "for a mail that was dismissed. It was not sent. Tom's half a reply." in seen(html)
    assert "data-reply" not in html
    html = browser.press(f"{here}/reopen")
    assert typed_on(html) == "Tom's half a reply."
    assert "for a mail that was dismissed" not in html
    browser.press(f"{here}/close")
    browser.press(f"/decisions/{held.decision}/anew")
    assert filler.rows(KEPT) == []


def test_who_comes_after_a_reply_was_sent_sees_it_and_keeps_their_words(
    browser: Browser, filler: Filler, held: Held, join
) -> None:
    act(join("agent"), held, "send", "Tom's answer.")
    for path in ("send", "keep"):
        page = seen(act(browser, held, path, "Olivia's answer."))
        assert "Somebody has settled this already" in page
        assert re.search(r"Tom answered this mail \d+ (s|min) ago: that reply stands in the thread\.", page)
        assert "Your words, which were not sent Olivia's answer." in page
        assert "Tom's answer." in page
    answer = browser.post(f"/decisions/{held.decision}/keep", {"text": "Olivia's"}, headers=SCRIPT)
    assert answer.json["stop"]
    assert "Somebody has settled this already" in answer.json["said"]
    assert filler.rows(KEPT) == []


def test_the_script_is_told_who_kept_another_text(browser: Browser, filler: Filler, held: Held, join) -> None:
    act(join("agent"), held, "keep", "Tom's")
    answer = browser.post(f"/decisions/{held.decision}/keep", {"text": "Olivia's", "version": "0"}, headers=SCRIPT)
    assert answer.json["stop"]
    assert answer.json["said"].startswith("Tom kept another text meanwhile.")
    assert filler.rows(KEPT) == [("Tom's",)]


@pytest.mark.parametrize("text", ["", " \r\n\x00", "x" * 20_001])
def test_nothing_and_too_much_are_not_kept(browser: Browser, filler: Filler, held: Held, text: str) -> None:
    said = "Nothing was kept: a reply has between 1 and 20,000 characters."
    assert said in seen(act(browser, held, "keep", text))
    answer = browser.post(f"/decisions/{held.decision}/keep", {"text": text}, headers=SCRIPT)
    assert answer.json == {"said": said, "stop": False}
    assert filler.rows(KEPT) == []


@pytest.mark.parametrize("version", ["", "-1", "x", "9" * 40, "1.5"])
def test_a_version_that_is_none_has_seen_nothing(browser: Browser, held: Held, join, version: str) -> None:
    act(join("agent"), held, "keep", "Tom's")
    assert "Tom kept another text meanwhile." in seen(act(browser, held, "send", "Olivia's", version))


def test_what_is_stopped_for_a_false_claim_is_kept(browser: Browser, filler: Filler, held: Held) -> None:
    words = "We have refunded 49.90 EUR to you."
    html = act(browser, held, "send", words)
    assert "something that was not done here" in seen(html)
    assert filler.rows(KEPT) == [(words,)]
    form = {"claim_reason": "By hand, on Monday."}
    assert "It is leaving now." in act(browser, held, "send", words, version_on(html), **form)


def test_of_two_who_send_over_one_version_at_once_one_sends(browser: Browser, filler: Filler, held: Held, join) -> None:
    tom = join("agent")
    version = version_on(act(browser, held, "keep", "Begun."))
    people, together = (browser, tom), threading.Barrier(2)
    tokens, statuses = [one.token() for one in people], []

    def press(one: Browser, token: str, text: str) -> None:
        together.wait()
        form = {"csrf_token": token, "text": text, "version": version}
        statuses.append(one.client.post(f"/decisions/{held.decision}/send", data=form).status_code)

    running = [
        threading.Thread(target=press, args=(one, token, text))
        for one, token, text in zip(people, tokens, ("Olivia's", "Tom's"), strict=True)
    ]
    for one in running:
        one.start()
    for one in running:
        one.join()
    assert sorted(statuses) == [200, 302]
    assert [row.state for row in filler.rows(OUTBOX)] == ["pending"]


def test_an_order_action_is_not_approved_over_another_text(browser: Browser, filler: Filler, join) -> None:
    till = Till(filler)
    till.order()
    wanted, tom = till.wanted(filler.mailbox()), join("agent")
    act(tom, wanted, "keep", "Tom's words.")
    html = act(browser, wanted, "approve", "Olivia's words.", sure="yes")
    assert "Nothing was done. Tom kept another text meanwhile." in seen(html)
    assert typed_on(html) == "Olivia's words."
    assert filler.rows("SELECT state FROM order_act WHERE tenant_id = :tenant") == [("held",)]
    page = seen(act(browser, wanted, "refuse", "We refuse.", what="window", act="send"))
    assert "Nothing was done. Tom kept another text meanwhile." in page
    assert "We refuse." in page
    assert "Approved." in act(browser, wanted, "approve", "Olivia's words.", version_on(html), sure="yes")
    assert filler.rows("SELECT state FROM order_act WHERE tenant_id = :tenant") == [("pending",)]


def test_what_was_typed_before_a_mail_was_read_again_is_shown(browser: Browser, filler: Filler, held: Held) -> None:
    act(browser, held, "keep", "Half a reply.")
    browser.press(f"/decisions/{held.decision}/reclassify", {"topic": "refund/return"})
    html = page_of(browser, held)
    assert "before this mail was decided anew. It was not sent. Half a reply." in seen(html)
    browser.press(f"/decisions/{held.decision}/anew")
    assert filler.rows(KEPT) == []


@pytest.mark.usefixtures("here_for_long")
def test_colleagues_see_who_looks_and_who_writes(browser: Browser, filler: Filler, held: Held, join) -> None:
    tom, ida = join("agent"), join("viewer", "Ida")
    assert "is looking at this, too" not in page_of(tom, held)
    page_of(ida, held)
    page = seen(page_of(browser, held))
    assert "Ida is looking at this, too" in page
    assert "Tom is looking at this, too" in page
    assert "Olivia Owner is" not in page
    act(tom, held, "keep", "Half a reply.")
    assert "Tom is writing here" in seen(page_of(browser, held))
    filler.rows("UPDATE presence SET seen_at = now() - interval '55 seconds' WHERE tenant_id = :tenant RETURNING 1")
    assert "is writing here" not in page_of(browser, held)


@pytest.mark.usefixtures("here_for_long")
def test_a_page_that_answers_a_form_says_by_itself_who_is_there(
    browser: Browser, filler: Filler, held: Held, join
) -> None:
    tom, here = join("agent"), f"/conversations/{held.conversation}"
    assert "data-answers-form" not in page_of(tom, held)
    act(tom, held, "keep", "Tom's")
    answered = act(browser, held, "send", "Olivia's")
    assert f'data-renews="{here}/present" data-answers-form' in answered
    filler.rows("UPDATE presence SET seen_at = now() - interval '55 seconds' WHERE tenant_id = :tenant RETURNING 1")
    assert "Olivia Owner is" not in seen(page_of(tom, held))
    assert browser.post(f"{here}/present").status_code == 204
    assert "Olivia Owner is looking at this, too" in seen(page_of(tom, held))
    assert browser.post(f"{here}/present", {"writes": "yes"}).status_code == 204
    assert "Olivia Owner is writing here" in seen(page_of(tom, held))
    assert join("viewer").post(f"{here}/present").status_code == 403
    assert filler.rows(KEPT) == [("Tom's",)]


def test_a_viewer_keeps_nothing(held: Held, filler: Filler, join) -> None:
    viewer = join("viewer")
    for path in ("keep", "anew"):
        assert viewer.post(f"/decisions/{held.decision}/{path}", {"text": "x"}).status_code == 403
    assert filler.rows(KEPT) == []


def test_who_missed_two_renewals_in_a_row_is_still_here() -> None:
    [every] = re.findall(r"const EVERY = (\d+); // milliseconds", (ROOT / "static" / "present.js").read_text())
    assert 3 * timedelta(milliseconds=int(every)) == presence.LATELY
