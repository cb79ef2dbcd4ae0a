"""Questions that nothing answered: what is to be grouped, and the groups as staff see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

# What lies further back says little about today's mail, and grouping costs its square.
NEWEST, DAYS = 1000, 90


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The question of one mail. `vector` are the bytes of its float32 vector, or empty; `gap` where it stood before."""

    message: UUID
    text: str
    subject: str
    language: str
    vector: bytes
    gap: UUID | None
    settled: bool


@dataclass(frozen=True, slots=True)
class Grouped:
    """One group, the most typical message first."""

    gap: UUID
    language: str
    messages: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class GapQuestion:
    """A question as it is shown; `reply` is what a person answered, or empty, and `names` whom the mail names."""

    decision: UUID
    message: UUID
    text: str
    subject: str
    sender_name: str
    sender_address: str
    received_at: datetime
    reply: str

    @property
    def names(self) -> tuple[str, ...]:
        """Words that name the writer: they must not stand in an article."""
        return tuple({*self.sender_name.split(), *self.sender_address.partition("@")[0].split(".")} - {""})


@dataclass(frozen=True, slots=True)
class Gap:
    """A group with its newest examples, the most typical first."""

    id: UUID
    state: str
    language: str
    n: int
    answered_by_hand: int
    first_at: datetime
    last_at: datetime
    document_path: str
    examples: tuple[GapQuestion, ...] = ()


# Machine and model looked, and found nothing good enough for a draft.
_UNANSWERED = text("""
    SELECT d.message_id, d.understanding ->> 'text' AS body, m.subject,
        coalesce(d.understanding ->> 'language', 'und') AS language,
        CASE WHEN q.engine = :engine THEN q.vector END AS vector, q.gap_id,
        coalesce(g.state <> 'open', false) AS settled
    FROM decision d JOIN message m ON m.tenant_id = d.tenant_id AND m.id = d.message_id
        LEFT JOIN gap_question q ON q.tenant_id = d.tenant_id AND q.message_id = d.message_id
        LEFT JOIN gap g ON g.tenant_id = q.tenant_id AND g.id = q.gap_id
    WHERE d.tenant_id = :tenant AND d.is_current AND d.category = 'question'
        AND d.answer ->> 'answered' = 'false' AND d.created_at > now() - make_interval(days => :days)
    ORDER BY d.created_at DESC LIMIT :newest
""")

_KEEP = text("""
    INSERT INTO gap_question (tenant_id, message_id, engine, vector)
    SELECT tenant_id, id, :engine, :vector FROM message WHERE tenant_id = :tenant AND id = :message
    ON CONFLICT (tenant_id, message_id) DO UPDATE SET engine = excluded.engine, vector = excluded.vector
""")

_GAPS = text("""
    SELECT g.id, g.state, g.language, count(*) AS n, count(r.reply) AS answered_by_hand,
        min(m.received_at) AS first_at, max(m.received_at) AS last_at, g.document_path
    FROM gap g JOIN gap_question q ON q.tenant_id = g.tenant_id AND q.gap_id = g.id
        JOIN message m ON m.tenant_id = q.tenant_id AND m.id = q.message_id
        LEFT JOIN LATERAL (SELECT 1 AS reply FROM outbox o WHERE o.tenant_id = q.tenant_id
            AND o.message_id = q.message_id AND NOT o.automatic AND o.state = 'sent' LIMIT 1) r ON true
    WHERE g.tenant_id = :tenant AND (g.state = :state OR :state = '') AND (g.id = :gap OR CAST(:gap AS uuid) IS NULL)
    GROUP BY g.tenant_id, g.id ORDER BY count(*) DESC, max(m.received_at) DESC, g.id LIMIT :limit
""")

_QUESTIONS = text("""
    SELECT d.id AS decision, q.message_id AS message, d.understanding ->> 'text' AS body, m.subject, m.sender_name,
        m.sender_address, m.received_at, coalesce(r.text, '') AS reply, q.gap_id, q.place
    FROM gap_question q JOIN message m ON m.tenant_id = q.tenant_id AND m.id = q.message_id
        JOIN decision d ON d.tenant_id = q.tenant_id AND d.message_id = q.message_id AND d.is_current
        LEFT JOIN LATERAL (SELECT o.text FROM outbox o WHERE o.tenant_id = q.tenant_id
            AND o.message_id = q.message_id AND NOT o.automatic AND o.state = 'sent'
            ORDER BY o.sent_at DESC LIMIT 1) r ON true
    WHERE q.tenant_id = :tenant AND q.gap_id = ANY(:gaps) AND q.place < :most ORDER BY q.gap_id, q.place
""")


