"""Whose a mail is as far as suppliers are concerned: the order in which that is looked at, and what the mail is about.

A display name is no sign of anything: whoever writes a mail chooses it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.message import Address
from domain.supplier import Supplier
from domain.supplier_request import FoundBy, SupplierRequest

# Gmail says when a mail came, and we say when ours left; `storage.supplier_requests.heard` allows as much.
CLOCKS_DIFFER = timedelta(minutes=2)


class KnownBy(StrEnum):
    """By what a mail is taken for a supplier's. Only of the first two is anything believed."""

    SENDER = "sender"
    THREAD = "thread"
    PURCHASE_ORDER = "purchase_order"
    FORGED = "forged"


@dataclass(frozen=True, slots=True)
class Signs:
    """What is known of a mail before anybody says whose it is.

    `refuted`: a server says that the mail is not from the address that it names. `listed` is whose address the sender
    has by the tenant's list. `threads` are requests whose question went out in this very thread of this mailbox,
    `named` those whose purchase order stands in what the writer newly wrote, of whatever supplier.
    `is_customer`: an order is theirs, or they wrote in this thread before the question, or the question was asked on
    their behalf. `is_answered`: they have a reply of ours or a case in this thread.
    """

    sender: Address | None
    refuted: bool = False
    is_ours: bool = False
    listed: Supplier | None = None
    is_customer: bool = False
    is_answered: bool = False
    threads: tuple[SupplierRequest, ...] = ()
    named: tuple[SupplierRequest, ...] = ()


# Read from top to bottom; the first that applies has the word. None is nobody of a supplier's.
RULES: tuple[tuple[str, KnownBy | None, Callable[[Signs], bool]], ...] = (
    ("It names nobody.", None, lambda mail: mail.sender is None),
    ("It says to be a supplier's, and is not.", KnownBy.FORGED, lambda mail: mail.refuted and _would_count(mail)),
    ("Address or domain are on the list.", KnownBy.SENDER, lambda mail: mail.listed is not None),
    ("We wrote it, or a customer.", None, lambda mail: mail.is_ours or mail.is_customer),
    ("It answers in a thread that we began.", KnownBy.THREAD, lambda mail: bool(mail.threads)),
    # Somebody who has a reply or a case of ours is in the middle of something else.
    ("It names a purchase order.", KnownBy.PURCHASE_ORDER, lambda mail: bool(mail.named) and not mail.is_answered),
)


@dataclass(frozen=True, slots=True)
class About:
    """A request that a mail is about. `answers`: nothing more is due on it."""

    request: SupplierRequest
    by: FoundBy
    answers: bool


@dataclass(frozen=True, slots=True)
class SupplierMail:
    """A mail of a supplier's. `supplier` is None where it is none on the list, or nobody knows that it is theirs."""

    known_by: KnownBy
    supplier: Supplier | None = None
    about: tuple[About, ...] = ()

    @property
    def is_believed(self) -> bool:
        return self.known_by in {KnownBy.SENDER, KnownBy.THREAD}

    @property
    def answered(self) -> tuple[SupplierRequest, ...]:
        return tuple(one.request for one in self.about if one.answers)


def known_by(signs: Signs) -> KnownBy | None:
    """By what this is a supplier's mail; None where it is not."""
    return next((by for _, by, applies in RULES if applies(signs)), None)


def can_answer(request: SupplierRequest, by: KnownBy, received_at: datetime | None, *, automatic: bool) -> bool:
    """Whether a mail that is about a request ends what is due on it.

    What a machine wrote is no answer: an absence notice says nothing, and nobody here reads it. What came before the
    newest question does not answer it. What anybody could have written ends nothing.
    """
    asked = request.asked_at
    in_time = asked is not None and received_at is not None and received_at >= asked - CLOCKS_DIFFER
    return in_time and not automatic and by in {KnownBy.SENDER, KnownBy.THREAD}


def _would_count(mail: Signs) -> bool:
    return mail.listed is not None or (bool(mail.threads) and not (mail.is_ours or mail.is_customer))
