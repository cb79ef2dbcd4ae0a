"""The page *Answering by itself*: what happens now, what another phase would change, and its change."""

from dataclasses import replace

import pytest

from domain.answering import CurvePoint
from domain.category import Category
from domain.decision import Decision, Reply
from domain.earned import NotEnough
from domain.phase import Phase
from storage import phases, standings
from tests.web.conftest import seen, version_on
from tests.web.filling import MESSAGE, UNDERSTANDING, Held
from tests.web.refunding import Till

CURVE = tuple(CurvePoint(part / 4, part * 30, part - 1, 0.02 * part + 0.02, 1 - part / 10) for part in range(1, 5))
WRITTEN = "Dear Anna,\n\nWithin 30 days."


def now(filler) -> dict[Category, Phase]:
    with filler.database.transaction(filler.tenant) as db:
        return dict(phases.of(db, filler.tenant))


def shadow(filler, category=Category.QUESTION) -> None:
    with filler.database.transaction(filler.tenant) as db:
        phases.change(db, filler.tenant, category, Phase.SHADOW, actor="command")


def would(filler, mailbox, message=MESSAGE) -> Held:
    """A question that the phase alone kept back."""
    claim = filler.store(mailbox, message)
    decision = Decision.release("Answered.", Reply(message.sender, message.subject, WRITTEN)).held("In shadow.")
    decision = replace(decision, would_release=True, handled_as=Category.QUESTION)
    return Held(filler.decide(claim, decision, UNDERSTANDING), claim.conversation, claim.id)


def editor(page: str) -> str:
    return page.split("data-reply")[1].split("</textarea>", maxsplit=1)[0]


def test_the_page_says_of_each_kind_what_happens_now_and_what_automatic_has_earned(browser):
    page = seen(browser.page("/phases"))
    for kind in ("Questions", "Refund requests", "Suppliers’ mail", "Other mail"):
        assert kind in page
    assert "Sure enough of what it is about: from 70 % on. Earned: wrong at most 3.5 in 100 (90 % sure)." in page
    assert "Sure enough of an answer: from 70 % on." in page
    assert "In the last 30 days none of this kind came." in page
    assert "at most 3 mails in a row" in page
    assert "Nothing is drafted to a supplier here." in page


def test_what_is_not_earned_yet_says_how_much_is_missing(browser, filler):
    with filler.database.transaction(filler.tenant) as db:
        row = standings.Row(Category.REFUND, 0.05, 1, NotEnough(33, 45))
        standings.save(db, filler.tenant, row, "plain")
    assert "Not yet: 12 more checked mails." in seen(browser.page("/phases"))


def test_the_curve_is_drawn_with_the_same_numbers_behind_it(browser, filler):
    with filler.database.transaction(filler.tenant) as db:
        [row] = [one for one in standings.every(db, filler.tenant) if one.category is Category.QUESTION]
        standings.save(db, filler.tenant, replace(row, curve=CURVE), "plain")
        assert {one.category: one.curve for one in standings.every(db, filler.tenant)}[Category.QUESTION] == CURVE
    page = browser.page("/phases")
    assert page.count("<svg viewBox") == 1
    assert page.count("<polyline") == 2
    assert "12.0 in 100" not in seen(page)
    assert "10.0 in 100" in seen(page)


def test_what_it_would_have_done_is_counted_from_what_was_decided(browser, filler):
    shadow(filler)
    mailbox = filler.mailbox()
    first, second, third, _ = (would(filler, mailbox) for _ in range(4))
    filler.held(mailbox)
    filler.released(mailbox)
    browser.press(f"/decisions/{first.decision}/send", {"text": WRITTEN})
    browser.press(f"/decisions/{second.decision}/send", {"text": "Dear Anna,\n\nin other words."})
    browser.press(f"/decisions/{third.decision}/dismiss")
    page = seen(browser.page("/phases"))
    assert "it answered 1 of 6 by itself, and would have sent 4 more but for the phase." in page
    assert "Of the 3 of those that one of you has settled, 1 left as written, 1 in other words, and 1 was dis" in page
    assert "If it were automatic: of the last 6 such mails, 5 would have left before you saw them." in page


def test_what_went_to_gmail_was_not_dismissed(browser, filler):
    shadow(filler)
    browser.press(f"/decisions/{would(filler, filler.mailbox()).decision}/gmail-draft", {"text": WRITTEN})
    page = seen(browser.page("/phases"))
    assert "0 left as written, 0 in other words, 0 were dismissed, and 1 went to Gmail." in page


def test_only_what_has_left_was_answered_by_itself(browser, filler):
    mailbox = filler.mailbox()
    for state in ("sent", "cancelled", "uncertain", "pending"):
        filler.released(mailbox, state)
    filler.decide(filler.store(mailbox, MESSAGE), Decision.release("A thank you."), UNDERSTANDING)
    assert "it answered 1 of 5 by itself." in seen(browser.page("/phases"))


