"""The child process in which mails are parsed: reads length-prefixed mails, writes length-prefixed JSON.

Run by `adapters.mime.jail` as `python -m adapters.mime.jail_child`. It limits itself before it reads anything.
"""

import contextlib
import ctypes
import json
import math
import resource
import signal
import sys
import time
from typing import BinaryIO

from adapters.mime.parse import parse
from adapters.mime.wire import to_json
from domain.errors import Unreadable

_PR_SET_PDEATHSIG = 1


def confine(memory_bytes: int) -> None:
    """No more memory than that, no files, no core dump, and no life after the parent."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    if sys.platform == "linux":
        # Elsewhere the end of its input ends the child, and the limit of its processor time a hungry one.
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def serve(source: BinaryIO, sink: BinaryIO, cpu_seconds: float, seconds_per_megabyte: float) -> None:
    """Answer each mail until the input ends."""
    _write(sink, b"{}")  # ready
    while len(prefix := source.read(4)) == 4:
        raw = source.read(int.from_bytes(prefix))
        # The limit counts the whole life of the process, so it moves on with every mail.
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        seconds = time.process_time() + cpu_seconds + seconds_per_megabyte * len(raw) / 1_000_000
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(seconds), hard))
        try:
            answer = to_json(parse(raw))
        except Unreadable as unreadable:
            answer = json.dumps({"unreadable": str(unreadable)}).encode("ascii")
        _write(sink, answer)


def _write(sink: BinaryIO, answer: bytes) -> None:
    sink.write(len(answer).to_bytes(4) + answer)
    sink.flush()


if __name__ == "__main__":
    confine(int(sys.argv[1]))
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        serve(sys.stdin.buffer, sys.stdout.buffer, float(sys.argv[2]), float(sys.argv[3]))