def unanswered(db: Connection, tenant: UUID, engine: str) -> list[Unanswered]:
    """The newest questions that were not answered, each with its vector where this engine has made one."""
    rows = db.execute(_UNANSWERED, {"tenant": tenant, "engine": engine, "days": DAYS, "newest": NEWEST})
    return [
        Unanswered(
            row.message_id, row.body or "", row.subject, row.language, bytes(row.vector or b""), row.gap_id, row.settled
        )
        for row in rows
    ]


def keep(db: Connection, tenant: UUID, engine: str, vectors: Sequence[tuple[UUID, bytes]]) -> None:
    """Vectors of messages: float32, little-endian."""
    for message, vector in vectors:
        db.execute(_KEEP, {"tenant": tenant, "engine": engine, "message": message, "vector": vector})


def regroup(db: Connection, tenant: UUID, groups: Sequence[Grouped]) -> None:
    """Make these the open gaps; those that a person has settled stay as they are.

    Most stand where they stood before. A row that says nothing new is not written: each new question would leave a dead
    one of all the others.
    """
    for group in groups:
        db.execute(
            text("""
                INSERT INTO gap (tenant_id, id, language) VALUES (:tenant, :gap, :language)
                ON CONFLICT (tenant_id, id) DO UPDATE SET language = excluded.language
                WHERE gap.language <> excluded.language
            """),
            {"tenant": tenant, "gap": group.gap, "language": group.language},
        )
        db.execute(
            text("""
                UPDATE gap_question q SET gap_id = :gap, place = u.place - 1
                FROM unnest(CAST(:messages AS uuid[])) WITH ORDINALITY u(message, place)
                WHERE q.tenant_id = :tenant AND q.message_id = u.message
                    AND (q.gap_id, q.place) IS DISTINCT FROM (CAST(:gap AS uuid), u.place - 1)
            """),
            {"tenant": tenant, "gap": group.gap, "messages": list(group.messages)},
        )
    db.execute(
        text("""
            DELETE FROM gap g WHERE g.tenant_id = :tenant AND g.state = 'open' AND NOT EXISTS (
                SELECT FROM gap_question q WHERE q.tenant_id = g.tenant_id AND q.gap_id = g.id)
        """),
        {"tenant": tenant},
    )


def every(db: Connection, tenant: UUID, *, state: str = "open", limit: int = 100, examples: int = 3) -> list[Gap]:
    """The gaps in a state, the largest first, each with its most typical questions."""
    found = db.execute(_GAPS, {"tenant": tenant, "state": state, "gap": None, "limit": limit}).all()
    return _with_questions(db, tenant, found, examples)


def one(db: Connection, tenant: UUID, gap: UUID, *, examples: int = 50) -> Gap | None:
    found = db.execute(_GAPS, {"tenant": tenant, "state": "", "gap": gap, "limit": 1}).all()
    return next(iter(_with_questions(db, tenant, found, examples)), None)


def count_open(db: Connection, tenant: UUID) -> int:
    found: int = db.execute(
        text("SELECT count(*) FROM gap WHERE tenant_id = :tenant AND state = 'open'"), {"tenant": tenant}
    ).scalar_one()
    return found


def settle(db: Connection, tenant: UUID, gap: UUID, *, member: UUID, state: str, path: str = "") -> bool:
    """A person dismisses an open gap, or has written the document `path` for it; False where it is not open."""
    return (
        db.execute(
            text("""
                UPDATE gap SET state = :state, settled_by = :member, settled_at = now(), document_path = :path
                WHERE tenant_id = :tenant AND id = :gap AND state = 'open'
            """),
            {"tenant": tenant, "gap": gap, "member": member, "state": state, "path": path},
        ).rowcount
        == 1
    )


def _with_questions(db: Connection, tenant: UUID, found: Sequence[object], most: int) -> list[Gap]:
    rows = [row._mapping for row in found]  # type: ignore[attr-defined]  # noqa: SLF001  # SQLAlchemy's public name
    questions: dict[UUID, list[GapQuestion]] = {row["id"]: [] for row in rows}
    for row in db.execute(_QUESTIONS, {"tenant": tenant, "gaps": list(questions), "most": most}):
        questions[row.gap_id].append(
            GapQuestion(
                row.decision, row.message, row.body or "", row.subject, row.sender_name, row.sender_address,
                row.received_at, row.reply,
            )
        )  # fmt: skip
    return [Gap(**row, examples=tuple(questions[row["id"]])) for row in rows]
