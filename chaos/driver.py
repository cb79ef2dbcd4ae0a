"""The course of a run, called ten times a second: mail comes, blows fall, faults play, time leaps, all rests."""

import random
import time
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

import psycopg

from chaos import ahead, ends, state
from chaos.errands import Errands
from chaos.killer import Killer
from chaos.place import DATABASE, Place
from chaos.plan import Card, Plan
from chaos.stand_ins import StandIns
from domain.errors import TryAgain

# Time goes ahead by less than four minutes in three seconds at least: what looks for most of an hour whether a call
# took effect does so for longer than any call of a worker may be on its way.
LEAP, LEAP_EVERY = (2.0, 3.8), (3.0, 5.0)
ERRAND_EVERY, MAILS_AN_ERRAND = (4.0, 8.0), 10
GAP = (0.25, 0.9)  # seconds between two blows
BACKLOG, SHARE = 120, 6  # mails that wait while others come: so many, and not more than this part of all
FAULT_SHARE = 0.6  # of the calls of this
PER_ROUTE = 1  # faults that wait on one route
REST = 300.0  # seconds for everything to come to its end, with no mail coming to one
QUIET = 6.0  # seconds after the last person went, in which what they pressed in the end is begun
SAVED_EVERY, SAID_EVERY, LOOKED_EVERY = 1.0, 5.0, 0.5


