"""Pictures of every page with the demonstration shop's mail in it: `python -m tests.web.screenshots DIR`.

Everything is real: the mail is decided by `worker.process` with the local models (`make setup` leaves them in `var/`),
the pages are served over HTTP and looked at by a Chromium. Only Gmail is absent, so replies are marked as sent here.
"""

import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

from playwright.sync_api import Page, sync_playwright
from sqlalchemy import text
from werkzeug.serving import make_server

from adapters.mime.parse import parse
from adapters.vault import new_key
from app import create_app
from bootstrap import Services, build
from commands.importing import save_checked_mail, save_documents, save_orders
from domain.case import Case
from domain.category import Category
from domain.composition import Attempt, Judged, Quoted, Sentence
from domain.decision import Decision, Reply
from domain.errors import Unreadable
from domain.order import OrderItem
from rag.checked import WRONG_ANSWERS
from settings import ROOT, Settings
from storage import answer_standings, approvals, documents, mailboxes, members, migrate, tenants
from storage.documents import StoredDocument
from tests.support.browser import find_chromium
from tests.support.letters import letter
from tests.support.servers import running_servers
from tests.web.filling import CHECKS, CITATION, LOOK, MESSAGE, UNDERSTANDING, Filler, Held
from tests.web.picture_suppliers import fill_suppliers, photograph_suppliers
from tests.web.refunding import DRAFT, LAMP, REFUND, Till
from web import passwords
from worker import gaps, index, learn, process

SHOP = ROOT / "demonstration_shop"
EMAIL, PASSWORD = "mara@lumen-oak.example", "a password for pictures"
WIDTHS = (360, 768, 1280, 1920)
DOCUMENT = "en/returns.md"
HIDDEN = "en/care.md"
WEB_PAGE = "en/old-help.html"
VERIFIED = b"Authentication-Results: mx.google.com; dkim=pass header.i=@%s; dmarc=pass header.from=%s\r\n"


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with running_servers(lambda url: _migrated(servers.postgres, url)) as servers, servers.fresh_database() as owner:
        name = owner.rsplit("@/", 1)[1].split("?")[0]
        services = build(_settings(servers.postgres.url(name, "pictures_app", "a")))
        tenant, shop = _fill(services)
        with _served(services) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1280, "height": 860}, reduced_motion="reduce")
            _photograph(page, address, folder, tenant, shop, services)
            browser.close()
        services.close()


def _migrated(postgres, url: str) -> None:
    app_url = postgres.url("postgres", "pictures_app", "a")
    migrate.upgrade(url, app_url=app_url, listener_url=postgres.url("postgres", "pictures_listener", "l"))


def _settings(database_url: str) -> Settings:
    return Settings(
        database_url=database_url,
        secret_key="k" * 40,
        key_ring=new_key("k1"),
        public_url="http://localhost",
        google_client_id="x",
        google_client_secret="x",
        google_metadata_url="http://127.0.0.1:9/",
    )


def _fill(services: Services) -> tuple[Filler, UUID]:
    tenant = uuid4()
    with services.database.transaction(tenant) as db:
        tenants.create(db, tenant, slug="lumen-oak", name="Lumen & Oak")
        mara = members.add(
            db, tenant, email=EMAIL, name="Mara Lindqvist", password_hash=passwords.hashed(PASSWORD), role="owner"
        )
        jonas = members.add(
            db, tenant, email="jonas@lumen-oak.example", name="Jonas Weber", password_hash="x", role="agent"
        )
    filler = Filler(services.database, tenant, mara)
    shop = filler.mailbox("support@lumen-oak.example")
    save_orders(services, tenant, SHOP / "orders.csv")
    save_documents(services, tenant, ROOT / "knowledge_base")
    with services.database.transaction(tenant) as db:
        answer_standings.set_target(db, tenant, WRONG_ANSWERS)
    save_checked_mail(services, tenant)
    while index.work(services, tenant):
        pass
    learn.work(services, tenant)
    filler.rows("UPDATE mailbox SET connected_at = now() - interval '3 days' WHERE tenant_id = :tenant RETURNING 1")
    _bring_mail(filler, shop)
    while process.work(services, tenant):
        pass
    _settle(filler, jonas)
    _know(services, filler)
    _compose(filler, shop)
    return filler, shop


