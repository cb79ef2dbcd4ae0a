"""What shall happen with one message: disposition, reason, effects, evidence."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from domain.answering import AnswerLook
from domain.case import Case
from domain.category import Category
from domain.composition import Attempt
from domain.message import Address
from domain.money import Money
from domain.order_action import Action, WantedItem


class Disposition(StrEnum):
    RELEASE = "release"
    HOLD = "hold"
    IGNORE = "ignore"


class EffectKind(StrEnum):
    """Each kind of effect, as the outbox names it."""

    REPLY = "reply"
    IDENTITY = "identity"
    ORDER_ACT = "order_act"
    TICKET_MESSAGE = "ticket_message"
    INTERNAL_NOTE = "internal_note"
    # Of a request to a supplier, not of a decision about a mail: see `storage.supplier_requests`.
    SUPPLIER_MAIL = "supplier_mail"
    SUPPLIER_REMINDER = "supplier_reminder"
    OPERATIONS_ALERT = "operations_alert"


@dataclass(frozen=True, slots=True)
class Reply:
    """A plain-text mail to the writer of the message. The recipient comes from its headers, never from a text."""

    to: Address
    subject: str
    text: str
    kind: EffectKind = EffectKind.REPLY


@dataclass(frozen=True, slots=True)
class IdentityMail:
    """A mail of its own to the address on the order: whoever reads it there may confirm that they wrote to us.

    `text` names the place of the link as {link}: it is made as the mail leaves, and stands in no table.
    """

    to: Address
    subject: str
    text: str
    order_number: str
    kind: EffectKind = EffectKind.IDENTITY


@dataclass(frozen=True, slots=True)
class OrderAct:
    """Something done with an order, at most once. `amount` is what is paid back now, None where nothing is.

    `approvals` is how many people must approve it before it is done: 0, 1 or 2. The replies of the same decision wait
    until it is done.
    """

    action: Action
    order_number: str
    amount: Money | None = None
    items: tuple[WantedItem, ...] = ()
    reason: str = ""
    approvals: int = 1
    kind: EffectKind = EffectKind.ORDER_ACT


class WordsFor(StrEnum):
    """Who reads what goes onto a ticket: a note is for the merchant's own people alone."""

    CUSTOMER = "customer"
    SUPPLIER = "supplier"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class TicketMessage:
    """A text that leaves by the ticket of an order instead of by Gmail. `side` is CUSTOMER or SUPPLIER.

    For a customer the recipient comes from the headers of their mail, as for a `Reply`, and the same guards it.
    """

    side: WordsFor
    order_number: str
    to: Address
    subject: str
    text: str
    kind: EffectKind = EffectKind.TICKET_MESSAGE


@dataclass(frozen=True, slots=True)
class InternalNote:
    """A note on the ticket of an order, which nobody outside reads; a hold posts it, too.

    `after_reply`: it waits until a reply of the decision has left, and ends with what that said.
    """

    order_number: str
    text: str
    after_reply: bool = False
    kind: EffectKind = EffectKind.INTERNAL_NOTE


# One thing to be done in the world. A new kind is a new member here, and mypy names every place that must know it.
Effect = Reply | IdentityMail | OrderAct | TicketMessage | InternalNote


@dataclass(frozen=True, slots=True)
class Tried:
    """An order number that was named in vain. `exists`: it is somebody else's, which only members may learn."""

    number: str
    exists: bool


@dataclass(frozen=True, slots=True)
class Citation:
    """A span of a stored document: `quote == document.body[start:end]`, offsets in characters of that version.

    `url` is the document's own public address, where it has one.
    """

    source: str
    heading: str
    start: int
    end: int
    quote: str
    version: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """What a row of ours says, in words, and when the row said so (UTC): "order LO-48213", "incident: Card payments".

    `url` is where the customer can see more, or empty.
    """

    source: str
    text: str
    as_of: datetime
    url: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A page of the web that a member may want to read. Nobody has checked it: no effect is ever made of one."""

    title: str
    url: str
    snippet: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """Something that was looked at on the way to a decision, in words, and whether it spoke for release."""

    text: str
    passed: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """For one message. `effects` of a hold are drafts: nothing is done with them until a person releases them.

    `case` is the case as it stands after this decision; `case_on_release` what it becomes when a person releases it.
    `answer` is how the answer was looked at that the reply rests on, also where none was given.
    `tried` are order numbers that the writer named in vain: kept for members.
    `composition` is what a language model was asked and said on the way, with the verdict on each sentence.
    `handled_as` is the category whose handler and phase it went by. `would_release`: it is held by that phase alone.
    """

    disposition: Disposition
    reason: str
    effects: tuple[Effect, ...] = ()
    citations: tuple[Citation, ...] = ()
    checks: tuple[Check, ...] = ()
    case: Case | None = None
    case_on_release: Case | None = None
    answer: AnswerLook | None = None
    composition: tuple[Attempt, ...] = ()
    facts: tuple[Fact, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    tried: tuple[Tried, ...] = ()
    handled_as: Category | None = None
    would_release: bool = False

    @classmethod
    def release(cls, reason: str, *effects: Effect) -> "Decision":
        return cls(Disposition.RELEASE, reason, effects)

    @classmethod
    def hold(cls, reason: str, *drafts: Effect) -> "Decision":
        return cls(Disposition.HOLD, reason, drafts)

    @classmethod
    def ignore(cls, reason: str) -> "Decision":
        return cls(Disposition.IGNORE, reason)

    def held(self, reason: str) -> "Decision":
        """The same decision, waiting for a person; the case does not move before that person has decided."""
        return replace(
            self, disposition=Disposition.HOLD, reason=reason, case=None, case_on_release=self.case, would_release=False
        )

    def proven_by(self, *citations: Citation) -> "Decision":
        return replace(self, citations=(*self.citations, *citations))

    def after(self, *attempts: Attempt) -> "Decision":
        return replace(self, composition=(*self.composition, *attempts))

    def known_from(self, *facts: Fact) -> "Decision":
        return replace(self, facts=(*self.facts, *facts))

    def suggesting(self, *suggestions: Suggestion) -> "Decision":
        """The same decision, effects untouched, with something to read for whoever decides about it."""
        return replace(self, suggestions=(*self.suggestions, *suggestions))

    def checked(self, *checks: Check) -> "Decision":
        return replace(self, checks=(*self.checks, *checks))

    def moving(self, case: Case) -> "Decision":
        return replace(self, case=case)
