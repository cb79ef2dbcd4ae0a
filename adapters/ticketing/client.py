"""What the ticketing system can be asked, and what it can be made to do."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from adapters.ticketing import reading
from adapters.ticketing.session import CALL_SECONDS, Connection, Part, Refused, Session
from domain.errors import BadInput, NotDone, Unclear
from domain.ticket import NewTicket, Ticket, TicketText

ORDER_NOT_FOUND = "SalesOrder_Not_Found"
_SUFFIX = re.compile(r"[-_][A-Z0-9]{1,3}$", re.IGNORECASE)
_MARKETPLACE = re.compile(r"\d{3}-\d{7}-\d{7}")


class Ticketing:
    """One tenant's ticketing system, for one job; `seconds` bounds a call. See `Session` for the errors."""

    def __init__(self, connection: Connection, *, seconds: float = CALL_SECONDS) -> None:
        self._session = Session(connection, seconds=seconds)
        self._prefix = connection.path_prefix.rstrip("/")
        self._zone = connection.zone

    def close(self) -> None:
        self._session.close()

    def sign_in(self) -> None:
        """Ask for a login and nothing else. Raises NeedsPerson where it is refused, TryAgain where nobody answers."""
        self._session.sign_in()

    def by_order(self, number: str) -> tuple[Ticket, ...]:
        """The tickets of a sales order, the newest first; () where there is none."""
        return self._found("GetTicketsByAmazonOrderNumber", "amazonOrderNumber", number)

    def by_number(self, number: str) -> tuple[Ticket, ...]:
        return self._found("GetTicketsByTicketNumber", "ticketNumber", number)

    def by_purchase_order(self, number: str) -> tuple[Ticket, ...]:
        return self._found("GetTicketsByPurchaseOrderNumber", "purchaseOrderNumber", number)

    def get(self, ticket: int) -> Ticket | None:
        """One ticket, None where it does not exist, or is not to be seen yet."""
        body = self._session.read(f"{self._prefix}/{ticket:d}", {})
        found = reading.tickets(body, self._zone) if body is not None else ()
        return next(iter(found), None)

    def create(self, new: NewTicket) -> int:
        """Make a ticket of a mail; returns its id, under which it may be unreadable for a while.

        Not idempotent: after Unclear look by order, and repeat nothing. Raises BadInput without an order number.
        """
        if not new.order_number.strip():
            raise BadInput("order number", "A ticket needs the number of a real order.")
        refused: NotDone | None = None
        for reference in references(new.order_number.strip()):
            try:
                return _id_of(self._session.act(f"{self._prefix}/UpsertTicket", _upsert(new, reference)))
            except Refused as error:
                if ORDER_NOT_FOUND not in error.codes:
                    raise
                refused = error
        raise refused or NotDone("The ticketing system does not know this order.")

    def write_to_customer(self, ticket: Ticket, words: TicketText) -> None:
        self._session.act(
            f"{self._prefix}/SendMessageToCustomer/{ticket.id:d}", _message(ticket, words, addressed=True)
        )

    def write_to_supplier(self, ticket: Ticket, words: TicketText) -> None:
        self._session.act(
            f"{self._prefix}/SendMessageToSupplier/{ticket.id:d}", _message(ticket, words, addressed=True)
        )

    def note(self, ticket: Ticket, words: TicketText) -> None:
        """An internal note, which neither customer nor supplier sees."""
        self._session.act(f"{self._prefix}/SendInternalMessage/{ticket.id:d}", _message(ticket, words, addressed=False))

    def _found(self, call: str, parameter: str, value: str) -> tuple[Ticket, ...]:
        body = self._session.read(f"{self._prefix}/{call}", {parameter: value})
        return reading.tickets(body, self._zone) if body is not None else ()


def references(order_number: str) -> tuple[str, ...]:
    """The forms under which an order may be known: as written, without its suffix, with the first suffix."""
    base = order_number if _MARKETPLACE.fullmatch(order_number) else _SUFFIX.sub("", order_number)
    return tuple(dict.fromkeys((order_number, base, f"{base}-1", f"{base}_1")))


def decimal_thread(thread_id: str) -> str:
    """Gmail's hexadecimal thread id as the decimal text that the system keeps; empty where it is none."""
    return str(int(thread_id, 16)) if re.fullmatch(r"[0-9a-fA-F]{1,16}", thread_id) else ""


def entrance_date(at: datetime) -> str:
    """Six digits of a second, and UTC: a form with three is refused."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f +00:00")


def _upsert(new: NewTicket, reference: str) -> list[tuple[str, Part]]:
    texts = {
        "SalesOrderReference": reference,
        "TicketTypeId": str(int(new.type)),
        "ContactName": new.contact_name or new.sender or "Customer",
        "Comment": new.comment,
        "EntranceEmailBody": new.body,
        "EntranceEmailSubject": new.subject,
        "EntranceEmailSenderAddress": new.sender,
        "EntranceEmailDate": entrance_date(new.sent_at) if new.sent_at else "",
        "EntranceGmailThreadId": decimal_thread(new.thread_id),
    }
    return [*_given(texts), *_files(new.files)]


def _message(ticket: Ticket, words: TicketText, *, addressed: bool) -> list[tuple[str, Part]]:
    # The owner is passed back as it was read, and left out where there is none: a wrong one is refused without a word.
    texts = {
        "ticketStatusId": "" if ticket.status_id is None else str(ticket.status_id),
        "ownerId": "" if ticket.owner_id is None else str(ticket.owner_id),
        "Message": words.text,
        "EmailAddress": words.recipient if addressed else "",
        "CcEmailAddress": words.copy_to if addressed else "",
    }
    return [*_given(texts), *_files(words.files)]


def _given(texts: Mapping[str, str]) -> Iterator[tuple[str, Part]]:
    return ((name, value) for name, value in texts.items() if value)


def _files(files: Sequence[Any]) -> Iterator[tuple[str, Part]]:
    # An empty file part is refused.
    return (("Attachments", (one.name, one.content, one.content_type)) for one in files if one.content)


def _id_of(body: Mapping[str, Any]) -> int:
    """`serviceResult` is the id as a text; without one it was made, and nobody knows which it is."""
    said = body.get("serviceResult")
    text = str(said) if isinstance(said, int | str) and not isinstance(said, bool) else ""
    if not re.fullmatch(r"\d{1,15}", text, re.ASCII):
        raise Unclear("The ticketing system made a ticket, and did not say which.")
    return int(text)
