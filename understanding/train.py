"""Learn the classifier from our own examples, in a minute and always the same way."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from domain.category import Category
from domain.errors import BadInput
from domain.ports import Embedder
from understanding.blend import Blend
from understanding.calibration import best_blend, card_of
from understanding.classifier import (
    CATEGORIES,
    MODEL,
    RECIPE,
    Classifier,
    Text,
    categories_of,
    dense_features,
    disagreeing,
    is_english,
    named,
    summed,
)
from understanding.features import Vocabulary, embedded_text
from understanding.language import language_of
from understanding.neighbours import Neighbours
from understanding.signals import PHRASES
from understanding.wrapping import wrapped

CARD = "classifier.card.json"
EXAMPLES = Path(__file__).with_name("examples")
NOT_FOR_TRAINING = "answerable.jsonl"
FOLDS = 3
# Every second example has a wrapped copy: enough to learn looking past greetings, at half the time.
COPIED = 2
STRENGTH = 6.0
SEED = 20
TEXTS_AT_ONCE = 64

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled mail of ours. `origin` is the id it was made from: a mail and its wrapped copy share it."""

    origin: str
    text: Text
    written_in: str
    category: Category
    sub_intent: str

    @property
    def label(self) -> str:
        return f"{self.category}/{self.sub_intent}"


def train(
    examples_dir: Path, out_dir: Path, embedder: Embedder, say: Progress = print, *, anew: bool = False
) -> dict[str, Any]:
    """Train, write the model and its card into `out_dir`, and return the card. Quick when nothing changed, unless it
    shall be done `anew`.

    The scores of the card are out of fold: each example is judged by a model that saw neither it nor its copy.
    """
    digest = _digest(examples_dir, embedder.engine)
    known = None if anew else _known_card(out_dir, digest)
    if known is not None:
        say(f"The classifier is in {out_dir} already.")
        return known
    plain = read_examples(examples_dir)
    say(f"Training the classifier on {len(plain)} examples ...")
    copies = [_wrapped(example) for example in plain[::COPIED]]
    examples = [*plain, *copies]
    vocabulary = Vocabulary.of([(each.text.text, each.text.subject) for each in plain])
    vectors = _embedded(examples, embedder, say)
    matrix = _matrix(examples, vocabulary, vectors)
    labels = np.array([example.label for example in examples])
    say(f"Judging it on {FOLDS} parts that it has not seen ...")
    neighbours, blend, scored = _judged(plain, vectors[: len(plain)], matrix, labels)
    card = {
        "trained_on": digest,
        "recipe": RECIPE,
        "engine": embedder.engine,
        "blend": asdict(blend),
        "per_label": dict(sorted(Counter(example.label for example in plain).items())),
        **scored,
    }
    say("Fitting the final model ...")
    model = _fitted(matrix, labels)
    weights = np.ascontiguousarray(model.coef_.T.astype(np.float32))
    bias = model.intercept_.astype(np.float32)
    classifier = Classifier(
        vocabulary,
        model.classes_.tolist(),
        weights=weights,
        bias=bias,
        neighbours=neighbours,
        blend=blend,
        engine=embedder.engine,
    )
    classifier.save(out_dir, {"trained_on": digest})
    (out_dir / CARD).write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    say(f"The classifier is ready: {card['accuracy']:.3f} right out of fold, calibration error {card['ece']:.3f}.")
    return card


def _judged(
    plain: Sequence[Example], vectors: Any, matrix: Any, labels: Any
) -> tuple[Neighbours, Blend, dict[str, Any]]:
    """The neighbours, how much they weigh, and what all together scored out of fold.

    A copy says what its original says: only the originals have a vote, and none about itself.
    """
    folds = _folds([example.label for example in plain])
    scores, classes = _out_of_fold(matrix, labels, np.concatenate([folds, folds[::COPIED]]))
    scores, category_of = scores[: len(plain)], categories_of(classes)
    neighbours = Neighbours.of(vectors, np.searchsorted(classes, labels[: len(plain)]), len(classes))
    votes = neighbours.votes(vectors, without=range(len(plain)))
    english = np.array([is_english(example.text) for example in plain])
    dense = (dense_features(example.text, vector) for example, vector in zip(plain, vectors, strict=True))
    words = [named(row) for row in dense]
    torn = disagreeing(scores, words, category_of)
    truth = [example.category for example in plain]
    blend = best_blend(scores, votes, english, torn, category_of=category_of, truth=truth)
    chances = summed(blend.probabilities(scores, votes, english, torn), category_of)
    return neighbours, blend, card_of(chances, words, truth, [example.written_in for example in plain])


