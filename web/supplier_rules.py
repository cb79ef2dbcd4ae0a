"""The reminders: after how much time a supplier is reminded, and when operations is told."""

from flask import Blueprint, flash, redirect, render_template, request, url_for

from domain.errors import BadInput
from domain.supplier_request import RungKind
from storage import mailboxes, supplier_rules, suppliers
from web.fields import letter
from web.session import Page, allowed, member, services, signed_in
from web.supplier_rules_form import MOST_RUNGS, WEEKDAYS, Step, Typed, rules_of, steps_of, typed_of, with_steps

pages = Blueprint("supplier_rules", __name__, url_prefix="/suppliers/reminders")

# The form's own names for what the rules' fields are called.
_FIELDS = {"zone": "zone", "holidays": "holidays", "weekdays": "days", "operations_address": "address"}


@pages.get("")
@signed_in
def page() -> Page:
    with services().database.transaction(member().tenant) as db:
        rules = supplier_rules.get(db, member().tenant)
    return _page(typed_of(rules))


@pages.post("")
@allowed("manage")
def change() -> Page:
    """Saves, or only adds or takes away a line of the ladder: without a script that is a page of its own."""
    typed = {name: letter(value) for name, value in request.form.items()}
    steps, act = steps_of(typed), request.form.get("act", "")
    if act == "add":
        if len(steps) >= MOST_RUNGS:
            return _page(typed, problems={"steps": f"At most {MOST_RUNGS} steps are kept."})
        return _page(with_steps(typed, [*steps, Step(RungKind.REMIND.value, "")]), added=len(steps))
    if act.startswith("remove-"):
        kept = [step for number, step in enumerate(steps) if act != f"remove-{number}"]
        return _page(with_steps(typed, kept))
    rules, problems = rules_of(typed)
    tenant, actor = member().tenant, str(member().id)
    with services().database.transaction(tenant) as db:
        if rules.operations_address and "address" not in problems:
            if suppliers.directory(db, tenant).knows(rules.operations_address):
                problems["address"] = (
                    "This is a supplier’s address. An alert names suppliers and orders: it is for you."
                )
            elif rules.operations_address in mailboxes.own_addresses(db, tenant):
                problems["address"] = "Mail to this address is read here, so the alert would come back as a mail."
        if not problems:
            try:
                supplier_rules.put(db, tenant, rules, actor=actor)
            except BadInput as error:
                problems[_FIELDS.get(error.field, "steps")] = error.reason
    if problems:
        return _page(typed, problems=problems)
    flash("Saved. What is open already follows these rules from its next step on.", "info")
    return redirect(url_for("supplier_rules.page"))


def _page(typed: Typed, *, problems: Typed | None = None, added: int | None = None) -> Page:
    with services().database.transaction(member().tenant) as db:
        current = supplier_rules.get(db, member().tenant)
    return render_template(
        "suppliers/reminders.html", typed=typed, steps=steps_of(typed), problems=problems or {}, added=added,
        current=current, weekdays=WEEKDAYS, most=MOST_RUNGS,
    )  # fmt: skip
