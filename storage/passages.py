"""Passages between a document and the published set: cut, and filled with vectors batch by batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from storage.codec import dumps
from storage.documents import StoredDocument, document_of_row


@dataclass(frozen=True, slots=True)
class Piece:
    """A passage without its vectors; `begins` and `ends` count characters of the document's body."""

    heading: str
    begins: int
    ends: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """A passage that waits for its vectors."""

    document: UUID
    position: int
    piece: Piece


@dataclass(frozen=True, slots=True)
class Vectors:
    """The two vectors of a passage: float32, little-endian."""

    document: UUID
    position: int
    title: bytes
    body: bytes


def uncut(db: Connection, tenant: UUID, engine: str, limit: int) -> list[tuple[UUID, StoredDocument]]:
    """Current documents that nobody has cut for this engine yet."""
    rows = db.execute(
        text("""
            SELECT d.* FROM document d WHERE d.tenant_id = :tenant AND d.is_current
                AND NOT EXISTS (SELECT FROM document_index i WHERE i.tenant_id = d.tenant_id AND i.document_id = d.id
                    AND i.engine = :engine)
            ORDER BY d.path LIMIT :limit
        """),
        {"tenant": tenant, "engine": engine, "limit": limit},
    )
    return [(row.id, document_of_row(row)) for row in rows]


def read(db: Connection, tenant: UUID, document: UUID, found: StoredDocument) -> None:
    """Keep what was read out of a document that stood here unread."""
    db.execute(
        text("""
            UPDATE document SET body = :body, title = :title, language = :language, visibility = :visibility,
                url = :url, questions = CAST(:questions AS jsonb)
            WHERE tenant_id = :tenant AND id = :id AND body IS NULL
        """),
        {
            "tenant": tenant, "id": document, "body": found.body, "title": found.title, "language": found.language,
            "visibility": found.visibility, "url": found.url, "questions": dumps(found.questions),
        },
    )  # fmt: skip


def cut(db: Connection, tenant: UUID, document: UUID, engine: str, pieces: Sequence[Piece]) -> None:
    """Write the passages of a document, whose language must be known by now; they wait for their vectors."""
    values = {"tenant": tenant, "document": document, "engine": engine}
    db.execute(
        text("""
            INSERT INTO document_index (tenant_id, document_id, engine, passages)
            VALUES (:tenant, :document, :engine, :passages)
        """),
        {**values, "passages": len(pieces)},
    )
    db.execute(
        text("""
            INSERT INTO passage (tenant_id, document_id, engine, position, heading, begins, ends, language)
            SELECT d.tenant_id, d.id, :engine, number - 1, heading, begins, ends, d.language
            FROM document d, unnest(CAST(:headings AS text[]), CAST(:begins AS integer[]), CAST(:ends AS integer[]))
                WITH ORDINALITY AS piece (heading, begins, ends, number)
            WHERE d.tenant_id = :tenant AND d.id = :document
        """),
        {
            **values, "headings": [piece.heading for piece in pieces],
            "begins": [piece.begins for piece in pieces], "ends": [piece.ends for piece in pieces],
        },
    )  # fmt: skip


def failed(db: Connection, tenant: UUID, document: UUID, engine: str, reason: str) -> None:
    """Leave a document out of the index of this engine, and say why."""
    values = {"tenant": tenant, "document": document, "engine": engine, "reason": reason[:500] or "It failed."}
    db.execute(
        text("DELETE FROM passage WHERE tenant_id = :tenant AND document_id = :document AND engine = :engine"), values
    )
    db.execute(
        text("""
            INSERT INTO document_index (tenant_id, document_id, engine, problem)
            VALUES (:tenant, :document, :engine, :reason)
            ON CONFLICT (tenant_id, document_id, engine)
            DO UPDATE SET passages = 0, embedded = 0, ready_at = NULL, problem = excluded.problem
        """),
        values,
    )


