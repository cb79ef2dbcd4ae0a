"""Hold what the stand-ins saw against what was sent in and what our tables say: lost, doubled, given to a person."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chaos.ends import End, Ended
from chaos.stand_ins import Done

MOST_FOR_A_PERSON = 0.005


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
        few = len(self.for_a_person) <= MOST_FOR_A_PERSON * self.mails
        return not self.lost and not self.doubled and few

    @property
    def reasons(self) -> Counter[str]:
        return Counter(self.for_a_person.values())


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
