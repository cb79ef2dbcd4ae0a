"""What suppliers were asked: the open requests by age, how fast they answer, and the alerts."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from flask import Blueprint, Flask, abort, flash, redirect, render_template, request, url_for

from domain.ladder import NextRung, next_rung
from domain.supplier_request import SupplierRules
from storage import supplier_alerts, supplier_numbers, supplier_open, supplier_rules, suppliers
from storage.supplier_open import OpenRequest
from web.fields import PAGE, row_id
from web.session import Page, allowed, member, services, signed_in
from web.supplier_curve import draw
from web.supplier_times import PERIODS, reckoned, span

pages = Blueprint("supplier_requests", __name__, url_prefix="/suppliers")

USUAL_PERIOD = 90


@pages.get("/open")
@signed_in
def page() -> Page:
    tenant, supplier, after = member().tenant, row_id("supplier"), row_id("after")
    with services().database.transaction(tenant) as db:
        known = suppliers.directory(db, tenant).suppliers
        # Of nobody's supplier there is nothing: a list of all would look like the answer.
        rows = supplier_open.page(db, tenant, supplier=supplier, after=after, limit=PAGE + 1)
        ages = supplier_open.ages(db, tenant, datetime.now(UTC), supplier=supplier)
        rules = supplier_rules.get(db, tenant)
    return render_template(
        "suppliers/open.html", rows=with_next(rows[:PAGE], rules), more=len(rows) > PAGE, after=after, ages=ages,
        suppliers=known, chosen=supplier, rules=rules, now=datetime.now(UTC),
    )  # fmt: skip


@pages.post("/requests/<uuid:asked>/close")
@allowed("answer")
def close(asked: UUID) -> Page:
    """No answer is needed: twice pressed, or answered meanwhile, is no trouble, but somebody else's is none of ours."""
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        closed = supplier_open.close(db, tenant, asked, member=member().id)
        if not closed and not supplier_open.exists(db, tenant, asked):
            abort(404)
    flash("Closed. Nobody is reminded of it any more." if closed else "It was answered or closed already.", "info")
    return redirect(url_for("supplier_requests.page", supplier=row_id("supplier")))


@pages.get("/times")
@signed_in
def times() -> Page:
    tenant, now = member().tenant, datetime.now(UTC)
    days = request.args.get("days", USUAL_PERIOD, type=int)
    days = days if days in PERIODS else USUAL_PERIOD
    with services().database.transaction(tenant) as db:
        rules = supplier_rules.get(db, tenant)
        rows = supplier_numbers.asked(db, tenant, now - timedelta(days=days))
    found = reckoned(rows, rules, now)
    return render_template(
        "suppliers/times.html", found=found, drawing=draw(found.weeks), days=days, periods=PERIODS, rules=rules
    )


@pages.get("/alerts")
@signed_in
def alerts() -> Page:
    tenant, after = member().tenant, row_id("after")
    with services().database.transaction(tenant) as db:
        rows = supplier_alerts.page(db, tenant, after=after, limit=PAGE + 1)
        rules = supplier_rules.get(db, tenant)
    return render_template("suppliers/alerts.html", rows=rows[:PAGE], more=len(rows) > PAGE, after=after, rules=rules)


@pages.post("/alerts/<uuid:alert>/seen")
@allowed("answer")
def seen(alert: UUID) -> Page:
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        if not supplier_alerts.seen(db, tenant, alert, member=member().id):
            abort(404)
    return redirect(url_for("supplier_requests.alerts"))


def with_next(rows: list[OpenRequest], rules: SupplierRules) -> list[tuple[OpenRequest, NextRung | None]]:
    """Each with the step that comes next. When it does is the row's own `next_at`: rules may have changed since."""
    return [(row, next_rung(rules, row.asked_at, row.rungs_done)) for row in rows]


def register(app: Flask) -> None:
    app.jinja_env.filters["span"] = span
