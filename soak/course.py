"""The course of a run, called ten times a second: the shops open, all mail at once, then mail at its pace."""

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import TextIO

import psycopg
import redis
import requests

from bootstrap import Services
from chaos import ends, shops
from chaos.ahead import connect
from chaos.errands import Errands
from chaos.person import Person
from chaos.place import DATABASE, Place
from chaos.plan import Mail
from chaos.stand_ins import StandIns
from chaos.suppliers import Asking
from domain.errors import TryAgain
from soak.figures import Sample
from soak.pace import Pace, half_of
from soak.probe import Probe

BACKLOG = 1_000  # mails that come at once, to see what full pace is
LOOKED_EVERY, SAMPLED_EVERY, SAID_EVERY, ERRAND_EVERY = 0.5, 20.0, 300.0, 120.0
PAUSE = 2.0  # seconds that a person looks at a page
CLEARS = 5  # of so many looks, one dismisses what nobody gets to
DESK = ("pages", "approved", "dismissed", "away")


@dataclass(frozen=True, slots=True)
class Wanted:
    """How long mail comes at its pace, and how many mails a minute that is at most."""

    minutes: float
    at_most: float


@dataclass
class Course:
    """`samples` are what a run is told by, each a line of `kept`; `cores` what all of it uses, at the run's pace."""

    wanted: Wanted
    place: Place
    services: Services
    mails: Sequence[Mail]
    known: list[dict[str, object]]
    kept: TextIO
    say: Callable[[str], None]
    pids: Callable[[], Mapping[str, int]] = dict
    ready: Callable[[], bool] = bool
    stop: Callable[[], None] = lambda: None
    samples: list[Sample] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    pace: Pace | None = None
    restarts: int = 0
    missed: int = 0
    delivered: int = 0
    cores: float = 0.0
    _step: Callable[[], None] = field(init=False)
    _began: float = 0.0
    _decided: int = 0
    _used: float = 0.0
    _spent: tuple[float, float] | None = None
    _next: dict[str, float] = field(default_factory=dict)
    _running: dict[str, int] = field(default_factory=dict)
    _going: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._outside = StandIns(self.place.urls)
        self._errands = Errands(self.services, self._outside, Asking(self.services, self.place))
        self._probe = Probe(self.place.postgres, self.place.valkey, DATABASE)
        self._step = self._open

    def __call__(self) -> None:
        self._step()

    def stop_people(self) -> None:
        self._going.set()

    def _open(self) -> None:
        if self.ready():
            self.say("two shops are opened, and learn what they may answer by themselves")
            shops.open_shops(self.services, self.place, self._outside, self.mails, self.known)
            self._errands.open()
            self._step = self._learn

    def _learn(self) -> None:
        with suppress(TryAgain):
            if self._due("look", LOOKED_EVERY) and shops.are_ready(self.services):
                self._start_people()
                self.say(f"{BACKLOG} mails come at once")
                self._deliver(BACKLOG)
                self._step = self._hurry

    def _hurry(self) -> None:
        """Counted from the first mails that are decided: until then nobody has looked into the mailbox."""
        if not self._due("look", LOOKED_EVERY):
            return
        now, used = time.monotonic(), self._probe.seconds_used(self.pids())
        with connect(self.place.postgres, DATABASE) as db:
            left, decided, _ = ends.work_left(db)
        if not self._began and decided:
            self._began, self._decided, self._used = now, decided, used
        if decided < BACKLOG:
            return
        if self.pace is None:
            took = max(now - self._began, LOOKED_EVERY)
            full = (decided - self._decided) / took * 60
            self.pace = half_of(full, (used - self._used) / took, self.wanted.at_most)
            self.say(f"full pace: {self.pace.full:.0f} mails a minute; from now on {self.pace.mails:.0f} a minute")
        if left == 0:
            self._began, self._used, self._running = now, used, dict(self.pids())
            self._step = self._soak

    def _soak(self) -> None:
        assert self.pace is not None
        at = time.monotonic() - self._began
        try:
            self._deliver(min(len(self.mails), BACKLOG + int(at * self.pace.mails / 60)))
        except requests.RequestException:
            self.missed += 1
        if self._due("errand", ERRAND_EVERY):
            with suppress(TryAgain):
                self._errands.run_one()
        if self._due("sample", SAMPLED_EVERY):
            self._sample(at, self.pace)
        if self._due("say", SAID_EVERY):
            self.say(f"{at / 60:.0f} min, {self.delivered - BACKLOG} mails, {self.cores:.2f} cores")
        if at >= self.wanted.minutes * 60:
            self.stop()

    def _sample(self, at: float, pace: Pace) -> None:
        pids = dict(self.pids())
        self.restarts += sum(self._running.get(name) != pid for name, pid in pids.items())
        self._running = pids
        seconds = self._probe.seconds_used(pids) - self._used
        self.cores = seconds / max(at, 1.0)
        try:
            values = {**self._probe.look(pids), **self._of_run(pace)}
        except (psycopg.Error, redis.RedisError):
            self.missed += 1
            return
        values |= self._cost(seconds, values["mails decided"])
        self.samples.append(Sample(at, values))
        rounded = {name: round(one, 3) for name, one in values.items()}
        self.kept.write(json.dumps({"at": round(at, 1), **rounded}) + "\n")
        self.kept.flush()

    def _cost(self, seconds: float, mails: float) -> dict[str, float]:
        """What a mail took of the processor since the sample before, in milliseconds."""
        before, self._spent = self._spent, (seconds, mails)
        if before is None or mails <= before[1]:
            return {}
        return {"cost all": (seconds - before[0]) / (mails - before[1]) * 1000}

    def _of_run(self, pace: Pace) -> dict[str, float]:
        """What each sample says of the run itself, so that the samples alone tell of it."""
        return {
            "mails delivered": self.delivered,
            **{f"pace {name}": value for name, value in asdict(pace).items()},
            **{f"run {name}": getattr(self, name) for name in ("cores", "restarts", "missed")},
            **{f"desk {what}": sum(getattr(one, what) for one in self.people) for what in DESK},
        }

    def _deliver(self, until: int) -> None:
        for number in range(self.delivered, until):
            self._outside.deliver(self.mails[number])
            self.delivered = number + 1

    def _start_people(self) -> None:
        for number in range(len(shops.SLUGS)):
            desk = f"http://127.0.0.1:{self.place.kept.web_port}"
            person = Person(desk, shops.member_of(number), self.place.kept.member_password, PAUSE, CLEARS)
            self.people.append(person)
            threading.Thread(target=person.work, args=(self._going,), name=f"person-{number}", daemon=True).start()

    def _due(self, what: str, every: float) -> bool:
        now = time.monotonic()
        if now < self._next.setdefault(what, now):
            return False
        self._next[what] = now + every
        return True
