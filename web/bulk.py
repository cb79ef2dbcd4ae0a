"""The same act on many mails of the queue. Nothing of it sends, and nothing of it moves money."""

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for

from domain.category import Category
from domain.errors import BadInput
from storage import assigning, bulk, queue
from storage.bulk import Tally
from web.fields import one_of, picks
from web.filters import Asked, asked_by
from web.handling import assignee
from web.resting import RESTS, until
from web.session import Page, allowed, member, services
from web.words import CATEGORIES

pages = Blueprint("bulk", __name__)

# What cannot be taken back with one press is asked for twice.
ASKED_TWICE = {"dismiss", "say"}


@pages.post("/queue/bulk")
@allowed("answer")
def act() -> Page:
    """Do `act` with the ticked mails, or with `all` that fit the filter whose address is `view`."""
    wanted, what = asked_by(request.form.get("view", "")), request.form.get("act", "")
    try:
        chosen = _chosen(wanted)
        if what in ASKED_TWICE and request.form.get("sure") != "yes":
            return _ask(what, chosen, wanted)
        told = _do(what, chosen)
    except BadInput as error:
        flash(error.reason, "warning")
        return _back(wanted)
    flash(told, "info")
    return _back(wanted)


def _chosen(wanted: Asked) -> list[UUID]:
    """What was ticked, or the first of all that fit. Raises BadInput where that is nothing."""
    ticked = [UUID(one) for one in picks()]
    if request.form.get("all") == "yes":
        tenant = member().tenant
        with services().database.transaction(tenant) as db:
            ticked = queue.ids(db, tenant, wanted.filter(member().id), limit=bulk.MOST)
    if not ticked:
        raise BadInput("pick", "Nothing was ticked, so nothing was done.")
    return ticked[: bulk.MOST]


def _ask(what: str, chosen: list[UUID], wanted: Asked) -> Page:
    """The page that says how many mails it is about, before anything is done."""
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        found = bulk.picked(db, tenant, chosen)
    category = _category().value if what == "say" else ""
    return render_template(
        "queue/sure.html",
        what=what,
        category=category,
        chosen=[one.id for one in found],
        money=sum(one.acts for one in found),
        gone=len(chosen) - len(found),
        asked=wanted,
    )


def _do(what: str, chosen: list[UUID]) -> str:
    """Do it, and say what was done and what was not. Raises BadInput for what no form offers."""
    match what:
        case "assign":
            return _assign(chosen)
        case "snooze":
            return _snooze(chosen)
        case "say":
            category, me = _category(), member().id
            tally = _each(chosen, bulk.say, member=me, category=category)
            return _told(f"Read again as {CATEGORIES[category]}", tally)
        case "dismiss":
            return _told("Dismissed", _each(chosen, bulk.dismiss, member=member().id))
        case _:
            raise BadInput("act", "Choose what to do with them.")


def _assign(chosen: list[UUID]) -> str:
    tenant, to = member().tenant, assignee(request.form.get("assignee", ""))
    with services().database.transaction(tenant) as db:
        found = bulk.picked(db, tenant, chosen)
        threads = list({one.conversation for one in found if one.conversation})
        assigning.assign(db, tenant, threads, assignee=to, member=member().id)
        name = next((one.name for one in assigning.colleagues(db, tenant) if one.id == to), "")
    return _told(f"Given to {name}" if name else "Given to nobody", Tally(len(found), len(chosen) - len(found)))


def _snooze(chosen: list[UUID]) -> str:
    tenant, word = member().tenant, request.form.get("for", "")
    end = None if word == "now" else until(word)
    with services().database.transaction(tenant) as db:
        found = bulk.picked(db, tenant, chosen)
        threads = list({one.conversation for one in found if one.conversation})
        assigning.snooze(db, tenant, threads, until=end, member=member().id)
    told = f"Resting for {RESTS[word][0]}" if end else "Waiting again"
    return _told(told, Tally(len(found), len(chosen) - len(found)))


def _each(chosen: list[UUID], one_act: Callable[..., str], **said: object) -> Tally:
    """Each in a transaction of its own: what cannot be done to one changes nothing for the others."""
    tenant, tally = member().tenant, Tally()
    for one in chosen:
        with services().database.transaction(tenant) as db:
            outcome = one_act(db, tenant, one, **said)
        setattr(tally, outcome, getattr(tally, outcome) + 1)
    return tally


def _category() -> Category:
    word = request.form.get("category", "")
    if word not in set(Category):
        raise BadInput("category", "Choose what they are about.")
    return Category(word)


def _told(what: str, tally: Tally) -> str:
    told = [f"{what}: {one_of(tally.done, 'mail', 'mails')}."]
    if tally.same:
        told.append(f"{one_of(tally.same, 'was', 'were')} that already, or cannot be read again.")
    if tally.gone:
        told.append(f"{one_of(tally.gone, 'was', 'were')} left: somebody settled that meanwhile.")
    if tally.money:
        told.append(
            f"{one_of(tally.money, 'was', 'were')} left: an order action goes with it; decide about each alone."
        )
    return " ".join(told)


def _back(wanted: Asked) -> Page:
    return redirect(url_for("queue.page", **wanted.without()))
