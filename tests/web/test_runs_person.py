"""The person whom `make chaos` and `make soak` seat at a desk (chaos/person.py), at a real one over HTTP."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from chaos.person import Person
from domain.category import Category
from tests.conftest import PASSWORD, Workspace
from tests.support.waiting import until
from tests.web.filling import UNDERSTANDING, Filler
from tests.web.refunding import Till
from tests.web.test_browser import address

__all__ = ["address"]  # fixtures

MANY = 60


@contextmanager
def seated(person: Person) -> Iterator[Person]:
    going = threading.Event()
    thread = threading.Thread(target=person.work, args=[going])
    thread.start()
    try:
        yield person
    finally:
        going.set()
        thread.join()


def test_who_has_more_questions_than_anybody_reads_still_looks_after_refunds(
    address: str, workspace: Workspace, filler: Filler, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox = filler.mailbox()
    for _ in range(MANY):
        filler.held(mailbox)
    till = Till(filler)
    till.order()
    with seated(Person(address, workspace.email, PASSWORD, pause=0.0)) as person:
        until(lambda: person.pages > 6)
        monkeypatch.setattr("tests.web.refunding.UNDERSTANDING", replace(UNDERSTANDING, category=Category.REFUND))
        act = till.wanted(mailbox)
        until(lambda: person.approved)
        # A list and a conversation at least are read for each.
        assert person.pages < 2 * MANY, "every question came first"
    assert filler.rows(
        "SELECT state FROM order_act WHERE tenant_id = :tenant AND decision_id = :id", id=act.decision
    ) == [("pending",)]


def test_who_clears_the_desk_dismisses_what_waits_and_leaves_what_moves_money(
    address: str, workspace: Workspace, filler: Filler
) -> None:
    mailbox, till = filler.mailbox(), Till(filler)
    till.order()
    for _ in range(3):
        filler.held(mailbox)
    till.wanted(mailbox)
    with seated(Person(address, workspace.email, PASSWORD, pause=0.0, clears=1)) as person:
        until(lambda: person.dismissed == 3)
    assert (person.approved, person.written) == (0, 0)
    assert filler.rows("SELECT state FROM order_act WHERE tenant_id = :tenant") == [("held",)]
