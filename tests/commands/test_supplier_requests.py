"""`flask suppliers requests`: every open request once, as a table for people and as JSON for programs."""

import json
from datetime import timedelta

from commands.supplier_requests import every
from tests.commands.test_upkeep import flask
from tests.support.asked import asker


def test_open_requests_are_printed_the_oldest_first(settings, services, workspace):
    asked = asker(services.database, workspace.id)
    acme, bolt = asked.supplier("Acme Lamps"), asked.supplier("Bolt")
    due = asked.now.replace(microsecond=0) + timedelta(hours=3)
    asked.ask(bolt, 30.5, purchase="D400000002", order_number="LO-7", next_at=due, asked_by=workspace.owner)
    asked.silent(acme, purchase="D400000001")
    asked.ask(acme, 40, took=3, purchase="D400000003")
    done = flask(settings, "suppliers", "requests", "--tenant", workspace.slug)
    assert done.returncode == 0, done.stderr
    heading, first, second = done.stdout.splitlines()
    assert heading.split()[:3] == ["Supplier", "Purchase", "order"]
    assert heading.endswith("Next step (UTC)")
    assert first.split() == ["Acme", "Lamps", "D400000001", "-", "96", "2", "-"]
    assert second.split() == ["Bolt", "D400000002", "LO-7", "30", "0", *f"{due:%Y-%m-%d %H:%M}".split()]
    assert done.stderr == "2 requests are open.\n"
    done = flask(settings, "suppliers", "requests", "--tenant", workspace.slug, "--json")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["purchase_order"] for row in rows] == ["D400000001", "D400000002"]
    assert (rows[1]["next_at"], rows[1]["asked_by"]) == (due.isoformat(), "Olivia Owner")


def test_a_list_of_several_batches_is_whole(services, workspace):
    asked = asker(services.database, workspace.id)
    acme = asked.supplier()
    made = {asked.ask(acme, 5) for _ in range(7)}
    assert {one.id for one in every(services, workspace.id, batch=3)} == made


def test_nothing_open_prints_nothing(settings, workspace, services):
    done = flask(settings, "suppliers", "requests", "--tenant", workspace.slug)
    assert (done.returncode, done.stdout) == (0, "")
