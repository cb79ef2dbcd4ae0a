"""An answer of a language model on the way of a mail: held with its proof, and its evidence kept with the decision."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import text

from storage import decisions
from tests.support.answering import WordAnswers
from tests.support.earning import MODEL
from tests.support.llm import with_model

QUESTION = "question: which way is the money returned, to which payment method?"
SAID = "The refund always goes to the payment method that was used for the order."


@pytest.fixture
def composing(shop, models):
    """A shop whose local answers are weak, with the sandbox's language model."""

    class ComposingServices(type(shop.services)):
        """Only the local answers are put in; whatever wraps them is what wraps them in production."""

        local = WordAnswers("en")

        def _answers(self, tenant, abstention):
            return self.local

    shop.services.__class__ = ComposingServices
    shop.services.settings = with_model(shop.services.settings, models)
    shop.settle()
    return shop


def write(shop, words: str = QUESTION) -> None:
    shop.write(words, from_name="Anna Winter")
    shop.sync_and_settle()


def test_it_is_held_as_a_draft_with_its_sources(composing):
    write(composing)
    (decision,) = composing.rows("SELECT id, disposition, reason, citations FROM decision")
    assert decision.disposition == "hold"
    assert decision.reason.startswith("Written by a language model: a person looks at it")
    assert decision.citations[0]["quote"] == SAID
    (draft,) = composing.rows("SELECT state, text FROM outbox")
    assert draft.state == "held"
    assert SAID in draft.text
    assert "Source: " in draft.text
    assert composing.received() == []


def test_prompt_answer_and_verdicts_are_kept_with_the_decision_and_go_with_the_mail(composing, models):
    models.order("invents_numbers")
    write(composing, "question: how long does a refund to a credit card take?")
    decision = composing.one("SELECT id FROM decision")
    with composing.services.database.transaction(composing.tenant) as db:
        first, second = decisions.composition(db, composing.tenant, decision)
    assert first.reason.startswith("A sentence could not be proven: Its quotes do not hold")
    assert [bool(one.objection) for one in first.sentences] == [True]
    assert (second.reason, [one.objection for one in second.sentences]) == ("", [""])
    assert "credit card" in second.prompt
    assert json.loads(second.raw)["sentences"]
    with composing.services.database.transaction(composing.tenant) as db:
        kept = db.execute(text("SELECT count(*) FROM decision WHERE composition <> '[]'")).scalar_one()
        assert kept == 1


def test_calls_are_recorded_for_the_mail(composing):
    write(composing)
    (call,) = composing.rows("SELECT purpose, outcome, message_id FROM llm_call")
    assert (call.purpose, call.outcome) == ("answer", "answered")
    assert call.message_id == composing.one("SELECT id FROM message WHERE direction = 'in' AND state = 'decided'")


def test_who_asks_reaches_the_model_through_all_that_wraps_it_and_their_name_goes_nowhere(composing, models):
    write(composing, f"{QUESTION}\n\nBest regards\nAnna Winter")
    (decision,) = composing.rows("SELECT message_id, answer FROM decision")
    assert composing.one("SELECT message_id FROM llm_call") == decision.message_id
    (request,) = models.requests
    assert "Winter" not in json.dumps(request)
    # The look that staff's verdicts are counted by is this answer's, under the name of this tenant's abstention.
    assert (decision.answer["method"], decision.answer["answered"]) == ("composed", True)
    assert decision.answer["model"] == f"{MODEL}/0"


@pytest.mark.parametrize("fault", ["invents_quotes", "promises_a_refund", "adds_a_link", "500_before", "refusal"])
def test_what_is_not_proven_is_in_no_draft_but_in_the_evidence(composing, models, fault):
    models.order(fault, times=9)
    write(composing)
    (decision,) = composing.rows("SELECT disposition, composition FROM decision")
    assert decision.disposition == "hold"
    assert composing.rows("SELECT text FROM outbox") == []
    assert decision.composition[-1]["reason"]


def test_what_a_model_writes_can_be_stored_whatever_it_holds(composing, models):
    models.composes = lambda _: {
        "abstain": False, "reason": "", "sentences": [{"text": "a\x00b\ud800c", "citations": []}],
    }  # fmt: skip
    write(composing)
    (decision,) = composing.rows("SELECT disposition, composition FROM decision")
    assert decision.disposition == "hold"
    assert "b" in decision.composition[0]["sentences"][0]["sentence"]["text"]


@pytest.mark.parametrize("policy", [{"answers": "none"}, {"tokens_per_day": 0}])
def test_a_tenant_may_want_no_such_answers(composing, models, policy):
    composing.change("UPDATE tenant SET policy = CAST(%s AS jsonb)", json.dumps({"llm": policy}))
    write(composing)
    assert models.requests == type(models.requests)()


def test_a_quote_that_is_sure_stays_unless_the_tenant_wants_all_answers_composed(composing, models):
    from domain.decision import Citation

    class Sure(WordAnswers):
        def answer(self, question, subject, language):
            found = super().answer(question, subject, language)
            best = found.passages[0]
            cited = Citation(best.path, best.heading, best.start, best.end, best.text, best.version)
            return replace(found, answered=True, confidence=0.99, text=best.text, citations=(cited,))

    type(composing.services).local = Sure("en")
    write(composing)
    assert len(models.requests) == 0
    composing.change("UPDATE tenant SET policy = %s", json.dumps({"llm": {"answers": "all"}}))
    write(composing)
    assert len(models.requests) == 1
