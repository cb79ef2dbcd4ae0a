"""What goes onto tickets, written with what decides it: nothing is asked of the ticketing system here."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from domain.bridging import answered, marker_of, ticket_type
from domain.decision import InternalNote, TicketMessage, WordsFor
from domain.delivery import WordsState
from domain.order import normal_number
from domain.understanding import Understanding
from storage.messages import Claimed
from storage.references import new_reference

# Only where a system is connected: without one no ticket is ever written down.
_OPEN = text("""
    INSERT INTO ticket (tenant_id, id, order_number, conversation_id, message_id, type, marker)
    SELECT c.tenant_id, :id, :number, :conversation, :message, :type, :marker FROM ticketing c
    WHERE c.tenant_id = :tenant
    ON CONFLICT (tenant_id, order_number) DO NOTHING
""")

_OF_ORDER = text("SELECT id FROM ticket WHERE tenant_id = :tenant AND order_number = :number")

_NOTE_DECISION = text("UPDATE decision SET ticket_id = :ticket WHERE tenant_id = :tenant AND id = :decision")

_WRITE = text("""
    INSERT INTO ticket_words (tenant_id, id, ticket_id, side, text, marker, recipient, automatic, decision_id,
        message_id, conversation_id, reply_id, request_id, wall_reason, state, last_error)
    SELECT t.tenant_id, :id, t.id, :side, :text, :marker, :recipient, :automatic, :decision, :message, :conversation,
        :reply, :request, :wall_reason, CASE WHEN t.state = 'needs_person' THEN 'needs_person' ELSE :state END,
        CASE WHEN t.state = 'needs_person' THEN t.last_error ELSE '' END
    FROM ticket t WHERE t.tenant_id = :tenant AND t.id = :ticket
    RETURNING id, state
""")

_DUE = text("""
    UPDATE ticket SET next_at = coalesce(next_at, now()), due_since = coalesce(due_since, now())
    WHERE tenant_id = :tenant AND id = :ticket AND state <> 'needs_person'
""")

# Whoever just finds that nothing is left to do on a ticket, or gives it to a person, has to see these words first.
_LOCK = text("SELECT FROM ticket WHERE tenant_id = :tenant AND id = :ticket FOR UPDATE")
_TAKES = text("SELECT state <> 'needs_person' FROM ticket WHERE tenant_id = :tenant AND id = :ticket FOR UPDATE")
_LOCK_WAITING = text("""
    SELECT t.id FROM ticket t WHERE t.tenant_id = :tenant AND EXISTS (SELECT FROM ticket_words w
        WHERE w.tenant_id = t.tenant_id AND w.ticket_id = t.id AND w.decision_id = :decision AND w.state = 'waiting')
    ORDER BY t.id FOR UPDATE
""")

_LEFT = text("""
    UPDATE ticket_words w SET text = w.text || :words,
        state = CASE WHEN t.state = 'needs_person' THEN 'needs_person' ELSE 'pending' END,
        last_error = CASE WHEN t.state = 'needs_person' THEN t.last_error ELSE '' END
    FROM ticket t
    WHERE w.tenant_id = :tenant AND w.decision_id = :decision AND w.state = 'waiting'
        AND t.tenant_id = w.tenant_id AND t.id = w.ticket_id
    RETURNING w.ticket_id
""")

_NO_REPLY = text("""
    UPDATE ticket_words SET state = 'cancelled', last_error = 'No reply left.'
    WHERE tenant_id = :tenant AND decision_id = :decision AND state = 'waiting'
