"""Say what a mail is about, and how sure that is."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from domain.category import Category
from domain.errors import BadInput
from understanding.blend import Blend
from understanding.features import HINTS, Vocabulary, hints, hints_in, looked_at, touched
from understanding.neighbours import Neighbours
from understanding.table import Table

WEIGHTS, MODEL = "classifier.npz", "classifier.json"
CATEGORIES = tuple(Category)
DIMENSIONS = 384
# Raised when the same examples would give another model or another file.
RECIPE = 2

# How much each block of features weighs before training. The embedding model knows English only: its vectors of other
# languages are a block of their own and weigh little, there the letters carry it.
HINT_WEIGHT, ENGLISH_WEIGHT, FOREIGN_WEIGHT = 0.5, 2.0, 1.0


# A mail wrongly taken for a refund is asked for an order number that it has nothing to do with; one wrongly not taken
# for one is unsure and reaches a person. So a refund is said only where it is much likelier than not, and where no
# word of refunds speaks for it, only where it is very likely: other payments that did not arrive sound alike.
LEAST = {Category.REFUND: 0.6}
LEAST_UNNAMED = {Category.REFUND: 0.88}


@dataclass(frozen=True, slots=True)
class Text:
    """What is classified: the new text of a mail, its subject, its language (ISO 639-1 or "und")."""

    text: str
    subject: str = ""
    language: str = "und"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`probabilities` are calibrated, one for each category, and add up to 1; `confidence` is that of `category`, which
    mostly is the likeliest one (see `LEAST`).

    `words_say` is what the word lists alone say, where that is another category.
    """

    category: Category
    sub_intent: str
    confidence: float
    probabilities: dict[Category, float] = field(default_factory=dict)
    words_say: Category | None = None

    def known_to_be(self, category: Category, sub_intent: str, confidence: float) -> "Verdict":
        """The verdict when something surer than the words speaks, as the sender's address does."""
        return replace(self, category=category, sub_intent=sub_intent, confidence=confidence)


