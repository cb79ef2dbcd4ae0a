"""Mail that has come, as it is kept: its bytes, what was read of them, and the conversation to which it belongs."""

import hashlib
from dataclasses import replace
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from domain.mailbox import RawMail
from domain.message import Message
from storage.codec import message_to_json
from storage.messages import Claimed

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
