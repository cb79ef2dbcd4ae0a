"""`python -m chaos`: mails through the real programs while they are killed; exit 1 when one was lost or doubled."""

import argparse
import sys
import threading
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from os import devnull
from pathlib import Path

import settings as settings_module
from bootstrap import Services, build
from chaos import ahead, ends, shops, state
from chaos.count import Verdict, count
from chaos.driver import Driver
from chaos.errands import Errands
from chaos.killer import Killer
from chaos.person import Person
from chaos.place import DATABASE, Place, forget, open_place, programs, stand_ins
from chaos.plan import Plan, plan
from chaos.points import all_points
from chaos.stand_ins import SPARED_ONCE, StandIns
from chaos.suppliers import Asking
from chaos.table import Told, last_line, table
from commands.demo import answers
from domain.errors import MailwrightError, TryAgain
from evaluation import bench_google
from worker.supervisor import Patience, Supervisor

INTERRUPTED = 130


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("--mails", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1, help="which plan; a run of the same seed is gone on with")
    parser.add_argument("--fresh", action="store_true", help="begin anew, whatever is there")
    parser.add_argument("--control", action="store_true", help="workers that repeat blindly: it must be caught")
    options = parser.parse_args(sys.argv[1:] if words is None else words)
    if options.mails < 1 or options.kills < 0:
        parser.error("--mails must be at least 1, --kills at least 0")
    wanted = state.Wanted(options.mails, options.kills, options.seed, options.control)
    try:
        told = run(wanted, fresh=options.fresh)
    except MailwrightError as error:
        print(f"chaos: {error}", file=sys.stderr)
        return 2
    if told is None:
        print("chaos: interrupted; the same command goes on from here", file=sys.stderr)
        return INTERRUPTED
    return judged(told)


def judged(told: Told) -> int:
    """Print everything; 0 when it holds, or when the control was caught."""
    print(table(told))
    if told.never_hit and told.state.wanted.kills >= len(told.points):
        print("never hit: " + ", ".join(told.never_hit))
    if told.state.wanted.control:
        caught = bool(told.verdict.doubled)
        print(f"the control, which repeats blindly, was {'caught' if caught else 'NOT caught'}")
        print(last_line(told))
        return 0 if caught else 1
    print(last_line(told))
    return 0 if told.verdict.holds else 1


def run(wanted: state.Wanted, *, fresh: bool = False) -> Told | None:
    """Run to the end, from where an earlier part of the same run stopped; None when it was interrupted."""
    folder = settings_module.read().data_dir / "chaos" / f"{wanted.seed}{'-control' if wanted.control else ''}"
    progress = state.load(folder / "state.json")
    if fresh or progress is None or progress.over or not progress.ready or progress.wanted != wanted:
        forget(folder)
        progress = state.State(wanted)
    progress.parts += 1
    known = bench_google.mix(wanted.mails, wanted.seed, orders=True)
    planned = plan(bench_google.mix(wanted.mails, wanted.seed), wanted.kills, wanted.seed, control=wanted.control)
    with ExitStack() as stack:
        place = stack.enter_context(open_place(folder))
        services = stack.enter_context(closing(build(place.settings)))
        log = stack.enter_context(Path(devnull).open("w", encoding="utf-8"))
        course = Course(place, services, planned, progress, known)
        supervisor = Supervisor(
            [*stand_ins(place, answers), *programs(place, control=wanted.control)],
            log=log,
            folder=folder / "logs",
            tick=course,
            patience=Patience(first_pause=0.05, longest_pause=0.1, stop_within=30, last_grace=10),
        )
        course.supervisor = supervisor
        supervisor.run()
        course.stop_people()
        return course.told


@dataclass
class Course:
    """From the first start to the count: what is called ten times a second while everything runs."""

    place: Place
    services: Services
    plan: Plan
    progress: state.State
    known: list[dict[str, object]]
    supervisor: Supervisor | None = None
    told: Told | None = None
    _outside: StandIns = field(init=False)
    _errands: Errands = field(init=False)
    _driver: Driver | None = None
    _people: list[Person] = field(default_factory=list)
    _going: threading.Event = field(default_factory=threading.Event)
    _opened: bool = False

    def __post_init__(self) -> None:
        self._outside = StandIns(self.place.urls, 0 if self.progress.wanted.control else SPARED_ONCE)
        self._errands = Errands(self.services, self._outside, Asking(self.services, self.place))

    def __call__(self) -> None:
        if self._driver is not None:
            self._driver()
        elif self._is_ready():
            self._begin()

    def stop_people(self) -> None:
        self._going.set()

    def _is_ready(self) -> bool:
        if self.supervisor is None or not self.supervisor.ready:
            return False
        if self.progress.ready:
            return True
        if not self._opened:
            _say("two shops are opened")
            shops.open_shops(self.services, self.place, self._outside, self.plan.mails, self.known)
            self._errands.open()
            self._opened = True
            _say("they learn what they may answer by themselves")
        try:
            return shops.are_ready(self.services)
        except TryAgain:
            return False

    def _begin(self) -> None:
        assert self.supervisor is not None
        self.progress.ready = True
        supervisor = self.supervisor
        self._driver = Driver(
            self.place,
            self.plan,
            self.progress,
            self._outside,
            Killer(self.place),
            _say,
            pids=lambda: supervisor.pids,
            leave=self.stop_people,
            ended=self._ended,
            errands=self._errands,
        )
        self._driver.save()
        for number in range(len(shops.SLUGS)):
            person = Person(
                f"http://127.0.0.1:{self.place.kept.web_port}", shops.member_of(number), self.place.kept.member_password
            )
            self._people.append(person)
            threading.Thread(target=person.work, args=(self._going,), name=f"person-{number}", daemon=True).start()

    def _ended(self, *, at_rest: bool) -> None:
        assert self._driver is not None
        assert self.supervisor is not None
        if not at_rest:
            _say("something never came to its end; it is counted as it is")
        self.progress.over = True
        self._driver.save()
        pages, approved, written, away = (
            sum(getattr(one, what) for one in self._people) for what in ("pages", "approved", "written", "away")
        )
        self.told = Told(
            self._verdict(),
            self.progress,
            self._driver.kills,
            all_points(),
            self._driver.killer.hits(),
            f"{pages} pages read, {approved} approvals pressed, {written} written by hand, web away {away} times",
            ahead.ahead(self.place.postgres, DATABASE).total_seconds() / 3600,
        )
        self.supervisor.stop()

    def _verdict(self) -> Verdict:
        with ahead.connect(self.place.postgres, DATABASE) as db:
            ended = ends.read(db)
        return count([mail.message_id for mail in self.plan.mails], ended, self._outside.done())


def _say(what: str) -> None:
    print(f"chaos: {time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
