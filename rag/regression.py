"""A logistic regression whose weights may have only the sign that makes sense, and is therefore hard to mislead."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

# The strength of the ridge: a standard deviation of the weights of 1 / sqrt(RIDGE).
RIDGE = 10.0


@dataclass(frozen=True, slots=True)
class Regression:
    """`mean`, `scale` and `weights` have one entry for each column."""

    mean: Any
    scale: Any
    weights: Any
    intercept: float

    def logits(self, rows: Any) -> Any:
        return (rows - self.mean) / self.scale @ self.weights + self.intercept

    def probabilities(self, rows: Any) -> Any:
        return 1 / (1 + np.exp(-self.logits(rows)))

    def then(self, calibration: "Regression") -> "Regression":
        """The same order of rows, with logits brought to where a regression over them alone sees them (Platt 1999)."""
        slope = float(calibration.weights[0] / calibration.scale[0])
        shifted = (self.intercept - float(calibration.mean[0])) * slope + calibration.intercept
        return Regression(self.mean, self.scale, self.weights * slope, shifted)


def fit(rows: Any, right: Any, importance: Any, signs: Sequence[int]) -> Regression:
    """Of rows of features the probability that each is `right`; `signs` are 1, -1, or 0 where both are allowed."""
    mean = np.average(rows, axis=0, weights=importance)
    scale = np.sqrt(np.average((rows - mean) ** 2, axis=0, weights=importance))
    scale = np.where(scale > 0, scale, 1.0)
    columns, wanted = (rows - mean) / scale, np.asarray(right, dtype=float)

    def loss(point: Any) -> tuple[float, Any]:
        weights, intercept = point[:-1], point[-1]
        logit = columns @ weights + intercept
        error = importance * (1 / (1 + np.exp(-logit)) - wanted)
        value = (importance * (np.logaddexp(0, logit) - wanted * logit)).sum() + RIDGE * (weights**2).sum() / 2
        return float(value), np.append(columns.T @ error + RIDGE * weights, error.sum())

    bounds = [*((0 if sign > 0 else None, 0 if sign < 0 else None) for sign in signs), (None, None)]
    # SciPy carries no types.
    minimize: Any = import_module("scipy.optimize").minimize
    found = minimize(loss, np.zeros(len(signs) + 1), jac=True, bounds=bounds, method="L-BFGS-B").x
    return Regression(mean, scale, found[:-1], float(found[-1]))
