"""The forms of a workspace's order, ticket and purchase order numbers: read, try and change them."""

from flask import Blueprint, flash, redirect, render_template, request, url_for

from domain.errors import BadInput
from domain.number_forms import NumberForms
from storage import events, tenants
from understanding.context import Context
from understanding.numbers import Numbers, numbers_in
from understanding.quotes import split
from web.fields import letter, line
from web.session import Page, allowed, member, services, signed_in

pages = Blueprint("numbers", __name__, url_prefix="/numbers")

MOST_FORMS = 10
LONGEST_TRY = 20_000
# A form of three digits would find every price and every year.
LEAST_SIGNS = 4

_KINDS = {"orders": "order", "tickets": "ticket", "purchases": "purchase order"}


@pages.get("/")
@signed_in
def page() -> Page:
    with services().database.transaction(member().tenant) as db:
        forms = tenants.get(db, member().tenant).number_forms()
    return _page(_as_lines(forms))


@pages.post("/")
@allowed("manage")
def save() -> Page:
    try:
        forms = _forms()
    except BadInput as error:
        return _page(_as_typed(), refused=error.reason)
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        tenants.set_number_forms(db, tenant, forms)
        events.record(db, tenant, actor=str(member().id), kind="number_forms_changed")
    flash("Saved. Mail that comes in from now on is read with these forms.", "info")
    return redirect(url_for("numbers.page"))


@pages.post("/try")
@allowed("manage")
def try_it() -> Page:
    """What a pasted text yields with the forms as they stand on the page; nothing is kept."""
    text = letter(request.form.get("sample", ""))[:LONGEST_TRY]
    try:
        context = Context.of(_forms())
    except BadInput as error:
        return _page(_as_typed(), refused=error.reason, sample=text)
    return _page(_as_typed(), sample=text, found=numbers_in(split(text), "", context))


def _page(lines: dict[str, str], *, refused: str = "", sample: str = "", found: Numbers | None = None) -> Page:
    return render_template("numbers/page.html", lines=lines, refused=refused, sample=sample, found=found)


def _forms() -> NumberForms:
    """What the form on the page holds. Raises BadInput with one sentence for the person."""
    given = {kind: _given(kind) for kind in _KINDS}
    for kind, forms in given.items():
        if len(forms) > MOST_FORMS:
            raise BadInput(kind, f"There are at most {MOST_FORMS} forms of {_KINDS[kind]} numbers; delete some.")
        for form in forms:
            if sum(sign.isalnum() or sign in "#@" for sign in form) < LEAST_SIGNS:
                raise BadInput(kind, f"“{form}” is too short to tell a number by: it needs four letters or digits.")
    every = [form.upper() for forms in given.values() for form in forms]
    twice = next((form for form in every if every.count(form) > 1), "")
    if twice:
        raise BadInput("numbers", f"“{twice}” stands here twice: each form belongs to one kind of number.")
    whole = NumberForms(**given)
    Context.of(whole)
    return whole


def _given(kind: str) -> tuple[str, ...]:
    lines = (line(one) for one in letter(request.form.get(kind, "")).split("\n"))
    return tuple(dict.fromkeys(one for one in lines if one))


def _as_typed() -> dict[str, str]:
    return {kind: letter(request.form.get(kind, "")) for kind in _KINDS}


def _as_lines(forms: NumberForms) -> dict[str, str]:
    return {kind: "\n".join(getattr(forms, kind)) for kind in _KINDS}
