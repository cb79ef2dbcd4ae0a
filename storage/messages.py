"""Messages on their way from a Gmail id to a decision: claimed with a lease, finished only under its fence."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from domain.mailbox import RawMail
from domain.message import Message
from storage.codec import message_from_json, message_to_json


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message taken by one worker. `fence` proves it: whoever comes later has a higher one.

    `waited` is how long ago a message that is still to be fetched was found.
    """

    tenant: UUID
    id: UUID
    mailbox: UUID
    gmail_id: str
    thread_id: str
    direction: str
    attempts: int
    fence: int
    last_error: str
    conversation: UUID | None = None
    waited: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Fetched:
    """A message that was read and waits for its decision."""

    claim: Claimed
    message: Message


# All of one mailbox, so that one connection to Gmail serves the batch. What failed twice comes alone, last of all.
# Each part walks an index of its own from its beginning and stops when it has enough, so that a claim costs the same
# whatever waits behind it, or in another mailbox, or with another tenant (tests/storage/test_claim_cost.py).
_CLAIM_DISCOVERED = text("""
    WITH chosen AS (
        SELECT b.id FROM mailbox b CROSS JOIN LATERAL (
            (SELECT r.seq FROM message r WHERE r.tenant_id = :tenant AND r.mailbox_id = b.id
                AND r.state = 'discovered' AND r.attempts <= 1 AND r.next_at <= now()
                AND (r.lease_until IS NULL OR r.lease_until < now()) ORDER BY r.seq LIMIT 1)
            UNION ALL
            (SELECT r.seq FROM message r WHERE r.tenant_id = :tenant AND r.mailbox_id = b.id
                AND r.state = 'discovered' AND r.attempts > 1 AND r.next_at <= now()
                AND (r.lease_until IS NULL OR r.lease_until < now()) ORDER BY r.seq LIMIT 1)
        ) AS first
        WHERE b.tenant_id = :tenant AND b.status = 'active' AND (b.blocked_until IS NULL OR b.blocked_until < now())
        ORDER BY first.seq LIMIT 1
    ), fresh AS (
        SELECT r.id FROM message r WHERE r.tenant_id = :tenant AND r.mailbox_id = (SELECT id FROM chosen)
            AND r.state = 'discovered' AND r.attempts <= 1 AND r.next_at <= now()
            AND (r.lease_until IS NULL OR r.lease_until < now())
        ORDER BY r.seq LIMIT :limit FOR UPDATE OF r SKIP LOCKED
    ), doubtful AS (
        SELECT r.id FROM message r WHERE r.tenant_id = :tenant AND r.mailbox_id = (SELECT id FROM chosen)
            AND r.state = 'discovered' AND r.attempts > 1 AND r.next_at <= now()
            AND (r.lease_until IS NULL OR r.lease_until < now()) AND NOT EXISTS (SELECT FROM fresh)
        ORDER BY r.seq LIMIT 1 FOR UPDATE OF r SKIP LOCKED
    ), taken AS (
        SELECT id FROM fresh UNION ALL SELECT id FROM doubtful
    )
    UPDATE message m SET lease_until = now() + :lease, fence = fence + 1, attempts = attempts + 1
    FROM taken WHERE m.tenant_id = :tenant AND m.id = taken.id
    RETURNING m.id, m.mailbox_id, m.gmail_id, m.thread_id, m.direction, m.attempts, m.fence, m.last_error,
        m.conversation_id, m.seq, now() - m.discovered_at AS waited
""")

# Within a thread nothing overtakes an earlier mail, nor what a listing found to be sent by hand: until that is read,
# nobody knows which mail it answered. (What the history tells comes in its order, and rests for a moment before it is
# due.) OFFSET 0 keeps the question about the thread a question for each row: Postgres, which thinks that little is due,
# would join it, and compare each of ten thousand waiting mails with all the others.
_TO_DECIDE = """
        FROM message r
        WHERE r.tenant_id = :tenant AND r.state = 'fetched' AND r.next_at <= now()
            AND (r.lease_until IS NULL OR r.lease_until < now())
            AND NOT EXISTS (
                SELECT FROM message e WHERE e.tenant_id = r.tenant_id AND e.mailbox_id = r.mailbox_id
                    AND e.thread_id = r.thread_id AND e.seq < r.seq AND e.state IN ('discovered', 'fetched')
                    AND (e.direction = 'in' OR (e.next_at <= now() OR e.last_error <> '') AND NOT EXISTS (
                        SELECT FROM outbox o WHERE o.tenant_id = e.tenant_id AND o.mailbox_id = e.mailbox_id
                            AND o.sent_gmail_id = e.gmail_id))
                OFFSET 0)
"""

