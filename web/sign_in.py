"""Signing in and out: the password, and what follows once it was right."""

import time
from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from uuid import UUID

import structlog
from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from storage import events, members, second_factor
from web import passwords
from web.fields import line, own_page
from web.session import Page, give_cookie, member, services, signed_in, take_cookie

log = structlog.get_logger()
pages = Blueprint("sign_in", __name__)

ATTEMPTS_PER_ADDRESS = 20
ATTEMPTS_PER_ADDRESS_ANYWHERE = 500
ATTEMPTS_PER_NETWORK = 100
# Where our signed cookie keeps, for some minutes, whose password was right and whose code is still wanted.
STEP = "second_step"


@pages.get("/sign-in")
def page() -> Page:
    here, once_more = g.get("member"), request.args.get("again") == "yes"
    if here is not None and not once_more:
        return redirect(url_for("queue.page"))
    email = here.email if here is not None else ""
    return render_template("sign_in/page.html", next=request.args.get("next", ""), email=email)


@pages.post("/sign-in")
def sign_in() -> Page:
    email, password = line(request.form.get("email", "")).lower(), request.form.get("password", "")
    come_back = request.form.get("next", "")
    database = services().database
    with database.without_tenant() as db:
        # The network first: one that tries too much leaves no rows of the addresses that it makes up. Then the address
        # and network, so that a stranger elsewhere cannot lock the owner out of the kill switch.
        here = network(request.remote_addr)
        few = (
            members.count_attempt(db, f"from {here}", ATTEMPTS_PER_NETWORK)
            and members.count_attempt(db, f"email {email} from {here}", ATTEMPTS_PER_ADDRESS)
            and members.count_attempt(db, f"email {email}", ATTEMPTS_PER_ADDRESS_ANYWHERE)
        )
        candidates = _their_own_first(members.candidates(db, email)) if few else []
    if not few:
        flash("Too many attempts. Wait an hour, then try again.", "warning")
        return render_template("sign_in/page.html", next=come_back, email=email)
    if not candidates:
        passwords.matches_nobody(password)
    for candidate in candidates:
        if passwords.matches(candidate.password_hash, password):
            if passwords.is_outdated(candidate.password_hash):
                with database.transaction(candidate.tenant) as db:
                    members.set_password_hash(db, candidate.tenant, candidate.member, passwords.hashed_anew(password))
            return proceed(candidate.tenant, candidate.member, come_back)
    log.warning("sign_in_failed", network=here, known=bool(candidates))
    flash("This address and password do not go together.", "warning")
    return render_template("sign_in/page.html", next=come_back, email=email)


@pages.post("/sign-out")
@signed_in
def sign_out() -> Page:
    _end_session()
    session.clear()
    return take_cookie(redirect(url_for("sign_in.page")))


def proceed(tenant: UUID, member: UUID, come_back: str) -> Page:
    """Who they are is known: ask for their second factor where they have one, else let them in."""
    with services().database.transaction(tenant) as db:
        known = second_factor.find(db, tenant, member)
    if known is None or not known.confirmed:
        return let_in(tenant, member, redirect(own_page(come_back)))
    session.clear()
    session[STEP] = {"tenant": str(tenant), "member": str(member), "next": come_back, "at": int(time.time())}
    return redirect(url_for("second_step.page"))


def let_in(tenant: UUID, member: UUID, answer: Response) -> Page:
    """Open a session for this browser, whatever it had before, and hand out its cookie with the answer."""
    agent, here = line(request.headers.get("User-Agent", "")), network(request.remote_addr)
    with services().database.transaction(tenant) as db:
        token = members.open_session(db, tenant, member, agent=agent, network=here)
        events.record(db, tenant, actor=str(member), kind="signed_in", subject=member)
    log.info("signed_in", tenant=tenant, member=member, network=here, way=request.endpoint)
    _end_session()
    session.clear()
    return give_cookie(answer, tenant, token)


def _their_own_first(candidates: Sequence[members.Candidate]) -> list[members.Candidate]:
    """Who signs in once more does so where they are, whichever other workspaces know the same address and password."""
    here = g.get("member")
    return sorted(candidates, key=lambda one: here is not None and one.tenant != here.tenant)


def network(address: str | None) -> str:
    """The network that an address is counted under: whoever has one address of it has them all."""
    try:
        known = ip_address(address or "")
    except ValueError:
        return "nowhere"
    return str(ip_network((known, 24 if known.version == 4 else 64), strict=False))


def _end_session() -> None:
    """End the session that this browser has, if any: nothing of it is left to be used by somebody else."""
    if g.get("member") is not None:
        log.info("session_ended", tenant=member().tenant, member=member().id)
        with services().database.transaction(member().tenant) as db:
            members.end_session(db, member().tenant, g.session_token)
