"""What verdicts on answers teach and earn: the tenant's own abstention, and from which probability on it may answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.answering import QUOTED, AnswerLook, CheckedQuestion, CurvePoint, Verdict
from domain.ports import Answers
from rag.checked import is_right
from rag.evidence import DRAFT, Abstention
from rag.refit import are_enough, as_json, can_be_used, out_of_fold, refit
from storage.answer_standings import Row
from understanding.thresholds import choose, upper_bound

POINTS = 20

Judged = tuple[float, bool]
"""How sure the machine is of an answer that it had not learned from, and whether that answer was right."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is to be stored: `weights` are empty where the shipped abstention stands, `n` what they were learned from.

    `judged` is what thresholds are chosen by, for each way of answering.
    """

    n: int
    weights: Mapping[str, object]
    judged: Mapping[str, list[Judged]]

    def rows(self, model: str, target: float) -> list[Row]:
        """How each way of answering stands under the abstention of this name."""
        return [
            Row(method, model, target, sum(not right for _, right in found), choose(found, target), curve(found))
            for method, found in self.judged.items()
        ]


def ask(answers: Answers, questions: Sequence[CheckedQuestion]) -> list[Verdict]:
    """What becomes of each question whose right answer is known, and whether that is it."""
    found = []
    for one in questions:
        answer = answers.answer(one.question, one.subject, one.language)
        look = AnswerLook(answer.method, answer.confidence, answer.features, answer.answered)
        found.append(Verdict(look, is_right(answer, one)))
    return found


def learn(prior: Abstention, verdicts: Sequence[Verdict]) -> Lesson:
    """Refit where there are enough verdicts; each is judged by a model that has not seen it."""
    usable = [one for one in verdicts if can_be_used(one, prior)]
    if are_enough(usable):
        sure = zip(out_of_fold(prior, usable), usable, strict=True)
        return Lesson(len(usable), as_json(refit(prior, usable)), _by_method(list(sure)))
    by_prior = [
        (prior.probability(one.look.features) if can_be_used(one, prior) else one.look.probability, one)
        for one in verdicts
    ]
    return Lesson(0, {}, _by_method(by_prior))


def curve(judged: Sequence[Judged]) -> tuple[CurvePoint, ...]:
    """The risk of sending the surest 5 %, 10 %, ... of what was drafted."""
    best = sorted(judged, key=lambda one: -one[0])
    places = sorted({max(1, round(len(best) * part / POINTS)) for part in range(1, POINTS + 1)}) if best else []
    points = []
    for accepted in places:
        wrong = sum(not right for _, right in best[:accepted])
        points.append(
            CurvePoint(accepted / len(best), accepted, wrong, upper_bound(wrong, accepted), best[accepted - 1][0])
        )
    return tuple(points)


def _by_method(found: Sequence[tuple[float, Verdict]]) -> dict[str, list[Judged]]:
    """What could go out by itself: drafts.

    An answer that was not even drafted and was wrong counts against the machine where it is sure of it by now; that
    such a one was right never counts for it, since it might be kept back for another reason again.
    """
    judged: dict[str, list[Judged]] = {QUOTED: []}
    for sure, verdict in found:
        look = verdict.look
        if look.answered or (not verdict.is_right and sure >= DRAFT):
            judged.setdefault(look.method or QUOTED, []).append((sure, verdict.is_right))
    return judged
