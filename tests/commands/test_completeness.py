"""`flask completeness`: the numbers of the page in a terminal, and an exit code for who watches."""

from datetime import UTC, datetime

import pytest

from domain.completeness import today
from storage import reconciliation
from tests.commands.test_upkeep import flask
from tests.web.filling import Filler


@pytest.fixture
def filler(database, workspace) -> Filler:
    return Filler(database, workspace.id, workspace.owner)


def test_it_prints_what_became_of_every_mail_and_exits_1_when_something_is_missing(settings, filler):
    mailbox = filler.mailbox()
    filler.held(mailbox)
    filler.released(mailbox)
    with filler.database.transaction(filler.tenant) as db:
        reconciliation.keep(
            db, filler.tenant, mailbox, day=today("Europe/Berlin", datetime.now(UTC)), at_gmail=3, missing=1
        )
    done = flask(settings, "completeness", "--tenant", "lumen", "--days", "2")
    assert (done.returncode, done.stderr) == (0, "")
    heading, days = done.stdout.splitlines()[1].split(), [line.split() for line in done.stdout.splitlines()[2:4]]
    assert "/".join(heading) == "day/came/in/answered/held/people/ignored/unreadable/gone/working/missing"
    assert [sum(int(day[place]) for day in days) for place in range(1, 10)] == [2, 1, 1, 0, 0, 0, 0, 0, 0]
    assert "3 there, 2 here, 1 not told of, and taken in." in done.stdout
    assert done.stdout.endswith("Nothing is missing.\n")
    filler.store(mailbox, None, state="unreadable")
    lost = flask(settings, "completeness")
    assert lost.returncode == 1
    assert lost.stderr == "1 mail is missing.\n"


def test_an_unknown_workspace_is_named(settings, workspace):
    done = flask(settings, "completeness", "--tenant", "nobody")
    assert done.returncode == 2
    assert "There is no workspace called 'nobody'" in done.stderr