# A mail that failed before comes alone, so that one that kills the process takes no others with it: after fresh mail,
# but once it has waited for a minute before it.
_IN_TURN = f"""
    WITH overdue AS (
        SELECT r.id {_TO_DECIDE} AND r.attempts > 0 AND r.next_at < now() - interval '1 minute'
        ORDER BY r.seq LIMIT 1 FOR UPDATE OF r SKIP LOCKED
    ), fresh AS (
        SELECT r.id {_TO_DECIDE} AND r.attempts = 0 AND NOT EXISTS (SELECT FROM overdue)
        ORDER BY r.seq LIMIT :limit FOR UPDATE OF r SKIP LOCKED
    ), tried AS (
        SELECT r.id {_TO_DECIDE} AND r.attempts > 0
            AND NOT EXISTS (SELECT FROM overdue) AND NOT EXISTS (SELECT FROM fresh)
        ORDER BY r.seq LIMIT 1 FOR UPDATE OF r SKIP LOCKED
    ), taken AS (
        SELECT id FROM overdue UNION ALL SELECT id FROM fresh UNION ALL SELECT id FROM tried
    )
    UPDATE message m SET lease_until = now() + :lease, fence = fence + 1, attempts = attempts + 1
    FROM taken WHERE m.tenant_id = :tenant AND m.id = taken.id
    RETURNING m.id, m.mailbox_id, m.gmail_id, m.thread_id, m.direction, m.attempts, m.fence, m.last_error,
        m.conversation_id, m.seq, m.parsed, m.received_at
"""  # noqa: S608  # a constant of this file
_CLAIM_FETCHED = text(_IN_TURN)

_STORE = text("""
    UPDATE message SET state = :state, parsed = CAST(:parsed AS jsonb), sender_address = :address, sender_name = :name,
        subject = :subject, size = :size, received_at = :received_at, conversation_id = :conversation,
        lease_until = NULL, attempts = 0, last_error = :error, next_at = now()
    WHERE tenant_id = :tenant AND id = :id AND fence = :fence AND state = 'discovered'
""")

_STORE_RAW = text("""
    INSERT INTO raw_mail (tenant_id, message_id, raw, sha256) VALUES (:tenant, :id, :raw, :sha256)
    ON CONFLICT (tenant_id, message_id) DO NOTHING
""")

# Also one that is just being fetched: who stores it then finds that it was noted. What its owner changed in Gmail
# before they sent it is theirs, and stays.
_OURS = text(r"""
    UPDATE message SET state = 'noted', parsed = NULL, sender_address = '', sender_name = '', subject = '', size = 0,
        received_at = NULL, conversation_id = NULL, lease_until = NULL
    WHERE tenant_id = :tenant AND mailbox_id = :mailbox AND gmail_id = :gmail_id AND direction = 'out'
        AND (state = 'discovered' OR state = 'noted' AND starts_with(
            btrim(regexp_replace(parsed ->> 'text', '\s+', ' ', 'g')),
            btrim(regexp_replace(CAST(:words AS text), '\s+', ' ', 'g'))))
    RETURNING id
""")

_FORGET_RAW = text("DELETE FROM raw_mail WHERE tenant_id = :tenant AND message_id = :id")

# Who writes again is heard at once: what rests until later rests no more.
_CONVERSATION = text("""
    INSERT INTO conversation (tenant_id, id, mailbox_id, thread_id, subject, customer_address, customer_name,
        last_message_at)
    VALUES (:tenant, :id, :mailbox, :thread, :subject, :address, :name, :received_at)
    ON CONFLICT (tenant_id, mailbox_id, thread_id) DO UPDATE SET
        last_message_at = greatest(conversation.last_message_at, excluded.last_message_at),
        customer_address = CASE conversation.customer_address WHEN '' THEN excluded.customer_address
            ELSE conversation.customer_address END,
        customer_name = CASE conversation.customer_name WHEN '' THEN excluded.customer_name
            ELSE conversation.customer_name END,
        snoozed_until = CASE WHEN :came_in THEN NULL ELSE conversation.snoozed_until END,
        subject = CASE conversation.subject WHEN '' THEN excluded.subject ELSE conversation.subject END
    RETURNING id
""")

