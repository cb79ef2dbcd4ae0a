"""How many answers may be given at which risk of a wrong one, with the bound that goes with it."""

from importlib import import_module
from typing import Any

import numpy as np

# At most this share of wrong answers, with this probability of being mistaken about it.
RISK, DOUBT = 0.10, 0.10
# Fewer accepted answers than this cannot keep the bound with one of them wrong.
FEWEST, STEP = 45, 15


def upper_bound(wrong: int, accepted: int, doubt: float = DOUBT) -> float:
    """Clopper and Pearson's one-sided bound on the share of wrong answers."""
    return float(_beta().ppf(1 - doubt, wrong + 1, accepted - wrong)) if wrong < accepted else 1.0


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


def _beta() -> Any:
    # SciPy carries no types, and is there for training and measuring only.
    return import_module("scipy.stats").beta
