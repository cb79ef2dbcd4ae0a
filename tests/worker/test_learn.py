"""Learning as a kind of work, and a mail that is decided again: killed at any point, nothing is lost or done twice."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from domain.category import Category
from domain.earned import NotEnough
from domain.money import Money
from domain.order import Order
from storage import answer_standings, checked, corrections, desk, learning, members, orders, reclassify, standings
from storage.due import Kind, kinds_due
from storage.references import new_reference
from tests.support.earning import MODEL
from tests.support.little_models import PlainLearner, PlainReader
from tests.support.pipeline import CUSTOMER
from worker.jobs import QUEUES


class Broken(PlainLearner):
    def fit(self, taught, before=None):
        raise RuntimeError("the model broke")


class Dying(PlainLearner):
    """The process ends in the middle of a lesson: no `except Exception` sees it."""

    def fit(self, taught, before=None):
        raise KeyboardInterrupt


@pytest.fixture
def held(shop):
    """A question that the documents do not answer: it waits for a person."""
    shop.write("question: do you sell boats?")
    shop.sync_and_settle()
    return shop.rows("SELECT id, message_id, conversation_id FROM decision")[0]


def say(shop, decision, category=Category.REFUND, sub_intent="return", member=None):
    with shop.services.database.transaction(shop.tenant) as db:
        return reclassify.correct(
            db, shop.tenant, decision, member=member or shop.workspace.owner, category=category,
            sub_intent=sub_intent, learn=True,
        )  # fmt: skip


def due(shop):
    with shop.services.listener_database.without_tenant() as db:
        return kinds_due(db)


def lesson(shop):
    [row] = shop.rows("SELECT wanted, done, attempts, lease_until, next_at, last_error FROM learning")
    return row


def test_a_mail_that_a_member_names_anew_is_decided_anew_and_waits_for_them(shop, held):
    assert say(shop, held.id) is reclassify.Outcome.AGAIN
    shop.settle()
    [old, new] = shop.rows("SELECT * FROM decision ORDER BY created_at")
    assert (old.id, old.is_current, old.category) == (held.id, False, "question")
    assert (new.is_current, new.disposition, new.category, new.confidence) == (True, "hold", "refund", 1.0)
    assert new.reason == "A person said what it is about, and decides about the draft."
    assert (new.understanding["importance"], new.understanding["importance_reason"]) == (3, "return")
    [reply] = shop.rows("SELECT state, text, decision_id FROM outbox WHERE state <> 'cancelled'")
    assert (reply.state, reply.decision_id) == ("held", new.id)
    assert "number of your order" in reply.text
    assert not shop.received()


def test_a_mail_that_a_machine_perhaps_wrote_waits_with_its_draft_until_a_person_names_it(shop):
    class Suspecting(PlainReader):
        def read(self, messages, context):
            return [replace(one, suspicion="its text is data, not words") for one in super().read(messages, context)]

    class SuspectingServices(type(shop.services)):
        @property
        def reader(self):
            return Suspecting()

    shop.services.__class__ = SuspectingServices
    shop.write("question: when does my parcel come?")
    shop.sync_and_settle()
    [held] = shop.rows("SELECT d.id, d.reason, o.state FROM decision d JOIN outbox o ON o.decision_id = d.id")
    assert tuple(held)[1:] == ("Perhaps a machine wrote it: its text is data, not words.", "held")
    assert not shop.received()
    assert say(shop, held.id) is reclassify.Outcome.AGAIN
    shop.settle()
    [named] = shop.rows("SELECT reason, understanding ->> 'suspicion' AS suspicion FROM decision WHERE is_current")
    assert tuple(named) == ("A person said what it is about, and decides about the draft.", "")


def test_it_is_sent_once_when_they_approve_the_new_draft(shop, held):
    say(shop, held.id)
    shop.settle()
    [new] = shop.rows("SELECT id FROM decision WHERE is_current")
    send = {"member": shop.workspace.owner, "text_to_send": "Which order is it?", "reference": new_reference()}
    with shop.services.database.transaction(shop.tenant) as db:
        assert not desk.send(db, shop.tenant, held.id, **send)
        assert desk.send(db, shop.tenant, new.id, **send)
    shop.settle_over_time()
    assert len(shop.received()) == 1
    # Their approval of a draft under their own word says nothing about what the machine had read.
    [verdict] = shop.rows("SELECT act, category, said_category FROM checked_mail")
    assert tuple(verdict) == ("said", "refund", "question")


def test_a_case_that_was_moved_by_the_misreading_is_withdrawn(shop):
    order = Order(
        number="LO-1", customer_email=CUSTOMER, status="pending", total=Money(1000, "EUR"), refunded=Money(0, "EUR"),
        placed_at=datetime.now(UTC), delivered_at=None, items=(), customer_name="Anna", tracking_url="",
    )  # fmt: skip
    with shop.services.database.transaction(shop.tenant) as db:
        orders.save(db, shop.tenant, [order])
    shop.write("refund: is it of oak? LO-1", "Table")
    shop.sync_and_settle()
    assert shop.one("SELECT state FROM support_case") == "eligible"
    assert shop.one("SELECT state FROM order_act") == "held"
    [decision] = shop.rows("SELECT id FROM decision")
    assert say(shop, decision.id, Category.QUESTION, "product") is reclassify.Outcome.AGAIN
    shop.settle()
    assert shop.one("SELECT state FROM support_case") == "withdrawn"
    assert shop.one("SELECT state FROM order_act") == "cancelled"
    assert shop.one("SELECT category FROM decision WHERE is_current") == "question"


def test_learning_is_work_of_its_own_for_the_brain_and_is_due_until_it_is_done(shop, held):
    assert QUEUES["brain"] == (Kind.LEARN, Kind.PROCESS, Kind.TRIAL, Kind.INDEX, Kind.GAPS)
    assert Kind.LEARN not in due(shop)
    say(shop, held.id)
    assert Kind.LEARN in due(shop)
    assert shop.run(Kind.LEARN) == 1
    assert shop.run(Kind.LEARN) == 0
    assert Kind.LEARN not in due(shop)
    [head] = shop.rows("SELECT version, n, model FROM model_head")
    assert tuple(head) == (1, 1, MODEL)


def test_what_is_taught_while_a_lesson_goes_on_is_learned_in_the_next(shop, held):
    say(shop, held.id)
    with shop.services.database.transaction(shop.tenant) as db:
        taken = learning.claim(db, shop.tenant, timedelta(minutes=5))
        learning.ask(db, shop.tenant)
    with shop.services.database.transaction(shop.tenant) as db:
        assert learning.finish(db, taken, model=MODEL, again_at=None)
        assert not learning.is_settled(db, shop.tenant)
    assert shop.run(Kind.LEARN) == 1


def test_a_worker_that_is_killed_leaves_its_lesson_to_the_next_one_and_nothing_half_done(shop, held):
    say(shop, held.id)
    shop.services.learner = Dying()
    with pytest.raises(KeyboardInterrupt):
        shop.run(Kind.LEARN)
    assert lesson(shop).attempts == 1
    assert shop.rows("SELECT 1 FROM model_head") == []
    assert shop.run(Kind.LEARN) == 0  # the lease still runs
    del shop.services.learner
    shop.due_again()
    assert shop.run(Kind.LEARN) == 1
    assert (lesson(shop).attempts, lesson(shop).done) == (0, lesson(shop).wanted)


def test_a_worker_that_lost_its_lease_writes_nothing(shop, held):
    say(shop, held.id)
    with shop.services.database.transaction(shop.tenant) as db:
        late = learning.claim(db, shop.tenant, timedelta(minutes=5))
    shop.due_again()
    assert shop.run(Kind.LEARN) == 1
    before = shop.rows("SELECT * FROM learning")
    with shop.services.database.transaction(shop.tenant) as db:
        assert not learning.finish(db, late, model="another", again_at=None)
        learning.retry(db, late, after=timedelta(minutes=1), error="x")
    assert shop.rows("SELECT * FROM learning") == before


def test_a_lesson_that_fails_is_tried_again_later_and_the_old_head_stays(shop, held):
    say(shop, held.id)
    shop.run(Kind.LEARN)
    [before] = shop.rows("SELECT * FROM model_head")
    shop.services.learner = Broken()
    shop.change("UPDATE correction SET deleted_at = now(), text = ''")
    with shop.services.database.transaction(shop.tenant) as db:
        learning.ask(db, shop.tenant)
    began = shop.one("SELECT now()")
    assert shop.run(Kind.LEARN) == 1
    assert lesson(shop).next_at > began + timedelta(seconds=1)
    assert lesson(shop).last_error == "an unexpected RuntimeError"
    assert shop.rows("SELECT * FROM model_head") == [before]
    del shop.services.learner
    shop.due_again()
    assert shop.run(Kind.LEARN) == 1
    [after] = shop.rows("SELECT version, n FROM model_head")
    assert tuple(after) == (before.version + 1, 0)


def test_an_example_that_ends_is_forgotten_by_itself(shop, held):
    say(shop, held.id)
    shop.run(Kind.LEARN)
    assert shop.one("SELECT again_at > now() + interval '364 days' FROM learning")
    shop.change("UPDATE correction SET expires_at = now() - interval '1 second'")
    shop.change("UPDATE learning SET again_at = now() - interval '1 second'")
    assert Kind.LEARN in due(shop)
    shop.run(Kind.LEARN)
    assert shop.one("SELECT n FROM model_head") == 0
    assert Kind.LEARN not in due(shop)


def test_a_lesson_that_changes_nothing_keeps_the_head_as_it_is(shop, held):
    say(shop, held.id)
    for _ in range(2):
        with shop.services.database.transaction(shop.tenant) as db:
            learning.ask(db, shop.tenant)
        shop.run(Kind.LEARN)
    assert shop.one("SELECT version FROM model_head") == 1


def test_a_damaged_head_is_made_anew_with_the_next_lesson(shop, held):
    say(shop, held.id)
    shop.run(Kind.LEARN)
    [sound] = shop.rows("SELECT version, weights FROM model_head")
    shop.change("UPDATE model_head SET weights = 'x'")
    with shop.services.database.transaction(shop.tenant) as db:
        learning.ask(db, shop.tenant)
    shop.run(Kind.LEARN)
    [anew] = shop.rows("SELECT version, weights FROM model_head")
    assert anew.version == sound.version + 1
    assert len(anew.weights) == len(sound.weights)


def test_nothing_is_released_that_has_not_been_earned_with_this_model(shop):
    shop.change("UPDATE standing SET model = 'the model of last year'")
    shop.write("question: when does my parcel come?")
    shop.sync_and_settle()
    [decision] = shop.rows("SELECT disposition, reason FROM decision")
    assert tuple(decision) == ("hold", "No checked mail yet to answer questions by itself.")


def test_shipped_mail_is_read_by_the_worker_and_earns_what_it_proves(shop):
    mails = [checked.Shipped(f"q{n}", "question: this?", "", "en", Category.QUESTION) for n in range(45)]
    mails += [checked.Shipped(f"r{n}", "refund: that!", "", "en", Category.REFUND) for n in range(12)]
    mails += [checked.Shipped("wrong", "supplier: pay me", "", "en", Category.QUESTION)]
    with shop.services.database.transaction(shop.tenant) as db:
        checked.ship(db, shop.tenant, mails)
    shop.settle()
    with shop.services.database.transaction(shop.tenant) as db:
        found = {row.category: row for row in standings.every(db, shop.tenant, MODEL)}
        assert not checked.unread(db, shop.tenant, MODEL)
    question = found[Category.QUESTION].standing
    assert (question.threshold, question.n, question.accepted, question.errors) == (0.6, 45, 45, 0)
    assert found[Category.REFUND].standing == NotEnough(12, 45)
    assert (found[Category.SUPPLIER].standing, found[Category.SUPPLIER].wrong) == (NotEnough(1, 46), 1)


def test_the_reason_tells_how_much_is_missing_for_a_shop_that_began_to_check(shop):
    mails = [checked.Shipped(f"q{n}", "question: this?", "", "en", Category.QUESTION) for n in range(12)]
    with shop.services.database.transaction(shop.tenant) as db:
        checked.ship(db, shop.tenant, mails)
    shop.settle()
    shop.write("question: when does my parcel come?")
    shop.sync_and_settle()
    reason = shop.one("SELECT reason FROM decision")
    assert reason == "Not enough checked mail yet to answer questions by itself: 12 of 45."


@pytest.mark.parametrize("targets", ["5", "{}", '{"question": "few"}', '{"question": 0}', '{"question": 1}', "null"])
def test_targets_that_are_none_leave_the_usual_ones(shop, held, targets):
    with shop.services.database.transaction(shop.tenant) as db:
        policy = text("UPDATE tenant SET policy = jsonb_build_object('targets', CAST(:targets AS jsonb))")
        db.execute(policy, {"targets": targets})
    say(shop, held.id)
    shop.run(Kind.LEARN)
    assert lesson(shop).last_error == ""
    assert shop.one("SELECT target FROM standing WHERE category = 'question'") == pytest.approx(0.05)
    with shop.services.database.transaction(shop.tenant) as db:
        assert answer_standings.target(db, shop.tenant) == pytest.approx(0.05)
        answer_standings.set_target(db, shop.tenant, 0.1)
        assert answer_standings.target(db, shop.tenant) == pytest.approx(0.1)


def test_a_category_falls_back_when_its_mail_is_found_to_be_misread(shop, held):
    earned = [checked.Shipped(f"q{n}", "question: this?", "", "en", Category.QUESTION) for n in range(45)]
    with shop.services.database.transaction(shop.tenant) as db:
        checked.ship(db, shop.tenant, earned)
    shop.settle()
    say(shop, held.id, Category.OTHER, "praise")
    shop.settle()
    with shop.services.database.transaction(shop.tenant) as db:
        [question] = [row for row in standings.every(db, shop.tenant) if row.category is Category.QUESTION]
    assert question.standing == NotEnough(46, 77)
    assert question.wrong == 1


def test_another_workspace_learns_nothing_from_it(shop, rival, held):
    say(shop, held.id)
    shop.settle()
    assert shop.rows("SELECT 1 FROM model_head")
    assert rival.rows("SELECT 1 FROM model_head") == []
    with shop.services.database.transaction(rival.tenant) as db:
        assert corrections.live(db, rival.tenant) == []
        assert learning.head(db, rival.tenant, MODEL) is None


def test_two_members_who_say_it_at_once_are_heard_one_after_the_other(shop, held):
    with shop.services.database.transaction(shop.tenant) as db:
        tom = members.add(db, shop.tenant, email="tom@lumen.example", name="Tom", password_hash="-", role="agent")
    with ThreadPoolExecutor(2) as threads:
        both = [
            threads.submit(say, shop, held.id),
            threads.submit(say, shop, held.id, Category.OTHER, "praise", member=tom),
        ]
        outcomes = [one.result(timeout=60) for one in both]
    assert sorted(outcomes) == [reclassify.Outcome.AGAIN, reclassify.Outcome.LATE]
    shop.settle()
    assert len(shop.rows("SELECT 1 FROM decision WHERE is_current")) == 1
    assert len(shop.rows("SELECT 1 FROM correction")) == 1
