"""Refunds under arbitrary interleavings: mails, people, crashes, retries, a shop that fails, time that passes.

`HYPOTHESIS_EXAMPLES` says how many runs to try, with random ones then; without it the same few are tried every time.
"""

import os
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import settings as profile
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from structlog.testing import capture_logs

from domain.delivery import Shop, ShopDone
from domain.errors import BadInput, Collided, NotDone, NotSent, TryAgain, Unclear
from tests.support import refund_truths
from tests.support.acting import running_shop
from tests.support.kills import Killed
from tests.support.pacing import Stop, meanwhile, stopping
from tests.support.refund_ground import Ground, WorldServices
from tests.support.refund_world import ANNA, BOB, MALLORY, TOTAL, World

EXAMPLES = int(os.environ.get("HYPOTHESIS_EXAMPLES", "0"))
USUAL = profile(
    max_examples=EXAMPLES or 40,
    stateful_step_count=30,
    derandomize=not EXAMPLES,
    database=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)

# By what is asked for: the machine alone, one person, two people, and what pays no money back.
WISHES = (
    "I would like a refund for the mugs. My order number is ",
    "I would like a refund for the mugs. My order number is ",
    "I would like a refund for the lamp. My order number is ",
    "I would like a refund for my whole order ",
    "I would like to exchange the lamp. My order number is ",
)
WANTED = ("LO-1", "LO-1", "LO-4", "LO-5")
MAILS = (
    *[f"{wish}{number}" for wish in WISHES for number in WANTED],
    "I would like a refund for the mugs. My order number is LO-2",
    "Please cancel my order LO-3.",
    "Please cancel my order LO-3.",
    "I would like my money back.",
    "My order number is LO-1",
    "My order number is LO-9",
    "Never mind, I'll keep it.",
    "Never mind, I'll keep it.",
    "What became of my refund?",
    "When does my parcel come?",
)
SENDERS = (*[(ANNA, True)] * 4, (ANNA, False), (BOB, True), (MALLORY, True))
# Whether somebody asks first, and two people approve: so that there is something to be done.
FIRST = some.sampled_from((True, True, False))
SHOP = some.sampled_from((0, 0, 0, 1))
HOOKS = (1, 1, 1, 1, 2, 3, 4, 0)

ON_ACT = (
    "500_before", "500_after", "503_after", "drop_before", "drop_after", "accepted", "html", "html_after", "401", "429",
    "malformed_json", "short_read", "other_key", "404", "unknown",
)  # fmt: skip
# A look that says never where it was done: a shop that answers from an old copy. Its keys alone save it then.
LIES = ("404",)
ON_LOOK = ("500_before", "429", "drop_before", "html", "unknown", "other_key", "401", "malformed_json")
PASSING = (timedelta(minutes=2), timedelta(hours=1), timedelta(days=1), timedelta(days=4), timedelta(days=31))

INDEX = some.sampled_from((0, 0, 0, 1, 2, 5))
MEMBER = some.integers(0, 2)
PLACE = some.integers(1, 60)
THREAD = some.integers(0, 3)


class Act:
    """Something that happens in a world, by the name of its function there."""

    def __init__(self, name: str, *args: object) -> None:
        self.name, self.args = name, args

    def __call__(self, world: World) -> None:
        getattr(world, self.name)(*self.args)

    def __repr__(self) -> str:
        return f"Act{(self.name, *self.args)}"


def acts(name, *args):
    """`name` is one name, or several of which one is drawn."""
    names = some.sampled_from(name) if isinstance(name, tuple) else some.just(name)
    return some.builds(Act, names, *args)


