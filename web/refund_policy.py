"""The rules for refunds: read, changed with a look at what they do, saved as a version, never over somebody else's."""

import hashlib
import json
from dataclasses import dataclass

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for

from domain.order import ORDER_STATUSES
from domain.order_action import Action
from domain.refund_policy import RefundPolicy, Rule, policy_to_json
from domain.request import Reason
from storage import events, refund_policies
from web.fields import letter
from web.refund_policy_form import LANGUAGES, Typed, currencies_of, policy_of, typed_of
from web.refund_policy_words import Change, changes, points
from web.session import Page, allowed, member, services, signed_in

pages = Blueprint("refund_policy", __name__, url_prefix="/settings/refunds")

MOST_VERSIONS = 50


@dataclass(frozen=True, slots=True)
class Sent:
    """What a browser sent. `base` is the version that was opened; `previewed` what the preview was of."""

    typed: Typed
    policy: RefundPolicy
    problems: Typed
    base: int
    previewed: str


@pages.get("")
@signed_in
def page() -> Page:
    with services().database.transaction(member().tenant) as db:
        current = refund_policies.newest(db, member().tenant)
    return _page(typed_of(current), base=current.version)


@pages.get("/version")
@signed_in
def version() -> Page:
    """One version as it was saved, with what it changed."""
    tenant, number = member().tenant, request.args.get("number", 0, type=int)
    with services().database.transaction(tenant) as db:
        every = {one.version: one for one in refund_policies.versions(db, tenant)}
    found = every.get(number)
    if found is None:
        abort(404)
    before = every[number - 1].policy if number - 1 in every else RefundPolicy()
    return render_template(
        "refund_policy/version.html",
        policy=found.policy,
        author=found.author,
        at=found.at,
        is_current=number == max(every),
        changed=changes(before, found.policy),
        points=points(found.policy),
    )


@pages.post("")
@allowed("manage")
def change() -> Page:
    sent = _sent()
    if sent.problems:
        return _page(sent.typed, base=sent.base, problems=sent.problems)
    tenant, digest = member().tenant, _digest(sent.policy)
    with services().database.transaction(tenant) as db:
        current = refund_policies.newest(db, tenant)
    if current.version != sent.base:
        return _meanwhile(sent, current)
    if request.form.get("act") != "save" or sent.previewed != digest:
        return _previewed(sent, digest, again=request.form.get("act") == "save")
    with services().database.transaction(tenant) as db:
        saved = refund_policies.save(db, tenant, sent.policy, member=member().id)
        if saved:
            events.record(db, tenant, actor=str(member().id), kind="refund_policy_saved", version=sent.policy.version)
    if not saved:
        with services().database.transaction(tenant) as db:
            return _meanwhile(sent, refund_policies.newest(db, tenant))
    flash(f"Saved as version {sent.policy.version}. New requests are judged by it from now on.", "info")
    return redirect(url_for("refund_policy.page"))


def _previewed(sent: Sent, digest: str, *, again: bool) -> Page:
    with services().database.transaction(member().tenant) as db:
        effect = refund_policies.effect_on_past(db, member().tenant, sent.policy)
    return _page(sent.typed, base=sent.base, previewed=digest, effect=effect, again=again)


def _meanwhile(sent: Sent, current: RefundPolicy) -> Page:
    """Somebody was faster: what they changed is shown, what was typed stays, and goes on top of theirs when saved."""
    with services().database.transaction(member().tenant) as db:
        known = {one.version: one.policy for one in refund_policies.versions(db, member().tenant)}
    theirs = changes(known.get(sent.base, RefundPolicy()), current)
    return _page(sent.typed, base=current.version, meanwhile=theirs)


def _page(
    typed: Typed,
    *,
    base: int,
    problems: Typed | None = None,
    previewed: str = "",
    effect: object = None,
    again: bool = False,
    meanwhile: tuple[Change, ...] | None = None,
) -> Page:
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        current, versions = refund_policies.newest(db, tenant), refund_policies.versions(db, tenant)
    return render_template(
        "refund_policy/page.html", typed=typed, base=base, problems=problems or {}, previewed=previewed, effect=effect,
        again=again, meanwhile=meanwhile, current=current, versions=versions[:MOST_VERSIONS], points=points(current),
        newest=versions[0] if versions else None, actions=list(Action), statuses=ORDER_STATUSES, reasons=list(Reason),
        rules=list(Rule), languages=LANGUAGES, currencies=currencies_of(typed),
    )  # fmt: skip


def _sent() -> Sent:
    typed = {name: letter(value) for name, value in request.form.items()}
    base = request.form.get("base", 0, type=int)
    policy, problems = policy_of(typed, base + 1)
    return Sent(typed, policy, problems, base, request.form.get("previewed", ""))


def _digest(policy: RefundPolicy) -> str:
    """By which a form knows whether what is saved is what was looked at."""
    said = json.dumps(policy_to_json(policy), sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()
