"""Hold what the stand-ins saw against what was sent in and what our tables say: lost, doubled, given to a person."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chaos.ends import End, Ended
from chaos.stand_ins import Done

MOST_FOR_A_PERSON = 0.005
# In a run of so few mails chance alone brings more than that share now and then: there the limit is what a true share
# of 0.5 % exceeds in one run of a hundred (Poisson).
FEW, BY_CHANCE = 2_000, 0.01


@dataclass(frozen=True, slots=True)
class Verdict:
    """`lost` and `doubled` say what, in words; `for_a_person` is the reason by mail."""

    mails: int
    ends: Mapping[str, int]
    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    for_a_person: Mapping[str, str]

    @property
    def holds(self) -> bool:
        return not self.lost and not self.doubled and len(self.for_a_person) <= most_for_a_person(self.mails)

    @property
    def reasons(self) -> Counter[str]:
        return Counter(self.for_a_person.values())


def most_for_a_person(mails: int) -> int:
    """How many of so many mails may need a person: 0.5 %, and in a short run what that share explains."""
    share = MOST_FOR_A_PERSON * mails
    if mails >= FEW:
        return int(share)
    number, this = 0, math.exp(-share)
    above = 1 - this
    while above > BY_CHANCE:
        number += 1
        this *= share / number
        above -= this
    return number


def count(sent_in: Iterable[str], ended: Mapping[str, Ended], done: Done) -> Verdict:
    """`sent_in` are the Message-IDs that were delivered."""
    mails = list(sent_in)
    ends = {mail: ended[mail].end if mail in ended else None for mail in mails}
    return Verdict(
        len(mails),
        Counter(end.value for end in ends.values() if end is not None),
        (*(f"mail without an end: {mail}" for mail, end in ends.items() if end is None), *_unseen(ended, done)),
        tuple(_doubled(done)),
        {mail: ended[mail].needs_person for mail in mails if mail in ended and ended[mail].needs_person},
    )


def answered(verdict: Verdict) -> int:
    return verdict.ends.get(End.ANSWERED.value, 0)


def _unseen(ended: Mapping[str, Ended], done: Done) -> Iterable[str]:
    """What our tables say was done, and the stand-in has not seen."""
    seen = {
        "reply": set(done.references),
        "draft": set(done.drafts),
        "words": {marker for _, marker in done.markers},
        "act": set(done.acts),
    }
    for mail, one in ended.items():
        for effect in one.effects:
            if effect.left and effect.mark not in seen[effect.what]:
                yield f"{effect.what} said to be done and not there: {effect.mark} of {mail}"


def _doubled(done: Done) -> Iterable[str]:
    counts: tuple[tuple[str, Iterable[tuple[object, int]]], ...] = (
        ("automatic replies to", done.replies.items()),
        ("mails of reference", done.references.items()),
        ("texts of marker", done.markers.items()),
        ("acts of key", done.acts.items()),
        ("refunds of order", done.refunded.items()),
        ("drafts of reference", done.drafts.items()),
    )
    for what, seen in counts:
        yield from (f"{number} {what} {name}" for name, number in seen if number > 1)
