"""The list of a tenant's documents as its pages show it: what each is, and whether it is searched."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class Listed:
    """`state` is indexed, waiting or failed, and `problem` then says why in one sentence.

    `passages` counts those that are searched; an internal document is searched for staff alone. `versions` counts all
    that its path ever had.
    """

    path: str
    version: str
    title: str
    kind: str
    language: str
    visibility: str
    url: str
    maker: str
    member_name: str
    created_at: datetime
    state: str
    problem: str
    passages: int
    versions: int

    @property
    def internal(self) -> bool:
        return self.visibility == "internal"


def listed(db: Connection, tenant: UUID) -> list[Listed]:
    """The current documents in the order of their paths, as far as they are for the engine that indexed last."""
    rows = db.execute(
        text("""
            SELECT d.path, d.version, d.title, d.kind, d.language, d.visibility, d.url, d.maker,
                coalesce(m.name, '') AS member_name, d.current_since AS created_at,
                CASE WHEN i.problem <> '' THEN 'failed' WHEN p.document_id IS NOT NULL THEN 'indexed'
                    ELSE 'waiting' END AS state,
                coalesce(i.problem, '') AS problem,
                CASE WHEN p.document_id IS NOT NULL THEN i.passages ELSE 0 END AS passages, v.n AS versions
            FROM document d
                JOIN (SELECT path, count(*) AS n FROM document WHERE tenant_id = :tenant GROUP BY path) v
                    ON v.path = d.path
                LEFT JOIN knowledge k ON k.tenant_id = d.tenant_id
                LEFT JOIN document_index i ON i.tenant_id = d.tenant_id AND i.document_id = d.id AND i.engine = k.engine
                LEFT JOIN published_document p
                    ON p.tenant_id = d.tenant_id AND p.document_id = d.id AND p.engine = k.engine
                LEFT JOIN member m ON m.tenant_id = d.tenant_id AND m.id = d.member_id
            WHERE d.tenant_id = :tenant AND d.is_current ORDER BY d.path
        """),
        {"tenant": tenant},
    )
    return [Listed(*row) for row in rows]
