"""How sure an answer is: the shipped abstention, what a tenant's verdicts made of it, and what both have earned."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING
from uuid import UUID

import structlog

from domain.answering import CheckedQuestion, Verdict
from domain.composition import Asker
from domain.errors import BadInput
from domain.ports import Answer, Answers, AnswersSomebody
from domain.triage import Policy
from parts.reading import Reading
from storage import answer_standings, answer_verdicts

if TYPE_CHECKING:
    from parts.judging import Lesson
    from rag.evidence import Abstention

log = structlog.get_logger()


class NamedAnswers:
    """Answers that tell by the name of which abstention they are as sure as they say (domain.ports.Answers)."""

    def __init__(self, answers: Answers, model: str) -> None:
        self._answers = answers
        self._model = model

    def answer(self, question: str, subject: str, language: str) -> Answer:
        return replace(self._answers.answer(question, subject, language), model=self._model)

    def asked_by(self, asker: Asker) -> "NamedAnswers":
        answers = self._answers
        return NamedAnswers(answers.asked_by(asker) if isinstance(answers, AnswersSomebody) else answers, self._model)


class Abstaining(Reading):
    @cached_property
    def answer_model(self) -> str:
        """The name of the shipped abstention: verdicts about another one's answers prove nothing about this one's."""
        from rag.refit import name_of

        return name_of(self.embedder.engine)

    @cached_property
    def _abstention(self) -> "Abstention":
        """The shipped one. What it gives is a draft; what may leave by itself is earned (`domain.triage`)."""
        from rag.evidence import DRAFT, load_abstention

        return replace(load_abstention(), threshold=DRAFT)

    def abstention_of(self, tenant: UUID) -> "tuple[Abstention, str]":
        """The tenant's own abstention and its name; the shipped one where nothing was learned, or it is damaged."""
        from rag.refit import from_json

        with self.database.transaction(tenant) as db:
            stored = answer_standings.model_of(db, tenant, self.answer_model)
            answer_verdicts.ask_where_stale(db, tenant, self.answer_model)
        if stored is None:
            return self._abstention, version_name(self.answer_model, 0)
        name = version_name(self.answer_model, stored.version)
        try:
            return (from_json(self._abstention, stored.weights) if stored.weights else self._abstention), name
        except BadInput as error:
            # Nothing was earned by the shipped one under this name: answers wait until it is learned anew.
            log.warning("abstention_unreadable", tenant=tenant, reason=error.reason)
            return self._abstention, ""

    def ask_questions(self, answers: Answers, questions: Sequence[CheckedQuestion]) -> list[Verdict]:
        """What becomes of each question, and whether that is right."""
        from parts.judging import ask

        return ask(answers, questions)

    def learn_abstention(self, verdicts: Sequence[Verdict]) -> "Lesson":
        from parts.judging import learn

        return learn(self._abstention, verdicts)

    def plain_policy(self) -> Policy:
        """The policy of nobody in particular, with what the demonstration shop's questions have earned answers."""
        from parts.shipped_answers import shipped_answers

        found = shipped_answers(self.settings.models_dir, self.answer_model)
        if found is None:
            return super().plain_policy()
        answers = {row.method: row.standing for row in found.rows}
        return replace(super().plain_policy(), answers=answers, answer_model=version_name(self.answer_model, 0))

    def _plain_abstention(self) -> "Abstention":
        """As the demonstration shop's questions have moved it at set-up."""
        from parts.shipped_answers import shipped_answers
        from rag.refit import from_json

        found = shipped_answers(self.settings.models_dir, self.answer_model)
        return from_json(self._abstention, found.weights) if found and found.weights else self._abstention


def version_name(model: str, version: int) -> str:
    """The name of one tenant's abstention; what stands before the slash is the shipped one that it was made of."""
    return f"{model}/{version}"
