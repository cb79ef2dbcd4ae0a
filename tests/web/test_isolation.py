"""Another tenant's things do not exist: every route, every method, answered as for an id that nobody has."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from email.message import EmailMessage
from uuid import UUID, uuid4

import pytest

from adapters.mime.parse import parse
from domain.answering import AnswerLook
from domain.bridging import BridgeRules, Mode
from domain.decision import Decision, Reply, WordsFor
from domain.delivery import WordsState
from domain.message import Address, Message
from domain.refund_policy import RefundPolicy
from domain.sealed import Sealed
from domain.supplier import Purpose, Supplier
from domain.supplier_request import Channel, SupplierRules, ToAsk
from storage import (
    approvals,
    documents,
    gaps,
    invitations,
    mailboxes,
    members,
    notes,
    reconciliation,
    refund_policies,
    supplier_requests,
    supplier_rules,
    suppliers,
    ticketing,
    tickets,
    trials,
    views,
)
from storage.documents import StoredDocument
from storage.gaps import Grouped
from storage.references import new_reference
from storage.supplier_requests import Anchor
from storage.tickets import Words
from tests.conftest import Workspace
from tests.support.asked import asker
from tests.web.conftest import Browser
from tests.web.filling import CHECKS, CITATION, MESSAGE, UNDERSTANDING, Filler, Held
from tests.web.refunding import Till

CANARY = "CANARY-7f3a"

# The id that each route takes. A new route fails the test until it stands here or below.
TAKES: dict[str, str] = {
    "conversation.page": "conversation",
    "conversation.of_decision": "decision",
    "customers.one": "conversation",
    "conversation.formatted": "message",
    "conversation.original": "message",
    "conversation.attachment": "message",
    "reply.send": "decision",
    "reply.dismiss": "decision",
    "conversation.say_what_it_is": "decision",
    "kept.keep": "decision",
    "kept.anew": "decision",
    "kept.present": "conversation",
    "ask_supplier.ask": "conversation",
    "ask_supplier.close": "request",
    "ask_supplier.release": "held_words",
    "ask_supplier.drop": "held_words",
    "verdict.say": "decision",
    "undo.take_back": "decision",
    "reply.save_in_gmail": "decision",
    "handling.assign": "conversation",
    "handling.snooze": "conversation",
    "handling.close": "conversation",
    "handling.reopen": "conversation",
    "handling.take_over": "conversation",
    "handling.give_back": "conversation",
    "notes.write": "conversation",
    "notes.take_back": "note",
    "views.remove": "view",
    "case.approve": "wanted",
    "case.refuse": "wanted",
    "case.ask": "wanted",
    "case.found": "act",
    "orders.order": "order",
    "suppliers.one": "supplier",
    "suppliers.edit": "supplier",
    "suppliers.change": "supplier",
    "suppliers.remove": "supplier",
    "supplier_requests.close": "request",
    "supplier_requests.seen": "alert",
    "tickets.settle": "words",
    "supplier_links.answers": "message",
    "supplier_links.no_answer": "message",
    "gaps.dismiss": "gap",
    "gaps.write": "gap",
    "gaps.from_reply": "reply",
    "learning.extend": "correction",
    "learning.end": "correction",
    "learning.delete": "correction",
    "people.revoke": "invitation",
    "people.set_role": "person",
    "people.deactivate": "person",
    "people.reactivate": "person",
    "account.end_session": "session",
    "completeness.mails": "mailbox",
    "trying.shown": "trial",
    "mailboxes.reconnect": "mailbox",
    "mailboxes.pause": "mailbox",
    "mailboxes.resume": "mailbox",
    "mailboxes.disconnect": "mailbox",
}

# Routes without an id: they are asked as they are, and may show nothing of anybody else.
TAKE_NOTHING = {
    "sending.page", "sending.change", "drafts.page", "drafts.listed",
    "bulk.act", "views.save", "queue.page", "queue.every", "customers.page", "sign_in.page", "sign_in.sign_in",
    "sign_in.sign_out", "mailboxes.page", "completeness.page", "trying.page", "trying.try_it",
    "mailboxes.connect", "mailboxes.callback", "learning.page", "numbers.page", "numbers.save", "numbers.try_it",
    "workspace.answering", "workspace.theme", "workspace.density", "health.alive", "health.ready", "gaps.page",
    "alerts.page", "metrics.page",
    "suppliers.page", "suppliers.new", "suppliers.add", "orders.page", "orders.upload", "orders.bring", "refunds.page",
    "refunds.attempts", "refunds.export", "refund_policy.page", "refund_policy.version", "refund_policy.change",
    "workspace.settings", "workspace.reports", "workspace.waiting", "phases.page", "phases.change", "audit.page",
    "people.page", "people.invite",
    "people.require_second_factor", "account.page", "account.rename", "account.change_password", "account.end_others",
    "account.begin_factor", "account.confirm_factor", "account.renew_codes", "account.remove_factor",
    "google_sign_in.begin_sign_in", "google_sign_in.callback", "google_sign_in.link", "google_sign_in.unlink",
    "demonstration.fill", "demonstration.remove",
    "data_rights.page", "data_rights.look", "data_rights.copy", "data_rights.erase", "data_rights.keep",
    "second_step.page", "second_step.check", "sign_up.page", "sign_up.sign_up", "new_password.page", "new_password.ask",
    "supplier_requests.page", "supplier_requests.times", "supplier_requests.alerts",
    "supplier_rules.page", "supplier_rules.change", "tickets.page", "tickets.look_again", "tickets.mode",
    "knowledge.page", "knowledge.search", "knowledge.passage", "knowledge_upload.page", "knowledge_upload.upload",
    "knowledge_edit.page", "knowledge_edit.change", "knowledge_versions.page", "knowledge_versions.compare",
    "knowledge_versions.restore", "knowledge_versions.ask_to_remove", "knowledge_versions.remove",
}  # fmt: skip

# Files that everybody may have.
# What a mailed link leads to takes no id: tests/web/test_confirm.py brings it another tenant's.
PUBLIC = {
    "static", "bootstrap.static", "confirm.ask", "confirm.confirm", "invitation.page", "invitation.accept",
    "new_password.choose", "new_password.save",
}  # fmt: skip

FORM = {
    "topic": "refund/return",
    "answers": "yes",
    "text": "Taken over.",
    "sure": "yes",
    "what": "window",
    "act": "send",
    "on": "no",
    "theme": "dark",
    "note": "Look at the lamp.",
    "email": "x",
    "password": "x",
    "role": "agent",
}
EVERYTHING = (
    "tenant", "mailbox", "conversation", "message", "decision", "outbox", "event", "correction",
    "checked_mail", "learning", "answer_verdict", "document", "knowledge", "gap", "gap_question", "supplier",
    "shop_order", "support_case", "case_event", "order_act", "act_approval", "ledger_entry", "order_attempt",
    "refund_policy", "saved_view", "member", "invitation", "password_reset", "second_factor", "recovery_code",
    "supplier_request", "supplier_step", "supplier_rules", "ticketing", "ticket", "ticket_words", "note",
    "kept_reply", "presence",
    "reconciliation", "trial",
)  # fmt: skip


class Rows:
    """The ids of one workspace's rows, by what the routes call them."""

    def __init__(self, filler: Filler, held: Held, mailbox: UUID, knowledge: dict[str, UUID | str]) -> None:
        self.filler = filler
        self.ids: dict[str, UUID | str] = {
            "conversation": held.conversation,
            "message": held.message,
            "decision": held.decision,
            "mailbox": mailbox,
            "correction": filler.correct(held.decision),
            **_people(filler),
            **knowledge,
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
    more = {**_knowledge(filler, mark, mailbox), **_money(filler, mark, mailbox, message)}
    more |= _tried(filler, mark, mailbox, message)
    held = Held(made, claim.conversation, claim.id)
    with filler.database.transaction(filler.tenant) as db:
        note = notes.write(db, filler.tenant, claim.conversation, member=filler.member, words=f"{mark} note")
    more |= {"note": note}
    return Rows(filler, held, mailbox, more | _to_suppliers(filler, mark, held, mailbox, more["supplier"]))


def _to_suppliers(filler: Filler, mark: str, held: Held, mailbox: UUID, supplier: UUID) -> dict[str, UUID | str]:
    """A question to a supplier, and words for one that wait for a person before they go onto a ticket."""
    address = f"desk@{mark.lower()}.example"
    wish = ToAsk(supplier, "D400000001", Purpose.GENERAL, address, f"{mark} question", f"{mark} question")
    anchor = Anchor(mailbox, held.message, held.conversation)
    system = ticketing.Connected(f"https://{mark.lower()}.example", mark, Sealed(b"x"), "/tickets", "UTC")
    words = Words(WordsFor.SUPPLIER, f"{mark} words", address, conversation=held.conversation)
    with filler.database.transaction(filler.tenant) as db:
        asked = supplier_requests.ask(db, filler.tenant, wish, anchor, channel=Channel.GMAIL, member=filler.member)
        ticketing.put(db, filler.tenant, system, BridgeRules(Mode.GMAIL_ONLY), actor="test")
        ticket = tickets.open_one(db, filler.tenant, f"{mark}-1", held.conversation, held.message, about=0)
        written = tickets.write(db, filler.tenant, ticket, words, state=WordsState.HELD)
    return {"request": asked, "held_words": written}


def _people(filler: Filler) -> dict[str, UUID | str]:
    """A second member, somebody who is invited, and a session of the owner's in another browser."""
    with filler.database.transaction(filler.tenant) as db:
        values = {"name": "Tom", "password_hash": "x", "role": "agent"}
        person = members.add(db, filler.tenant, email="tom@somewhere.example", **values)
        invitations.invite(db, filler.tenant, email="ida@somewhere.example", role="agent", by=filler.member)
        members.open_session(db, filler.tenant, filler.member, agent="another browser")
    [invited] = filler.rows("SELECT id FROM invitation WHERE tenant_id = :tenant")
    [session] = filler.rows("SELECT id FROM web_session WHERE tenant_id = :tenant AND agent = 'another browser'")
    return {"person": person, "invitation": invited.id, "session": session.id}


def _tried(filler: Filler, mark: str, mailbox: UUID, message: Message) -> dict[str, UUID | str]:
    """A mail that the owner tried and that was read, and a comparison of the mailbox with Gmail."""
    with filler.database.transaction(filler.tenant) as db:
        trial = trials.ask(db, filler.tenant, member=filler.member, raw=b"x")
        claimed = trials.claim(db, filler.tenant, timedelta(minutes=1))
        effects = [{"kind": "reply", "to": f"{mark}@customer.example", "text": f"{mark} text"}]
        read = replace(UNDERSTANDING, text=f"{mark} text")
        assert trials.finish(
            db, claimed, message, understanding=read, decision=Decision.hold(f"{mark} reason"), effects=effects
        )
        reconciliation.keep(db, filler.tenant, mailbox, day=date(2026, 1, 1), at_gmail=7, missing=7)
    return {"trial": trial}


def _money(filler: Filler, mark: str, mailbox: UUID, message: Message) -> dict[str, UUID | str]:
    """An order of the same number in both workspaces, one of its own that was paid back in part, a wish, rules."""
    # Its number is one that every route could take for an id.
    till, number = Till(filler), str(uuid4()).upper()
    for one in ("SHARED-1", number):
        till.order(one, name=f"{mark} customer", email=f"{mark.lower()}@customer.example")
    paid = till.wanted(mailbox, number=number, minor=100, message=message)
    with filler.database.transaction(filler.tenant) as db:
        values = {"member": filler.member, "text_to_send": "Thank you.", "reference": new_reference()}
        approvals.approve(db, filler.tenant, paid.decision, **values)
        rules = RefundPolicy(excluded=frozenset({f"{mark} article"}))
        for version in range(1 if mark == "OWN" else 2):
            refund_policies.save(db, filler.tenant, replace(rules, version=version), filler.member)
    till.became(paid, "done", reference=f"{mark} reference")
    wanted = till.wanted(mailbox, number=number, message=message, reason=f"{mark} reason")
    till.tried(mailbox, (f"{mark}-9", True), message=message)
    return {"order": number, "wanted": wanted.decision, "act": till.act(wanted)}


def _knowledge(filler: Filler, mark: str, mailbox: UUID) -> dict[str, UUID | str]:
    """A document at the same path in both workspaces and one at a path of its own, a gap, a reply by a person."""
    answered, asked = filler.answered_by_hand(mailbox), filler.held(mailbox)
    gap = uuid4()
    with filler.database.transaction(filler.tenant) as db:
        for path in ("en/shared.md", f"en/{mark}.md"):
            found = StoredDocument(path, f"{mark}-version", f"{mark} lamp", body=f"{mark} lamp", title=f"{mark} title")
            documents.put(db, filler.tenant, found)
        gaps.keep(db, filler.tenant, "plain", [(asked.message, b"1234")])
        gaps.regroup(db, filler.tenant, [Grouped(gap, "en", (asked.message,))])
        domain = f"{mark.lower()}.example"
        supplier = suppliers.save(db, filler.tenant, Supplier(f"{mark} supplier", (domain,)), actor="test")
        # A view of everybody's would show its name to whoever could see it.
        values = {"member": filler.member, "name": f"{mark} view", "filter_": "assignee=me", "shared": True}
        view = views.save(db, filler.tenant, **values)
    return {"gap": gap, "reply": answered, "supplier": supplier, "view": view, **_asked_of(filler, mark, supplier)}


def _asked_of(filler: Filler, mark: str, supplier: UUID) -> dict[str, UUID | str]:
    """What the supplier was asked and has not answered, with an alert, and words that wait on a ticket."""
    _, alert = asker(filler.database, filler.tenant).silent(
        supplier, purchase=f"{mark}-PO", order_number="SHARED-1", subject=f"{mark} subject"
    )
    with filler.database.transaction(filler.tenant) as db:
        rules = SupplierRules(operations_address=f"{mark.lower()}@ops.example")
        supplier_rules.put(db, filler.tenant, rules, actor="test")
        system = ticketing.Connected(f"https://{mark.lower()}.example", mark, Sealed(b"x"), "/tickets", "UTC")
        ticketing.put(db, filler.tenant, system, BridgeRules(Mode.GMAIL_ONLY), actor="test")
        ticket = tickets.open_one(db, filler.tenant, "SHARED-1", None, None, about=2)
        words = Words(WordsFor.NOTE, f"{mark} words")
        written = tickets.write(db, filler.tenant, ticket, words, state=WordsState.NEEDS_PERSON)
    filler.rows("UPDATE ticket SET state = 'needs_person' WHERE tenant_id = :tenant RETURNING 1")
    return {"alert": alert, "words": written}


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


def _asked(app) -> list[tuple[str, str, Callable[[UUID | str], str]]]:
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

        def ask(one: UUID | str, method: str = method, path: Callable[[UUID | str], str] = path) -> tuple[int, bytes]:
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
        assert answer.status_code in {200, 204, 302}, f"{method} {endpoint}"


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
            ("GET", f"/orders?after={one}"),
            ("GET", f"/refunds?after={one}"),
            ("GET", f"/refunds?q={CANARY}"),
            ("GET", f"/suppliers/open?supplier={one}&after={one}"),
            ("GET", f"/suppliers/alerts?after={one}"),
            ("GET", f"/tickets?after={one}"),
        ]
    paths += [("GET", f"/conversations?q={CANARY}"), ("GET", "/knowledge/search?q=lamp"), ("GET", "/knowledge")]
    paths += [
        ("GET", f"/orders?q={CANARY}"),
        ("GET", "/orders/SHARED-1"),
        ("GET", "/settings/refunds/version?number=1"),
    ]
    paths += [("GET", "/refunds"), ("GET", "/refunds/attempts?after=999"), ("GET", "/refunds/export.csv")]
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


