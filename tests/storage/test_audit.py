"""The record of events: whoever changes it afterwards, even as the owner of the tables, leaves a trace."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from alembic import command
from sqlalchemy import text

from storage import audit, events
from storage.audit import Head
from tests.storage.test_migrations import migrating

EVENTS = 5


@pytest.fixture
def tenant(database, workspace):
    with database.transaction(workspace.id) as db:
        for number in range(EVENTS):
            detail = {"n": number, "share": 0.1, "words": 'Grüße, "so"\\ \u2028\n'}
            events.record(db, workspace.id, actor="machine", kind=f"kind_{number}", subject=uuid4(), **detail)
    return workspace.id


def said(database, tenant, kept: Head | None = None) -> str:
    with database.transaction(tenant) as db:
        return audit.broken(db, tenant, kept)


def end(database, tenant) -> Head:
    with database.transaction(tenant) as db:
        return audit.head(db, tenant)


def tamper(owner, *statements: str) -> None:
    for statement in statements:
        owner.execute(text(statement))
    owner.commit()


def test_a_record_that_nobody_touched_holds(database, tenant):
    assert said(database, tenant) == ""
    kept = end(database, tenant)
    assert kept.position == EVENTS
    assert said(database, tenant, Head.read(str(kept))) == ""


def test_a_record_without_events_holds(database, other_workspace):
    assert said(database, other_workspace.id) == ""
    assert end(database, other_workspace.id).position == 0


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE event SET kind = 'another' WHERE kind = 'kind_2'",
        "UPDATE event SET actor = 'somebody' WHERE kind = 'kind_2'",
        "UPDATE event SET subject = NULL WHERE kind = 'kind_2'",
        "UPDATE event SET at = at + interval '1 microsecond' WHERE kind = 'kind_2'",
        """UPDATE event SET detail = jsonb_set(detail, '{n}', '7') WHERE kind = 'kind_2'""",
    ],
)
def test_a_changed_event_is_named(database, tenant, owner, change):
    tamper(owner, change)
    assert "event 3 (link 3) is not what was recorded" in said(database, tenant)


def test_a_removed_event_is_named(database, tenant, owner):
    tamper(owner, "DELETE FROM event WHERE kind = 'kind_2'")
    assert "lacks event 3 (link 3)" in said(database, tenant)


def test_an_event_that_was_removed_with_its_link_is_missed(database, tenant, owner):
    tamper(owner, "DELETE FROM event WHERE id = 3", "DELETE FROM event_seal WHERE event_id = 3")
    assert said(database, tenant) == "Link 3 is missing: after 2 comes 4."


def test_a_gap_that_was_closed_shows(database, tenant, owner):
    tamper(
        owner,
        "DELETE FROM event WHERE id = 3",
        "DELETE FROM event_seal WHERE event_id = 3",
        "UPDATE event_seal SET position = -position WHERE position > 3",
        "UPDATE event_seal SET position = -position - 1 WHERE position < 0",
    )
    assert "event 4 (link 3) does not continue the one before it" in said(database, tenant)


def test_events_that_changed_places_show(database, tenant, owner):
    tamper(
        owner,
        "UPDATE event_seal SET event_id = -2 WHERE position = 2",
        "UPDATE event_seal SET event_id = 2 WHERE position = 3",
        "UPDATE event_seal SET event_id = 3 WHERE position = 2",
    )
    assert "event 3 (link 2) is not what was recorded" in said(database, tenant)


def test_an_event_that_was_put_in_shows(database, tenant, owner):
    tamper(
        owner,
        "ALTER TABLE event DISABLE TRIGGER seal_event",
        "INSERT INTO event (tenant_id, actor, kind) SELECT tenant_id, 'machine', 'invented' FROM event LIMIT 1",
        "ALTER TABLE event ENABLE TRIGGER seal_event",
    )
    assert said(database, tenant) == f"Event {EVENTS + 1} is in the record, and no link of the chain names it."


def test_what_is_cut_off_at_the_end_is_missed_by_the_end_that_is_kept_beside_it(database, tenant, owner):
    tamper(owner, "DELETE FROM event WHERE id > 3", "DELETE FROM event_seal WHERE position > 3")
    assert "The chain ends at link 3; its end says 5" in said(database, tenant)


def test_an_end_that_was_moved_back_is_missed_by_the_one_that_a_person_kept(database, tenant, owner):
    kept = end(database, tenant)
    tamper(
        owner,
        "DELETE FROM event WHERE id > 3",
        "DELETE FROM event_seal WHERE position > 3",
        "UPDATE event_head h SET position = 3, hash = s.hash FROM event_seal s WHERE s.position = 3",
    )
    assert said(database, tenant) == ""  # This is what a chain alone cannot show.
    assert "the newest were cut off" in said(database, tenant, kept)


def test_a_chain_that_was_made_anew_is_not_the_one_that_a_person_kept(database, tenant, owner):
    kept = end(database, tenant)
    tamper(
        owner,
        "UPDATE event SET kind = 'another' WHERE id = 5",
        "UPDATE event_seal s SET hash = event_digest(s.previous, e.tenant_id, 5, e.id, e.at, e.actor, e.kind,"
        " e.subject, e.detail) FROM event e WHERE s.position = 5 AND e.id = 5",
        "UPDATE event_head h SET hash = s.hash FROM event_seal s WHERE s.position = 5",
    )
    assert said(database, tenant) == ""
    assert "is not the one that the kept end names" in said(database, tenant, kept)


def test_what_was_rolled_back_leaves_no_link(database, tenant):
    def interrupted() -> None:
        with database.transaction(tenant) as db:
            events.record(db, tenant, actor="machine", kind="never")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        interrupted()
    assert end(database, tenant).position == EVENTS
    assert said(database, tenant) == ""


def test_many_who_record_at_once_make_one_chain_and_wait_for_nobody_in_a_circle(database, tenant):
    def record(number: int) -> None:
        with database.transaction(tenant) as db:
            for _ in range(3):
                events.record(db, tenant, actor="machine", kind=f"at_once_{number}")

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(record, range(40)))
    assert end(database, tenant).position == EVENTS + 120
    assert said(database, tenant) == ""


def test_the_chain_of_another_tenant_is_another_one(database, tenant, other_workspace):
    with database.transaction(other_workspace.id) as db:
        events.record(db, other_workspace.id, actor="machine", kind="theirs")
    assert end(database, tenant).position == EVENTS
    assert end(database, other_workspace.id).position == 1
    assert said(database, other_workspace.id) == ""


def test_a_long_record_is_read_in_batches(database, tenant, monkeypatch):
    monkeypatch.setattr(audit, "BATCH", 2)
    assert said(database, tenant) == ""


def test_an_end_that_nobody_wrote_down_is_refused():
    for nonsense in ("", "5", "x:00", "5:00", "-1:" + "00" * 32):
        with pytest.raises(ValueError, match=r".+"):
            Head.read(nonsense)


def test_pages_of_the_record_are_filtered_and_go_on_where_the_last_one_ended(database, tenant):
    with database.transaction(tenant) as db:
        newest = audit.page(db, tenant, limit=2)
        assert [one.kind for one in newest] == ["kind_4", "kind_3"]
        assert [one.kind for one in audit.page(db, tenant, before=newest[-1].id)] == ["kind_2", "kind_1", "kind_0"]
        assert [one.kind for one in audit.page(db, tenant, kinds=frozenset({"kind_1"}))] == ["kind_1"]
        assert audit.page(db, tenant, actor="nobody") == []
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        found = [audit.page(db, tenant, day=today + timedelta(days=one)) for one in (-2, -1, 0, 1)]
        assert [len(rows) for rows in found if rows] == [EVENTS]


def test_events_from_before_the_chain_are_linked_in_their_order(urls, database, tenant, other_workspace):
    with migrating(urls.owner) as (connection, config):
        command.downgrade(config, "0012")
        connection.execute(
            text("INSERT INTO event (tenant_id, actor, kind) VALUES (:id, 'machine', 'old')"),
            {"id": other_workspace.id},
        )
        command.upgrade(config, "head")
    assert end(database, tenant).position == EVENTS
    assert said(database, tenant) == said(database, other_workspace.id) == ""
    with database.transaction(tenant) as db:
        events.record(db, tenant, actor="machine", kind="new")
    assert said(database, tenant) == ""
