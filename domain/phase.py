"""How far the machine may go with a category of a tenant: it suggests, it drafts, or it answers by itself."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from domain.category import Category


class Phase(StrEnum):
    """SHADOW: it reads and suggests, a person writes. ASSISTED: a person approves its drafts. AUTOMATIC: it answers by
    itself what it has earned to.
    """

    SHADOW = "shadow"
    ASSISTED = "assisted"
    AUTOMATIC = "automatic"


# The categories of which a handler ever answers without a person: nothing is released of any other.
ANSWERABLE = frozenset({Category.QUESTION, Category.REFUND})

USUAL: Mapping[Category, Phase] = MappingProxyType(
    {category: Phase.AUTOMATIC if category in ANSWERABLE else Phase.ASSISTED for category in Category}
)


def phases_of(settings: Mapping[str, object]) -> Mapping[Category, Phase]:
    """The phase of each category by a tenant's policy.

    A policy of before there were phases lists its `automatic` categories: the others were drafted for a person. What
    is no phase at all is ASSISTED, so that a slip releases nothing.
    """
    chosen, before = settings.get("phases"), settings.get("automatic")
    if isinstance(chosen, dict):
        return {category: _phase(chosen.get(category.value)) for category in Category}
    if isinstance(before, list):
        return {category: Phase.AUTOMATIC if category.value in before else Phase.ASSISTED for category in Category}
    return USUAL


def is_held_by(category: Category, phase: Phase) -> str:
    """Why mail of this category waits for a person in this phase, in words, or nothing."""
    match phase:
        case Phase.SHADOW:
            return f"Mail of the kind {category} is in shadow here: a person writes the reply."
        case Phase.ASSISTED:
            return f"Mail of the kind {category} is assisted here: a person approves each reply."
        case Phase.AUTOMATIC:
            return ""


def _phase(word: object) -> Phase:
    return Phase(word) if isinstance(word, str) and word in set(Phase) else Phase.ASSISTED