class Classifier:
    """A multinomial logistic regression over words, letters, word lists and sentence vectors, beside the vote of the
    nearest examples.

    Its classes are pairs of category and sub-intent: what makes a refund request is learned apart from what makes a
    refund status, and a category's probability is the sum over its sub-intents.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        labels: Sequence[str],
        *,
        weights: Any,
        bias: Any,
        neighbours: Neighbours,
        blend: Blend,
        engine: str,
    ) -> None:
        self.vocabulary = vocabulary
        self.labels = tuple(labels)
        self.engine = engine
        self._weights = weights
        self._bias = bias
        dense = len(vocabulary.index)
        self._sparse, self._of_hints = weights[:dense], weights[dense : dense + HINTS]
        self._of_vectors = Table(np.hstack([weights[dense + HINTS : -DIMENSIONS], weights[-DIMENSIONS:]]))
        self._neighbours = neighbours
        self._blend = blend
        self._category_of = categories_of(self.labels)
        self._sub_intents = [label.split("/")[1] for label in self.labels]

    def classify(self, texts: Sequence[Text], vectors: Any) -> list[Verdict]:
        """One verdict for each text. `vectors` is what the embedder of name `engine` gave for `embedded_text` of it."""
        if not texts:
            return []
        vectors = np.asarray(vectors, dtype=np.float32)
        plain = [looked_at(text.text, text.subject) for text in texts]
        found = np.array([hints_in(folded, text.text, text.subject) for folded, text in zip(plain, texts, strict=True)])
        english = np.array([is_english(text) for text in texts])
        scores = self._scores(plain, found, vectors, english)
        words = [named(row) for row in found]
        torn = disagreeing(scores, words, self._category_of)
        chances = self._blend.probabilities(scores, self._neighbours.votes(vectors), english, torn)
        by_category = summed(chances, self._category_of)
        guesses = chosen(by_category, words)
        labels = np.where(self._category_of == guesses[:, None], chances, -1.0).argmax(axis=1)
        return [
            Verdict(
                CATEGORIES[best],
                self._sub_intents[label],
                sure[best],
                dict(zip(CATEGORIES, sure, strict=True)),
                own[0] if disagree else None,
            )
            for best, label, sure, own, disagree in zip(
                guesses.tolist(), labels.tolist(), by_category.tolist(), words, torn.tolist(), strict=True
            )
        ]

    def check_engine(self, engine: str) -> None:
        """Raises BadInput when the vectors that it will get come from another engine than those it was trained on."""
        if engine != self.engine:
            raise BadInput(
                "classifier", f"was trained on {self.engine}, not on {engine}; run `python -m commands.setup_models`."
            )

    def scores(self, text: Text, vector: Any) -> Any:
        """The raw score of each label, without the neighbours."""
        plain = looked_at(text.text, text.subject)
        found = hints_in(plain, text.text, text.subject)[None]
        rows = np.asarray(vector, dtype=np.float32)[None]
        return self._scores([plain], found, rows, np.array([is_english(text)]))[0]

    def _scores(self, plain: Sequence[str], found: Any, vectors: Any, english: Any) -> Any:
        """Of shape (texts, labels): what `dense_features` and the grams times the weights are."""
        of_vectors = self._of_vectors.product(vectors)
        scores = np.where(
            english[:, None],
            ENGLISH_WEIGHT * of_vectors[:, : len(self.labels)],
            FOREIGN_WEIGHT * of_vectors[:, len(self.labels) :],
        )
        scores += HINT_WEIGHT * (found @ self._of_hints) + self._bias
        for at, (positions, values) in enumerate(self.vocabulary.vectors(plain)):
            scores[at] += values @ self._sparse[positions]
        return scores

    def sub_intent_within(self, category: Category, text: Text, vector: Any) -> str:
        """The likeliest sub-intent when the category is known from elsewhere."""
        wanted = self._category_of == CATEGORIES.index(category)
        return self._sub_intents[int(np.where(wanted, self.scores(text, vector), -np.inf).argmax())]

    def save(self, directory: Path, about: dict[str, Any]) -> None:
        """Write numbers and vocabulary; `about` (what it was trained on) is kept beside them. Whole or not at all."""
        directory.mkdir(parents=True, exist_ok=True)
        new = directory / f".{WEIGHTS}"
        with new.open("wb") as file:
            np.savez_compressed(
                file,
                weights=self._weights.astype(np.float16),
                bias=self._bias,
                idf=self.vocabulary.idf,
                directions=self._neighbours.directions,
                neighbours=self._neighbours.places.astype(np.float16),
                owners=self._neighbours.owners.astype(np.int16),
            )
        model = {
            "recipe": RECIPE,
            "weights_sha256": hashlib.sha256(new.read_bytes()).hexdigest(),
            "engine": self.engine,
            "blend": asdict(self._blend),
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
            neighbours = Neighbours(
                numbers["directions"], numbers["neighbours"], numbers["owners"], len(model["labels"])
            )
        vocabulary = Vocabulary({gram: place for place, gram in enumerate(model["vocabulary"])}, idf, model["words"])
        return cls(
            vocabulary,
            model["labels"],
            weights=weights,
            bias=bias,
            neighbours=neighbours,
            blend=Blend(**model["blend"]),
            engine=model["engine"],
        )


def load_classifier(directory: Path) -> Classifier:
    """The classifier that set-up left in `directory`. Raises BadInput when it is missing, damaged or too old."""
    return Classifier.load(directory)


def dense_features(text: Text, vector: Any) -> Any:
    """A float32 array of HINTS + 2 * 384 numbers, to stand behind the sparse ones."""
    row = np.zeros(HINTS + 2 * DIMENSIONS, dtype=np.float32)
    row[:HINTS] = HINT_WEIGHT * hints(text.text, text.subject)
    if is_english(text):
        row[HINTS : HINTS + DIMENSIONS] = ENGLISH_WEIGHT * vector
    else:
        row[HINTS + DIMENSIONS :] = FOREIGN_WEIGHT * vector
    return row


def is_english(text: Text) -> bool:
    """Whether the embedding model is taken to know its language; what is too short to tell mostly is English."""
    return text.language in {"en", "und"}


def named(dense: Any) -> tuple[Category, ...]:
    """The categories whose words a text uses, by its features."""
    return tuple(map(Category, touched(dense)))


def categories_of(labels: Sequence[str]) -> Any:
    """The position in CATEGORIES of each label's category."""
    return np.array([CATEGORIES.index(Category(label.split("/")[0])) for label in labels])


def summed(chances: Any, category_of: Any) -> Any:
    """Probabilities of shape (texts, categories) from those of shape (texts, labels)."""
    return chances @ np.eye(len(CATEGORIES))[category_of]


def chosen(chances: Any, words: Sequence[tuple[Category, ...]]) -> Any:
    """The position of the category that is said of each text: the likeliest one that is likely enough.

    `chances` has the shape (texts, categories); `words` are the categories whose words each text uses.
    """
    least = [_least(own) for own in words]
    return np.where(chances >= np.array(least), chances, -1.0).argmax(axis=1)


@cache
def _least(words: tuple[Category, ...]) -> tuple[float, ...]:
    return tuple((LEAST if category in words else LEAST_UNNAMED).get(category, 0.0) for category in CATEGORIES)


def disagreeing(scores: Any, words: Sequence[tuple[Category, ...]], category_of: Any) -> Any:
    """For each text, whether the words of one single category speak in it, and its scores are for another."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    best = summed(powers, category_of).argmax(axis=1)
    return np.array([len(own) == 1 and CATEGORIES[at] is not own[0] for own, at in zip(words, best, strict=True)])
