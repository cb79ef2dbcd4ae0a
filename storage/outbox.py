"""The outbox: effects waiting or done, and each move of the send machine (GMAIL.md 5.4) as one fenced update."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, text

from domain.decision import EffectKind, WordsFor
from domain.delivery import DraftRef, EffectState, Gate, SentRef
from domain.message import Address
from domain.triage import Policy
from storage import act_ends, cases, citations, claims, events, identity_links, supplier_sending, tickets, walls
from storage.tickets import Words


@dataclass(frozen=True, slots=True)
class Effect:
    """A claimed row. `in_reply_to` and `references` come from the mail that is answered: as hostile as it was.

    `ticket` is the ticket by which it leaves instead of by Gmail, where the tenant wants that. It belongs to a
    `decision` about a mail, or to a `request` to a supplier; of that, `in_reply_to` is our own mail before it, and
    `sent_before` its Gmail id as long as nobody has asked which Message-ID Gmail gave it.
    """

    tenant: UUID
    id: UUID
    kind: EffectKind
    decision: UUID | None
    message: UUID
    mailbox: UUID
    mailbox_address: str
    thread_id: str
    state: EffectState
    automatic: bool
    recipient: Address
    subject: str
    text: str
    reference: str
    in_reply_to: str
    references: tuple[str, ...]
    created_at: datetime
    released_at: datetime | None
    draft_id: str | None
    pre_history_id: int
    attempts: int
    looks: int
    fence: int
    waited: timedelta
    ticket: UUID | None = None
    request: UUID | None = None
    sent_before: str = ""

    @property
    def written_at(self) -> datetime:
        """When it was decided, or approved by a person: it may have waited for that for days."""
        return self.released_at or self.created_at

    @property
    def answers(self) -> bool:
        """Whether it answers the mail, in its thread; a mail with a link goes to somebody else, in one of its own."""
        return self.kind is EffectKind.REPLY

    @property
    def handed_over(self) -> bool:
        """Whether Gmail was ever asked to send it."""
        return self.waited > timedelta()


_CLAIM = text("""
    WITH chosen AS (
        SELECT r.mailbox_id FROM outbox r JOIN mailbox b ON b.tenant_id = r.tenant_id AND b.id = r.mailbox_id
        WHERE r.tenant_id = :tenant AND r.state IN ('pending', 'drafted', 'sending', 'uncertain') AND r.next_at <= now()
            AND (r.lease_until IS NULL OR r.lease_until < now())
            AND b.status = 'active' AND (b.blocked_until IS NULL OR b.blocked_until < now())
        ORDER BY r.next_at LIMIT 1
    ), taken AS (
        SELECT r.id FROM outbox r, chosen
        WHERE r.tenant_id = :tenant AND r.mailbox_id = chosen.mailbox_id AND r.next_at <= now()
            AND r.state IN ('pending', 'drafted', 'sending', 'uncertain')
            AND (r.lease_until IS NULL OR r.lease_until < now())
        ORDER BY r.next_at LIMIT :limit FOR UPDATE OF r SKIP LOCKED
    )
    UPDATE outbox o SET lease_until = now() + :lease, fence = o.fence + 1, attempts = o.attempts + 1
    FROM taken, mailbox b, message m
    WHERE o.tenant_id = :tenant AND o.id = taken.id AND b.tenant_id = o.tenant_id AND b.id = o.mailbox_id
        AND m.tenant_id = o.tenant_id AND m.id = o.message_id
    RETURNING o.id, o.kind, o.decision_id, o.request_id, o.message_id, o.mailbox_id, b.address, o.thread_id, o.state,
        o.automatic, o.recipient, o.recipient_name, o.subject, o.text, o.reference,
        m.parsed ->> 'rfc_message_id' AS in_reply_to, m.parsed -> 'references' AS refs,
        o.created_at, o.released_at, o.draft_id,
        coalesce(o.pre_history_id, b.history_id, 0) AS pre, o.attempts, o.looks, o.fence,
        now() - coalesce(o.sending_at, now()) AS waited,
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

