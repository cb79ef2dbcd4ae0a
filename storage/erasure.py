"""Erase one customer: their mail, what was decided about it, and their name and address wherever they stand.

What stays: that a mail came (so that it is not fetched from Gmail once more), orders and payments without the person,
and the record of events, which holds ids alone.
"""

from collections.abc import Mapping
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from domain.errors import BadInput
from domain.message import Address
from storage import cases, events, learning, shared_threads
from storage.shared_threads import Writer

UNDER_WAY = (
    "Something of this customer is just being read, sent or paid. Nothing was erased: try again when that has ended, "
    "or when a person has settled it. What waits for a mailbox that Google no longer lets us into ends when that is "
    "reconnected or disconnected."
)

_LOCK_CONVERSATIONS = text("""
    SELECT id FROM conversation WHERE tenant_id = :tenant AND customer_address = :address ORDER BY id FOR UPDATE
""")
_LOCK_MESSAGES = text("""
    SELECT id, state FROM message WHERE tenant_id = :tenant
        AND (sender_address = :address OR conversation_id = ANY(:conversations)) ORDER BY id FOR UPDATE
""")
# Whose link was confirmed by the address on an order is paid for an order of another address: what ends badly is told
# under the decision about their mail.
_BUSY = f"""
    SELECT EXISTS (SELECT FROM outbox o WHERE o.tenant_id = :tenant
            AND (o.message_id = ANY(:messages) OR o.recipient = :address)
            AND o.state IN ('waiting', 'pending', 'drafted', 'sending', 'uncertain'))
        OR EXISTS (SELECT FROM order_act a JOIN shop_order o
            ON o.tenant_id = a.tenant_id AND o.number = a.order_number
            WHERE a.tenant_id = :tenant AND o.customer_email = :address
            AND a.state IN ('pending', 'sending', 'uncertain', 'needs_person'))
        OR EXISTS (SELECT FROM order_act a JOIN decision d ON d.tenant_id = a.tenant_id AND d.id = a.decision_id
            WHERE a.tenant_id = :tenant AND d.message_id = ANY(:messages)
            AND a.state IN ('pending', 'sending', 'uncertain', 'needs_person'))
        -- Where they wrote in somebody else's conversation: whoever decides there holds their words in hand.
        OR EXISTS (SELECT FROM message m WHERE m.tenant_id = :tenant AND m.conversation_id = ANY(:threads)
            AND m.state IN ('discovered', 'fetched'))
        OR EXISTS (SELECT FROM outbox o WHERE o.tenant_id = :tenant AND o.conversation_id = ANY(:threads)
            AND o.state = 'pending' AND o.undo IS NOT NULL)
        OR EXISTS (SELECT FROM ticket_words w WHERE w.tenant_id = :tenant
            AND (w.message_id = ANY(:messages) OR w.conversation_id = ANY(:conversations) OR w.recipient = :address)
            AND w.state IN ('pending', 'sending', 'uncertain'))
        -- What somebody else wants waits under their words in the queue: without them nobody would see it.
        OR EXISTS (SELECT FROM decision d JOIN support_case c ON c.tenant_id = d.tenant_id
                AND c.conversation_id = d.conversation_id AND c.state IN ('eligible', 'person', 'checking')
            WHERE d.tenant_id = :tenant AND d.message_id = ANY(:messages) AND d.conversation_id = ANY(:threads)
                AND d.is_current AND d.disposition = 'hold' AND d.settled_at IS NULL AND {cases.ITS_OWN})
"""  # noqa: S608  # a constant of ours
_IS_BUSY = text(_BUSY)
# In their order: what refers to a mail first, then the mail, then what it belonged to.
_STEPS: Mapping[str, str] = {
    "held actions": """
        UPDATE order_act a SET state = 'cancelled', last_error = 'The customer was erased.' FROM shop_order o
        WHERE a.tenant_id = :tenant AND a.state = 'held' AND o.tenant_id = a.tenant_id AND o.number = a.order_number
            AND (o.customer_email = :address OR a.decision_id IN (
                SELECT d.id FROM decision d WHERE d.tenant_id = :tenant AND d.message_id = ANY(:messages)))""",
    "actions": """
        UPDATE order_act a SET reason = '' FROM shop_order o WHERE a.tenant_id = :tenant AND a.reason <> ''
            AND o.tenant_id = a.tenant_id AND o.number = a.order_number AND o.customer_email = :address""",
    "ticket_words": """
        UPDATE ticket_words SET text = '', recipient = '', wall_reason = '',
            last_error = CASE WHEN state IN ('held', 'waiting') THEN 'The customer was erased.' ELSE last_error END,
            state = CASE WHEN state IN ('held', 'waiting') THEN 'cancelled' ELSE state END WHERE tenant_id = :tenant
            AND (message_id = ANY(:messages) OR conversation_id = ANY(:conversations) OR recipient = :address)""",
    "reminders": """
        UPDATE supplier_step s SET state = 'cancelled', last_error = w.last_error FROM ticket_words w
        WHERE s.tenant_id = :tenant AND s.state IN ('pending', 'needs_person') AND w.tenant_id = s.tenant_id
            AND w.id = s.words_id AND w.state = 'cancelled'
            AND (w.message_id = ANY(:messages) OR w.conversation_id = ANY(:conversations))""",
    "links": "DELETE FROM identity_link WHERE tenant_id = :tenant AND address = :address",
    "attempts": "DELETE FROM order_attempt WHERE tenant_id = :tenant AND message_id = ANY(:messages)",
    "examples": "DELETE FROM correction WHERE tenant_id = :tenant AND message_id = ANY(:messages)",
    "checked mail": "DELETE FROM checked_mail WHERE tenant_id = :tenant AND message_id = ANY(:messages)",
    "verdicts": "DELETE FROM answer_verdict WHERE tenant_id = :tenant AND message_id = ANY(:messages)",
    "questions": "DELETE FROM gap_question WHERE tenant_id = :tenant AND message_id = ANY(:messages)",
    # Our own mail to a supplier stays known: in their thread it would be taken for one that somebody wrote by hand.
    "mails to suppliers": """
        UPDATE outbox SET subject = '', text = '', draft_text = '', claim_reason = '', wall_reason = ''
        WHERE tenant_id = :tenant AND message_id = ANY(:messages) AND request_id IS NOT NULL AND state = 'sent'""",
    "requests to suppliers": """
        UPDATE supplier_request SET subject = '' WHERE tenant_id = :tenant AND subject <> ''
            AND (answered_at IS NOT NULL OR closed_at IS NOT NULL)
            AND (message_id = ANY(:messages) OR conversation_id = ANY(:conversations))""",
    "replies": """
        DELETE FROM outbox WHERE tenant_id = :tenant AND message_id = ANY(:messages)
            AND (request_id IS NULL OR state <> 'sent')""",
    "replies elsewhere": """
        UPDATE outbox SET recipient = :nobody, recipient_name = '', subject = '', text = '', draft_text = '',
            claim_reason = '', undo = NULL, edit_note = '' WHERE tenant_id = :tenant AND recipient = :address""",
    "kept replies": """
        DELETE FROM kept_reply k USING decision d WHERE k.tenant_id = :tenant AND d.tenant_id = k.tenant_id
            AND d.id = k.decision_id AND d.message_id = ANY(:messages)""",
    "decisions": "DELETE FROM decision WHERE tenant_id = :tenant AND message_id = ANY(:messages)",
    "mails": "DELETE FROM raw_mail WHERE tenant_id = :tenant AND message_id = ANY(:messages)",
    "messages": """
        UPDATE message SET state = 'gone', sender_address = '', sender_name = '', subject = '', parsed = NULL,
            conversation_id = NULL, label_due = false, last_error = ''
        WHERE tenant_id = :tenant AND id = ANY(:messages)""",
    "notes": "DELETE FROM note WHERE tenant_id = :tenant AND conversation_id = ANY(:conversations)",
    "conversations": "DELETE FROM conversation WHERE tenant_id = :tenant AND id = ANY(:conversations)",
    "orders": """
        UPDATE shop_order SET customer_email = :nobody, customer_name = '', tracking_url = ''
        WHERE tenant_id = :tenant AND customer_email = :address""",
    "counters": "DELETE FROM reply_counter WHERE tenant_id = :tenant AND key IN (:address, :reaches)",
}
_STATEMENTS = {name: text(statement) for name, statement in _STEPS.items()}


