"""Pictures of the pages of suppliers and tickets, with the demonstration's requests in them."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page

from bootstrap import Services
from commands.demo_suppliers import bring_suppliers
from commands.demo_ticketing import connect_ticketing
from domain.decision import WordsFor
from domain.delivery import WordsState
from storage import suppliers, ticketing, tickets
from storage.tickets import Words
from tests.web.filling import Filler

PAGES = {
    "suppliers": "/suppliers", "suppliers-open": "/suppliers/open", "suppliers-times": "/suppliers/times",
    "suppliers-year": "/suppliers/times?days=365", "suppliers-alerts": "/suppliers/alerts",
    "suppliers-reminders": "/suppliers/reminders", "tickets": "/tickets",
}  # fmt: skip


def fill_suppliers(services: Services, filler: Filler) -> None:
    """The demonstration's directory and requests, and tickets at which a person has to look."""
    connect_ticketing(services, filler.tenant, 9)
    bring_suppliers(services, filler.tenant)
    refused = Words(WordsFor.CUSTOMER, "Dear Anna,\n\nIt left on Monday.", "anna@brightpost.example")
    lost, asked = Words(WordsFor.NOTE, "The customer wrote:\n| Where is it?"), "Dear Brennfeld,\n\nwhere is the parcel?"
    with filler.database.transaction(filler.tenant) as db:
        ticketing.trouble(db, filler.tenant, "The ticketing system is out of order (502).")
        for number, words, state in (
            ("LO-48318", refused, WordsState.REFUSED),
            ("LO-48322", lost, WordsState.NEEDS_PERSON),
            ("LO-48331", Words(WordsFor.SUPPLIER, asked, "orders@brennfeld.example"), WordsState.HELD),
        ):
            ticket = tickets.open_one(db, filler.tenant, number, None, None, about=2)
            assert ticket is not None
            tickets.write(db, filler.tenant, ticket, words, state=state)
    filler.rows("""
        UPDATE ticket_words SET last_error = 'The ticketing system refused it: TICKET_CLOSED.', sending_at = now()
        WHERE tenant_id = :tenant AND state <> 'held' RETURNING 1
    """)
    filler.rows("""
        UPDATE ticket SET state = 'needs_person', next_at = NULL, last_error = 'The ticketing system never said whether
            it made a ticket, and shows none. Look there before one is made.'
        WHERE tenant_id = :tenant AND order_number = 'LO-48322' RETURNING 1
    """)


def photograph_suppliers(page: Page, address: str, folder: Path, filler: Filler, every: Callable[..., None]) -> None:
    for name, path in PAGES.items():
        every(name, path, full=True)
    with filler.database.transaction(filler.tenant) as db:
        first = suppliers.directory(db, filler.tenant).suppliers[0]
    every("supplier", f"/suppliers/{first.id}", full=True)
    every("supplier-change", f"/suppliers/{first.id}/change", full=True)
    for width, scheme in ((360, "dark"), (1280, "light")):
        page.set_viewport_size({"width": width, "height": 860})
        page.emulate_media(color_scheme=scheme)
        page.goto(f"{address}/suppliers/reminders")
        page.get_by_role("button", name="Add a step").click()
        page.fill("#hours-3", "70")
        page.fill("#zone", "Nowhere")
        page.get_by_role("button", name="Save the reminders").click()
        page.screenshot(path=folder / f"suppliers-reminders-problems-{width}-{scheme}.png", full_page=True)
        page.goto(f"{address}/suppliers/times")
        page.locator("#weeks summary").click()
        page.screenshot(path=folder / f"suppliers-times-numbers-{width}-{scheme}.png", full_page=True)
        page.goto(f"{address}/tickets")
        page.get_by_role("button", name="It is this ticket").click()
        page.screenshot(path=folder / f"tickets-problem-{width}-{scheme}.png", full_page=True)