def waiting(db: Connection, tenant: UUID, engine: str, limit: int) -> list[Waiting]:
    """Passages of current documents that have no vectors, those of one document together."""
    rows = db.execute(
        text("""
            SELECT p.document_id, p.position, p.heading, p.begins, p.ends
            FROM passage p JOIN document d ON d.tenant_id = p.tenant_id AND d.id = p.document_id
            WHERE p.tenant_id = :tenant AND p.engine = :engine AND p.title_vector IS NULL AND d.is_current
            ORDER BY p.document_id, p.position LIMIT :limit
        """),
        {"tenant": tenant, "engine": engine, "limit": limit},
    )
    return [Waiting(row.document_id, row.position, Piece(row.heading, row.begins, row.ends)) for row in rows]


def bodies(db: Connection, tenant: UUID, documents: Sequence[UUID]) -> Mapping[UUID, str]:
    rows = db.execute(
        text("SELECT id, body FROM document WHERE tenant_id = :tenant AND id = ANY(:documents)"),
        {"tenant": tenant, "documents": list(documents)},
    )
    return {row.id: row.body for row in rows}


def fill(db: Connection, tenant: UUID, engine: str, vectors: Sequence[Vectors]) -> None:
    """Write the vectors of passages that wait for them."""
    values = {
        "tenant": tenant, "engine": engine, "documents": [one.document for one in vectors],
        "positions": [one.position for one in vectors], "titles": [one.title for one in vectors],
        "bodies": [one.body for one in vectors],
    }  # fmt: skip
    db.execute(
        text("""
            WITH filled AS (
                UPDATE passage p SET title_vector = v.title, body_vector = v.body
                FROM unnest(CAST(:documents AS uuid[]), CAST(:positions AS integer[]), CAST(:titles AS bytea[]),
                    CAST(:bodies AS bytea[])) AS v (document_id, position, title, body)
                WHERE p.tenant_id = :tenant AND p.engine = :engine AND p.document_id = v.document_id
                    AND p.position = v.position AND p.title_vector IS NULL
                RETURNING p.document_id)
            UPDATE document_index i SET embedded = i.embedded + f.n
            FROM (SELECT document_id, count(*) AS n FROM filled GROUP BY document_id) f
            WHERE i.tenant_id = :tenant AND i.engine = :engine AND i.document_id = f.document_id
        """),
        values,
    )


def ready_without_questions(db: Connection, tenant: UUID, engine: str) -> int:
    """Documents without sample questions are ready as soon as every passage has its vectors."""
    return db.execute(
        text("""
            UPDATE document_index i SET ready_at = now() FROM document d
            WHERE i.tenant_id = :tenant AND i.engine = :engine AND i.ready_at IS NULL AND i.problem = ''
                AND i.embedded = i.passages AND d.tenant_id = i.tenant_id AND d.id = i.document_id
                AND (d.questions = '[]' OR i.passages = 0)
        """),
        {"tenant": tenant, "engine": engine},
    ).rowcount


def unasked(db: Connection, tenant: UUID, engine: str, limit: int) -> list[UUID]:
    """Current documents whose passages have vectors and whose sample questions have none."""
    rows = db.execute(
        text("""
            SELECT i.document_id FROM document_index i
                JOIN document d ON d.tenant_id = i.tenant_id AND d.id = i.document_id
            WHERE i.tenant_id = :tenant AND i.engine = :engine AND i.ready_at IS NULL AND i.problem = ''
                AND i.embedded = i.passages AND d.is_current ORDER BY i.document_id LIMIT :limit
        """),
        {"tenant": tenant, "engine": engine, "limit": limit},
    )
    return list(rows.scalars())


def ask_questions(
    db: Connection, tenant: UUID, document: UUID, engine: str, *, vectors: Sequence[bytes], owners: Sequence[int]
) -> None:
    """Write the vectors of a document's sample questions, each with its passage; the document is ready."""
    values = {"tenant": tenant, "document": document, "engine": engine}
    db.execute(
        text("""
            INSERT INTO sample_question (tenant_id, document_id, engine, number, owner, vector)
            SELECT :tenant, :document, :engine, number - 1, owner, vector
            FROM unnest(CAST(:owners AS integer[]), CAST(:vectors AS bytea[]))
                WITH ORDINALITY AS question (owner, vector, number)
        """),
        {**values, "owners": list(owners), "vectors": list(vectors)},
    )
    db.execute(
        text("""
            UPDATE document_index SET ready_at = now()
            WHERE tenant_id = :tenant AND document_id = :document AND engine = :engine AND embedded = passages
        """),
        values,
    )
