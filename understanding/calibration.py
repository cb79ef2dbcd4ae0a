"""Make a probability mean what it says, and measure how far it does."""

from collections import Counter
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np

from domain.category import Category
from understanding.blend import Blend
from understanding.classifier import CATEGORIES, chosen, summed


def best_blend(
    scores: Any, votes: Any, english: Any, torn: Any, *, category_of: Any, truth: Sequence[Category]
) -> Blend:
    """The blend that makes the true categories of unseen texts likeliest: the least mean log loss, found by
    Nelder and Mead (1965) from the classifier alone.
    """
    places = np.array([CATEGORIES.index(category) for category in truth])
    rows = np.arange(len(places))

    def blend(point: Any) -> Blend:
        temperature, torn_temperature = (float(value) for value in np.exp(np.clip(point[:2], -2, 2)))
        return Blend(temperature, torn_temperature, max(0.0, float(point[2])), max(0.0, float(point[3])))

    def loss(point: Any) -> float:
        right = summed(blend(point).probabilities(scores, votes, english, torn), category_of)[rows, places]
        return float(-np.log(np.maximum(right, 1e-12)).mean())

    found = import_module("scipy.optimize").minimize(
        loss, [0.0, 0.0, 1.0, 1.0], method="Nelder-Mead", options={"maxiter": 400}
    )
    return blend(found.x)


def card_of(
    chances: Any, words: Sequence[tuple[Category, ...]], truth: Sequence[Category], languages: Sequence[str]
) -> dict[str, Any]:
    """What a model scored on texts that it had not seen: counts, accuracy, macro-F1, calibration error."""
    f1_score = import_module("sklearn.metrics").f1_score
    guess = chosen(chances, words)
    sure = chances[np.arange(len(guess)), guess]
    places = np.array([CATEGORIES.index(category) for category in truth])
    written_in = np.array(languages)

    def macro_f1(at: Any) -> float:
        return round(float(f1_score(places[at], guess[at], average="macro", zero_division=0)), 4)

    return {
        "examples": len(truth),
        "per_category": dict(Counter(map(str, truth))),
        "per_language": dict(Counter(languages)),
        "accuracy": round(float((guess == places).mean()), 4),
        "macro_f1": macro_f1(places >= 0),
        "macro_f1_per_language": {language: macro_f1(written_in == language) for language in sorted(set(languages))},
        "ece": round(calibration_error(sure, guess == places), 4),
        "note": "Out of fold on our own examples, which are harder than everyday mail; other shops' mail will differ.",
    }


def calibration_error(sure: Any, right: Any, bins: int = 10) -> float:
    """Expected calibration error: how far confidence and accuracy are apart, over `bins` equally wide bins."""
    which = np.minimum((np.asarray(sure) * bins).astype(int), bins - 1)
    gaps = [
        (which == each).mean() * abs(float(np.mean(sure[which == each])) - float(np.mean(right[which == each])))
        for each in range(bins)
        if (which == each).any()
    ]
    return float(sum(gaps))
