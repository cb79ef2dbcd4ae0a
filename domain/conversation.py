"""The thread with one customer or supplier, as far as a decision about its newest message needs it."""

from dataclasses import dataclass

from domain.case import Case
from domain.supplier import Supplier
from domain.supplier_mail import SupplierMail


@dataclass(frozen=True, slots=True)
class Conversation:
    """`case` is the newest one, open or with a person, unless nothing has moved it for a month.

    `replies_by_machine` counts automatic replies in this thread since a person last wrote in it for us;
    `replies_to_sender_today` counts those to this sender's address in the last 24 hours, over all threads.
    `supplier_mail` says that its newest message is a supplier's, and what it is about; None for everybody else's.
    `handled_elsewhere`: the same mail came to another mailbox of the tenant, and was answered or held there.
    `taken_over_by` is the name of the member who took it over, or empty: nothing leaves there by itself.
    """

    thread_id: str = ""
    case: Case | None = None
    replies_by_machine: int = 0
    replies_to_sender_today: int = 0
    earlier_messages: int = 0
    handled_elsewhere: bool = False
    supplier_mail: SupplierMail | None = None
    taken_over_by: str = ""

    @property
    def taken_over(self) -> str:
        """Why nothing leaves there by itself, in words, or nothing."""
        return taken_over(self.taken_over_by) if self.taken_over_by else ""

    @property
    def supplier(self) -> Supplier | None:
        """Who of the list wrote, where that is believed."""
        return self.supplier_mail.supplier if self.supplier_mail is not None else None


def taken_over(name: str) -> str:
    """What everybody reads of a conversation that `name` has taken over."""
    return f"{name} has taken this conversation over."
