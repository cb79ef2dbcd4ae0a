"""Index a tenant's documents, a batch at a time: cut them, fill in vectors, and publish when everything stands."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import groupby
from typing import Any
from uuid import UUID

import structlog

from bootstrap import Services
from domain.errors import BadInput, TryAgain
from parts.knowledge import document_of, embedded
from storage import answer_verdicts, indexing, knowledge_search, passages, published
from storage.documents import StoredDocument
from storage.indexing import Work
from storage.passages import Piece, Vectors, Waiting
from storage.published import Indexed
from worker.attempt import attempt, reason_of
from worker.backoff import after_attempts

log = structlog.get_logger()

LEASE = timedelta(minutes=2)

# One round takes a second or two, so that mail never waits longer for the models.
PASSAGES = 48
DOCUMENTS = 32

# A document that ends the process is found by working on one document alone, and then left out.
ALONE_AFTER = 2
GIVEN_UP_AFTER = 4

OTHER_ENGINES_KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Cut:
    """A document that was cut, with a text for each piece; `read` is what was found in one that stood there unread."""

    document: UUID
    pieces: Sequence[Piece]
    texts: Sequence[str]
    read: StoredDocument | None


@dataclass(frozen=True, slots=True)
class Round:
    """One worker's turn at one tenant's documents."""

    services: Services
    work: Work

    @property
    def tenant(self) -> UUID:
        return self.work.tenant

    @property
    def engine(self) -> str:
        return self.work.engine

    @property
    def alone(self) -> bool:
        return self.work.attempts > ALONE_AFTER

    @property
    def given_up(self) -> bool:
        return self.work.attempts > GIVEN_UP_AFTER

    def write(self, write: Callable[..., object], *arguments: object) -> None:
        """Write under the claim's fence, and count; nothing where another worker has it now."""
        with self.services.database.transaction(self.tenant) as db:
            if indexing.still_ours(db, self.work):
                write(db, self.tenant, *arguments)
                indexing.progressed(db, self.work)

    def one(self, document: UUID, do: Callable[[], None], stage: str) -> None:
        """What concerns one document: where it fails, that document is left out and the others go on."""
        leave_out = partial(_leave_out, self, document)
        if self.given_up:
            leave_out(BadInput("", "Indexing it ended the program several times."))
        else:
            attempt(do, leave_out, tenant=self.tenant, document=document, stage=stage)


def work(services: Services, tenant: UUID) -> int:
    """One batch of one tenant's documents; returns 1, or 0 where there was nothing to do."""
    engine = services.embedder.engine
    with services.database.transaction(tenant) as db:
        claimed = indexing.claim(db, tenant, engine, LEASE)
    if claimed is None:
        return 0

    def failed(error: Exception) -> None:
        with services.database.transaction(tenant) as db:
            indexing.give_back(db, claimed, after=after_attempts(claimed.attempts), error=reason_of(error))

    attempt(lambda: _round(Round(services, claimed)), failed, tenant=tenant, stage="index")
    return 1


def _round(turn: Round) -> None:
    services, tenant = turn.services, turn.tenant
    if _cut(turn) or _embed(turn) or _ask_questions(turn):
        with services.database.transaction(tenant) as db:
            indexing.give_back(db, turn.work)
        return
    with services.database.transaction(tenant) as db:
        done = indexing.publish(db, turn.work)
        if done:
            answer_verdicts.ask_where_stale(db, tenant, services.answer_model)
        else:
            indexing.give_back(db, turn.work)
    if done:
        with services.database.transaction(tenant) as db:
            cleaned = indexing.clean(db, tenant, other_engines_after=OTHER_ENGINES_KEPT)
        log.info("knowledge_published", tenant=tenant, cleaned=cleaned)


def _cut(turn: Round) -> bool:
    """Cut documents that are new for this engine; False where there is none."""
    with turn.services.database.transaction(turn.tenant) as db:
        new = passages.uncut(db, turn.tenant, turn.engine, 1 if turn.alone else DOCUMENTS)
    ready: list[Cut] = []
    for document, row in new:
        turn.one(document, partial(_cut_one, turn, document, row, ready), "cut")
    if not attempt(partial(_write_cut, turn, ready), _passed_over, tenant=turn.tenant, stage="cut"):
        for one in ready:
            turn.one(one.document, partial(_write_cut, turn, [one]), "cut")
    return bool(new)


