"""Make one calibrated probability of what the classifier, its neighbours and the word lists say."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Blend:
    """The scores and the votes added up, at a temperature (Guo et al. 2017), fitted on texts that neither had seen.

    `votes_english` and `votes_foreign` say how much the neighbours weigh beside the classifier's scores: the sentence
    vectors they are found by know English only. Where the word lists name another category than the classifier, that
    is a sign of its own: `temperature_torn` holds there.
    """

    temperature: float = 1.0
    temperature_torn: float = 1.0
    votes_english: float = 0.0
    votes_foreign: float = 0.0

    def probabilities(self, scores: Any, votes: Any, english: Any, torn: Any) -> Any:
        """Probabilities of shape (texts, labels). `english` and `torn` are one boolean for each text."""
        weight = np.where(english, self.votes_english, self.votes_foreign)[:, None]
        temperature = np.where(torn, self.temperature_torn, self.temperature)[:, None]
        mixed = (scores + weight * votes) / temperature
        powers = np.exp(mixed - mixed.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)
