"""A forgotten password: a link by mail where this installation sends mail, and the page behind such a link."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import structlog
from flask import Blueprint, Flask, current_app, flash, redirect, render_template, request, url_for

from bootstrap import Services
from domain.errors import BadInput, MailwrightError
from storage import members, resets, tenants
from web import passwords
from web.fields import line
from web.secret_links import read, written
from web.session import Page, services
from web.sign_in import network

log = structlog.get_logger()
pages = Blueprint("new_password", __name__)

LINKS_PER_ADDRESS = 5
LINKS_PER_NETWORK = 30
ATTEMPTS_PER_NETWORK = 100
# Anybody may sign up with anybody's address.
UNPROVEN = """\
Nobody has shown yet that your address belongs to the workspace below: somebody only typed it there. If that was neither
you nor a colleague of yours, do not open its link, and nothing comes of it."""


def register(app: Flask) -> None:
    """One thread that looks addresses up and sends the mail: its time tells nobody which addresses we know."""
    app.extensions["mailwright_letters"] = ThreadPoolExecutor(1, thread_name_prefix="letters")


@pages.get("/forgotten")
def page() -> Page:
    return render_template("new_password/ask.html", sends=services().system_mail is not None, asked="")


@pages.post("/forgotten")
def ask() -> Page:
    """The same answer for every address, after the same work."""
    email = line(request.form.get("email", "")).lower()
    with services().database.without_tenant() as db:
        # The network first: one that asks too much leaves no rows of the addresses that it makes up.
        here = f"reset from {network(request.remote_addr)}"
        few = members.count_attempt(db, here, LINKS_PER_NETWORK)
        few = few and members.count_attempt(db, f"reset {email}", LINKS_PER_ADDRESS)
    if not few:
        flash("Too many attempts. Wait an hour, then try again.", "warning")
        return render_template("new_password/ask.html", sends=services().system_mail is not None, asked="")
    if services().system_mail is not None:
        words = render_template("new_password/mail.txt")
        current_app.extensions["mailwright_letters"].submit(send_links, services(), email, words)
    return render_template("new_password/ask.html", sends=services().system_mail is not None, asked=email)


@pages.get("/new-password/<link>")
def choose(link: str) -> Page:
    """Changes nothing: programs that look through mail open its links."""
    return _page(link)


@pages.post("/new-password/<link>")
def save(link: str) -> Page:
    tenant, token = read(link)
    with services().database.without_tenant() as db:
        here = f"new password from {network(request.remote_addr)}"
        if not members.count_attempt(db, here, ATTEMPTS_PER_NETWORK):
            return _dead(429)
    try:
        hashed = passwords.hashed(request.form.get("password", ""))
    except BadInput as error:
        return _page(link, problem=error.reason)
    with services().database.transaction(tenant) as db:
        member = resets.use(db, tenant, token, hashed)
    if member is None:
        return _dead(404)
    flash("Your new password is set, and every session has ended. Sign in with it.", "info")
    return redirect(url_for("sign_in.page"))


def link_to(services: Services, tenant: UUID, token: str) -> str:
    """The whole address of a link, from the settings, never from the Host header."""
    return f"{services.settings.public_url}/new-password/{written(tenant, token)}"


def send_links(services: Services, email: str, words: str) -> None:
    """Mail a link for each workspace that knows this address; nothing where none does."""
    if services.system_mail is None:
        return
    try:
        paragraphs = []
        with services.database.without_tenant() as db:
            found = members.candidates(db, email)
        for one in found:
            with services.database.transaction(one.tenant) as db:
                token = resets.make(db, one.tenant, one.member, by_mail=True)
                if token is not None:
                    paragraphs += [] if members.is_proven(db, one.tenant, one.member) else [UNPROVEN]
                    # Its short name: in the long one a stranger may have written whatever they like.
                    paragraphs.append(f"{tenants.get(db, one.tenant).slug}:\n{link_to(services, one.tenant, token)}")
        if paragraphs:
            text = "\n\n".join([words, *paragraphs])
            services.system_mail.send(email, "A new password for Mailwright", f"{text}\n")
    except MailwrightError as error:
        log.warning("system_mail_failed", error=str(error))


def _page(link: str, problem: str = "") -> Page:
    tenant, token = read(link)
    with services().database.transaction(tenant) as db:
        email = resets.look(db, tenant, token)
    if email is None:
        return _dead(404)
    return render_template("new_password/page.html", email=email, link=link, problem=problem)


def _dead(code: int) -> Page:
    return render_template("new_password/dead.html", many=code == 429), code  # type: ignore[return-value]  # Flask takes pairs
