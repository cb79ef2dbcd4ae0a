"""Unanswered questions as a page, and articles made of what a person replied."""

import re
from dataclasses import replace

import pytest

from domain.composition import Attempt, Judged, Quoted, Sentence
from domain.decision import Decision
from domain.message import Address
from storage import desk
from tests.web.conftest import seen
from tests.web.filling import CITATION, MESSAGE, UNDERSTANDING
from tests.web.shelf import Shelf

REPLY = "Dear Anna,\n\nAnna, you can send it back within 30 days. Your order LO-48213 is known.\n\nKind regards,\nMara"


@pytest.fixture
def group(filler):
    """Three mails that ask the same, one of them answered by a person."""
    mailbox = filler.mailbox()
    mails = [filler.held(mailbox, replace(MESSAGE, subject=f"Mail {number}")) for number in range(3)]
    filler.move(mails[0].decision, "held")
    with filler.database.transaction(filler.tenant) as db:
        desk.send(db, filler.tenant, mails[0].decision, member=filler.member, text_to_send=REPLY, reference="ABC234")
    filler.move(mails[0].decision, "sent")
    return filler.gap(*mails)


def form_of(page):
    """What a browser would send back: the fields of the editor."""
    fields = dict(re.findall(r'<input[^>]*?name="(\w+)"[^>]*?value="([^"]*)"', page.partition('class="editor"')[2]))
    for name in ("body", "questions"):
        fields[name] = re.search(rf'<textarea[^>]*name="{name}"[^>]*>\n?(.*?)</textarea>', page, re.DOTALL)[1]
    fields.pop("checked", None)
    fields.pop("csrf_token", None)
    return fields | {"language": "en", "visibility": "public", "act": "save"}


def state(filler, gap):
    [row] = filler.rows("SELECT state, document_path FROM gap WHERE tenant_id = :tenant AND id = :id", id=gap)
    return row.state, row.document_path


def test_groups_say_what_is_asked_how_often_and_by_whom_it_was_answered(browser, filler, group):
    html = browser.page("/gaps")
    page = seen(html)
    assert "How long may I send it back?" in page
    assert "3 mails ask this" in page
    assert "1 answered by a person" in page
    link = html.split('href="/decisions/')[1].partition('"')[0]
    assert "Thread" in browser.client.get(f"/decisions/{link}", follow_redirects=True).text
    assert "Unanswered questions (1)" in seen(browser.page("/knowledge"))


def test_a_dismissed_group_is_gone_once(browser, filler, group):
    assert "Dismissed" in browser.press(f"/gaps/{group}/dismiss")
    assert state(filler, group) == ("dismissed", "")
    assert "already" in browser.press(f"/gaps/{group}/dismiss")
    assert "Nothing is waiting for an article" in seen(browser.page("/gaps"))


def test_an_article_opens_with_the_question_and_the_reply_without_what_is_personal(browser, group):
    fields = form_of(browser.page(f"/gaps/{group}/article"))
    assert fields["title"] == "How long may I send it back?"
    assert fields["questions"] == "How long may I send it back?"
    assert "send it back within 30 days" in fields["body"]
    for personal in ("Anna", "48213", "Mara", "Kind regards", "Dear"):
        assert personal not in fields["body"]


def test_saving_needs_a_persons_word_that_nothing_personal_is_left_and_settles_the_group(browser, filler, group):
    fields = form_of(browser.page(f"/gaps/{group}/article"))
    page = browser.post("/knowledge/edit", fields).text
    assert "say that no personal data stands in it" in seen(page)
    # The browser cannot talk itself out of it: whatever names a group began as a mail.
    assert "say that" in seen(browser.post("/knowledge/edit", fields | {"from_reply": ""}).text)
    assert state(filler, group) == ("open", "")
    assert "The questions that asked for it are settled." in browser.press(
        "/knowledge/edit", fields | {"checked": "yes"}
    )
    assert state(filler, group) == ("written", "en/how-long-may-i-send-it-back.md")
    [row] = filler.rows("SELECT questions FROM document WHERE tenant_id = :tenant AND is_current")
    assert row.questions == ["How long may I send it back?"]


