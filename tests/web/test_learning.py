"""Saying what a mail is about, and looking after what was learned from it."""

from dataclasses import replace

import pytest

from domain.category import Category
from domain.earned import Earned, NotEnough
from storage import standings
from tests.web.conftest import seen
from tests.web.filling import MESSAGE, UNDERSTANDING


@pytest.fixture
def held(filler):
    return filler.held(filler.mailbox())


def state_of(filler, held):
    [row] = filler.rows("SELECT state FROM message WHERE tenant_id = :tenant AND id = :id", id=held.message)
    return row.state


def say(browser, held, topic="refund/return", **more):
    return browser.press(f"/decisions/{held.decision}/reclassify", {"topic": topic, "learn": "yes", **more})


def test_saying_another_category_makes_the_waiting_mail_be_read_again_and_sends_nothing(browser, filler, held):
    page = seen(say(browser, held))
    assert "It is read again as what you said" in page
    assert state_of(filler, held) == "fetched"
    [decision] = filler.rows("SELECT is_current, settled_at FROM decision WHERE tenant_id = :tenant")
    assert (decision.is_current, decision.settled_at) == (False, None)
    [reply] = filler.rows("SELECT state FROM outbox WHERE tenant_id = :tenant")
    assert reply.state == "cancelled"
    [correction] = filler.rows("SELECT * FROM correction WHERE tenant_id = :tenant")
    assert (correction.category, correction.sub_intent, correction.said_category) == ("refund", "return", "question")
    assert correction.text == UNDERSTANDING.text
    assert (correction.author, correction.scope) == (filler.member, "example")
    [checked] = filler.rows("SELECT * FROM checked_mail WHERE tenant_id = :tenant")
    assert (checked.category, checked.said_category, checked.act) == ("refund", "question", "said")
    [work] = filler.rows("SELECT wanted > done AS due FROM learning WHERE tenant_id = :tenant")
    assert work.due


def test_saying_that_it_was_read_right_counts_and_changes_nothing_else(browser, filler, held):
    assert "Noted. Nothing was sent." in seen(say(browser, held, "question/policy"))
    assert state_of(filler, held) == "decided"
    [checked] = filler.rows("SELECT category = said_category AS was_right FROM checked_mail WHERE tenant_id = :tenant")
    assert checked.was_right


def test_a_word_about_one_mail_alone_is_not_learned_from(browser, filler, held):
    say(browser, held, learn="")
    [correction] = filler.rows("SELECT scope FROM correction WHERE tenant_id = :tenant")
    assert correction.scope == "mail"


def test_the_second_of_two_members_is_told_that_somebody_was_faster(browser, join, filler, held):
    say(browser, held)
    page = seen(say(join("agent"), held, "other/praise"))
    assert "Somebody has said something else about it meanwhile" in page
    assert len(filler.rows("SELECT 1 FROM correction WHERE tenant_id = :tenant")) == 1


def test_who_sends_and_who_says_cannot_both_have_their_way(browser, join, filler, held):
    browser.press(f"/decisions/{held.decision}/send", {"text": "My own answer."})
    assert "Noted. Nothing was sent." in seen(say(join("agent"), held))
    assert state_of(filler, held) == "decided"
    say_again = join("admin").press(f"/decisions/{held.decision}/send", {"text": "Another."})
    assert "nothing was sent twice" in seen(say_again)
    assert len(filler.rows("SELECT 1 FROM outbox WHERE tenant_id = :tenant")) == 1


@pytest.mark.parametrize("state", ["pending", "sending", "uncertain", "sent", "needs_person", "failed"])
def test_what_has_left_or_perhaps_left_is_learned_from_and_never_decided_again(browser, filler, held, state):
    filler.move(held.decision, state)
    assert "Noted. Nothing was sent." in seen(say(browser, held))
    assert state_of(filler, held) == "decided"
    [decision] = filler.rows("SELECT is_current FROM decision WHERE tenant_id = :tenant")
    assert decision.is_current


def test_a_draft_that_is_sent_as_it_stands_says_that_it_was_read_right(browser, filler):
    mailbox = filler.mailbox()
    as_it_stands, edited, dismissed = (filler.held(mailbox, draft="Within 30 days.") for _ in range(3))
    browser.press(f"/decisions/{as_it_stands.decision}/send", {"text": "Within 30 days."})
    browser.press(f"/decisions/{edited.decision}/send", {"text": "Within thirty days."})
    browser.press(f"/decisions/{dismissed.decision}/dismiss")
    [checked] = filler.rows("SELECT message_id, act, category = said_category AS r FROM checked_mail")
    assert (checked.message_id, checked.act, checked.r) == (as_it_stands.message, "sent", True)


