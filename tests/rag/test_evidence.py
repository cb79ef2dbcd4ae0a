import json
from pathlib import Path

import numpy as np
import pytest

from rag.asking import read_asking
from rag.evidence import AGAINST, EITHER, FEATURES, Abstention, features, has_enough_in_common, load_abstention
from rag.index import Asked, build_index
from rag.lessons import Example, Trade, lessons, read_trades
from rag.passages import passages_of
from rag.ranking import search
from rag.regression import fit
from rag.risk import RISK, choose_threshold, upper_bound
from rag.train_abstention import TRAINING, Measured, out_of_fold, train


def measured(documents, embedder, question):
    index = build_index(documents, embedder)
    hits = search(index, Asked(question, embedder.embed([question])[0]), [], "en")
    return features(question, "en", hits, index)


def test_a_question_in_the_passages_words_is_covered(documents, embedder):
    found = measured(documents, embedder, "Do you deliver to Norway?")
    assert found["coverage"] == pytest.approx(1.0)
    assert found["unknown"] == 0


def test_a_word_that_no_passage_has_counts_as_unknown(documents, embedder):
    found = measured(documents, embedder, "Do you deliver pianos to Norway?")
    assert 0.3 < found["unknown"] < 1
    assert found["coverage"] == pytest.approx(1 - found["unknown"])


def test_every_feature_has_a_value(documents, embedder):
    assert set(measured(documents, embedder, "Xyzzy?")) == set(FEATURES)


def test_more_coverage_never_lowers_the_shipped_probability(documents, embedder):
    found, trained = measured(documents, embedder, "Do you deliver to Norway?"), load_abstention()
    assert trained.probability(found) > trained.probability(found | {"coverage": 0.1})


def test_the_probability_stays_a_number_for_absurd_values():
    one = Abstention({"margin": 0.0}, {"margin": 1.0}, {"margin": 1e9}, 0.0, 0.5)
    assert 0 < one.probability({"margin": -1e9}) < one.probability({"margin": 1e9}) <= 1


def test_one_shared_word_proves_nothing(documents, embedder):
    index = build_index(documents, embedder)
    hits = search(index, Asked("Norway", embedder.embed(["Norway"])[0]), [], "en")
    assert not has_enough_in_common("Norway Norway", "en", hits[0], index)
    assert has_enough_in_common("Do you deliver to Norway?", "en", hits[0], index)


@pytest.mark.parametrize(("accepted", "bound"), [(22, 0.0994), (45, 0.0499), (230, 0.00996)])
def test_the_bound_is_clopper_and_pearsons(accepted, bound):
    assert upper_bound(0, accepted) == pytest.approx(bound, abs=1e-4)
    assert upper_bound(1, accepted) > upper_bound(0, accepted)


def test_the_threshold_is_the_lowest_that_keeps_the_bound():
    probabilities = np.linspace(1, 0, 200)
    chosen = choose_threshold(probabilities, probabilities > 0.5)
    assert chosen["bound"] <= RISK
    assert 0.4 < chosen["threshold"] < 0.5


def test_where_no_threshold_keeps_the_bound_nothing_is_answered():
    probabilities = np.linspace(1, 0, 200)
    assert choose_threshold(probabilities, np.arange(200) % 3 > 0)["threshold"] == 1.0


def judged(rows, owner, right, trade):
    count = len(rows)
    return Measured(
        rows, owner, right, thin=np.zeros(count, bool), trade=trade, view=np.array(["plain"] * count),
        weight=np.ones(count), answerable=right,
    )  # fmt: skip


@pytest.mark.parametrize("trades", [1, 4])
def test_a_probability_comes_from_a_model_that_has_not_seen_the_example(trades):
    rows = np.zeros((100, len(FEATURES)))
    rows[:, 0] = np.arange(100)
    probabilities = out_of_fold(judged(rows, np.arange(100), np.arange(100) > 50, np.arange(100) % trades))
    assert probabilities[90] > 0.5 > probabilities[10]


