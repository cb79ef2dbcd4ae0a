"""Act in one mailbox: the side of Gmail that `domain.delivery.Outgoing` asks for."""

import base64

from adapters.gmail import labels, looks
from adapters.gmail.acts import drafting, reading_outcome, sending
from adapters.gmail.client import Connection
from domain.delivery import DraftRef, DraftState, SentRef, Signs
from domain.errors import Gone


class GmailOutgoing:
    """Implements `Outgoing`. Only `send_draft` must not be repeated, and nothing in here repeats it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._drafts = connection.routes.drafts

    def create_draft(self, mime: bytes, thread_id: str) -> DraftRef:
        """10 units. Raises Unclear (look with `find_draft`, then repeat), NotSent (refused for good)."""
        message = {"raw": base64.urlsafe_b64encode(mime).decode()}
        if thread_id:
            message["threadId"] = thread_id
        request = self._drafts.create(userId="me", body={"message": message}, fields="id,message(id,threadId)")
        with drafting(self._connection.clock):
            answer = self._connection.execute(request)
        with reading_outcome():
            return looks.draft_ref(answer)

    def find_draft(self, signs: Signs, thread_id: str) -> DraftRef | None:
        return looks.find_draft(self._connection, signs, thread_id)

    def send_draft(self, draft_id: str) -> SentRef:
        """100 units. Raises NotSent, Unclear, DraftGone; AuthLost and ScopeMissing prove, too, that nothing was sent.

        TryAgain comes only from a refresh of the token, before Gmail was asked to send or after it refused with 401.
        """
        request = self._drafts.send(userId="me", body={"id": draft_id}, fields="id,threadId")
        with sending(self._connection.clock):
            answer = self._connection.execute(request)
        with reading_outcome():
            return looks.sent_ref(answer)

    def draft_state(self, draft_id: str) -> DraftState:
        return looks.draft_state(self._connection, draft_id)

    def compare_draft(self, draft_id: str, mime: bytes) -> DraftState:
        return looks.compare_draft(self._connection, draft_id, mime)

    def delete_draft(self, draft_id: str) -> None:
        """20 units to look, 10 to delete: deleting the draft around a sent message would delete that message."""
        if looks.draft_state(self._connection, draft_id) is not DraftState.DRAFT:
            return
        try:
            self._connection.tell(self._drafts.delete(userId="me", id=draft_id))
        except Gone:
            return

    def find_sent(self, thread_id: str, signs: Signs, since_history: int) -> SentRef | None:
        return looks.find_sent(self._connection, thread_id, signs, since_history)

    def message_id_of(self, gmail_id: str) -> str:
        return looks.message_id_of(self._connection, gmail_id)

    def ensure_label(self, name: str) -> str:
        return labels.ensure_label(self._connection, name)

    def relabel(self, gmail_ids: tuple[str, ...], add: tuple[str, ...], remove: tuple[str, ...] = ()) -> None:
        labels.relabel(self._connection, gmail_ids, add, remove)
