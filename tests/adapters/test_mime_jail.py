"""A mail cannot take the parser's caller with it."""

import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.mime.jail import Jail, JailLimits
from adapters.mime.parse import parse
from domain.errors import TryAgain, Unreadable

MAILS = sorted((Path(__file__).parents[1] / "mails").glob("*.eml"))
PLAIN = b"From: anna@customer.example\r\nTo: help@shop.example\r\nSubject: Hi\r\n\r\nWhere is my parcel?\r\n"
PATIENT = JailLimits(deadline_seconds=60, cpu_seconds=30)
# libxml2 compares each attribute of an element with all before it.
SLOW = b"Content-Type: text/html\r\n\r\n<p " + b" ".join(b"a%d=1" % number for number in range(100_000)) + b">"


@pytest.fixture(scope="module")
def jail():
    with Jail(PATIENT) as jail:
        yield jail


@pytest.mark.parametrize("file", MAILS, ids=lambda file: file.stem)
def test_the_child_reads_what_its_parent_would(jail, file):
    raw = file.read_bytes()
    assert jail.read(raw) == parse(raw)


def test_a_mail_that_takes_too_long_is_unreadable_and_the_next_is_read():
    with Jail(PATIENT) as jail:
        jail._limits = replace(PATIENT, deadline_seconds=0.5)
        with pytest.raises(Unreadable, match=r"longer than 0\.\d s"):
            jail.read(SLOW)
        jail._limits = PATIENT
        assert jail.read(PLAIN).subject == "Hi"


def test_a_mail_that_takes_too_much_processor_is_unreadable_and_the_next_is_read():
    with Jail(JailLimits(deadline_seconds=30, cpu_seconds=0.5)) as jail:
        for _ in range(2):
            with pytest.raises(Unreadable):
                jail.read(SLOW)
            assert jail.read(PLAIN).subject == "Hi"


def test_a_mail_that_takes_too_much_memory_is_unreadable_and_the_next_is_read():
    with Jail(JailLimits(deadline_seconds=30, cpu_seconds=30, memory_bytes=200 * 1024**2)) as jail:
        assert jail.read(PLAIN).subject == "Hi"
        with pytest.raises(Unreadable):
            jail.read(PLAIN + b"x" * 24 * 1024**2)
        assert jail.read(PLAIN).subject == "Hi"


def test_a_dead_child_is_replaced_without_harm_to_the_next_mail():
    with Jail(PATIENT) as jail:
        assert jail.read(PLAIN).subject == "Hi"
        os.kill(jail._child._process.pid, signal.SIGKILL)
        assert jail.read(PLAIN).subject == "Hi"


def test_a_child_that_somebody_killed_over_its_first_mail_says_nothing_against_that_mail(tmp_path):
    program = tmp_path / "dies_once.py"
    program.write_text(
        "import os, pathlib, runpy, sys\n"
        "before = pathlib.Path(sys.argv.pop(1))\n"
        "if before.exists(): runpy.run_module('adapters.mime.jail_child', run_name='__main__')\n"
        f"before.touch(); {READY}os.kill(os.getpid(), 9)\n"
    )
    limits = (str(PATIENT.memory_bytes), "30", "1")
    dies_once = (sys.executable, str(program), str(tmp_path / "died"), *limits)
    with Jail(PATIENT, dies_once) as jail:
        assert jail.read(PLAIN).subject == "Hi"
        assert jail._child.asked == 1


def test_a_child_outlives_the_thread_that_started_it_or_is_replaced():
    with Jail(PATIENT) as jail:
        for _ in range(3):
            thread = threading.Thread(target=jail.read, args=(PLAIN,))
            thread.start()
            thread.join()
            assert jail.read(PLAIN).subject == "Hi"


def test_threads_take_turns(jail):
    mails = [PLAIN.replace(b"Hi", b"Mail %d" % number) for number in range(40)]
    with ThreadPoolExecutor(4) as threads:
        assert [message.subject for message in threads.map(jail.read, mails)] == [f"Mail {n}" for n in range(40)]


def test_an_unreadable_mail_says_why(jail):
    with pytest.raises(Unreadable, match="empty"):
        jail.read(b"")
    with pytest.raises(Unreadable, match="25 MB"):
        jail.read(b"x" * (25 * 1024**2 + 1))


def test_large_mails_pass(jail):
    message = jail.read(PLAIN + b"word " * 4_000_000)
    assert message.text.endswith("[The rest of this mail was cut: it is too long.]")


READY = "import sys; w = sys.stdout.buffer; w.write(b'\\0\\0\\0\\2{}'); w.flush(); sys.stdin.buffer.read(4); "


@pytest.mark.parametrize(
    "program",
    [
        "w.write(b'\\0\\0\\0\\2no')",
        "w.write(b'\\0\\0\\0\\2[]')",
        "w.write(b'\\xff' * 9)",
        "",
    ],
    ids=["no JSON", "other JSON", "an endless answer", "no answer"],
)
def test_a_child_that_answers_nonsense_makes_the_mail_unreadable(program):
    with Jail(PATIENT, (sys.executable, "-c", READY + program)) as jail, pytest.raises(Unreadable):
        jail.read(PLAIN)


def test_a_child_that_does_not_start_is_tried_again_later():
    with Jail(PATIENT, (sys.executable, "-c", "")) as jail, pytest.raises(TryAgain):
        jail.read(PLAIN)


def test_the_child_knows_no_setting_of_ours(monkeypatch):
    monkeypatch.setenv("MAILWRIGHT_SECRET", "canary")
    with Jail(PATIENT) as jail:
        jail.read(PLAIN)
        assert b"canary" not in Path(f"/proc/{jail._child._process.pid}/environ").read_bytes()


def test_a_closed_jail_has_no_child_and_reads_nothing():
    jail = Jail(PATIENT)
    jail.read(PLAIN)
    process = jail._child._process
    jail.close()
    jail.close()
    assert process.poll() is not None
    with pytest.raises(ValueError, match="closed"):
        jail.read(PLAIN)