_RETRY = text("""
    UPDATE message SET lease_until = NULL, next_at = now() + :after, last_error = :error,
        attempts = CASE WHEN :counts THEN attempts ELSE greatest(attempts - 1, 0) END
    WHERE tenant_id = :tenant AND id = :id AND fence = :fence
""")


def claim_discovered(db: Connection, tenant: UUID, *, limit: int, lease: timedelta) -> list[Claimed]:
    """Up to `limit` messages of one mailbox whose bytes are still to be fetched."""
    rows = db.execute(_CLAIM_DISCOVERED, {"tenant": tenant, "limit": limit, "lease": lease})
    return [_claimed(tenant, row) for row in sorted(rows, key=lambda row: row.seq)]


def claim_fetched(db: Connection, tenant: UUID, *, limit: int, lease: timedelta) -> list[Fetched]:
    """Up to `limit` messages that wait for a decision, none of which may overtake an earlier one of its thread."""
    rows = db.execute(_CLAIM_FETCHED, {"tenant": tenant, "limit": limit, "lease": lease})
    return [
        Fetched(
            _claimed(tenant, row),
            message_from_json(row.parsed, message_id=row.id, thread_id=row.thread_id, received_at=row.received_at),
        )
        for row in sorted(rows, key=lambda row: row.seq)
    ]


def store(
    db: Connection, claim: Claimed, mail: RawMail, message: Message | None, *, state: str, error: str = ""
) -> UUID | None:
    """Keep the bytes and what was read of them; None when the lease was lost, else the conversation's id."""
    sender = message.sender if message else None
    values = {
        "tenant": claim.tenant, "mailbox": claim.mailbox, "thread": claim.thread_id, "received_at": mail.received_at,
        "subject": message.subject[:500] if message else "",
        "address": sender.address if sender else "", "name": sender.name[:200] if sender else "",
    }  # fmt: skip
    outgoing = {"address": "", "name": ""} if claim.direction == "out" else {}
    thread = {**values, **outgoing, "came_in": claim.direction == "in", "id": uuid4()}
    conversation: UUID = db.execute(_CONVERSATION, thread).scalar_one()
    stored = db.execute(
        _STORE,
        {
            **values, "id": claim.id, "fence": claim.fence, "state": state, "size": mail.size, "error": error,
            "parsed": message_to_json(message) if message else None, "conversation": conversation,
        },
    )  # fmt: skip
    if stored.rowcount != 1:
        return None
    if mail.raw:
        digest = hashlib.sha256(mail.raw).digest()
        db.execute(_STORE_RAW, {"tenant": claim.tenant, "id": claim.id, "raw": mail.raw, "sha256": digest})
    return conversation


def placed(db: Connection, claim: Claimed) -> Claimed | None:
    """The claim of a mail without bytes, with the conversation that its thread has or gets; None: the lease was lost.

    When it was found stands in for when Gmail accepted it, which nobody told us.
    """
    values = {"tenant": claim.tenant, "id": claim.id, "fence": claim.fence}
    found = text("SELECT discovered_at FROM message WHERE tenant_id = :tenant AND id = :id AND fence = :fence")
    since = db.execute(found, values).scalar()
    if since is None:
        return None
    thread = {"tenant": claim.tenant, "mailbox": claim.mailbox, "thread": claim.thread_id, "received_at": since}
    conversation: UUID = db.execute(
        _CONVERSATION, {**thread, "id": uuid4(), "subject": "", "address": "", "name": "", "came_in": True}
    ).scalar_one()
    belongs = text("""
        UPDATE message SET conversation_id = :conversation WHERE tenant_id = :tenant AND id = :id AND fence = :fence
    """)
    db.execute(belongs, {**values, "conversation": conversation})
    return replace(claim, conversation=conversation)


def end(db: Connection, claim: Claimed, state: str) -> bool:
    """Nothing more to do with this message: it is gone at Gmail, or noted as our own."""
    ended = db.execute(
        text("""
            UPDATE message SET state = :state, lease_until = NULL
            WHERE tenant_id = :tenant AND id = :id AND fence = :fence
        """),
        {"tenant": claim.tenant, "id": claim.id, "fence": claim.fence, "state": state},
    )
    return ended.rowcount == 1