BY_PEOPLE = (
    "approves",
    "approves",
    "approves",
    "refuses",
    "asks",
    "sends",
    "claims",
    "dismisses",
    "reclassifies",
    "finds_out",
)
STAGES = ("decides", "acts", "delivers")
WROTE = acts("writes", some.sampled_from(MAILS), some.sampled_from(SENDERS), THREAD)
ASKED = some.builds(
    lambda wish, number, thread: Act("writes", f"{wish}{number}", (ANNA, True), thread),
    some.sampled_from(WISHES),
    some.sampled_from(WANTED),
    THREAD,
)
PEOPLE = acts(BY_PEOPLE, INDEX, MEMBER)
CONFIRMED = acts("confirms", INDEX)
WORKED = acts(STAGES)
# Another worker, which takes the first for dead.
OVERTOOK = acts("overtakes", some.sampled_from(STAGES))
IMPORTED = acts(
    "imports",
    some.sampled_from(("LO-1", "LO-3")),
    some.sampled_from((TOTAL, TOTAL, 5000, 10_000)),
    some.sampled_from((0, 0, 1000, 4990, 5000)),
    some.sampled_from(("", "", "cancelled", "returned")),
)
ANYTHING = some.one_of(PEOPLE, PEOPLE, WORKED, CONFIRMED, IMPORTED)
MEANWHILE = some.one_of(PEOPLE, PEOPLE, WORKED, OVERTOOK, CONFIRMED, IMPORTED)


class RefundMachine(RuleBasedStateMachine):
    """Every rule is possible at any time: what a run draws never depends on what became of it."""

    def __init__(self, ground: Ground) -> None:
        super().__init__()
        self.ground = ground
        self.is_sound = False

    @initialize(forgetful=some.booleans(), hook=some.sampled_from(HOOKS), mail=some.one_of(ASKED, ASKED, WROTE))
    def begins(self, forgetful, hook, mail):
        """A forgetful shop does what it is asked each time, whatever the key, and looks at no total."""
        self.world = World(self.ground)
        self.forgetful = forgetful
        for shop in self.ground.shops:
            shop.forgetful = forgetful
        self.world.webhook(hook)
        self.does(mail, World.decides)

    @rule(mail=WROTE, decides=some.sampled_from((True, True, False)))
    def a_mail_arrives(self, mail, decides):
        self.does(mail, *[World.decides] * decides)

    @rule(mail=ASKED)
    def the_customer_asks(self, mail):
        self.does(mail, World.decides)

    @rule(act=PEOPLE)
    def a_person_decides(self, act):
        self.does(act)

    @rule(which=INDEX, first=MEMBER, second=MEMBER)
    def two_people_approve(self, which, first, second):
        self.does(Act("approves", which, first), Act("approves", which, second))

    @rule(first=ANYTHING, second=MEANWHILE, at=PLACE)
    def two_things_happen_at_once(self, first, second, at):
        self.together(first, second, at)

    @rule(first=PEOPLE, second=PEOPLE, at=some.integers(1, 25))
    def two_people_decide_at_once(self, first, second, at):
        self.together(first, second, at)

    @rule(first=WORKED, second=MEANWHILE, at=PLACE, mail=ASKED, asks=FIRST)
    def a_worker_is_slow(self, first, second, at, mail, asks):
        if asks:
            self.does(mail, World.decides, Act("approves", 0, 0), Act("approves", 0, 1))
        self.together(first, second, at)

    @rule(stages=some.lists(some.sampled_from(STAGES), min_size=1, max_size=3))
    def workers_work(self, stages):
        self.does(*map(Act, stages))

    @rule(fault=some.sampled_from(ON_ACT), shop=SHOP, dies=some.one_of(some.just(0), PLACE), mail=ASKED, asks=FIRST)
    def the_shop_fails_while_it_is_asked(self, fault, shop, dies, mail, asks):
        if asks:
            self.does(mail, World.decides, Act("approves", 0, 0), Act("approves", 0, 1))
        self.ground.shops[shop].fault("act", fault, retry_after=1)
        self.dies_at(dies, World.acts)

    @rule(fault=some.sampled_from(ON_LOOK + LIES), shop=SHOP, times=some.sampled_from((1, 1, 2, 30)))
    def the_shop_fails_when_it_is_looked_at(self, fault, shop, times):
        if not (self.forgetful and fault in LIES):
            self.ground.shops[shop].fault("look", fault, times=times, retry_after=1)
        self.world.passes(timedelta(minutes=20))
        self.does(World.acts)

    @rule(stage=some.sampled_from(("acts", "acts", "decides", "delivers")), at=PLACE)
    def a_worker_dies(self, stage, at):
        self.dies_at(at, Act(stage))

    @rule(act=PEOPLE, at=some.integers(1, 25))
    def a_page_dies(self, act, at):
        self.dies_at(at, act)

    @rule(by=some.sampled_from(PASSING), works=some.booleans())
    def time_passes(self, by, works):
        self.world.passes(by)
        self.does(*[World.acts] * works)

    @rule(
        change=some.one_of(
            acts("takes_leases"),
            acts("switch", some.sampled_from((True, True, False))),
            acts("webhook", some.sampled_from(HOOKS)),
            IMPORTED,
        )
    )
    def something_changes(self, change):
        self.does(change)

    @rule(which=INDEX, times=some.integers(1, 2))
    def a_link_is_opened(self, which, times):
        self.does(World.delivers, *[Act("confirms", which)] * times, World.decides)

    @rule(error=some.sampled_from((NotSent("no"), Unclear("lost"), TryAgain("later"))), after_effect=some.booleans())
    def gmail_fails_to_send(self, error, after_effect):
        self.world.gmail.trouble("send_draft", error, after_effect=after_effect and isinstance(error, Unclear))
        self.does(World.delivers)

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

    def does(self, *acts) -> None:
        self.is_sound = False
        with capture_logs() as said:
            for act in acts:
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


