"""Why a customer wants it, as far as the words say so clearly."""

from collections.abc import Sequence

from domain.request import SHOPS_FAULT, Reason
from handlers.wish.sentences import Sentence
from handlers.wish.words import Words

CONTRADICTORY = "It gives reasons that do not go together."
_ARRIVED = frozenset({Reason.DAMAGED, Reason.DEFECTIVE, Reason.WRONG_ITEM, Reason.INCOMPLETE, Reason.DOES_NOT_FIT})


def reasons_in(sentence: Sentence, words: Words) -> tuple[Reason, ...]:
    """The reasons that a sentence gives, in the order in which they stand."""
    text = words.not_reasons.sub(" … ", words.frames["harmless"].sub(" … ", sentence.folded))
    found = ((pattern.search(text), reason) for reason, pattern in words.reasons.items())
    return tuple(reason for _, reason in sorted((match.start(), reason) for match, reason in found if match))


def one_of(reasons: Sequence[Reason]) -> tuple[Reason | None, str]:
    """The first reason, and the doubt that others raise, or an empty string."""
    if not reasons:
        return None, ""
    given = frozenset(reasons)
    # What never came cannot have been broken; whose fault it is decides who pays.
    apart = (Reason.NOT_RECEIVED in given and given & _ARRIVED) or (
        Reason.CHANGED_MIND in given and given & SHOPS_FAULT
    )
    return reasons[0], CONTRADICTORY if apart else ""
