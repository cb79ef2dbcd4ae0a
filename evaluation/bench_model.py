"""Measure the bare embedding model: mails a second through the same graph, on the same two cores, doing nothing else.

As a program (`python -m evaluation.bench_model DIR PRECISION THREADS`) it is one embedding process: it reads texts as
JSON from standard input, says `ready`, waits for a line, embeds, and says `done` with the processor seconds of that.
"""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from settings import ROOT, Settings


@dataclass(frozen=True, slots=True)
class Arrangement:
    """How the model was spread over the cores."""

    processes: int
    threads: int

    def __str__(self) -> str:
        return (
            f"{self.processes} process{'es' * (self.processes > 1)} of {self.threads} thread{'s' * (self.threads > 1)}"
        )


@dataclass(frozen=True, slots=True)
class Speed:
    """Mails a second, and processor seconds for each mail."""

    mails_per_second: float
    cpu_per_mail: float


ARRANGEMENTS = (Arrangement(1, 2), Arrangement(2, 1))


def measure(settings: Settings, texts: Sequence[str]) -> dict[Arrangement, Speed]:
    """The speed in each arrangement; loading is not counted."""
    return {each: _speed(settings, texts, each) for each in ARRANGEMENTS}


def _speed(settings: Settings, texts: Sequence[str], arrangement: Arrangement) -> Speed:
    command = (sys.executable, "-m", "evaluation.bench_model", str(settings.models_dir), settings.embedding_precision)
    with ExitStack() as stack:
        started = []
        for number in range(arrangement.processes):
            process = stack.enter_context(
                subprocess.Popen(
                    (*command, str(arrangement.threads)),
                    cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                )
            )  # fmt: skip
            started.append(process)
            _tell(process.stdin, json.dumps(list(texts[number :: arrangement.processes])))
        for process in started:
            _awaited(process.stdout, "ready")
        began = time.monotonic()
        for process in started:
            _tell(process.stdin, "go")
        cpu = sum(_awaited(process.stdout, "done") for process in started)
        return Speed(len(texts) / (time.monotonic() - began), cpu / len(texts))


def _tell(pipe: IO[str] | None, line: str) -> None:
    assert pipe is not None
    pipe.write(f"{line}\n")
    pipe.flush()


def _awaited(pipe: IO[str] | None, word: str) -> float:
    """Wait for a line of this word and a number; the number."""
    assert pipe is not None
    line = pipe.readline()
    said, _, number = line.partition(" ")
    if said != word:
        raise RuntimeError(f"the embedding process said {line!r} instead of {word!r}")
    return float(number)


def main(directory: Path, precision: str, threads: int) -> None:
    from adapters.embedding.onnx import OnnxEmbedder

    assert precision in ("int8", "fp32")
    embedder = OnnxEmbedder(directory, "fp32" if precision == "fp32" else "int8", threads)
    texts = json.loads(sys.stdin.readline())
    embedder.embed(["The first run of a graph takes longer than the others."])
    print("ready 0", flush=True)
    sys.stdin.readline()
    before = time.process_time()
    embedder.embed(texts)
    print("done", time.process_time() - before, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
