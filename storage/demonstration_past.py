"""What became of the demonstration's older mail: written down as it would stand, and sent nowhere.

Nothing of it is recorded as an event: nobody did it.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from domain.category import Category
from domain.delivery import EffectState
from domain.message import Address
from domain.settlement import Settlement
from domain.understanding import Understanding
from storage.codec import dumps
from storage.messages import Claimed
from storage.references import new_reference

# How long people and the machine took.
_BY_A_PERSON, _BY_THE_MACHINE = timedelta(hours=2), timedelta(seconds=40)

_DECISION = text("""
    INSERT INTO decision (tenant_id, id, message_id, conversation_id, disposition, reason, category, confidence,
        importance, understanding, created_at, settled_at, settled_by, settlement)
    VALUES (:tenant, :decision, :message, :conversation, :disposition, :reason, :category, :confidence, :importance,
        CAST(:understanding AS jsonb), :at, CAST(:settled_at AS timestamptz), CAST(:settled_by AS uuid), :settlement)
""")

_REPLY = text("""
    INSERT INTO outbox (tenant_id, id, decision_id, position, kind, message_id, mailbox_id, conversation_id, thread_id,
        automatic, released_by, released_at, recipient, recipient_name, subject, text, draft_text, reference, state,
        last_error, created_at, sending_at, sent_at)
    VALUES (:tenant, :id, :decision, 0, 'reply', :message, :mailbox, :conversation, :thread, :automatic,
        CAST(:released_by AS uuid), :left_at, :recipient, :name, :subject, :reply, :reply, :reference, :state, :error,
        :at, CAST(:sending_at AS timestamptz), CAST(:sent_at AS timestamptz))
""")


@dataclass(frozen=True, slots=True)
class Past:
    """What was decided about a mail and what became of it.

    `reply` leaves as `state` says, by itself unless `by_person`; without one there was none. `dismissed` by a person.
    """

    disposition: str
    reason: str
    category: Category | None = None
    sub_intent: str = ""
    language: str = "und"
    reply: str = ""
    state: EffectState = EffectState.SENT
    error: str = ""
    by_person: bool = False
    dismissed: bool = False


def became(
    db: Connection, claim: Claimed, past: Past, *, sender: Address | None, subject: str, said: str, at: datetime,
    member: UUID,
) -> None:  # fmt: skip
    """Write down what became of the mail of `claim`, which came `at`; `member` stands for whoever did something."""
    settled = Settlement.DISMISSED if past.dismissed else Settlement.SENT if past.by_person else None
    left_at = at + (_BY_A_PERSON if past.by_person else _BY_THE_MACHINE)
    read = Understanding(
        said, past.language, past.category or Category.OTHER, past.sub_intent, confidence=0.97, importance=2
    )
    values = {
        "tenant": claim.tenant, "decision": uuid4(), "message": claim.id, "conversation": claim.conversation,
        "disposition": past.disposition, "reason": past.reason, "at": at,
        "settlement": settled.value if settled else None,
        "category": past.category.value if past.category else "", "confidence": 0.97 if past.category else 0.0,
        "importance": 2, "understanding": dumps(asdict(read)) if past.category else "{}",
        "settled_at": at + _BY_A_PERSON if settled else None, "settled_by": member if settled else None,
    }  # fmt: skip
    db.execute(_DECISION, values)
    if not past.reply or sender is None:
        return
    tried = past.state is not EffectState.CANCELLED
    reply = {
        "id": uuid4(), "mailbox": claim.mailbox, "thread": claim.thread_id, "automatic": not past.by_person,
        "released_by": member if past.by_person else None, "left_at": left_at, "recipient": sender.address,
        "name": sender.name, "subject": subject, "reply": past.reply, "reference": new_reference(),
        "state": past.state.value, "error": past.error, "sending_at": left_at if tried else None,
        "sent_at": left_at if past.state is EffectState.SENT else None,
    }  # fmt: skip
    db.execute(_REPLY, values | reply)
