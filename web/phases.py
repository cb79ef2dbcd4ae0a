"""How far the machine may go with each kind of mail: the page that says it, and its change."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for

from domain.category import Category
from domain.errors import BadInput
from domain.phase import ANSWERABLE, Phase
from storage import answer_standings, events, phases, standings
from web import phase_words
from web.phase_cards import accepted, cards, limits
from web.session import Page, allowed, member, services, signed_in

pages = Blueprint("phases", __name__, url_prefix="/phases")

# How many of 100 may be wrong, to choose from.
SHARES = (2.0, 5.0, 10.0)


@pages.get("")
@signed_in
def page() -> Page:
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        found, held = cards(db, tenant), limits(db, tenant)
    return render_template("phases/page.html", cards=list(found.values()), limits=held, shares=SHARES)


@pages.post("")
@allowed("manage")
def change() -> Page:
    """Put one category into a phase and say how many may be wrong; automatic is asked about once more before."""
    tenant, actor = member().tenant, str(member().id)
    try:
        category, phase = _chosen()
        with services().database.transaction(tenant) as db:
            shares, before = _shares(db, tenant, category), phases.of(db, tenant)[category]
            if phase is Phase.AUTOMATIC and before is not phase and request.form.get("sure") != "yes":
                card = cards(db, tenant)[category]
                return render_template("phases/confirm.html", card=card, chosen=shares, limits=limits(db, tenant))
            before = phases.change(db, tenant, category, phase, actor=actor)
            counted = _accept(db, tenant, category, shares, actor)
    except BadInput as error:
        flash(f"Nothing was changed. {error.reason}", "warning")
        return redirect(url_for("phases.page"))
    _say(category, phase, changed=before is not phase, counted=counted)
    return redirect(url_for("phases.page", _anchor=category.value))


def _chosen() -> tuple[Category, Phase]:
    category, phase = request.form.get("category", ""), request.form.get("phase", "")
    if category not in set(Category) or phase not in set(Phase):
        raise BadInput("phase", "Choose for one kind of mail how far the machine may go.")
    if phase == Phase.AUTOMATIC and category not in ANSWERABLE:
        raise BadInput("phase", phase_words.NEVER)
    return Category(category), Phase(phase)


def _shares(db: Any, tenant: UUID, category: Category) -> dict[str, float]:
    """How many of 100 may be wrong as the form says it, or as it is where the form says nothing. Raises BadInput."""
    found = {}
    for name, now in accepted(db, tenant, category).items():
        typed = request.form.get(name)
        share = now if typed is None else request.form.get(name, 0.0, type=float)
        if share not in {*SHARES, now}:
            raise BadInput(name, "Choose from the list how many may be wrong.")
        found[name] = share
    return found


def _accept(db: Any, tenant: UUID, category: Category, shares: Mapping[str, float], actor: str) -> bool:
    """Keep the shares that differ from those that hold; whether any does."""
    now = accepted(db, tenant, category)
    changed = {name: share for name, share in shares.items() if share != now[name]}
    for name, share in changed.items():
        if name == "share":
            standings.set_target(db, tenant, category, share / 100)
        else:
            answer_standings.set_target(db, tenant, share / 100)
        about = category.value if name == "share" else "answers"
        events.record(db, tenant, actor=actor, kind="accepted_share_changed", about=about, share=share)
    return bool(changed)


def _say(category: Category, phase: Phase, *, changed: bool, counted: bool) -> None:
    kind, name = phase_words.KINDS[category], phase_words.NAMES[phase].lower()
    if changed:
        flash(f"{kind}: {name} from now on. What waits already goes on waiting for you.", "info")
    if counted:
        flash(f"{kind}: what has been earned with so many wrong ones is counted anew, within seconds.", "info")
    if not (changed or counted):
        flash("Nothing changed: it was so already.", "info")
