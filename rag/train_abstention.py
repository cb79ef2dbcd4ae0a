"""Fit the probability that an answer is right, and choose the threshold; writes rag/abstention.json.

    python -m rag.train_abstention --embedder adapters.embedding.onnx:OnnxEmbedder --models var/models

An example is right when the best passage for each of its questions is the one that it names; one that names none is
never right. What is reported is of models that have not seen the knowledge base that they judge.
"""

import argparse
import json
import pkgutil
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from domain.ports import Embedder
from rag.answer import KnowledgeAnswers
from rag.asking import Asking, read_asking
from rag.evidence import AGAINST, EITHER, FEATURES, THIN, TRAINED, Abstention
from rag.index import Index, build_index
from rag.lessons import Example, Lesson, Trade, lessons, read_examples, read_trade, read_trades
from rag.regression import Regression, fit
from rag.risk import DOUBT, choose_threshold, report

TRAINING = Path(__file__).with_name("training")
# Where there is only one knowledge base its examples are held out in so many parts.
FOLDS = 10
SIGNS = tuple(-1 if name in AGAINST else 0 if name in EITHER else 1 for name in FEATURES)
UNDECIDED = Abstention(
    mean=dict.fromkeys(FEATURES, 0.0), scale=dict.fromkeys(FEATURES, 1.0), weights={}, intercept=0.0, threshold=1.0
)


@dataclass(frozen=True, slots=True)
class Measured:
    """One row of features for each question of each example: `owner` is the number of its example, `thin` marks those
    that share hardly a word with their best passage. `trade`, `view` and `weight` are those of the example's lesson,
    `answerable` whether it names a document.
    """

    rows: Any
    owner: Any
    right: Any
    thin: Any
    trade: Any
    view: Any
    weight: Any
    answerable: Any

    def first(self) -> Any:
        """The place of the first row of each example."""
        return np.unique(self.owner, return_index=True)[1]

    def examples_right(self) -> Any:
        """Whether all of an example's questions led to the right passage."""
        return np.logical_and.reduceat(self.right, self.first())


def measure(taught: Iterable[Lesson], embedder: Embedder) -> Measured:
    columns: dict[str, list[Any]] = {name: [] for name in Measured.__slots__}
    number = 0
    for lesson in taught:
        index = build_index(lesson.documents, embedder)
        answers = KnowledgeAnswers(index, embedder, UNDECIDED)
        places = _places(index)
        for example, trade in zip(lesson.examples, lesson.trades, strict=True):
            asking = read_asking(example.question, "", example.language)
            asking = asking if asking.sentences else Asking(example.question, (example.question,), ())
            gold = _gold(places, example)
            for found in answers.search(example.question, asking, example.language):
                columns["rows"].append([found.features[name] for name in FEATURES])
                columns["right"].append(found.hits[0].number in gold)
                columns["thin"].append(found.thin)
                columns["owner"].append(number)
                columns["trade"].append(trade)
                columns["view"].append(lesson.view)
                columns["weight"].append(lesson.weight)
                columns["answerable"].append(bool(gold))
            number += 1
    return Measured(**{name: np.array(values) for name, values in columns.items()})


def _places(index: Index) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for number, passage in enumerate(index.passages):
        places.setdefault(passage.document.path, []).append(number)
    return places


def _gold(places: dict[str, list[int]], example: Example) -> list[int]:
    numbers = places.get(example.document or "", [])
    return [numbers[example.section - 1]] if numbers and example.section else numbers


def out_of_fold(measured: Measured) -> Any:
    """The probability of each example by a model that has not seen its trade; its weakest question counts."""
    # One trade alone is held out in parts.
    part = measured.trade if len(np.unique(measured.trade)) > 1 else measured.owner % FOLDS
    logits = _held_out(measured, part)
    probabilities = np.ones(len(logits))
    for one in np.unique(part):
        held = part == one
        calibrated = _calibrated(measured, logits, ~held)
        probabilities[held] = calibrated.probabilities(logits[held][:, None])
    probabilities *= np.where(measured.thin, THIN, 1.0)
    weakest: Any = np.minimum.reduceat(probabilities, measured.first())
    return weakest


def _held_out(measured: Measured, part: Any) -> Any:
    """The logit of each row by a model that has not seen its part."""
    logits = np.zeros(len(measured.rows))
    for one in np.unique(part):
        held = part == one
        logits[held] = _fitted(measured, ~held).logits(measured.rows[held])
    return logits


