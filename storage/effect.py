"""A claimed row of the outbox: one thing that is to leave by a mailbox, or by the ticket of its order."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from domain.decision import EffectKind
from domain.delivery import EffectState
from domain.message import Address


@dataclass(frozen=True, slots=True)
class Effect:
    """A claimed row. `in_reply_to` and `references` come from the mail that is answered: as hostile as it was.

    `ticket` is the ticket by which it leaves instead of by Gmail, where the tenant wants that. It belongs to a
    `decision` about a mail, or to a `request` to a supplier; of that, `in_reply_to` is our own mail before it, and
    `sent_before` its Gmail id as long as nobody has asked which Message-ID Gmail gave it. `as_draft`: it is laid down
    as a draft for the merchant to send, and never sent by us.
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
    as_draft: bool = False

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
