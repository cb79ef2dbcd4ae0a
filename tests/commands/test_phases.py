"""`flask phases`: the same words as the page, and the same refusals."""

from sqlalchemy import text

from domain.category import Category
from domain.phase import Phase
from storage import phases
from tests.commands.test_upkeep import flask


def now(services, workspace):
    with services.database.transaction(workspace.id) as db:
        return phases.of(db, workspace.id)


def test_each_kind_of_mail_is_told_of(settings, services, workspace):
    done = flask(settings, "phases", "show", "--tenant", "lumen")
    lines = done.stdout.splitlines()
    assert lines[0] == "Questions: automatic", done.stderr
    assert lines[1].startswith("  The machine answers by itself what it is sure enough of.")
    assert "  Automatic: Mail of this kind is never answered without a person." in lines
    assert "Other mail: assisted" in lines


def test_a_kind_of_mail_is_put_into_a_phase_and_the_record_has_it(settings, services, workspace):
    done = flask(settings, "phases", "set", "question", "shadow", "--tenant", "lumen")
    assert done.stdout.startswith("Questions: shadow (before: automatic). It is read,"), done.stderr
    assert now(services, workspace)[Category.QUESTION] is Phase.SHADOW
    assert "(was so already)" in flask(settings, "phases", "set", "question", "shadow", "--tenant", "lumen").stdout
    with services.database.transaction(workspace.id) as db:
        rows = db.execute(text("SELECT actor, detail FROM event WHERE kind = 'phase_changed'")).all()
    assert [(row.actor, row.detail["after"]) for row in rows] == [("command", "shadow")]


def test_what_is_never_answered_without_a_person_cannot_be_automatic(settings, services, workspace):
    done = flask(settings, "phases", "set", "supplier", "automatic", "--tenant", "lumen")
    assert (done.returncode, "never answered without a person" in done.stderr) == (1, True)
    assert now(services, workspace)[Category.SUPPLIER] is Phase.ASSISTED
