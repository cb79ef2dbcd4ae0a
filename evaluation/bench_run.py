"""The run itself: fill the mailbox, let the workers go, watch until every mail has ended, then let them idle."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import requests

from bootstrap import build
from evaluation import bench_cpu, bench_google, bench_programs, bench_shop
from evaluation.bench_cpu import Memory
from evaluation.bench_google import Control
from evaluation.bench_measured import Handled, Stage, Started, Web
from evaluation.bench_place import Place
from evaluation.bench_programs import Program, running
from evaluation.bench_shop import Ended, Shop

MODEL_LIBRARIES = ("onnxruntime", "sklearn", "faiss", "torch", "tokenizers")
IDLE_POLLS = 5
STUCK = 120.0  # seconds without any mail coming to its end
LOOK_EVERY = 0.2


@dataclass(frozen=True, slots=True)
class Done:
    """What was measured while the mails were handled, and what still runs."""

    handled: Handled
    started: Mapping[str, Started]
    peaks: Mapping[str, Memory]
    shop: Shop
    google: Control
    io: Program


def start_web(place: Place) -> Web:
    """How long the pages take to be there, and whether a model is loaded with them."""
    address = f"127.0.0.1:{bench_programs.free_port()}"
    with running("web", (*bench_programs.GUNICORN, address), place.settings, place.folder) as web:
        seconds = web.until(lambda: _is_healthy(f"http://{address}/healthz"))
        largest = max(map(bench_cpu.memory, bench_cpu.family(web.pid)), key=lambda memory: memory.now)
        return Web(Started(seconds, largest), tuple(sorted(bench_cpu.loaded(web.pid, MODEL_LIBRARIES))))


@contextmanager
def run(place: Place, mails: list[dict[str, Any]], orders: list[dict[str, Any]]) -> Iterator[Done]:
    """Handle all mails; listener and workers go on running within the block."""
    google = Control(place.settings.gmail_api_endpoint)
    seed = place.folder / "seed"
    bench_google.write_seed(seed, mails)
    with ExitStack() as stack:
        sandbox = stack.enter_context(
            running("sandbox", bench_google.command(seed, place.google_port), place.settings, place.folder)
        )
        # It answers before its mailboxes are filled; then it says where it is.
        sandbox.until(lambda: bench_google.READY in sandbox.log.read_text())
        services = stack.enter_context(closing(build(place.settings)))
        tenant, owner = bench_shop.open_shop(services, orders)
        answer = google.authorize()
        shop = bench_shop.connect_mailbox(services, tenant, owner, address=bench_google.SHOP, answer=answer)
        shop.pause()
        workers = {
            "io": stack.enter_context(running("io", bench_programs.worker("io"), place.settings, place.folder)),
            "brain": stack.enter_context(
                running("brain", bench_programs.worker("brain"), place.settings, place.folder)
            ),
        }
        started = {name: _started(worker) for name, worker in workers.items()}
        listener = stack.enter_context(running("listener", bench_programs.LISTENER, place.settings, place.folder))
        listener.until(lambda: listener.events("listener_ready"))
        sandbox.until(lambda: not google.waiting(), within=600)
        listener.until(shop.has_learned, within=600)

        pids = {name: worker.pid for name, worker in workers.items()}
        pids |= {"listener": listener.pid, "sandbox Google": sandbox.pid}
        pids |= {"Postgres": place.postgres.pid, "Valkey": place.valkey.pid}
        cpu, began = _cpu(pids), time.monotonic()
        shop.resume()
        ended = _await_all(shop, len(mails))
        seconds, used = time.monotonic() - began, bench_cpu.used(cpu, _cpu(pids))
        _await(lambda: shop.is_idle() and _has_said(workers, len(mails)))
        handled = Handled(len(mails), ended, seconds, used, _stages(workers.values()), google.units())
        yield Done(handled, started, _peaks(pids), shop, google, workers["io"])


def idle(place: Place, done: Done) -> tuple[float, int]:
    """Units per poll of a mailbox in which nothing happens, and over how many polls; polled each second for that."""
    done.io.stop()
    often = replace(place.settings, poll_seconds=1.0)
    done.shop.pause()
    done.shop.resume()
    with running("idle", bench_programs.worker("io"), often, place.folder) as io:

        def polled() -> int:
            return sum(event["rows"] for event in io.events("drained") if event["kind"] == "sync")

        # The first ones see the copies of our own replies.
        io.until(lambda: polled() >= 2)
        before, units = polled(), sum(done.google.units().values())
        io.until(lambda: polled() >= before + IDLE_POLLS)
        polls = polled() - before
        return (sum(done.google.units().values()) - units) / polls, polls


def _started(worker: Program) -> Started:
    seconds = worker.until(lambda: worker.events("worker_ready"))
    return Started(seconds, bench_cpu.memory(worker.pid))


def _await_all(shop: Shop, count: int) -> Ended:
    """Wait until every mail has ended. Raises RuntimeError when nothing happens any more."""
    ended, moved = Ended(0, 0, 0), time.monotonic()
    while ended.all < count:
        time.sleep(LOOK_EVERY)
        now = shop.ended()
        if now != ended:
            ended, moved = now, time.monotonic()
        elif time.monotonic() > moved + STUCK:
            raise RuntimeError(f"{count - ended.all} of {count} mails came to no end within {STUCK:.0f} s")
    return ended


def _await(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + STUCK
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"the workers did not come to rest within {STUCK:.0f} s")
        time.sleep(LOOK_EVERY)


def _has_said(workers: Mapping[str, Program], count: int) -> bool:
    """Whether the logs tell of every mail: a round of work is logged when it ends."""
    stages = _stages(workers.values())
    return all(kind in stages and stages[kind].rows >= count for kind in ("fetch", "process"))


def _stages(workers: Any) -> dict[str, Stage]:
    rounds: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for worker in workers:
        for event in worker.events("drained"):
            rounds[event["kind"]].append(event)
    return {
        kind: Stage(len(events), sum(event["rows"] for event in events), sum(event["seconds"] for event in events))
        for kind, events in rounds.items()
    }


def _cpu(pids: Mapping[str, int]) -> dict[str, float]:
    """Processor seconds by process; the child that parses mail is shown apart from its parent `io`."""
    seconds = {name: bench_cpu.seconds_of_family(pid) for name, pid in pids.items()}
    parser = sum(map(bench_cpu.seconds_of_family, bench_cpu.children(pids["io"])))
    return {**seconds, "io": seconds["io"] - parser, "parser": parser}


def _peaks(pids: Mapping[str, int]) -> dict[str, Memory]:
    [parser] = bench_cpu.children(pids["io"])
    watched = {"io": pids["io"], "brain": pids["brain"], "parser": parser}
    return {name: bench_cpu.memory(pid) for name, pid in watched.items()}


def _is_healthy(url: str) -> bool:
    try:
        return requests.get(url, timeout=1).status_code == 200
    except requests.RequestException:
        return False