def _know(services: Services, filler: Filler) -> None:
    """What a knowledge base looks like after a while: read in, changed, one file left out, questions unanswered."""
    tenant = filler.tenant
    changed = (ROOT / "knowledge_base" / DOCUMENT).read_text().replace("30 days", "60 days") + "\nThis is new.\n"
    with services.database.transaction(tenant) as db:
        documents.put(
            db, tenant, services.read_document(DOCUMENT, changed.encode(), maker="member", member=filler.member)
        )
        hidden = (ROOT / "knowledge_base" / HIDDEN).read_text().replace("visibility: public", "visibility: internal")
        documents.put(db, tenant, services.read_document(HIDDEN, hidden.encode(), maker="member", member=filler.member))
        page = b"<title>Old help</title><h1>Old help</h1><p>Write to us.</p>"
        documents.put(db, tenant, services.read_document(WEB_PAGE, page, maker="upload", member=filler.member))
        documents.put(db, tenant, StoredDocument("en/price-list.md", "v", "---\nvisibility: intern\n---\nLamps."))
    while index.work(services, tenant):
        pass
    filler.rows("UPDATE gap_work SET next_at = now() WHERE tenant_id = :tenant RETURNING 1")
    gaps.work(services, tenant)


def _compose(filler: Filler, shop: UUID) -> None:
    """What a language model would have written, with the verdict on each of its sentences."""
    version, body = filler.rows(
        "SELECT version, body FROM document WHERE tenant_id = :tenant AND path = :path ORDER BY is_current LIMIT 1",
        path=DOCUMENT,
    )[0]
    quote = next(one for one in body.split("\n") if "30 days" in one)
    start = body.index(quote)
    cited = replace(CITATION, source=DOCUMENT, start=start, end=start + len(quote), quote=quote, version=version)
    attempts = (
        Attempt("a-model", "Asked, with <NAME_1>", "", reason="it took too long"),
        Attempt(
            "another-model",
            "Question: may <NAME_1> send the lamp back?\n\n[1] " + quote,
            json.dumps({"sentences": [{"text": "You can send it back within 30 days.", "quotes": [quote]}]}),
            (
                Judged(Sentence("Thank you for asking.")),
                Judged(Sentence("You can send it back within 30 days.", (Quoted(1, quote),))),
                Judged(
                    Sentence("We pay it out within 2 days.", (Quoted(1, quote),)), "the number 2 stands in no quote"
                ),
            ),
        ),
    )
    claim = filler.store(shop, replace(MESSAGE, subject="May I send the lamp back?"))
    reply = Reply(MESSAGE.sender, MESSAGE.subject, "Dear Anna,\n\nYou can send it back within 30 days.")
    decision = Decision.hold("A language model wrote the draft; a person looks at it first.", reply).after(*attempts)
    decision = replace(decision.proven_by(cited).checked(*CHECKS), answer=replace(LOOK, passage=cited.heading))
    filler.decide(claim, decision, UNDERSTANDING)


def _bring_mail(filler: Filler, shop: UUID) -> None:
    files = sorted([*(SHOP / "mails").glob("*.json"), *(SHOP / "mails").glob("*.eml")], key=lambda file: file.name)
    for number, file in enumerate(files):
        at = datetime.now(UTC) - timedelta(minutes=11 * (len(files) - number))
        raw, thread = file.read_bytes(), file.stem
        if file.suffix == ".json":
            mail = json.loads(raw)
            if "minutes_ago" in mail:
                continue
            thread = mail.get("reply_to_previous", thread)
            raw = letter(f"{mail['from_name']} <{mail['from']}>", mail["to"], mail["subject"], mail["text"])
            if mail["auth"] == "pass":
                domain = mail["from"].partition("@")[2].encode()
                raw = VERIFIED % (domain, domain) + raw
        try:
            message = parse(raw)
        except Unreadable as error:
            filler.store(shop, None, thread=thread, state="unreadable", at=at, error=str(error))
            continue
        if file.suffix == ".json" and mail.get("html"):
            message = replace(message, html=mail["html"])
        filler.store(shop, message, thread=thread, at=at)


