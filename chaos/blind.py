"""The negative control: services that ask again, blindly, when they were told nothing. Each may do its act twice.

Nothing of production knows of them. A run with them must find doubled replies, or the harness finds nothing.
"""

from dataclasses import replace
from typing import Any
from uuid import uuid4

from chaos.mortal import MortalServices
from domain.delivery import ShopDone, ShopTask
from domain.errors import Unclear
from domain.ticket import Ticket, TicketText


class Other:
    """A port, of which one or two calls are done in another way."""

    def __init__(self, port: Any) -> None:
        self.port = port

    def __getattr__(self, name: str) -> Any:
        return getattr(self.port, name)


class BlindOutgoing(Other):
    """Writes the mail anew and sends that, when Gmail did not say whether the first left."""

    def create_draft(self, mime: bytes, thread_id: str) -> Any:
        self._last = mime, thread_id
        return self.port.create_draft(mime, thread_id)

    def send_draft(self, draft_id: str) -> Any:
        try:
            return self.port.send_draft(draft_id)
        except Unclear:
            if not hasattr(self, "_last"):
                raise
            return self.port.send_draft(self.port.create_draft(*self._last).draft_id)


class BlindTicketing(Other):
    def note(self, ticket: Ticket, words: TicketText) -> None:
        self._twice(self.port.note, ticket, words)

    def write_to_customer(self, ticket: Ticket, words: TicketText) -> None:
        self._twice(self.port.write_to_customer, ticket, words)

    def _twice(self, call: Any, *args: Any) -> None:
        try:
            call(*args)
        except Unclear:
            call(*args)


class BlindShop(Other):
    def carry_out(self, task: ShopTask) -> ShopDone:
        try:
            done: ShopDone = self.port.carry_out(task)
        except Unclear:
            done = self.port.carry_out(replace(task, key=uuid4()))
        return done


class BlindServices(MortalServices):
    def _wrapped(self, port: Any) -> Any:
        wrapped = super()._wrapped(port)
        kinds = {"GmailOutgoing": BlindOutgoing, "Ticketing": BlindTicketing, "ShopWebhook": BlindShop}
        return kinds[type(port).__name__](wrapped) if type(port).__name__ in kinds else wrapped
