"""Try a mail: what would happen to it with this workspace's documents, orders, suppliers and rules. Nothing is sent."""

from typing import Any
from uuid import UUID

from flask import Blueprint, abort, g, redirect, render_template, request, url_for

from domain.errors import BadInput
from domain.triage import MAX_BYTES
from storage import mailboxes, trials
from web.evidence import cited
from web.limits import limited
from web.session import Page, look_at_cookie, member, services, signed_in
from web.trying_form import LONGEST, Typed, mail_of, typed

pages = Blueprint("trying", __name__, url_prefix="/try")

# Where there never was a mailbox, nobody asks whether the mail was addressed to one.
NOBODYS = "support@your-shop.example"
_MB = 1024 * 1024


@pages.url_value_preprocessor
def _take_more(*_: Any) -> None:
    """A mail may be as large as Gmail brings them: from members, and said before anything is read.

    Twice that is taken, so that the page itself can say what is too large.
    """
    look_at_cookie()
    if g.member is not None:
        request.max_content_length = 2 * MAX_BYTES


@pages.get("")
@signed_in
def page() -> Page:
    return _form(Typed())


@pages.post("")
@signed_in
@limited("reading")
def try_it() -> Page:
    tenant, given = member().tenant, typed()
    with services().database.transaction(tenant) as db:
        own = sorted(mailboxes.every(db, tenant), key=lambda one: one.status == "disconnected")
    try:
        raw = mail_of(given, own[0].address if own else NOBODYS)
        with services().database.transaction(tenant) as db:
            trial = trials.ask(db, tenant, member=member().id, raw=raw)
    except BadInput as error:
        return _form(given, error)
    if trial is None:
        busy = f"{trials.MOST_WAITING} mails of this workspace are being read already: press again in a moment."
        return _form(given, BadInput("", busy))
    return redirect(url_for("trying.shown", trial=trial))


@pages.get("/<uuid:trial>")
@signed_in
def shown(trial: UUID) -> Page:
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        found = trials.look(db, tenant, trial, member=member().id)
    if found is None:
        abort(404)
    return render_template(
        "trying/shown.html",
        found=found,
        mail=found.mail,
        cited=cited(found.mail.citations) if found.mail else (),
        composed=found.composition,
    )


def _form(given: Typed, wrong: BadInput | None = None) -> Page:
    return render_template(
        "trying/page.html", given=given, wrong=wrong, longest=LONGEST, most_mb=MAX_BYTES // _MB,
        had_file=bool(wrong and request.files.get("file") and request.files["file"].filename),
    )  # fmt: skip
