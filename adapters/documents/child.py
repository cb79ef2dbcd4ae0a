"""The child process in which HTML and PDF are read: length-prefixed documents in, length-prefixed JSON out.

Run by `adapters.documents.jail` as `python -m adapters.documents.child MEMORY_BYTES SECONDS`.
"""

import contextlib
import json
import math
import resource
import sys
import time
from typing import BinaryIO

from adapters.documents import html, pdf
from adapters.mime.jail_child import confine
from domain.errors import Unreadable
from domain.ports import Converted

# What the parsers raise at broken input; anything else ends this process, which says the same to the parent.
FAULTS = (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError, MemoryError, ArithmeticError)
READERS = {b"html": html.read, b"pdf": pdf.read}


def answer(request: bytes) -> bytes:
    """The answer to one request: eight bytes that name the kind, then the document."""
    try:
        found = READERS[request[:8].strip()](request[8:])
    except Unreadable as unreadable:
        return json.dumps({"unreadable": str(unreadable)}).encode("ascii")
    except FAULTS:
        return json.dumps({"unreadable": "is damaged, or built in a way that cannot be read."}).encode("ascii")
    return _json(found)


def _json(found: Converted) -> bytes:
    names = ("text", "title", "language", "url", "visibility")
    return json.dumps({name: getattr(found, name) for name in names}).encode("ascii")


def serve(source: BinaryIO, sink: BinaryIO, seconds: float) -> None:
    """Answer each document until the input ends."""
    _write(sink, b"{}")  # ready
    while len(prefix := source.read(4)) == 4:
        request = source.read(int.from_bytes(prefix))
        # The limit counts the whole life of the process, so it moves on with every document.
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time() + seconds), hard))
        _write(sink, answer(request))


def _write(sink: BinaryIO, reply: bytes) -> None:
    sink.write(len(reply).to_bytes(4) + reply)
    sink.flush()


if __name__ == "__main__":
    confine(int(sys.argv[1]))
    # A page may be nested as deeply as libxml2 allows, and each level takes several calls.
    sys.setrecursionlimit(8000)
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        serve(sys.stdin.buffer, sys.stdout.buffer, float(sys.argv[2]))
