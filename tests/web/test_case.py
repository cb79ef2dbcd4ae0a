"""The case beside the draft, and a person's acts on it: approve, refuse, ask, each once, by those who may."""

import re
import threading
from dataclasses import replace

import pytest

from domain.case import Case
from domain.order import OrderItem
from domain.order_action import Action
from domain.supplier import Supplier
from storage import cases, disconnecting, suppliers
from tests.web.conftest import Browser, seen, version_on
from tests.web.filling import Filler, Held
from tests.web.refunding import DRAFT, REFUND, Till

ACTS = "SELECT state, approvals_needed FROM order_act WHERE tenant_id = :tenant ORDER BY created_at"
REPLIES = "SELECT state, text, recipient, released_by FROM outbox WHERE tenant_id = :tenant ORDER BY created_at"
CASES = "SELECT state, rule FROM support_case WHERE tenant_id = :tenant ORDER BY opened_at"
LEDGER = "SELECT kind, amount_minor FROM ledger_entry WHERE tenant_id = :tenant ORDER BY id"
LATE = "Somebody has settled this already, or a new mail changed what is wanted. Nothing was done twice."


@pytest.fixture
def till(filler: Filler) -> Till:
    made = Till(filler)
    made.order()
    return made


@pytest.fixture
def wanted(till: Till, filler: Filler) -> Held:
    return till.wanted(filler.mailbox())


def page_of(browser: Browser, held: Held) -> str:
    return browser.page(f"/conversations/{held.conversation}")


def approve(browser: Browser, held: Held, text: str = DRAFT, **more: str) -> str:
    return browser.press(f"/decisions/{held.decision}/approve", {"text": text, "sure": "yes", **more})


def test_the_case_stands_beside_the_draft_with_what_is_wanted_and_each_check(browser: Browser, wanted: Held) -> None:
    page = seen(page_of(browser, wanted))
    for words in (
        "Refund, order LO-1 waits for approval",
        "Wanted 1 × Alba table lamp, oak ALBA-OA 49.90 EUR",
        "Because it came damaged",
        "Who writes proven Gmail verified the sender, and it is the address on the order.",
        "Passed: It is within 30 days of the delivery.",
        "Failed: No picture came.",
        "2 steps so far being checked by the machine",
        "Refund 49.90 EUR to the way it was paid and send",
        "49.90 EUR goes back to the way that order LO-1 was paid. The reply goes to anna@example.org .",
    ):
        assert words in page
    # Each check once, and no second way to send the same draft.
    before_the_steps = page.split("Step by step")[0]
    assert before_the_steps.count("No picture came.") == 1
    assert "Send to" not in page


@pytest.mark.parametrize(
    ("action", "minor", "label"),
    [
        (Action.REFUND, 4990, "Refund 49.90 EUR to the way it was paid and send"),
        (Action.CANCEL, 4990, "Cancel order LO-1, pay back 49.90 EUR, and send"),
        (Action.CANCEL, None, "Cancel order LO-1 and send"),
        (Action.RETURN, 4990, "Accept the return and send"),
        (Action.EXCHANGE, None, "Accept the exchange and send"),
        (Action.REPLACEMENT, None, "Order the replacement and send"),
    ],
)
def test_the_button_says_exactly_what_it_does(
    browser: Browser, till: Till, filler: Filler, action: Action, minor: int | None, label: str
) -> None:
    page = seen(page_of(browser, till.wanted(filler.mailbox(), action=action, minor=minor)))
    assert label in page
    assert "The reply goes to anna@example.org" in page


def test_what_is_approved_is_due_and_its_reply_waits_for_it(browser: Browser, filler: Filler, wanted: Held) -> None:
    page = seen(approve(browser, wanted, "Dear Anna,\r\n\r\nit is done."))
    assert "Approved. It is being done now, and the reply leaves as soon as it is." in page
    assert "It leaves for anna@example.org once what it tells of is done." in page
    assert filler.rows(ACTS) == [("pending", 1)]
    assert filler.rows(LEDGER) == [("promised", 4990)]
    assert filler.rows(REPLIES) == [("waiting", "Dear Anna,\n\nit is done.", "anna@example.org", filler.member)]
    assert filler.rows(CASES) == [("approved", "")]
    assert "approved by Olivia Owner" in page


