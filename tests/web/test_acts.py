"""What a person does about a held mail: approve, edit, dismiss, each once, by those who may."""

import threading
from dataclasses import replace

import pytest

from domain.case import Case
from domain.decision import Decision, Reply
from storage import cases, disconnecting
from tests.web.conftest import Browser, seen
from tests.web.filling import MESSAGE, UNDERSTANDING, Filler

OUTBOX = "SELECT state, automatic, text, recipient, released_by FROM outbox WHERE tenant_id = :tenant ORDER BY position"
SETTLED = "SELECT settlement, settled_by FROM decision WHERE tenant_id = :tenant"


def test_an_approved_draft_leaves_as_it_stands(browser: Browser, filler: Filler) -> None:
    held = filler.held(filler.mailbox())
    page = browser.press(f"/decisions/{held.decision}/send", {"text": "Dear Anna,\r\n\r\nYou can."})
    assert "It is leaving now." in seen(page)
    [row] = filler.rows(OUTBOX)
    assert tuple(row) == ("pending", False, "Dear Anna,\n\nYou can.", "anna@example.org", filler.member)
    assert filler.rows(SETTLED) == [("sent", filler.member)]
    assert "Nothing waits for you" in browser.page("/")


def test_the_record_says_whether_the_draft_was_edited(browser: Browser, filler: Filler) -> None:
    mailbox = filler.mailbox()
    for text in ("As drafted.", "Edited."):
        held = filler.held(mailbox, draft="As drafted.")
        browser.press(f"/decisions/{held.decision}/send", {"text": text})
    kinds = filler.rows("SELECT detail ->> 'edited' FROM event WHERE tenant_id = :tenant AND kind = 'reply_approved'")
    assert [row[0] for row in kinds] == ["false", "true"]
    filler.rows("UPDATE outbox SET state = 'sent', sent_at = now() WHERE tenant_id = :tenant RETURNING 1")
    assert "approved by Olivia Owner , edited before it left" in seen(
        browser.page(f"/conversations/{held.conversation}")
    )


def test_an_answer_can_be_written_where_nothing_was_drafted(browser: Browser, filler: Filler) -> None:
    held = filler.held(filler.mailbox(), draft="")
    assert "Nothing was drafted." in browser.page(f"/conversations/{held.conversation}")
    browser.press(f"/decisions/{held.decision}/send", {"text": "Written by hand."})
    [row] = filler.rows(OUTBOX)
    assert tuple(row) == ("pending", False, "Written by hand.", "anna@example.org", filler.member)


def test_a_dismissed_mail_gets_no_answer(browser: Browser, filler: Filler) -> None:
    held = filler.held(filler.mailbox())
    page = seen(browser.press(f"/decisions/{held.decision}/dismiss"))
    assert "Dismissed; nothing is sent." in page
    assert "dismissed by Olivia Owner" in page
    assert "Nothing was sent." in page
    assert [row.state for row in filler.rows(OUTBOX)] == ["cancelled"]
    assert filler.rows(SETTLED) == [("dismissed", filler.member)]


@pytest.mark.parametrize("text", ["", "   \r\n ", "\x00", "x" * 20_001])
def test_an_empty_or_endless_reply_is_not_sent(browser: Browser, filler: Filler, text: str) -> None:
    held = filler.held(filler.mailbox())
    page = browser.press(f"/decisions/{held.decision}/send", {"text": text})
    assert "Nothing was sent: a reply needs between 1 and 20,000 characters." in seen(page)
    assert [row.state for row in filler.rows(OUTBOX)] == ["held"]


def test_whoever_comes_second_is_told_and_sends_nothing(browser: Browser, filler: Filler, join) -> None:
    held, tom = filler.held(filler.mailbox()), join("agent")
    tom.press(f"/decisions/{held.decision}/send", {"text": "Tom's answer."})
    page = browser.press(f"/decisions/{held.decision}/send", {"text": "Olivia's answer."})
    assert "Somebody has settled this already; nothing was sent twice." in seen(page)
    # What was typed is not lost with it.
    assert "Olivia's answer." in seen(page)
    page = browser.press(f"/decisions/{held.decision}/dismiss")
    assert "Somebody has settled this already." in seen(page)
    assert [row.text for row in filler.rows(OUTBOX)] == ["Tom's answer."]


