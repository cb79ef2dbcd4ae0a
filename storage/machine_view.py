"""How one mail came to its decision, as it is stored: what each step was given, and what came out of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

# In characters: what of a mail's own words is shown once more. All of them are in the thread.
LONGEST = 4000


@dataclass(frozen=True, slots=True)
class Stored:
    """Of one decision. All of it is JSON as it stands in its row; `parsed` is None where the mail's words are gone.

    `by` is who decided, as the record of events has it: "rule", or the models that said what the mail is about.
    `tried` are order numbers that the writer named in vain.
    """

    parsed: dict[str, Any] | None
    size: int | None
    understanding: dict[str, Any]
    citations: list[Any]
    checks: list[Any]
    facts: list[Any]
    suggestions: list[Any]
    answer: dict[str, Any] | None
    case_on_release: dict[str, Any] | None
    decided_at: datetime
    by: str
    tried: tuple[str, ...]


_OF = text("""
    SELECT CASE WHEN m.parsed IS NULL THEN NULL ELSE (m.parsed - 'html' - 'text') || jsonb_build_object('text',
            left(coalesce(m.parsed ->> 'text', ''), :longest)) END AS parsed,
        (SELECT octet_length(r.raw) FROM raw_mail r
            WHERE r.tenant_id = m.tenant_id AND r.message_id = m.id) AS size,
        d.understanding, d.citations, d.checks, d.facts, d.suggestions, d.answer, d.case_on_release,
        d.created_at AS decided_at,
        coalesce((SELECT e.detail ->> 'by' FROM event e
            WHERE e.tenant_id = d.tenant_id AND e.subject = d.message_id
                AND e.detail ->> 'decision' = CAST(d.id AS text)
            ORDER BY e.id LIMIT 1), '') AS by,
        ARRAY(SELECT a.number FROM order_attempt a
            WHERE a.tenant_id = m.tenant_id AND a.message_id = m.id ORDER BY a.id) AS tried
    FROM decision d JOIN message m ON m.tenant_id = d.tenant_id AND m.id = d.message_id
    WHERE d.tenant_id = :tenant AND d.id = :decision
""")


def of_decision(db: Connection, tenant: UUID, decision: UUID) -> Stored | None:
    """None where there is no such decision."""
    row = db.execute(_OF, {"tenant": tenant, "decision": decision, "longest": LONGEST}).one_or_none()
    if row is None:
        return None
    return Stored(
        row.parsed, row.size, row.understanding or {}, row.citations or [], row.checks or [], row.facts or [],
        row.suggestions or [], row.answer, row.case_on_release, row.decided_at, row.by, tuple(row.tried),
    )  # fmt: skip
