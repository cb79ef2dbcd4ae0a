"""Signing up: a workspace of one's own, where the settings allow it."""

import re
import secrets
import unicodedata
from uuid import uuid4

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for

from domain.errors import BadInput
from storage import events, members, phases, tenants
from web import passwords
from web.addresses import mail_address
from web.fields import line
from web.session import Page, services
from web.sign_in import let_in, network

pages = Blueprint("sign_up", __name__)

PER_NETWORK, PER_ADDRESS = 10, 3


@pages.get("/sign-up")
def page() -> Page:
    _is_open()
    return render_template("sign_up/page.html", shop="", name="", email="", problem="")


@pages.post("/sign-up")
def sign_up() -> Page:
    """A new workspace with one owner. What others are called, or who they are, shows nowhere in the answer.

    That the address is theirs is not known yet: see `members.add`.
    """
    _is_open()
    shop, name = line(request.form.get("shop", "")), line(request.form.get("name", ""))
    typed = {"shop": shop, "name": name, "email": line(request.form.get("email", ""))}
    if not _few(f"sign up from {network(request.remote_addr)}", PER_NETWORK):
        return render_template("sign_up/page.html", problem="", **typed)
    try:
        _must_have(shop)
        email = mail_address(typed["email"])
        password_hash = passwords.hashed(request.form.get("password", ""), about=(shop, name, email))
    except BadInput as error:
        return render_template("sign_up/page.html", problem=error.reason, **typed)
    if not _few(f"sign up as {email}", PER_ADDRESS):
        return render_template("sign_up/page.html", problem="", **typed)
    tenant, called = uuid4(), name or email.partition("@")[0]
    with services().database.transaction(tenant) as db:
        tenants.create(db, tenant, slug=short_name(shop), name=shop)
        phases.begin_in_shadow(db, tenant)
        owner = members.add(
            db, tenant, email=email, name=called, password_hash=password_hash, role="owner", verified=False
        )
        events.record(db, tenant, actor=str(owner), kind="workspace_made", subject=owner)
    return let_in(tenant, owner, redirect(url_for("queue.page")))


def short_name(shop: str) -> str:
    """The name in plain letters, and some of chance behind it: nobody learns which names are taken."""
    plain = unicodedata.normalize("NFKD", shop).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:30] or "workspace"
    return f"{words}-{secrets.token_hex(4)}"


def _few(key: str, limit: int) -> bool:
    """Count one attempt; where there were too many this hour, the page says so."""
    with services().database.without_tenant() as db:
        few = members.count_attempt(db, key, limit)
    if not few:
        flash("Too many attempts. Wait an hour, then try again.", "warning")
    return few


def _must_have(shop: str) -> None:
    if not shop:
        raise BadInput("shop", "Give your workspace a name: your shop’s, say.")


def _is_open() -> None:
    if not services().settings.sign_up:
        abort(404)