# Everything that must still be true in the instant before a mail leaves. What was sent by hand answers this mail when
# it came later, or names it: two mails of one millisecond, found by a listing, have no order of their own. The thread
# is that of the mail that came in, also for a mail of ours that begins one of its own.
_GATE = text("""
    SELECT b.status, t.answering, o.sending_at IS NULL AS is_first, o.text = o.draft_text AS as_drafted,
        o.claim_reason,
        CAST(t.policy ->> 'replies_per_mailbox_and_day' AS integer) AS per_day,
        CAST(t.policy ->> 'replies_per_mailbox_and_hour' AS integer) AS per_hour,
        coalesce(d.understanding ->> 'automatic', '') <> '' AS to_a_machine,
        coalesce(b.last_ok_at > now() - CAST(:sight AS interval), false) AS in_sight,
        d.is_current AND d.disposition = 'release' AS stands,
        EXISTS (SELECT FROM outbox p WHERE p.tenant_id = o.tenant_id AND p.mailbox_id = o.mailbox_id
            AND p.thread_id = m.thread_id AND p.id <> o.id AND p.state IN ('sending', 'uncertain')) AS another_leaving,
        EXISTS (SELECT FROM message s WHERE s.tenant_id = o.tenant_id AND s.mailbox_id = o.mailbox_id
            AND s.thread_id = m.thread_id AND s.direction = 'out'
            AND (s.seq > m.seq OR s.received_at > m.received_at
                OR m.rfc_message_id <> '' AND jsonb_exists(s.parsed -> 'references', m.rfc_message_id))
            AND NOT EXISTS (SELECT FROM outbox p WHERE p.tenant_id = s.tenant_id AND p.mailbox_id = s.mailbox_id
                AND p.sent_gmail_id = s.gmail_id)) AS answered_by_hand
    FROM outbox o JOIN mailbox b ON b.tenant_id = o.tenant_id AND b.id = o.mailbox_id
        JOIN message m ON m.tenant_id = o.tenant_id AND m.id = o.message_id
        JOIN decision d ON d.tenant_id = o.tenant_id AND d.id = o.decision_id
        JOIN tenant t ON t.tenant_id = o.tenant_id
    WHERE o.tenant_id = :tenant AND o.id = :id AND o.fence = :fence
    FOR UPDATE OF o
""")

_COUNT = text("""
    INSERT INTO reply_counter (tenant_id, scope, key, day, n)
    VALUES (:tenant, :scope, CAST(:key AS text) || coalesce(to_char(now(), CAST(:within AS text)), ''), current_date, 1)
    ON CONFLICT (tenant_id, scope, key, day) DO UPDATE SET n = reply_counter.n + 1 WHERE reply_counter.n < :limit
    RETURNING n
""")

_TO_TICKET = text("""
    UPDATE outbox SET state = 'waiting', sending_at = now(), lease_until = NULL, last_error = ''
    WHERE tenant_id = :tenant AND id = :id AND fence = :fence AND state = 'pending'
    RETURNING conversation_id
""")

_SENT = text("""
    UPDATE outbox SET state = 'sent', sent_gmail_id = :gmail_id, sent_at = now(), lease_until = NULL, last_error = ''
    WHERE tenant_id = :tenant AND id = :id AND fence = :fence
""")

_LABEL = text(
    "UPDATE message SET label_due = true, next_at = now(), attempts = 0 WHERE tenant_id = :tenant AND id = :id"
)

_MOVE = text("""
    UPDATE outbox SET state = :state, last_error = :error, next_at = now() + :after, lease_until = NULL,
        looks = looks + :looked, attempts = attempts - :uncounted
    WHERE tenant_id = :tenant AND id = :id AND fence = :fence
""")

_GIVE_BACK = text("""
    UPDATE outbox SET last_error = :error, next_at = now() + :after, lease_until = NULL,
        attempts = attempts - :uncounted
    WHERE tenant_id = :tenant AND id = :id AND fence = :fence
""")

_TO_PERSON = text("""
    UPDATE decision SET disposition = 'hold', reason = :reason, settled_at = NULL, settlement = NULL,
        importance = greatest(importance, 3)
    WHERE tenant_id = :tenant AND id = :decision
""")

