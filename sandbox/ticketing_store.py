"""What the stand-in ticketing system knows: orders, tickets, what was done to them, and who may call."""

import random
import secrets
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from sandbox.faults import Faults

OPERATOR, CUSTOMER, SUPPLIER = 1, 2, 3
USER, PASSWORD = "agent", "secret"
TOKEN_SECONDS = 1500.0


class Desk:
    """The state of one server. `hidden_for` is how long a new ticket cannot be read, in seconds.

    `not_found` says how a look that finds nothing is answered: "404" or "empty". `effects` lists what was done, with
    the text of each message, so that a test can count how often a marker arrived.
    """

    def __init__(self, seed: int = 1) -> None:
        self.faults = Faults()
        self.stopping = threading.Event()
        self.lock = threading.RLock()
        self._random = random.Random(seed)
        self.reset()

    def reset(self) -> None:
        self.faults.clear()
        self.orders: dict[str, dict[str, Any]] = {}
        self.tickets: dict[int, dict[str, Any]] = {}
        self.effects: list[dict[str, Any]] = []
        self.calls: list[dict[str, Any]] = []
        self.tokens: dict[str, float] = {}
        self.visible_at: dict[int, float] = {}
        self.hidden_for = 0.0
        self.not_found = "404"
        self._ids = count(2476)
        self._numbers = count(25000315)
        self._entries = count(9001)

    def kept(self) -> dict[str, Any]:
        """What outlives a restart: orders, tickets and everything that was done; as `restore` takes it."""
        with self.lock:
            return {"orders": self.orders, "tickets": list(self.tickets.values()), "effects": self.effects}

    def restore(self, kept: dict[str, Any]) -> None:
        with self.lock:
            self.orders, self.effects = {**self.orders, **kept["orders"]}, kept["effects"]
            self.tickets = {one["id"]: one for one in kept["tickets"]}
            self.visible_at = dict.fromkeys(self.tickets, 0.0)
            numbers = [int(one["ticketNumber"].removeprefix("DE")) for one in kept["tickets"]]
            entries = [entry["id"] for one in kept["tickets"] for entry in one["ticketDetails"]]
            self._ids = count(max(self.tickets, default=2475) + 1)
            self._numbers = count(max(numbers, default=25000314) + 1)
            self._entries = count(max(entries, default=9000) + 1)

    def know_order(self, reference: str, **more: Any) -> None:
        """`more` goes into its salesOrder as it stands: customerName, purchaseOrders, ..."""
        with self.lock:
            self.orders[reference] = {"reference": reference, "orderNumber": reference, **more}

    def sign_in(self) -> str:
        token = secrets.token_urlsafe(24)
        self.tokens[token] = time.monotonic() + TOKEN_SECONDS
        return token

    def knows(self, token: str) -> bool:
        return self.tokens.get(token, 0.0) > time.monotonic()

    def make_ticket(self, order: str, fields: dict[str, str], files: int) -> int:
        """Every call makes one: nothing here is idempotent."""
        with self.lock:
            key = next(self._ids)
            self.tickets[key] = {
                "id": key, "ticketNumber": f"DE{next(self._numbers)}", "ticketTypeId": int(fields["TicketTypeId"]),
                "ticketStatusId": 1, "ticketStatusName": "New", "ownerId": None, "contactName": fields["ContactName"],
                "contactEmail": fields.get("EntranceEmailSenderAddress") or None,
                "customerLanguageCultureName": "de-DE",
                "entranceEmailSubject": fields.get("EntranceEmailSubject"),
                "entranceEmailSenderAddress": fields.get("EntranceEmailSenderAddress"),
                "entranceGmailThreadId": fields.get("EntranceGmailThreadId"), "ticketDetails": [],
                "salesOrder": self.orders[order],
            }  # fmt: skip
            text = fields.get("Comment") or fields.get("EntranceEmailBody") or ""
            self._add(key, text, CUSTOMER, OPERATOR, "")
            self.visible_at[key] = time.monotonic() + self.hidden_for
            self.effects.append({"call": "upsert", "ticket": key, "order": order, "text": text, "files": files,
                                 "thread": fields.get("EntranceGmailThreadId", "")})  # fmt: skip
            return key

    def message(self, call: str, ticket: int, target: int, fields: dict[str, str], files: int) -> None:
        with self.lock:
            self._add(ticket, fields["Message"], OPERATOR, target, fields.get("EmailAddress", ""))
            to, cc = fields.get("EmailAddress", ""), fields.get("CcEmailAddress", "")
            said = {"call": call, "ticket": ticket, "text": fields["Message"], "to": to, "cc": cc, "files": files}
            self.effects.append(said)

    def writes(self, ticket: int, text: str, side: int) -> None:
        """A customer or a supplier answers on the ticket."""
        with self.lock:
            self._add(ticket, text, side, OPERATOR, "support@shop.example")

    def visible(self) -> Iterator[dict[str, Any]]:
        """The tickets that can be read by now, in no order that means anything."""
        with self.lock:
            found = [one for key, one in self.tickets.items() if self.visible_at[key] <= time.monotonic()]
        self._random.shuffle(found)
        return iter(found)

    def _add(self, ticket: int, text: str, source: int, target: int, to: str) -> None:
        self.tickets[ticket]["ticketDetails"].append({
            "id": next(self._entries), "comment": text, "createdDateTime": self._moment(),
            "sourceTicketSideTypeId": source, "targetTicketSideTypeId": target, "receiverEmailAddress": to or None,
            "entranceEmailBody": None,
        })  # fmt: skip

    def _moment(self) -> str:
        """With seven digits and an offset, or with six and none: both occur, side by side. The zone is Berlin's."""
        now = datetime.now(UTC) + timedelta(hours=1)
        if self._random.random() < 0.5:
            return now.strftime("%Y-%m-%dT%H:%M:%S.%f") + "1+01:00"
        return now.strftime("%Y-%m-%dT%H:%M:%S.%f")
