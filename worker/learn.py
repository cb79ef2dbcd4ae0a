"""Learn from what members said: refit the tenant's head and its abstention, and see what both have earned."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from bootstrap import Services
from domain.answering import CheckedQuestion, Verdict
from domain.category import Category
from domain.errors import BadInput
from parts.abstaining import version_name
from storage import (
    answer_standings,
    answer_verdicts,
    checked,
    corrections,
    events,
    indexing,
    learning,
    standings,
    tenants,
)
from storage.checked import Shipped
from storage.corrections import Example
from storage.learning import Lesson, StoredHead
from worker.attempt import attempt, reason_of
from worker.backoff import after_attempts

log = structlog.get_logger()

LEASE = timedelta(minutes=5)
# Until the knowledge base is searched as it is now, the questions that came with the program cannot be asked.
WITHOUT_KNOWLEDGE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Material:
    """What there is to learn from, read in one transaction; nothing is held while the models work."""

    examples: list[Example]
    unread: list[tuple[UUID, Shipped]]
    head: StoredHead | None
    again_at: datetime | None
    knowledge_version: str
    is_searched: bool
    unasked: list[tuple[UUID, CheckedQuestion]]
    verdicts: list[Verdict]


@dataclass(frozen=True, slots=True)
class NewHead:
    """A head that is to be stored; `trained_on` names what it was learned from."""

    trained_on: str
    n: int
    weights: bytes
    about: dict[str, object]


def work(services: Services, tenant: UUID) -> int:
    """Learn what one tenant has taught since the last time; returns 1, or 0 where there was nothing."""
    with services.database.transaction(tenant) as db:
        lesson = learning.claim(db, tenant, LEASE)
        if lesson is None:
            return 0
        searched = indexing.published(db, tenant, services.embedder.engine)
        material = Material(
            corrections.live(db, tenant),
            checked.unread(db, tenant, services.model),
            learning.head(db, tenant, services.model),
            corrections.next_end(db, tenant),
            tenants.get(db, tenant).knowledge_version,
            searched is not None and not searched.stale,
            answer_verdicts.unasked(db, tenant, services.answer_model),
            answer_verdicts.verdicts(db, tenant, services.answer_model),
        )

    def failed(error: Exception) -> None:
        with services.database.transaction(tenant) as db:
            learning.retry(db, lesson, after=after_attempts(lesson.attempts), error=reason_of(error))

    attempt(lambda: _learn(services, lesson, material), failed, tenant=tenant, stage="learn")
    return 1


def _learn(services: Services, lesson: Lesson, material: Material) -> None:
    said = services.learner.read([(mail.text, mail.subject) for _, mail in material.unread])
    head = _new_head(services, material)
    asked = _asked(services, lesson.tenant, material)
    answers = services.learn_abstention([*asked, *material.verdicts])
    with services.database.transaction(lesson.tenant) as db:
        if not learning.finish(db, lesson, model=services.model, again_at=material.again_at):
            return
        for (row, _), (category, confidence) in zip(material.unread, said, strict=True):
            checked.read(db, lesson.tenant, row, said=category, confidence=confidence, model=services.model)
        if head is not None:
            learning.save_head(
                db, lesson.tenant, model=services.model, trained_on=head.trained_on, n=head.n, weights=head.weights,
                about=head.about,
            )  # fmt: skip
            events.record(db, lesson.tenant, actor="machine", kind="head_learned", examples=head.n)
        targets, verdicts = standings.targets(db, lesson.tenant), checked.verdicts(db, lesson.tenant, services.model)
        for category in Category:
            standings.save(db, lesson.tenant, _row(category, verdicts[category], targets[category]), services.model)
        for (row, _), verdict in zip(material.unasked, asked, strict=False):
            answer_verdicts.asked(
                db, lesson.tenant, row, verdict, model=services.answer_model,
                knowledge_version=material.knowledge_version,
            )  # fmt: skip
        version = answer_standings.save_model(
            db, lesson.tenant, model=services.answer_model, n=answers.n, weights=answers.weights
        )
        name, target = version_name(services.answer_model, version), answer_standings.target(db, lesson.tenant)
        answer_standings.replace_all(db, lesson.tenant, answers.rows(name, target))
        if len(asked) < len(material.unasked):
            learning.again(db, lesson.tenant, after=WITHOUT_KNOWLEDGE)
    log.info("learned", tenant=lesson.tenant, examples=len(material.examples), read=len(said), new=head is not None)


def _asked(services: Services, tenant: UUID, material: Material) -> list[Verdict]:
    """What becomes of the questions that came with the program; none while answers come from nothing, or old text."""
    if not material.unasked or not material.knowledge_version or not material.is_searched:
        return []
    return services.ask_questions(services.prior_answers(tenant), [question for _, question in material.unasked])


def _new_head(services: Services, material: Material) -> NewHead | None:
    """What is to be stored instead of the head that is there, or None where it says the same."""
    from understanding.classifier import Text
    from understanding.head import Head, Taught, trained_on

    taught = [
        Taught(
            str(one.id), Text(one.text, one.subject, one.language), one.category, one.sub_intent, one.author, one.sender
        )
        for one in material.examples
    ]
    if material.head is None and not taught:
        return None
    basis = trained_on(taught, services.model)
    try:
        before = Head.load(material.head.weights, material.head.about) if material.head else None
    except BadInput:
        before = None  # it is made anew, from the examples alone
    if before is not None and material.head is not None and material.head.trained_on == basis:
        return None
    weights, about = services.learner.fit(taught, before).dump()
    return NewHead(basis, len(taught), weights, about)


def _row(category: Category, verdicts: list[tuple[float, bool]], target: float) -> standings.Row:
    from parts.judging import curve
    from understanding.thresholds import choose

    wrong = sum(not right for _, right in verdicts)
    return standings.Row(category, target, wrong, choose(verdicts, target), curve(verdicts))
