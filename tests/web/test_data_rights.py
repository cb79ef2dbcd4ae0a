"""A customer's rights: a copy of everything, being erased, and mail that grows old."""

import io
import json
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from domain.errors import BadInput
from domain.message import Address
from domain.supplier import Purpose, Supplier
from domain.supplier_request import Channel, ToAsk
from storage import approvals, audit, erasure, retention, supplier_open, supplier_requests, suppliers
from storage.references import new_reference
from storage.supplier_requests import Anchor
from tests.commands.test_upkeep import flask
from tests.storage.test_isolation import everything_of
from tests.web.conftest import Browser, seen
from tests.web.filling import MESSAGE, Filler
from tests.web.refunding import Till

ANNA, BEN = "anna@example.org", "ben@other.example"
MARK = "ANNA-SECRET-WORDS"


def mail_of(address: str, mark: str, n: int = 1):
    return replace(
        MESSAGE, sender=Address(address, f"{mark} name"), subject=f"{mark} subject", text=f"{mark} text",
        html=f"<p>{mark} html</p>", rfc_message_id=f"<{n}-{address}>",
    )  # fmt: skip


@pytest.fixture
def mailbox(filler: Filler):
    """Mail, drafts, a reply, an order that was paid back, a correction: of Anna, and the same of Ben."""
    mailbox = filler.mailbox()
    for address, mark in ((ANNA, MARK), (BEN, "BEN-STAYS")):
        raw = f"From: {address}\r\n\r\n{mark} raw".encode()
        held = filler.held(mailbox, mail_of(address, mark), draft=f"{mark} draft", raw=raw)
        filler.correct(held.decision)
        filler.released(mailbox, message=mail_of(address, mark, 2), raw=raw)
        till = Till(filler)
        number = f"LO-{mark[:4]}"
        till.order(number, name=f"{mark} name", email=address)
        wish = {"message": mail_of(address, mark, 3), "reason": f"{mark} reason", "draft": f"{mark} draft"}
        done = till.wanted(mailbox, number=number, minor=100, **wish)
        with filler.database.transaction(filler.tenant) as db:
            values = {"member": filler.member, "text_to_send": f"{mark} draft", "reference": new_reference()}
            approvals.approve(db, filler.tenant, done.decision, **values)
        till.became(done, "done")
    filler.rows(
        "UPDATE outbox SET recipient = :a WHERE tenant_id = :tenant AND text LIKE :m RETURNING 1", a=ANNA, m=f"{MARK}%"
    )
    filler.rows("""
        UPDATE outbox o SET recipient = m.sender_address, recipient_name = m.sender_name,
            state = CASE WHEN o.state = 'held' THEN 'held' ELSE 'sent' END
        FROM message m WHERE o.tenant_id = :tenant AND m.tenant_id = o.tenant_id AND m.id = o.message_id RETURNING 1
    """)
    return mailbox


def everything(owner, filler: Filler) -> str:
    return json.dumps(everything_of(owner, filler.tenant))


def test_after_erasing_nothing_of_the_customer_is_anywhere_and_others_keep_what_they_had(
    filler: Filler, mailbox, owner
) -> None:
    before = everything_of(owner, filler.tenant)
    assert MARK in json.dumps(before)
    with filler.database.transaction(filler.tenant) as db:
        counts = erasure.erase(db, filler.tenant, ANNA.upper(), actor=str(filler.member))
    after = everything(owner, filler)
    assert MARK not in after
    assert ANNA not in after
    assert counts["messages"] == 3
    for table, rows in before.items():
        for row in rows:
            if "BEN-STAYS" in row:
                assert row in json.loads(after)[table] or table == "mailbox", table
    # Payments stay as they were, of an order that is nobody's; mails are still known, so that none is fetched again.
    assert json.loads(after)["ledger_entry"] == before["ledger_entry"]
    assert len(json.loads(after)["message"]) == len(before["message"])
    assert "erased.invalid" in after
    with filler.database.transaction(filler.tenant) as db:
        assert audit.broken(db, filler.tenant) == ""
        assert erasure.erase(db, filler.tenant, ANNA, actor="x") == {}


def test_what_was_counted_of_them_goes_under_every_way_of_writing_their_address(filler: Filler, owner) -> None:
    """Limits count mailboxes, not spellings."""
    counted = """
        INSERT INTO reply_counter (tenant_id, scope, key, day, n)
        VALUES (:tenant, 'sender', 'annawinter@gmail.com', current_date, 3),
            (:tenant, 'sender', 'ben@x.example', current_date, 1)
    """
    with filler.database.transaction(filler.tenant) as db:
        db.execute(text(counted), {"tenant": filler.tenant})
        assert erasure.erase(db, filler.tenant, "Anna.Winter+lamp@gmail.com", actor="x") == {"counters": 1}
    assert [row.key for row in filler.rows("SELECT key FROM reply_counter")] == ["ben@x.example"]


