"""Who has a conversation open, and who writes there: a notice to colleagues that is forgotten within a minute."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from storage import members, presence
from storage.presence import Present
from tests.web.filling import MESSAGE, Filler, Held

pytestmark = pytest.mark.usefixtures("here_for_long")


@pytest.fixture
def filler(database, workspace):
    return Filler(database, workspace.id, workspace.owner)


@pytest.fixture
def held(filler) -> Held:
    return filler.held(filler.mailbox())


@pytest.fixture
def tom(database, workspace):
    values = {"email": "tom@lumen.example", "name": "Tom", "password_hash": "x", "role": "agent"}
    with database.transaction(workspace.id) as db:
        return members.add(db, workspace.id, **values)


def note(filler, conversation, member, *, writing=False):
    with filler.database.transaction(filler.tenant) as db:
        presence.note(db, filler.tenant, conversation, member, writing=writing)


def others(filler, conversation, member):
    with filler.database.transaction(filler.tenant) as db:
        return presence.others(db, filler.tenant, conversation, member)


def age(filler, seconds):
    rows = (
        "UPDATE presence SET seen_at = seen_at - :age, wrote_at = wrote_at - :age WHERE tenant_id = :tenant RETURNING 1"
    )
    filler.rows(rows, age=timedelta(seconds=seconds))


def test_whoever_is_there_is_seen_by_the_others_and_not_by_themselves(filler, held, tom):
    note(filler, held.conversation, tom)
    assert others(filler, held.conversation, filler.member) == [Present("Tom", writes=False)]
    assert others(filler, held.conversation, tom) == []
    note(filler, held.conversation, tom, writing=True)
    note(filler, held.conversation, tom)
    assert others(filler, held.conversation, filler.member) == [Present("Tom", writes=True)]


def test_who_is_not_seen_for_a_while_has_gone(filler, held, tom):
    note(filler, held.conversation, tom, writing=True)
    age(filler, 55)
    assert others(filler, held.conversation, filler.member) == []
    note(filler, held.conversation, tom)
    assert others(filler, held.conversation, filler.member) == [Present("Tom", writes=False)]


def test_old_notices_are_swept_by_the_next(filler, held, tom):
    other = filler.held(filler.mailbox(), replace(MESSAGE, subject="Another"))
    note(filler, held.conversation, tom)
    age(filler, 61)
    note(filler, other.conversation, filler.member)
    assert filler.rows("SELECT conversation_id FROM presence WHERE tenant_id = :tenant") == [(other.conversation,)]


def test_a_notice_waits_for_nobody_and_needs_a_conversation(filler, held, tom, owner):
    owner.execute(text("SELECT 1 FROM conversation WHERE id = :id FOR UPDATE"), {"id": held.conversation})
    note(filler, held.conversation, tom)
    owner.rollback()
    assert others(filler, held.conversation, filler.member) == []
    note(filler, held.decision, tom)
    assert filler.rows("SELECT 1 FROM presence WHERE tenant_id = :tenant") == []