def test_a_topic_that_is_not_on_the_list_is_refused(browser, filler, held):
    for topic in ("", "refund/shipping", "nonsense/", "question"):
        page = seen(say(browser, held, topic))
        if topic != "question":
            assert "Choose what it is about from the list." in page
    assert len(filler.rows("SELECT 1 FROM correction WHERE tenant_id = :tenant")) == 1  # "question" alone is enough


def test_a_viewer_can_look_and_not_say(join, filler, held):
    viewer = join("viewer")
    assert "Say what it is about" not in viewer.page(f"/conversations/{held.conversation}")
    assert viewer.post(f"/decisions/{held.decision}/reclassify", {"topic": "refund/return"}).status_code == 403
    correction = filler.correct(held.decision)
    page = viewer.page("/learning")
    assert "How long may I send it back?" in page
    assert "Delete" not in page
    for act in ("extend", "end", "delete"):
        assert viewer.post(f"/corrections/{correction}/{act}").status_code == 403


def test_an_agent_may_extend_and_only_who_manages_may_end_and_delete(join, filler, held):
    correction, agent = filler.correct(held.decision), join("agent")
    assert agent.post(f"/corrections/{correction}/end").status_code == 403
    assert agent.post(f"/corrections/{correction}/delete").status_code == 403
    assert "another year" in seen(agent.press(f"/corrections/{correction}/extend"))
    assert "Ended" in seen(join("admin").press(f"/corrections/{correction}/end"))


def test_only_a_workspace_that_has_taught_something_is_told_that_it_is_being_learned(browser, filler, held):
    assert filler.rows("SELECT 1 FROM learning WHERE tenant_id = :tenant") == []
    assert "being learned" not in seen(browser.page("/learning"))
    filler.correct(held.decision)
    assert "being learned" in seen(browser.page("/learning"))


def test_what_is_deleted_leaves_no_word_behind(browser, filler, held):
    correction = filler.correct(held.decision)
    browser.press(f"/corrections/{correction}/delete")
    assert "How long may I send it back?" not in browser.page("/learning")
    [row] = filler.rows("SELECT text, subject FROM correction WHERE tenant_id = :tenant")
    assert (row.text, row.subject) == ("", "")
    assert "already" in seen(browser.press(f"/corrections/{correction}/delete"))


def test_an_example_is_named_by_the_beginning_of_its_text_or_by_its_subject(browser, filler):
    mailbox = filler.mailbox()
    for text, named in (("word " * 60, "word word…"), (" \n", MESSAGE.subject)):
        read = filler.held(mailbox, understanding=replace(UNDERSTANDING, text=text))
        filler.correct(read.decision)
        assert named in seen(browser.page("/learning"))


def test_the_list_shows_what_was_said_by_whom_and_until_when_and_filters(browser, filler):
    mailbox = filler.mailbox()
    filler.correct(filler.held(mailbox).decision, Category.REFUND, "return")
    filler.correct(filler.held(mailbox).decision, Category.SUPPLIER, "invoice")
    page = seen(browser.page("/learning"))
    assert "Refund : wants to send something back, not Question · said by Olivia Owner" in page
    assert "until" in page
    assert "an invoice to us" not in seen(browser.page("/learning?category=refund").split("Examples</h2>")[1])
    assert "Nothing here fits" in seen(browser.page("/learning?q=nowhere"))


def test_the_table_says_what_is_earned_and_what_is_missing_in_plain_words(browser, filler, database):
    with database.transaction(filler.tenant) as db:
        earned = Earned(0.825, 100, 41, 0, 0.023, 0.41)
        standings.save(db, filler.tenant, standings.Row(Category.QUESTION, 0.05, 2, earned), "plain")
        standings.save(db, filler.tenant, standings.Row(Category.REFUND, 0.05, 0, NotEnough(12, 45)), "plain")
    page = seen(browser.page("/learning"))
    assert "At most 5 in 100 may be read wrongly. Whether" in page
    assert "It answers what it is at least 82.5 % sure of: 41 of 100; wrong at most 2.3 in 100 (90 % sure)." in page
    assert "12 of 45: at least 33 more checked mails are needed." in page
    with database.transaction(filler.tenant) as db:
        standings.save(db, filler.tenant, standings.Row(Category.REFUND, 0.1, 0, NotEnough(12, 22)), "plain")
    page = seen(browser.page("/learning"))
    assert "At most 5 in 100 may be read wrongly (Question). At most 10 in 100 may be read wrongly (Refund)." in page
