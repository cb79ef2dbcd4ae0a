"""What concerns the whole workspace: the kill switch, and what each page's frame shows."""

from flask import Blueprint, Flask, current_app, flash, g, redirect, render_template, request

from storage import desk, events, mailboxes, notices, supplier_alerts, tenants, ticketing
from web import alerts, assets
from web.fields import own_page
from web.phase_words import switch_word
from web.session import Page, allowed, cookie_name, may, member, services, signed_in

pages = Blueprint("workspace", __name__)

THEMES = ("auto", "light", "dark")
DENSITIES = ("dense", "comfortable")


@pages.post("/answering")
@allowed("answer")
def answering() -> Page:
    """Whoever may answer may stop the machine; only who manages may let it go on."""
    tenant, on = member().tenant, request.form.get("on") == "yes"
    if on and not may("manage"):
        flash("An owner or admin can switch answering on again.", "warning")
        return redirect(own_page(request.form.get("next", "")))
    with services().database.transaction(tenant) as db:
        tenants.set_answering(db, tenant, answering=on)
        kind = "answering_resumed" if on else "answering_paused"
        events.record(db, tenant, actor=str(member().id), kind=kind)
    flash(
        "Answering by itself is on." if on else "Answering by itself is paused. What comes in is held for you.", "info"
    )
    return redirect(own_page(request.form.get("next", "")))


@pages.post("/theme")
def theme() -> Page:
    return _choose("theme", THEMES)


@pages.post("/density")
def density() -> Page:
    """How close the rows of lists stand, in this browser."""
    return _choose("density", DENSITIES)


@pages.get("/settings")
@signed_in
def settings() -> Page:
    """The way to what is set once: on a telephone there is no room for each of them in the bar."""
    return render_template("workspace/settings.html")


@pages.get("/waiting")
@signed_in
def waiting() -> Page:
    """How many mails wait, for pages that ask for nothing else."""
    return render_template("workspace/waiting.html")


@pages.get("/reports")
@signed_in
def reports() -> Page:
    return render_template("workspace/reports.html")


def frame(app: Flask) -> None:
    """What the frame around each page needs: the workspace, the queue's count, and the one banner there may be."""
    assets.register(app)

    @app.context_processor
    def around() -> dict[str, object]:
        known: dict[str, object] = {
            "theme": _chosen("theme", THEMES),
            "density": _chosen("density", DENSITIES),
            "nonce": g.get("nonce", ""),
            "may": may,
            "sign_up_open": services().settings.sign_up,
            "here": request.full_path.rstrip("?") if request.method == "GET" else "",
        }
        if g.get("member") is None:
            return known
        tenant = member().tenant
        with services().database.transaction(tenant) as db:
            workspace = tenants.get(db, tenant)
            waiting = g.waiting if "waiting" in g else desk.waiting(db, tenant)
            unseen = supplier_alerts.unseen(db, tenant)
            bridge = ticketing.rules(db, tenant)
            found = notices.looked(db, tenant, tokens_per_day=alerts.budget(workspace)) if may("manage") else []
            trouble = [one for one in mailboxes.every(db, tenant) if one.status == "needs_reauth"]
        frame = {"workspace": workspace, "waiting": waiting, "trouble": trouble[:1], "me": member(), "notices": found}
        by_bridge = bridge is not None and bridge.shadow
        word = switch_word(workspace.policy().phases, by_bridge=by_bridge) if workspace.answering else "paused"
        more = {"switch_word": word, "alerts_unseen": unseen, "has_tickets": bridge is not None}
        return {**known, **frame, **more, "held_by_bridge": by_bridge}


def _chosen(name: str, choices: tuple[str, ...]) -> str:
    """What this browser was told to look like; the first choice where it was told nothing that we know."""
    word = request.cookies.get(cookie_name(name), "")
    return word if word in choices else choices[0]


def _choose(name: str, choices: tuple[str, ...]) -> Page:
    word = request.form.get(name, "")
    response = redirect(own_page(request.form.get("next", "")))
    response.set_cookie(
        cookie_name(name), word if word in choices else choices[0], max_age=31_536_000, samesite="Lax", httponly=True,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
    )  # fmt: skip
    return response
