import hashlib
import json

import numpy as np
import pytest

from domain.category import Category
from domain.errors import BadInput
from understanding.calibration import best_blend, calibration_error
from understanding.classifier import (
    CATEGORIES,
    MODEL,
    WEIGHTS,
    Classifier,
    Text,
    categories_of,
    chosen,
    disagreeing,
    load_classifier,
    summed,
)
from understanding.features import HINTS, Vocabulary, embedded_text, grams, hints
from understanding.language import language_of
from understanding.neighbours import Neighbours
from understanding.train import CARD, read_examples, train
from understanding.wrapping import wrapped

# Half of it are the sentence vectors of the examples.
EIGHT_MEGABYTES = 8 * 1024 * 1024

MAILS = [
    ("Hello, the toaster stopped working after a day. I want a refund, please send my money back.", "refund"),
    ("How long does shipping to Norway take, and do you deliver on Saturdays?", "question"),
    ("Attached is our invoice 2025-118 for your purchase order D123456789. Payment terms are 30 days net.", "supplier"),
    ("We can offer you top rankings on Google, 500 backlinks for only 99 dollars a month. Interested?", "other"),
    ("Ich möchte mein Geld zurück, die Lampe kam kaputt an. Bitte erstatten Sie den Kaufpreis.", "refund"),
    ("Wie lange dauert der Versand nach Österreich und was kostet er?", "question"),
    ("Anbei unsere Rechnung und der Lieferschein zu Ihrer Bestellung D123456789, Zahlungsziel 30 Tage.", "supplier"),
    ("Bonjour, je souhaite être remboursé, le produit est arrivé cassé.", "refund"),
    ("Quels sont les délais de livraison vers la Belgique ?", "question"),
    ("Quiero devolver los zapatos y que me reembolsen el dinero.", "refund"),
    ("¿Cuánto tarda el envío a Portugal y qué cuesta?", "question"),
]


class Counting:
    """An embedder whose vectors say nothing but are always the same for the same text."""

    engine = "counting/1"

    def embed(self, texts):
        rows = [np.frombuffer(hashlib.sha512(text.encode()).digest() * 6, dtype=np.uint8) for text in texts]
        vectors = np.array(rows, dtype=np.float32).reshape(len(rows), 384) - 127.5
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def lines(category, sub_intent, texts):
    for number, text in enumerate(texts):
        row = {"id": f"{sub_intent}-{number}", "text": text, "subject": "", "language": "en"}
        yield json.dumps(row | {"category": category, "sub_intent": sub_intent})


@pytest.fixture
def examples(tmp_path):
    folder = tmp_path / "examples"
    folder.mkdir()
    kinds = {
        ("refund", "refund_request"): "please refund the {} that I bought",
        ("question", "shipping"): "how long does the delivery of a {} take?",
        ("supplier", "invoice"): "attached is our invoice for the {} you purchased, payment terms 30 days",
        ("other", "praise"): "what a lovely {}, you are a great shop",
    }
    things = ["lamp", "table", "chair", "sofa", "rug", "mirror", "shelf", "clock", "desk", "bed", "stool", "vase"]
    for (category, sub_intent), form in kinds.items():
        texts = [form.format(thing) for thing in things]
        (folder / f"{category}.en.jsonl").write_text("\n".join(lines(category, sub_intent, texts)))
    (folder / "answerable.jsonl").write_text("this is no training example")
    return folder


def silent(_text):
    pass


def test_everyday_mail_is_put_into_its_category(models, embedder):
    classifier = load_classifier(models)
    texts = [Text(text, "", language_of(text)) for text, _ in MAILS]
    verdicts = classifier.classify(texts, embedder.embed([embedded_text(text, "") for text, _ in MAILS]))
    assert [str(verdict.category) for verdict in verdicts] == [category for _, category in MAILS]


def test_the_probabilities_of_a_verdict_add_up_and_the_best_is_its_confidence(models, embedder):
    [verdict] = load_classifier(models).classify([Text("hello?")], embedder.embed(["hello?"]))
    assert sum(verdict.probabilities.values()) == pytest.approx(1, abs=1e-5)
    assert verdict.confidence == max(verdict.probabilities.values()) == verdict.probabilities[verdict.category]


def test_a_refund_is_said_only_where_it_is_much_likelier_than_not_and_more_so_without_a_word_of_refunds():
    question, refund = CATEGORIES.index(Category.QUESTION), CATEGORIES.index(Category.REFUND)
    chances = np.zeros((4, len(CATEGORIES)))
    chances[:, refund] = 0.58, 0.61, 0.61, 0.91
    chances[:, question] = 1 - chances[:, refund]
    words = [(Category.REFUND,), (Category.REFUND, Category.OTHER), (), (Category.QUESTION,)]
    assert chosen(chances, words).tolist() == [question, refund, question, refund]


