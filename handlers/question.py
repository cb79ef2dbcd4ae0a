"""Questions: answered from the tenant's own documents with their source, or held with what was found."""

from collections.abc import Iterator

from domain.composition import Asker
from domain.conversation import Conversation
from domain.decision import Check, Citation, Decision, Reply
from domain.message import Message
from domain.ports import Answer, Answers, AnswersSomebody, Orders
from domain.understanding import Understanding
from handlers.facts import Facts
from handlers.ownership import order_checks
from handlers.wording import Wording, wording_for

COMPOSED = "Written by a language model: a person looks at it until such answers have earned trust."
# Names shorter than this are too common to be told from words.
_LEAST_NAME = 3


class QuestionHandler:
    def __init__(self, answers: Answers, orders: Orders, facts: Facts | None = None) -> None:
        self._answers = answers
        self._orders = orders
        self._facts = facts or Facts(orders)

    def decide(self, message: Message, understanding: Understanding, conversation: Conversation) -> Decision:
        decision = self._decided(message, understanding, conversation)
        return self._facts.with_incidents(decision, message, understanding, _follow_up_check(conversation))

    def _decided(self, message: Message, understanding: Understanding, conversation: Conversation) -> Decision:
        wording = wording_for(understanding.language)
        if wording is None:
            return Decision.hold(f"No replies are written in its language ({understanding.language}).")
        if message.sender is None:
            return Decision.hold("The mail does not name exactly one sender.")
        # An order that only the quoted mail names is no question about that order.
        if understanding.claimed_orders:
            follow_up = _follow_up_check(conversation)
            return self._facts.about_orders(message, message.sender, understanding, wording, follow_up)
        answers = self._answers
        if isinstance(answers, AnswersSomebody):
            answers = answers.asked_by(_asker(message, understanding))
        answer = answers.answer(understanding.text, message.subject, understanding.language)
        if not answer.answered or not answer.citations:
            return (
                Decision.hold(_why_not(answer))
                .checked(_answer_check(answer), *self._mentioned(message, understanding.thread_orders))
                .after(*answer.attempts)
            )
        sources = list(dict.fromkeys(citation.heading for citation in answer.citations))
        paragraphs = (answer.text, "\n".join(dict.fromkeys(_source_line(one, wording) for one in answer.citations)))
        reply = Reply(message.sender, message.subject, wording.letter(message, *paragraphs))
        decision = (
            Decision.release(f"Answered from: {', '.join(sources)}", reply)
            .proven_by(*answer.citations)
            .checked(_answer_check(answer), _follow_up_check(conversation))
            .after(*answer.attempts)
        )
        return decision.held(COMPOSED) if answer.method == "composed" else decision

    def _mentioned(self, message: Message, numbers: tuple[str, ...]) -> Iterator[Check]:
        """What is known of the orders in quoted or forwarded mail, for the person who reads on."""
        for number in numbers:
            yield Check(f"The quoted or forwarded mail names order {number}; the new text does not.", passed=False)
            yield from order_checks(message, number, self._orders.find(number))


def _asker(message: Message, understanding: Understanding) -> Asker:
    words = message.sender.name.split() if message.sender else []
    names = tuple(name for word in words if len(name := word.strip(".,;()\"'")) >= _LEAST_NAME)
    return Asker(message.id, names, understanding.sentiment)


def _source_line(citation: Citation, wording: Wording) -> str:
    return wording.source.format(title=citation.heading) + (f"\n{citation.url}" if citation.url else "")


def _why_not(answer: Answer) -> str:
    nearest = f" Nearest passage: {answer.passages[0].heading}." if answer.passages else ""
    if answer.reason:
        return (
            answer.reason
            if answer.passages and answer.passages[0].heading in answer.reason
            else f"{answer.reason}{nearest}"
        )
    return f"The knowledge base does not answer it.{nearest}"


def _answer_check(answer: Answer) -> Check:
    holds = "holds the answer" if answer.answered else "does not surely hold the answer"
    return Check(f"The knowledge base {holds} ({answer.confidence:.0%}).", answer.answered)


def _follow_up_check(conversation: Conversation) -> Check:
    # Every automatic answer promises that a person reads what comes back.
    answered_before = conversation.replies_by_machine > 0
    words = (
        "answers an automatic reply: it was promised to a person" if answered_before else "answers no automatic reply"
    )
    return Check(f"The mail {words}.", not answered_before)