def test_a_reply_that_a_person_sent_becomes_an_article_by_one_button(browser, join, filler):
    mailbox = filler.mailbox()
    reply = filler.answered_by_hand(mailbox, REPLY)
    [row] = filler.rows("SELECT conversation_id FROM outbox WHERE tenant_id = :tenant")
    conversation = f"/conversations/{row.conversation_id}"
    assert f'href="/replies/{reply}/article">Make an article of this reply' in browser.page(conversation)
    assert "Make an article" not in join("viewer").page(conversation)
    fields = form_of(browser.page(f"/replies/{reply}/article"))
    assert "Anna" not in fields["body"]
    assert "Nothing was saved yet" in seen(browser.post("/knowledge/edit", fields).text)
    assert "Saved." in browser.press("/knowledge/edit", fields | {"checked": "yes"})


def test_what_the_machine_sent_or_what_has_not_left_makes_no_article(browser, filler):
    mailbox = filler.mailbox()
    filler.released(mailbox)
    filler.held(mailbox)
    for row in filler.rows("SELECT id FROM outbox WHERE tenant_id = :tenant"):
        assert browser.get(f"/replies/{row.id}/article").status_code == 404


# -- what an answer rests on, in the conversation


def decide(filler, decision):
    claim = filler.store(filler.mailbox(), MESSAGE)
    filler.decide(claim, decision, UNDERSTANDING)
    return f"/conversations/{claim.conversation}"


def test_a_citation_shows_its_span_in_its_surroundings_and_leads_to_the_whole_text(browser, filler, services):
    body = "# Returns\n\nSoon. You can return it within 30 days. Then no more."
    version = Shelf(services, filler.tenant).put("en/returns.md", body)
    start = body.index("You can")
    end = body.index(" Then")
    citation = replace(CITATION, version=version, start=start, end=end, quote=body[start:end])
    html = browser.page(decide(filler, Decision.hold("Held.").proven_by(citation)))
    assert "<mark>You can return it within 30 days.</mark>" in html
    assert "Then no more." in html
    around = html.split('<span class="around">')[1]
    assert around.startswith("Returns"), "a heading shows the marks of Markdown"
    link = html.split('href="/knowledge/passage')[1].partition("#")[0].replace("&amp;", "&")
    assert '<mark id="cited">You can return it within 30 days.</mark>' in browser.page(f"/knowledge/passage{link}")


def test_a_quote_that_has_changed_since_is_named_before_anybody_sends_it(browser, filler, services):
    shelf, body = Shelf(services, filler.tenant), "You can return it within 30 days."
    citation = replace(
        CITATION, version=shelf.put("en/returns.md", body), source="en/returns.md", start=0, end=len(body), quote=body
    )
    page = decide(filler, Decision.hold("Held.").proven_by(citation))
    assert "by now" not in seen(browser.page(page))
    shelf.put("en/returns.md", "You can return it within 14 days.")
    assert "This document says something else by now. Look at the reply again" in seen(browser.page(page))


def test_a_citation_of_a_version_that_is_not_kept_shows_its_quote(browser, filler):
    page = browser.page(decide(filler, Decision.hold("Held.").proven_by(CITATION)))
    assert "<mark>You can return it within 30 days.</mark>" in page
    assert "not kept here in this version" in page


def test_each_sentence_that_a_language_model_proposed_stands_there_with_its_verdict(browser, filler):
    quoted = (Quoted(1, "within 30 days"),)
    attempt = Attempt(
        "gpt-x", "Asked <EMAIL_1>", "Came <b>back</b>",
        (
            Judged(Sentence("Within 30 days.", quoted)),
            Judged(Sentence("Within 14 days.", quoted), "the number 14 stands in no quote"),
        ),
    )  # fmt: skip
    html = browser.page(decide(filler, Decision.hold("Held.").after(attempt)))
    page = seen(html)
    assert "Within 30 days. kept" in page
    assert "Within 14 days. dropped: the number 14 stands in no quote" in page
    assert "Asked <EMAIL_1>" in page
    assert "<b>back" not in html


def test_a_sender_without_a_name_breaks_no_article(browser, filler):
    gap = filler.gap(filler.held(filler.mailbox(), replace(MESSAGE, sender=Address("x@y.example"), subject="")))
    assert "Write an article" in browser.page(f"/gaps/{gap}/article")