def test_words_of_two_categories_make_less_sure_than_words_of_one(models, embedder):
    clear = "I want a refund for my broken kettle, please send the money back."
    mixed = "I want a refund. Attached is our invoice for your purchase order D123456789, payment terms 30 days."
    texts = [Text(clear, "", "en"), Text(mixed, "", "en")]
    sure, torn = load_classifier(models).classify(texts, embedder.embed([clear, mixed]))
    assert sure.confidence > torn.confidence


def test_the_shipped_model_is_small_and_its_card_reports_what_it_scored(models):
    card = json.loads((models / CARD).read_text())
    assert sum((models / name).stat().st_size for name in (WEIGHTS, MODEL)) < EIGHT_MEGABYTES
    assert card["accuracy"] > 0.7
    assert set(card["macro_f1_per_language"]) >= {"en", "de", "fr", "es"}
    assert min(card["macro_f1_per_language"].values()) > 0.65
    assert card["ece"] < 0.05


def test_training_twice_gives_the_same_model(examples, tmp_path):
    train(examples, tmp_path / "a", Counting(), silent)
    train(examples, tmp_path / "b", Counting(), silent)
    assert (tmp_path / "a" / WEIGHTS).read_bytes() == (tmp_path / "b" / WEIGHTS).read_bytes()
    assert (tmp_path / "a" / MODEL).read_text() == (tmp_path / "b" / MODEL).read_text()


def test_a_model_is_trained_again_only_when_its_examples_changed(examples, tmp_path):
    said: list[str] = []
    first = train(examples, tmp_path / "out", Counting(), silent)
    assert train(examples, tmp_path / "out", Counting(), said.append) == first
    assert said == [f"The classifier is in {tmp_path / 'out'} already."]
    (examples / "more.jsonl").write_text("\n".join(lines("other", "thanks", ["thanks!"] * 8)))
    assert train(examples, tmp_path / "out", Counting(), silent)["examples"] == first["examples"] + 8


def test_a_saved_model_judges_as_before(examples, tmp_path):
    train(examples, tmp_path, Counting(), silent)
    classifier = Classifier.load(tmp_path)
    text = "please refund the carpet that I bought"
    [verdict] = classifier.classify([Text(text)], Counting().embed([text]))
    assert (verdict.category, verdict.sub_intent) == (Category.REFUND, "refund_request")


def test_a_damaged_or_missing_model_is_refused_with_the_command_that_makes_it(examples, tmp_path):
    with pytest.raises(BadInput, match=r"python -m commands\.setup_models"):
        Classifier.load(tmp_path / "nowhere")
    train(examples, tmp_path, Counting(), silent)
    (tmp_path / WEIGHTS).write_bytes((tmp_path / WEIGHTS).read_bytes()[:-1])
    with pytest.raises(BadInput, match="damaged"):
        Classifier.load(tmp_path)


def test_vectors_of_another_engine_are_refused(examples, tmp_path):
    train(examples, tmp_path, Counting(), silent)
    with pytest.raises(BadInput, match="was trained on counting/1, not on other/2"):
        Classifier.load(tmp_path).check_engine("other/2")


def test_a_wrong_example_is_named_by_file_and_line(examples):
    (examples / "wrong.jsonl").write_text('{"text": "hello", "language": "en", "category": "nonsense"}')
    with pytest.raises(BadInput, match=r"wrong\.jsonl:1"):
        read_examples(examples)


def test_examples_of_every_category_are_needed(examples):
    (examples / "supplier.en.jsonl").unlink()
    with pytest.raises(BadInput, match="every category"):
        read_examples(examples)


def blended(scores, votes, truth, torn=None):
    """The blend fitted on these, and the probabilities of the categories that it gives."""
    labels = ["question/a", "refund/b", "supplier/c", "other/d"]
    english, torn = np.ones(len(truth), dtype=bool), np.zeros(len(truth), dtype=bool) if torn is None else torn
    blend = best_blend(scores, votes, english, torn, category_of=categories_of(labels), truth=truth)
    return blend, summed(blend.probabilities(scores, votes, english, torn), categories_of(labels))


TRUTH = [Category.QUESTION] * 6 + [Category.REFUND] * 4
UNDECIDED = np.full((10, 4), 0.25)
TOO_SURE = np.tile([2.0, 0.0, -9.0, -9.0], (10, 1))
HITS = np.array([category is Category.QUESTION for category in TRUTH])


