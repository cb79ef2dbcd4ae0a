"""Links mailed to the address on an order: whoever opens one there may confirm that they wrote to us."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from domain.case import CaseState, Identity
from domain.decision import IdentityMail
from domain.message import Address
from domain.order import normal_number
from storage import cases, closing, events
from storage.messages import Claimed
from storage.references import new_reference

LIVES = timedelta(hours=24)

# A day. Whoever asks in another's name can fill nobody's mailbox, nor learn from a limit what exists: over it we say
# what we always say, and mail nothing.
PER_ORDER, PER_ADDRESS, PER_SENDER = 3, 3, 5

CUSTOMER = "customer"
CONFIRMED_LATE = "The customer confirmed by the link after this was settled."

# The address is the one on the order now, whatever the mail or the decision say; never a mailbox of ours.
_ORDER = text("""
    SELECT s.number, s.customer_email, m.sender_address
    FROM shop_order s JOIN message m ON m.tenant_id = s.tenant_id AND m.id = :message
    WHERE s.tenant_id = :tenant AND s.number = :number AND s.customer_email <> ''
        AND NOT EXISTS (SELECT FROM mailbox b WHERE b.tenant_id = s.tenant_id AND lower(b.address) = s.customer_email)
""")

_COUNT = text("""
    INSERT INTO reply_counter (tenant_id, scope, key, day, n) VALUES (:tenant, :scope, :key, current_date, 1)
    ON CONFLICT (tenant_id, scope, key, day) DO UPDATE SET n = reply_counter.n + 1 WHERE reply_counter.n < :limit
    RETURNING n
""")

_REPLACE = text("""
    UPDATE identity_link SET replaced_at = now()
    WHERE tenant_id = :tenant AND case_id = :case AND used_at IS NULL AND replaced_at IS NULL
""")

_INSERT = text("""
    INSERT INTO identity_link (tenant_id, id, case_id, message_id, order_number, address, expires_at)
    VALUES (:tenant, :id, :case, :message, :number, :address, now() + :lives)
""")

# A thread of its own: the mail is no answer to the stranger's. It has the id of its link, and no link in its text.
_INSERT_MAIL = text("""
    INSERT INTO outbox (tenant_id, id, decision_id, position, kind, message_id, mailbox_id, conversation_id, thread_id,
        automatic, recipient, subject, text, draft_text, reference, state)
    VALUES (:tenant, :id, :decision, :position, :kind, :message, :mailbox, :conversation, '', true, :address, :subject,
        :text, :text, :reference, 'pending')
""")

# Everything that must be true of a link while it lives. That its address still stands on the order is part of it.
_LIVE = text("""
    SELECT l.case_id, l.message_id, l.order_number, t.name AS shop,
        coalesce(d.understanding ->> 'language', '') AS language
    FROM identity_link l JOIN tenant t ON t.tenant_id = l.tenant_id
        JOIN shop_order s ON s.tenant_id = l.tenant_id AND s.number = l.order_number AND s.customer_email = l.address
        LEFT JOIN decision d ON d.tenant_id = l.tenant_id AND d.message_id = l.message_id AND d.is_current
    WHERE l.tenant_id = :tenant AND l.id = :id AND l.used_at IS NULL AND l.replaced_at IS NULL AND l.expires_at > now()
""")

_LOCK_MESSAGE = text("SELECT conversation_id FROM message WHERE tenant_id = :tenant AND id = :message FOR UPDATE")

_LOCK_DECISION = text(
    "SELECT FROM decision WHERE tenant_id = :tenant AND message_id = :message AND is_current FOR UPDATE"
)

_USE = text("""
    UPDATE identity_link l SET used_at = now() FROM shop_order s
    WHERE l.tenant_id = :tenant AND l.id = :id AND l.used_at IS NULL AND l.replaced_at IS NULL AND l.expires_at > now()
        AND s.tenant_id = l.tenant_id AND s.number = l.order_number AND s.customer_email = l.address
""")

# What the machine decided, and what waits for a person: never what a person has settled.
_SUPERSEDE = text("""
    UPDATE decision SET is_current = false
    WHERE tenant_id = :tenant AND message_id = :message AND is_current
        AND (disposition = 'release' OR disposition = 'hold' AND settled_at IS NULL)
        AND EXISTS (SELECT FROM message m WHERE m.tenant_id = :tenant AND m.id = :message AND m.state = 'decided'
            AND m.parsed IS NOT NULL)
    RETURNING id
""")

# What a person has settled is theirs again, however they had settled it: who was answered still wants what they wanted,
# and is proven now. The step that was decided before that is none any more: the case is a person's.
_TO_PERSON = text("""
    UPDATE decision d SET disposition = 'hold', reason = :reason, case_on_release = NULL,
        importance = greatest(importance, 3)
    FROM message m
    WHERE d.tenant_id = :tenant AND d.message_id = :message AND d.is_current
        AND m.tenant_id = d.tenant_id AND m.id = d.message_id AND m.state = 'decided'
    RETURNING d.id
""")

_CANCEL = text("""
    UPDATE outbox SET state = 'cancelled', last_error = 'The customer confirmed; it is decided again.'
    WHERE tenant_id = :tenant AND decision_id = :decision AND state = 'held'
