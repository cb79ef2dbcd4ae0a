"""How long a workspace keeps the words of mail, of notes and cases: afterwards they go, and what was counted stays."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection, text

from storage import events

SHORTEST, LONGEST = 30, 3650
BATCH = 500

# Words for a ticket that nobody waits for, sends or looks at any more. Of a reply that came back, the draft counts.
_ENDED = "(w.state IN ('done', 'cancelled') OR w.state = 'held' AND w.reply_id IS NOT NULL)"

# Only what is over: no mail that still waits for a person, nor one of a case that is open, nor one that is under way.
_OLD_MAIL = f"""
    SELECT m.id FROM message m
    WHERE m.tenant_id = :tenant AND m.received_at < now() - :kept AND m.state NOT IN ('discovered', 'fetched')
        AND (m.parsed IS NOT NULL OR EXISTS (SELECT FROM raw_mail r
            WHERE r.tenant_id = m.tenant_id AND r.message_id = m.id)
            OR m.id IN (SELECT d.message_id FROM kept_reply k JOIN decision d ON d.tenant_id = k.tenant_id
                AND d.id = k.decision_id WHERE k.tenant_id = :tenant)
            OR m.id IN (SELECT w.message_id FROM ticket_words w
                WHERE w.tenant_id = :tenant AND w.text <> '' AND {_ENDED})
            OR EXISTS (SELECT FROM decision d WHERE d.tenant_id = m.tenant_id AND d.message_id = m.id
                AND d.conversation_id = m.conversation_id
                AND (d.case_on_release IS NOT NULL OR d.case_undo IS NOT NULL)))
        AND NOT EXISTS (SELECT FROM decision d WHERE d.tenant_id = m.tenant_id AND d.message_id = m.id
            AND d.is_current AND d.disposition = 'hold' AND d.settled_at IS NULL)
        AND NOT EXISTS (SELECT FROM support_case c WHERE c.tenant_id = m.tenant_id
            AND c.conversation_id = m.conversation_id AND c.is_open)
        AND NOT EXISTS (SELECT FROM outbox o WHERE o.tenant_id = m.tenant_id AND o.message_id = m.id
            AND o.state IN ('pending', 'waiting', 'drafted', 'sending', 'uncertain'))
    ORDER BY m.received_at LIMIT :batch FOR UPDATE SKIP LOCKED
"""  # noqa: S608  # one constant in two places
_OLD = text(_OLD_MAIL)
# A note goes by its own age, under the same conditions: it may be written long after the last mail.
_OLD_NOTES = text("""
    DELETE FROM note WHERE tenant_id = :tenant AND id IN (
        SELECT n.id FROM note n
        WHERE n.tenant_id = :tenant AND n.written_at < now() - CAST(:kept AS interval)
            AND NOT EXISTS (SELECT FROM decision d WHERE d.tenant_id = n.tenant_id
                AND d.conversation_id = n.conversation_id AND d.is_current AND d.disposition = 'hold'
                AND d.settled_at IS NULL)
            AND NOT EXISTS (SELECT FROM support_case c WHERE c.tenant_id = n.tenant_id
                AND c.conversation_id = n.conversation_id AND c.is_open)
        ORDER BY n.written_at LIMIT :batch FOR UPDATE SKIP LOCKED)
""")
# A case has words of several mails: they go when it has ended, with the last mail that may have told it something.
_OLD_CASES = text("""
    UPDATE support_case SET words = '{}', doubts = '{}', writer = '' WHERE tenant_id = :tenant AND id IN (
        SELECT c.id FROM support_case c
        WHERE c.tenant_id = :tenant AND NOT c.is_open AND (c.words <> '{}' OR c.doubts <> '{}' OR c.writer <> '')
            AND NOT EXISTS (SELECT FROM message m WHERE m.tenant_id = c.tenant_id
                AND m.conversation_id = c.conversation_id AND m.parsed IS NOT NULL AND m.received_at <= c.moved_at)
        ORDER BY c.moved_at LIMIT :batch FOR UPDATE SKIP LOCKED)
""")
_OLD_TICKET_WORDS = f"""
    UPDATE ticket_words w SET text = '' WHERE w.tenant_id = :tenant AND w.message_id = ANY(:ids) AND {_ENDED}
"""  # noqa: S608  # as above
_STEPS = (
    text("DELETE FROM raw_mail WHERE tenant_id = :tenant AND message_id = ANY(:ids)"),
    text("DELETE FROM gap_question WHERE tenant_id = :tenant AND message_id = ANY(:ids)"),
    text("""
        DELETE FROM kept_reply k USING decision d WHERE k.tenant_id = :tenant AND d.tenant_id = k.tenant_id
            AND d.id = k.decision_id AND d.message_id = ANY(:ids)
    """),
    text("""
        UPDATE message SET parsed = NULL, subject = '', sender_name = '' WHERE tenant_id = :tenant AND id = ANY(:ids)
    """),
    text("""
        UPDATE decision SET understanding = '{}', citations = '[]', checks = '[]', facts = '[]', suggestions = '[]',
            composition = '[]', answer = NULL, case_on_release = NULL, case_undo = NULL,
            reason = regexp_replace(reason, '“.*”', '“…”') WHERE tenant_id = :tenant AND message_id = ANY(:ids)
    """),
    text("""
        UPDATE outbox SET subject = '', text = '', draft_text = '', recipient_name = '',
            undo = NULL, edit_note = ''
        WHERE tenant_id = :tenant AND message_id = ANY(:ids)
    """),
    text(_OLD_TICKET_WORDS),
    text("""
        UPDATE conversation c SET subject = '', customer_name = '' WHERE c.tenant_id = :tenant AND c.id IN (
            SELECT conversation_id FROM message WHERE tenant_id = :tenant AND id = ANY(:ids)) AND NOT EXISTS (
            SELECT FROM message m WHERE m.tenant_id = c.tenant_id AND m.conversation_id = c.id AND m.parsed IS NOT NULL)
    """),
)


def days(db: Connection, tenant: UUID) -> int | None:
    """After how many days the words of mail go; None where they are kept."""
    found: int | None = db.execute(
        text("SELECT retention_days FROM tenant WHERE tenant_id = :tenant"), {"tenant": tenant}
    ).scalar()
    return found


def set_days(db: Connection, tenant: UUID, wanted: int | None, *, actor: str) -> bool:
    """Keep the words of mail for so many days from now on, or for ever; False where that is so already."""
    changed = db.execute(
        text("""
            UPDATE tenant SET retention_days = :days
            WHERE tenant_id = :tenant AND retention_days IS DISTINCT FROM CAST(:days AS integer)
        """),
        {"tenant": tenant, "days": wanted},
    )
    if changed.rowcount != 1:
        return False
    events.record(db, tenant, actor=actor, kind="retention_changed", days=wanted)
    return True


def forget(db: Connection, tenant: UUID) -> int:
    """Let the words of a batch of old mail, notes and cases go; returns how many that concerned, 0 at the end."""
    kept = days(db, tenant)
    if kept is None:
        return 0
    values = {"tenant": tenant, "kept": timedelta(days=kept), "batch": BATCH}
    ids = list(db.execute(_OLD, values).scalars())
    notes = db.execute(_OLD_NOTES, values).rowcount
    for step in _STEPS if ids else ():
        db.execute(step, {"tenant": tenant, "ids": ids})
    cases = db.execute(_OLD_CASES, values).rowcount
    n = len(ids) + notes + cases
    if n:
        events.record(db, tenant, actor="machine", kind="mail_forgotten", n=len(ids), notes=notes, cases=cases)
    return n
