"""The record of events as a page for those who answer for the workspace: what happened, when, and who decided."""

from datetime import UTC, datetime

from flask import Blueprint, render_template, request

from storage import audit, members
from web.audit_words import OTHERS, WORDS, decider_of, kinds_of, more_of, word_of
from web.fields import PAGE, line
from web.session import Page, allowed, member, services

pages = Blueprint("audit", __name__, url_prefix="/record")

_LAST_ID = 2**63 - 1


@pages.get("")
@allowed("audit")
def page() -> Page:
    """One page of the record; whether it is whole is counted anew only when asked for."""
    tenant = member().tenant
    group, day, before = request.args.get("about", ""), _day(), request.args.get("before", type=int)
    before = before if before is not None and 0 < before <= _LAST_ID else None
    with services().database.transaction(tenant) as db:
        people = members.names(db, tenant)
        actor = line(request.args.get("who", ""))
        actor = actor if actor in people or actor in {"machine", *OTHERS} else ""
        rows = audit.page(
            db, tenant, kinds=kinds_of(group), actor=actor or None, day=day, before=before, limit=PAGE + 1
        )
        head = audit.head(db, tenant)
        checked = request.args.get("check") == "yes"
        broken = audit.broken(db, tenant) if checked else ""
    shown = {
        "rows": rows[:PAGE], "more": len(rows) > PAGE, "before": before, "about": group if group in WORDS else "",
        "groups": WORDS, "who": actor, "people": people, "day": day, "head": head, "checked": checked, "broken": broken,
    }  # fmt: skip
    return render_template(
        "audit/page.html", **shown, decider=lambda one: decider_of(one, people), word=word_of, more_of=more_of
    )


def _day() -> datetime | None:
    """The day of the address bar in UTC, as its first moment; nonsense is as good as none."""
    try:
        found = datetime.strptime(request.args.get("day", ""), "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    return found if 1970 <= found.year < 9000 else None