COLLIDED_OR_AWAY = {str(Collided()), "The database is not reachable."}


def expected(error: BaseException) -> None:
    """A person is told so, and nothing happened. That two waited for each other in a circle is none of it."""
    if not isinstance(error, BadInput | TryAgain) or str(error) in COLLIDED_OR_AWAY:
        raise error


def unexpected(said: list) -> None:
    """What a worker survived, and should never have met."""
    odd = [one for one in said if one["event"] == "attempt_failed"]
    odd = [one for one in odd if one.get("places") or one["error"] in COLLIDED_OR_AWAY]
    assert not odd, odd


@dataclass
class Blind:
    """Repeats what was not answered, under a new key: what the whole machine is there to prevent."""

    port: Shop

    def carry_out(self, task):
        try:
            return self.port.carry_out(task)
        except Unclear:
            return self.port.carry_out(replace(task, key=uuid4()))

    def look(self, key):
        return self.port.look(key)


@dataclass
class Hasty(Blind):
    """Takes silence for a refusal, and the money for its own again."""

    def carry_out(self, task):
        try:
            return self.port.carry_out(task)
        except Unclear as error:
            raise NotDone("It surely failed.") from error


@dataclass
class Trusting(Blind):
    """Takes whatever it hears for a yes."""

    def carry_out(self, task):
        try:
            return self.port.carry_out(task)
        except Unclear:
            return ShopDone("surely")


# Without these a run would have shown little.
COMES_ABOUT = (
    "act done", "act cancelled", "approved by two", "at once", "deaths", "effects", "looks", "links used",
    "ledger paid", "ledger released", "settled sent", "case confirmed", "case person", "reply sent",
)  # fmt: skip


@contextmanager
def standing(settings, wrong=None):
    class Wrong(WorldServices):
        def through(self, port):
            return wrong(port) if wrong else port

    with running_shop() as one, running_shop() as other:
        ground = Ground(settings, (one, other), Wrong(settings))
        yield ground
        ground.close()


def test_nothing_that_happens_in_any_order_pays_too_much_or_twice_or_without_leave(settings):
    with standing(settings) as ground:
        run_state_machine_as_test(lambda: RefundMachine(ground), settings=USUAL)
    missing = [what for what in COMES_ABOUT if not ground.seen[what]]
    assert not missing, (missing, sorted(ground.seen.items()))
    print(sorted(ground.seen.items()))


FOUND_OUT = [
    (Blind, "a shop paid what was not promised|written down nowhere"),
    (Hasty, "was given back, and a shop paid it|paid what was not promised"),
    (Trusting, "booked, and the shop did nothing"),
]


class Provoking(RefundMachine):
    """The same, in which the first answer of each shop is lost: who errs has a reason to, from the beginning."""

    @initialize()
    def the_first_answers_are_lost(self):
        for shop in self.ground.shops:
            shop.fault("act", "drop_after")


@pytest.mark.parametrize(("wrong", "told"), FOUND_OUT)
def test_a_worker_that_errs_is_found_out(settings, wrong, told):
    one_is_enough = profile(USUAL, max_examples=200, derandomize=True, phases=[Phase.generate])
    with standing(settings, wrong) as ground, pytest.raises(AssertionError, match=told):
        run_state_machine_as_test(lambda: Provoking(ground), settings=one_is_enough)