def retry(db: Connection, claim: Claimed, *, after: timedelta, error: str, counts: bool = True) -> None:
    """Give the message back, due again in `after`; an attempt that never began does not count."""
    values = {"tenant": claim.tenant, "id": claim.id, "fence": claim.fence}
    db.execute(_RETRY, {**values, "after": after, "error": error[:500], "counts": counts})


def ours_among(db: Connection, tenant: UUID, mailbox: UUID, gmail_ids: Sequence[str]) -> frozenset[str]:
    """Which of these sent messages are replies of ours: they need not be fetched."""
    rows = db.execute(
        text("""
            SELECT sent_gmail_id FROM outbox
            WHERE tenant_id = :tenant AND mailbox_id = :mailbox AND sent_gmail_id = ANY(:ids)
        """),
        {"tenant": tenant, "mailbox": mailbox, "ids": list(gmail_ids)},
    )
    return frozenset(rows.scalars())


def take_for_ours(db: Connection, tenant: UUID, mailbox: UUID, gmail_id: str, words: str) -> None:
    """A sent message is a reply of ours in these words: where it came back before anybody knew, nothing is kept of it.

    Else its conversation would show it twice, the second time as sent by hand.
    """
    values = {"tenant": tenant, "mailbox": mailbox, "gmail_id": gmail_id, "words": words}
    found = db.execute(_OURS, values).scalar()
    if found is not None:
        db.execute(_FORGET_RAW, {"tenant": tenant, "id": found})


def labels_due(db: Connection, tenant: UUID, *, limit: int, lease: timedelta) -> list[Claimed]:
    """Up to `limit` handled messages of one mailbox that have no label in Gmail yet."""
    rows = db.execute(
        text("""
            WITH chosen AS (
                SELECT b.id AS mailbox_id FROM mailbox b CROSS JOIN LATERAL (
                    SELECT r.next_at FROM message r WHERE r.tenant_id = :tenant AND r.mailbox_id = b.id
                        AND r.label_due AND r.next_at <= now() AND (r.lease_until IS NULL OR r.lease_until < now())
                    ORDER BY r.next_at LIMIT 1) AS first
                WHERE b.tenant_id = :tenant AND b.status = 'active'
                    AND (b.blocked_until IS NULL OR b.blocked_until < now())
                ORDER BY first.next_at LIMIT 1
            ), taken AS (
                SELECT id FROM message r
                WHERE r.tenant_id = :tenant AND r.mailbox_id = (SELECT mailbox_id FROM chosen) AND label_due
                    AND next_at <= now() AND (lease_until IS NULL OR lease_until < now())
                ORDER BY r.next_at LIMIT :limit FOR UPDATE OF r SKIP LOCKED
            )
            UPDATE message m SET lease_until = now() + :lease, fence = fence + 1, attempts = attempts + 1
            FROM taken WHERE m.tenant_id = :tenant AND m.id = taken.id
            RETURNING m.id, m.mailbox_id, m.gmail_id, m.thread_id, m.direction, m.attempts, m.fence, m.last_error,
                m.conversation_id
        """),
        {"tenant": tenant, "limit": limit, "lease": lease},
    )
    return [_claimed(tenant, row) for row in rows]


def labelled(db: Connection, claims: Sequence[Claimed]) -> None:
    for claim in claims:
        db.execute(
            text("""
                UPDATE message SET label_due = false, lease_until = NULL
                WHERE tenant_id = :tenant AND id = :id AND fence = :fence
            """),
            {"tenant": claim.tenant, "id": claim.id, "fence": claim.fence},
        )


def _claimed(tenant: UUID, row: object) -> Claimed:
    fields = row._mapping  # type: ignore[attr-defined]  # noqa: SLF001  # SQLAlchemy's public name for a row as a mapping
    return Claimed(
        tenant, fields["id"], fields["mailbox_id"], fields["gmail_id"], fields["thread_id"], fields["direction"],
        fields["attempts"], fields["fence"], fields["last_error"], fields["conversation_id"],
        fields.get("waited", timedelta()),
    )  # fmt: skip
