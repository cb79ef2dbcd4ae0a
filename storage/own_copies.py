"""Copies of what we sent, as they come back from Gmail's Sent folder: they are ours, and nothing is kept of them."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, text

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
