"""A customer's rights to their data: a copy, and being erased; and how long the words of mail are kept."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for

from domain.errors import BadInput
from parts.customer_copy import copy_of
from storage import customer_data, erasure, retention
from web.addresses import mail_address
from web.limits import limited
from web.security import SAVED_POLICY
from web.session import Page, allowed, member, services, signed_in_lately

pages = Blueprint("data_rights", __name__, url_prefix="/data")


@pages.get("")
@allowed("data")
def page() -> Page:
    return _page()


@pages.post("/look")
@allowed("data")
def look() -> Page:
    """What there is of a customer: asked by POST, so that no address stands in an address bar."""
    tenant = member().tenant
    try:
        address = mail_address(request.form.get("address", ""))
    except BadInput as error:
        return _page(problem=error.reason, address=request.form.get("address", ""))
    with services().database.transaction(tenant) as db:
        found = {name: len(rows) for name, rows in customer_data.rows(db, tenant, address).items() if rows}
    return _page(address=address, found=found)


@pages.post("/copy")
@allowed("data")
@signed_in_lately
@limited("copy")
def copy() -> Page:
    try:
        address = mail_address(request.form.get("address", ""))
    except BadInput as error:
        return _page(problem=error.reason, address=request.form.get("address", ""))
    content, _ = copy_of(services().database, member().tenant, address, actor=str(member().id))
    answer = Response(content, mimetype="application/zip")
    answer.headers["Content-Disposition"] = "attachment; filename=customer.zip"
    answer.headers["Content-Security-Policy"] = SAVED_POLICY
    return answer


@pages.post("/erase")
@allowed("data")
@signed_in_lately
def erase() -> Page:
    """Typed once more: what is erased does not come back."""
    tenant = member().tenant
    try:
        address = mail_address(request.form.get("address", ""))
        if mail_address(request.form.get("again", "")) != address:
            return _page(problem="The two addresses are not the same. Nothing was erased.", address=address)
        with services().database.transaction(tenant) as db:
            counts = erasure.erase(db, tenant, address, actor=str(member().id))
    except BadInput as error:
        return _page(problem=error.reason, address=request.form.get("address", ""))
    return _page(erased=counts, was_erased=True)


@pages.post("/kept")
@allowed("data")
def keep() -> Page:
    wanted = request.form.get("days", type=int)
    if request.form.get("days", "").strip() and (
        wanted is None or not retention.SHORTEST <= wanted <= retention.LONGEST
    ):
        return _page(problem_days=f"Give days from {retention.SHORTEST} to {retention.LONGEST}, or nothing.")
    with services().database.transaction(member().tenant) as db:
        changed = retention.set_days(db, member().tenant, wanted, actor=str(member().id))
    flash("That is how long mail is kept from now on." if changed else "Nothing was changed.", "info")
    return redirect(url_for("data_rights.page"))


def _page(**more: object) -> Page:
    with services().database.transaction(member().tenant) as db:
        days = retention.days(db, member().tenant)
    shown = {"problem": "", "address": "", "found": None, "erased": {}, "was_erased": False, "problem_days": "", **more}
    limits = {"shortest": retention.SHORTEST, "longest": retention.LONGEST}
    return render_template("data_rights/page.html", days=days, **limits, **shown)
