"""The people who write: their list, and one of them with all that there is, named by the id of a conversation."""

from datetime import UTC, datetime
from uuid import UUID

from flask import Blueprint, abort, render_template

from domain.health import LATE_AFTER, MAILS_UNANSWERED, POINTS, Rule
from storage import conversations, customer_health, customers, orders_list, refunds_list
from web.fields import PAGE, listing
from web.limits import limited, searches
from web.session import Page, member, services, signed_in

pages = Blueprint("customers", __name__, url_prefix="/customers")


@pages.get("")
@signed_in
@limited("search", when=searches)
def page() -> Page:
    tenant, wanted = member().tenant, listing()
    with services().database.transaction(tenant) as db:
        rows = customers.page(db, tenant, words=wanted.words, after=wanted.after, limit=PAGE + 1)
        health = customer_health.of(db, tenant, [row.address for row in rows[:PAGE]], datetime.now(UTC))
    return render_template("customers/page.html", health=health, most=customers.MOST_COUNTED, **wanted.shown(rows))


@pages.get("/<uuid:conversation>")
@signed_in
def one(conversation: UUID) -> Page:
    """Whoever wrote this conversation. Their address stands on the page, and not in the address bar."""
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        found = customers.one(db, tenant, conversation)
        if found is None:
            abort(404)
        address = found.address
        known = {
            "health": customer_health.of(db, tenant, [address], datetime.now(UTC))[address],
            "conversations": conversations.of_customer(db, tenant, address, limit=PAGE),
            "orders": orders_list.of_customer(db, tenant, address, limit=PAGE),
            "acts": refunds_list.of_customer(db, tenant, address),
            "cases": customers.cases(db, tenant, address),
        }
    return render_template(
        "customers/one.html", customer=found, rules=Rule, points=POINTS, late_days=LATE_AFTER.days,
        many=MAILS_UNANSWERED, most=PAGE, **known,
    )  # fmt: skip
