"""Documents with their passages and vectors, read back: some of them, or the whole set that answers come from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from storage.documents import StoredDocument, document_of_row


@dataclass(frozen=True, slots=True)
class Indexed:
    """One document with what its passages are, in order, and a float32 row in the bytes for each of them.

    `questions` has a row for each sample question, `owners` the position of its passage.
    """

    document: StoredDocument
    headings: Sequence[str]
    begins: Sequence[int]
    ends: Sequence[int]
    titles: bytes
    bodies: bytes
    questions: bytes
    owners: tuple[int, ...]


# A load needs what is searched and cited, and neither the file nor who made it.
_DOCUMENTS = text("""
    SELECT d.id, d.path, d.version, '' AS source, d.kind, NULL AS original, d.body, d.title, d.language, d.visibility,
        d.url, d.questions, d.maker, d.member_id
    FROM document d WHERE d.tenant_id = :tenant AND d.id = ANY(:documents) ORDER BY d.path COLLATE "C"
""")

# A row for each document: a hundred thousand rows would cost more than all their vectors. Each is read along the
# primary key, in its order; sorting all vectors at once would go through files.
_PASSAGES = """
    SELECT c.document_id, p.* FROM unnest(%(documents)s::uuid[]) AS c (document_id), LATERAL (
        SELECT array_agg(heading ORDER BY position), array_agg(begins ORDER BY position),
            array_agg(ends ORDER BY position), string_agg(title_vector, ''::bytea ORDER BY position),
            string_agg(body_vector, ''::bytea ORDER BY position)
        FROM passage
        WHERE tenant_id = %(tenant)s AND engine = %(engine)s AND document_id = c.document_id
        HAVING count(*) > 0) p
"""
_QUESTIONS = """
    SELECT q.document_id, string_agg(q.vector, ''::bytea ORDER BY q.number), array_agg(q.owner ORDER BY q.number)
    FROM sample_question q JOIN unnest(%(documents)s::uuid[]) AS c (document_id) USING (document_id)
    WHERE q.tenant_id = %(tenant)s AND q.engine = %(engine)s GROUP BY q.document_id
"""


def load(db: Connection, tenant: UUID, engine: str) -> list[Indexed]:
    """The published set of this engine. Lock it first (indexing.published), so that it is one whole."""
    chosen = db.execute(
        text("SELECT document_id FROM published_document WHERE tenant_id = :tenant AND engine = :engine"),
        {"tenant": tenant, "engine": engine},
    )
    return [one for _, one in of_documents(db, tenant, engine, list(chosen.scalars()))]


def of_documents(db: Connection, tenant: UUID, engine: str, documents: Sequence[UUID]) -> list[tuple[UUID, Indexed]]:
    """These documents as far as they are, whether published or not, in the order of their paths."""
    values = {"tenant": tenant, "engine": engine, "documents": list(documents)}
    found = db.execute(_DOCUMENTS, values).all()
    cut, asked = _together(db, _PASSAGES, values), _together(db, _QUESTIONS, values)
    nothing: tuple[list[str], list[int], list[int], bytes, bytes] = ([], [], [], b"", b"")
    return [
        (row.id, Indexed(document_of_row(row), *cut.get(row.id, nothing), *asked.get(row.id, (b"", ()))))
        for row in found
    ]


def _together(db: Connection, query: str, values: Mapping[str, Any]) -> dict[UUID, tuple[Any, ...]]:
    """The rest of each row by its document. Bytes come as they are, not as hexadecimal text."""
    driver: Any = db.connection.driver_connection
    return {row[0]: tuple(row[1:]) for row in driver.cursor(binary=True).execute(query, dict(values))}
