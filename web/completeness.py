"""Nothing is lost, shown: what became of every mail, by mailbox and day, and what the comparison with Gmail found."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from flask import Blueprint, abort, render_template, request

from domain.completeness import Whereabouts, day_of, days, today
from storage import completeness, mailboxes, reconciliation, supplier_rules
from web.completeness_bars import draw
from web.fields import PAGE, row_id
from web.session import Page, member, services, signed_in

pages = Blueprint("completeness", __name__, url_prefix="/completeness")

DAYS = 30
# A comparison is made once a day; one that is older than two failed, or the mailbox rests.
LATE = timedelta(days=2)


@pages.get("")
@signed_in
def page() -> Page:
    tenant, asked, now = member().tenant, row_id("mailbox"), datetime.now(UTC)
    with services().database.transaction(tenant) as db:
        known = mailboxes.every(db, tenant)
        chosen = next((one for one in known if one.id == asked), known[0] if known else None)
        if asked is not None and (chosen is None or chosen.id != asked):
            abort(404)
        zone = supplier_rules.get(db, tenant).days.zone
        newest = today(zone, now)
        last = min(_day(request.args.get("until", "")) or newest, newest)
        span = days(zone, last, DAYS)
        rows = completeness.counted(db, tenant, chosen.id, span) if chosen else []
        compared = reconciliation.of_days(db, tenant, chosen.id, [one.date for one in span]) if chosen else {}
        comparisons = reconciliation.newest(db, tenant)
        first = completeness.first(db, tenant, chosen.id) if chosen else None
    return render_template(
        "completeness/page.html",
        mailboxes=known,
        chosen=chosen,
        rows=rows,
        fetched=sum(one.fetched for one in rows),
        missing=sum(one.missing for one in rows),
        places=list(Whereabouts),
        compared=compared,
        comparison=comparisons.get(chosen.id) if chosen else None,
        late_before=now - LATE,
        drawing=draw(rows),
        zone=zone,
        newest=last == newest,
        earlier=span[-1].date - timedelta(days=1) if first is not None and first < span[-1].begins else None,
        later=None if last == newest else min(last + timedelta(days=DAYS), newest),
    )


@pages.get("/<uuid:mailbox>")
@signed_in
def mails(mailbox: UUID) -> Page:
    """The mails behind one number of the page: those of a day, of today where none is named, or those in one place."""
    tenant, after = member().tenant, row_id("after")
    asked = request.args.get("where", "")
    place = Whereabouts(asked) if asked in set(Whereabouts) else None
    with services().database.transaction(tenant) as db:
        known = mailboxes.get(db, tenant, mailbox)
        if known is None:
            abort(404)
        zone = supplier_rules.get(db, tenant).days.zone
        day = _day(request.args.get("day", "")) or today(zone, datetime.now(UTC))
        rows = completeness.mails(db, tenant, mailbox, day_of(zone, day), place, after=after, limit=PAGE + 1)
    return render_template(
        "completeness/mails.html", mailbox=known, day=day, place=place, rows=rows[:PAGE], more=len(rows) > PAGE,
        after=after,
    )  # fmt: skip


def _day(written: str) -> date | None:
    """A day of the address bar; nonsense is as good as none."""
    try:
        found = date.fromisoformat(written)
    except ValueError:
        return None
    return found if 1970 <= found.year < 9000 else None