_SET_LIMITS = text("""
    UPDATE tenant SET policy = policy || jsonb_build_object('replies_per_mailbox_and_day', CAST(:per_day AS integer),
        'replies_per_mailbox_and_hour', CAST(:per_hour AS integer))
    WHERE tenant_id = :tenant
""")

# Below the 500 mails that Gmail lets a private account send a day (2,000 in Google Workspace), so that a fault of ours
# never costs the merchant the mailbox, and somebody sees it while it is small.
REPLIES_PER_MAILBOX_AND_DAY = 400
REPLIES_PER_MAILBOX_AND_HOUR = 300


def claim(db: Connection, tenant: UUID, *, limit: int, lease: timedelta) -> list[Effect]:
    """Up to `limit` effects of one mailbox that are due; every claim counts as an attempt."""
    rows = db.execute(_CLAIM, {"tenant": tenant, "limit": limit, "lease": lease})
    effects = [
        Effect(
            tenant, row.id, EffectKind(row.kind), row.decision_id, row.message_id, row.mailbox_id, row.address,
            row.thread_id, EffectState(row.state), row.automatic, Address(row.recipient, row.recipient_name),
            row.subject, row.text, row.reference, row.in_reply_to or "", tuple(row.refs or ()), row.created_at,
            row.released_at, row.draft_id, int(row.pre), row.attempts, row.looks, row.fence, row.waited, row.ticket,
            row.request_id,
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
    """Look once more at everything that forbids sending; when nothing does, the row says `sending` after the commit.

    What nobody approved leaves only while the mailbox was synced within `sight`: somebody may have answered by hand.
    """
    gate, reason = _forbidden(db, effect, sight)
    if gate is not Gate.OPEN:
        return gate, reason
    values = {"tenant": effect.tenant, "id": effect.id, "fence": effect.fence}
    return (Gate.OPEN, "") if db.execute(_SENDING, values).rowcount == 1 else (Gate.LOST, "Another worker took it.")


def hand_to_ticket(db: Connection, effect: Effect, *, sight: timedelta) -> tuple[Gate, str]:
    """The same for a reply that leaves by its ticket: from here on it waits for what becomes of it there."""
    gate, reason = _forbidden(db, effect, sight)
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


def _of_request(db: Connection, effect: Effect, sight: timedelta) -> tuple[Gate, str]:
    gate, reason = supplier_sending.forbidden(db, effect.tenant, effect.id, effect.fence, sight=sight)
    if gate is not Gate.OPEN:
        return gate, reason
    over_the_wall = walls.doubt(db, effect)
    if over_the_wall:
        return Gate.HOLD, f"{over_the_wall} A person decides."
    if not effect.automatic or effect.handed_over:
        return Gate.OPEN, ""
    per_day, per_hour = supplier_sending.limits(db, effect.tenant)
    exceeded = _exceeded(
        db, effect, per_day=per_day or REPLIES_PER_MAILBOX_AND_DAY, per_hour=per_hour or REPLIES_PER_MAILBOX_AND_HOUR
    )
    return (Gate.REST, f"Too many automatic mails {exceeded}.") if exceeded else (Gate.OPEN, "")


def _forbidden(db: Connection, effect: Effect, sight: timedelta) -> tuple[Gate, str]:
    if effect.decision is None:
        return _of_request(db, effect, sight)
    return _of_decision(db, effect, effect.decision, sight)


def _of_decision(db: Connection, effect: Effect, decision: UUID, sight: timedelta) -> tuple[Gate, str]:
    values = {"tenant": effect.tenant, "id": effect.id, "fence": effect.fence}
    now = db.execute(_GATE, {**values, "sight": sight}).one_or_none()
    if now is None:
        return Gate.LOST, "Another worker took it."
    unapproved = effect.automatic
    unwanted = _unwanted(db, effect, stands=now.stands)
    objections = (
        (now.status != "active", Gate.WAIT, "The mailbox is paused."),
        (now.another_leaving, Gate.WAIT, "Another reply in this conversation is just leaving."),
        (unapproved and now.answered_by_hand, Gate.CANCEL, "Somebody answered by hand in Gmail."),
        (bool(unwanted), Gate.CANCEL, unwanted),
        (unapproved and now.to_a_machine, Gate.HOLD, "A machine wrote the mail that this answers."),
        (unapproved and not now.answering, Gate.HOLD, "Answering by itself is paused."),
        (unapproved and not now.in_sight, Gate.WAIT, "The mailbox was not read for a while; first it is read."),
    )
    for objects, gate, reason in objections:
        if objects:
            return gate, reason
    # Who approved the draft may not know; who changed it answers in their own words.
    doubt = citations.doubt(db, effect.tenant, decision) if unapproved or now.as_drafted else ""
    if doubt:
        return Gate.HOLD, f"{doubt} {'A person decides.' if unapproved else 'Change the reply before you send it.'}"
    # Nobody tells a customer what was not done; a person who gave their reason for it is answerable.
    claim = claims.doubt(db, effect.tenant, decision, effect.text) if unapproved or not now.claim_reason else ""
    forbidden = claim or walls.doubt(db, effect)
    if forbidden:
        return Gate.HOLD, f"{forbidden} A person decides."
    if unapproved and now.is_first:
        per_day, per_hour = now.per_day or REPLIES_PER_MAILBOX_AND_DAY, now.per_hour or REPLIES_PER_MAILBOX_AND_HOUR
        exceeded = _exceeded(db, effect, per_day=per_day, per_hour=per_hour)
        if exceeded:
            return Gate.HOLD, f"Too many automatic replies {exceeded}; a person decides."
    return Gate.OPEN, ""


def sent(db: Connection, effect: Effect, reference: SentRef) -> bool:
    """It left: remember Gmail's id, so that the copy that comes back is known as ours, and ask for the label."""
    values = {"tenant": effect.tenant, "id": effect.id, "fence": effect.fence, "gmail_id": reference.gmail_id}
    if db.execute(_SENT, values).rowcount != 1:
        return False
    if effect.decision is None:
        supplier_sending.sent(db, effect.tenant, effect.id, thread_id=reference.thread_id)
    elif effect.answers:
        db.execute(_LABEL, {"tenant": effect.tenant, "id": effect.message})
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
    """Give the row back in `state`, due again in `after`; what was not tried does not count as an attempt."""
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


def set_limits(db: Connection, tenant: UUID, *, per_day: int, per_hour: int) -> None:
    """How many automatic replies may leave one mailbox of this tenant: more for Google Workspace, say."""
    db.execute(_SET_LIMITS, {"tenant": tenant, "per_day": per_day, "per_hour": per_hour})


def _unwanted(db: Connection, effect: Effect, *, stands: bool) -> str:
    """Why a mail with a link is not wanted any more, or nothing."""
    if effect.answers:
        return ""
    if not stands:
        return "A person has it by now."
    alive = identity_links.look(db, effect.tenant, effect.id) is not None
    return "" if alive else "Its link does not work any more."


def _record(db: Connection, about: Effect, what: str, **detail: object) -> None:
    kind = f"{about.kind}_{what}"
    events.record(db, about.tenant, actor="machine", kind=kind, subject=about.message, **detail)


def _exceeded(db: Connection, effect: Effect, *, per_day: int, per_hour: int) -> str:
    """Count this reply against each limit, and say which one it exceeds; counting and comparing are one statement."""
    limits = (
        ("sender", effect.recipient.mailbox, "", Policy().max_replies_per_sender_and_day, "to this sender today"),
        ("mailbox", str(effect.mailbox), "", per_day, "from this mailbox today"),
        ("mailbox_hour", str(effect.mailbox), "/HH24", per_hour, "from this mailbox within an hour"),
    )
    # How many links go to one address is counted where they are made. The hour first: what waits for it and asks again
    # counts no more days.
    for scope, key, within, limit, words in limits if effect.answers else limits[:0:-1]:
        values = {"tenant": effect.tenant, "scope": scope, "key": key, "within": within, "limit": limit}
        if db.execute(_COUNT, values).scalar() is None:
            return words
    return ""
