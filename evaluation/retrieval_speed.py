"""How fast an index is searched, loaded and built, and documents embedded: `python -m evaluation.retrieval_speed`."""

import argparse
import gc
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import numpy as np

from evaluation import indexing_speed
from evaluation.made_up import ENGINE, MadeUp
from rag.index import Asked, Index, assemble
from rag.ranking import search
from rag.shelf import Key, Shelf
from settings import read

MAILS, COMPARED, WARM = 300, 20, 20
TENANT = str(UUID(int=4))
ROOM = 1 << 40
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Searched:
    """Milliseconds of one mail of so many texts: signals and order, without the embedding. `busy` are those in which
    the processor worked for it, which other programs on the machine lengthen less. `recall` is the share of the ten
    best of all passages among the ten found.
    """

    texts: int
    p50: float
    p99: float
    busy_p50: float
    busy_p99: float
    recall: float


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds to build an index from embedded documents, to write its files, and to map and check them; megabytes of
    its files, and by how much its mapping and searching makes the process larger, shared pages apart.
    """

    passages: int
    build: float
    save: float
    load: float
    files: float
    memory: float
    own_memory: float
    searched: tuple[Searched, ...]


def measure(passages: int, mails: int = MAILS, compared: int = COMPARED) -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        shelf = Shelf(Path(folder), ROOM)
        asked, build, save, key = _stored(shelf, passages, mails)
        # What was built is gone: the memory measured is that of the mapped form.
        gc.collect()
        before = _memory()
        load, mapped = _timed(lambda: shelf.load(key))
        if mapped is None:
            raise RuntimeError("the index just written cannot be read")
        searched = tuple(_searched(mapped, of_one, compared) for of_one in asked)
        after = _memory()
    return Measured(
        passages, build, save, load, mapped.nbytes / 1e6, after[0] - before[0], after[1] - before[1], searched
    )


def _stored(shelf: Shelf, passages: int, mails: int) -> tuple[list[Sequence[tuple[Asked, ...]]], float, float, Key]:
    """Mails of one text and of four about a knowledge base that was put on the shelf, and the seconds of both steps."""
    made = MadeUp()
    embedded = list(made.knowledge_base(passages))
    build, index = _timed(lambda: assemble(embedded, ENGINE))
    key = Key(TENANT, index.version, ENGINE)
    save, _ = _timed(lambda: shelf.save(key, index))
    return [made.mails(embedded, mails, texts) for texts in (1, 4)], build, save, key


def _searched(index: Index, mails: Sequence[tuple[Asked, ...]], compared: int) -> Searched:
    for mail in mails[:WARM]:
        search(index, mail[0], mail[1:], "en")
    wall, busy, found = [], [], []
    for mail in mails:
        begun, worked = time.perf_counter(), time.thread_time()
        found.append({hit.number for hit in search(index, mail[0], mail[1:], "en")})
        wall.append(1000 * (time.perf_counter() - begun))
        busy.append(1000 * (time.thread_time() - worked))
    # Without the short codes every passage is scored.
    every = Index({name: array for name, array in index.arrays.items() if not name.endswith(".codes")}, index.facts)
    best = [{hit.number for hit in search(every, mail[0], mail[1:], "en")} for mail in mails[:compared]]
    recall = float(np.mean([len(exact & near) / len(exact) for exact, near in zip(best, found, strict=False)]))
    (p50, p99), (busy_p50, busy_p99) = (np.percentile(times, (50, 99)).tolist() for times in (wall, busy))
    return Searched(len(mails[0]), p50, p99, busy_p50, busy_p99, recall)


def table(measured: Sequence[Measured]) -> str:
    heads = (
        "passages  build s  save s  load s  files MB  memory MB (own)  texts  p50 ms  p99 ms  busy p50/p99  recall@10"
    )
    lines = (
        f"{one.passages:8d} {one.build:8.1f} {one.save:7.2f} {one.load:7.2f} {one.files:9.0f}"
        f" {f'{one.memory:.0f} ({one.own_memory:.0f})':>16} {row.texts:6d} {row.p50:7.2f} {row.p99:7.2f}"
        f" {f'{row.busy_p50:.2f}/{row.busy_p99:.2f}':>13} {row.recall:10.3f}"
        for one in measured
        for row in one.searched
    )
    return "\n".join([heads, *lines])


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    begun = time.perf_counter()
    done = work()
    return time.perf_counter() - begun, done


def _memory() -> tuple[float, float]:
    """Megabytes of this process: all, and those that are no pages of files."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    sizes = {name: value for name, _, value in (line.partition(":") for line in lines)}
    return int(sizes["VmRSS"].split()[0]) / 1024, int(sizes["RssAnon"].split()[0]) / 1024


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m evaluation.retrieval_speed", description=__doc__)
    parser.add_argument("--passages", default="10000,100000", help="sizes of the knowledge bases, by commas")
    parser.add_argument("--sections", type=int, default=120, help="embed so many, beside the bare model")
    chosen = parser.parse_args(arguments)
    sizes = [int(size) for size in chosen.passages.split(",") if size]
    print(table([measure(size) for size in sizes]), flush=True)
    if chosen.sections:
        print(indexing_speed.measure(read(), chosen.sections), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