def test_the_weakest_question_of_an_example_counts():
    rows = np.zeros((200, len(FEATURES)))
    rows[:, 0] = np.repeat(np.arange(100), 2)
    rows[181, 0] = 0  # The second question of example 90 is hopeless.
    one = judged(rows, np.repeat(np.arange(100), 2), rows[:, 0] > 50, np.zeros(200))
    assert not one.examples_right()[90]
    assert out_of_fold(one)[91] > 0.5 > out_of_fold(one)[90]


def test_training_gives_what_answering_reads(documents, embedder, tmp_path):
    asked = [("Do you deliver to Norway?", "en/delivery.md"), ("Do you repair old pianos?", None)]
    examples = tuple(Example(text, "en", path) for text, path in asked * 20)
    public = tuple(document for document in documents if document.public)
    trained = train([Trade("shop", public, examples)], [Example("Who won the race?", "en")], embedder)
    (tmp_path / "abstention.json").write_text(json.dumps(trained))
    assert load_abstention(tmp_path / "abstention.json").threshold == trained["threshold"]
    assert trained["evidence"]["auroc_answerable"] == 1.0


def test_no_weight_has_the_wrong_sign():
    trained = load_abstention()
    assert all(trained.weights[name] <= 0 for name in AGAINST)
    assert all(trained.weights[name] >= 0 for name in set(FEATURES) - AGAINST - EITHER)


def test_a_feature_that_speaks_the_wrong_way_gets_no_weight():
    rows = np.array([[0.0, 1.0], [0.1, 0.9], [0.9, 0.2], [1.0, 0.0]] * 10)
    found = fit(rows, rows[:, 0] > 0.5, np.ones(40), (1, 1))
    assert found.weights[0] > 0
    assert found.weights[1] == 0


def test_calibration_keeps_the_order_and_moves_the_probabilities():
    rows = np.linspace(0, 1, 200)[:, None]
    first = fit(rows, rows[:, 0] > 0.5, np.ones(200), (1,))
    again = first.then(fit(first.logits(rows)[:, None], rows[:, 0] > 0.8, np.ones(200), (1,)))
    assert (np.diff(again.probabilities(rows)) >= 0).all()
    assert again.probabilities(rows).mean() == pytest.approx(0.2, abs=0.02)


def test_each_knowledge_base_is_asked_what_others_are_asked_and_what_nobody_answers(documents):
    public = tuple(document for document in documents if document.public)
    one = Trade("one", public, (Example("Do you deliver to Norway?", "en", "en/delivery.md"),))
    two = Trade("two", public, (Example("Is oak hard?", "en"), Example("Can I pay by card?", "en", "en/x.md")))
    taught = list(lessons([one, two], [Example("Who won?", "en"), Example("¿Quién ganó?", "es")]))
    assert [lesson.view for lesson in taught] == ["plain", "bare", "elsewhere"] * 2 + ["merged"]
    assert [example.question for example in taught[2].examples] == ["Is oak hard?", "Who won?"]
    assert not any(document.body.startswith("#") for document in taught[1].documents)
    assert taught[-1].examples[0].document == "one/en/delivery.md"


def test_every_shipped_training_question_names_a_passage_that_there_is():
    for trade in read_trades(TRAINING):
        held = {document.path: len(passages_of(document)) for document in trade.documents}
        for example in trade.examples:
            assert example.document is None or 1 <= (example.section or 1) <= held[example.document]


def test_the_shipped_evidence_keeps_its_own_promise():
    evidence = json.loads((Path("rag") / "abstention.json").read_text())["evidence"]
    assert upper_bound(evidence["wrong"], evidence["accepted"]) == pytest.approx(evidence["risk_bound"], abs=1e-3)
    assert evidence["risk_bound"] <= RISK


def test_reading_a_long_mail_ends_at_its_limit():
    assert len(read_asking("The lamp is broken again. " * 500, "", "en").text.split()) < 250
