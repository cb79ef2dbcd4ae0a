"""A tenant's own abstention: the shipped one, moved by verdicts on answers as far as they carry and no further.

A logistic regression over the same features, with a ridge towards the shipped weights instead of towards nothing
(a Gaussian prior around them): few verdicts leave them nearly where they were, many make them the tenant's own. The
problem is convex, so Newton's method finds the one minimum, and the same verdicts give the same weights.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from domain.answering import Verdict
from domain.errors import BadInput
from rag.evidence import TRAINED, Abstention

# With fewer verdicts a regression over more than a dozen features learns chance.
FEWEST = 100
# How hard the shipped weights hold on, in units of the loss: as much as they were held when they were trained. The
# intercept, which follows how often this shop's mail is answered at all, is held less.
RIDGE, RIDGE_OF_INTERCEPT = 10.0, 1.0
FOLDS = 5
STEPS, SMALL = 100, 1e-9
PLACES = 6


def name_of(engine: str, file: Path = TRAINED) -> str:
    """Names the shipped abstention over an embedding engine: two that could say different things differ in name."""
    return hashlib.sha256(engine.encode() + b"\0" + file.read_bytes()).hexdigest()[:16]


def can_be_used(verdict: Verdict, prior: Abstention) -> bool:
    """Whether the features of this abstention were kept with the verdict."""
    return set(prior.mean) <= set(verdict.look.features)


def are_enough(verdicts: Sequence[Verdict]) -> bool:
    """Whether there is something to learn: FEWEST of them, and right ones as well as wrong ones."""
    return len(verdicts) >= FEWEST and 0 < sum(one.is_right for one in verdicts) < len(verdicts)


def refit(prior: Abstention, verdicts: Sequence[Verdict]) -> Abstention:
    """The abstention that these verdicts make of `prior`, whose means and scales stay."""
    rows, right = _arrays(prior, verdicts)
    return _with(prior, _fit(rows, right, _start(prior)))


def out_of_fold(prior: Abstention, verdicts: Sequence[Verdict]) -> list[float]:
    """For each verdict the probability by a refit that has not seen it: what it proves does not flatter itself.

    The folds are dealt out among the right and among the wrong ones, ordered by their features, so that the order in
    which the verdicts came changes nothing.
    """
    rows, right = _arrays(prior, verdicts)
    fold, ordered = np.empty(len(right), dtype=int), np.lexsort(rows.T)
    for kind in (True, False):
        places = ordered[right[ordered] == kind]
        fold[places] = np.arange(len(places)) % FOLDS
    found = np.empty(len(right))
    for number in range(FOLDS):
        weights = _fit(rows[fold != number], right[fold != number], _start(prior))
        found[fold == number] = _sigmoid(rows[fold == number] @ weights)
    return [float(one) for one in found]


def as_json(abstention: Abstention) -> dict[str, object]:
    """What is stored of a refit: numbers and names only."""
    weights = {name: round(float(one), PLACES) for name, one in abstention.weights.items()}
    return {"weights": weights, "intercept": round(float(abstention.intercept), PLACES)}


def from_json(prior: Abstention, stored: Mapping[str, Any]) -> Abstention:
    """The abstention that was stored, over the means and scales of `prior`. Raises BadInput."""
    try:
        weights = {str(name): float(one) for name, one in stored["weights"].items()}
        intercept = float(stored["intercept"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadInput("weights", "are not those of an abstention.") from error
    if set(weights) != set(prior.mean) or not np.isfinite([*weights.values(), intercept]).all():
        raise BadInput("weights", "belong to other features.")
    return replace(prior, weights=weights, intercept=intercept)


def _arrays(prior: Abstention, verdicts: Sequence[Verdict]) -> tuple[Any, Any]:
    """Scaled features with a column of ones, shape (n, features + 1), and whether each was right."""
    rows = [
        [*((one.look.features[name] - prior.mean[name]) / prior.scale[name] for name in prior.mean), 1.0]
        for one in verdicts
    ]
    return np.array(rows, dtype=float), np.array([one.is_right for one in verdicts], dtype=bool)


def _start(prior: Abstention) -> Any:
    return np.array([*(prior.weights.get(name, 0.0) for name in prior.mean), prior.intercept])


def _with(prior: Abstention, weights: Any) -> Abstention:
    named = dict(zip(prior.mean, (float(one) for one in weights[:-1]), strict=True))
    return replace(prior, weights=named, intercept=float(weights[-1]))


def _fit(rows: Any, right: Any, start: Any) -> Any:
    """Newton's method with step halving, from the prior itself."""
    ridge = np.full(len(start), RIDGE)
    ridge[-1] = RIDGE_OF_INTERCEPT

    def loss(weights: Any) -> float:
        logits = rows @ weights
        misfit = np.logaddexp(0.0, np.where(right, -logits, logits)).sum()
        return float(misfit + (ridge * (weights - start) ** 2).sum() / 2)

    weights, before = start.copy(), loss(start)
    for _ in range(STEPS):
        sure = _sigmoid(rows @ weights)
        slope = rows.T @ (sure - right) + ridge * (weights - start)
        bend = (rows * (sure * (1 - sure))[:, None]).T @ rows + np.diag(ridge)
        step = np.linalg.solve(bend, slope)
        share = 1.0
        while loss(weights - share * step) > before and share > SMALL:
            share /= 2
        weights = weights - share * step
        after = loss(weights)
        if before - after < SMALL:
            break
        before = after
    return weights


def _sigmoid(logits: Any) -> Any:
    return 1 / (1 + np.exp(-np.clip(logits, -30.0, 30.0)))