def test_nothing_is_done_before_amount_and_recipient_were_confirmed(
    browser: Browser, filler: Filler, wanted: Held
) -> None:
    html = browser.press(f"/decisions/{wanted.decision}/approve", {"text": "My own words."})
    page = seen(html)
    assert "Nothing was done yet. Look at the amount and at who gets the reply, then confirm." in page
    assert "My own words." in html.split("<textarea")[1]
    assert '<details class="confirm confirm-money" id="sure" open>' in html
    assert filler.rows(ACTS) == [("held", 1)]
    assert [row.state for row in filler.rows(REPLIES)] == ["held"]


def test_dismiss_beside_a_proposed_action_says_which_page_presses_it(
    browser: Browser, filler: Filler, wanted: Held
) -> None:
    """So that what the page kept by itself, while it was typed, is no text of another window."""
    html = page_of(browser, wanted)
    assert f'form="approve-{wanted.decision}" formaction="/decisions/{wanted.decision}/dismiss" formnovalidate' in html
    assert f'<form class="reply" id="approve-{wanted.decision}"' in html
    typed = {"text": "Half a reply.", "version": version_on(html), "writer": "this-page"}
    browser.post(f"/decisions/{wanted.decision}/keep", typed, headers={"Accept": "application/json"})
    page = seen(browser.press(f"/decisions/{wanted.decision}/dismiss", typed))
    assert "Dismissed; nothing is sent." in page
    assert filler.rows(ACTS) == [("cancelled", 1)]


@pytest.mark.parametrize("text", ["", " \r\n ", "x" * 20_001])
def test_an_empty_or_endless_reply_approves_nothing(browser: Browser, filler: Filler, wanted: Held, text: str) -> None:
    assert "Nothing was done: a reply needs between 1 and 20,000 characters." in seen(approve(browser, wanted, text))
    assert filler.rows(ACTS) == [("held", 1)]


def test_a_large_sum_needs_two_people_and_says_so(browser: Browser, filler: Filler, till: Till, join) -> None:
    held, tom = till.wanted(filler.mailbox(), approvals=2), join("agent")
    page = seen(page_of(browser, held))
    assert "Two members have to approve it: for so much, one is not enough." in page
    assert "Approve (first of two)" in page
    assert "once a second member approves it too. Then the reply goes to anna@example.org" in page
    page = seen(approve(browser, held, "Olivia's words."))
    assert "You approved it. Another member has to approve it, too; until then nothing is done." in page
    assert "waits for a second person Olivia Owner approved it. You did: another member has to approve it" in page
    assert "Refund 49.90 EUR" not in page
    assert filler.rows(ACTS) == [("held", 2)]
    # The same person once more is no second one, whatever their browser sends.
    seen_now = {"version": version_on(page_of(browser, held))}
    assert "the second approval has to come from another member" in seen(approve(browser, held, **seen_now))
    assert filler.rows(ACTS) == [("held", 2)]
    html = page_of(tom, held)
    assert "Olivia Owner approved it. It is done as soon as one more member approves it." in seen(html)
    assert "Refund 49.90 EUR to the way it was paid and send" in seen(html)
    assert "Kept by Olivia Owner" in seen(html)
    assert "Approved." in seen(approve(tom, held, version=version_on(html)))
    assert filler.rows(ACTS) == [("pending", 2)]
    assert "Approved by Olivia Owner, Tom" in seen(page_of(browser, held))


def test_whoever_comes_second_sees_what_the_first_did_and_loses_no_word(
    browser: Browser, filler: Filler, wanted: Held, join
) -> None:
    tom = join("agent")
    approve(tom, wanted, "Tom's words.")
    page = seen(approve(browser, wanted, "Olivia's words."))
    assert LATE in page
    assert "Your words, which were not sent Olivia's words." in page
    assert "being done" in page
    assert "Approved by Tom" in page
    for path, form in (
        ("refuse", {"what": "window", "act": "send", "text": "We refuse."}),
        ("ask", {"what": "evidence", "act": "send", "text": "A picture, please."}),
    ):
        page = seen(browser.press(f"/decisions/{wanted.decision}/{path}", form))
        assert LATE in page
        assert f"Your words, which were not sent {form['text']}" in page
    assert [row.text for row in filler.rows(REPLIES)] == ["Tom's words."]
    assert filler.rows(LEDGER) == [("promised", 4990)]


