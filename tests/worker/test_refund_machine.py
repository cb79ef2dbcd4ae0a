"""Refunds under arbitrary interleavings: mails, people, crashes, retries, a shop that fails, time that passes.

`HYPOTHESIS_EXAMPLES` says how many runs to try, with random ones then; without it the same few are tried every time.
"""

import os
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import settings as profile
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from structlog.testing import capture_logs

from domain.errors import BadInput, NotSent, TryAgain, Unclear
from tests.support import refund_truths
from tests.support.acting import running_shop
from tests.support.kills import Killed
from tests.support.pacing import Stop, meanwhile, stopping
from tests.support.refund_world import ANNA, BOB, MALLORY, TOTAL, Ground, World

EXAMPLES = int(os.environ.get("HYPOTHESIS_EXAMPLES", "0"))
USUAL = profile(
    max_examples=EXAMPLES or 25,
    stateful_step_count=30,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)

MAILS = (
    "I would like a refund for my whole order LO-1.",
    "I would like a refund for the mugs. My order number is LO-1",
    "I would like a refund for the lamp. My order number is LO-1",
    "I would like a refund for the mugs. My order number is LO-2",
    "I would like to exchange the lamp. My order number is LO-1",
    "Please cancel my order LO-3.",
    "I would like my money back.",
    "My order number is LO-1",
    "My order number is LO-9",
    "Never mind, I'll keep it.",
    "What became of my refund?",
    "When does my parcel come?",
)
SENDERS = ((ANNA, True), (ANNA, True), (ANNA, False), (BOB, True), (MALLORY, True))

ON_ACT = (
    "500_before", "500_after", "503_after", "drop_before", "drop_after", "accepted", "html", "html_after", "401", "429",
    "malformed_json", "short_read", "other_key", "404", "unknown",
)  # fmt: skip
# A look that says never where it was done: a shop that answers from an old copy. Its keys alone save it then.
LIES = ("404",)
ON_LOOK = ("500_before", "429", "drop_before", "html", "unknown", "other_key", "401", "malformed_json")
PASSING = (timedelta(minutes=2), timedelta(hours=1), timedelta(days=1), timedelta(days=4), timedelta(days=31))

index = some.integers(0, 3)
member = some.integers(0, 2)
place = some.integers(1, 60)

mails = some.tuples(some.sampled_from(MAILS), some.sampled_from(SENDERS), some.integers(0, 1))
wrote = mails.map(lambda mail: lambda world: world.writes(mail[0], mail[1][0], mail[2], verified=mail[1][1]))


def by_a_person(*names):
    acts = some.tuples(some.sampled_from(names), index, member)
    return acts.map(lambda act: lambda world: getattr(world, act[0])(act[1], act[2]))


PEOPLE = by_a_person(
    "approves", "approves", "approves", "refuses", "asks", "sends", "claims", "dismisses", "reclassifies"
)
confirmed = index.map(lambda which: lambda world: world.confirms(which))
STAGES = ("decides", "acts", "delivers")
worked = some.sampled_from(STAGES).map(lambda name: lambda world: getattr(world, name)())
# Another worker, which takes the first for dead.
overtook = some.sampled_from(STAGES).map(lambda name: lambda world: (world.takes_leases(), getattr(world, name)()))
imports = some.tuples(
    some.sampled_from(("LO-1", "LO-3")), some.sampled_from((TOTAL, TOTAL, 5000, 10_000)),
    some.sampled_from((0, 0, 1000, 4990, 5000)), some.sampled_from(("", "", "cancelled", "returned")),
)  # fmt: skip
imported = imports.map(lambda row: lambda world: world.imports(*row))
ANYTHING = some.one_of(PEOPLE, PEOPLE, worked, confirmed, imported)
MEANWHILE = some.one_of(PEOPLE, PEOPLE, worked, overtook, confirmed, imported)


