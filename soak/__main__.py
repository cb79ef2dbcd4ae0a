"""`python -m soak`: hours of ordinary mail through the real programs; exit 1 when anything grows that may not."""

import argparse
import json
import sys
import time
from collections.abc import Iterable
from contextlib import ExitStack, closing
from os import devnull
from pathlib import Path

import settings as settings_module
from bootstrap import build
from chaos.place import forget, open_place, stand_ins
from chaos.plan import plan
from commands.demo import answers
from domain.errors import MailwrightError
from evaluation import bench_google
from soak.course import BACKLOG, Course, Wanted
from soak.figures import Sample
from soak.picture import picture
from soak.programs import programs, unhurried
from soak.report import Told, exit_code, last_line, table
from worker.supervisor import Supervisor

SEED = 1
PICTURE = settings_module.ROOT / "docs" / "soak.svg"


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=120.0, help="of mail at its pace; Ctrl-C ends it before")
    parser.add_argument("--at-most", type=float, default=2500.0, help="mails a minute, where half of full pace is more")
    parser.add_argument("--write", action="store_true", help=f"draw {PICTURE.name} in docs, too")
    parser.add_argument("--again", type=Path, metavar="SAMPLES", help="tell of an earlier run by its samples.jsonl")
    options = parser.parse_args(sys.argv[1:] if words is None else words)
    if options.minutes <= 0 or options.at_most <= 0:
        parser.error("--minutes and --at-most must be more than 0")
    if options.again:
        told = _told(samples_of(options.again.read_text(encoding="utf-8").splitlines()))
    else:
        try:
            told = _told(run(Wanted(options.minutes, options.at_most)))
        except MailwrightError as error:
            print(f"soak: {error}", file=sys.stderr)
            return 2
    if told is None:
        print("soak: ended before mail came at its pace", file=sys.stderr)
        return 2
    print(table(told), end="\n\n")
    if options.write:
        PICTURE.write_text(picture(told.samples, last_line(told)), encoding="utf-8")
    print(last_line(told))
    return exit_code(told)


def run(wanted: Wanted) -> list[Sample]:
    """Begin anew, and run to the end or until we are interrupted."""
    folder = settings_module.read().data_dir / "soak"
    forget(folder)
    count = BACKLOG + int(wanted.minutes * wanted.at_most) + 1
    mails = plan(bench_google.mix(count, SEED), 0, SEED).mails
    with ExitStack() as stack:
        place = unhurried(stack.enter_context(open_place(folder, leaps=False)))
        services = stack.enter_context(closing(build(place.settings)))
        log = stack.enter_context(Path(devnull).open("w", encoding="utf-8"))
        kept = stack.enter_context((folder / "samples.jsonl").open("w", encoding="utf-8"))
        known = bench_google.mix(count, SEED, orders=True)
        course = Course(wanted, place, services, mails, known, kept, _say)
        supervisor = Supervisor(
            [*stand_ins(place, answers), *programs(place)], log=log, folder=folder / "logs", tick=course
        )
        course.pids, course.stop = lambda: supervisor.pids, supervisor.stop
        course.ready = lambda: supervisor.ready
        supervisor.run()
        course.stop_people()
        return course.samples


def samples_of(lines: Iterable[str]) -> list[Sample]:
    """What a run wrote into samples.jsonl."""
    read = (json.loads(line) for line in lines)
    return [Sample(one.pop("at"), one) for one in read]


def _told(samples: list[Sample]) -> Told | None:
    """None where there is nothing to tell."""
    return Told(samples) if len(samples) > 1 else None


def _say(what: str) -> None:
    print(f"soak: {time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
