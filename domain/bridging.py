"""The bridge to a merchant's ticketing system: what of a decision goes onto the order's ticket, and in which form."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from domain.category import Category
from domain.decision import Decision, Disposition, Effect, InternalNote, Reply, TicketMessage, WordsFor
from domain.message import Message
from domain.phase import Phase
from domain.ticket import TicketType
from domain.understanding import Understanding

# In characters: what a note quotes of a mail. The whole mail is at the desk.
LONGEST_QUOTE = 4000

SHADOW = "The ticketing bridge is in shadow: it suggests, and a person decides."

_MARKER = re.compile(r"MW-[2-9A-HJKMNP-Z]{6}(?![0-9A-Za-z])")

# By what the mail was read as; what is not named here is a general enquiry.
_TYPES = {
    "order_status": TicketType.TRACKING,
    "shipping": TicketType.TRACKING,
    "technical": TicketType.TECH_SUPPORT,
}
_TYPES_OF_CATEGORY = {Category.REFUND: TicketType.RETURN, Category.QUESTION: TicketType.GENERAL_INFO}


class Mode(StrEnum):
    """Where a customer's reply goes, and whether the ticket hears of it."""

    TICKET_ONLY = "ticket_only"
    GMAIL_ONLY = "gmail_only"
    GMAIL_WITH_NOTE = "gmail_with_note"


@dataclass(frozen=True, slots=True)
class BridgeRules:
    """A tenant's settings. In `shadow` nothing is released by itself, and suggestions become internal notes."""

    mode: Mode
    shadow: bool = False


def bridged(
    decision: Decision,
    message: Message,
    understanding: Understanding,
    order_number: str,
    rules: BridgeRules,
    *,
    phase: Phase = Phase.AUTOMATIC,
) -> Decision:
    """The decision with what goes onto the ticket of its order; `order_number` is empty where none is known for sure.

    The bridge's own shadow holds every release, of whatever mail: who only wants to watch wants nothing to leave. Where
    the `phase` of the mail's category is shadow it is held already; in both the suggestion becomes a note.
    """
    if decision.disposition is Disposition.IGNORE:
        return decision
    replies = [effect for effect in decision.effects if isinstance(effect, Reply)]
    if rules.shadow and decision.disposition is Disposition.RELEASE:
        decision = decision.held(SHADOW)
    if not order_number:
        return decision
    asked = quoted(understanding.text or message.text)
    notes: list[InternalNote] = []
    if rules.shadow or phase is Phase.SHADOW:
        notes.append(InternalNote(order_number, _suggestion(asked, replies, decision.reason)))
    if rules.mode is Mode.GMAIL_WITH_NOTE:
        notes.append(InternalNote(order_number, f"The customer wrote:\n{asked}", after_reply=True))
    effects = decision.effects
    if rules.mode is Mode.TICKET_ONLY:
        effects = tuple(_by_ticket(effect, order_number) for effect in effects)
    return replace(decision, effects=(*effects, *notes))


def ticket_type(category: str, sub_intent: str) -> TicketType:
    """The system's own word for what a mail is about."""
    known = Category(category) if category in set(Category) else Category.OTHER
    return _TYPES.get(sub_intent) or _TYPES_OF_CATEGORY.get(known, TicketType.SUPPORT_ENQUIRY)


def quoted(text: str) -> str:
    """Somebody else's words as plain text for people, each line marked; what a page would take for HTML is none."""
    plain = text.strip()[:LONGEST_QUOTE].translate({ord("<"): "‹", ord(">"): "›"})
    return "\n".join(f"| {line}".rstrip() for line in plain.splitlines()) or "| (no words)"


def told_by_supplier(who: str, orders: Sequence[str], summary: Sequence[str], text: str) -> str:
    """The note of a supplier's answer: who, on which orders, in short, and all of it. Their words are quoted."""
    short = "\n".join(quoted(one) for one in summary)
    head = f"{who} answered on purchase order {', '.join(orders)}."
    return "\n\n".join((head, f"In short:\n{short}", f"They wrote:\n{quoted(text)}"))


def answered(reply: str) -> str:
    """What is added to a note that waited for the reply."""
    return f"\n\nWe answered by mail:\n{quoted(reply)}"


def marker_of(reference: str) -> str:
    """`reference` is six letters of ours; see `storage.references`."""
    return f"MW-{reference}"


def marked(text: str, marker: str) -> str:
    """The words as they go onto the ticket: they end with the marker by which they are found again."""
    return f"{text.rstrip()}\n\n[{marker}]"


def carries(text: str, marker: str) -> bool:
    """Whether a text of a ticket is the one of this marker, or quotes it."""
    return marker in _MARKER.findall(text)


def is_ours(text: str) -> bool:
    """Whether it carries any marker of ours: such entries are kept out of what a model reads."""
    return _MARKER.search(text) is not None


def _by_ticket(effect: Effect, order_number: str) -> Effect:
    if not isinstance(effect, Reply):
        return effect
    return TicketMessage(WordsFor.CUSTOMER, order_number, effect.to, effect.subject, effect.text)


def _suggestion(asked: str, replies: list[Reply], reason: str) -> str:
    drafted = [f"We would answer:\n{quoted(reply.text)}" for reply in replies] or [f"A person decides: {reason}"]
    return "\n\n".join((f"The customer wrote:\n{asked}", *drafted))