def test_what_was_sent_as_written_is_measured_as_under_drafts(browser, filler):
    """A mail that was read as one thing and handled as another stands on both pages under what it was handled as."""
    shadow(filler)
    sent = would(filler, filler.mailbox())
    filler.rows("UPDATE decision SET category = 'refund' WHERE tenant_id = :tenant RETURNING 1")
    browser.press(f"/decisions/{sent.decision}/send", {"text": WRITTEN})
    filler.rows("UPDATE outbox SET text = text || ' ' WHERE tenant_id = :tenant RETURNING 1")
    assert "1 left as written" in seen(browser.page("/phases"))
    drafts = seen(browser.page("/drafts"))
    assert "Question 1 draft 1 sent as written" in drafts
    assert "Refund 1 draft" not in drafts


def test_a_phase_is_lowered_at_once_and_automatic_is_asked_about_once_more(browser, filler):
    page = seen(browser.press("/phases", {"category": "refund", "phase": "shadow"}))
    assert "Refund requests: in shadow from now on." in page
    assert now(filler)[Category.REFUND] is Phase.SHADOW
    page = browser.press("/phases", {"category": "refund", "phase": "automatic"})
    assert "From the next mail on, replies leave in your name before anybody has read them." in seen(page)
    assert "Leave it in shadow" in seen(page)
    assert now(filler)[Category.REFUND] is Phase.SHADOW
    page = seen(browser.press("/phases", {"category": "refund", "phase": "automatic", "sure": "yes"}))
    assert "Refund requests: automatic from now on." in page
    assert now(filler)[Category.REFUND] is Phase.AUTOMATIC
    told = [row.detail for row in filler.rows("SELECT detail FROM event WHERE kind = 'phase_changed' ORDER BY id")]
    assert told == [
        {"category": "refund", "before": "automatic", "after": "shadow"},
        {"category": "refund", "before": "shadow", "after": "automatic"},
    ]
    assert "Changed how far the machine may go with a kind of mail" in browser.page("/record")


def test_how_many_may_be_wrong_is_chosen_from_a_list_and_counted_anew(browser, filler):
    form = {"category": "question", "phase": "automatic", "share": "2", "answers_share": "10"}
    assert "is counted anew" in seen(browser.press("/phases", form))
    [row] = filler.rows("SELECT policy FROM tenant WHERE tenant_id = :tenant")
    assert row.policy["targets"] == {"question": 0.02, "answers": 0.1}
    [work] = filler.rows("SELECT wanted > done AS due FROM learning WHERE tenant_id = :tenant")
    assert work.due
    assert "Nothing changed" in seen(browser.press("/phases", form))
    assert '<option value="2" selected>' in browser.page("/phases")


@pytest.mark.parametrize("form", [
    {}, {"category": "question"}, {"category": "question", "phase": "fully"}, {"category": "x", "phase": "shadow"},
    {"category": "other", "phase": "automatic", "sure": "yes"},
    {"category": "question", "phase": "shadow", "share": "99"},
    {"category": "question", "phase": "shadow", "share": "x"},
])  # fmt: skip
def test_what_cannot_be_chosen_changes_nothing_and_says_so(browser, filler, form):
    before = now(filler)
    assert "Nothing was changed." in seen(browser.press("/phases", form))
    assert now(filler) == before


def test_agents_and_viewers_read_it_and_change_nothing(join):
    for role in ("agent", "viewer"):
        reader = join(role)
        page = reader.page("/phases")
        assert "An owner or admin of this workspace can change it." in page
        assert 'name="phase"' not in page
        assert reader.post("/phases", {"category": "question", "phase": "shadow"}).status_code == 403


def test_the_switch_in_the_header_says_what_on_means(browser, filler):
    def word() -> str:
        return seen(browser.page("/settings")).split("Answering by itself : ")[1].split(" Pause")[0]

    assert word() == "on"
    for category in (Category.QUESTION, Category.REFUND):
        shadow(filler, category)
    assert word() == "with approval"
    for category in (Category.SUPPLIER, Category.OTHER):
        shadow(filler, category)
    assert word() == "in shadow"
    assert "everything is in shadow" in seen(browser.page("/phases"))
    browser.press("/answering", {"on": "no"})
    assert "Answering by itself : paused" in seen(browser.page("/phases"))