@pytest.mark.parametrize("draft", ["A draft.", ""])
def test_of_two_people_at_once_one_sends(browser: Browser, filler: Filler, join, draft: str) -> None:
    held, tom = filler.held(filler.mailbox(), draft=draft), join("agent")
    tokens = [one.token() for one in (browser, tom)]
    together = threading.Barrier(2)
    statuses = []

    def press(one: Browser, token: str, text: str) -> None:
        together.wait()
        form = {"csrf_token": token, "text": text}
        statuses.append(one.client.post(f"/decisions/{held.decision}/send", data=form).status_code)

    people = [
        threading.Thread(target=press, args=(one, token, name))
        for one, token, name in zip((browser, tom), tokens, ("Olivia's", "Tom's"), strict=True)
    ]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert sorted(statuses) == [200, 302]
    assert [row.state for row in filler.rows(OUTBOX)] == ["pending"]
    assert len(filler.rows("SELECT 1 FROM event WHERE tenant_id = :tenant AND kind = 'reply_approved'")) == 1


def test_a_viewer_may_look_and_nothing_else(browser: Browser, filler: Filler, join) -> None:
    mailbox = filler.mailbox()
    held, viewer = filler.held(mailbox), join("viewer")
    page = viewer.page(f"/conversations/{held.conversation}")
    assert "Your role may look at it." in seen(page)
    assert "<textarea" not in page
    assert "Connect Gmail</button>" not in viewer.page("/mailboxes/")
    assert "Pause</button>" not in viewer.page("/")
    for path in (
        f"/decisions/{held.decision}/send", f"/decisions/{held.decision}/dismiss", "/answering", "/mailboxes/connect",
        f"/mailboxes/{mailbox}/pause", f"/mailboxes/{mailbox}/disconnect", f"/mailboxes/{mailbox}/reconnect",
    ):  # fmt: skip
        answer = viewer.post(path, {"text": "x"})
        assert answer.status_code == 403
        assert "Your role in this workspace does not allow it." in seen(answer.text)
    assert [row.state for row in filler.rows(OUTBOX)] == ["held"]


def test_an_agent_answers_but_does_not_manage(filler: Filler, browser: Browser, join) -> None:
    mailbox = filler.mailbox()
    held, agent = filler.held(mailbox), join("agent")
    assert agent.post(f"/mailboxes/{mailbox}/pause").status_code == 403
    assert "It is leaving now." in agent.press(f"/decisions/{held.decision}/send", {"text": "Yes."})


def test_nothing_leaves_from_a_disconnected_mailbox(browser: Browser, filler: Filler) -> None:
    mailbox = filler.mailbox()
    held = filler.held(mailbox)
    with filler.database.transaction(filler.tenant) as db:
        disconnecting.disconnect(db, filler.tenant, mailbox)
    page = browser.page(f"/conversations/{held.conversation}")
    assert "is disconnected, so nothing can leave from here. Answer in Gmail." in seen(page)
    assert 'name="text"' not in page
    page = browser.press(f"/decisions/{held.decision}/send", {"text": "Yes."})
    assert "Nothing was sent. support@lumen.example is disconnected" in seen(page)
    assert filler.rows(SETTLED) == [(None, None)]
    assert [row.state for row in filler.rows(OUTBOX)] == ["held"]


@pytest.mark.parametrize("state", ["sent", "needs_person"])
def test_of_a_dismissed_mail_whose_reply_perhaps_left_no_page_says_that_nothing_was_sent(
    browser: Browser, filler: Filler, state: str
) -> None:
    held = filler.held(filler.mailbox())
    filler.rows("UPDATE outbox SET state = :state, sent_at = now() WHERE tenant_id = :tenant RETURNING 1", state=state)
    page = seen(browser.press(f"/decisions/{held.decision}/dismiss"))
    assert "dismissed by Olivia Owner" in seen(browser.page(f"/conversations/{held.conversation}"))
    assert "Nothing was sent." not in page + seen(browser.page(f"/conversations/{held.conversation}"))


