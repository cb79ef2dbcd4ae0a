"""A member says whether the passage answers the mail; it counts, and nothing else happens."""

import re

import pytest

from domain.answering import QUOTED, CurvePoint
from domain.earned import Earned, NotEnough
from storage import answer_standings
from web.curve import draw

PASSAGE = "The passage answers it"


def seen(page) -> str:
    """The words of a page, each gap one space."""
    page = page if isinstance(page, str) else page.get_data(as_text=True)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


@pytest.fixture
def held(filler):
    return filler.held(filler.mailbox())


def verdicts(filler):
    return filler.rows("SELECT is_right, act, probability, model FROM answer_verdict WHERE tenant_id = :tenant")


def test_a_member_says_that_the_passage_does_not_answer_it(browser, filler, held):
    assert PASSAGE in browser.page(f"/conversations/{held.conversation}")
    page = seen(browser.press(f"/decisions/{held.decision}/verdict", {"answers": "no"}))
    assert "Noted. Nothing was sent." in page
    assert "it does not answer it" in page
    [one] = verdicts(filler)
    assert (one.is_right, one.act, one.probability, one.model) == (False, "said", 0.93, "plain")
    [work] = filler.rows("SELECT wanted > done AS due FROM learning WHERE tenant_id = :tenant")
    assert work.due
    assert not filler.rows("SELECT 1 FROM outbox WHERE tenant_id = :tenant AND state <> 'held'")


def test_the_last_word_counts_and_sending_never_overwrites_a_word(browser, join, filler, held):
    browser.press(f"/decisions/{held.decision}/verdict", {"answers": "yes"})
    join("agent").press(f"/decisions/{held.decision}/verdict", {"answers": "no"})
    browser.press(f"/decisions/{held.decision}/send", {"text": "Dear Anna,\n\nYou can return it within 30 days."})
    [one] = verdicts(filler)
    assert (one.is_right, one.act) == (False, "said")


def test_a_draft_that_is_sent_as_it_stands_was_right_and_a_word_may_still_overrule_it(browser, filler, held):
    browser.press(f"/decisions/{held.decision}/send", {"text": "Dear Anna,\n\nYou can return it within 30 days."})
    assert [(one.is_right, one.act) for one in verdicts(filler)] == [(True, "sent")]
    browser.press(f"/decisions/{held.decision}/verdict", {"answers": "no"})
    assert [(one.is_right, one.act) for one in verdicts(filler)] == [(False, "said")]


def test_an_edited_reply_and_a_dismissal_count_for_nothing(browser, filler):
    mailbox = filler.mailbox()
    edited, dismissed = filler.held(mailbox), filler.held(mailbox)
    browser.press(f"/decisions/{edited.decision}/send", {"text": "My own words."})
    browser.press(f"/decisions/{dismissed.decision}/dismiss")
    assert verdicts(filler) == []


def test_a_mail_without_a_passage_has_nothing_to_judge(browser, filler):
    held = filler.held(filler.mailbox(), look=None)
    assert PASSAGE not in browser.page(f"/conversations/{held.conversation}")
    page = browser.press(f"/decisions/{held.decision}/verdict", {"answers": "yes"})
    assert "No passage was looked for in this mail." in seen(page)
    assert verdicts(filler) == []


def test_a_word_that_is_neither_is_refused(browser, filler, held):
    page = browser.press(f"/decisions/{held.decision}/verdict", {"answers": "perhaps"})
    assert "Say whether the passage answers the mail" in seen(page)
    assert verdicts(filler) == []


def test_a_viewer_can_look_and_not_judge(join, filler, held):
    viewer = join("viewer")
    assert PASSAGE not in viewer.page(f"/conversations/{held.conversation}")
    assert viewer.post(f"/decisions/{held.decision}/verdict", {"answers": "yes"}).status_code == 403
    assert verdicts(filler) == []


def test_a_form_without_its_token_is_refused(browser, filler, held):
    answer = browser.client.post(f"/decisions/{held.decision}/verdict", data={"answers": "yes"})
    assert answer.status_code == 400
    assert verdicts(filler) == []


CURVE = tuple(CurvePoint(part / 4, part * 30, part - 1, 0.02 * part + 0.02, 1 - part / 10) for part in range(1, 5))


def test_the_page_says_what_answers_have_earned_and_draws_it_with_a_table(browser, filler, database):
    row = answer_standings.Row(QUOTED, "plain/3", 0.05, 3, Earned(0.9, 120, 90, 2, 0.043, 0.75), CURVE)
    with database.transaction(filler.tenant) as db:
        answer_standings.save(db, filler.tenant, row)
    page = browser.page("/learning")
    assert "90 of 120; wrong at most 4.3 in 100 (90 % sure). It must be at least 90 % sure of an answer." in seen(page)
    assert page.count("<polyline") == 2
    assert "The same as numbers" in page
    assert "style=" not in page.split('class="curve"')[1].split("</figure>")[0]


def test_the_page_says_how_many_verdicts_are_missing(browser, filler, database):
    with database.transaction(filler.tenant) as db:
        row = answer_standings.Row(QUOTED, "plain/0", 0.05, 0, NotEnough(12, 45))
        answer_standings.save(db, filler.tenant, row)
    assert "12 of 45: at least 33 more verdicts are needed." in seen(browser.page("/learning"))


def test_where_nobody_has_judged_the_page_says_how_to(browser, filler, database):
    with database.transaction(filler.tenant) as db:
        answer_standings.replace_all(db, filler.tenant, [])
    assert "No answer has been judged yet" in browser.page("/learning")


def test_lines_stay_inside_the_drawing_and_the_target_inside_its_height():
    row = answer_standings.Row(QUOTED, "m", 0.05, 3, NotEnough(120, 130), CURVE)
    drawing = draw(row)
    places = [tuple(map(float, pair.split(","))) for pair in f"{drawing.wrong} {drawing.bound}".split()]
    assert all(52 <= x <= 624 and 16 <= y <= 236 for x, y in places)
    assert 16 < drawing.target < 236
    assert drawing.earned is None
    assert draw(answer_standings.Row(QUOTED, "m", 0.05, 0, NotEnough(1, 45), CURVE[:1])) is None
