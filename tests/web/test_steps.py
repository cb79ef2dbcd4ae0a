"""Why, step by step: what is stored of each step, who decided, what it cost; citations; and pictures on request."""

from dataclasses import replace

import pytest

from adapters.mime.html import to_safe_html
from domain.category import Category
from domain.composition import Attempt
from domain.decision import Decision, Fact
from domain.opinion import Call, SecondLook
from storage import desk, llm_calls
from storage.llm_calls import Made
from tests.web.conftest import Browser, seen
from tests.web.filling import CHECKS, MESSAGE, UNDERSTANDING, Filler, Held
from web.steps import cost_of

LOOK = SecondLook("question", 0.6, "m/1", "refund", raw='{"kind": "refund"}')


@pytest.fixture
def held(filler: Filler) -> Held:
    return filler.held(filler.mailbox())


def steps(browser: Browser, held: Held) -> str:
    html = browser.page(f"/conversations/{held.conversation}")
    return seen(html.split("Step by step")[1].split("</aside>")[0])


def test_each_step_says_what_it_did_and_shows_what_is_stored(browser: Browser, held: Held) -> None:
    shown = steps(browser, held)
    names = [
        "Read by a rule",
        "Understood by local models",
        "Found passages by local models",
        "Checked by a rule",
        "Decided",
    ]
    places = [shown.index(name) for name in names]
    assert places == sorted(places)
    for words in (
        "It is about: Question, 93% sure.",
        "1 of 2 checks were in order.",
        "1 passage is quoted. 93% sure that this answers the mail.",
        "Wait for a person: It asks for a person.",
        '"rfc_message_id": "<1@example.org>"',
        '"order_numbers": [ "LO-48213" ]',
        "You can return it within 30 days.",
        "by local models, within the rules",
        "No language model was asked about this mail.",
    ):
        assert words in shown, words
    for absent in ("Asked a language model", "Looked up", "Settled"):
        assert absent not in shown


def test_what_was_looked_up_and_what_a_language_model_was_asked_is_there(browser: Browser, filler: Filler) -> None:
    claim = filler.store(filler.mailbox(), MESSAGE)
    fact = Fact("order LO-48213", "It has left.", filler.rows("SELECT now() AS at")[0].at)
    attempt = Attempt("m/1", "Asked with [NAME]", "Came back word for word")
    decision = Decision.hold("Look at it.").known_from(fact).after(attempt).checked(*CHECKS)
    made = filler.decide(claim, decision, replace(UNDERSTANDING, second_look=LOOK, decided_by="local models and m/1"))
    with filler.database.transaction(filler.tenant) as db:
        for purpose, cost in (("classify", 0.25), ("answer", None)):
            llm_calls.record(db, filler.tenant, Call(claim.id, purpose, "m/1", "", "answered", 12, 1000, 200, cost))
        desk.dismiss(db, filler.tenant, made, member=filler.member)
    shown = steps(browser, Held(made, claim.conversation, claim.id))
    for words in (
        "Looked up by a rule Found: 1 fact of our own data.",
        '"text": "It has left."',
        "Asked a language model by m/1",
        "A language model was asked 2 times: 2,400 words or parts of words in and out, 0.25 US cents.",
        "Of 1 of them not everything is known.",
        "m/1, for what the mail is about: answered, 12 ms, 1000 in, 200 out, 0.25 US cents",
        "for an answer from the documents: answered, 12 ms, 1000 in, 200 out, cost not known",
        "Asked with [NAME]",
        "Came back word for word",
        '{"kind": "refund"}',
        "Settled by Olivia Owner It was dismissed; nothing is sent.",
    ):
        assert words in shown, words


def test_what_a_member_said_is_not_called_the_machines(browser: Browser, filler: Filler, held: Held) -> None:
    filler.correct(held.decision, Category.QUESTION)
    assert "Understood by a person A member said that it is about: Question." in steps(browser, held)


def test_a_mail_that_a_machine_wrote_was_understood_by_a_rule(browser: Browser, filler: Filler) -> None:
    claim = filler.store(filler.mailbox(), MESSAGE)
    decision = Decision.ignore("A machine wrote it: a bounce.")
    made = filler.decide(claim, decision, replace(UNDERSTANDING, automatic="a bounce"))
    shown = steps(browser, Held(made, claim.conversation, claim.id))
    assert "Understood by a rule A machine wrote it: a bounce." in shown
    assert "Decided by a rule Leave it alone" in shown


def test_a_mail_that_could_not_be_read_has_no_more_steps_than_it_had(browser: Browser, filler: Filler) -> None:
    claim = filler.store(filler.mailbox(), None, state="unreadable", error="It is no mail.")
    made = filler.decide(claim, Decision.hold("It is no mail."), None, state="unreadable")
    shown = steps(browser, Held(made, claim.conversation, claim.id))
    assert "The words of the mail are not kept, or could not be read." in shown
    assert "Understood" not in shown


@pytest.mark.parametrize(
    ("calls", "told"),
    [
        ((), "No language model was asked about this mail."),
        (((10, 5, 0.5),), "A language model was asked once: 15 words or parts of words in and out, 0.5 US cents."),
        (((None, None, None),), "asked once: how much it read and wrote is not known, what that cost is not known."),
        (((10, 5, None),), "asked once: 15 words or parts of words in and out, what that cost is not known."),
    ],
)
def test_the_cost_is_told_where_it_is_known(filler: Filler, calls, told: str) -> None:
    at = filler.rows("SELECT now() AS at")[0].at
    assert told in cost_of([Made(at, "classify", "m", "answered", 1, *one) for one in calls])


def test_each_citation_of_the_draft_leads_to_its_quote(browser: Browser, held: Held) -> None:
    html = browser.page(f"/conversations/{held.conversation}")
    assert 'href="#cited-1" data-cites="cited-1"' in html
    assert '<li id="cited-1">' in html
    assert "Quoted in it: [1] How long can I return something?" in seen(html)


PICTURED = to_safe_html('<p>Look:</p><img src="https://pictures.example/lamp.jpg" alt="A lamp">')


def test_pictures_are_put_back_for_the_one_answer_that_asks_for_them(browser: Browser, filler: Filler) -> None:
    held = filler.held(filler.mailbox(), replace(MESSAGE, html=PICTURED))
    html = browser.page(f"/conversations/{held.conversation}")
    assert f'href="/messages/{held.message}/formatted?pictures=yes"' in html
    assert 'rel="noreferrer"' in html
    plain = browser.get(f"/messages/{held.message}/formatted")
    assert " src=" not in plain.text
    assert "img-src data:;" in plain.headers["Content-Security-Policy"]
    asked = browser.get(f"/messages/{held.message}/formatted?pictures=yes")
    assert 'src="https://pictures.example/lamp.jpg"' in asked.text
    assert "img-src https: data:;" in asked.headers["Content-Security-Policy"]
    assert asked.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none';")
    assert asked.headers["Referrer-Policy"] == "no-referrer"
    assert " src=" not in browser.get(f"/messages/{held.message}/formatted?pictures=no").text


def test_a_mail_without_pictures_offers_none(browser: Browser, held: Held) -> None:
    html = browser.page(f"/conversations/{held.conversation}")
    assert "pictures=yes" not in html
    assert "It is shown without pictures." in html
