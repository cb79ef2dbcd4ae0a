"""What the web may hold about questions that nothing of ours answered: for the member who decides, beside the draft."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.category import Category
from domain.decision import Decision, Disposition
from domain.ports import Question, WebSearch
from domain.understanding import Understanding
from storage.messages import Claimed
from worker.attempt import attempt

_QUESTION = re.compile(r"[^.!?\n]+\?")


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision on its way into the tables. `names` are those of the mail's head, which must not leave."""

    claim: Claimed
    decision: Decision
    understanding: Understanding
    names: tuple[str, ...] = ()


def with_suggestions(web: WebSearch | None, decided: Sequence[Decided]) -> list[Decided]:
    """The same decisions, effects untouched; held questions without any evidence carry what the web may hold."""
    wanting = [place for place, one in enumerate(decided) if _wants(one)]
    if web is None or not wanting:
        return list(decided)
    questions = [Question(_asked(decided[place].understanding), decided[place].names) for place in wanting]
    found = list(decided)

    def search() -> None:
        for place, suggestions in zip(wanting, web.search(questions), strict=True):
            found[place] = replace(found[place], decision=found[place].decision.suggesting(*suggestions))

    # The mail is decided without it just as well.
    attempt(search, lambda _: None, stage="web_search", questions=len(questions))
    return found


def _wants(one: Decided) -> bool:
    read, decision = one.understanding, one.decision
    return (
        decision.disposition is Disposition.HOLD
        and read.category is Category.QUESTION
        and not (decision.citations or decision.facts or read.claimed_orders or read.threat or read.asks_for_person)
        and _asked(read) != ""
    )


def _asked(read: Understanding) -> str:
    """The questions of the mail as its writer put them, without the rest of it."""
    return " ".join(one.strip() for one in _QUESTION.findall(read.text[:8_000])[:2])
