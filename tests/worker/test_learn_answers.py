"""What answers earn, in the worker: from verdicts and shipped questions, killed at any point, one tenant at a time."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.answering import QUOTED, AnswerLook, CheckedQuestion, Verdict
from domain.category import Category
from domain.earned import Earned, NotEnough
from rag.evidence import FEATURES
from rag.refit import FEWEST
from storage import answer_standings, answer_verdicts, checked, documents, learning, tenants
from storage.documents import StoredDocument
from storage.due import Kind
from tests.support.earning import MODEL, earn
from tests.support.little_models import PlainAnswers, PlainLearner

KNOWN = dict.fromkeys(FEATURES, 0.5)


@pytest.fixture(autouse=True)
def knowledge(shop):
    with shop.services.database.transaction(shop.tenant) as db:
        documents.replace_all(db, shop.tenant, [StoredDocument("en/shipping.md", "v1", "Parcels take three days.")])
    indexed(shop)


def indexed(shop):
    while shop.run(Kind.INDEX):
        pass


def questions(n, first=0):
    """All answered rightly by the little answers of the tests."""
    return [
        CheckedQuestion(f"q{number}", f"How long does parcel {number} take?", "", "en", "en/shipping.md", ("Shipping",))
        for number in range(first, first + n)
    ]


def ship(shop, asked):
    with shop.services.database.transaction(shop.tenant) as db:
        answer_verdicts.ship(db, shop.tenant, asked)


def standing(shop):
    with shop.services.database.transaction(shop.tenant) as db:
        [row] = answer_standings.every(db, shop.tenant, MODEL)
    return row


def looked_at(shop, text="question: when does my parcel come?"):
    """A mail that was decided, and how its answer was looked at."""
    shop.write(text)
    shop.sync_and_settle()
    return shop.rows("SELECT id, message_id, disposition, reason, answer FROM decision ORDER BY created_at DESC")[0]


def give_verdicts(shop, n, wrong=0, *, first=0):
    """As many shipped verdicts as if a worker had asked, with features that tell right from wrong a little."""
    ship(shop, questions(n, first))
    with shop.services.database.transaction(shop.tenant) as db:
        version = tenants.get(db, shop.tenant).knowledge_version
        for number, (row, _) in enumerate(answer_verdicts.unasked(db, shop.tenant, MODEL)):
            features = KNOWN | {"coverage": 0.1 if number < wrong else 0.9}
            verdict = Verdict(AnswerLook(QUOTED, 0.9, features, answered=True), is_right=number >= wrong)
            answer_verdicts.asked(db, shop.tenant, row, verdict, model=MODEL, knowledge_version=version)


def test_what_was_looked_at_stands_with_the_decision_whether_it_left_or_was_held(shop):
    released = looked_at(shop)
    held = looked_at(shop, "question: do you sell boats?")
    assert (released.disposition, released.answer["probability"], released.answer["answered"]) == (
        "release",
        0.99,
        True,
    )
    assert (held.disposition, held.answer["probability"], held.answer["answered"]) == ("hold", 0.1, False)
    assert released.answer["model"] == f"{MODEL}/0"
    assert released.answer["knowledge_version"]


def test_shipped_questions_are_asked_by_the_worker_and_earn_what_they_prove(shop):
    ship(shop, [*questions(45), CheckedQuestion("none", "Do you sell boats?", "", "en", "")])
    shop.settle()
    found = standing(shop)
    assert isinstance(found.standing, Earned)
    assert (found.standing.n, found.standing.errors, found.model) == (45, 0, f"{MODEL}/1")


def test_the_reason_tells_how_many_verdicts_are_missing(shop):
    ship(shop, questions(12))
    shop.settle()
    with shop.services.database.transaction(shop.tenant) as db:
        kept = answer_standings.every(db, shop.tenant, MODEL)
        earn(db, shop.tenant)  # the category; verdicts on answers stay as they are
        answer_standings.replace_all(db, shop.tenant, kept)
    mail = looked_at(shop)
    assert (mail.disposition, mail.reason) == ("hold", "Answers have earned 12 of 45 verdicts.")
    assert shop.one("SELECT state FROM outbox") == "held"


def test_without_a_knowledge_base_the_questions_wait_and_nothing_is_settled(shop):
    shop.change("UPDATE tenant SET knowledge_version = ''")
    ship(shop, questions(45))
    before = shop.one("SELECT now()")
    assert shop.run(Kind.LEARN) == 1
    assert shop.one("SELECT next_at FROM learning") > before + timedelta(seconds=9)
    shop.change("UPDATE learning SET next_at = next_at + interval '1 hour'")
    assert shop.run(Kind.LEARN) == 0  # it rests
    assert shop.one("SELECT count(*) FROM answer_verdict WHERE is_right IS NOT NULL") == 0
    with shop.services.database.transaction(shop.tenant) as db:
        assert not learning.is_settled(db, shop.tenant)
        documents.replace_all(db, shop.tenant, [StoredDocument("en/shipping.md", "v2", "Parcels take three days.")])
    indexed(shop)
    shop.due_again()
    shop.settle()
    assert isinstance(standing(shop).standing, Earned)


def test_no_question_is_asked_of_what_is_not_searched_yet(shop):
    with shop.services.database.transaction(shop.tenant) as db:
        documents.replace_all(db, shop.tenant, [StoredDocument("en/shipping.md", "v2", "Parcels take a week.")])
    ship(shop, questions(45))
    assert shop.run(Kind.LEARN) == 1
    assert shop.one("SELECT count(*) FROM answer_verdict WHERE is_right IS NOT NULL") == 0
    indexed(shop)
    shop.due_again()
    assert shop.run(Kind.LEARN) == 1
    assert standing(shop).standing.n == 45


def test_another_version_of_the_knowledge_base_is_asked_anew(shop):
    ship(shop, questions(45))
    shop.settle()
    with shop.services.database.transaction(shop.tenant) as db:
        documents.replace_all(db, shop.tenant, [StoredDocument("en/shipping.md", "v2", "Parcels take a week.")])
        assert answer_verdicts.verdicts(db, shop.tenant, MODEL) == []
        assert len(answer_verdicts.unasked(db, shop.tenant, MODEL)) == 45
    assert shop.run(Kind.LEARN) == 0  # what is searched is still the old text
    indexed(shop)
    assert shop.run(Kind.LEARN) == 1  # without waiting for a mail
    assert standing(shop).standing.n == 45
    assert not shop.one("SELECT wanted > done FROM learning")
    with shop.services.database.transaction(shop.tenant) as db:
        assert answer_verdicts.unasked(db, shop.tenant, MODEL) == []


def test_from_a_hundred_verdicts_on_the_abstention_is_the_tenants_own(shop):
    give_verdicts(shop, FEWEST - 1, wrong=20)
    shop.settle()
    assert tuple(shop.rows("SELECT n, weights FROM answer_model")[0]) == (0, {})
    give_verdicts(shop, 1, first=FEWEST)
    shop.settle()
    [own] = shop.rows("SELECT n, version, weights FROM answer_model")
    assert (own.n, own.version) == (FEWEST, 2)
    assert set(own.weights["weights"]) == set(FEATURES)
    assert standing(shop).model == f"{MODEL}/2"
    assert looked_at(shop).answer["model"] == f"{MODEL}/2"


def test_a_lesson_that_changes_nothing_keeps_the_version(shop):
    give_verdicts(shop, FEWEST, wrong=20)
    for _ in range(2):
        with shop.services.database.transaction(shop.tenant) as db:
            learning.ask(db, shop.tenant)
        shop.run(Kind.LEARN)
    assert shop.one("SELECT version FROM answer_model") == 1


def test_the_tenants_own_target_is_what_counts(shop):
    with shop.services.database.transaction(shop.tenant) as db:
        answer_standings.set_target(db, shop.tenant, 0.1)
    ship(shop, questions(22))
    shop.settle()
    assert (standing(shop).target, standing(shop).is_earned) == (0.1, True)


def test_a_members_word_makes_what_was_earned_fall_back(shop):
    ship(shop, questions(45))
    shop.settle()
    mail = looked_at(shop)
    with shop.services.database.transaction(shop.tenant) as db:
        assert answer_verdicts.said(db, shop.tenant, mail.id, member=shop.workspace.owner, is_right=False)
    shop.settle()
    assert (standing(shop).standing, standing(shop).wrong) == (NotEnough(46, 77), 1)


def test_what_another_abstention_had_looked_at_proves_nothing(shop):
    mail = looked_at(shop)
    with shop.services.database.transaction(shop.tenant) as db:
        answer_verdicts.said(db, shop.tenant, mail.id, member=shop.workspace.owner, is_right=True)
        assert len(answer_verdicts.verdicts(db, shop.tenant, MODEL)) == 1
        assert answer_verdicts.verdicts(db, shop.tenant, "another") == []


class Dying(PlainLearner):
    """The process ends between reading and writing: no `except Exception` sees it."""

    def fit(self, taught, before=None):
        raise KeyboardInterrupt

    def read(self, mails):
        raise KeyboardInterrupt


def test_a_worker_that_is_killed_between_reading_and_writing_leaves_nothing_half_done(shop):
    ship(shop, questions(45))
    shop.services.learner = Dying()
    with pytest.raises(KeyboardInterrupt):
        shop.run(Kind.LEARN)
    assert shop.rows("SELECT 1 FROM answer_model") == []
    assert shop.one("SELECT count(*) FROM answer_verdict WHERE is_right IS NOT NULL") == 0
    assert shop.run(Kind.LEARN) == 0  # the lease still runs
    del shop.services.learner
    shop.due_again()
    assert shop.run(Kind.LEARN) == 1
    assert isinstance(standing(shop).standing, Earned)


def test_a_worker_that_lost_its_lease_writes_nothing_of_what_it_asked(shop):
    """While it asks, its lease ends and another one takes the lesson."""
    ship(shop, questions(45))

    class Slow(PlainAnswers):
        asked = False

        def answer(self, question, subject, language):
            if not Slow.asked:
                Slow.asked = True
                shop.due_again()
                with shop.services.database.transaction(shop.tenant) as db:
                    assert learning.claim(db, shop.tenant, timedelta(minutes=5)) is not None
            return super().answer(question, subject, language)

    shop.services.prior_answers = lambda tenant: Slow()
    shop.run(Kind.LEARN)
    assert shop.one("SELECT count(*) FROM answer_verdict WHERE is_right IS NOT NULL") == 0
    assert shop.rows("SELECT 1 FROM answer_model") == []


def test_a_verdict_that_comes_while_a_lesson_goes_on_is_counted_in_the_next(shop):
    mail = looked_at(shop)
    with shop.services.database.transaction(shop.tenant) as db:
        learning.ask(db, shop.tenant)
        taken = learning.claim(db, shop.tenant, timedelta(minutes=5))
        answer_verdicts.said(db, shop.tenant, mail.id, member=shop.workspace.owner, is_right=True)
        assert learning.finish(db, taken, model=MODEL, again_at=None)
    assert Kind.LEARN in shop_due(shop)
    shop.settle()
    assert standing(shop).standing == NotEnough(1, 45)


def shop_due(shop):
    from storage.due import kinds_due

    with shop.services.listener_database.without_tenant() as db:
        return kinds_due(db)


def test_what_one_tenant_learns_touches_no_other(shop, rival):
    with rival.services.database.transaction(rival.tenant) as db:
        before = answer_standings.every(db, rival.tenant)
    give_verdicts(shop, FEWEST, wrong=20)
    shop.settle()
    assert shop.one("SELECT n FROM answer_model") == FEWEST
    with rival.services.database.transaction(rival.tenant) as db:
        assert answer_standings.model_of(db, rival.tenant, MODEL) is None
        assert answer_verdicts.verdicts(db, rival.tenant, MODEL) == []
        assert answer_standings.every(db, rival.tenant) == before
    abstention, name = rival.services.abstention_of(rival.tenant)
    assert name == f"{MODEL}/0"
    assert abstention != shop.services.abstention_of(shop.tenant)[0]


def test_damaged_weights_release_nothing_and_break_nothing(shop):
    give_verdicts(shop, FEWEST, wrong=2)
    shop.settle()
    shop.change("""UPDATE answer_model SET weights = '{"weights": {"coverage": 1}, "intercept": 0}'""")
    with shop.services.database.transaction(shop.tenant) as db:
        kept = answer_standings.every(db, shop.tenant, MODEL)
        earn(db, shop.tenant)
        answer_standings.replace_all(db, shop.tenant, [replace(kept[0], standing=Earned(0.6, 100, 90, 0, 0.03, 0.9))])
    mail = looked_at(shop)
    assert (mail.disposition, mail.reason) == ("hold", "What answers have earned is being counted anew.")


def test_a_question_leaves_by_itself_where_its_category_and_its_answers_have_earned_it(shop):
    mails = [checked.Shipped(f"q{n}", "question: this?", "", "en", Category.QUESTION) for n in range(45)]
    with shop.services.database.transaction(shop.tenant) as db:
        checked.ship(db, shop.tenant, mails)
        answer_verdicts.ship(db, shop.tenant, questions(45))
    shop.settle()
    assert looked_at(shop).disposition == "release"