def test_of_two_people_at_once_one_refunds(browser: Browser, filler: Filler, wanted: Held, join) -> None:
    tom = join("agent")
    tokens, together, statuses = [one.token() for one in (browser, tom)], threading.Barrier(2), []

    def press(one: Browser, token: str) -> None:
        together.wait()
        form = {"csrf_token": token, "text": DRAFT, "sure": "yes"}
        statuses.append(one.client.post(f"/decisions/{wanted.decision}/approve", data=form).status_code)

    people = [threading.Thread(target=press, args=both) for both in zip((browser, tom), tokens, strict=True)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert sorted(statuses) == [200, 302]
    assert filler.rows(LEDGER) == [("promised", 4990)]


def test_more_than_is_left_is_refused_in_a_sentence_and_the_words_stay(
    browser: Browser, filler: Filler, till: Till
) -> None:
    mailbox = filler.mailbox()
    first, second = till.wanted(mailbox, minor=9000), till.wanted(mailbox, minor=4990)
    approve(browser, first, "Thank you.")
    html = approve(browser, second, "My own words.")
    assert "Nothing was done. Only 10.00 EUR of order LO-1 is left to pay back, not 49.90 EUR." in seen(html)
    assert "My own words." in html.split("<textarea")[1]
    assert filler.rows(LEDGER) == [("promised", 9000)]


def test_a_reply_that_says_more_than_is_done_needs_a_reason(browser: Browser, filler: Filler, wanted: Held) -> None:
    false = "Dear Anna,\n\nWe have refunded 99.00 EUR for your order LO-1."
    html = approve(browser, wanted, false)
    assert "Nothing was done: the reply says that something was done of which we know nothing." in seen(html)
    assert "We have refunded 99.00 EUR" in html.split("<textarea")[1]
    assert "It tells the customer of something that was not done here, as far as our records go" in seen(html)
    assert (filler.rows(ACTS), filler.rows(LEDGER)) == ([("held", 1)], [])
    page = seen(approve(browser, wanted, false, claim_reason="The rest was paid back by hand."))
    assert "Approved. It is being done now" in page
    assert filler.rows(ACTS) == [("pending", 1)]
    [reply] = filler.rows("SELECT claim_reason FROM outbox WHERE tenant_id = :tenant")
    assert reply.claim_reason == "The rest was paid back by hand."
    [event] = filler.rows("SELECT detail FROM event WHERE tenant_id = :tenant AND kind = 'claim_overridden'")
    assert event.detail["reason"] == "The rest was paid back by hand."


def test_a_reply_that_names_a_supplier_needs_a_reason(browser: Browser, filler: Filler, wanted: Held) -> None:
    with filler.database.transaction(filler.tenant) as db:
        suppliers.save(db, filler.tenant, Supplier("Acme Möbel", ("acme.example",)), actor="test")
    words = "Dear Anna,\n\nAcme Möbel takes it back."
    html = approve(browser, wanted, words)
    assert "Nothing was done: customers and suppliers are not to learn of each other." in seen(html)
    assert "It names the supplier Acme Möbel." in seen(html)
    assert "Acme Möbel takes it back." in html.split("data-reply")[1]
    assert (filler.rows(ACTS), filler.rows(LEDGER)) == ([("held", 1)], [])
    assert "Approved. It is being done now" in seen(approve(browser, wanted, words, wall_reason="She knows them."))
    [reply] = filler.rows("SELECT wall_reason FROM outbox WHERE tenant_id = :tenant")
    assert reply.wall_reason == "She knows them."


def test_a_refusal_that_claims_a_refund_needs_a_reason_too(browser: Browser, filler: Filler, wanted: Held) -> None:
    form = {"what": "window", "act": "send", "text": "We have refunded 49.90 EUR to you."}
    html = browser.press(f"/decisions/{wanted.decision}/refuse", form)
    assert "Nothing was done: the reply says that something was done" in seen(html)
    assert "We have refunded 49.90 EUR to you." in html.split('id="refuse-text"')[1].split("</textarea>")[0]
    assert filler.rows(CASES) == [("eligible", "")]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("status", "its status is “delivered”"),
        ("window", "there are 30 days for it, and they are over"),
        ("final_sale", "“Alba table lamp, oak” was sold without a right to return it"),
    ],
)
def test_a_refusal_is_prepared_from_the_rule_and_leaves_as_it_stands(
    browser: Browser, filler: Filler, wanted: Held, rule: str, said: str
) -> None:
    path = f"/decisions/{wanted.decision}/refuse"
    assert "Prepare the reply" in seen(page_of(browser, wanted))
    html = browser.press(path, {"what": rule, "act": "prepare"})
    prepared = html.split('id="refuse-text"')[1].split("</textarea>")[0]
    assert said in prepared
    assert "Hello Anna Winter," in prepared
    assert filler.rows(ACTS) == [("held", 1)]
    page = seen(browser.press(path, {"what": rule, "act": "send", "text": "Dear Anna,\n\nno."}))
    assert "Refused. The reply is leaving now." in page
    assert filler.rows(ACTS) == [("cancelled", 1)]
    assert filler.rows(CASES) == [("refused", rule)]
    assert [tuple(row)[:3] for row in filler.rows(REPLIES)] == [("pending", "Dear Anna,\n\nno.", "anna@example.org")]
    assert filler.rows(LEDGER) == []


