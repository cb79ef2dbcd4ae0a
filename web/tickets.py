"""The ticketing system beside the desk: what a person has to look at there, and what of the mail goes onto tickets."""

from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for

from domain.bridging import BridgeRules, Mode
from storage import ticket_ends, ticketing, tickets_waiting
from web.fields import PAGE, line, row_id
from web.session import Page, allowed, member, services, signed_in

pages = Blueprint("tickets", __name__, url_prefix="/tickets")

_LARGEST_ID = 2**63 - 1


@pages.get("")
@signed_in
def page() -> Page:
    return _page()


@pages.post("/look-again")
@allowed("answer")
def look_again() -> Page:
    """A person has looked at the system: the ticket is the one with this id, or there is certainly none."""
    number, found = line(request.form.get("order_number", "")), line(request.form.get("ticket", ""))
    is_there = request.form.get("act") != "none"
    if is_there and not (found.isascii() and found.isdigit() and 1 <= int(found) <= _LARGEST_ID):
        return _page(problem=number, typed=found)
    tenant, actor = member().tenant, str(member().id)
    with services().database.transaction(tenant) as db:
        external = int(found) if is_there else None
        going_on = ticket_ends.look_again(db, tenant, number, external_id=external, actor=actor)
    if going_on:
        said = f"with ticket {found}" if is_there else "and makes a ticket where none is found"
        flash(f"The machine goes on with order {number}, {said}.", "info")
    else:
        flash(f"No ticket of order {number} waits for a person any more.", "warning")
    return redirect(url_for("tickets.page"))


@pages.post("/words/<uuid:words>/settle")
@allowed("answer")
def settle(words: UUID) -> Page:
    with services().database.transaction(member().tenant) as db:
        if not tickets_waiting.settle(db, member().tenant, words, member=member().id):
            abort(404)
    flash("Taken off the list. Nothing was sent.", "info")
    return redirect(url_for("tickets.page"))


@pages.post("/mode")
@allowed("manage")
def mode() -> Page:
    """Where replies about known orders go. To connect stays a command: a password is typed on no page."""
    chosen = request.form.get("mode", "")
    if chosen not in set(Mode):
        abort(400)
    rules = BridgeRules(Mode(chosen), shadow=request.form.get("shadow") == "yes")
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        if not ticketing.set_rules(db, tenant, rules, actor=str(member().id)):
            flash("No ticketing system is connected.", "warning")
            return redirect(url_for("tickets.page"))
    flash("Saved. It holds for what is decided from now on.", "info")
    return redirect(url_for("tickets.page"))


def _page(*, problem: str = "", typed: str = "") -> Page:
    """`problem` is the order for which no ticket's id was typed, `typed` what was."""
    tenant, after = member().tenant, row_id("after")
    with services().database.transaction(tenant) as db:
        connected, rules = ticketing.find(db, tenant), ticketing.rules(db, tenant)
        last_trouble = ticketing.last_error(db, tenant)
        rows = tickets_waiting.page(db, tenant, after=after, limit=PAGE + 1)
    return render_template(
        "tickets/page.html", rows=rows[:PAGE], more=len(rows) > PAGE, after=after, connected=connected, rules=rules,
        last_trouble=last_trouble, modes=list(Mode), problem=problem, typed=typed,
    )  # fmt: skip
