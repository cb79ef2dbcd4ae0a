"""The second step of signing in: a code from the telephone, or a recovery code."""

import time
from datetime import UTC, datetime
from uuid import UUID

import structlog
from flask import Blueprint, flash, redirect, render_template, request, session, url_for

from adapters.one_time_codes import step_of
from adapters.vault import CannotOpen
from storage import members, second_factor
from web.fields import line, own_page
from web.session import Page, services
from web.sign_in import STEP, let_in, network

log = structlog.get_logger()
pages = Blueprint("second_step", __name__)

LASTS_S = 600
ATTEMPTS = 10


@pages.get("/sign-in/code")
def page() -> Page:
    return redirect(url_for("sign_in.page")) if _who() is None else render_template("sign_in/code.html")


@pages.post("/sign-in/code")
def check() -> Page:
    who = _who()
    if who is None:
        flash("That took too long. Sign in again.", "warning")
        return redirect(url_for("sign_in.page"))
    tenant, member = who
    if not few(tenant, member):
        flash("Too many attempts. Wait an hour, then try again.", "warning")
        return render_template("sign_in/code.html")
    if not is_proven(tenant, member, line(request.form.get("code", ""))):
        log.warning("second_step_failed", tenant=tenant, member=member, network=network(request.remote_addr))
        flash("This is no code of now. Wait for the next one, or use a recovery code.", "warning")
        return render_template("sign_in/code.html")
    return let_in(tenant, member, redirect(own_page(session[STEP]["next"])))


def few(tenant: UUID, member: UUID) -> bool:
    """Count an attempt to bring a code for this member; False when there were too many this hour."""
    with services().database.without_tenant() as db:
        return members.count_attempt(db, f"code {tenant}/{member}", ATTEMPTS)


def is_proven(tenant: UUID, member: UUID, code: str) -> bool:
    """Whether this code, of the telephone or for recovery, is theirs; it is taken, and good once.

    Codes for recovery need no key: they are good also where the secret of the telephone's cannot be opened any more.
    """
    with services().database.transaction(tenant) as db:
        known = second_factor.find(db, tenant, member)
    if known is None or not known.confirmed:
        return False
    try:
        secret = services().vault.open(known.secret, tenant=tenant, mailbox=member, field="second_factor").decode()
        step = step_of(secret, code, datetime.now(UTC))
    except CannotOpen:
        log.warning("second_factor_sealed_with_an_unknown_key", tenant=tenant, member=member)
        step = None
    with services().database.transaction(tenant) as db:
        if step is not None:
            return second_factor.take_step(db, tenant, member, step)
        return second_factor.take_code(db, tenant, member, code)


def _who() -> tuple[UUID, UUID] | None:
    """Whose password was right a moment ago in this browser: told by our own signed cookie."""
    kept = session.get(STEP)
    if kept is None or not 0 <= time.time() - kept["at"] < LASTS_S:
        return None
    return UUID(kept["tenant"]), UUID(kept["member"])
