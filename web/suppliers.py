"""The suppliers: the list, each one's page, and the form that adds, changes or removes one."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for

from domain.errors import BadInput
from domain.supplier import Purpose, Supplier, checked_supplier
from storage import mailboxes, supplier_numbers, supplier_open, supplier_rules
from storage import suppliers as rows
from web.fields import letter, line
from web.session import Page, allowed, member, services, signed_in
from web.supplier_requests import with_next
from web.supplier_times import reckoned
from web.words import LANGUAGES

pages = Blueprint("suppliers", __name__, url_prefix="/suppliers")

MOST_LINES = 100
# Of what a supplier's own page reckons response times, and how many open requests it shows.
DAYS, MOST_OPEN = 365, 20
# Those in which somebody has written reminders.
WRITTEN = ("en", "de", "fr", "es")


@pages.get("")
@signed_in
def page() -> Page:
    tenant, words = member().tenant, line(request.args.get("q", ""))
    with services().database.transaction(tenant) as db:
        known = rows.directory(db, tenant).suppliers
    return render_template("suppliers/page.html", suppliers=[one for one in known if _fits(one, words)], words=words)


@pages.get("/new")
@allowed("manage")
def new() -> Page:
    return _form(Supplier(""))


@pages.get("/<uuid:supplier>")
@signed_in
def one(supplier: UUID) -> Page:
    """Who it is, what it owes an answer to, how soon it answers, and what it wrote last."""
    tenant, now = member().tenant, datetime.now(UTC)
    with services().database.transaction(tenant) as db:
        found = rows.one(db, tenant, supplier)
        if found is None:
            abort(404)
        rules = supplier_rules.get(db, tenant)
        waiting = supplier_open.page(db, tenant, supplier=supplier, limit=MOST_OPEN + 1)
        asked = supplier_numbers.asked(db, tenant, now - timedelta(days=DAYS), supplier=supplier)
        mails = supplier_numbers.last_mail(db, tenant, supplier)
    return render_template(
        "suppliers/one.html", supplier=found[0], is_removed=found[1], rows=with_next(waiting[:MOST_OPEN], rules),
        more=len(waiting) > MOST_OPEN, times=reckoned(asked, rules, now).every, days=DAYS, mails=mails, now=now,
    )  # fmt: skip


@pages.get("/<uuid:supplier>/change")
@allowed("manage")
def edit(supplier: UUID) -> Page:
    return _form(_found(supplier))


@pages.post("/new")
@allowed("manage")
def add() -> Page:
    return _save(None)


@pages.post("/<uuid:supplier>/change")
@allowed("manage")
def change(supplier: UUID) -> Page:
    _found(supplier)
    return _save(supplier)


@pages.post("/<uuid:supplier>/remove")
@allowed("manage")
def remove(supplier: UUID) -> Page:
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        removed = rows.remove(db, tenant, supplier, actor=str(member().id))
    if not removed:
        abort(404)
    flash("Removed. Its mail is read like any other from now on; what was written stays.", "info")
    return redirect(url_for("suppliers.page"))


def _save(supplier: UUID | None) -> Page:
    """Nothing that was typed is lost where something is wrong with it."""
    tenant, typed = member().tenant, _typed(supplier)
    try:
        with services().database.transaction(tenant) as db:
            checked = checked_supplier(typed, sorted(mailboxes.own_addresses(db, tenant)))
            rows.save(db, tenant, checked, actor=str(member().id), is_new=supplier is None)
    except BadInput as error:
        return _form(typed, problem=error.reason, field=error.field)
    flash(f"Saved. Mail from {checked.name} is known by its sender from now on.", "info")
    return redirect(url_for("suppliers.page"))


def _typed(supplier: UUID | None) -> Supplier:
    form = request.form
    return Supplier(
        name=line(form.get("name", "")),
        domains=_lines(form.get("domains", "")),
        addresses=_lines(form.get("addresses", "")),
        contacts={purpose: line(form.get(purpose, "")) for purpose in Purpose},
        language=line(form.get("language", "")),
        id=supplier,
    )


def _form(supplier: Supplier, *, problem: str = "", field: str = "") -> Page:
    known = {code: LANGUAGES[code] for code in WRITTEN}
    languages = known if supplier.language in known else {supplier.language: supplier.language, **known}
    return render_template(
        "suppliers/form.html", supplier=supplier, problem=problem, field=field, purposes=list(Purpose),
        languages=languages,
    )  # fmt: skip


def _found(supplier: UUID) -> Supplier:
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        found = next((one for one in rows.directory(db, tenant).suppliers if one.id == supplier), None)
    if found is None:
        abort(404)
    return found


def _fits(supplier: Supplier, words: str) -> bool:
    said = " ".join((supplier.name, *supplier.domains, *supplier.every_address)).casefold()
    return words.casefold() in said


def _lines(text: str) -> tuple[str, ...]:
    return tuple(filter(None, map(line, letter(text).splitlines())))[:MOST_LINES]
