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
    "title_english",
    "title_other",
    "body_english",
    "body_other",
    "words_english",
    "words_other",
    "characters_english",
    "characters_other",
    "coverage",
    "title_coverage",
    "unknown",
    "margin",
    "agreement",
    "length",
)


def features(asked: str, language: str, hits: Sequence[Hit], index: Index) -> dict[str, float]:
    """What speaks for and against the first of `hits`, which are the hits for `asked`; at least one.

    `coverage` is the share of the question's content words, weighted by how telling they are, that stand in the
    passage, `title_coverage` the same for its headings, `unknown` the share of those that the knowledge base has
    nowhere; `margin` the distance to the best passage of another section; `agreement` whether the dense and the
    lexical side alone would have chosen it too.
    """
    best = hits[0]
    words = part_of(index, best).words
    wanted = set(stems(asked, language))
    weight = {stem: words.idf(stem) for stem in wanted}
    total = sum(weight.values()) or 1.0
    held = stems_of(index, best)
    heads = set(stems(best.passage.heading, best.passage.document.language))
    dense = max(hits, key=lambda hit: hit.title + hit.body)
    lexical = max(hits, key=lambda hit: hit.words + hit.characters)
    english = language == "en"
    similarity = {"title": best.title, "body": best.body, "words": best.words, "characters": best.characters}
    found = {f"{name}_english": value if english else 0.0 for name, value in similarity.items()}
    found |= {f"{name}_other": 0.0 if english else value for name, value in similarity.items()}
    return found | {
        "coverage": sum(weight[stem] for stem in wanted & held) / total,
        "title_coverage": sum(weight[stem] for stem in wanted & heads) / total,
        "unknown": sum(weight[stem] for stem in wanted if not words.known(stem)) / total,
        "margin": best.score - hits[1].score if len(hits) > 1 else 1.0,
        "agreement": ((dense is best) + (lexical is best)) / 2,
        "length": math.log1p(len(wanted)),
    }


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
