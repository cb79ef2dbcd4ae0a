"""How a tenant's examples are counted so that no single word rules: bounded, and less what opposes them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.category import Category

# One author is one voice, and so are all mails of one sender. More than two full voices say nothing new.
PER_AUTHOR, PER_SENDER, FULL = 1.0, 1.0, 2.0
# From here on examples may make the machine sure, and not only sort a mail.
QUORUM_EXAMPLES, QUORUM_AUTHORS = 3, 2
# An author has spoken of mail like this when their examples weigh this much together: what merely resembles it a little
# would otherwise lend somebody else's one word the weight of two.
VOICE = 0.3

Weighed = tuple[Mapping[str, str], float]
"""An example (category, sub_intent, author, sender) and how much the mail at hand resembles it, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Vote:
    """What the examples say of one mail for one category. `weight` is from 0 to FULL; `authors` counts the voices."""

    weight: float
    examples: int
    authors: int
    sub_intent: str

    @property
    def is_quorum(self) -> bool:
        return self.examples >= QUORUM_EXAMPLES and self.authors >= QUORUM_AUTHORS


def tally(weighed: Sequence[Weighed]) -> dict[Category, Vote]:
    """For each category that has an example: its bounded weight, less that of the strongest other category."""
    parts: dict[Category, list[Weighed]] = defaultdict(list)
    for one, weight in weighed:
        parts[Category(one["category"])].append((one, weight))
    bounded = {category: _bounded(votes) for category, votes in parts.items()}
    found = {}
    for category, votes in parts.items():
        against = max((weight for other, weight in bounded.items() if other is not category), default=0.0)
        nearest, _ = max(votes, key=lambda vote: vote[1])
        net = min(FULL, max(0.0, bounded[category] - against))
        found[category] = Vote(net, len(votes), _voices(votes), nearest["sub_intent"])
    return found


def _bounded(votes: Sequence[Weighed]) -> float:
    return min(
        sum(min(PER_AUTHOR, weight) for weight in _weights(votes, "author").values()),
        sum(min(PER_SENDER, weight) for weight in _weights(votes, "sender").values()),
    )


def _voices(votes: Sequence[Weighed]) -> int:
    return sum(weight >= VOICE for weight in _weights(votes, "author").values())


def _weights(votes: Sequence[Weighed], whose: str) -> Mapping[str, float]:
    found: dict[str, float] = defaultdict(float)
    for one, weight in votes:
        found[one[whose]] += weight
    return found