def test_a_version_of_another_tenants_rules_is_answered_like_one_that_nobody_has(
    browser: Browser, own: Rows, foreign: Rows
) -> None:
    theirs, nobodys = (browser.get(f"/settings/refunds/version?number={number}") for number in (2, 3))
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.data == nobodys.data
    assert "OWN article" in browser.page("/settings/refunds/version?number=1")


THEIR_DOCUMENTS = [
    f"/knowledge/{page}?path=en/{CANARY}.md&version={CANARY}-version&old={CANARY}-version&new={CANARY}-version"
    for page in ("passage", "versions", "differences", "edit", "remove")
] + [f"/knowledge/passage?path=en/shared.md&version={CANARY}-version"]


@pytest.mark.parametrize("path", THEIR_DOCUMENTS)
def test_another_tenants_document_is_answered_like_one_that_nobody_has(
    browser: Browser, own: Rows, foreign: Rows, path: str
) -> None:
    before = foreign.snapshot()
    theirs, nobodys = browser.get(path), browser.get(path.replace(CANARY, "nothing"))
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.data == nobodys.data
    # The control: our own of the same name is there.
    own_path = path.replace(CANARY, "OWN")
    assert browser.get(own_path).status_code == 200
    assert foreign.snapshot() == before


def test_nothing_is_done_to_another_tenants_document(browser: Browser, own: Rows, foreign: Rows) -> None:
    before = foreign.snapshot()
    for path in (f"en/{CANARY}.md", "en/shared.md"):
        named = {"path": path, "version": f"{CANARY}-version", "base": f"{CANARY}-version"}
        assert browser.post("/knowledge/restore", named).status_code == 404
        gap = {"gap": str(foreign.ids["gap"]), "checked": "yes"}
        browser.post("/knowledge/edit", {"act": "save", "title": "T", "body": "B", **named, **gap})
    assert browser.post("/knowledge/remove", {"path": f"en/{CANARY}.md"}).status_code in {302, 404}
    assert CANARY.lower() not in browser.page("/knowledge").replace(f"en/{CANARY}.md", "").lower()
    assert foreign.snapshot() == before


def test_a_session_of_one_tenant_opens_no_other(app, browser: Browser, own: Rows, foreign: Rows) -> None:
    token = browser.client.get_cookie("mailwright").value.partition(".")[2]
    browser.client.set_cookie("mailwright", f"{foreign.filler.tenant}.{token}")
    assert browser.get("/").status_code == 302


def test_an_order_of_another_tenants_ticket_is_answered_like_one_that_nobody_has(
    browser: Browser, own: Rows, foreign: Rows
) -> None:
    own.filler.rows("UPDATE ticket SET state = 'known' WHERE tenant_id = :tenant RETURNING 1")
    before = foreign.snapshot()
    for form in ({"act": "none"}, {"act": "found", "ticket": "7"}):
        page = browser.press("/tickets/look-again", {"order_number": "SHARED-1", **form})
        assert "No ticket of order SHARED-1 waits for a person any more." in page
    assert foreign.snapshot() == before
