"""Another tenant's things do not exist: every route, every method, answered as for an id that nobody has."""

from collections.abc import Callable
from dataclasses import replace
from email.message import EmailMessage
from uuid import UUID, uuid4

import pytest

from adapters.mime.parse import parse
from domain.answering import AnswerLook
from domain.decision import Decision, Reply
from domain.message import Address
from storage import mailboxes
from tests.conftest import Workspace
from tests.web.conftest import Browser
from tests.web.filling import CHECKS, CITATION, MESSAGE, UNDERSTANDING, Filler, Held

CANARY = "CANARY-7f3a"

# The id that each route takes. A new route fails the test until it stands here or below.
TAKES: dict[str, str] = {
    "conversation.page": "conversation",
    "conversation.formatted": "message",
    "conversation.original": "message",
    "conversation.attachment": "message",
    "conversation.send": "decision",
    "conversation.dismiss": "decision",
    "conversation.say_what_it_is": "decision",
    "verdict.say": "decision",
    "learning.extend": "correction",
    "learning.end": "correction",
    "learning.delete": "correction",
    "mailboxes.reconnect": "mailbox",
    "mailboxes.pause": "mailbox",
    "mailboxes.resume": "mailbox",
    "mailboxes.disconnect": "mailbox",
}

# Routes without an id: they are asked as they are, and may show nothing of anybody else.
TAKE_NOTHING = {
    "queue.page", "queue.every", "sign_in.page", "sign_in.sign_in", "sign_in.sign_out", "mailboxes.page",
    "mailboxes.connect", "mailboxes.callback", "learning.page", "numbers.page", "numbers.save", "numbers.try_it",
    "workspace.answering", "workspace.theme", "health.alive", "health.ready",
}  # fmt: skip

# Files that everybody may have.
PUBLIC = {"static", "bootstrap.static"}

FORM = {
    "topic": "refund/return",
    "answers": "yes",
    "text": "Taken over.",
    "on": "no",
    "theme": "dark",
    "email": "x",
    "password": "x",
}
EVERYTHING = (
    "tenant", "mailbox", "conversation", "message", "decision", "outbox", "event", "correction",
    "checked_mail", "learning", "answer_verdict",
)  # fmt: skip


class Rows:
    """The ids of one workspace's rows, by what the routes call them."""

    def __init__(self, filler: Filler, held: Held, mailbox: UUID) -> None:
        self.filler = filler
        self.ids = {
            "conversation": held.conversation,
            "message": held.message,
            "decision": held.decision,
            "mailbox": mailbox,
            "correction": filler.correct(held.decision),
        }

    def snapshot(self) -> list[str]:
        return [
            str(row)
            for table in EVERYTHING
            for row in self.filler.rows(f"SELECT * FROM {table} WHERE tenant_id = :tenant ORDER BY 1, 2")  # noqa: S608  # the tables above
        ]


def _filled(filler: Filler, mark: str) -> Rows:
    mailbox = filler.mailbox(f"{mark.lower()}@shop.example")
    mail = EmailMessage()
    mail.set_content("See the file.")
    mail.add_attachment(f"{mark} content", filename=f"{mark}.txt")
    raw = mail.as_bytes()
    message = replace(
        MESSAGE,
        sender=Address(f"{mark.lower()}@customer.example", f"{mark} customer"),
        subject=f"{mark} subject",
        text=f"{mark} text",
        html=f"<p>{mark} html</p>",
        attachments=parse(raw).attachments,
    )
    decision = Decision.hold(f"{mark} reason", Reply(message.sender, f"{mark} subject", f"{mark} draft"))
    claim = filler.store(mailbox, message, raw=raw)
    decision = decision.proven_by(replace(CITATION, quote=f"{mark} quote")).checked(*CHECKS)
    decision = replace(decision, answer=AnswerLook("quoted", 0.9, {}, answered=True, passage=f"{mark} passage"))
    made = filler.decide(claim, decision, replace(UNDERSTANDING, text=f"{mark} text"))
    return Rows(filler, Held(made, claim.conversation, claim.id), mailbox)


@pytest.fixture
def own(filler: Filler) -> Rows:
    return _filled(filler, "OWN")


@pytest.fixture
def foreign(rival: Filler, other_workspace: Workspace) -> Rows:
    rival.rows("UPDATE tenant SET name = :name WHERE tenant_id = :tenant RETURNING 1", name=f"{CANARY} workspace")
    rival.rows("UPDATE member SET name = :name WHERE tenant_id = :tenant RETURNING 1", name=f"{CANARY} member")
    rows = _filled(rival, CANARY)
    with rival.database.transaction(rival.tenant) as db:
        mailboxes.set_status(db, rival.tenant, rows.ids["mailbox"], "needs_reauth", only_from=["active"], error=CANARY)
    return rows


