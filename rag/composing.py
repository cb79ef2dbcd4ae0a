"""Answers in a language model's words, each sentence proven against the tenant's documents; else the local answer."""

from collections.abc import Sequence
from dataclasses import replace

import structlog

from domain.composition import NOBODY, Asker, Attempt, Composition, Judged, NoComposition
from domain.decision import Citation
from domain.errors import MailwrightError
from domain.ports import Answer, Answers, Composes, ToCompose
from rag.asking import content, read_asking
from rag.checker import NO_QUOTE, Proof, judged
from rag.senses import LANGUAGES, asking_words, meaning_of

log = structlog.get_logger()

METHOD = "composed"
# The best passages that a model is shown, and the questions that it is asked at the most.
PASSAGES, QUESTIONS, TRIES = 5, 5, 2
# Below this probability the passages are about something else; a model would only be tempted.
REACH = 0.1
# More than this share of a question's words an answer to it has to take up.
TAKEN_UP = 0.5


class ComposedAnswers:
    """The port `Answers`: first the local answer, then a model's over the passages that were found.

    The passages are those that the local answer found, so they are of public documents wherever its are.
    `keeps_quotes`: a local answer that is sure stays, for it may leave by itself where a composed one must wait.
    `confidence` of a composed answer is the probability of the evidence and never the model's own.
    """

    def __init__(
        self,
        local: Answers,
        composer: Composes,
        *,
        keeps_quotes: bool = True,
        reach: float = REACH,
        asker: Asker = NOBODY,
    ) -> None:
        self._local = local
        self._composer = composer
        self._keeps_quotes = keeps_quotes
        self._reach = reach
        self._asker = asker

    def asked_by(self, asker: Asker) -> "ComposedAnswers":
        return ComposedAnswers(
            self._local, self._composer, keeps_quotes=self._keeps_quotes, reach=self._reach, asker=asker
        )

    def answer(self, question: str, subject: str, language: str) -> Answer:
        local = self._local.answer(question, subject, language)
        task = self._task(local, question, subject, language)
        if task is None:
            return local
        attempts: list[Attempt] = []
        for _ in range(TRIES):
            attempt, answer = self._tried(task, local)
            attempts.append(attempt)
            if answer is not None:
                return replace(answer, attempts=tuple(attempts))
            refused = tuple(one for one in attempt.sentences if one.objection)
            if not refused:
                break
            task = replace(task, refused=refused)
        log.info("composition_not_used", message=self._asker.message, tries=len(attempts))
        return replace(local, attempts=tuple(attempts))

    def _task(self, local: Answer, question: str, subject: str, language: str) -> ToCompose | None:
        """What the model is asked, or None where it is not worth asking or code could not check what it says."""
        if language not in LANGUAGES or not local.passages or (local.answered and self._keeps_quotes):
            return None
        foreign = local.passages[0].language != language
        asking = read_asking(question, subject, language)
        passages = tuple(one for one in local.passages[:PASSAGES] if one.text and one.language in LANGUAGES)
        # The probability says nothing about a passage in another language: the local models cannot read across.
        if not passages or not asking.sentences or (local.confidence < self._reach and not foreign):
            return None
        questions = asking.questions or asking.sentences[:1]
        if len(questions) > QUESTIONS:
            return None
        return ToCompose(asking.text, questions, language, passages, self._asker)

    def _tried(self, task: ToCompose, local: Answer) -> tuple[Attempt, Answer | None]:
        try:
            made = self._composer.compose(task)
        except MailwrightError as error:
            log.warning("composition_failed", kind=type(error).__name__)
            made = NoComposition(str(error))
        if isinstance(made, NoComposition):
            return Attempt(made.model, made.prompt, made.raw, (), made.reason), None
        proofs, verdicts = judged(made, task.passages, task.language)
        reason = _why_not(made, proofs, verdicts, task)
        attempt = Attempt(made.model, made.prompt, made.raw, tuple(verdicts), reason)
        return attempt, None if reason else _answer(proofs, local)


def _why_not(made: Composition, proofs: Sequence[Proof], verdicts: Sequence[Judged], task: ToCompose) -> str:
    """Why nothing of it is used, or an empty text."""
    if made.abstain:
        return "The model says that the passages do not answer it."
    for one in verdicts:
        # A courtesy that is not on the list is dropped; with anything else the answer loses its core, or shows
        # that the model obeys somebody.
        if one.objection and (one.sentence.citations or _says_something(one, task.language)):
            return f"A sentence could not be proven: {one.objection}"
    proven = [proof for proof in proofs if proof.citations]
    if not proven:
        return "No sentence of it says anything that a passage proves."
    unanswered = [question for question in task.questions if not _takes_up(question, proven, task.language)]
    return f'It does not answer "{unanswered[0][:120]}".' if unanswered else ""


def _says_something(one: Judged, language: str) -> bool:
    """Whether a sentence that was dropped says more than a courtesy would."""
    if one.objection != NO_QUOTE:
        return True
    said = meaning_of(one.sentence.text, language)
    return bool(said.values or said.strict or said.negations or said.every_concept)


def _takes_up(question: str, proven: Sequence[Proof], language: str) -> bool:
    """Whether the sentences, or the headings above their quotes, hold enough of the question's words or mean them."""
    asked = meaning_of(question, language)
    wanted = set(content(question, language))
    words = [word for word in asked.words if word.stem in wanted and word.text not in asking_words(language)]
    if not words:
        return True
    said = [meaning_of(proof.sentence.text, language) for proof in proven]
    above = [ground.heading for proof in proven for ground in proof.grounds]
    stems = {stem for one in (*said, *above) for stem in one.stems}
    concepts = {name for one in (*said, *above) for name in one.every_concept}
    taken = sum(word.stem in stems or bool(word.concepts & concepts) for word in words)
    return taken > TAKEN_UP * len(words)


def _answer(proofs: Sequence[Proof], local: Answer) -> Answer:
    citations: tuple[Citation, ...] = tuple(dict.fromkeys(one for proof in proofs for one in proof.citations))
    best = local.passages[0]
    # The probability is that of the best passage: of an answer out of others nothing is known.
    rests = any(ground.passage == best for proof in proofs for ground in proof.grounds)
    headings = "; ".join(dict.fromkeys(one.heading for one in citations))
    return Answer(
        answered=True,
        confidence=local.confidence if rests else 0.0,
        text=_text(proofs),
        citations=citations,
        passages=local.passages,
        reason=f"A language model answers it from: {headings}.",
        method=METHOD,
        features=local.features,
    )


def _text(proofs: Sequence[Proof]) -> str:
    """One paragraph of what is proven; courtesy before and after it stands by itself."""
    paragraphs: list[list[str]] = []
    before: bool | None = None
    for proof in proofs:
        text = " ".join(proof.sentence.text.split())
        text = text if text[-1] in ".!" else f"{text}."
        if bool(proof.citations) != before:
            paragraphs.append([])
        paragraphs[-1].append(text)
        before = bool(proof.citations)
    return "\n\n".join(" ".join(one) for one in paragraphs)
