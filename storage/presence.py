"""Who has a conversation's page open just now, and who is writing there: a notice to colleagues, no record."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection, text

# The page asks again every five seconds: who was not seen for three of those has gone.
LATELY = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Present:
    """A member who is there; `writes`: what they typed was kept just now."""

    name: str
    writes: bool


# A page that shows mail never waits for this notice.
_HURRY = text("SET LOCAL lock_timeout = '200ms'")

# One statement: what is old goes, unless somebody else is at it. What was noted a moment ago is not written once more.
_NOTE = text("""
    WITH gone AS (
        DELETE FROM presence p USING (
            SELECT conversation_id, member_id FROM presence
            WHERE tenant_id = :tenant AND seen_at < now() - interval '1 minute'
                AND NOT (conversation_id = :conversation AND member_id = :member)
            LIMIT 50 FOR UPDATE SKIP LOCKED) old
        WHERE p.tenant_id = :tenant AND p.conversation_id = old.conversation_id AND p.member_id = old.member_id)
    INSERT INTO presence (tenant_id, conversation_id, member_id, wrote_at)
    SELECT c.tenant_id, c.id, :member, CASE WHEN :writing THEN now() END FROM conversation c
    WHERE c.tenant_id = :tenant AND c.id = :conversation FOR KEY SHARE SKIP LOCKED
    ON CONFLICT (tenant_id, conversation_id, member_id) DO UPDATE
        SET seen_at = now(), wrote_at = coalesce(excluded.wrote_at, presence.wrote_at)
        WHERE presence.seen_at < now() - interval '3 seconds' OR excluded.wrote_at IS NOT NULL
""")

_OTHERS = text("""
    SELECT coalesce(nullif(m.name, ''), m.email) AS name, coalesce(p.wrote_at > now() - :lately, false) AS writes
    FROM presence p JOIN member m ON m.tenant_id = p.tenant_id AND m.id = p.member_id
    WHERE p.tenant_id = :tenant AND p.conversation_id = :conversation AND p.member_id <> :member
        AND p.seen_at > now() - :lately AND m.deactivated_at IS NULL
    ORDER BY writes DESC, name
""")


def note(db: Connection, tenant: UUID, conversation: UUID, member: UUID, *, writing: bool = False) -> None:
    """The member has its page open, or is writing there. It waits for no lock; give it a transaction of its own."""
    db.execute(_HURRY)
    db.execute(_NOTE, {"tenant": tenant, "conversation": conversation, "member": member, "writing": writing})


def others(db: Connection, tenant: UUID, conversation: UUID, member: UUID) -> list[Present]:
    """Who else has it open, those who write first."""
    values = {"tenant": tenant, "conversation": conversation, "member": member, "lately": LATELY}
    return [Present(*row) for row in db.execute(_OTHERS, values)]