def test_a_temperature_takes_back_what_is_too_sure():
    blend, chances = blended(TOO_SURE, UNDECIDED, TRUTH)
    assert blend.temperature > 1
    assert chances[0, 0] == pytest.approx(0.6, abs=0.1)
    assert chances[0, 0] < blended(TOO_SURE, UNDECIDED, [Category.QUESTION] * 10)[1][0, 0]


def test_neighbours_that_know_better_than_the_classifier_weigh_more_than_it():
    knowing = np.array([[0.97, 0.01, 0.01, 0.01]] * 6 + [[0.01, 0.97, 0.01, 0.01]] * 4)
    blend, chances = blended(TOO_SURE, knowing, TRUTH)
    assert blend.votes_english > 0
    assert [CATEGORIES[at] for at in chances.argmax(axis=1)] == TRUTH


def test_where_words_and_classifier_disagree_less_is_believed():
    torn = np.array([False] * 4 + [True] * 6)
    scores = np.tile([4.0, 0.0, -9.0, -9.0], (10, 1))
    blend, _ = blended(scores, UNDECIDED, TRUTH, torn)
    assert blend.temperature_torn > blend.temperature


def test_an_example_has_no_vote_about_itself():
    vectors = np.eye(3, 384, dtype=np.float32)
    neighbours = Neighbours.of(vectors, np.array([0, 1, 1]), 2)
    assert neighbours.votes(vectors)[0, 0] > 0.9
    assert neighbours.votes(vectors, without=range(3))[0] == pytest.approx([0, 1], abs=1e-6)


def test_the_directions_that_are_kept_hold_nearly_all_likeness(models, embedder):
    vectors = embedder.embed([text for text, _ in MAILS])
    neighbours = Neighbours.of(vectors, np.arange(len(MAILS)), len(MAILS))
    assert np.abs(neighbours.places @ neighbours.places.T - vectors @ vectors.T).max() < 0.01


def test_clear_mail_is_no_mail_whose_words_alone_would_say_something_else(models, embedder):
    classifier = load_classifier(models)
    texts = [Text(text, "", "en") for text, _ in MAILS[:4]]
    verdicts = classifier.classify(texts, embedder.embed([text for text, _ in MAILS[:4]]))
    assert [verdict.words_say for verdict in verdicts] == [None] * 4


def test_words_disagree_only_where_those_of_one_single_category_speak():
    category_of = categories_of(["question/a", "refund/b", "supplier/c", "other/d"])
    scores = np.tile([3.0, 0.0, 0.0, 0.0], (4, 1))
    words = [(Category.REFUND,), (Category.QUESTION,), (Category.REFUND, Category.QUESTION), ()]
    assert disagreeing(scores, words, category_of).tolist() == [True, False, False, False]


def test_calibration_error_is_the_distance_between_confidence_and_accuracy():
    assert calibration_error(np.full(10, 0.85), np.array([True] * 6 + [False] * 4)) == pytest.approx(0.25)


def test_numbers_links_and_addresses_are_the_same_feature_whatever_they_are():
    first = grams("order 48213 see https://shop.example/a or write to jo@shop.example", "")
    second = grams("order 99 see https://other.example/b/c or write to sam.lee@mail.example", "")
    assert first == second


def test_a_word_without_end_is_not_taken_apart_without_end():
    assert len(grams("x" * 1500, "")[1]) < 100


def test_an_unknown_text_has_features_of_length_nought_or_one():
    vocabulary = Vocabulary.of([("a lamp", ""), ("a lamp", ""), ("a lamp", "")])
    for text in ("a lamp", "", "漢字"):
        _, values = vocabulary.vector(text, "")
        assert not len(values) or np.linalg.norm(values) == pytest.approx(2**0.5, abs=1e-5)
    assert hints("", "").shape == (HINTS,)


def test_the_subject_is_embedded_only_with_a_text_that_says_too_little():
    assert embedded_text("see subject", "Where is my parcel?") == "Where is my parcel?. see subject"
    assert embedded_text("I would like to know more", "Hello") == "I would like to know more"


def test_an_example_is_wrapped_in_its_language_and_always_the_same_way():
    assert wrapped("Wo ist es?", "de", "a") == wrapped("Wo ist es?", "de", "a")
    assert len({wrapped("x", "fr", str(key)) for key in range(40)}) > 10
    assert "\n\nWo ist es?\n\n" in wrapped("Wo ist es?", "de", "b")