def test_a_rule_that_has_nothing_to_say_of_the_order_prepares_no_reply_with_holes(
    browser: Browser, filler: Filler, wanted: Held
) -> None:
    # An order that is on its way has no end of days by the usual rules.
    filler.rows("UPDATE shop_order SET status = 'shipped' WHERE tenant_id = :tenant RETURNING 1")
    html = browser.press(f"/decisions/{wanted.decision}/refuse", {"what": "window", "act": "prepare"})
    assert "This rule has nothing to say of this order: choose another, or write the reason." in seen(html)
    assert 'id="refuse-text"' not in html


@pytest.mark.parametrize(("act", "first", "then"), [("refuse", "window", "final_sale"), ("ask", "reason", "evidence")])
def test_what_is_kept_is_what_the_customer_reads(
    browser: Browser, filler: Filler, wanted: Held, act: str, first: str, then: str
) -> None:
    form = {"what": then, "prepared": first, "act": "send", "text": "Dear Anna, no."}
    html = browser.press(f"/decisions/{wanted.decision}/{act}", form)
    assert "was chosen since" in seen(html)
    assert "Dear Anna, no." in html
    assert filler.rows(ACTS) == [("held", 1)]
    browser.press(f"/decisions/{wanted.decision}/{act}", {**form, "prepared": then})
    assert filler.rows(ACTS) == [("cancelled", 1)]


def test_a_refusal_in_own_words_needs_a_reason(browser: Browser, filler: Filler, wanted: Held) -> None:
    path = f"/decisions/{wanted.decision}/refuse"
    page = seen(browser.press(path, {"what": "own", "act": "send", "text": "No."}))
    assert "Nothing was sent. Choose the rule that refuses it, or write the reason." in page
    html = browser.press(path, {"what": "own", "why": "It was used as a hammer.", "act": "prepare"})
    assert "It was used as a hammer." in html.split('id="refuse-text"')[1]
    browser.press(path, {"what": "own", "why": "It was used as a hammer.", "act": "send", "text": "No."})
    assert filler.rows(CASES) == [("refused", "It was used as a hammer.")]
    assert "It was used as a hammer." in seen(page_of(browser, wanted))


@pytest.mark.parametrize(
    ("what", "state", "said"),
    [
        ("order_number", "order_wanted", "please reply with the number of your order"),
        ("reason", "reason_wanted", "please tell us in a few words why"),
        ("evidence", "evidence_wanted", "with a picture on which the problem can be seen"),
    ],
)
def test_a_question_is_prepared_and_the_case_waits_for_the_answer(
    browser: Browser, filler: Filler, wanted: Held, what: str, state: str, said: str
) -> None:
    path = f"/decisions/{wanted.decision}/ask"
    html = browser.press(path, {"what": what, "act": "prepare"})
    assert said in html.split('id="ask-text"')[1]
    page = seen(browser.press(path, {"what": what, "act": "send", "text": "Please tell us."}))
    assert "Asked. The question is leaving now, and the answer is taken up by the machine." in page
    assert filler.rows(CASES) == [(state, "")]
    assert filler.rows(ACTS) == [("cancelled", 1)]
    assert [row.state for row in filler.rows(REPLIES)] == ["pending"]


