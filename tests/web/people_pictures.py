"""Pictures of the pages of people, account, record and signing in: `python -m tests.web.people_pictures DIR`.

Like tests/web/screenshots.py, but without mail and models, so that it takes seconds.
"""

import sys
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from playwright.sync_api import Page, sync_playwright

from bootstrap import Services, build
from storage import events, invitations, members, tenants
from tests.support.browser import find_chromium
from tests.support.servers import running_servers
from tests.web.screenshots import EMAIL, PASSWORD, _migrated, _served, _settings
from web import passwords
from web.secret_links import written

LOOKS = ((360, "light"), (360, "dark"), (1280, "light"), (1280, "dark"))


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with running_servers(lambda url: _migrated(servers.postgres, url)) as servers, servers.fresh_database() as owner:
        name = owner.rsplit("@/", 1)[1].split("?")[0]
        url = servers.postgres.url(name, "pictures_app", "a")
        mail = {"mail_host": "127.0.0.1", "mail_port": 9, "mail_from": "desk@x.example", "mail_security": "none"}
        services = build(replace(_settings(url), **mail))
        link = _fill(services)
        with _served(services) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
            for width, scheme in LOOKS:
                page = browser.new_page(
                    viewport={"width": width, "height": 860}, color_scheme=scheme, reduced_motion="reduce"
                )
                _photograph(page, address, folder, f"{width}-{scheme}", link)
                page.close()
            browser.close()
        services.close()


def _fill(services: Services) -> str:
    """A workspace with people; returns an open invitation's link."""
    tenant = uuid4()
    with services.database.transaction(tenant) as db:
        tenants.create(db, tenant, slug="lumen-oak", name="Lumen & Oak")
        mara = members.add(
            db, tenant, email=EMAIL, name="Mara Lindqvist", password_hash=passwords.hashed(PASSWORD), role="owner"
        )
        for email, named, role in (
            ("jonas@lumen-oak.example", "Jonas Weber", "agent"),
            ("a.very.long.address.of.somebody@department.lumen-oak.example", "", "viewer"),
        ):
            members.add(db, tenant, email=email, name=named, password_hash="", role=role)
        token = invitations.invite(db, tenant, email="ida@lumen-oak.example", role="admin", by=mara)
        detail = {"by": "local models", "category": "refund", "confidence": 0.93}
        events.record(db, tenant, actor="machine", kind="message_hold", subject=uuid4(), **detail)
        events.record(db, tenant, actor="machine", kind="message_ignore", subject=uuid4(), by="rule")
        events.record(db, tenant, actor="customer", kind="identity_confirmed", subject=uuid4())
        for _ in range(60):
            events.record(db, tenant, actor=str(mara), kind="reply_approved", subject=uuid4(), edited=True)
    return written(tenant, token)


def _photograph(page: Page, address: str, folder: Path, end: str, link: str) -> None:
    def shot(name: str) -> None:
        page.screenshot(path=folder / f"{name}-{end}.png", full_page=True)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 0:
            print(f"{name}-{end}: {wide} px too wide")

    for name, path in (
        ("sign-in", "/sign-in"),
        ("sign-up", "/sign-up"),
        ("forgotten", "/forgotten"),
        ("invitation", f"/invitation/{link}"),
        ("invitation-dead", "/invitation/x"),
    ):
        page.goto(address + path)
        shot(name)
    page.goto(f"{address}/sign-in")
    page.fill("#email", EMAIL)
    page.fill("#password", PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    for name, path in (
        ("people", "/people"),
        ("account", "/account"),
        ("record", "/record?check=yes"),
        ("data", "/data"),
    ):
        page.goto(address + path)
        shot(name)
    page.goto(f"{address}/people")
    page.get_by_text("Change role…").first.click()
    page.get_by_text("Let go…").last.click()
    shot("people-open")
    page.fill("#email", f"new{end}@lumen-oak.example")
    page.get_by_role("button", name="Make a link").click()
    shot("people-link")
    page.goto(f"{address}/account")
    page.get_by_role("button", name="Set it up").click()
    shot("factor")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
