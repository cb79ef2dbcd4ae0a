"""Make a probability mean what it says, and measure how far it does."""

from collections import Counter
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np

from domain.category import Category
from understanding.classifier import CATEGORIES, probabilities


def by_category(scores: Any, labels: Sequence[str], temperature: float) -> Any:
    """Probabilities of shape (texts, categories) from raw scores of shape (texts, labels)."""
    chances = probabilities(scores, temperature)
    owners = np.array([label.split("/")[0] for label in labels])
    return np.stack([chances[:, owners == str(category)].sum(axis=1) for category in CATEGORIES], axis=1)


def best_temperature(scores: Any, labels: Sequence[str], truth: Sequence[Category]) -> float:
    """The one number that makes the true categories of unseen texts likeliest (Guo et al. 2017)."""
    places = np.array([CATEGORIES.index(category) for category in truth])

    def loss(temperature: float) -> float:
        right = by_category(scores, labels, temperature)[np.arange(len(places)), places]
        return float(-np.log(np.maximum(right, 1e-12)).mean())

    return float(min(np.geomspace(0.3, 4.0, 80).round(3), key=loss))


def card_of(chances: Any, truth: Sequence[Category], languages: Sequence[str]) -> dict[str, Any]:
    """What a model scored on texts that it had not seen: counts, accuracy, macro-F1, calibration error."""
    f1_score = import_module("sklearn.metrics").f1_score
    guess, sure = chances.argmax(axis=1), chances.max(axis=1)
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
