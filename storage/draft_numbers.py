"""What became of the drafts that waited for a person, in the last 30 days: counted in one question, and listed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Connection, text

DAYS = 30
# Of the words of a draft, in a hundred, as storage measures them (migration 0017).
A_LITTLE = 20


class Fate(StrEnum):
    """Sent as written, with a little changed, or rewritten; dismissed; taken to Gmail, and not sent there yet."""

    AS_WRITTEN = "as_written"
    LITTLE = "little"
    REWRITTEN = "rewritten"
    DISMISSED = "dismissed"
    GMAIL = "gmail"


@dataclass(frozen=True, slots=True)
class Count:
    """How many drafts of a category became this; `reason` is why they were changed or dismissed, empty where nobody
    said.

    The category is the one that its mail was handled as, as everywhere that the machine's work is counted.
    """

    category: str
    fate: str
    reason: str
    n: int


@dataclass(frozen=True, slots=True)
class Settled:
    """One draft with its end. `changed` is in a hundred words, None where nothing was released."""

    decision: UUID
    conversation: UUID
    subject: str
    customer: str
    fate: str
    reason: str
    note: str
    changed: int | None
    settled_at: datetime
    settled_by: str


# A mail that had no draft is none of these. `decision_settled` gives the decisions, `outbox_of_decision` their replies.
_SETTLED = """
    SELECT d.handled_as AS category, d.id, d.conversation_id, d.settled_at, d.settled_by, d.message_id,
        CASE WHEN d.settlement = 'dismissed' THEN 'dismissed'
            WHEN d.settlement = 'gmail_draft' AND o.sent_at IS NULL THEN 'gmail'
            WHEN o.words_changed = 0 THEN 'as_written' WHEN o.words_changed <= :a_little THEN 'little'
            ELSE 'rewritten' END AS fate,
        o.edit_reason AS reason, o.edit_note AS note, o.words_changed
    FROM decision d JOIN LATERAL (SELECT r.words_changed, r.edit_reason, r.edit_note, r.sent_at FROM outbox r
        WHERE r.tenant_id = d.tenant_id AND r.decision_id = d.id AND r.kind = 'reply'
            AND (r.words_changed IS NOT NULL OR r.draft_text <> '')
        ORDER BY r.words_changed IS NULL, r.position DESC LIMIT 1) o ON true
    WHERE d.tenant_id = :tenant AND d.is_current AND d.settled_at > now() - make_interval(days => :days)
"""

_COUNTS = text(
    "SELECT category, fate, reason, count(*) FROM ({settled}) s GROUP BY 1, 2, 3".replace("{settled}", _SETTLED)
)

_LISTED = text(
    """
    SELECT s.id, s.conversation_id, m.subject, coalesce(nullif(m.sender_name, ''), m.sender_address) AS customer,
        s.fate, s.reason, s.note, s.words_changed, s.settled_at, coalesce(nullif(p.name, ''), p.email, '') AS settled_by
    FROM ({settled}) s JOIN message m ON m.tenant_id = :tenant AND m.id = s.message_id
        LEFT JOIN member p ON p.tenant_id = :tenant AND p.id = s.settled_by
    WHERE (:category = '*' OR s.category = :category) AND (:fate = '' OR s.fate = :fate)
        AND (:reason = '' OR s.reason = :reason)
        AND (CAST(:after AS uuid) IS NULL OR (s.settled_at, s.id) < (SELECT a.settled_at, a.id FROM decision a
            WHERE a.tenant_id = :tenant AND a.id = CAST(:after AS uuid)))
    ORDER BY s.settled_at DESC, s.id DESC LIMIT :limit
    """.replace("{settled}", _SETTLED)
)

_ASKED = {"days": DAYS, "a_little": A_LITTLE}


def counts(db: Connection, tenant: UUID) -> list[Count]:
    """Every category that had a draft settled by a person in the last 30 days, by what became of it and why."""
    return [Count(*row) for row in db.execute(_COUNTS, {**_ASKED, "tenant": tenant})]


def listed(
    db: Connection,
    tenant: UUID,
    *,
    category: str = "*",
    fate: str = "",
    reason: str = "",
    after: UUID | None = None,
    limit: int = 51,
) -> list[Settled]:
    """The drafts behind a number, the newest first; `category` is "*" for all, `fate` and `reason` empty for any."""
    asked = {"tenant": tenant, "category": category, "fate": fate, "reason": reason, "after": after, "limit": limit}
    return [Settled(*row) for row in db.execute(_LISTED, {**_ASKED, **asked})]
