"""A released reply is due after some seconds; until a worker takes it, it is taken back as if nothing had been."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from domain.decision import Decision
from domain.errors import TryAgain
from storage import outbox, undo
from storage.approvals import Approved, Wanted
from tests.support.proposing import ELIGIBLE, OPENED, WITH_PERSON, Desk, S, refund, reply

LEASE = timedelta(minutes=3)


@pytest.fixture
def desk(database, workspace) -> Desk:
    filled = Desk(database, workspace.id, workspace.owner)
    filled.order()
    with database.transaction(workspace.id) as db:
        undo.set_seconds(db, workspace.id, 60)
    return filled


def taken_back(desk: Desk, made) -> bool:
    with desk.database.transaction(desk.tenant) as db:
        return undo.take_back(db, desk.tenant, made.decision, member=desk.member)


def hastily_taken_back(desk: Desk, made) -> None:
    """Gives up as soon as it has to wait for somebody else's row."""
    with desk.database.transaction(desk.tenant) as db:
        db.execute(text("SET LOCAL lock_timeout = '100ms'"))
        undo.take_back(db, desk.tenant, made.decision, member=desk.member)


def claimed(db, desk: Desk) -> list:
    return outbox.claim(db, desk.tenant, limit=20, lease=LEASE)


def due_now(desk: Desk) -> None:
    desk.rows("UPDATE outbox SET next_at = now() - interval '1 second' WHERE tenant_id = :tenant RETURNING 1")


def standing(desk: Desk) -> list[list[str]]:
    """All that a release moves: decisions, cases, actions, approvals, what counts as checked, and replies' ties."""
    questions = (
        "SELECT disposition, settled_at, settled_by, settlement, case_on_release, case_undo FROM decision ORDER BY id",
        "SELECT id, state, is_open, asked, rule, moved_at FROM support_case ORDER BY id",
        "SELECT id, case_id, state, last_error FROM order_act ORDER BY id",
        "SELECT act_id, member_id FROM act_approval",
        "SELECT id FROM checked_mail UNION ALL SELECT id FROM answer_verdict",
        "SELECT id, state, act_id, automatic, released_by, released_at, draft_text, claim_reason, undo FROM outbox",
    )
    return [[str(row) for row in desk.rows(question)] for question in questions]


PROPOSED = {
    "a question without a case": lambda desk: desk.propose(Decision.hold("A person looks.", reply("A draft."))),
    "no draft": lambda desk: desk.propose(Decision.hold("A person looks.")),
    "an action": lambda desk: desk.held(),
    "an action that a person has": lambda desk: desk.held(case=WITH_PERSON),
    "an action whose case has not moved": lambda desk: desk.propose(
        Decision.release("Sure.", refund(approvals=0), reply()).moving(ELIGIBLE).held("Shadow.")
    ),
    "a step that waits": lambda desk: desk.propose(
        Decision.release("Sure.", reply("Why?")).moving(OPENED.moved_to(S.REASON_WANTED)).held("Shadow.")
    ),
}
ACTS = {
    "send": lambda desk, made: desk.send(made, "A draft."),
    "send other words": lambda desk, made: desk.send(made, "Other words.", claim_reason="I did."),
    "refuse": lambda desk, made: desk.refuse(made),
    "ask": lambda desk, made: desk.ask(made, Wanted.REASON),
}


WITHOUT_CASE = ("a question without a case", "no draft")


@pytest.mark.parametrize(
    ("what", "act"),
    [(what, act) for what in PROPOSED for act in ACTS if act.startswith("send") or what not in WITHOUT_CASE],
)
def test_what_is_undone_stands_as_it_stood(desk, what, act):
    made = PROPOSED[what](desk)
    before = standing(desk)
    assert ACTS[act](desk, made)
    assert standing(desk) != before
    assert taken_back(desk, made)
    after = standing(desk)
    assert after[:-1] == before[:-1]
    if what != "no draft":
        assert after[-1] == before[-1]
    # And once more, to the same end as if it had never been undone.
    assert ACTS[act](desk, made)
    assert desk.decision(made).settled_at is not None


def test_the_words_stay_as_the_person_left_them(desk):
    made = desk.propose(Decision.hold("A person looks.", reply("A draft.")))
    desk.send(made, "My own words.")
    taken_back(desk, made)
    assert (desk.reply(made).text, desk.reply(made).draft_text) == ("My own words.", "A draft.")
    desk.send(made, "My own words.")
    assert desk.reply(made).words_changed == 100


def test_what_was_written_without_a_draft_is_one_after_it_was_undone(desk):
    made = desk.propose(Decision.hold("A person looks."))
    desk.send(made, "By hand.")
    taken_back(desk, made)
    assert (desk.reply(made).state, desk.reply(made).text) == ("held", "By hand.")
    assert desk.send(made, "By hand, better.")
    assert desk.reply(made).text == "By hand, better."
    assert desk.reply(made).words_changed is None