def test_a_mail_from_nobody_can_only_be_dismissed(browser: Browser, filler: Filler) -> None:
    held = filler.held(filler.mailbox(), replace(MESSAGE, sender=None), draft="")
    page = browser.press(f"/decisions/{held.decision}/send", {"text": "Yes."})
    assert "Nothing was sent. This mail names nobody who could be answered." in seen(page)
    assert filler.rows(SETTLED) == [(None, None)]
    assert "Dismissed" in browser.press(f"/decisions/{held.decision}/dismiss")


@pytest.mark.parametrize(
    ("meanwhile", "then"),
    [
        (Case("refund", "checking", "LO-1", version=1), ("checking", "LO-1", [], [])),
        (
            Case("refund", "order_wanted", "", ("order_number",), ("LO-9",), version=1),
            ("order_wanted", "", ["order_number", "order_number_again"], ["LO-9", "LO-8"]),
        ),
    ],
)
def test_a_case_that_moved_on_is_not_moved_back_and_keeps_no_reply_from_leaving(
    browser: Browser, filler: Filler, meanwhile: Case, then: tuple
) -> None:
    claim = filler.store(filler.mailbox(), MESSAGE)
    read = Case("refund", "order_wanted", "", (), ("LO-9",), version=1)
    asks = read.with_wrong_numbers("LO-8").asking("order_number_again", "order_wanted")
    decision = Decision.hold("A person decides.", Reply(MESSAGE.sender, "Re", "Draft."))
    made = filler.decide(claim, replace(decision, case_on_release=asks), UNDERSTANDING)
    with filler.database.transaction(filler.tenant) as db:
        cases.move(db, filler.tenant, claim.conversation, replace(read, version=0))
        cases.move(db, filler.tenant, claim.conversation, meanwhile)
    page = browser.press(f"/decisions/{made}/send", {"text": "Yes."})
    assert "It is leaving now." in seen(page)
    assert [row.state for row in filler.rows(OUTBOX)] == ["pending"]
    case = "SELECT state, order_number, asked, wrong_numbers FROM support_case WHERE tenant_id = :tenant"
    assert filler.rows(case) == [then]


def test_the_kill_switch_shows_its_state_and_keeps_the_page(browser: Browser, filler: Filler) -> None:
    assert "Answering by itself : on Pause" in seen(browser.page("/conversations"))
    answer = browser.post("/answering", {"on": "no", "next": "/conversations"})
    assert answer.headers["Location"] == "/conversations"
    page = seen(browser.page("/mailboxes/"))
    assert "Answering by itself : paused Switch on" in page
    assert filler.rows("SELECT answering FROM tenant WHERE tenant_id = :tenant") == [(False,)]
    browser.press("/answering", {"on": "yes"})
    assert filler.rows("SELECT answering FROM tenant WHERE tenant_id = :tenant") == [(True,)]


def test_an_agent_may_stop_the_machine_but_not_let_it_go_on(browser: Browser, filler: Filler, join) -> None:
    agent = join("agent")
    assert "Answering by itself is paused." in seen(agent.press("/answering", {"on": "no"}))
    page = agent.press("/answering", {"on": "yes"})
    assert "An owner or admin can switch answering on again." in seen(page)
    assert "Switch on" not in page
    assert filler.rows("SELECT answering FROM tenant WHERE tenant_id = :tenant") == [(False,)]


def test_how_close_rows_stand_is_a_choice_that_lasts(browser: Browser) -> None:
    assert "data-density" not in browser.page("/")
    answer = browser.post("/density", {"density": "comfortable", "next": "/orders"})
    assert answer.headers["Location"] == "/orders"
    assert 'data-density="comfortable"' in browser.page("/orders")
    browser.post("/density", {"density": "<b>"})
    assert "data-density" not in browser.page("/")


def test_all_mail_is_searched_from_every_page(browser: Browser) -> None:
    assert 'action="/conversations" aria-label="All conversations"' in browser.page("/orders")


def test_the_theme_is_a_choice_that_lasts(browser: Browser) -> None:
    assert "data-bs-theme" not in browser.page("/")
    answer = browser.post("/theme", {"theme": "dark", "next": "/mailboxes/"})
    assert answer.headers["Location"] == "/mailboxes/"
    assert '<html lang="en" data-bs-theme="dark"' in browser.page("/mailboxes/")
    browser.post("/theme", {"theme": '"><script>'})
    assert "data-bs-theme" not in browser.page("/")
