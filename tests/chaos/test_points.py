"""Every commit and every call out of the workers has a name, and a worker dies where the driver wants it to."""

import os
import signal
import subprocess
import sys

from chaos.fate import ARMED, HITS, Fate
from chaos.points import all_points, places
from settings import ROOT

DIES = """if True:
    import sys
    from pathlib import Path
    from chaos.fate import Fate
    from chaos.mortal import MortalPort
    from domain.delivery import EffectState
    from worker import sending

    class Source:
        def send_draft(self, draft_id):
            print("sent", flush=True)
            raise SystemExit(3)

    class Effect:
        tenant = id = mailbox = None

    sending.hand_over(None, MortalPort(Source(), Fate(Path(sys.argv[1]))), Effect(), "draft")
"""


def test_each_point_has_a_name_of_its_own():
    names = all_points()
    assert len(set(names)) == len(names) == 2 * len(places())
    assert "before sending.hand_over send_draft 1" in names
    assert "after process.work commit 1" in names
    assert "before ticket_words._hand_over note 1" in names


def test_every_transaction_and_call_of_a_new_stage_is_found(tmp_path):
    (tmp_path / "worker").mkdir()
    (tmp_path / "worker" / "new.py").write_text(
        "def work(services, gmail):\n"
        "    with services.database.transaction(1) as db:\n"
        "        db.execute(1)\n"
        "    gmail.send_draft('x')\n"
        "    with services.database.transaction(1) as db:\n"
        "        db.execute(2)\n"
    )
    (tmp_path / "parts").mkdir()
    assert [place.name for place in places(tmp_path)] == [
        "new.work commit 1",
        "new.work send_draft 1",
        "new.work commit 2",
    ]


def dying(folder, *wanted: str) -> subprocess.CompletedProcess:
    if wanted:
        (folder / ARMED).write_text("\n".join(wanted))
    return subprocess.run(
        [sys.executable, "-c", DIES, str(folder)], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_worker_dies_before_the_call_that_is_armed_and_says_where(tmp_path):
    point = "before sending.hand_over send_draft 1"
    died = dying(tmp_path, "after act.work commit 1", point)
    assert died.returncode == -signal.SIGKILL, died.stderr
    assert "sent" not in died.stdout
    assert (tmp_path / HITS).read_text().split("\n") == [point, ""]
    # What one process took no other dies of.
    assert not (tmp_path / ARMED).exists()


def test_without_an_armed_point_nothing_happens(tmp_path):
    lived = dying(tmp_path)
    assert (lived.returncode, lived.stdout) == (3, "sent\n"), lived.stderr
    assert not (tmp_path / HITS).exists()


def test_a_point_that_was_not_passed_stays_armed(tmp_path):
    assert dying(tmp_path, "after act.work commit 1").returncode == 3
    assert (tmp_path / ARMED).exists()


def test_who_is_no_worker_dies_nowhere(tmp_path):
    (tmp_path / ARMED).write_text("\n".join(all_points()))
    Fate(tmp_path).pass_by("before", "commit")
    assert (tmp_path / ARMED).exists()


def test_the_clock_of_a_worker_can_be_wrong_and_real_times_stay_times():
    code = """if True:
        from chaos.shifted import shift
        import time
        began, right = time.monotonic(), time.time()
        shift(90)
        from datetime import UTC, datetime, timedelta
        real = type(datetime.now(UTC))
        ahead = time.time() - right, (datetime.now(UTC) - real.now(UTC)) / timedelta(seconds=1)
        passed = time.monotonic() - began
        print(*(abs(seconds - 90) < 0.5 + passed for seconds in ahead), isinstance(real.now(UTC), datetime))
        print(datetime(2026, 1, 1, tzinfo=UTC), datetime.fromisoformat("2026-01-01"))
    """
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == ["True True True", "2026-01-01 00:00:00+00:00 2026-01-01 00:00:00"]
