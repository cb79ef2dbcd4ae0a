"""How probable it is that the best passage found answers what was asked."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.errors import BadInput
from rag.index import Index
from rag.ranking import Hit, part_of, stems_of
from rag.words import stems

FEWEST_WORDS = 2
# What is left of the probability where question and passage share fewer words than that.
THIN = 0.5
# From here on an answer is worth a person's look: it is rather right than wrong. What may leave without one is earned.
DRAFT = 0.5
FEATURES = (
    "sentence_english",
    "sentence_other",
    "score_english",
    "score_other",
    "coverage",
    "unknown",
    "missing",
    "margin",
    "lead",
    "length",
)
# What speaks against an answer; `length` may speak either way, all others speak for it.
AGAINST, EITHER = frozenset({"unknown", "missing"}), frozenset({"length"})
# The margin and the lead where nothing else was found.
ALONE = 0.3
# Two stems that begin alike for so long are forms of one word, which the stemmer missed, or parts of a compound.
ALIKE, ALIKE_SHARE, PART = 4, 0.6, 5


def features(asked: str, language: str, hits: Sequence[Hit], index: Index, sentence: float = 0.0) -> dict[str, float]:
    """What speaks for and against the first of `hits`, which are the hits for `asked`; at least one.

    `sentence` is the cosine of the question with the passage's nearest sentence, `score` that of the search, each
    apart for English, which the model knows. `coverage` is the share of the question's content words, weighted by how
    telling they are, that the passage has in some form; of the others `unknown` those that the knowledge base has
    nowhere and `missing` the rest. `margin` is the distance to the best passage of another document, `lead` to the mean
    of the four that follow.
    """
    best = hits[0]
    words = part_of(index, best).words
    wanted = set(stems(asked, language))
    weight = {stem: words.idf(stem) for stem in wanted}
    total = sum(weight.values()) or 1.0
    held = stems_of(index, best)
    absent = {stem for stem in wanted - held if not any(_alike(stem, other) for other in held)}
    others = [hit.score for hit in hits if hit.passage.document.path != best.passage.document.path]
    next_best = [hit.score for hit in hits[1:5]]
    english = language == "en"
    return {
        "sentence_english": sentence if english else 0.0,
        "sentence_other": 0.0 if english else sentence,
        "score_english": best.score if english else 0.0,
        "score_other": 0.0 if english else best.score,
        "coverage": sum(weight[stem] for stem in wanted - absent) / total,
        "unknown": sum(weight[stem] for stem in absent if not words.known(stem)) / total,
        "missing": sum(weight[stem] for stem in absent if words.known(stem)) / total,
        "margin": best.score - others[0] if others else ALONE,
        "lead": best.score - sum(next_best) / len(next_best) if next_best else ALONE,
        "length": math.log1p(len(wanted)),
    }


def _alike(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) >= PART and shorter in longer:
        return True
    same = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(shorter))
    return same >= max(ALIKE, ALIKE_SHARE * len(shorter))


def has_enough_in_common(asked: str, language: str, hit: Hit, index: Index) -> bool:
    """Whether a passage holds at least FEWEST_WORDS of the question's words: one shared word proves nothing."""
    return len(set(stems(asked, language)) & stems_of(index, hit)) >= FEWEST_WORDS


@dataclass(frozen=True, slots=True)
class Abstention:
    """A logistic regression over FEATURES, and the least probability, 0 to 1, at which an answer is given."""

    mean: Mapping[str, float]
    scale: Mapping[str, float]
    weights: Mapping[str, float]
    intercept: float
    threshold: float

    def probability(self, found: Mapping[str, float]) -> float:
        logit = self.intercept + sum(
            weight * (found[name] - self.mean[name]) / self.scale[name] for name, weight in self.weights.items()
        )
        return 1 / (1 + math.exp(-max(min(logit, 30.0), -30.0)))


TRAINED = Path(__file__).with_name("abstention.json")


def load_abstention(file: Path = TRAINED) -> Abstention:
    """Read what `rag/train_abstention.py` wrote. Raises BadInput."""
    try:
        raw: Any = json.loads(file.read_text(encoding="utf-8"))
        names = tuple(raw["features"])
        if set(names) != set(FEATURES):
            raise BadInput(file.name, "was trained on other features; run rag/train_abstention.py again.")
        mean, scale, weights = (dict(zip(names, raw[key], strict=True)) for key in ("mean", "scale", "weights"))
        return Abstention(mean, scale, weights, float(raw["intercept"]), float(raw["threshold"]))
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise BadInput(file.name, "cannot be read; run rag/train_abstention.py.") from error
