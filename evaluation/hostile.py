"""Hostile mail, read and decided: `python -m evaluation.hostile [FOLDER...]`.

Every .eml below the folders, and every text of their injection_*.jsonl put into mails of customers, strangers
and suppliers, goes through the jail, the reader and the triage of a shop that trusts as much as its rules let it.
Counted is what escaped (an error that is no Unreadable), what took longer than it may, and which effects came of a
foreign instruction: those that the same mail without it does not have, and those for anybody but the writer. The
cleaned layout of each mail is opened in Chromium without any policy around it: what runs or asks for something there is
a load.
"""

import argparse
import json
import resource
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import settings as settings_module
from adapters import logs
from bootstrap import build
from domain.triage import MAX_BYTES
from evaluation.hostile_letters import BASES, WAYS
from evaluation.hostile_loads import NoChromium, loads_of
from evaluation.hostile_shop import handlers, suppliers, trusting
from evaluation.hostile_trial import Count, Trial

SHOWN = 20


def mails_in(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every .eml below a folder, by its name there; of a larger one than may be read no more than shows that."""
    for file in sorted(folder.rglob("*.eml")):
        with file.open("rb") as stream:
            yield str(file.relative_to(folder)), stream.read(MAX_BYTES + 1)


def texts_in(folder: Path) -> Iterator[tuple[str, str]]:
    """Each attack of the injection_*.jsonl of a folder: the instruction itself, not the mail it came in."""
    for file in sorted(folder.glob("injection_*.jsonl")):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            row = json.loads(line)
            said = next((row[name] for name in ("attack_text", "text", "body", "prompt") if row.get(name)), "")
            yield f"{file.name}:{number}", str(said)


def ways_of(number: int) -> tuple[str, ...]:
    """Below the mail always, and of the other ways one after the other: all of them together take an hour."""
    first, *others = WAYS
    return first, others[number % len(others)]


def tell(count: Count, loads: Sequence[str] | None, grown: int, child: int) -> str:
    """Print what was found, and give the last line."""
    for kind in (count.escaped, count.over_time, count.effects, loads or ()):
        for one in kind[:SHOWN]:
            print(one)
    print(f"{count.unreadable} mails cannot be read, and are a person's.")
    print(f"Slowest to read: {count.slowest_reading[0]:.2f} s ({count.slowest_reading[1]}).")
    print(f"Slowest to understand and decide: {count.slowest[0]:.2f} s ({count.slowest[1]}).")
    print(f"Memory: the child that reads at most {child} MB, this process {grown} MB more than with its models alone.")
    print(f"{count.links} links asked the customer on an order whether they wrote what somebody else did.")
    if loads is None:
        print("Layouts were opened in no browser: no Chromium, or no Playwright, is here.")
    return (
        f"hostile: mails {count.mails} texts {count.texts} escaped {len(count.escaped)} "
        f"over_time {len(count.over_time)} effects {len(count.effects)} loads {'-' if loads is None else len(loads)}"
    )


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m evaluation.hostile")
    parser.add_argument("--all-ways", action="store_true", help="put each text into each place of each mail")
    parser.add_argument("folders", nargs="*", type=Path, help="folders of hostile mail")
    options = parser.parse_args(words)
    logs.configure("WARNING")
    services = build(settings_module.read(purpose="explain"))
    try:
        services.load_models()
        trial = Trial(
            services.jail, services.plain_reader(), handlers(services.folder_answers()),
            trusting(services.plain_policy()), suppliers(),
        )  # fmt: skip
        trial.mail("warming up", next(iter(BASES.values())).as_bytes())
        trial.count, before = Count(), _peak(resource.RUSAGE_SELF)
        for folder in options.folders:
            for name, raw in mails_in(folder):
                trial.mail(name, raw)
            for number, (name, said) in enumerate(texts_in(folder)):
                trial.text(name, said, WAYS if options.all_ways else ways_of(number))
                if sys.stderr.isatty():
                    print(f"\r{trial.count.texts} texts", end="", file=sys.stderr)
    finally:
        services.close()
    try:
        loads: list[str] | None = loads_of(trial.count.layouts)
    except NoChromium:
        loads = None
    grown, child = _peak(resource.RUSAGE_SELF) - before, _peak(resource.RUSAGE_CHILDREN)
    print(tell(trial.count, loads, grown, child))
    count = trial.count
    return 1 if count.escaped or count.over_time or count.effects or loads else 0


def _peak(who: int) -> int:
    """Megabytes at the most so far."""
    return resource.getrusage(who).ru_maxrss // 1024


if __name__ == "__main__":
    sys.exit(main())
