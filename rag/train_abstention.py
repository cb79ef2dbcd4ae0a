"""Fit the probability that an answer is right, and choose the threshold; writes rag/abstention.json.

    python -m rag.train_abstention --embedder adapters.embedding.onnx:OnnxEmbedder --models var/models

Each example is right when the document of its best passage is the one named in it; unanswerable ones are never right.
"""

import argparse
import json
import pkgutil
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from domain.ports import Embedder
from rag.answer import KnowledgeAnswers
from rag.asking import read_asking
from rag.documents import load_folder
from rag.evidence import FEATURES, TRAINED, Abstention, features
from rag.index import build_index

FOLDS = 10
REGULARISATION = 0.3
# At most this share of wrong answers, with this probability of being mistaken about it.
RISK, DOUBT = 0.10, 0.10
# Fewer accepted answers than this cannot keep the bound with one of them wrong.
FEWEST = 45
UNDECIDED = Abstention(
    mean=dict.fromkeys(FEATURES, 0.0), scale=dict.fromkeys(FEATURES, 1.0), weights={}, intercept=0.0, threshold=1.0
)


def measure(examples: Sequence[dict[str, Any]], knowledge: Path, embedder: Embedder) -> tuple[Any, Any]:
    """(features, right) of shape (n, len(FEATURES)) and (n,), one row for each example."""
    documents, problems = load_folder(knowledge)
    for problem in problems:
        print(f"left out {problem.path}: {problem.reason}", file=sys.stderr)
    index = build_index(documents, embedder)
    answers = KnowledgeAnswers(index, embedder, UNDECIDED)
    rows, right = [], []
    for example in examples:
        language = example["language"]
        asking = read_asking(example["question"], "", language)
        # Where an example asks several things, the first stands for it.
        found = answers.search(example["question"], asking, language)[0]
        values = features(found.question, language, found.hits, index)
        rows.append([values[name] for name in FEATURES])
        right.append(found.hits[0].passage.document.path == example["document"])
    return np.array(rows), np.array(right)


def out_of_fold(rows: Any, right: Any) -> Any:
    """The probability of each example under a model that has not seen it."""
    probabilities = np.zeros(len(right))
    for fit, held in (
        _untyped("sklearn.model_selection").StratifiedKFold(FOLDS, shuffle=True, random_state=1).split(rows, right)
    ):
        probabilities[held] = _model().fit(rows[fit], right[fit]).predict_proba(rows[held])[:, 1]
    return probabilities


def upper_bound(wrong: int, accepted: int, doubt: float = DOUBT) -> float:
    """Clopper and Pearson's one-sided bound on the share of wrong answers."""
    return float(_untyped("scipy.stats").beta.ppf(1 - doubt, wrong + 1, accepted - wrong)) if wrong < accepted else 1.0


def choose_threshold(probabilities: Any, right: Any) -> dict[str, float]:
    """The lowest threshold whose bound keeps RISK, and all above it too (fixed sequence: no correction is needed)."""
    order = np.argsort(-probabilities, kind="stable")
    best: dict[str, float] = {"threshold": 1.0, "accepted": 0, "wrong": 0, "bound": 1.0}
    # Steps of five examples: each look spends nothing, but stops at the first that fails.
    for accepted in range(FEWEST, len(order) + 1, 5):
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
    rows, right = measure(examples, knowledge, embedder)
    held_out = out_of_fold(rows, right)
    model = _model().fit(rows, right)
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