def test_in_shadow_the_draft_stands_beside_an_empty_editor_until_it_is_taken(browser, filler):
    held = would(filler, filler.mailbox())
    assert "Draft, written by the machine" in browser.page(f"/conversations/{held.conversation}")
    shadow(filler)
    page = browser.page(f"/conversations/{held.conversation}")
    assert "What the machine would have written" in page
    assert "It would have sent this by itself." in page
    assert "Draft, written by the machine" not in page
    editor = page.split("<textarea")[1].split("</textarea>")[0]
    assert "Within 30 days." not in editor
    for taken in (held.decision, "yes"):
        page = browser.page(f"/conversations/{held.conversation}?take={taken}")
        assert "What the machine would have written" not in page
        assert "Within 30 days." in page.split("<textarea")[1].split("</textarea>")[0]
    nonsense = browser.page(f"/conversations/{held.conversation}?take=nonsense")
    assert "What the machine would have written" in nonsense
    assert "It is leaving now." in browser.press(f"/decisions/{held.decision}/send", {"text": WRITTEN})


def test_a_draft_that_is_taken_stands_in_the_editor_beside_what_was_kept(browser, filler, join):
    held = would(filler, filler.mailbox())
    shadow(filler)
    page = browser.press(f"/decisions/{held.decision}/keep", {"text": "Half a reply.", "version": "0"})
    assert "Half a reply." in editor(page)
    assert "Begin anew<" in page
    page = browser.page(f"/conversations/{held.conversation}?take={held.decision}")
    assert "Within 30 days." in editor(page)
    assert "Nothing of it is lost: the machine’s draft is in the field below" in seen(page)
    assert "removed Half a reply." in seen(page)
    assert "Draft, written by the machine" in page
    link = page.split("data-take")[0].rsplit('href="', 1)[1].split('"')[0]
    assert "Half a reply." in editor(browser.page(link))
    page = join("agent").page(f"/conversations/{held.conversation}?take=yes")
    assert "Olivia Owner kept a text for this reply" in seen(page)
    form = {"text": WRITTEN, "version": version_on(page)}
    assert "It is leaving now." in browser.press(f"/decisions/{held.decision}/send", form)


def test_a_draft_that_is_no_suggestion_never_stands_before_what_was_kept(browser, filler):
    held = would(filler, filler.mailbox())
    browser.press(f"/decisions/{held.decision}/keep", {"text": "Half a reply.", "version": "0"})
    page = browser.page(f"/conversations/{held.conversation}?take={held.decision}")
    assert "Half a reply." in editor(page)
    assert "Begin anew from the machine’s draft" in page


def test_of_two_mails_that_wait_one_is_taken_and_the_other_stays_a_suggestion(browser, filler):
    mailbox = filler.mailbox()
    claim = filler.store(mailbox, MESSAGE, thread="t")
    newer = filler.store(mailbox, replace(MESSAGE, rfc_message_id="<2@example.org>"), thread="t")
    reply = Decision.hold("Read it.", Reply(MESSAGE.sender, MESSAGE.subject, WRITTEN))
    older, _ = (filler.decide(one, reply, UNDERSTANDING) for one in (claim, newer))
    shadow(filler)
    assert browser.page(f"/conversations/{claim.conversation}").count("What the machine would have written") == 2
    page = browser.page(f"/conversations/{claim.conversation}?take={older}")
    assert page.count("What the machine would have written") == 1
    assert "It would have sent this by itself." not in page


def test_in_shadow_the_reply_to_what_is_proposed_is_a_suggestion_too(browser, filler):
    till = Till(filler)
    till.order("LO-1")
    wanted = till.wanted(filler.mailbox())
    filler.rows("UPDATE decision SET handled_as = 'refund' WHERE tenant_id = :tenant RETURNING 1")
    shadow(filler, Category.REFUND)
    page = browser.page(f"/conversations/{wanted.conversation}")
    assert "What the machine would have written" in page
    assert "Draft, written by the machine" not in page
    taken = browser.page(f"/conversations/{wanted.conversation}?take=yes")
    assert "Draft, written by the machine" in taken
    browser.press(f"/decisions/{wanted.decision}/keep", {"text": "Half a reply.", "version": "0"})
    page = browser.page(f"/conversations/{wanted.conversation}?take=yes")
    assert "We have refunded 49.90 EUR" in editor(page)
    assert "Go on with the kept text" in page


def test_a_viewer_sees_the_suggestion_as_one(join, filler):
    held = would(filler, filler.mailbox())
    shadow(filler)
    page = join("viewer").page(f"/conversations/{held.conversation}")
    assert "What the machine would have written" in page
    assert "Take it as my reply" not in page


def test_a_workspace_that_was_signed_up_begins_in_shadow(stranger):
    form = {"shop": "Lampe", "name": "Lea", "email": "lea@lampe.example", "password": "a long enough pass phrase"}
    assert stranger.post("/sign-up", form).status_code == 302
    page = seen(stranger.page("/phases"))
    assert "everything is in shadow" in page
    assert "Not yet: no mail of this kind has been checked." in page