def _fitted(measured: Measured, chosen: Any) -> Regression:
    return fit(measured.rows[chosen], measured.right[chosen], measured.weight[chosen], SIGNS)


def _calibrated(measured: Measured, logits: Any, chosen: Any) -> Regression:
    """A probability is that of being right on the questions that customers ask, not on the easy ones from elsewhere."""
    own = chosen & (measured.view == "plain")
    return fit(logits[own][:, None], measured.right[own], np.ones(int(own.sum())), (1,))


def train(trades: Sequence[Trade], elsewhere: Sequence[Example], embedder: Embedder) -> dict[str, Any]:
    """What abstention.json holds."""
    measured = measure(lessons(trades, elsewhere), embedder)
    first = measured.first()
    held_out, right, answerable = out_of_fold(measured), measured.examples_right(), measured.answerable[first]
    plain, view, trade = measured.view[first] == "plain", measured.view[first], measured.trade[first]
    everything = np.ones(len(measured.rows), dtype=bool)
    part = measured.trade if len(trades) > 1 else measured.owner % FOLDS
    model = _fitted(measured, everything).then(_calibrated(measured, _held_out(measured, part), everything))
    # Judged on the questions that customers could ask, near misses among them, and not on the easy ones from elsewhere.
    chosen = choose_threshold(held_out[plain], right[plain])
    far = (plain & answerable) | (view == "elsewhere")
    return {
        "engine": embedder.engine,
        "features": list(FEATURES),
        "mean": _rounded(model.mean),
        "scale": _rounded(model.scale),
        "weights": _rounded(model.weights),
        "intercept": round(model.intercept, 5),
        "threshold": round(chosen["threshold"], 4),
        "evidence": {
            "examples": int(plain.sum()),
            "answerable": int(answerable[plain].sum()),
            "right_passage_first": int(right[plain].sum()),
            "auroc_answer_right": _auroc(right[plain], held_out[plain]),
            "auroc_answerable": _auroc(answerable[plain], held_out[plain]),
            "auroc_answerable_or_from_elsewhere": _auroc(answerable[far], held_out[far]),
            "auroc_answerable_by_trade": {
                str(name): _auroc(answerable[plain & (trade == name)], held_out[plain & (trade == name)])
                for name in np.unique(trade)
            },
            "calibration_error": _calibration(held_out[plain], right[plain]),
            "accepted": chosen["accepted"],
            "wrong": chosen["wrong"],
            "risk_bound": round(chosen["bound"], 4),
            "doubt": DOUBT,
            "held_out": "each knowledge base, by a model of the others",
            "risk_coverage": report(held_out[plain], right[plain]),
        },
    }


def _auroc(truth: Any, probabilities: Any) -> float:
    return round(float(_untyped("sklearn.metrics").roc_auc_score(truth, probabilities)), 4)


def _calibration(probabilities: Any, right: Any) -> float:
    """The expected distance of probability and share of right answers, over ten equal groups."""
    groups = np.array_split(np.argsort(probabilities, kind="stable"), FOLDS)
    distances = [abs(float(probabilities[one].mean() - right[one].mean())) * len(one) for one in groups if len(one)]
    return round(sum(distances) / len(right), 4)


def _untyped(module: str) -> Any:
    # These libraries carry no types, and a strict check cannot follow calls into them.
    return import_module(module)


def _rounded(values: Any) -> list[float]:
    return [round(float(value), 5) for value in values]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m rag.train_abstention", description=(__doc__ or "").split(";")[0])
    parser.add_argument("--embedder", required=True, help="class of the embedder, as in module:Class")
    parser.add_argument("--models", required=True, type=Path, help="folder with its model")
    parser.add_argument("--knowledge", type=Path, default=Path("knowledge_base"))
    parser.add_argument("--examples", type=Path, default=Path("understanding/examples/answerable.jsonl"))
    parser.add_argument("--training", type=Path, default=TRAINING, help="folder with further knowledge bases")
    parser.add_argument("--output", type=Path, default=TRAINED)
    chosen = parser.parse_args(arguments)
    make: Callable[[Path], Embedder] = pkgutil.resolve_name(chosen.embedder)
    trades = [*read_trades(chosen.training), read_trade("shop", chosen.knowledge, chosen.examples)]
    elsewhere = tuple(read_examples(chosen.training / "elsewhere.jsonl"))
    trained = train(trades, elsewhere, make(chosen.models))
    chosen.output.write_text(json.dumps(trained, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(trained["evidence"], indent=1))
    print(f"threshold {trained['threshold']}: written to {chosen.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