@dataclass
class Driver:
    """`pids` is the supervisor's. `leave` sends the people home when there is nothing more to do, since what they
    press begins something. `ended` is called when all is at rest after that, or when that was waited for in vain.
    """

    place: Place
    plan: Plan
    progress: state.State
    outside: StandIns
    killer: Killer
    say: Callable[[str], None]
    pids: Callable[[], dict[str, int]]
    leave: Callable[[], None]
    ended: Callable[..., None]
    errands: Errands
    _began: float = field(default_factory=time.monotonic)
    _left: tuple[int, int, int] = (0, 0, 0)
    _there: set[int] = field(default_factory=set)
    _healed: bool = False
    _left_at: float = 0.0
    _ran: int = 0
    _moved: float = 0.0
    _next: dict[str, float] = field(default_factory=dict)
    _waiting: Counter[Card] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        # When things happen is not planned, so that this chance is its own.
        self._chance = random.Random(f"{self.progress.wanted.seed}:{self.progress.parts}")
        self._deck = deque(self.plan.faults)
        self._deck.rotate(-self.progress.cards)
        self._before, self._faults_before = self.progress.seconds, Counter(self.progress.faults)
        self.killer.struck = Counter(self.progress.struck)
        # Delivering and writing that down are two steps: what an interruption fell between is not delivered twice.
        arrived = self.outside.arrived()
        self._ran = self.progress.delivered // MAILS_AN_ERRAND
        self._there = {mail.number for mail in self.plan.mails if mail.message_id in arrived}

    def __call__(self) -> None:
        self.place.postgres.revive()
        self.place.valkey.revive()
        self.progress.seconds = self._before + time.monotonic() - self._began
        if self._due("look", (LOOKED_EVERY, LOOKED_EVERY)):
            self._look()
        if self._due("leap", LEAP_EVERY):
            self._leap()
        if self._is_wild:
            self._deliver()
            self._strike()
            self._befall()
            self._run_errand()
        elif not self._healed:
            self._heal()
        else:
            self._rest()
        if self._due("save", (SAVED_EVERY, SAVED_EVERY)):
            self.save()
        if self._due("say", (SAID_EVERY, SAID_EVERY)):
            self.say(self.line)

    @property
    def line(self) -> str:
        left, decided, released = self._left
        done, plan = self.progress, self.plan
        return (
            f"{done.seconds:4.0f} s  mails {done.delivered}/{len(plan.mails)}, decided {decided}, released {released},"
            f" work left {left}; points hit {len(self.killer.hits())},"
            f" kills {self.kills}/{plan.kills}, faults {self.progress.faults.total()}"
        )

    @property
    def kills(self) -> int:
        beside = sum(number for name, number in self.killer.struck.items() if " " in name)
        return self.killer.struck.total() - beside

    @property
    def played(self) -> Counter[Card]:
        """The faults that somebody suffered in this part of the run."""
        return self.outside.ordered - self._waiting

    def save(self) -> None:
        self.progress.struck = Counter(self.killer.struck)
        if not self._healed:
            played = Counter({f"{card.whom} {card.route} {card.fault}": n for card, n in self.played.items()})
            self.progress.faults = self._faults_before + played
        self.progress.save(self.place.folder / "state.json")

    @property
    def _backlog(self) -> int:
        return min(BACKLOG, -(-len(self.plan.mails) // SHARE))

    @property
    def _is_wild(self) -> bool:
        return self.progress.delivered < len(self.plan.mails) or self.progress.blows < len(self.plan.blows)

    def _due(self, what: str, between: tuple[float, float]) -> bool:
        now = time.monotonic()
        if now < self._next.setdefault(what, now):
            return False
        self._next[what] = now + self._chance.uniform(*between)
        return True

    def _deliver(self) -> None:
        """As many as keep some waiting, and not more than the kills that have fallen by then allow.

        A point at which nobody comes by gets more: without mail nobody would, and both would wait for one another.
        """
        mails, blows = self.plan.mails, self.plan.blows
        share = (self.progress.blows + 1 + self.killer.overdue) / max(len(blows), 1)
        until = min(len(mails), self._left[1] + self._backlog, round(len(mails) * min(share, 1.0)))
        for number in range(self.progress.delivered, until):
            if number not in self._there:
                self.outside.deliver(mails[number])
            self.progress.delivered = number + 1

    def _strike(self) -> None:
        blows = self.plan.blows
        if self.progress.blows >= len(blows) or not self._due("blow", GAP):
            return
        # Blows come no faster than mail does.
        if self.progress.blows > len(blows) * (self._left[1] + self._backlog / 2) / len(self.plan.mails):
            return
        if self.killer.strike(blows[self.progress.blows], self.pids()):
            self.progress.blows += 1
            self.save()

    def _befall(self) -> None:
        # About one for each mail, however slow the machine is.
        if self._chance.random() > FAULT_SHARE or self.progress.cards > self._left[1] + self._backlog:
            return
        busy = Counter((card.whom, card.route) for card, number in self._waiting.items() for _ in range(number))
        card = self._deck.popleft()
        self._deck.append(card)
        # Passed over, not another one sought: while nobody calls, that would be the few which wait for no call.
        if busy[card.whom, card.route] < PER_ROUTE:
            self.outside.befall(card)
            self._waiting[card] += card.route != "expire"
            self.progress.cards += 1

    def _run_errand(self) -> None:
        """Few for the mails that were decided: one brain does both, and a slow one would come to no mail."""
        if self._ran * MAILS_AN_ERRAND <= self._left[1] and self._due("errand", ERRAND_EVERY):
            self._ran += 1
            with suppress(TryAgain):
                self.errands.run_one()

    def _look(self) -> None:
        try:
            with ahead.connect(self.place.postgres, DATABASE) as db:
                left = ends.work_left(db)
        except psycopg.Error:
            return  # It is being started again.
        if left != self._left:
            self._moved = time.monotonic()
        self._left = left
        self._waiting = self.outside.waiting()

    def _leap(self) -> None:
        over = timedelta(minutes=self._chance.uniform(*LEAP))
        try:
            ahead.leap(self.place.postgres, DATABASE, over)
        except psycopg.Error:
            return

    def _heal(self) -> None:
        """Nothing more befalls anybody: what is left to do is done."""
        self.killer.disarm()
        self.outside.heal()
        self._waiting.clear()
        self.save()
        self._healed, self._moved = True, time.monotonic()
        self.say("every mail is in and every blow has fallen; now everything may come to its end")

    def _rest(self) -> None:
        left, decided, _ = self._left
        now, is_done = time.monotonic(), left == 0 and decided >= len(self.plan.mails)
        if is_done and not self._left_at:
            self.leave()
            self._left_at = now
        elif is_done and now > self._left_at + QUIET:
            self.ended(at_rest=True)
        elif now > self._moved + REST:
            self.ended(at_rest=False)
