"""The rules for refunds: read, changed with a look at what they do, saved as a version, never over somebody else's."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for

from domain.errors import TryAgain
from domain.order import ORDER_STATUSES
from domain.order_action import Action
from domain.policy_document import policy_to_json
from domain.refund_policy import PLACEHOLDERS, RefundPolicy, Rule
from domain.request import Reason
from storage import events, refund_policies
from storage.refund_policies import LookBack
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
    current = _newest()
    return _page(typed_of(current), base=current.version)


@pages.get("/version")
@signed_in
def version() -> Page:
    """One version as it was saved, with what it changed."""
    tenant, number = member().tenant, request.args.get("number", 0, type=int)
    with services().database.transaction(tenant) as db:
        every = {one.version: one for one in refund_policies.versions(db, tenant)}
        if number not in every:
            abort(404)
        policy = refund_policies.of_version(db, tenant, number) or RefundPolicy()
        before = refund_policies.of_version(db, tenant, number - 1) or RefundPolicy()
    return render_template(
        "refund_policy/version.html", this=every[number], policy=policy, is_current=number == max(every),
        changed=changes(before, policy), points=points(policy),
    )  # fmt: skip


@pages.post("")
@allowed("manage")
def change() -> Page:
    sent, is_saving = _sent(), request.form.get("act") == "save"
    if sent.problems:
        return _page(sent.typed, base=sent.base, problems=sent.problems)
    tenant, current = member().tenant, _newest()
    if current.version != sent.base:
        return _meanwhile(sent, current)
    if not is_saving or sent.previewed != _digest(sent.policy):
        with services().database.transaction(tenant) as db:
            effect = refund_policies.effect_on_past(db, tenant, sent.policy, datetime.now(UTC))
        return _page(sent.typed, base=sent.base, previewed=_digest(sent.policy), effect=effect, again=is_saving)
    try:
        with services().database.transaction(tenant) as db:
            saved = refund_policies.save(db, tenant, sent.policy, member().id)
            events.record(db, tenant, actor=str(member().id), kind="refund_policy_saved", version=saved)
    except TryAgain:
        return _meanwhile(sent, _newest())
    flash(f"Saved as version {saved}. New requests are judged by it from now on.", "info")
    return redirect(url_for("refund_policy.page"))


def _newest() -> RefundPolicy:
    with services().database.transaction(member().tenant) as db:
        return refund_policies.newest(db, member().tenant)


def _meanwhile(sent: Sent, current: RefundPolicy) -> Page:
    """Somebody was faster: what they changed is shown, what was typed stays, and goes on top of theirs when saved."""
    with services().database.transaction(member().tenant) as db:
        opened = refund_policies.of_version(db, member().tenant, sent.base) or RefundPolicy()
    return _page(sent.typed, base=current.version, meanwhile=changes(opened, current))


def _page(
    typed: Typed,
    *,
    base: int,
    problems: Typed | None = None,
    previewed: str = "",
    effect: LookBack | None = None,
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
        rules=list(Rule), languages=LANGUAGES, places=PLACEHOLDERS, currencies=currencies_of(typed),
    )  # fmt: skip


def _sent() -> Sent:
    typed = {name: letter(value) for name, value in request.form.items()}
    base = max(0, min(request.form.get("base", 0, type=int), 2**31 - 2))
    policy, problems = policy_of(typed, base)
    return Sent(typed, policy, problems, base, request.form.get("previewed", ""))


def _digest(policy: RefundPolicy) -> str:
    """By which a form knows whether what is saved is what was looked at."""
    said = json.dumps(policy_to_json(policy), sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()
