"""The append-only record of who or what did what. The application may add to it and read it, and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from storage.codec import dumps


@dataclass(frozen=True, slots=True)
class Event:
    at: datetime
    actor: str
    kind: str
    detail: Mapping[str, Any]


def record(
    db: Connection, tenant: UUID, *, actor: str, kind: str, subject: UUID | None = None, **detail: object
) -> None:
    """`actor` is "machine" or a member's id; `subject` a row's id; `detail` never holds texts, addresses or tokens."""
    db.execute(
        text(
            "INSERT INTO event (tenant_id, actor, kind, subject, detail)"
            " VALUES (:tenant, :actor, :kind, :subject, CAST(:detail AS jsonb))"
        ),
        {"tenant": tenant, "actor": actor, "kind": kind, "subject": subject, "detail": dumps(detail)},
    )


def of_subjects(db: Connection, tenant: UUID, subjects: Sequence[UUID]) -> list[Event]:
    rows = db.execute(
        text(
            "SELECT at, actor, kind, detail FROM event"
            " WHERE tenant_id = :tenant AND subject = ANY(:subjects) ORDER BY id"
        ),
        {"tenant": tenant, "subjects": list(subjects)},
    )
    return [Event(row.at, row.actor, row.kind, row.detail) for row in rows]
