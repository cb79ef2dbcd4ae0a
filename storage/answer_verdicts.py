"""Verdicts on answers: what the machine had thought of one, and whether it was right.

Three acts count. A member *sends* the draft as it stands. A member *says* that the passage answers the mail, or that it
does not. A question that was *shipped* with its document is asked by a worker. An edited reply and a dismissal count
for nothing: neither says whether the passage was right.
"""

from collections.abc import Sequence
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from domain.answering import CheckedQuestion, Verdict
from storage import events, learning
from storage.codec import dumps, look_from_json

# As far back as is counted: what lies further back says little about today's mail.
NEWEST = 5000

# A member's own word stands over what sending said; sending never over a word.
_JUDGE = text("""
    INSERT INTO answer_verdict (tenant_id, id, origin, message_id, language, method, probability, answered, features,
        model, knowledge_version, is_right, act, member_id)
    SELECT d.tenant_id, :id, 'member', d.message_id, coalesce(d.understanding ->> 'language', 'und'),
        d.answer ->> 'method', CAST(d.answer ->> 'probability' AS double precision),
        CAST(d.answer ->> 'answered' AS boolean), d.answer -> 'features', split_part(d.answer ->> 'model', '/', 1),
        coalesce(d.answer ->> 'knowledge_version', ''), :is_right, :act, :member
    FROM decision d WHERE d.tenant_id = :tenant AND d.id = :decision AND d.answer IS NOT NULL
        AND (:act = 'said' OR CAST(d.answer ->> 'answered' AS boolean))
    ON CONFLICT (tenant_id, message_id) DO UPDATE SET method = excluded.method, probability = excluded.probability,
        answered = excluded.answered, features = excluded.features, model = excluded.model,
        knowledge_version = excluded.knowledge_version, is_right = excluded.is_right, act = excluded.act,
        member_id = excluded.member_id, at = now()
    WHERE excluded.act = 'said'
    RETURNING message_id
""")

_SHIP = text("""
    INSERT INTO answer_verdict (tenant_id, id, origin, shipped_id, question, subject, language, document, headings, act)
    VALUES (:tenant, :id, 'shipped', :shipped, :question, :subject, :language, :document, CAST(:headings AS jsonb),
        'shipped')
    ON CONFLICT (tenant_id, shipped_id) DO UPDATE SET question = excluded.question, subject = excluded.subject,
        language = excluded.language, document = excluded.document, headings = excluded.headings, is_right = NULL
    WHERE (answer_verdict.question, answer_verdict.subject, answer_verdict.language, answer_verdict.document,
            answer_verdict.headings)
        IS DISTINCT FROM (excluded.question, excluded.subject, excluded.language, excluded.document, excluded.headings)
""")

_VERDICTS = text("""
    SELECT method, probability, answered, features, model, is_right FROM answer_verdict
    WHERE tenant_id = :tenant AND model = :model AND is_right IS NOT NULL
        AND (origin = 'member' OR knowledge_version = (SELECT knowledge_version FROM tenant WHERE tenant_id = :tenant))
    ORDER BY at DESC, id LIMIT :limit
""")

_UNASKED = text("""
    SELECT v.id, v.shipped_id, v.question, v.subject, v.language, v.document, v.headings
    FROM answer_verdict v JOIN tenant t ON t.tenant_id = v.tenant_id
    WHERE v.tenant_id = :tenant AND v.origin = 'shipped'
        AND (v.is_right IS NULL OR v.model <> :model OR v.knowledge_version <> t.knowledge_version)
    ORDER BY v.shipped_id
""")


def sent(db: Connection, tenant: UUID, decision: UUID, *, member: UUID) -> None:
    """A member sent the draft of an answer unchanged, unless the answer was judged before."""
    _judge(db, tenant, decision, member=member, is_right=True, act="sent")


def said(db: Connection, tenant: UUID, decision: UUID, *, member: UUID, is_right: bool) -> bool:
    """A member said whether the passage answers the mail of this decision; False where no answer was looked for."""
    message = _judge(db, tenant, decision, member=member, is_right=is_right, act="said")
    if message is not None:
        events.record(db, tenant, actor=str(member), kind="answer_judged", subject=message, is_right=is_right)
    return message is not None


def ship(db: Connection, tenant: UUID, questions: Sequence[CheckedQuestion]) -> None:
    """Store questions that came with the program; a worker asks what is new and counts what was right."""
    new = 0
    for one in questions:
        values = {"question": one.question, "subject": one.subject, "language": one.language, "document": one.document}
        values |= {"shipped": one.id, "headings": dumps(list(one.headings))}
        new += db.execute(_SHIP, {"tenant": tenant, "id": uuid4(), **values}).rowcount
    if new:
        learning.ask(db, tenant)


def unasked(db: Connection, tenant: UUID, model: str) -> list[tuple[UUID, CheckedQuestion]]:
    """Shipped questions that were not asked yet, with this model and this knowledge base."""
    rows = db.execute(_UNASKED, {"tenant": tenant, "model": model})
    return [
        (
            row.id,
            CheckedQuestion(
                row.shipped_id, row.question, row.subject, row.language, row.document, tuple(row.headings)
            ),
        )
        for row in rows
    ]  # fmt: skip


def ask_where_stale(db: Connection, tenant: UUID, model: str) -> None:
    """Let a worker ask the shipped questions where another model, or another knowledge base, answers by now."""
    db.execute(
        text("""
            UPDATE learning l SET wanted = wanted + 1 FROM tenant t
            WHERE l.tenant_id = :tenant AND t.tenant_id = l.tenant_id AND l.wanted = l.done AND EXISTS (
                SELECT FROM answer_verdict v WHERE v.tenant_id = l.tenant_id AND v.origin = 'shipped'
                    AND (v.is_right IS NULL OR v.model <> :model OR v.knowledge_version <> t.knowledge_version))
        """),
        {"tenant": tenant, "model": model},
    )


def asked(db: Connection, tenant: UUID, row: UUID, verdict: Verdict, *, model: str, knowledge_version: str) -> None:
    """What came of a shipped question."""
    look = verdict.look
    db.execute(
        text("""
            UPDATE answer_verdict SET method = :method, probability = :probability, answered = :answered,
                features = CAST(:features AS jsonb), model = :model, knowledge_version = :knowledge,
                is_right = :is_right, at = now()
            WHERE tenant_id = :tenant AND id = :id AND origin = 'shipped'
        """),
        {
            "tenant": tenant, "id": row, "method": look.method, "probability": look.probability,
            "answered": look.answered, "features": dumps(dict(look.features)), "model": model,
            "knowledge": knowledge_version, "is_right": verdict.is_right,
        },
    )  # fmt: skip


def verdicts(db: Connection, tenant: UUID, model: str) -> list[Verdict]:
    """What was found of answers that this shipped abstention had looked at, the newest first."""
    found = []
    for row in db.execute(_VERDICTS, {"tenant": tenant, "model": model, "limit": NEWEST}):
        fields = {name: getattr(row, name) for name in ("method", "probability", "answered", "features", "model")}
        look = look_from_json(fields)
        if look is not None:
            found.append(Verdict(look, row.is_right))
    return found


def _judge(
    db: Connection, tenant: UUID, decision: UUID, *, member: UUID, is_right: bool, act: str
) -> UUID | None:  # fmt: skip
    values = {"tenant": tenant, "decision": decision, "member": member, "is_right": is_right, "act": act}
    message: UUID | None = db.execute(_JUDGE, {**values, "id": uuid4()}).scalar()
    if message is not None:
        learning.ask(db, tenant)
    return message
