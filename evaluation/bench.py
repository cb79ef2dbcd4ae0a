"""`python -m evaluation.bench`: the whole way of many mails through real processes, measured beside the bare model."""

import argparse
import os
import platform
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from domain.errors import MailwrightError
from evaluation import bench_google, bench_model
from evaluation.bench_measured import Measured
from evaluation.bench_place import servers
from evaluation.bench_run import idle, run, start_web
from evaluation.bench_table import table
from settings import ROOT

PAGE = ROOT / "docs" / "bench.md"
SEED = 20

HOW = """Each mail goes the whole way through the programs of production: the sandbox Google holds all of them in one
mailbox, then the mailbox is resumed; listener, one `io` and one `brain` worker, Postgres (every commit waits for the
disk) and Valkey run as processes of their own. The clock stops when the last mail is answered, held or ignored, a reply
counting when Gmail confirmed it. The sandbox and both servers share the processor with the workers.

The bare model is the same graph over subject and full text of the same mails, in the faster of two arrangements on the
same cores, before and after the run; loading is not counted. In the run mails are embedded without quotes and
signature, and where a mail asks something, so are the sentences that ask.

Units per answered mail are those of its own way: all units but the polls, and but 20 for each mail that was fetched and
not answered. An idle poll is counted after the run, over several. Memory is Linux's VmRSS and VmHWM; `parser` is the
child of `io` that reads hostile mail. Web is one `gunicorn "app:create_app()"` until /healthz says 200."""


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m evaluation.bench", description=__doc__)
    parser.add_argument("--mails", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=SEED, help="which mails of the demonstration mix")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)}, too")
    options = parser.parse_args(sys.argv[1:] if words is None else words)
    if options.mails < 1:
        parser.error("--mails must be at least 1")
    try:
        with tempfile.TemporaryDirectory(prefix="mailwright-bench-") as folder:
            measured = measure(Path(folder), options.mails, options.seed)
    except (MailwrightError, RuntimeError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    print(table(measured), end="\n\n")
    if options.write:
        PAGE.write_text(page(measured), encoding="utf-8")
    print(measured.last_line)
    return 0


def measure(folder: Path, count: int, seed: int) -> Measured:
    """Run everything once, below `folder`, and leave nothing behind."""
    mails, orders = bench_google.mix(count, seed), bench_google.mix(count, seed, orders=True)
    texts = [f"{mail['subject']}\n{mail['text']}" for mail in mails]
    with servers(folder) as place:
        _say("the bare model, before")
        before = bench_model.measure(place.settings, texts)
        web = start_web(place)
        _say(f"{count} mails")
        with run(place, mails, orders) as done:
            _say("idle polls")
            units, polls = idle(place, done)
        _say("the bare model, after")
        after = bench_model.measure(place.settings, texts)
    return Measured(done.handled, (before, after), units, polls, done.started, done.peaks, web)


def page(measured: Measured) -> str:
    """docs/bench.md."""
    machine = f"{os.cpu_count()} cores ({_processor()}), {platform.system()}, Python {platform.python_version()}"
    head = f"# How fast it is\n\n`make bench`, {datetime.now(UTC):%d %B %Y}, on {machine}; other work ran beside it.\n"
    return f"{head}\n{table(measured)}\n\n```\n{measured.last_line}\n```\n\n## How it is measured\n\n{HOW}\n"


def _processor() -> str:
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    names = [line.partition(":")[2].strip() for line in info.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _say(what: str) -> None:
    print(f"bench: {what} ...", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
