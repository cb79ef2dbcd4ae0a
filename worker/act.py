"""Carry out order actions that were approved: in the ledger alone, or by the shop, each at most once.

`sending` is committed before the shop is asked. Whoever finds a row so looks before anything is asked again, and asks
again only under the same key: the shop does it once for one key. What it never says is a person's.
"""

import time
from datetime import timedelta
from functools import partial
from uuid import UUID

from bootstrap import Services
from domain.errors import BadInput, NeedsPerson, NotDone, TryAgain, Unclear
from parts.shop import TenantShop
from storage import act_ends, act_work
from storage.act_work import Act, Gate
from worker.attempt import attempt, reason_of
from worker.backoff import after_attempts
from worker.turns import LONGEST_BATCH

# Longer than a question and two looks may take, with the wait for the database.
LEASE = timedelta(minutes=3)
BATCH = 20

# How long to wait before each look for an act of which the shop did not say what became of it: a day in all.
LOOKS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), *[timedelta(hours=1)] * 23)

# A shop that cannot even be asked what became of it: after this long it is a person's all the same.
UNHEARD = timedelta(days=3)
# How often a shop that cannot be reached is tried: half a day or so. And the end for an act that kills its worker.
TRIES, MAX_ATTEMPTS = 100, 1000

# After an act that took this many seconds the tenant's others wait: a dead shop must not keep everybody's mail waiting.
SLOW, REST = 5.0, timedelta(minutes=1)

UNKNOWN = "The shop never said whether it was paid. Look there before you pay again."
_MOVED = f"The webhook's address was changed meanwhile. {UNKNOWN}"
_TWICE = f"Asked again, the shop refused, and does not tell what became of the first time. {UNKNOWN}"


def work(services: Services, tenant: UUID) -> int:
    """Carry out up to 20 acts of one tenant, one after the other; returns how many were taken."""
    ends = time.monotonic() + LONGEST_BATCH
    for number in range(BATCH):
        if services.stopping.is_set() or time.monotonic() > ends:
            return number
        with services.database.transaction(tenant) as db:
            act = act_work.claim(db, tenant, LEASE)
        if act is None:
            return number
        began = time.monotonic()
        attempt(partial(_carry_out, services, act), partial(_failed, services, act), act=act.id, stage="act")
        if time.monotonic() - began > SLOW:
            with services.database.transaction(tenant) as db:
                act_work.rest(db, tenant, REST)
            return number + 1
    return BATCH


def _carry_out(services: Services, act: Act) -> None:
    if act.attempts > MAX_ATTEMPTS:
        raise NeedsPerson(f"It could not be carried out in {MAX_ATTEMPTS} tries.")
    shop = services.shop(act.tenant)
    if not act.asked:
        _ask(services, shop, act)
    elif act.sent_to != shop.address:
        _to_person(services, act, _MOVED)
    else:
        _look(services, shop, act)


def _look(services: Services, shop: TenantShop, act: Act) -> None:
    """Find out what became of it. Only where the shop certainly never took it is it asked again."""
    try:
        found = shop.port.look(act.id)
    except NotDone as error:
        _refused(services, act, error.reason)
    except Unclear as error:
        _still_unclear(services, act, str(error))
    else:
        if found is not None:
            _done(services, act, found.reference)
        elif act.looks + 1 >= len(LOOKS):
            _to_person(services, act, UNKNOWN)
        else:
            _ask(services, shop, act)


def _ask(services: Services, shop: TenantShop, act: Act) -> None:
    with services.database.transaction(act.tenant) as db:
        gate, reason = act_work.begin(db, act, shop.address, LEASE)
        # What may be with the shop already is neither given back nor called off: it is looked at again.
        if gate is Gate.PAUSED and not act.asked:
            act_ends.held(db, act, reason)
        if gate is Gate.CLOSED and not act.asked:
            act_ends.called_off(db, act, reason)
    if gate is Gate.OPEN:
        _hand_over(services, shop, act)
    elif gate is not Gate.LOST and act.asked:
        _still_unclear(services, act, reason)


def _hand_over(services: Services, shop: TenantShop, act: Act) -> None:
    """The one call that has an effect outside. The row has said `sending` since before it."""
    try:
        done = shop.port.carry_out(act.task)
    except NotDone as error:
        if error.after is not None:
            _later(services, act, error.after, error.reason)
        elif act.asked:
            _refused_again(services, shop, act)
        else:
            _refused(services, act, error.reason)
    except Unclear as error:
        _uncertain(services, act, str(error))
    except TryAgain as error:
        _later(services, act, error.after, error.reason)
    except (NeedsPerson, BadInput) as error:
        if act.asked:
            _later(services, act, LOOKS[-1], error.reason)
        else:
            _refused(services, act, error.reason)
    else:
        _done(services, act, done.reference)


def _refused_again(services: Services, shop: TenantShop, act: Act) -> None:
    """A refusal proves something of what was asked just now, and nothing of what was asked before."""
    try:
        found = shop.port.look(act.id)
    except NotDone as error:
        _refused(services, act, error.reason)
    except Unclear as error:
        _uncertain(services, act, str(error))
    else:
        if found is not None:
            _done(services, act, found.reference)
        else:
            _to_person(services, act, _TWICE)


def _later(services: Services, act: Act, after: timedelta, reason: str) -> None:
    """Nothing was done by this question. What was asked before it is looked at; otherwise it is begun anew."""
    after = max(after, after_attempts(act.attempts))
    if not act.asked and act.attempts >= TRIES:
        _refused(services, act, f"{reason} It was tried {TRIES} times.")
        return
    with services.database.transaction(act.tenant) as db:
        if act.asked:
            act_work.uncertain(db, act, after=after, error=reason)
        else:
            act_work.never_asked(db, act, after=after, error=reason)


def _uncertain(services: Services, act: Act, error: str) -> None:
    """It was asked, and the shop did not say: it is looked at."""
    # A repetition was counted as a look when it was begun.
    looks = act.looks + 1 if act.asked else 0
    with services.database.transaction(act.tenant) as db:
        act_work.uncertain(db, act, after=LOOKS[min(looks, len(LOOKS) - 1)], error=error)


def _still_unclear(services: Services, act: Act, error: str) -> None:
    if act.looks + 1 >= len(LOOKS):
        _to_person(services, act, UNKNOWN)
        return
    with services.database.transaction(act.tenant) as db:
        act_work.uncertain(db, act, after=LOOKS[act.looks + 1], error=error, looked=True)


def _failed(services: Services, act: Act, error: Exception) -> None:
    """Whatever was raised elsewhere. A row that says `sending` stays so: it is looked at, never begun blindly."""
    reason = reason_of(error)
    over = act.waited > UNHEARD or act.attempts > MAX_ATTEMPTS
    after = max(error.after if isinstance(error, TryAgain) else timedelta(), after_attempts(act.attempts))
    with services.database.transaction(act.tenant) as db:
        if over and act.asked:
            act_ends.needs_person(db, act, f"{UNKNOWN} ({reason})")
        elif not (over and act_ends.called_off(db, act, reason)):
            act_work.give_back(db, act, after=after, error=reason)


def _done(services: Services, act: Act, reference: str) -> None:
    with services.database.transaction(act.tenant) as db:
        act_ends.done(db, act, reference)


def _refused(services: Services, act: Act, reason: str) -> None:
    with services.database.transaction(act.tenant) as db:
        act_ends.refused(db, act, f"It was not done: {reason}")


def _to_person(services: Services, act: Act, reason: str) -> None:
    with services.database.transaction(act.tenant) as db:
        act_ends.needs_person(db, act, reason)