def test_what_a_supplier_was_asked_for_an_erased_customer_is_known_as_ours_without_its_words(
    filler: Filler, mailbox
) -> None:
    """Without its row, our own mail in that thread would pass for one that staff wrote by hand."""
    first = filler.rows("SELECT id, conversation_id FROM message WHERE sender_address = :a LIMIT 1", a=ANNA)[0]
    with filler.database.transaction(filler.tenant) as db:
        acme = suppliers.save(db, filler.tenant, Supplier("Acme", ("acme.example",)), actor="test")
        words = (f"{MARK} subject", f"{MARK} text", "", f"{MARK} reason")
        wish = ToAsk(acme, "D400000001", Purpose.GENERAL, "desk@acme.example", *words)
        where = Anchor(mailbox, first.id, first.conversation_id)
        asked = supplier_requests.ask(db, filler.tenant, wish, where, channel=Channel.GMAIL, member=filler.member)
        db.exec_driver_sql("UPDATE outbox SET state = 'sent', sent_gmail_id = 'ours' WHERE kind = 'supplier_mail'")
        supplier_open.close(db, filler.tenant, asked, member=filler.member)
        erasure.erase(db, filler.tenant, ANNA, actor=str(filler.member))
    [row] = filler.rows("SELECT * FROM outbox WHERE kind = 'supplier_mail' AND tenant_id = :tenant")
    assert (row.state, row.sent_gmail_id, row.request_id) == ("sent", "ours", asked)
    [request] = filler.rows("SELECT * FROM supplier_request WHERE tenant_id = :tenant")
    assert MARK not in f"{row} {request}"
    assert ANNA not in f"{row} {request}"


@pytest.mark.parametrize("state", ["waiting", "pending", "sending", "uncertain"])
def test_nothing_is_erased_while_something_is_under_way(filler: Filler, mailbox, owner, state: str) -> None:
    under_way = filler.released(mailbox, state, message=mail_of(ANNA, MARK, 4))
    assert under_way
    before = everything(owner, filler)
    with pytest.raises(BadInput, match="just being"), filler.database.transaction(filler.tenant) as db:
        erasure.erase(db, filler.tenant, ANNA, actor="x")
    assert everything(owner, filler) == before


@pytest.mark.parametrize("state", ["pending", "sending", "uncertain", "needs_person"])
def test_whose_wish_is_carried_out_on_an_order_of_another_address_is_erased_once_that_has_ended(
    filler: Filler, state: str
) -> None:
    till = Till(filler)
    till.order("LO-7", email="annas-other@example.org")
    wish = till.wanted(filler.mailbox(), number="LO-7", message=mail_of(ANNA, MARK), draft="")
    till.became(wish, state)
    with pytest.raises(BadInput, match="just being"), filler.database.transaction(filler.tenant) as db:
        erasure.erase(db, filler.tenant, ANNA, actor="x")
    till.became(wish, "refused", "The shop says no.")
    with filler.database.transaction(filler.tenant) as db:
        assert erasure.erase(db, filler.tenant, ANNA, actor="x")["decisions"] == 1


def test_the_copy_holds_every_row_and_every_mail_as_it_came_and_nobody_elses(
    browser: Browser, filler: Filler, mailbox
) -> None:
    answer = browser.post("/data/copy", {"address": ANNA})
    assert answer.mimetype == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as file:
        data = json.loads(file.read("data.json"))
        mails = [file.read(name).decode() for name in file.namelist() if name.endswith(".eml")]
    assert len(data["messages"]) == len(mails) == 3
    assert all(data[name] for name in ("conversations", "decisions", "replies", "orders", "order_actions", "payments"))
    assert "BEN-STAYS" not in json.dumps(data) + str(mails)
    assert sum(MARK in mail for mail in mails) == 2


def test_the_page_looks_copies_and_erases_what_was_typed_twice(
    browser: Browser, filler: Filler, mailbox, owner
) -> None:
    assert "Mails: 3" in seen(browser.press("/data/look", {"address": ANNA}))
    assert "Nothing is kept" in seen(browser.press("/data/look", {"address": "nobody@x.example"}))
    assert "no mail address" in seen(browser.press("/data/look", {"address": "anna"}))
    refused = browser.press("/data/erase", {"address": ANNA, "again": BEN})
    assert "not the same" in seen(refused)
    assert MARK in everything(owner, filler)
    assert "Orders and payments stay" in seen(browser.press("/data/erase", {"address": ANNA, "again": ANNA}))
    assert MARK not in everything(owner, filler)
    for path in ("/", "/conversations", "/orders", "/refunds", "/learning", "/record"):
        assert MARK not in browser.page(path), path
    shown = seen(browser.page("/record"))
    assert "Erased a customer" in shown


