"""A handler whose decision also tells how the answer was looked at that it rests on."""

from collections.abc import Callable
from dataclasses import replace

from domain.answering import AnswerLook
from domain.composition import Asker
from domain.conversation import Conversation
from domain.decision import Decision
from domain.message import Message
from domain.ports import Answer, Answers, AnswersSomebody, Handler
from domain.understanding import Understanding


class WithLook:
    """Hands the handler answers and keeps what was handed over: staff will say whether it was right.

    The handler is made anew for each message by `make`, so that nothing of one mail is left for the next.
    """

    def __init__(self, answers: Answers, make: Callable[[Answers], Handler]) -> None:
        self._answers = answers
        self._make = make

    def decide(self, message: Message, understanding: Understanding, conversation: Conversation) -> Decision:
        overheard = _Overheard(self._answers)
        decision = self._make(overheard).decide(message, understanding, conversation)
        return replace(decision, answer=overheard.weakest()) if overheard.answers else decision


class _Overheard:
    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self.answers: list[Answer] = []

    def answer(self, question: str, subject: str, language: str) -> Answer:
        found = self._answers.answer(question, subject, language)
        self.answers.append(found)
        return found

    def asked_by(self, asker: Asker) -> "_Overheard":
        if isinstance(self._answers, AnswersSomebody):
            self._answers = self._answers.asked_by(asker)
        return self

    def weakest(self) -> AnswerLook:
        """Where several answers were asked for, the reply is no better than the least probable of them."""
        answer = min(self.answers, key=lambda one: (one.answered, one.confidence))
        headings = [one.heading for one in answer.citations or answer.passages[:1]]
        return AnswerLook(
            answer.method,
            answer.confidence,
            answer.features,
            answer.answered,
            answer.model,
            "; ".join(dict.fromkeys(headings)),
        )
