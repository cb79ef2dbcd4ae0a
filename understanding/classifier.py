"""Say what a mail is about, and how sure that is."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from domain.category import Category
from domain.errors import BadInput
from understanding.features import HINTS, Vocabulary, hints

WEIGHTS, MODEL = "classifier.npz", "classifier.json"
CATEGORIES = tuple(Category)
DIMENSIONS = 384
# Raised when the same examples would give another model or another file.
RECIPE = 1

# How much each block of features weighs before training. The embedding model knows English only: its vectors of other
# languages are a block of their own and weigh little, there the letters carry it.
HINT_WEIGHT, ENGLISH_WEIGHT, FOREIGN_WEIGHT = 0.5, 2.0, 1.0


@dataclass(frozen=True, slots=True)
class Text:
    """What is classified: the new text of a mail, its subject, its language (ISO 639-1 or "und")."""

    text: str
    subject: str = ""
    language: str = "und"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`probabilities` are calibrated, one for each category, and add up to 1; `confidence` is that of `category`."""

    category: Category
    sub_intent: str
    confidence: float
    probabilities: dict[Category, float] = field(default_factory=dict)

    def known_to_be(self, category: Category, sub_intent: str, confidence: float) -> "Verdict":
        """The verdict when something surer than the words speaks, as the sender's address does."""
        return Verdict(category, sub_intent, confidence, self.probabilities)


class Classifier:
    """A multinomial logistic regression over words, letters, word lists and sentence vectors.

    Its classes are pairs of category and sub-intent: what makes a refund request is learned apart from what makes a
    refund status, and a category's probability is the sum over its sub-intents.
    """

    def __init__(
        self, vocabulary: Vocabulary, labels: Sequence[str], *, weights: Any, bias: Any, temperature: float, engine: str
    ) -> None:
        self.vocabulary = vocabulary
        self.labels = tuple(labels)
        self.engine = engine
        self._weights = weights
        self._bias = bias
        self._temperature = temperature
        self._category_of = np.array([CATEGORIES.index(Category(label.split("/")[0])) for label in self.labels])

    def classify(self, texts: Sequence[Text], vectors: Any) -> list[Verdict]:
        """One verdict for each text. `vectors` is what the embedder of name `engine` gave for `embedded_text` of it."""
        return [self._verdict(self.scores(text, vector)) for text, vector in zip(texts, vectors, strict=True)]

    def check_engine(self, engine: str) -> None:
        """Raises BadInput when the vectors that it will get come from another engine than those it was trained on."""
        if engine != self.engine:
            raise BadInput(
                "classifier", f"was trained on {self.engine}, not on {engine}; run `python -m commands.setup_models`."
            )

    def scores(self, text: Text, vector: Any) -> Any:
        """The raw score of each label."""
        positions, values = self.vocabulary.vector(text.text, text.subject)
        dense = dense_features(text, vector)
        split = len(self.vocabulary.index)
        sparse = values @ self._weights[positions] if len(positions) else 0.0
        return sparse + dense @ self._weights[split:] + self._bias

    def _verdict(self, scores: Any) -> Verdict:
        labels = probabilities(scores[None, :], self._temperature)[0]
        by_category = np.bincount(self._category_of, weights=labels, minlength=len(CATEGORIES))
        best = int(by_category.argmax())
        label = int(np.where(self._category_of == best, labels, -1.0).argmax())
        return Verdict(
            CATEGORIES[best],
            self.labels[label].split("/")[1],
            float(by_category[best]),
            {category: float(value) for category, value in zip(CATEGORIES, by_category, strict=True)},
        )

    def sub_intent_within(self, category: Category, text: Text, vector: Any) -> str:
        """The likeliest sub-intent when the category is known from elsewhere."""
        wanted = self._category_of == CATEGORIES.index(category)
        return self.labels[int(np.where(wanted, self.scores(text, vector), -np.inf).argmax())].split("/")[1]

    def save(self, directory: Path, about: dict[str, Any]) -> None:
        """Write numbers and vocabulary; `about` (what it was trained on) is kept beside them. Whole or not at all."""
        directory.mkdir(parents=True, exist_ok=True)
        new = directory / f".{WEIGHTS}"
        with new.open("wb") as file:
            np.savez_compressed(
                file, weights=self._weights.astype(np.float16), bias=self._bias, idf=self.vocabulary.idf
            )
        model = {
            "recipe": RECIPE,
            "weights_sha256": hashlib.sha256(new.read_bytes()).hexdigest(),
            "engine": self.engine,
            "temperature": self._temperature,
            "labels": self.labels,
            "about": about,
            "words": self.vocabulary.words,
            "vocabulary": list(self.vocabulary.index),
        }
        text = directory / f".{MODEL}"
        text.write_text(json.dumps(model, ensure_ascii=False) + "\n", encoding="utf-8")
        # Should the machine stop in between, the hash shows that the two files do not belong together.
        new.replace(directory / WEIGHTS)
        text.replace(directory / MODEL)

    @classmethod
    def load(cls, directory: Path) -> "Classifier":
        """Raises BadInput when the model is missing, damaged or of another version."""
        how = "run `python -m commands.setup_models`."
        try:
            model = json.loads((directory / MODEL).read_text(encoding="utf-8"))
            whole = hashlib.sha256((directory / WEIGHTS).read_bytes()).hexdigest() == model["weights_sha256"]
        except (OSError, ValueError, KeyError) as error:
            raise BadInput("classifier", f"is not in {directory}; {how}") from error
        if model.get("recipe") != RECIPE or not whole:
            raise BadInput("classifier", f"in {directory} is damaged or of another version; {how}")
        with np.load(directory / WEIGHTS, allow_pickle=False) as numbers:
            weights, bias, idf = numbers["weights"].astype(np.float32), numbers["bias"], numbers["idf"]
        vocabulary = Vocabulary({gram: place for place, gram in enumerate(model["vocabulary"])}, idf, model["words"])
        return cls(
            vocabulary,
            model["labels"],
            weights=weights,
            bias=bias,
            temperature=model["temperature"],
            engine=model["engine"],
        )


def load_classifier(directory: Path) -> Classifier:
    """The classifier that set-up left in `directory`. Raises BadInput when it is missing, damaged or too old."""
    return Classifier.load(directory)


def dense_features(text: Text, vector: Any) -> Any:
    """A float32 array of HINTS + 2 * 384 numbers, to stand behind the sparse ones."""
    row = np.zeros(HINTS + 2 * DIMENSIONS, dtype=np.float32)
    row[:HINTS] = HINT_WEIGHT * hints(text.text, text.subject)
    if text.language in {"en", "und"}:
        row[HINTS : HINTS + DIMENSIONS] = ENGLISH_WEIGHT * vector
    else:
        row[HINTS + DIMENSIONS :] = FOREIGN_WEIGHT * vector
    return row


def probabilities(scores: Any, temperature: float) -> Any:
    """Softmax of each row at a temperature: above 1 it makes less sure, below 1 surer."""
    shifted = scores / temperature
    powers = np.exp(shifted - shifted.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
