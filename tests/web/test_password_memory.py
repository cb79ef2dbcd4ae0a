"""What a checked password takes is given back: the two at once are all that web ever needs for it."""

import subprocess
import sys

import pytest

from settings import ROOT

THREADS, MIB = 6, 1024
# One after the other, each in a thread of its own that lives on, as those of gunicorn do; prints the KiB that stay.
PROGRAM = """
import runpy, sys, threading
from pathlib import Path
from types import SimpleNamespace
from web import passwords

def held():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))

if sys.argv[1] == "as web":
    no_pages = SimpleNamespace(list_templates=lambda **_: [])
    worker = SimpleNamespace(wsgi=SimpleNamespace(jinja_env=no_pages))
    runpy.run_path("gunicorn.conf.py")["post_worker_init"](worker)
stored, before, over = passwords.hashed_anew("a password of a test"), held(), threading.Event()
for _ in range(int(sys.argv[2])):
    checked = threading.Event()
    def check(checked=checked):
        passwords.matches(stored, "another password")
        checked.set()
        over.wait()
    threading.Thread(target=check, daemon=True).start()
    checked.wait()
print(held() - before)
"""


def kept(how: str) -> float:
    """In MiB."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, how, str(THREADS)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return int(done.stdout) / MIB


@pytest.mark.parametrize(
    ("how", "least", "most"), [("as web", -25, 10), ("as it is by itself", 19 * (THREADS - 1), 200)]
)
def test_a_thread_that_checked_a_password_keeps_nothing_of_it(how, least, most):
    """The second is the control: what glibc does by itself."""
    assert least <= kept(how) <= most
