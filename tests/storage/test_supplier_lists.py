"""Open requests, alerts and the rows of response times: whole, in order, a page at a time, and closed by a person."""

from datetime import timedelta

import pytest

from domain.supplier_request import RungKind
from storage import supplier_alerts, supplier_numbers, supplier_open, supplier_past
from storage.supplier_past import PastRequest, PastStep
from tests.support.asked import HOUR, asker


@pytest.fixture
def asked(database, workspace):
    return asker(database, workspace.id)


def paged(read, size: int) -> list:
    found, after = [], None
    while rows := read(after=after, limit=size):
        found += rows
        after = rows[-1].id
    return found


def test_open_requests_come_oldest_first_whole_over_pages_and_of_one_supplier(database, workspace, asked):
    acme, bolt = asked.supplier("Acme"), asked.supplier("Bolt")
    hours = (5, 90, 30, 30, 200, 30, 1)
    made = {asked.ask(acme if number % 2 else bolt, ago): ago for number, ago in enumerate(hours)}
    asked.ask(acme, 50, took=3)
    with database.transaction(workspace.id) as db:
        found = paged(lambda **how: supplier_open.page(db, workspace.id, **how), 2)
        assert [made[one.id] for one in found] == sorted(hours, reverse=True)
        assert {one.id for one in found} == set(made)
        of_bolt = supplier_open.page(db, workspace.id, supplier=bolt)
        assert {one.name for one in of_bolt} == {"Bolt"}
        assert len(of_bolt) == 4
        ages = supplier_open.ages(db, workspace.id, asked.now)
        assert (ages.every, ages.day, ages.three, ages.week, ages.older) == (7, 2, 3, 1, 1)
        assert supplier_open.ages(db, workspace.id, asked.now, supplier=acme).every == 3


def test_a_request_says_how_often_was_reminded_and_what_has_not_left_counts_from_the_wish(database, workspace, asked):
    acme = asked.supplier()
    request, _ = asked.silent(acme)
    asked.rows("""
        UPDATE supplier_step SET state = 'failed', done_at = NULL, last_error = 'It came back.' WHERE position = 1
        RETURNING 1
    """)
    unsent = asked.ask(acme, 1)
    asked.rows(
        "UPDATE supplier_request SET asked_at = NULL, first_asked_at = NULL WHERE id = :id RETURNING 1", id=unsent
    )
    with database.transaction(workspace.id) as db:
        found = {one.id: one for one in supplier_open.page(db, workspace.id)}
    assert (found[request].reminders, found[request].rungs_done) == (1, 3)
    assert found[request].last_error == "It came back."
    assert found[unsent].since == found[unsent].created_at
    assert found[unsent].asked_at is None


def test_a_person_closes_a_request_once_and_nothing_is_due_by_it_then(database, workspace, asked):
    acme = asked.supplier()
    request = asked.ask(acme, 30, next_at=asked.now)
    with database.transaction(workspace.id) as db:
        assert supplier_open.close(db, workspace.id, request, member=workspace.owner)
        assert not supplier_open.close(db, workspace.id, request, member=workspace.owner)
        assert supplier_open.exists(db, workspace.id, request)
        assert supplier_open.page(db, workspace.id) == []
        # Nobody needed the answer: it says nothing about how soon they answer.
        assert supplier_numbers.asked(db, workspace.id, asked.now - timedelta(days=9)) == []
    [row] = asked.rows("SELECT next_at, closed_by, closed_at FROM supplier_request")
    assert (row.next_at, row.closed_by) == (None, workspace.owner)
    assert row.closed_at is not None
    assert asked.rows("SELECT 1 FROM event WHERE kind = 'supplier_request_closed'")


def test_an_answered_request_cannot_be_closed(database, workspace, asked):
    request = asked.ask(asked.supplier(), 30, took=2)
    with database.transaction(workspace.id) as db:
        assert not supplier_open.close(db, workspace.id, request, member=workspace.owner)
        assert len(supplier_numbers.asked(db, workspace.id, asked.now - timedelta(days=9))) == 1


def test_the_rows_of_response_times_begin_with_the_period_and_leave_out_what_has_not_left(database, workspace, asked):
    acme, bolt = asked.supplier("Acme"), asked.supplier("Bolt")
    asked.ask(acme, 24 * 40, took=1)
    asked.ask(acme, 24 * 20, took=5)
    asked.ask(bolt, 24 * 10)
    unsent = asked.ask(bolt, 1)
    asked.rows(
        "UPDATE supplier_request SET asked_at = NULL, first_asked_at = NULL WHERE id = :id RETURNING 1", id=unsent
    )
    since = asked.now - timedelta(days=30)
    with database.transaction(workspace.id) as db:
        rows = supplier_numbers.asked(db, workspace.id, since)
        of_bolt = supplier_numbers.asked(db, workspace.id, since, supplier=bolt)
    assert [(row.name, row.answered_at and row.answered_at - row.asked_at) for row in rows] == [
        ("Acme", 5 * HOUR),
        ("Bolt", None),
    ]
    assert of_bolt == rows[1:]


def test_alerts_that_nobody_has_seen_come_first_and_each_is_seen_once(database, workspace, asked):
    acme = asked.supplier()
    made = {asked.silent(acme, alerted_hours_ago=ago)[1]: ago for ago in (5, 1, 3, 9, 7)}
    by_age = {ago: alert for alert, ago in made.items()}
    with database.transaction(workspace.id) as db:
        assert supplier_alerts.unseen(db, workspace.id) == 5
        for ago in (1, 7):
            assert supplier_alerts.seen(db, workspace.id, by_age[ago], member=workspace.owner)
            assert supplier_alerts.seen(db, workspace.id, by_age[ago], member=workspace.owner)
        found = paged(lambda **how: supplier_alerts.page(db, workspace.id, **how), 2)
        assert [made[one.id] for one in found] == [3, 5, 9, 1, 7]
        assert supplier_alerts.unseen(db, workspace.id) == 3
    assert [one.seen_by for one in found] == ["", "", "", "Olivia Owner", "Olivia Owner"]
    assert {one.reminders for one in found} == {2}
    assert len(asked.rows("SELECT 1 FROM event WHERE kind = 'supplier_alert_seen'")) == 2


def test_a_reminder_is_no_alert_that_could_be_seen(database, workspace, asked):
    asked.silent(asked.supplier())
    [reminder] = asked.rows("SELECT id FROM supplier_step WHERE kind = 'remind' AND position = 0")
    with database.transaction(workspace.id) as db:
        assert not supplier_alerts.seen(db, workspace.id, reminder.id, member=workspace.owner)


def test_what_is_brought_in_changes_nothing_that_is_open(database, workspace, asked):
    acme = asked.supplier()
    step = (PastStep(RungKind.REMIND, asked.now - HOUR),)
    past = PastRequest(acme, "d 400 000 777", "desk@acme.example", asked.now - 30 * HOUR, steps=step)
    with database.transaction(workspace.id) as db:
        assert supplier_past.bring(db, workspace.id, past) is not None
        assert supplier_past.bring(db, workspace.id, past) is None
        [one] = supplier_open.page(db, workspace.id)
    assert (one.purchase_order, one.reminders) == ("D400000777", 1)