def _settle(filler: Filler, jonas: UUID) -> None:
    """What the workers and two people would have done since."""
    with filler.database.transaction(filler.tenant) as db:
        values = {"tenant": filler.tenant, "jonas": jonas}
        db.execute(
            text("""
                UPDATE outbox SET state = 'sent', sent_at = now() - interval '20 minutes'
                WHERE tenant_id = :tenant AND state = 'pending'
            """),
            values,
        )
        db.execute(
            text("""
                UPDATE decision SET settled_at = now(), settled_by = :jonas, settlement = 'dismissed'
                WHERE tenant_id = :tenant AND id IN (SELECT id FROM decision WHERE tenant_id = :tenant
                    AND disposition = 'hold' AND importance = 1 LIMIT 3)
            """),
            values,
        )
        db.execute(
            text("""
                UPDATE mailbox SET sync_state = 'live', last_ok_at = now() - interval '8 seconds',
                    last_sent_at = now() - interval '20 minutes' WHERE tenant_id = :tenant
            """),
            values,
        )


def _say(filler: Filler) -> None:
    """Members named a few mails anew, one of which has ended."""
    held = filler.rows("SELECT id FROM decision WHERE tenant_id = :tenant AND settled_at IS NOT NULL LIMIT 3")
    for (decision,), topic in zip(held, ("praise", "feedback", "sales_pitch"), strict=False):
        filler.correct(decision, Category.OTHER, topic)
    filler.rows("""
        UPDATE correction SET expires_at = now() - interval '1 day' WHERE tenant_id = :tenant
            AND sub_intent = 'feedback' RETURNING 1
    """)


