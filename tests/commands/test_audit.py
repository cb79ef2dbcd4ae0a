"""`flask audit`: whole, broken, and an end to keep."""

from sqlalchemy import text

from storage import events
from tests.commands.test_upkeep import flask


def test_the_command_says_whether_the_record_is_whole_and_where_it_breaks(settings, database, workspace, owner):
    with database.transaction(workspace.id) as db:
        for kind in ("one", "two", "three"):
            events.record(db, workspace.id, actor="machine", kind=kind)
    whole = flask(settings, "audit", "verify", "--tenant", "lumen")
    assert (whole.returncode, whole.stdout.split(":")[0]) == (0, "The record of lumen is whole")
    kept = flask(settings, "audit", "head", "--tenant", "lumen").stdout.strip()
    assert kept in whole.stdout
    assert flask(settings, "audit", "verify", "--tenant", "lumen", "--kept", kept).returncode == 0
    assert flask(settings, "audit", "verify", "--tenant", "lumen", "--kept", "nonsense").returncode == 2
    owner.execute(text("UPDATE event SET kind = 'four' WHERE kind = 'two'"))
    owner.commit()
    broken = flask(settings, "audit", "verify", "--tenant", "lumen")
    assert broken.returncode == 1
    assert "event 2 (link 2)" in broken.stderr