def read_examples(directory: Path) -> list[Example]:
    """All training examples, in a fixed order. Raises BadInput that names the file and line that is wrong."""
    found = []
    for path in sorted(directory.glob("*.jsonl")):
        if path.name == NOT_FOR_TRAINING:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if line.strip():
                found.append(_example(line, f"{path.name}:{number}"))
    if len({example.category for example in found}) < len(CATEGORIES):
        raise BadInput(str(directory), "does not hold examples of every category.")
    return found


def _example(line: str, place: str) -> Example:
    try:
        row = json.loads(line)
        text, subject = row["text"], row.get("subject", "")
        category, sub_intent = Category(row["category"]), row["sub_intent"]
        language = row["language"]
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(place, "is no example with id, text, language, category and sub_intent.") from error
    seen_as = Text(text, subject, language_of(text, subject))
    return Example(row.get("id", place), seen_as, language, category, sub_intent)


def _wrapped(example: Example) -> Example:
    text = wrapped(example.text.text, example.written_in, example.origin)
    return Example(
        example.origin,
        Text(text, example.text.subject, language_of(text, example.text.subject)),
        example.written_in,
        example.category,
        example.sub_intent,
    )


def _embedded(examples: Sequence[Example], embedder: Embedder, say: Progress) -> Any:
    texts = [embedded_text(example.text.text, example.text.subject) for example in examples]
    parts = []
    for start in range(0, len(texts), TEXTS_AT_ONCE):
        parts.append(embedder.embed(texts[start : start + TEXTS_AT_ONCE]))
        if start % (16 * TEXTS_AT_ONCE) == 0:
            say(f"  embedding {start} of {len(texts)}")
    return np.concatenate(parts)


def _matrix(examples: Sequence[Example], vocabulary: Vocabulary, vectors: Any) -> Any:
    sparse_matrices = import_module("scipy.sparse")
    rows = [vocabulary.vector(example.text.text, example.text.subject) for example in examples]
    starts = np.cumsum([0, *(len(positions) for positions, _ in rows)])
    columns = np.concatenate([positions for positions, _ in rows])
    values = np.concatenate([weights for _, weights in rows])
    sparse = sparse_matrices.csr_matrix((values, columns, starts), shape=(len(rows), len(vocabulary.index)))
    dense = [dense_features(example.text, vector) for example, vector in zip(examples, vectors, strict=True)]
    return sparse_matrices.hstack([sparse, sparse_matrices.csr_matrix(np.array(dense))]).tocsr().astype(np.float32)


def _folds(labels: Sequence[str]) -> Any:
    """The fold of each example, so that every label is spread evenly over them."""
    order = np.random.default_rng(SEED).permutation(len(labels))
    dealt: Counter[str] = Counter()
    folds = np.empty(len(labels), dtype=np.int64)
    for place in order:
        folds[place] = dealt[labels[place]] % FOLDS
        dealt[labels[place]] += 1
    return folds


def _fitted(matrix: Any, labels: Any) -> Any:
    return (
        import_module("sklearn.linear_model").LogisticRegression(C=STRENGTH, max_iter=150, tol=1e-3).fit(matrix, labels)
    )


def _out_of_fold(matrix: Any, labels: Any, folds: Any) -> tuple[Any, list[str]]:
    classes = sorted(set(labels.tolist()))
    scores = np.full((len(labels), len(classes)), -30.0)
    for fold in range(FOLDS):
        model = _fitted(matrix[folds != fold], labels[folds != fold])
        columns = [classes.index(label) for label in model.classes_]
        scores[np.ix_(folds == fold, columns)] = model.decision_function(matrix[folds == fold])
    return scores, classes


def _digest(examples_dir: Path, engine: str) -> str:
    """Names everything that the model depends on."""
    seen = hashlib.sha256(f"{RECIPE} {engine} {STRENGTH} {FOLDS} {COPIED} {SEED}".encode())
    here = Path(__file__).parent
    code = [
        here / name
        for name in (
            "features.py",
            "classifier.py",
            "blend.py",
            "calibration.py",
            "misspelling.py",
            "neighbours.py",
            "signals.py",
            "entities.py",
            "train.py",
            "wrapping.py",
            "language.py",
        )
    ]
    for path in (*sorted(examples_dir.glob("*.jsonl")), PHRASES, *code):
        if path.name != NOT_FOR_TRAINING:
            seen.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return seen.hexdigest()


def _known_card(directory: Path, digest: str) -> dict[str, Any] | None:
    """The card of a model that was trained on exactly this, if it is there and whole."""
    try:
        card: dict[str, Any] = json.loads((directory / CARD).read_text(encoding="utf-8"))
        about = json.loads((directory / MODEL).read_text(encoding="utf-8"))["about"]
        Classifier.load(directory)
    except (OSError, ValueError, KeyError, BadInput):
        return None
    return card if card.get("trained_on") == digest == about.get("trained_on") else None