def test_an_action_that_is_proposed_again_can_be_approved(desk):
    made = desk.held()
    desk.send(made)
    assert desk.acts() == ["cancelled"]
    taken_back(desk, made)
    assert desk.acts() == ["held"]
    assert desk.approve(made) is Approved.DONE
    assert (desk.acts(), desk.lines()) == (["pending"], ["promised"])


def test_a_first_approval_of_two_is_still_there(desk):
    made, carla = desk.held(refund(approvals=2)), desk.colleague()
    assert desk.approve(made) is Approved.SECOND
    desk.send(made)
    assert taken_back(desk, made)
    assert desk.approve(made, carla) is Approved.DONE


def test_a_draft_that_left_as_it_stood_counts_no_longer_as_checked_mail(desk):
    made = desk.held()
    desk.send(made, desk.reply(made).draft_text)
    assert len(desk.rows("SELECT 1 FROM checked_mail")) == 1
    taken_back(desk, made)
    assert desk.rows("SELECT 1 FROM checked_mail") == []


def test_a_case_that_a_later_mail_moved_stays_where_it_is_and_its_old_action_given_up(desk):
    made = desk.held(thread="one")
    desk.send(made)
    later = desk.case(made)
    assert desk.move_case(later.moved_to(S.WITHDRAWN), "one")
    assert taken_back(desk, made)
    assert (desk.case(made).state, desk.acts()) == (S.WITHDRAWN, ["cancelled"])
    assert (desk.reply(made).state, desk.decision(made).settled_at) == ("held", None)


def test_it_is_due_after_the_seconds_and_no_sooner(desk, database):
    made = desk.held()
    desk.send(made)
    with database.transaction(desk.tenant) as db:
        assert claimed(db, desk) == []
    waiting = desk.reply(made)
    assert waiting.next_at - waiting.released_at == timedelta(seconds=60)
    due_now(desk)
    with database.transaction(desk.tenant) as db:
        assert len(claimed(db, desk)) == 1


def test_what_leaves_by_itself_and_what_waits_for_an_action_is_not_delayed_and_cannot_be_undone(desk, database):
    made = desk.propose(Decision.release("Sure.", reply("Three days.")))
    assert not taken_back(desk, made)
    with database.transaction(desk.tenant) as db:
        assert len(claimed(db, desk)) == 1
    approved = desk.held()
    assert desk.approve(approved) is Approved.DONE
    assert desk.reply(approved).undo is None
    assert not taken_back(desk, approved)
    assert desk.acts() == ["pending"]


def test_with_no_seconds_it_leaves_at_once(desk, database):
    with database.transaction(desk.tenant) as db:
        undo.set_seconds(db, desk.tenant, 0)
    made = desk.held()
    desk.send(made)
    assert not taken_back(desk, made)
    with database.transaction(desk.tenant) as db:
        assert len(claimed(db, desk)) == 1


def test_a_worker_that_has_it_was_first(desk, database):
    """Two connections: the worker has taken the row and not yet said so; whoever undoes waits, and is too late."""
    made = desk.held()
    desk.send(made)
    due_now(desk)
    with database.transaction(desk.tenant) as worker:
        [effect] = claimed(worker, desk)
        with pytest.raises(TryAgain):
            hastily_taken_back(desk, made)
    assert not taken_back(desk, made)
    assert desk.reply(made).state == "pending"
    assert desk.reply(made).fence == effect.fence
    assert desk.decision(made).settled_at is not None


def test_a_person_who_undoes_it_was_first(desk, database):
    """The other way round: a worker passes over a row that is being undone, and finds nothing to send afterwards."""
    made = desk.held()
    desk.send(made)
    due_now(desk)
    with database.transaction(desk.tenant) as db:
        assert undo.take_back(db, desk.tenant, made.decision, member=desk.member)
        with database.transaction(desk.tenant) as worker:
            assert claimed(worker, desk) == []
    with database.transaction(desk.tenant) as worker:
        assert claimed(worker, desk) == []
    assert desk.reply(made).state == "held"


def test_it_is_undone_once_and_recorded(desk):
    made = desk.held()
    desk.send(made)
    assert [taken_back(desk, made), taken_back(desk, made)] == [True, False]
    kinds = [row.kind for row in desk.rows("SELECT kind FROM event WHERE subject = :id ORDER BY id", id=made.message)]
    assert kinds[-2:] == ["reply_approved", "reply_undone"]


def test_the_seconds_are_ten_unless_the_workspace_says_otherwise_and_sixty_at_most(desk, database, owner):
    with database.transaction(desk.tenant) as db:
        db.execute(text("UPDATE tenant SET policy = '{}' WHERE tenant_id = :tenant"), {"tenant": desk.tenant})
        assert undo.seconds(db, desk.tenant) == 10
        for wanted, found in ((0, 0), (30, 30), (600, 60), (-5, 0)):
            undo.set_seconds(db, desk.tenant, wanted)
            assert undo.seconds(db, desk.tenant) == found
