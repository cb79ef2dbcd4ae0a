"""Group the questions that nothing answered, so that staff see which article is missing."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import structlog

from bootstrap import Services
from storage import gap_work, gaps
from storage.gap_work import GapWork
from storage.gaps import Grouped, Unanswered
from worker.attempt import attempt, reason_of
from worker.backoff import after_attempts

log = structlog.get_logger()

LEASE = timedelta(minutes=5)


def work(services: Services, tenant: UUID) -> int:
    """Group one tenant's open questions anew; returns 1, or 0 where nothing has changed."""
    with services.database.transaction(tenant) as db:
        claimed = gap_work.claim(db, tenant, LEASE)
        if claimed is None:
            return 0
        questions = gaps.unanswered(db, tenant, services.embedder.engine)

    def failed(error: Exception) -> None:
        with services.database.transaction(tenant) as db:
            gap_work.retry(db, claimed, after=after_attempts(claimed.attempts), error=reason_of(error))

    attempt(lambda: _group(services, claimed, questions), failed, tenant=tenant, stage="gaps")
    return 1


def _group(services: Services, claimed: GapWork, questions: list[Unanswered]) -> None:
    import numpy as np

    from rag.asking import read_asking
    from rag.gaps import Asked, grouped

    texts = [read_asking(one.text, one.subject, one.language).text or one.text or one.subject for one in questions]
    new = [number for number, one in enumerate(questions) if not one.vector]
    made = services.embedder.embed([texts[number] for number in new]) if new else ()
    vectors = [np.frombuffer(one.vector, dtype="<f4") for one in questions]
    for number, vector in zip(new, made, strict=True):
        vectors[number] = np.asarray(vector, dtype="<f4")
    # What a person has settled is settled; a new question that asks the same begins a gap of its own.
    free = [number for number, one in enumerate(questions) if not one.settled]
    found = grouped([Asked(texts[number], questions[number].language, vectors[number]) for number in free])
    groups = _named([[questions[free[at]] for at in group] for group in found])
    with services.database.transaction(claimed.tenant) as db:
        if not gap_work.finish(db, claimed):
            return
        kept = [(questions[number].message, vectors[number].tobytes()) for number in new]
        gaps.keep(db, claimed.tenant, services.embedder.engine, kept)
        gaps.regroup(db, claimed.tenant, groups)
    log.info("grouped", tenant=claimed.tenant, questions=len(free), groups=len(groups))


def _named(groups: Sequence[Sequence[Unanswered]]) -> list[Grouped]:
    """Each group keeps the name under which most of its questions stood before; no two have the same."""
    taken: set[UUID] = set()
    named = []
    for group in groups:
        before = Counter(one.gap for one in group if one.gap is not None and one.gap not in taken)
        gap = before.most_common(1)[0][0] if before else uuid4()
        taken.add(gap)
        named.append(Grouped(gap, group[0].language, tuple(one.message for one in group)))
    return named