def erase(db: Connection, tenant: UUID, address: str, *, actor: str) -> dict[str, int]:
    """Erase them in this transaction; returns how many rows of each kind that concerned, those of none left out.

    Raises BadInput, and nothing may be kept of the transaction, while something of theirs is under way.
    """
    values: dict[str, object] = {"tenant": tenant, "address": address.lower()}
    values["reaches"] = Address(address).reaches
    values["conversations"] = list(db.execute(_LOCK_CONVERSATIONS, values).scalars())
    threads = values["threads"] = shared_threads.lock(db, tenant, address.lower())
    found = db.execute(_LOCK_MESSAGES, values).all()
    values["messages"] = [row.id for row in found]
    if any(row.state in {"discovered", "fetched"} for row in found) or db.execute(_IS_BUSY, values).scalar():
        raise BadInput("address", UNDER_WAY)
    receipt = uuid4()
    # One name for all that they had, so that their orders still belong together, and nobody's.
    nobody = values["nobody"] = f"erased-{receipt.hex[:12]}@erased.invalid"
    left = shared_threads.leave(db, tenant, Writer(address.lower(), nobody, [row.id for row in found], threads))
    counts = {"words elsewhere": left}
    counts |= {name: db.execute(one, values).rowcount for name, one in _STATEMENTS.items()}
    kept = {name: n for name, n in counts.items() if n > 0}
    if kept:
        learning.ask(db, tenant)  # What was learned from their words is learned anew without them.
        detail = {name.replace(" ", "_"): n for name, n in kept.items()}
        events.record(db, tenant, actor=actor, kind="customer_erased", subject=receipt, **detail)
    return kept
