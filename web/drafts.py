"""What became of the drafts: a bar of numbers for each category, why they were changed, and the drafts behind each."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template, request

from domain.category import Category
from storage import draft_numbers
from storage.draft_numbers import Count, Fate
from web.edit_reasons import WORDS as REASONS
from web.fields import PAGE, row_id
from web.session import Page, member, services, signed_in

pages = Blueprint("drafts", __name__, url_prefix="/drafts")

FATES: Mapping[str, str] = {
    Fate.AS_WRITTEN: "sent as written",
    Fate.LITTLE: "edited a little",
    Fate.REWRITTEN: "rewritten",
    Fate.DISMISSED: "dismissed",
    Fate.GMAIL: "taken to Gmail",
}
WIDTH = 640


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a bar: where it begins and how wide it is, in the units of a drawing 640 wide; its number."""

    fate: str
    left: float
    width: float
    n: int


@dataclass(frozen=True, slots=True)
class Bar:
    """The drafts of one category, all of them; `parts` that are not empty stand beside each other."""

    category: str
    n: int
    by_fate: Mapping[str, int]
    parts: tuple[Part, ...]


@pages.get("")
@signed_in
def page() -> Page:
    with services().database.transaction(member().tenant) as db:
        found = draft_numbers.counts(db, member().tenant)
    reasons = Counter[str]()
    for one in found:
        if one.reason:
            reasons[one.reason] += one.n
    return render_template(
        "drafts/page.html", bars=bars(found), fates=FATES, words=REASONS, width=WIDTH, days=draft_numbers.DAYS,
        a_little=draft_numbers.A_LITTLE, reasons=[(one, reasons[one]) for one in REASONS if reasons[one]],
    )  # fmt: skip


@pages.get("/list")
@signed_in
def listed() -> Page:
    """The drafts behind one number. What the address asks for and does not exist is as good as nothing."""
    category, fate = request.args.get("category", "*"), request.args.get("fate", "")
    asked = {
        "category": category if category in {"", *Category} else "*",
        "fate": fate if fate in FATES else "",
        "reason": request.args.get("reason", "") if request.args.get("reason", "") in REASONS else "",
    }
    with services().database.transaction(member().tenant) as db:
        rows = draft_numbers.listed(db, member().tenant, **asked, after=row_id("after"), limit=PAGE + 1)
    return render_template(
        "drafts/list.html", rows=rows[:PAGE], more=len(rows) > PAGE, asked=asked, fates=FATES, words=REASONS,
        after=row_id("after"), days=draft_numbers.DAYS,
    )  # fmt: skip


def bars(found: Sequence[Count]) -> list[Bar]:
    """One for each category that has drafts, in the order of the categories, those that nobody read last."""
    every = (*[one.value for one in Category], "")
    return [_bar(category, [one for one in found if one.category == category]) for category in every if any(
        one.category == category for one in found
    )]  # fmt: skip


def _bar(category: str, found: Sequence[Count]) -> Bar:
    numbers = {fate: sum(one.n for one in found if one.fate == fate) for fate in FATES}
    whole, parts, left = sum(numbers.values()), [], 0.0
    for fate, n in numbers.items():
        if n:
            width = WIDTH * n / whole
            parts.append(Part(fate, round(left, 1), round(width, 1), n))
            left += width
    return Bar(category, whole, numbers, tuple(parts))
