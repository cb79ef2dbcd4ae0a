"""What is done with orders: the list with its states, what finance takes over, and numbers that were named in vain."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from io import StringIO

from flask import Blueprint, Response, render_template, request

from domain.delivery import ActState
from parts.finance import payments, write_rows
from storage import attempts as tried
from storage import refund_totals, refunds_list
from storage.refunds_list import Act
from web.fields import PAGE, line, row_id
from web.limits import limited
from web.refund_words import ACT_STATES
from web.security import SAVED_POLICY
from web.session import Page, member, services, signed_in

pages = Blueprint("refunds", __name__, url_prefix="/refunds")

# By which states the list can be asked for: its word in the address bar, and what is shown then.
SHOWN: Mapping[str, tuple[ActState, ...]] = {
    "approval": (ActState.HELD,),
    "second": (),
    "doing": (ActState.PENDING, ActState.SENDING),
    "done": (ActState.DONE,),
    "refused": (ActState.REFUSED,),
    "uncertain": (ActState.UNCERTAIN,),
    "needs_person": (ActState.NEEDS_PERSON,),
}
_WORDS = {**{name: ACT_STATES.get(name, "") for name in SHOWN}, "doing": ACT_STATES["pending"]}
_LAST_ID = 2**63 - 1


@pages.get("")
@signed_in
def page() -> Page:
    tenant, words, after = member().tenant, line(request.args.get("q", "")), row_id("after")
    chosen = request.args.get("state", "")
    chosen = chosen if chosen in SHOWN else ""
    now = datetime.now(UTC)
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    with services().database.transaction(tenant) as db:
        if chosen == "second":
            rows = refunds_list.waiting_for_second(db, tenant)
        else:
            found = [
                refunds_list.acts(db, tenant, state=state, words=words, after=after, limit=PAGE + 1)
                for state in SHOWN.get(chosen, (None,))
            ]
            rows = _newest_first(found)
        totals = refund_totals.since(db, tenant, month)
    more = chosen != "second" and len(rows) > PAGE
    return render_template(
        "refunds/page.html", rows=rows[:PAGE] if more else rows, more=more, chosen=chosen, words=words, after=after,
        states=_WORDS, totals=totals, month=month, today=now,
    )  # fmt: skip


@pages.get("/attempts")
@signed_in
def attempts() -> Page:
    tenant, after = member().tenant, request.args.get("after", type=int)
    after = after if after is not None and 0 <= after <= _LAST_ID else None
    with services().database.transaction(tenant) as db:
        groups = tried.groups(db, tenant, after=after, limit=PAGE + 1)
    more = len(groups) > PAGE
    return render_template(
        "refunds/attempts.html", groups=groups[:PAGE], more=more, after=after, next=groups[PAGE - 1].last if more else 0
    )


@pages.get("/export.csv")
@signed_in
@limited("copy")
def export() -> Page:
    """Every payment from one day on, up to another one and with it, as CSV. Days are UTC.

    Left out, they are the first day of last year and today. Written whole before it leaves: a connection that breaks
    must not end in a list that looks complete.
    """
    now = datetime.now(UTC)
    since = _day("since", datetime(now.year - 1, 1, 1, tzinfo=UTC))
    until = _day("until", now.replace(hour=0, minute=0, second=0, microsecond=0))
    tenant = member().tenant
    content = StringIO(newline="")
    write_rows(content, payments(services().database, tenant, since, until + timedelta(days=1)))
    answer = Response(content.getvalue(), mimetype="text/csv")
    name = f"refunds-{since:%Y-%m-%d}-{until:%Y-%m-%d}.csv"
    answer.headers["Content-Disposition"] = f"attachment; filename={name}"
    answer.headers["Content-Security-Policy"] = SAVED_POLICY
    return answer


def _day(name: str, usual: datetime) -> datetime:
    """A day of the address bar, as its first moment; nonsense is as good as none."""
    try:
        day = datetime.strptime(request.args.get(name, ""), "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return usual
    return day if 1970 <= day.year < 9000 else usual  # Beyond, a day more is no day any more.


def _newest_first(found: list[list[Act]]) -> list[Act]:
    every = [one for rows in found for one in rows]
    return sorted(every, key=lambda one: (one.created_at, one.id), reverse=True) if len(found) > 1 else every