def test_another_tenants_customer_of_the_same_address_is_not_touched(
    filler: Filler, mailbox, rival: Filler, owner
) -> None:
    theirs = rival.mailbox("their@shop.example")
    rival.held(theirs, mail_of(ANNA, "RIVAL"))
    before = everything_of(owner, rival.tenant)
    with filler.database.transaction(filler.tenant) as db:
        erasure.erase(db, filler.tenant, ANNA, actor="x")
    assert everything_of(owner, rival.tenant) == before


@pytest.mark.parametrize("role", ["agent", "viewer"])
def test_others_may_neither_copy_nor_erase(join, mailbox, role: str) -> None:
    other = join(role)
    assert other.get("/data").status_code == 403
    for act in ("look", "copy", "erase", "kept"):
        assert other.post(f"/data/{act}", {"address": ANNA, "again": ANNA}).status_code == 403


def test_the_words_of_old_mail_go_and_what_waits_stays(filler: Filler, mailbox, owner) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=100)
    filler.rows("UPDATE message SET received_at = :at WHERE tenant_id = :tenant RETURNING 1", at=long_ago)
    filler.rows("UPDATE support_case SET is_open = false WHERE tenant_id = :tenant RETURNING 1")
    fresh = filler.released(mailbox, message=mail_of("new@x.example", "FRESH", 9))
    with filler.database.transaction(filler.tenant) as db:
        assert retention.forget(db, filler.tenant) == 0, "kept until somebody says otherwise"
        retention.set_days(db, filler.tenant, 90, actor="x")
        n = retention.forget(db, filler.tenant)
        assert n > 0
        assert retention.forget(db, filler.tenant) == 0
    [raw] = filler.rows(
        "SELECT count(*) AS n FROM raw_mail WHERE tenant_id = :tenant AND message_id = :id", id=fresh.message
    )
    assert raw.n == 1
    gone = "SELECT count(*) AS n FROM message WHERE tenant_id = :tenant AND parsed IS NULL"
    assert filler.rows(gone)[0].n == n
    held = "SELECT count(*) AS n FROM decision WHERE tenant_id = :tenant AND disposition = 'hold' AND is_current"
    assert filler.rows(held)[0].n >= 2
    waiting = """SELECT m.parsed FROM message m JOIN decision d ON d.tenant_id = m.tenant_id AND d.message_id = m.id
        WHERE m.tenant_id = :tenant AND d.disposition = 'hold' AND d.is_current AND d.settled_at IS NULL"""
    assert all(row.parsed for row in filler.rows(waiting))


def test_pages_show_a_mail_whose_words_are_gone(browser: Browser, filler: Filler, mailbox) -> None:
    old = filler.released(mailbox, message=mail_of("old@x.example", "OLD", 7))
    filler.rows(
        "UPDATE message SET received_at = now() - interval '99 days'"
        " WHERE tenant_id = :tenant AND id = :id RETURNING 1",
        id=old.message,
    )
    with filler.database.transaction(filler.tenant) as db:
        retention.set_days(db, filler.tenant, 30, actor="x")
        assert retention.forget(db, filler.tenant) == 1
    page = browser.page(f"/conversations/{old.conversation}")
    assert "OLD" not in page
    assert browser.get("/conversations").status_code == 200


def test_how_long_mail_is_kept_is_set_on_the_page_within_limits(browser: Browser, filler: Filler) -> None:
    for wrong in ("5", "999999", "x", "-90"):
        assert "Give days from 30" in seen(browser.press("/data/kept", {"days": wrong})), wrong
    assert "go 90 days after" in seen(browser.press("/data/kept", {"days": "90"}))
    assert "Mail is kept until" in seen(browser.press("/data/kept", {"days": ""}))


def test_the_commands_copy_erase_and_forget(settings, filler: Filler, mailbox, owner, tmp_path) -> None:
    file = tmp_path / "anna.zip"
    done = flask(settings, "customer", "export", ANNA, str(file), "--tenant", "lumen")
    assert "rows written" in done.stdout, done.stderr
    assert file.stat().st_mode & 0o077 == 0
    assert "messages: 3" in flask(settings, "customer", "erase", ANNA, "--tenant", "lumen", "--yes").stdout
    assert MARK not in everything(owner, filler)
    with filler.database.transaction(filler.tenant) as db:
        retention.set_days(db, filler.tenant, 30, actor="x")
    filler.rows("UPDATE message SET received_at = now() - interval '40 days' WHERE tenant_id = :tenant RETURNING 1")
    assert "1 mail forgotten." in flask(settings, "retention", "run").stdout