def test_nonsense_is_neither_asked_nor_refused(browser: Browser, filler: Filler, wanted: Held) -> None:
    for path in ("ask", "refuse"):
        page = browser.press(f"/decisions/{wanted.decision}/{path}", {"what": "nonsense", "act": "send", "text": "x"})
        assert "Nothing was sent." in seen(page)
    assert filler.rows(CASES) == [("eligible", "")]


def test_a_case_without_a_proposal_can_be_refused_asked_about_or_answered(
    browser: Browser, filler: Filler, till: Till
) -> None:
    held = till.with_a_person(filler.mailbox())
    page = seen(page_of(browser, held))
    assert "Refund, order LO-1 needs a person" in page
    assert "Who writes not proven Nobody has proven to be the customer on the order." in page
    assert "Send to anna @example.org" in page
    assert "Ask…" in page
    browser.press(f"/decisions/{held.decision}/ask", {"what": "reason", "act": "send", "text": "Why?"})
    assert filler.rows(CASES) == [("reason_wanted", "")]
    assert "Missing the reason" in seen(page_of(browser, held))


def test_what_became_of_it_explains_itself(browser: Browser, till: Till, wanted: Held) -> None:
    approve(browser, wanted)
    for state, error, said in (
        (
            "uncertain",
            "",
            "The shop did not say whether it did it. We ask it again by ourselves. Nothing is done twice.",
        ),
        ("needs_person", "It did not answer for a day.", "Look there first, under the key"),
        ("refused", "The card is closed.", "refused by the shop The card is closed."),
        ("pending", "The shop is away.", "The shop is away. We try again by ourselves."),
    ):
        till.became(wanted, state, error)
        assert said in seen(page_of(browser, wanted))
    till.became(wanted, "done", reference="shop-7")
    told = r"done 49\.90 EUR went back, \d+ (s|min) ago\. The shop calls it shop-7 \. Approved by Olivia Owner"
    assert re.search(told, seen(page_of(browser, wanted)))


@pytest.mark.parametrize(
    ("done", "state", "entries", "said"),
    [
        ("yes", "done", ["promised", "paid"], "Noted: it was done."),
        ("no", "refused", ["promised", "released"], "Noted: it was not done. Its money is free again."),
    ],
)
def test_who_looked_at_the_shop_says_what_became_of_it_once(
    browser: Browser, filler: Filler, till: Till, wanted: Held, join, done: str, state: str, entries: list, said: str
) -> None:
    approve(browser, wanted)
    till.became(wanted, "needs_person")
    act, viewer = till.act(wanted), join("viewer")
    assert "What did you find at the shop?" not in page_of(viewer, wanted)
    assert viewer.post(f"/acts/{act}/found", {"done": done}).status_code == 403
    page = seen(page_of(browser, wanted))
    assert "It was done: 49.90 EUR went back It was not done: set 49.90 EUR free" in page
    assert "Nothing was changed" in seen(browser.press(f"/acts/{act}/found", {"done": "perhaps"}))
    assert said in seen(browser.press(f"/acts/{act}/found", {"done": done, "reference": "shop-7"}))
    assert filler.rows(ACTS) == [(state, 1)]
    assert [row.kind for row in filler.rows(LEDGER)] == entries
    other = "no" if done == "yes" else "yes"
    assert "Nothing was changed" in seen(browser.press(f"/acts/{act}/found", {"done": other}))
    assert [row.kind for row in filler.rows(LEDGER)] == entries


def test_a_case_that_follows_another_one_leads_back_to_it(browser: Browser, filler: Filler, till: Till) -> None:
    mailbox = filler.mailbox()
    first = till.wanted(mailbox, thread="t1")
    browser.press(f"/decisions/{first.decision}/refuse", {"what": "window", "act": "send", "text": "No."})
    with filler.database.transaction(filler.tenant) as db:
        [before] = cases.newest(db, filler.tenant, [first.conversation]).values()
    fresh = replace(Case("refund"), previous=before.id)
    second = till.wanted(mailbox, thread="t1", case=fresh)
    assert second.conversation == first.conversation
    html = page_of(browser, second)
    assert "It follows an earlier case: Refund, refused" in seen(html)
    assert f'id="case-{before.id}"' in html
    assert "Refund 49.90 EUR to the way it was paid and send" in seen(html)