""")


@dataclass(frozen=True, slots=True)
class Words:
    """One text for a ticket. `reply` is the row of the outbox whose words these are, `request` what a supplier is
    asked by them, `automatic` that nobody approved them, `wall_reason` why a person sends them over the wall.
    """

    side: WordsFor
    text: str
    recipient: str = ""
    automatic: bool = True
    decision: UUID | None = None
    message: UUID | None = None
    conversation: UUID | None = None
    reply: UUID | None = None
    request: UUID | None = None
    wall_reason: str = ""


def of_decision(
    db: Connection,
    claim: Claimed,
    decision: UUID,
    effects: list[TicketMessage | InternalNote],
    understanding: Understanding | None,
    *,
    released: bool,
) -> None:
    """Link the decision to the ticket of its order, and write its notes: at once, or as soon as its reply has left.

    A reply to the customer stands in the outbox: it is handed to the ticket when it leaves. What is for a supplier goes
    onto the ticket where the decision is `released`, and waits for a person where it is not.
    """
    for effect in effects:
        category, sub_intent = (understanding.category.value, understanding.sub_intent) if understanding else ("", "")
        about = int(ticket_type(category, sub_intent))
        ticket = open_one(db, claim.tenant, effect.order_number, claim.conversation, claim.id, about=about)
        if ticket is None:
            continue
        db.execute(_NOTE_DECISION, {"tenant": claim.tenant, "decision": decision, "ticket": ticket})
        side, recipient, state = WordsFor.NOTE, "", WordsState.PENDING
        if isinstance(effect, TicketMessage):
            side, recipient = effect.side, effect.to.address
            state = state if released else WordsState.HELD
        elif effect.after_reply:
            state = WordsState.WAITING
        if side is not WordsFor.CUSTOMER:
            words = Words(
                side, effect.text, recipient, decision=decision, message=claim.id, conversation=claim.conversation
            )
            write(db, claim.tenant, ticket, words, state=state)


def open_one(
    db: Connection, tenant: UUID, order_number: str, conversation: UUID | None, message: UUID | None, *, about: int
) -> UUID | None:
    """The ticket of an order, written down when it is first needed; None where no system is connected.

    Nothing is due by it before words are.
    """
    number = normal_number(order_number)
    values = {"tenant": tenant, "number": number, "conversation": conversation, "message": message, "type": about}
    db.execute(_OPEN, {**values, "id": uuid4(), "marker": marker_of(new_reference())})
    found: UUID | None = db.execute(_OF_ORDER, values).scalar()
    return found


def takes_words(db: Connection, tenant: UUID, ticket: UUID) -> bool:
    """Whether a reply may go by this ticket: not where a person has it. Its row stays locked until the commit."""
    found = db.execute(_TAKES, {"tenant": tenant, "ticket": ticket}).scalar()
    return bool(found)


def write(
    db: Connection, tenant: UUID, ticket: UUID, words: Words, *, state: WordsState = WordsState.PENDING
) -> UUID | None:
    """Put a text behind what waits for this ticket already; None where there is no such ticket."""
    values = {
        "tenant": tenant, "id": uuid4(), "ticket": ticket, "side": words.side.value, "text": words.text,
        "marker": marker_of(new_reference()), "recipient": words.recipient, "automatic": words.automatic,
        "decision": words.decision, "message": words.message, "conversation": words.conversation,
        "reply": words.reply, "request": words.request, "wall_reason": words.wall_reason,
        "state": state.value,
    }  # fmt: skip
    db.execute(_LOCK, values)
    written = db.execute(_WRITE, values).one_or_none()
    if written is None:
        return None
    if state is WordsState.PENDING:
        db.execute(_DUE, values)
    found: UUID = written.id
    return found


def reply_left(db: Connection, tenant: UUID, decision: UUID, reply: str) -> None:
    """A reply of the decision has left with these words: what waited for it goes onto the ticket."""
    values = {"tenant": tenant, "decision": decision, "words": answered(reply)}
    if not db.execute(_LOCK_WAITING, values).all():
        return
    for ticket in set(db.execute(_LEFT, values).scalars()):
        db.execute(_DUE, {"tenant": tenant, "ticket": ticket})


def no_reply_leaves(db: Connection, tenant: UUID, decision: UUID) -> None:
    """No reply of the decision leaves any more: what waited for one waits no longer."""
    db.execute(_NO_REPLY, {"tenant": tenant, "decision": decision})