class RefundMachine(RuleBasedStateMachine):
    """Every rule is possible at any time: what a run draws never depends on what became of it."""

    def __init__(self, ground: Ground) -> None:
        super().__init__()
        self.ground = ground
        self.is_sound = False

    @initialize(forgetful=some.booleans(), hook=some.integers(0, 3), mail=wrote)
    def begins(self, forgetful, hook, mail):
        """A forgetful shop does what it is asked each time, whatever the key, and looks at no total."""
        self.world = World(self.ground)
        self.forgetful = forgetful
        for shop in self.ground.shops:
            shop.forgetful = forgetful
        self.world.webhook(hook)
        mail(self.world)
        self.world.decides()

    @rule(mail=wrote, decides=some.booleans())
    def a_mail_arrives(self, mail, decides):
        self.does(mail)
        if decides:
            self.does(World.decides)

    @rule(act=PEOPLE)
    def a_person_decides(self, act):
        self.does(act)

    @rule(which=index, first=member, second=member)
    def two_people_approve(self, which, first, second):
        self.does(lambda world: world.approves(which, first))
        self.does(lambda world: world.approves(which, second))

    @rule(first=ANYTHING, second=MEANWHILE, at=place)
    def two_things_happen_at_once(self, first, second, at):
        self.together(first, second, at)

    @rule(first=PEOPLE, second=PEOPLE, at=some.integers(1, 25))
    def two_people_decide_at_once(self, first, second, at):
        self.together(first, second, at)

    @rule(first=worked, second=MEANWHILE, at=place)
    def a_worker_is_slow(self, first, second, at):
        self.together(first, second, at)

    @rule(stage=some.sampled_from(STAGES))
    def a_worker_works(self, stage):
        self.does(getattr(World, stage))

    @rule()
    def all_workers_work(self):
        for stage in STAGES:
            self.does(getattr(World, stage))

    @rule(fault=some.sampled_from(ON_ACT), shop=some.integers(0, 1), dies=some.one_of(some.just(0), place))
    def the_shop_fails_while_it_is_asked(self, fault, shop, dies):
        self.ground.shops[shop].fault("act", fault, retry_after=1)
        self.dies_at(dies, World.acts)

    @rule(fault=some.sampled_from(ON_LOOK + LIES), shop=some.integers(0, 1), times=some.integers(1, 30))
    def the_shop_fails_when_it_is_looked_at(self, fault, shop, times):
        if not (self.forgetful and fault in LIES):
            self.ground.shops[shop].fault("look", fault, times=times, retry_after=1)

    @rule(stage=some.sampled_from(("acts", "acts", "decides", "delivers")), at=place)
    def a_worker_dies(self, stage, at):
        self.dies_at(at, getattr(World, stage))

    @rule(act=PEOPLE, at=some.integers(1, 25))
    def a_page_dies(self, act, at):
        self.dies_at(at, act)

    @rule(by=some.sampled_from(PASSING), works=some.booleans())
    def time_passes(self, by, works):
        self.world.passes(by)
        if works:
            self.does(World.acts)

    @rule()
    def leases_run_out(self):
        self.world.takes_leases()

    @rule(answering=some.booleans())
    def the_kill_switch(self, answering):
        self.world.switch(answering=answering)

    @rule(which=some.integers(0, 4))
    def the_webhook_changes(self, which):
        self.world.webhook(which)

    @rule(row=imported)
    def orders_are_imported(self, row):
        self.does(row)

    @rule(which=index, again=some.booleans())
    def a_link_is_opened(self, which, again):
        for _ in range(1 + again):
            self.does(lambda world: world.confirms(which))
        self.does(World.decides)

    @rule(error=some.sampled_from((NotSent("no"), Unclear("lost"), TryAgain("later"))), after_effect=some.booleans())
    def gmail_fails_to_send(self, error, after_effect):
        self.world.gmail.trouble("send_draft", error, after_effect=after_effect and isinstance(error, Unclear))

    @invariant()
    def holds(self):
        if hasattr(self, "world"):
            self.is_sound = False
            refund_truths.always(self.world)
            self.is_sound = True

    def teardown(self):
        if self.is_sound:
            self.does(World.settles)
            refund_truths.always(self.world)
            refund_truths.at_rest(self.world)
            self.world.told()

    def does(self, act) -> None:
        self.is_sound = False
        with capture_logs() as said:
            try:
                act(self.world)
            except (BadInput, TryAgain) as error:
                expected(error)
        unexpected(said)
        self.is_sound = True

    def dies_at(self, at, act) -> None:
        self.is_sound = False
        with capture_logs() as said, stopping(Stop(at)):
            try:
                act(self.world)
            except Killed:
                self.ground.seen["deaths"] += 1
            except (BadInput, TryAgain) as error:
                expected(error)
        unexpected(said)
        self.is_sound = True

    def together(self, first, second, at) -> None:
        self.is_sound = False
        world = self.world
        with capture_logs() as said:
            self.ground.seen["at once"] += 1
            for error in meanwhile(lambda: first(world), lambda: second(world), at, world.somebody_waits):
                expected(error)
        unexpected(said)
        self.is_sound = True


def expected(error: BaseException) -> None:
    """A person is told so, and nothing happened. That two waited for each other in a circle is none of it."""
    if not isinstance(error, BadInput | TryAgain) or str(error) == "The database is not reachable.":
        raise error


def unexpected(said: list) -> None:
    """What a worker survived, and should never have met."""
    odd = [one for one in said if one["event"] == "attempt_failed"]
    odd = [one for one in odd if one.get("places") or one["error"] == "The database is not reachable."]
    assert not odd, odd


@pytest.fixture
def ground(settings):
    with running_shop() as one, running_shop() as other:
        ground = Ground(settings, (one, other))
        yield ground
        ground.close()


def test_nothing_that_happens_in_any_order_pays_too_much_or_twice_or_without_leave(ground):
    run_state_machine_as_test(lambda: RefundMachine(ground), settings=USUAL)
    print(sorted(ground.seen.items()))
