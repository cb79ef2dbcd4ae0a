"""How far a language model's word is to be believed, and what follows from it by Bayes' rule."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from domain.category import Category

# P(the model says column | the mail is row).
Reliability = Mapping[Category, Mapping[Category, float]]

# Assumed of a model that nobody has measured here: right 85 times in 100, its mistakes spread evenly. A guess, and no
# measurement: what is hard for the local models may be hard for a language model too, so that the two are not as
# independent as the rule below takes them to be.
ASSUMED = 0.85
# With fewer verdicts the counts say less than the assumption does.
LEAST_VERDICTS = 50
# No category is impossible, however sure a model was.
_LEAST_CHANCE = 0.001


def assumed(accuracy: float = ASSUMED) -> Reliability:
    """The same accuracy for each category, and every mistake as likely as any other."""
    wrong = (1 - accuracy) / (len(Category) - 1)
    return {true: {said: accuracy if said is true else wrong for said in Category} for true in Category}


def reliability(verdicts: Iterable[tuple[Category, Category]], least: int = LEAST_VERDICTS) -> Reliability:
    """The table from pairs of what the model said and what a person then said it was.

    Each cell begins at one (Laplace), so that nothing is impossible. Fewer than `least` pairs give the assumption.
    """
    counts = Counter(verdicts)
    if counts.total() < least:
        return assumed()
    table: dict[Category, dict[Category, float]] = {}
    for true in Category:
        seen = {said: counts[said, true] + 1 for said in Category}
        table[true] = {said: count / sum(seen.values()) for said, count in seen.items()}
    return table


def posterior(prior: Mapping[Category, float], said: Category, table: Reliability) -> dict[Category, float]:
    """P(category | local models and what the model said), from the calibrated local probabilities; sums to one."""
    weights = {true: max(prior.get(true, 0.0), _LEAST_CHANCE) * table[true][said] for true in Category}
    whole = sum(weights.values())
    return {true: weight / whole for true, weight in weights.items()}


def stored(fields: Mapping[str, Mapping[str, Any]]) -> Reliability:
    """The table as JSON keeps it. What is no table of probabilities gives the assumption."""
    try:
        table = {true: {said: float(fields[true][said]) for said in Category} for true in Category}
    except (KeyError, TypeError, ValueError):
        return assumed()
    good = all(
        all(0 < chance < 1 for chance in row.values()) and abs(sum(row.values()) - 1) < 0.01 for row in table.values()
    )
    return table if good else assumed()
