"""Mail in a workspace as the workers would have left it: through the functions of `storage` that they use."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID, uuid4

from sqlalchemy import text

from domain.answering import AnswerLook
from domain.category import Category
from domain.decision import Check, Citation, Decision, Reply
from domain.mailbox import RawMail
from domain.message import Address, Attachment, Message
from domain.understanding import Understanding
from storage import arrivals, decisions, desk, gaps, mailboxes, messages, reclassify
from storage.database import Database

LEASE = timedelta(minutes=1)
_numbers = count(1)

CITATION = Citation(
    source="en/returns.md", heading="How long can I return something?", start=10, end=42,
    quote="You can return it within 30 days.", version="0123456789abcdef",
)  # fmt: skip


@dataclass(frozen=True)
class Filler:
    """Fills one workspace; `member` is who connected its mailboxes."""

    database: Database
    tenant: UUID
    member: UUID

    def mailbox(self, address: str = "support@lumen.example", sub: str = "") -> UUID:
        with self.database.transaction(self.tenant) as db:
            mailbox, _ = mailboxes.connect(
                db, self.tenant, member=self.member, google_sub=sub or address, address=address, scopes=["x"]
            )
        return mailbox

    def store(
        self, mailbox: UUID, message: Message | None, *, thread: str = "", state: str = "fetched",
        direction: str = "in", at: datetime | None = None, error: str = "", raw: bytes = b"raw",
    ) -> messages.Claimed:  # fmt: skip
        """One mail that was fetched and read, or could not be read."""
        gmail_id = f"g{next(_numbers)}"
        at = at or datetime.now(UTC) - timedelta(minutes=5)
        with self.database.transaction(self.tenant) as db:
            db.execute(
                text("""
                    INSERT INTO message (tenant_id, id, mailbox_id, gmail_id, thread_id, direction)
                    VALUES (:tenant, gen_random_uuid(), :mailbox, :gmail_id, :thread, :direction)
                """),
                {"tenant": self.tenant, "mailbox": mailbox, "gmail_id": gmail_id, "thread": thread or gmail_id}
                | {"direction": direction},
            )
            [claim] = messages.claim_discovered(db, self.tenant, limit=1, lease=LEASE)
            mail = RawMail(gmail_id, claim.thread_id, (), at, raw, len(raw))
            conversation = arrivals.store(db, claim, mail, message, state=state, error=error)
        return replace(claim, conversation=conversation)

    def decide(
        self, claim: messages.Claimed, decision: Decision, understanding: Understanding | None, state: str = "decided"
    ) -> UUID:
        """Write a decision as `process` does; returns its id."""
        with self.database.transaction(self.tenant) as db:
            assert decisions.record(db, claim, decision, understanding, state=state)
            return db.execute(
                text("SELECT id FROM decision WHERE tenant_id = :tenant AND message_id = :id AND is_current"),
                {"tenant": self.tenant, "id": claim.id},
            ).scalar_one()

    def correct(self, decision: UUID, category: Category = Category.QUESTION, sub_intent: str = "policy") -> UUID:
        """A member says what the mail of a decision is about; returns the correction's id."""
        with self.database.transaction(self.tenant) as db:
            reclassify.correct(
                db, self.tenant, decision, member=self.member, category=category, sub_intent=sub_intent, learn=True
            )
            newest = "SELECT id FROM correction WHERE tenant_id = :tenant ORDER BY created_at DESC LIMIT 1"
            return db.execute(text(newest), {"tenant": self.tenant}).scalar_one()

    def held(self, mailbox: UUID, message: Message | None = None, **more) -> "Held":
        """A question that waits for a person, with a draft and its evidence."""
        draft = more.pop("draft", "Dear Anna,\n\nYou can return it within 30 days.")
        read = more.pop("understanding", UNDERSTANDING)
        message = message or MESSAGE
        look = more.pop("look", LOOK)
        claim = self.store(mailbox, message, **more)
        effects = [Reply(message.sender, message.subject, draft)] if draft and message.sender else []
        decision = Decision.hold("It asks for a person.", *effects).proven_by(CITATION).checked(*CHECKS)
        decision = replace(decision, answer=look)
        return Held(self.decide(claim, decision, read), claim.conversation, claim.id)

    def released(self, mailbox: UUID, state: str = "sent", **more) -> "Held":
        """A question that was answered by itself, in some state of the send machine."""
        claim = self.store(mailbox, more.pop("message", MESSAGE), **more)
        reply = Reply(MESSAGE.sender, MESSAGE.subject, "Dear Anna,\n\nWithin 30 days.")
        made = self.decide(claim, Decision.release("Answered from Returns.", reply), UNDERSTANDING)
        self.move(made, state)
        return Held(made, claim.conversation, claim.id)

    def answered_by_hand(self, mailbox: UUID, text: str = "Dear Anna,\n\nWithin 30 days.", **more) -> UUID:
        """A question that a person answered; returns the reply's id."""
        held = self.held(mailbox, **more)
        with self.database.transaction(self.tenant) as db:
            assert desk.send(db, self.tenant, held.decision, member=self.member, text_to_send=text, reference="ABC234")
        self.move(held.decision, "sent")
        [reply] = self.rows("SELECT id FROM outbox WHERE decision_id = :decision", decision=held.decision)
        return reply.id

    def gap(self, *mails: "Held") -> UUID:
        """What these ask is grouped, as the worker does; returns the group's id."""
        gap = uuid4()
        with self.database.transaction(self.tenant) as db:
            gaps.keep(db, self.tenant, "plain", [(one.message, b"1234") for one in mails])
            gaps.regroup(db, self.tenant, [gaps.Grouped(gap, "en", tuple(one.message for one in mails))])
        return gap

    def move(self, decision: UUID, state: str, error: str = "") -> None:
        """Put a reply where the send machine would have put it."""
        with self.database.transaction(self.tenant) as db:
            db.execute(
                text("""
                    UPDATE outbox SET state = :state, last_error = :error, next_at = now() + interval '4 minutes',
                        sent_at = CASE WHEN :state = 'sent' THEN now() END
                    WHERE tenant_id = :tenant AND decision_id = :decision
                """),
                {"tenant": self.tenant, "decision": decision, "state": state, "error": error},
            )

    def rows(self, question: str, **values) -> list:
        with self.database.transaction(self.tenant) as db:
            return list(db.execute(text(question), {"tenant": self.tenant, **values}))


@dataclass(frozen=True)
class Held:
    decision: UUID
    conversation: UUID
    message: UUID


MESSAGE = Message(
    sender=Address("anna@example.org", "Anna Winter"),
    to=(Address("support@lumen.example"),),
    subject="Sending the lamp back",
    text="How long may I send it back?\n\nOn Friday, Lumen wrote:\n> Your parcel has left.",
    html="<p>How long may I <b>send it back</b>?</p>",
    rfc_message_id="<1@example.org>",
    attachments=(Attachment("lamp.jpg", "image/jpeg", 204_800, "0" * 64),),
    sender_verified=True,
)

UNDERSTANDING = Understanding(
    text="How long may I send it back?",
    quoted="On Friday, Lumen wrote:\n> Your parcel has left.",
    language="en",
    category=Category.QUESTION,
    sub_intent="returns",
    confidence=0.93,
    importance=4,
    importance_reason="in a hurry",
    order_numbers=("LO-48213",),
)

CHECKS = (
    Check("Sure enough what it is about (93% question).", passed=True),
    Check("The writer does not ask for a person.", passed=False),
)

LOOK = AnswerLook(
    "quoted", 0.93, {"coverage": 0.8}, answered=True, model="plain/0", passage="How long can I return something?"
)
