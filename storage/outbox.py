"""The outbox: effects waiting or done, and each move of the send machine (GMAIL.md 5.4) as one fenced update."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection, text

from domain.decision import EffectKind, WordsFor
from domain.delivery import DraftRef, EffectState, Gate, SentRef
from domain.message import Address
from storage import act_ends, cases, disconnecting, events, own_copies, supplier_sending, tickets
from storage import gate as gates
from storage.effect import Effect
from storage.tickets import Words

_CLAIM = text("""
    WITH chosen AS (
        SELECT b.id AS mailbox_id FROM mailbox b CROSS JOIN LATERAL (
            SELECT r.next_at FROM outbox r WHERE r.tenant_id = :tenant AND r.mailbox_id = b.id
                AND r.state IN ('pending', 'drafted', 'sending', 'uncertain') AND r.next_at <= now()
                AND (r.lease_until IS NULL OR r.lease_until < now())
            ORDER BY r.next_at LIMIT 1) AS first
        WHERE b.tenant_id = :tenant AND b.status = 'active' AND (b.blocked_until IS NULL OR b.blocked_until < now())
        ORDER BY first.next_at LIMIT 1
    ), taken AS (
        SELECT r.id FROM outbox r
        WHERE r.tenant_id = :tenant AND r.mailbox_id = (SELECT mailbox_id FROM chosen) AND r.next_at <= now()
            AND r.state IN ('pending', 'drafted', 'sending', 'uncertain')
            AND (r.lease_until IS NULL OR r.lease_until < now())
        ORDER BY r.next_at LIMIT :limit FOR UPDATE OF r SKIP LOCKED
    )
    UPDATE outbox o SET lease_until = now() + :lease, fence = o.fence + 1, attempts = o.attempts + 1, undo = NULL
    FROM taken, mailbox b, message m
    WHERE o.tenant_id = :tenant AND o.id = taken.id AND b.tenant_id = o.tenant_id AND b.id = o.mailbox_id
        AND m.tenant_id = o.tenant_id AND m.id = o.message_id
    RETURNING o.id, o.kind, o.decision_id, o.request_id, o.message_id, o.mailbox_id, b.address, o.thread_id, o.state,
        o.automatic, o.recipient, o.recipient_name, o.subject, o.text, o.reference,
        m.parsed ->> 'rfc_message_id' AS in_reply_to, m.parsed -> 'references' AS refs,
        o.created_at, o.released_at, o.draft_id,
        coalesce(o.pre_history_id, b.history_id, 0) AS pre, o.attempts, o.looks, o.fence,
        now() - coalesce(o.sending_at, now()) AS waited, o.as_draft,
        (SELECT t.id FROM decision d
            JOIN ticketing c ON c.tenant_id = d.tenant_id AND c.mode = 'ticket_only'
            JOIN ticket t ON t.tenant_id = d.tenant_id AND t.id = d.ticket_id AND t.state <> 'needs_person'
            WHERE d.tenant_id = o.tenant_id AND d.id = o.decision_id AND o.kind = 'reply') AS ticket
""")

_DRAFTED = text("""
    UPDATE outbox SET state = 'drafted', draft_id = :draft, mime_sha256 = :sha256, last_error = '', next_at = now(),
        thread_id = :thread
    WHERE tenant_id = :tenant AND id = :id AND fence = :fence AND state IN ('pending', 'drafted')
""")

_SENDING = text("""
    UPDATE outbox o SET state = 'sending', sending_at = now(), looks = 0, lease_until = now() + interval '3 minutes',
        pre_history_id = (SELECT coalesce(history_id, sync_history_id) FROM mailbox b
            WHERE b.tenant_id = o.tenant_id AND b.id = o.mailbox_id)
    WHERE tenant_id = :tenant AND id = :id AND fence = :fence AND state = 'drafted'
""")

_TO_TICKET = text("""
    UPDATE outbox SET state = 'waiting', sending_at = now(), lease_until = NULL, last_error = ''
    WHERE tenant_id = :tenant AND id = :id AND fence = :fence AND state = 'pending'
    RETURNING conversation_id
""")

_SENT = text("""
    UPDATE outbox o SET state = 'sent', sent_gmail_id = :gmail_id, sent_at = now(), lease_until = NULL, last_error = ''
    FROM (SELECT id, state FROM outbox WHERE tenant_id = :tenant AND id = :id AND fence = :fence FOR UPDATE) was
    WHERE o.tenant_id = :tenant AND o.id = was.id RETURNING was.state
