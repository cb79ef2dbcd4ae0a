"""Phases in a tenant's policy: changed beside what else stands there, counted over an index of their own."""

import json
from uuid import uuid4

import pytest
from alembic import command
from sqlalchemy import text

from domain.category import Category
from domain.errors import BadInput
from domain.phase import ANSWERABLE, Phase
from storage import phase_counts, phases, tenants
from tests.storage.test_migrations import migrating


@pytest.fixture
def db(database, workspace):
    with database.transaction(workspace.id) as db:
        yield db


def policy(db, tenant) -> dict:
    return dict(tenants.get(db, tenant).settings)


def test_a_change_touches_one_category_and_nothing_else_of_the_policy(db, workspace):
    old = {"automatic": ["refund"], "targets": {"answers": 0.1}}
    db.execute(text("UPDATE tenant SET policy = CAST(:old AS jsonb)"), {"old": json.dumps(old)})
    before = phases.change(db, workspace.id, Category.QUESTION, Phase.SHADOW, actor="command")
    assert before is Phase.ASSISTED
    assert policy(db, workspace.id) == {
        **old, "phases": {"question": "shadow", "refund": "automatic", "supplier": "assisted", "other": "assisted"},
    }  # fmt: skip


def test_the_list_of_earlier_releases_is_kept_in_step(db, workspace):
    phases.change(db, workspace.id, Category.REFUND, Phase.ASSISTED, actor="command")
    assert policy(db, workspace.id)["automatic"] == ["question"]
    phases.begin_in_shadow(db, workspace.id)
    assert policy(db, workspace.id)["automatic"] == []
    assert set(phases.of(db, workspace.id).values()) == {Phase.SHADOW}


def test_what_is_in_a_phase_already_is_no_event(db, workspace):
    phases.change(db, workspace.id, Category.QUESTION, Phase.AUTOMATIC, actor="command")
    assert db.execute(text("SELECT count(*) FROM event WHERE kind = 'phase_changed'")).scalar_one() == 0


@pytest.mark.parametrize("category", sorted(set(Category) - ANSWERABLE))
def test_what_nobody_answers_alone_is_refused(db, workspace, category):
    with pytest.raises(BadInput, match="never answered without a person"):
        phases.change(db, workspace.id, category, Phase.AUTOMATIC, actor="command")


def test_a_decision_that_is_not_there_lets_nothing_leave(db, workspace):
    assert phases.forbids(db, workspace.id, uuid4()) == "It is of no kind that is answered without a person."


def test_without_mail_every_category_has_a_row_of_noughts(db, workspace):
    assert phase_counts.every(db, workspace.id) == dict.fromkeys(Category, phase_counts.Counts())


@pytest.mark.parametrize("question", [phase_counts.RECENT, phase_counts.NEWEST_OF_KIND])
def test_the_counts_are_read_from_the_index_of_their_own(db, workspace, question):
    db.execute(text("SET LOCAL enable_seqscan = off"))
    values = {"tenant": workspace.id, "days": 30, "kinds": ["question"], "newest": 200}
    plan = db.execute(text("EXPLAIN " + question.text), values).scalars().all()
    assert any("decision_of_kind" in line for line in plan), "\n".join(plan)


def test_what_was_decided_before_there_were_phases_goes_by_what_it_was_read_as(urls):
    with migrating(urls.owner) as (connection, config):
        command.downgrade(config, "0019")
        command.downgrade(config, "-1")
        # Rows without what they refer to: only their columns matter here.
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("CREATE POLICY for_this_test ON decision TO CURRENT_USER USING (true)"))
        connection.execute(
            text("""
                INSERT INTO decision (tenant_id, id, message_id, disposition, reason, category)
                SELECT :tenant, gen_random_uuid(), gen_random_uuid(), 'hold', 'x', unnest(ARRAY['refund', ''])
            """),
            {"tenant": uuid4()},
        )
        command.upgrade(config, "0019")
        found = connection.execute(text("SELECT category, handled_as, would_release FROM decision ORDER BY 1")).all()
        assert [tuple(row) for row in found] == [("", "", False), ("refund", "refund", False)]