@contextmanager
def _served(services: Services) -> Iterator[str]:
    app = create_app(services.settings, services)
    app.config["TRUSTED_HOSTS"] = None
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _photograph(page: Page, address: str, folder: Path, filler: Filler, shop: UUID, services: Services) -> None:
    def every(name: str, path: str, *, full: bool = False) -> None:
        page.goto(address + path)
        for width in WIDTHS:
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                page.set_viewport_size({"width": width, "height": 780 if width < 700 else 900})
                page.screenshot(path=folder / f"{name}-{width}-{scheme}.png", full_page=full)

    every("sign-in", "/sign-in")
    page.goto(address + "/sign-in")
    page.fill("#email", EMAIL)
    page.fill("#password", "not this one")
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()
    page.screenshot(path=folder / "sign-in-refused.png")
    page.fill("#email", EMAIL)
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(address + "/")
    every("queue", "/")
    every("queue-filtered", "/?category=refund&language=de")
    every("queue-resting", "/?state=snoozed")
    every("queue-settled", "/?state=done")
    every("conversations", "/conversations")
    for name, wanted in (
        ("held", "d.disposition = 'hold' AND o.state = 'held'"),
        ("answered", "d.disposition = 'release' AND d.category = 'question'"),
        ("cited", "jsonb_array_length(d.citations) > 0"),
        ("composed", "jsonb_array_length(d.composition) > 0"),
        ("written", "d.disposition = 'hold' AND o.state IS NULL AND d.importance > 3"),
    ):
        rows = filler.rows(f"""
            SELECT d.conversation_id FROM decision d
                LEFT JOIN outbox o ON o.tenant_id = d.tenant_id AND o.decision_id = d.id
            WHERE d.tenant_id = :tenant AND d.settled_at IS NULL AND {wanted} ORDER BY d.importance DESC, d.id LIMIT 1
        """)  # noqa: S608  # the conditions above
        if rows:
            shown = f"/conversations/{rows[0][0]}"
            every(f"conversation-{name}", shown, full=True)
    every("numbers", "/numbers/")
    for name, path in (
        ("phases", "/phases"),
        ("try", "/try"),
        ("completeness", "/completeness"),
        ("drafts", "/drafts"),
        ("sending", "/sending"),
        ("customers", "/customers"),
        ("settings-all", "/settings"),
        ("reports", "/reports"),
        ("alerts", "/alerts"),
    ):
        every(name, path, full=True)
    page.goto(address + "/customers")
    page.locator("tbody a, .rows a").first.click()
    page.wait_for_load_state()
    every("customer", page.url.removeprefix(address), full=True)
    every("mailboxes", "/mailboxes/")
    page.set_viewport_size({"width": 1280, "height": 860})
    page.emulate_media(color_scheme="light")
    page.get_by_text("Disconnect…").click()
    page.get_by_text("Mara Lindqvist").first.click()
    page.screenshot(path=folder / "mailboxes-folds-open.png")
    _say(filler)
    every("learning", "/learning", full=True)
    page.goto(address + shown)
    page.get_by_text("Say what it is about", exact=True).click()
    page.screenshot(path=folder / "conversation-say-what-it-is.png", full_page=True)
    page.goto(address + "/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.screenshot(path=folder / "queue-row-focused.png")
    page.keyboard.press("?")
    page.screenshot(path=folder / "queue-shortcuts.png")
    _photograph_knowledge(page, address, folder, filler, every)
    photograph_refunds(page, address, folder, _refund(filler, shop), every)
    every("nothing-here", "/nothing/here")
    every("suppliers-none", "/suppliers")
    fill_suppliers(services, filler)
    photograph_suppliers(page, address, folder, filler, every)
    with filler.database.transaction(filler.tenant) as db:
        mailboxes.set_status(
            db, filler.tenant, shop, "needs_reauth", only_from=["active"], error="The grant was revoked at Google."
        )
        tenants.set_answering(db, filler.tenant, answering=False)
        db.execute(
            text("UPDATE decision SET settled_at = now(), settlement = 'dismissed' WHERE tenant_id = :tenant"),
            {"tenant": filler.tenant},
        )
    every("queue-empty-in-trouble", "/")
    every("mailboxes-in-trouble", "/mailboxes/")


def _photograph_knowledge(page: Page, address: str, folder: Path, filler: Filler, every: Callable[..., None]) -> None:
    versions = filler.rows(
        "SELECT version, length(body) AS n FROM document WHERE tenant_id = :tenant AND path = :path"
        " ORDER BY is_current DESC",
        path=DOCUMENT,
    )
    new, old = versions[0].version, versions[-1].version
    every("knowledge", "/knowledge")
    every("knowledge-search", "/knowledge/search?q=how+long+can+I+return+a+lamp", full=True)
    every("knowledge-search-nothing", "/knowledge/search?q=zeppelin")
    every("knowledge-upload", "/knowledge/upload", full=True)
    every("knowledge-edit", f"/knowledge/edit?path={DOCUMENT}", full=True)
    every("knowledge-versions", f"/knowledge/versions?path={DOCUMENT}")
    every("knowledge-differences", f"/knowledge/differences?path={DOCUMENT}&old={old}&new={new}", full=True)
    every("knowledge-remove", f"/knowledge/remove?path={DOCUMENT}")
    every("knowledge-passage", f"/knowledge/passage?path={DOCUMENT}&version={old}&start=60&end=140", full=True)
    every("knowledge-not-editable", f"/knowledge/edit?path={WEB_PAGE}")
    every("gaps", "/gaps", full=True)
    gap = filler.rows("SELECT id FROM gap WHERE tenant_id = :tenant AND state = 'open' LIMIT 1")
    if gap:
        every("gaps-article", f"/gaps/{gap[0].id}/article", full=True)
    filler.rows(
        "UPDATE knowledge SET wanted = done + 1, total = 3000, embedded = 1240 WHERE tenant_id = :tenant RETURNING 1"
    )
    every("knowledge-working", "/knowledge")
    # What only a button leads to: showing it to customers again, the preview, somebody faster, what became of files.
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="light")
    page.goto(f"{address}/knowledge/versions?path={HIDDEN}")
    page.get_by_role("button", name="Make it current again").last.click()
    page.screenshot(path=folder / "knowledge-restore.png", full_page=True)
    page.goto(f"{address}/knowledge/edit?path={DOCUMENT}")
    page.get_by_role("button", name="Preview").click()
    page.screenshot(path=folder / "knowledge-preview.png", full_page=True)
    page.evaluate("document.querySelector('[name=base]').value = '0'")
    page.fill("#body", "Mine is shorter.")
    page.get_by_role("button", name="Save").click()
    page.screenshot(path=folder / "knowledge-meanwhile.png", full_page=True)
    page.goto(address + "/knowledge/upload")
    page.set_input_files(
        "#files",
        [
            {"name": "new.md", "mimeType": "text/plain", "buffer": b"# New\n\nA text."},
            {"name": "run.exe", "mimeType": "text/plain", "buffer": b"MZ"},
        ],
    )
    page.get_by_role("button", name="Upload").click()
    page.screenshot(path=folder / "knowledge-uploaded.png", full_page=True)


@dataclass(frozen=True)
class Wishes:
    """Mails that want money back, by how far each has come."""

    one: Held
    two: Held
    person: Held
    done: Held


