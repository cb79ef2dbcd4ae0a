"""Fit the probability that an answer is right, and choose the threshold; writes rag/abstention.json.

    python -m rag.train_abstention --embedder adapters.embedding.onnx:OnnxEmbedder --models var/models

An example is right when the best passage for each of its questions is in the document that it names; one that names
none is never right.
"""

import argparse
import json
import pkgutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from domain.ports import Embedder
from rag.answer import KnowledgeAnswers
from rag.asking import read_asking
from rag.documents import load_folder
from rag.evidence import FEATURES, THIN, TRAINED, Abstention, features
from rag.index import build_index

FOLDS, REPEATS = 10, 5
REGULARISATION = 0.3
# At most this share of wrong answers, with this probability of being mistaken about it.
RISK, DOUBT = 0.10, 0.10
# Fewer accepted answers than this cannot keep the bound with one of them wrong.
FEWEST, STEP = 45, 15
UNDECIDED = Abstention(
    mean=dict.fromkeys(FEATURES, 0.0), scale=dict.fromkeys(FEATURES, 1.0), weights={}, intercept=0.0, threshold=1.0
)


@dataclass(frozen=True, slots=True)
class Measured:
    """One row of features for each question of each example: `owner` is the number of its example.

    `thin` marks those that share hardly a word with their best passage.
    """

    rows: Any
    owner: Any
    right: Any
    thin: Any

    @property
    def examples_right(self) -> Any:
        """Whether all of an example's questions led to the right document."""
        return np.array([bool(self.right[self.owner == one].all()) for one in np.unique(self.owner)])


def measure(examples: Sequence[dict[str, Any]], knowledge: Path, embedder: Embedder) -> Measured:
    documents, problems = load_folder(knowledge)
    for problem in problems:
        print(f"left out {problem.path}: {problem.reason}", file=sys.stderr)
    index = build_index(documents, embedder)
    answers = KnowledgeAnswers(index, embedder, UNDECIDED)
    rows, owner, right, thin = [], [], [], []
    for number, example in enumerate(examples):
        language = example["language"]
        asking = read_asking(example["question"], "", language)
        for found in answers.search(example["question"], asking, language):
            values = features(found.question, language, found.hits, index)
            rows.append([values[name] for name in FEATURES])
            owner.append(number)
            right.append(found.hits[0].passage.document.path == example["document"])
            thin.append(found.thin)
    return Measured(np.array(rows), np.array(owner), np.array(right), np.array(thin))


def out_of_fold(measured: Measured) -> Any:
    """The probability of each example, averaged over models that have not seen it; its weakest question counts."""
    examples = np.unique(measured.owner)
    probabilities = np.zeros(len(examples))
    for seed in range(REPEATS):
        folds = _untyped("sklearn.model_selection").StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
        for fit, held in folds.split(examples, measured.examples_right):
            known, new = np.isin(measured.owner, examples[fit]), np.isin(measured.owner, examples[held])
            model = _model().fit(measured.rows[known], measured.right[known])
            each = model.predict_proba(measured.rows[new])[:, 1] * np.where(measured.thin[new], THIN, 1.0)
            weakest = np.ones(len(examples))
            np.minimum.at(weakest, np.searchsorted(examples, measured.owner[new]), each)
            probabilities[held] += weakest[held] / REPEATS
    return probabilities


def upper_bound(wrong: int, accepted: int, doubt: float = DOUBT) -> float:
    """Clopper and Pearson's one-sided bound on the share of wrong answers."""
    return float(_untyped("scipy.stats").beta.ppf(1 - doubt, wrong + 1, accepted - wrong)) if wrong < accepted else 1.0


def choose_threshold(probabilities: Any, right: Any) -> dict[str, float]:
    """The lowest threshold whose bound keeps RISK, and all above it too (fixed sequence: no correction is needed)."""
    order = np.argsort(-probabilities, kind="stable")
    best: dict[str, float] = {"threshold": 1.0, "accepted": 0, "wrong": 0, "bound": 1.0}
    # A look costs nothing, but the first that fails ends the search; so look seldom.
    for accepted in range(FEWEST, len(order) + 1, STEP):
        wrong = int((~right[order[:accepted]]).sum())
        bound = upper_bound(wrong, accepted)
        if bound > RISK:
            break
        threshold = float(probabilities[order[accepted - 1]])
        best = {"threshold": threshold, "accepted": accepted, "wrong": wrong, "bound": bound}
    return best


def report(probabilities: Any, right: Any) -> list[dict[str, float]]:
    """Risk at each coverage, by the out-of-fold probabilities."""
    order = np.argsort(-probabilities, kind="stable")
    table = []
    for share in (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.8, 1.0):
        accepted = max(round(share * len(order)), 1)
        wrong = int((~right[order[:accepted]]).sum())
        found = {"coverage": share, "accepted": accepted, "wrong": wrong, "risk": wrong / accepted}
        found |= {"bound": upper_bound(wrong, accepted), "threshold": float(probabilities[order[accepted - 1]])}
        table.append({name: round(value, 4) for name, value in found.items()})
    return table


def train(examples: Sequence[dict[str, Any]], knowledge: Path, embedder: Embedder) -> dict[str, Any]:
    """What abstention.json holds."""
    measured = measure(examples, knowledge, embedder)
    right, held_out = measured.examples_right, out_of_fold(measured)
    model = _model().fit(measured.rows, measured.right)
    scaler, regression = model[0], model[1]
    chosen = choose_threshold(held_out, right)
    auroc = _untyped("sklearn.metrics").roc_auc_score
    answerable = np.array([example["document"] is not None for example in examples])
    return {
        "engine": embedder.engine,
        "features": list(FEATURES),
        "mean": _rounded(scaler.mean_),
        "scale": _rounded(scaler.scale_),
        "weights": _rounded(regression.coef_[0]),
        "intercept": round(float(regression.intercept_[0]), 5),
        "threshold": round(chosen["threshold"], 4),
        "evidence": {
            "examples": len(right),
            "answerable": int(answerable.sum()),
            "right_document_first": int(right.sum()),
            "auroc_answer_right": round(float(auroc(right, held_out)), 4),
            "auroc_answerable": round(float(auroc(answerable, held_out)), 4),
            "accepted": chosen["accepted"],
            "wrong": chosen["wrong"],
            "risk_bound": round(chosen["bound"], 4),
            "doubt": DOUBT,
            "folds": FOLDS,
            "repeats": REPEATS,
            "risk_coverage": report(held_out, right),
        },
    }


def _model() -> Any:
    scaler = _untyped("sklearn.preprocessing").StandardScaler()
    regression = _untyped("sklearn.linear_model").LogisticRegression(C=REGULARISATION, max_iter=1000)
    return _untyped("sklearn.pipeline").make_pipeline(scaler, regression)


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
    parser.add_argument("--output", type=Path, default=TRAINED)
    chosen = parser.parse_args(arguments)
    make: Callable[[Path], Embedder] = pkgutil.resolve_name(chosen.embedder)
    examples = [json.loads(line) for line in chosen.examples.read_text(encoding="utf-8").splitlines() if line.strip()]
    trained = train(examples, chosen.knowledge, make(chosen.models))
    chosen.output.write_text(json.dumps(trained, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(trained["evidence"], indent=1))
    print(f"threshold {trained['threshold']}: written to {chosen.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
