"""Which files of the tests take longest: they begin first.

`--dist loadfile` gives each file to one process, so a long one that begins last is what everybody then waits for.
Measured with `--durations`; the list decides when a file runs, and never whether.
"""

from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
LONGEST = (
    "worker/test_refund_machine.py",
    "worker/test_kills.py",
    "web/test_browser.py",
    "web/test_accessibility.py",
    "test_demo.py",
    "worker/test_ticket_faults.py",
    "worker/test_ticket_kills.py",
    "worker/test_remind_weeks.py",
    "adapters/test_embedded.py",
    "worker/test_jobs.py",
    "outages/test_redis.py",
    "outages/test_postgres.py",
    "worker/test_act_faults.py",
    "worker/test_deliver.py",
    "worker/test_identity_mail.py",
    "worker/test_supervisor.py",
    "worker/test_act_kills.py",
    "worker/test_approvals.py",
    "adapters/test_llm_answers.py",
    "adapters/test_embedding.py",
    "web/test_case.py",
    "web/test_isolation.py",
    "web/test_confirm.py",
)


def longest_first(items: list[pytest.Item]) -> None:
    """Sort in place; within a file, and among the files that are not named, the order stays."""
    places = {TESTS / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path, len(places)))
