"""What a worker freed is given back: its threads need large blocks for a moment each, and it lives for weeks."""

import subprocess
import sys

import pytest

from settings import ROOT
from tests.support.processes import environment

THREADS, MIB = 6, 1024
# One after the other, each in a thread that lives on, as those of a worker do; prints the KiB that stay.
PROGRAM = """
import sys, threading
from worker.run import main

def held():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

def use(settings=None):
    before, over = held(), threading.Event()
    for _ in range(int(sys.argv[2])):
        freed = threading.Event()
        def take(freed=freed):
            for _ in range(3):
                b"x" * (8 * 1024 * 1024)
            freed.set()
            over.wait()
        threading.Thread(target=take, daemon=True).start()
        freed.wait()
    print(held() - before)
    sys.exit()

main("io", assemble=use) if sys.argv[1] == "as a worker" else use()
"""


@pytest.mark.parametrize(
    ("how", "least", "most"), [("as a worker", -8, 4), ("as it is by itself", 8 * (THREADS - 1), 100)]
)
def test_a_thread_that_had_a_large_block_keeps_nothing_of_it(settings, how, least, most):
    """The second is the control: what glibc does by itself."""
    argv = [sys.executable, "-c", PROGRAM, how, str(THREADS)]
    done = subprocess.run(argv, cwd=ROOT, env=environment(settings), capture_output=True, text=True, check=True)
    assert least <= int(done.stdout) / MIB <= most
