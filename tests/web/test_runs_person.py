"""The person whom `make chaos` and `make soak` seat at a desk (chaos/person.py), at a real one over HTTP."""

import threading
from dataclasses import replace

import pytest

from chaos.person import Person
from domain.category import Category
from tests.conftest import PASSWORD, Workspace
from tests.web.filling import UNDERSTANDING, Filler
from tests.web.refunding import Till
from tests.web.test_browser import address

__all__ = ["address"]  # fixtures

MANY = 30


class Looks(threading.Event):
    """Asks whoever works to stop after so many looks at the desk; to sign in is one."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._left = most

    def wait(self, timeout: float | None = None) -> bool:
        self._left -= 1
        return self._left < 0


def test_who_has_more_questions_than_anybody_reads_still_looks_after_refunds(
    address: str, workspace: Workspace, filler: Filler, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox, till = filler.mailbox(), Till(filler)
    till.order()
    for _ in range(MANY):
        filler.held(mailbox)
    person = Person(address, workspace.email, PASSWORD)
    person.work(Looks(6))
    monkeypatch.setattr("tests.web.refunding.UNDERSTANDING", replace(UNDERSTANDING, category=Category.REFUND))
    till.wanted(mailbox)
    assert person.approved == 0
    person.work(Looks(4))
    assert (person.approved, person.away) == (1, 0)
    assert filler.rows("SELECT state FROM order_act WHERE tenant_id = :tenant") == [("pending",)]


def test_of_what_nothing_is_proposed_in_each_queue_is_answered_by_hand_now_and_then(
    address: str, workspace: Workspace, filler: Filler
) -> None:
    mailbox = filler.mailbox()
    for category in (Category.QUESTION, Category.REFUND):
        for _ in range(12):
            filler.held(mailbox, understanding=replace(UNDERSTANDING, category=category))
    person = Person(address, workspace.email, PASSWORD)
    person.work(Looks(21))
    assert (person.written, person.away) == (4, 0)
    settled = "SELECT category, settlement FROM decision WHERE tenant_id = :tenant AND settlement IS NOT NULL"
    # Nothing can be taken back here: what is released leaves at once in tests.
    assert sorted(filler.rows(settled)) == [
        ("question", "gmail_draft"), ("question", "sent"), ("refund", "sent"), ("refund", "sent")
    ]  # fmt: skip


def test_who_clears_the_desk_dismisses_what_waits_and_leaves_what_moves_money(
    address: str, workspace: Workspace, filler: Filler
) -> None:
    mailbox, till = filler.mailbox(), Till(filler)
    till.order()
    for _ in range(3):
        filler.held(mailbox)
    till.wanted(mailbox)
    person = Person(address, workspace.email, PASSWORD, clears=1)
    person.work(Looks(2))
    assert (person.dismissed, person.away) == (3, 0)
    assert filler.rows("SELECT state FROM order_act WHERE tenant_id = :tenant") == [("held",)]