""")

_LABEL = text(
    "UPDATE message SET label_due = true, next_at = now(), attempts = 0 WHERE tenant_id = :tenant AND id = :id"
)

# Only what is on its way: what a disconnected mailbox left to a person under this fence stays theirs.
_MOVE = text("""
    UPDATE outbox SET state = :state, last_error = :error, next_at = now() + :after, lease_until = NULL,
        looks = looks + :looked, attempts = attempts - :uncounted
    WHERE tenant_id = :tenant AND id = :id AND fence = :fence
        AND state IN ('pending', 'drafted', 'sending', 'uncertain')
""")

_GIVE_BACK = text("""
    UPDATE outbox SET last_error = :error, lease_until = NULL, attempts = attempts - :uncounted,
        next_at = CASE CAST(:after AS interval) WHEN interval '0' THEN next_at ELSE now() + :after END
    WHERE tenant_id = :tenant AND id = :id AND fence = :fence
""")

_TO_PERSON = text("""
    UPDATE decision SET disposition = 'hold', reason = :reason, settled_at = NULL, settlement = NULL,
        importance = greatest(importance, 3)
    WHERE tenant_id = :tenant AND id = :decision
""")


def claim(db: Connection, tenant: UUID, *, limit: int, lease: timedelta) -> list[Effect]:
    """Up to `limit` effects of one mailbox that are due; every claim counts as an attempt."""
    rows = db.execute(_CLAIM, {"tenant": tenant, "limit": limit, "lease": lease})
    effects = [
        Effect(
            tenant, row.id, EffectKind(row.kind), row.decision_id, row.message_id, row.mailbox_id, row.address,
            row.thread_id, EffectState(row.state), row.automatic, Address(row.recipient, row.recipient_name),
            row.subject, row.text, row.reference, row.in_reply_to or "", tuple(row.refs or ()), row.created_at,
            row.released_at, row.draft_id, int(row.pre), row.attempts, row.looks, row.fence, row.waited, row.ticket,
            row.request_id, as_draft=row.as_draft,
        )
        for row in rows
    ]  # fmt: skip
    return [_in_its_thread(db, effect) for effect in effects]


def drafted(db: Connection, effect: Effect, draft: DraftRef, mime_sha256: bytes) -> bool:
    """Gmail holds the draft: from here on it is known under `draft_id`."""
    values = {"tenant": effect.tenant, "id": effect.id, "fence": effect.fence}
    return (
        db.execute(
            _DRAFTED, {**values, "draft": draft.draft_id, "sha256": mime_sha256, "thread": effect.thread_id}
        ).rowcount
        == 1
    )


def begin_sending(db: Connection, effect: Effect, *, sight: timedelta) -> tuple[Gate, str]:
    """Look once more at everything that forbids sending; when nothing does, the row says `sending` after the commit."""
    gate, reason = gates.forbidden(db, effect, sight=sight)
    if gate is not Gate.OPEN:
        return gate, reason
    values = {"tenant": effect.tenant, "id": effect.id, "fence": effect.fence}
    return (Gate.OPEN, "") if db.execute(_SENDING, values).rowcount == 1 else (Gate.LOST, "Another worker took it.")


def hand_to_ticket(db: Connection, effect: Effect, *, sight: timedelta) -> tuple[Gate, str]:
    """The same for a reply that leaves by its ticket: from here on it waits for what becomes of it there."""
    gate, reason = gates.forbidden(db, effect, sight=sight)
    if gate is not Gate.OPEN or effect.ticket is None:
        return gate, reason
    if not tickets.takes_words(db, effect.tenant, effect.ticket):
        return Gate.WAIT, "A person has its ticket by now."
    values = {"tenant": effect.tenant, "id": effect.id, "fence": effect.fence}
    row = db.execute(_TO_TICKET, values).one_or_none()
    if row is None:
        return Gate.LOST, "Another worker took it."
    words = Words(
        WordsFor.CUSTOMER, effect.text, effect.recipient.address, effect.automatic, effect.decision, effect.message,
        row.conversation_id, effect.id,
    )  # fmt: skip
    tickets.write(db, effect.tenant, effect.ticket, words)
    return Gate.OPEN, ""


def _in_its_thread(db: Connection, effect: Effect) -> Effect:
    """What belongs to a request is written into the thread that our first mail began, and answers our last one."""
    if effect.request is None:
        return effect
    thread = supplier_sending.thread_of(db, effect.tenant, effect.id)
    return replace(
        effect, thread_id=thread.thread_id, subject=thread.subject or effect.subject, in_reply_to=thread.rfc_message_id,
        references=(), sent_before=thread.sent_gmail_id,
    )  # fmt: skip


def sent(db: Connection, effect: Effect, reference: SentRef) -> bool:
    """It left: remember Gmail's id, so that the copy that comes back is known as ours, and ask for the label."""
    values = {"tenant": effect.tenant, "id": effect.id, "fence": effect.fence, "gmail_id": reference.gmail_id}
    was = db.execute(_SENT, values).scalar()
    if was is None:
        return False
    if effect.decision is None:
        supplier_sending.sent(db, effect.tenant, effect.id, thread_id=reference.thread_id)
    elif effect.answers:
        if was == EffectState.NEEDS_PERSON:
            disconnecting.left(db, effect.tenant, effect.decision)
        db.execute(_LABEL, {"tenant": effect.tenant, "id": effect.message})
        own_copies.take_for_ours(db, effect.tenant, effect.mailbox, reference.gmail_id, effect.text)
        tickets.reply_left(db, effect.tenant, effect.decision, effect.text)
    _record(db, effect, "sent", effect=effect.id)
    act_ends.confirmed(db, effect.tenant, effect.id)
    return True