def _refund(filler: Filler, shop: UUID) -> Wishes:
    """What orders, cases and the ledger look like after a while."""
    till = Till(filler)
    till.order("LO-70001", items=(LAMP, OrderItem("BULB-2", "Bulb, warm", 2, 650, "light", final_sale=True)))
    till.order("LO-70002", 64_900, name="Bertram von Hohenstein-Oberndorf", email="bertram@briefkasten.example")
    till.order("LO-70003", currency="CHF", status="shipped", tracking_url="javascript:x")
    done = till.wanted(shop, number="LO-70001", message=replace(REFUND, subject="My bulb"), minor=1300)
    with filler.database.transaction(filler.tenant) as db:
        values = {"member": filler.member, "text_to_send": "Thank you.", "reference": "ABC234"}
        approvals.approve(db, filler.tenant, done.decision, **values)
    till.became(done, "done", reference="shop-00017")
    one = till.wanted(shop, number="LO-70001", message=replace(REFUND, subject="My lamp came broken"))
    two = till.wanted(shop, number="LO-70002", minor=64_900, approvals=2, draft=DRAFT.replace("49.90", "649.00"))
    person = till.with_a_person(shop, replace(Case("refund"), order_number="LO-70001").with_wrong_numbers("LO-1"))
    refused = till.wanted(shop, number="LO-70001", message=replace(REFUND, subject="The other lamp"), minor=100)
    till.became(refused, "refused", "The card is closed: pay it out in another way.")
    unclear = till.wanted(shop, number="LO-70002", message=replace(REFUND, subject="The shelf"), minor=200)
    till.became(unclear, "uncertain")
    till.tried(shop, ("LO-70002", True), ("LO-99999", False), message=replace(REFUND, subject="Give me money"))
    return Wishes(one, two, person, done)


def photograph_refunds(page: Page, address: str, folder: Path, wishes: Wishes, every: Callable[..., None]) -> None:
    for name, held in (("one", wishes.one), ("two", wishes.two), ("person", wishes.person), ("done", wishes.done)):
        every(f"case-{name}", f"/conversations/{held.conversation}", full=True)
    every("orders", "/orders")
    every("order", "/orders/LO-70001", full=True)
    every("order-shipped", "/orders/LO-70003")
    every("orders-upload", "/orders/upload", full=True)
    every("refunds", "/refunds", full=True)
    every("refunds-none", "/refunds?state=needs_person")
    every("attempts", "/refunds/attempts")
    every("refund-policy", "/settings/refunds", full=True)
    every("settings", "/settings")
    for width, scheme in ((360, "dark"), (1280, "light")):
        page.set_viewport_size({"width": width, "height": 860})
        page.emulate_media(color_scheme=scheme)
        shot = partial(_shot, page, folder, f"{width}-{scheme}")
        page.goto(f"{address}/conversations/{wishes.one.conversation}")
        page.get_by_text("Refund 49.90 EUR to the way it was paid and send").first.click()
        page.get_by_text("steps so far").click()
        shot("case-confirm")
        page.get_by_text("Refuse…").click()
        page.get_by_label("The rule that refuses it").select_option("window")
        page.get_by_role("button", name="Prepare the reply").first.click()
        shot("case-refuse")
        page.goto(f"{address}/refunds")
        page.get_by_text("For finance…").click()
        shot("refunds-finance")
        page.goto(f"{address}/orders/upload")
        rows = (
            b"order_number,customer_email,status,currency,total_minor,placed_at\nLO-7,a@x.example,lost,EUR,1,2026-01-01"
        )
        page.set_input_files("#file", [{"name": "o.csv", "mimeType": "text/csv", "buffer": rows}])
        page.get_by_role("button", name="Bring them in").click()
        shot("orders-brought")
        page.goto(f"{address}/settings/refunds")
        page.fill("#days-delivered", "3")
        page.get_by_role("button", name="Preview the effect").click()
        shot("refund-policy-preview")
        page.fill("#days-delivered", "soon")
        page.fill("#alone-EUR", "1,000.00")
        page.get_by_role("button", name="Preview again").click()
        shot("refund-policy-problems")
        page.goto(f"{address}/settings/refunds")
        page.fill("#per_month", str(width % 100))
        page.get_by_role("button", name="Preview the effect").click()
        page.get_by_role("button", name="Save as version").click()
        page.goto(f"{address}/settings/refunds/version?number=1")
        shot("refund-policy-version")


def _shot(page: Page, folder: Path, end: str, name: str) -> None:
    page.screenshot(path=folder / f"{name}-{end}.png", full_page=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