def _cut_one(turn: Round, document: UUID, row: StoredDocument, ready: list[Cut]) -> None:
    from rag.passages import passages_of

    found = row if row.body is not None else turn.services.read_again(row)
    cut = passages_of(document_of(found))
    pieces = [Piece(one.heading, one.start, one.end) for one in cut]
    ready.append(Cut(document, pieces, [one.text for one in cut], found if row.body is None else None))


def _write_cut(turn: Round, ready: Sequence[Cut]) -> None:
    def write(db: Any, tenant: UUID) -> None:
        for one in ready:
            if one.read is not None:
                passages.read(db, tenant, one.document, one.read)
                if one.read.visibility == "internal":
                    # Only now is it known that customers may no longer read what stood there before.
                    indexing.withdraw(db, tenant, [one.read.path])
            passages.cut(db, tenant, one.document, turn.engine, one.pieces)
            knowledge_search.keep_words(db, tenant, one.document, turn.engine, one.texts)

    if ready:
        turn.write(write)


def _embed(turn: Round) -> bool:
    """Fill in the vectors of the next passages; False where none waits."""
    with turn.services.database.transaction(turn.tenant) as db:
        batch = passages.waiting(db, turn.tenant, turn.engine, PASSAGES)
        texts = passages.bodies(db, turn.tenant, list({one.document for one in batch}))
    if not batch:
        return False
    if turn.alone or not attempt(partial(_fill, turn, batch, texts), _passed_over, stage="embed"):
        for document, own in groupby(batch, key=lambda one: one.document):
            turn.one(document, partial(_fill, turn, list(own), texts), "embed")
            if turn.alone:
                break
    return True


def _fill(turn: Round, batch: Sequence[Waiting], texts: Mapping[UUID, str]) -> None:
    from rag.documents import Document
    from rag.embedded import embed_passages
    from rag.passages import Passage

    documents = {key: Document("", "", "", body, "") for key, body in texts.items()}
    cut = [Passage(documents[one.document], one.piece.heading, one.piece.begins, one.piece.ends) for one in batch]
    titles, bodies = embed_passages(cut, turn.services.embedder)
    vectors = [
        Vectors(one.document, one.position, title.astype("<f4").tobytes(), body.astype("<f4").tobytes())
        for one, title, body in zip(batch, titles, bodies, strict=True)
    ]
    turn.write(passages.fill, turn.engine, vectors)


def _ask_questions(turn: Round) -> bool:
    """Embed the sample questions of documents whose passages stand; False where there is none."""
    services, tenant = turn.services, turn.tenant
    with services.database.transaction(tenant) as db:
        passages.ready_without_questions(db, tenant, turn.engine)
        found = passages.unasked(db, tenant, turn.engine, 1 if turn.alone else DOCUMENTS)
        rows = published.of_documents(db, tenant, turn.engine, found)
    for document, row in rows:
        turn.one(document, partial(_ask, turn, document, row), "ask")
    return bool(found)


def _ask(turn: Round, document: UUID, row: Indexed) -> None:
    from rag.embedded import embed_questions

    asked = embed_questions(embedded(row, turn.engine), turn.services.embedder)
    vectors = [vector.astype("<f4").tobytes() for vector in asked.questions]
    write = partial(passages.ask_questions, vectors=vectors, owners=asked.owners)
    turn.write(write, document, turn.engine)


def _leave_out(turn: Round, document: UUID, error: Exception) -> None:
    """Mark this one, with the reason; raises where the trouble is not this document's."""
    if isinstance(error, TryAgain):
        raise error
    if not isinstance(error, BadInput):
        turn.services.embedder.embed(["Is anybody there?"])
    reason = error.reason if isinstance(error, BadInput) else "It could not be indexed; the reason is in the log."
    turn.write(passages.failed, document, turn.engine, reason)
    log.warning("document_left_out", tenant=turn.tenant, document=document)


def _passed_over(_: Exception) -> None:
    """Each document is tried again alone, and the one to blame says so itself."""