def move(
    db: Connection,
    effect: Effect,
    state: EffectState,
    *,
    after: timedelta = timedelta(),
    error: str = "",
    looked: bool = False,
    counts: bool = True,
) -> bool:
    """Give the row back in `state`, due again in `after`; what was not tried does not count as an attempt.

    False where the lease was lost, or the row is on its way no more.
    """
    values = {"tenant": effect.tenant, "id": effect.id, "fence": effect.fence, "state": state.value}
    tally = {"looked": 1 if looked else 0, "uncounted": 0 if counts else 1}
    moved = db.execute(_MOVE, {**values, **tally, "after": after, "error": error[:500]})
    return moved.rowcount == 1


def give_back(db: Connection, effect: Effect, *, after: timedelta, error: str, counts: bool = True) -> None:
    """Due again in `after`, in whatever state the row is in by now; what was not tried does not count."""
    values = {"tenant": effect.tenant, "id": effect.id, "fence": effect.fence}
    db.execute(_GIVE_BACK, {**values, "after": after, "error": error[:500], "uncounted": 0 if counts else 1})


def to_person(db: Connection, effect: Effect, state: EffectState, reason: str) -> bool:
    """End here, and put the decision into the queue with the reason."""
    if effect.kind is EffectKind.IDENTITY and state is EffectState.HELD:
        state = EffectState.CANCELLED  # A person sends words of their own to the writer, and no link to anybody.
    if not move(db, effect, state, error=reason):
        return False
    if effect.decision is None:  # There is no decision to put into the queue: the request says it, on its page.
        supplier_sending.ended(db, effect.tenant, effect.id, reason=reason)
    else:
        db.execute(_TO_PERSON, {"tenant": effect.tenant, "decision": effect.decision, "reason": reason})
    if (
        effect.answers and effect.decision is not None and state is not EffectState.NEEDS_PERSON
    ):  # It certainly did not leave.
        cases.take_back(db, effect.tenant, effect.decision)
    _record(db, effect, state.value, reason=reason)
    return True


def cancel(db: Connection, effect: Effect, reason: str) -> bool:
    if not move(db, effect, EffectState.CANCELLED, error=reason):
        return False
    if effect.decision is None:
        supplier_sending.ended(db, effect.tenant, effect.id, reason=reason)
    elif effect.answers:
        cases.take_back(db, effect.tenant, effect.decision)
        tickets.no_reply_leaves(db, effect.tenant, effect.decision)
    _record(db, effect, "cancelled", reason=reason)
    return True


def _record(db: Connection, about: Effect, what: str, **detail: object) -> None:
    kind = f"{about.kind}_{what}"
    events.record(db, about.tenant, actor="machine", kind=kind, subject=about.message, **detail)
