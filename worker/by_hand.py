"""See in a mail that staff wrote by hand in Gmail what it asks of a supplier."""

from typing import Any

from domain.asking import asks_something
from domain.mailbox import RawMail
from domain.message import Message
from storage import supplier_by_hand, suppliers, tenants
from storage.messages import Claimed
from storage.supplier_by_hand import ByHand
from understanding import quotes
from understanding.entities import purchases_in, shape


def note(db: Any, claim: Claimed, mail: RawMail, message: Message) -> None:
    """A mail to a supplier's address that names a purchase order and asks something opens a request for each.

    Copies of what the program sent do not: they carry its reference.
    """
    directory = suppliers.directory(db, claim.tenant)
    found = ((one, directory.of(one)) for one in (*message.to, *message.cc))
    known = {supplier.id: (supplier.id, to) for to, supplier in found if supplier is not None and supplier.id}
    parts = quotes.split(message.text, message.subject) if known else None
    if parts is None or not asks_something(parts.text):
        return
    forms = tenants.get(db, claim.tenant).number_forms().purchases
    patterns = tuple(shape(form, "purchase order number") for form in forms)
    numbers = purchases_in(parts.text, patterns) or purchases_in(message.subject, patterns)
    ours = f"{parts.text}\n{parts.signature}\n{parts.disclaimer}"
    if not numbers or supplier_by_hand.is_ours(db, claim.tenant, ours):
        return
    for supplier, to in known.values():
        for number in numbers:
            hand = ByHand(
                claim.id, claim.mailbox, claim.thread_id, message.rfc_message_id, supplier, to.address, number,
                message.subject, mail.received_at,
            )  # fmt: skip
            supplier_by_hand.written(db, claim.tenant, hand)