""")

_REOPEN = text("""
    UPDATE message SET state = 'fetched', next_at = now(), attempts = 0, lease_until = NULL, fence = fence + 1,
        last_error = ''
    WHERE tenant_id = :tenant AND id = :message
""")

_CONFIRMED = text("""
    SELECT DISTINCT message_id FROM identity_link
    WHERE tenant_id = :tenant AND message_id = ANY(:ids) AND used_at IS NOT NULL
""")

_COPY = text("""
    SELECT EXISTS (SELECT FROM outbox o WHERE o.tenant_id = :tenant AND o.kind = 'identity'
        AND o.reference IN (SELECT found[1] FROM regexp_matches(:text, 'Ref: ([A-Z0-9]{6})', 'g') AS found))
""")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page of a living link asks. `language` is that of the mail that asked (ISO 639-1), perhaps empty."""

    order_number: str
    shop: str
    language: str


def write(db: Connection, claim: Claimed, decision: UUID, case: UUID, mail: IdentityMail, *, position: int) -> None:
    """Make the link's row and the mail in the outbox that carries it; nothing where too many were sent already."""
    number = normal_number(mail.order_number)
    found = db.execute(_ORDER, {"tenant": claim.tenant, "message": claim.id, "number": number}).one_or_none()
    if found is None:
        return
    limits = (
        ("identity_sender", Address(found.sender_address).reaches, PER_SENDER),
        ("identity_address", Address(found.customer_email).reaches, PER_ADDRESS),
        ("identity_order", number, PER_ORDER),
    )
    for scope, key, limit in limits:
        values = {"tenant": claim.tenant, "scope": scope, "key": key, "limit": limit}
        if db.execute(_COUNT, values).scalar() is None:
            return
    db.execute(_REPLACE, {"tenant": claim.tenant, "case": case})
    link = {
        "tenant": claim.tenant, "id": uuid4(), "case": case, "message": claim.id, "number": found.number,
        "address": found.customer_email,
    }  # fmt: skip
    db.execute(_INSERT, {**link, "lives": LIVES})
    db.execute(
        _INSERT_MAIL,
        {
            **link, "decision": decision, "position": position, "kind": mail.kind.value, "mailbox": claim.mailbox,
            "conversation": claim.conversation, "subject": mail.subject[:500], "text": mail.text,
            "reference": new_reference(),
        },
    )  # fmt: skip


def look(db: Connection, tenant: UUID, link: UUID) -> Asked | None:
    """What a link asks, or None where it does not work (any more)."""
    row = db.execute(_LIVE, {"tenant": tenant, "id": link}).one_or_none()
    return Asked(row.order_number, row.shop, row.language) if row is not None else None


def confirm(db: Connection, tenant: UUID, link: UUID) -> bool:
    """Whoever reads the mail at that address says that they wrote to us. True once for one link, and never again.

    Its case goes on to its checks, and the mail that asked is decided again. Where a person had settled that, they have
    both once more. A case that moved on meanwhile stays as it is; members see the event. TryAgain: the case is being
    moved in this very moment.
    """
    row = db.execute(_LIVE, {"tenant": tenant, "id": link}).one_or_none()
    if row is None:
        return False
    # In the order in which a decision locks them, so that the two wait for each other in turn.
    values = {"tenant": tenant, "id": link, "message": row.message_id}
    conversation = db.execute(_LOCK_MESSAGE, values).scalar()
    db.execute(_LOCK_DECISION, values)
    case = cases.get(db, tenant, row.case_id)
    if db.execute(_USE, values).rowcount != 1:
        return False
    events.record(db, tenant, actor=CUSTOMER, kind="identity_confirmed", subject=row.message_id, link=link)
    waits = case is not None and case.state is CaseState.IDENTITY_WANTED and case.order_number == row.order_number
    if case is None or conversation is None or not waits:
        return True
    superseded = db.execute(_SUPERSEDE, values).scalars().all()
    settled = [] if superseded else db.execute(_TO_PERSON, {**values, "reason": CONFIRMED_LATE}).scalars().all()
    proven = replace(case.moved_to(CaseState.CHECKING), identity=Identity.LINK)
    proven = proven.moved_to(CaseState.PERSON) if settled else proven
    reason = "Confirmed by the link that was mailed to the address on the order."
    cases.move(db, tenant, conversation, proven, actor=CUSTOMER, reason=reason)
    for decision in superseded:
        db.execute(_CANCEL, {"tenant": tenant, "decision": decision})
        db.execute(_REOPEN, values)
    for decision in settled:
        closing.wait_again(db, tenant, decision, row.message_id, actor=CUSTOMER)
        cases.waits_for(db, tenant, row.case_id, decision)
    return True


def confirmed(db: Connection, tenant: UUID, messages: Sequence[UUID]) -> frozenset[UUID]:
    """Which of these messages were confirmed by a link: what is decided about them now leaves by a person's hand."""
    return frozenset(db.execute(_CONFIRMED, {"tenant": tenant, "ids": list(messages)}).scalars())


def is_copy(db: Connection, tenant: UUID, body: str) -> bool:
    """Whether a text from our own Sent folder is that of a mail with a link in it, which is kept nowhere."""
    found: bool = db.execute(_COPY, {"tenant": tenant, "text": body}).scalar_one()
    return found