def test_what_an_earlier_mail_proposes_can_still_be_approved_after_a_later_mail(
    browser: Browser, filler: Filler, till: Till
) -> None:
    mailbox = filler.mailbox()
    wanted = till.wanted(mailbox, thread="t1")
    later = filler.held(mailbox, replace(REFUND, subject="Any news?"), thread="t1", look=None)
    assert later.conversation == wanted.conversation
    html = page_of(browser, wanted)
    assert f"/decisions/{later.decision}/send" in html
    assert html.count(f"/decisions/{wanted.decision}/approve") == 1
    assert f"/decisions/{wanted.decision}/send" not in html
    assert html.count("Refuse…</summary>") == 1
    approve(browser, wanted, "Thank you.")
    assert filler.rows(ACTS) == [("pending", 1)]
    html = page_of(browser, wanted)
    assert f"/decisions/{later.decision}/send" in html
    assert "/approve" not in html


def test_numbers_named_in_vain_stand_on_the_case(browser: Browser, filler: Filler, till: Till) -> None:
    case = Case("refund").with_wrong_numbers("LO-8", "LO-9")
    page = seen(page_of(browser, till.with_a_person(filler.mailbox(), case)))
    assert "In vain named LO-8, LO-9 , which are not an order of this writer" in page
    assert "Missing the order number, what they want" in page


def test_a_viewer_sees_the_case_and_may_do_nothing(filler: Filler, wanted: Held, join) -> None:
    viewer = join("viewer")
    page = page_of(viewer, wanted)
    assert "waits for approval" in seen(page)
    assert "Your role may look at it." in seen(page)
    assert "<textarea" not in page
    assert "Refuse…" not in page
    for path in ("approve", "refuse", "ask"):
        form = {"text": DRAFT, "sure": "yes", "what": "window", "act": "send"}
        assert viewer.post(f"/decisions/{wanted.decision}/{path}", form).status_code == 403
    assert filler.rows(ACTS) == [("held", 1)]


def test_a_form_without_its_token_does_nothing(browser: Browser, filler: Filler, wanted: Held) -> None:
    for path in ("approve", "refuse", "ask"):
        form = {"text": DRAFT, "sure": "yes", "what": "window", "act": "send", "csrf_token": "x"}
        assert browser.client.post(f"/decisions/{wanted.decision}/{path}", data=form).status_code == 400
    assert filler.rows(ACTS) == [("held", 1)]


def test_nothing_is_approved_where_no_reply_can_leave(browser: Browser, filler: Filler, till: Till) -> None:
    mailbox = filler.mailbox()
    held = till.wanted(mailbox)
    with filler.database.transaction(filler.tenant) as db:
        disconnecting.disconnect(db, filler.tenant, mailbox)
    assert "is disconnected, so nothing can leave from here." in seen(page_of(browser, held))
    assert "Nothing was done. support@lumen.example is disconnected" in seen(approve(browser, held))
    assert filler.rows(ACTS) == [("held", 1)]
    assert filler.rows(LEDGER) == []


def test_names_of_items_and_reasons_are_inert(browser: Browser, filler: Filler) -> None:
    till, evil = Till(filler), '<script>alert(1)</script>\u202e"onmouseover=x'
    till.order("LO-9", items=(OrderItem("ALBA-OA", evil, 1, 4990),), name=evil, tracking_url="javascript:alert(1)")
    held = till.wanted(filler.mailbox(), number="LO-9", reason=evil)
    browser.press(f"/decisions/{held.decision}/refuse", {"what": "own", "why": evil, "act": "prepare"})
    for html in (
        page_of(browser, held),
        browser.page("/orders/LO-9"),
        browser.page("/orders"),
        browser.page("/refunds"),
    ):
        assert "<script>alert" not in html
        assert "\u202e" not in html
        assert 'href="javascript:' not in html


def test_a_mail_of_another_kind_shows_no_case(browser: Browser, filler: Filler) -> None:
    html = page_of(browser, filler.held(filler.mailbox()))
    assert 'class="panel case"' not in html
    assert "Refuse…" not in html
    assert "Send to anna @example.org" in seen(html)