def _asked(app) -> list[tuple[str, str, Callable[[UUID], str]]]:
    """Every route with an id: endpoint, method, and the path for an id."""
    adapter = app.url_map.bind("localhost")
    return [
        (rule.endpoint, method, lambda one, rule=rule: adapter.build(rule.endpoint, dict.fromkeys(rule.arguments, one)))
        for rule in app.url_map.iter_rules()
        if rule.endpoint in TAKES
        for method in sorted(rule.methods)
    ]


def test_every_route_has_a_case(app) -> None:
    for rule in app.url_map.iter_rules():
        known = TAKES if rule.arguments else TAKE_NOTHING
        assert rule.endpoint in known or rule.endpoint in PUBLIC, f"{rule.endpoint} has no case in this test"
        if rule.endpoint in TAKES:
            assert len(rule.arguments) == 1, f"{rule.endpoint} takes more than one id"


def test_another_tenants_ids_are_answered_like_ids_that_nobody_has(
    app, browser: Browser, own: Rows, foreign: Rows
) -> None:
    token, before = browser.token(), foreign.snapshot()
    cases = _asked(app)
    assert {endpoint for endpoint, _, _ in cases} == set(TAKES)
    for endpoint, method, path in cases:

        def ask(one: UUID, method: str = method, path: Callable[[UUID], str] = path) -> tuple[int, bytes]:
            data = {"csrf_token": token, **FORM} if method == "POST" else None
            answer = browser.client.open(path(one), method=method, data=data)
            return answer.status_code, answer.data

        theirs, nobodys = ask(foreign.ids[TAKES[endpoint]]), ask(uuid4())
        assert theirs == nobodys, f"{method} {endpoint}"
        if method != "OPTIONS":  # which tells the methods of a route, whatever the id
            assert theirs[0] == 404, f"{method} {endpoint}"
        # Each kind of their ids in each route, in case one is taken for another.
        for other in foreign.ids.values():
            assert ask(other) == nobodys, f"{method} {endpoint}"
    assert foreign.snapshot() == before


def test_our_own_ids_are_answered(app, browser: Browser, own: Rows) -> None:
    """The control of the test above: it would be worth nothing if every id got a 404."""
    token = browser.token()
    for endpoint, method, path in _asked(app):
        data = {"csrf_token": token, **FORM} if method == "POST" else None
        answer = browser.client.open(path(own.ids[TAKES[endpoint]]), method=method, data=data)
        assert answer.status_code in {200, 302}, f"{method} {endpoint}"


def test_nothing_of_another_tenant_is_in_any_answer(app, browser: Browser, own: Rows, foreign: Rows) -> None:
    token, before = browser.token(), foreign.snapshot()
    adapter = app.url_map.bind("localhost")
    paths = [(method, path(one)) for _, method, path in _asked(app) for one in (*foreign.ids.values(), uuid4())]
    for endpoint in sorted(TAKE_NOTHING - {"sign_in.sign_out"}):
        methods = next(rule.methods for rule in app.url_map.iter_rules() if rule.endpoint == endpoint)
        paths += [(method, adapter.build(endpoint)) for method in sorted(methods)]
    for name, one in foreign.ids.items():
        paths += [
            ("GET", f"/?after={one}"),
            ("GET", f"/conversations?after={one}"),
            ("GET", f"/?q={CANARY}&{name}={one}"),
            ("GET", f"/learning?after={one}"),
            ("GET", f"/learning?q={CANARY}"),
        ]
    paths += [("GET", f"/conversations?q={CANARY}")]
    # Our own pages once more at the end: nothing of what was asked may have come into them.
    paths += [("GET", "/"), ("GET", "/conversations"), ("GET", "/mailboxes/"), ("GET", "/learning")]
    seen_own = False
    for method, path in paths:
        data = {"csrf_token": token, **FORM} if method == "POST" else None
        answer = browser.client.open(path, method=method, data=data)
        body = answer.text.replace(f'value="{CANARY}"', "").replace(f"q={CANARY}", "")
        assert CANARY.lower() not in body.lower(), f"{method} {path}"
        assert not any(str(one) in str(answer.headers) for one in foreign.ids.values()), f"{method} {path}"
        seen_own = seen_own or "OWN subject" in body
    assert seen_own
    assert foreign.snapshot() == before


def test_a_session_of_one_tenant_opens_no_other(app, browser: Browser, own: Rows, foreign: Rows) -> None:
    token = browser.client.get_cookie("mailwright").value.partition(".")[2]
    browser.client.set_cookie("mailwright", f"{foreign.filler.tenant}.{token}")
    assert browser.get("/").status_code == 302
