"""`python -m evaluation.bench_desk`: the desk over a million mails, page by page, beside the bare SQL of its lists."""

import argparse
import http.client
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bootstrap import Services, build
from domain.errors import MailwrightError
from evaluation import bench_programs, desk_plans, desk_rows
from evaluation.bench_place import Place, servers
from evaluation.bench_table import rows
from evaluation.desk_plans import LISTS
from settings import ROOT
from storage import members, queue
from storage.queue import Filter

PAGE = ROOT / "docs" / "desk.md"
SEED = 7
BUDGET_MS, WEIGHT_KB, RATIO = 60, 120, 1.3


@dataclass(frozen=True, slots=True)
class Asked:
    """One kind of page: which figure it counts for, and the addresses that are asked."""

    figure: str
    name: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Served:
    """How long one kind of page took, in milliseconds, and how large it was, in bytes."""

    asked: Asked
    times: tuple[float, ...]
    size: int

    @property
    def p95(self) -> float:
        return p95(self.times)


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m evaluation.bench_desk", description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=40, help="how often each kind of page is asked for")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)}, with the query plans")
    options = parser.parse_args(sys.argv[1:] if words is None else words)
    if options.messages < 20 * desk_rows.TENANTS or options.rounds < 1:
        parser.error(f"--messages must be at least {20 * desk_rows.TENANTS}, --rounds at least 1")
    try:
        with tempfile.TemporaryDirectory(prefix="mailwright-bench-") as folder:
            return _run(Path(folder), options)
    except (MailwrightError, RuntimeError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1


def _run(folder: Path, options: argparse.Namespace) -> int:
    with servers(folder) as place:
        _say(f"{options.messages:,} messages of {desk_rows.TENANTS:,} tenants")
        began = time.monotonic()
        sizes = desk_rows.build(place.settings.database_owner_url, options.messages)
        tables = ", ".join(f"{name} {size:,.0f} MB" for name, size in sizes.items())
        built = f"Built in {time.monotonic() - began:.0f} s: {tables}."
        _say(built)
        with closing(build(place.settings)) as services:
            kinds = _kinds(services, options.rounds)
            _say("pages")
            served = _ask(place, services, kinds)
            _say("lists beside their bare SQL")
            ratios = {name: desk_plans.ratio(services, one) for name, one in LISTS.items()}
            plans = desk_plans.plans(services) if options.write else {}
    table = _table(served, ratios)
    print(table, end="\n\n")
    last = _last_line(served, ratios)
    if options.write:
        PAGE.write_text(desk_plans.page(f"{_setting(options.messages)} {built}", table, last, plans), encoding="utf-8")
    print(last)
    return 0


def _kinds(services: Services, rounds: int) -> list[Asked]:
    """What is asked: the usual pages, the deep ones, and words from the rarest to the most common."""
    chance, tenant = random.Random(SEED), desk_rows.tenant()  # noqa: S311 (which pages are asked for)
    with services.database.transaction(tenant) as db:
        held = queue.ids(db, tenant, Filter(), limit=10**6)
        deep = [held[chance.randrange(len(held))] for _ in range(rounds)]
        talks = [row.conversation for one in deep for row in queue.page(db, tenant, Filter(), after=one, limit=1)]
    rare = [f"LO-{10_000 + 3 * chance.randrange(1, 3000)}" for _ in range(rounds)]
    names = [f"person{chance.randrange(1, 7919)}" for _ in range(rounds)]
    common = [chance.choice(("lamp", "order", "the lamp", "return order", "delivery")) for _ in range(rounds)]
    return [
        Asked("queue", "the queue", ("/",) * rounds),
        Asked("queue", "the queue, one category", ("/?category=refund",) * rounds),
        Asked("queue", "the queue, mine", ("/?assignee=me",) * rounds),
        Asked(
            "queue", "the queue, four filters", ("/?category=other&language=es&kind=person&assignee=nobody",) * rounds
        ),
        Asked("queue", "what rests", ("/?state=snoozed",) * rounds),
        Asked("queue", "what is settled", ("/?state=done",) * rounds),
        Asked("queue", "a page deep in the queue", tuple(f"/?after={one}" for one in deep)),
        Asked("queue", "the list of conversations", ("/conversations",) * rounds),
        Asked("conversation", "a conversation", tuple(f"/conversations/{one}" for one in talks if one)),
        Asked("search", "the queue, an order number", tuple(f"/?q={one}" for one in rare)),
        Asked("search", "the queue, a name", tuple(f"/?q={one}" for one in names)),
        Asked("search", "the queue, common words", tuple(f"/?q={one.replace(' ', '+')}" for one in common)),
        Asked("search", "the queue, a common word and filters", ("/?q=lamp&language=es&kind=person",) * rounds),
        Asked("search", "all mail, an order number", tuple(f"/conversations?q={one}" for one in rare)),
        Asked("search", "all mail, a name", tuple(f"/conversations?q={one}" for one in names)),
        Asked("search", "all mail, common words", tuple(f"/conversations?q={one.replace(' ', '+')}" for one in common)),
    ]


def _ask(place: Place, services: Services, kinds: list[Asked]) -> list[Served]:
    """Every address over HTTP, the kinds in turn, so that what else the machine does falls on all of them alike."""
    tenant = desk_rows.tenant()
    with services.database.transaction(tenant) as db:
        cookie = f"mailwright={tenant}.{members.open_session(db, tenant, desk_rows.member())}"
    address = f"127.0.0.1:{bench_programs.free_port()}"
    host = place.settings.public_url.partition("//")[2]
    times: list[list[float]] = [[] for _ in kinds]
    sizes = [0 for _ in kinds]
    with bench_programs.running("web", (*bench_programs.GUNICORN, address), place.settings, place.folder) as web:
        web.until(lambda: _get(address, host, "", "/healthz")[0] == 200, within=300)
        for number in range(-3, max(len(one.paths) for one in kinds)):
            for kind, asked in enumerate(kinds):
                began = time.perf_counter()
                status, size = _get(address, host, cookie, asked.paths[number % len(asked.paths)])
                if status != 200:
                    raise RuntimeError(f"{asked.name} was answered with {status}")
                if number >= 0:
                    times[kind].append((time.perf_counter() - began) * 1000)
                    sizes[kind] = max(sizes[kind], size)
    return [Served(one, tuple(times[at]), sizes[at]) for at, one in enumerate(kinds)]


def _get(address: str, host: str, cookie: str, path: str) -> tuple[int, int]:
    """Status and size of one page."""
    connection = http.client.HTTPConnection(address, timeout=30)
    try:
        connection.request("GET", path, headers={"Host": host, "Cookie": cookie})
        answer = connection.getresponse()
        return answer.status, len(answer.read())
    except OSError:
        return 0, 0
    finally:
        connection.close()


def p95(times: tuple[float, ...]) -> float:
    """The time that 95 of 100 do not exceed."""
    return sorted(times)[max(0, round(0.95 * len(times)) - 1)]


def _table(served: list[Served], ratios: dict[str, tuple[float, float]]) -> str:
    def pages() -> Iterator[tuple[str, ...]]:
        for one in served:
            median, size = statistics.median(one.times), one.size / 1000
            yield one.asked.name, f"{median:.1f}", f"{one.p95:.1f}", f"{size:.0f}"

    def lists() -> Iterator[tuple[str, ...]]:
        for name, (ours, bare) in ratios.items():
            yield name, f"{ours:.2f}", f"{bare:.2f}", f"{ours / bare:.2f}"

    return "\n".join(
        (
            *rows(("Page, over HTTP", "median ms", f"p95 ms (≤ {BUDGET_MS})", f"kB (≤ {WEIGHT_KB})"), pages()),
            "",
            *rows(("List", "ours ms", "bare SQL ms", f"ratio (≤ {RATIO})"), lists()),
        )
    )


def _last_line(served: list[Served], ratios: dict[str, tuple[float, float]]) -> str:
    def of(figure: str) -> str:
        return f"{max(one.p95 for one in served if one.asked.figure == figure):.1f}"

    worst = max(ours / bare for ours, bare in ratios.values())
    return (
        f"desk: queue_p95_ms {of('queue')} conversation_p95_ms {of('conversation')} search_p95_ms {of('search')}"
        f" worst_ratio_to_sql {worst:.2f}"
    )


def _setting(messages: int) -> str:
    machine = f"{datetime.now(UTC):%d %B %Y}, on {os.cpu_count()} cores; other work ran beside it"
    held = int(messages * desk_rows.HELD)
    return (
        f"`make bench-desk`, {machine}: {messages:,} messages of {desk_rows.TENANTS:,} tenants, {held:,} held in one."
    )


def _say(what: str) -> None:
    print(f"bench: {what} ...", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
