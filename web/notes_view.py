"""The thread of a conversation as its page shows it: mail and the notes of members, in the order of time."""

from dataclasses import dataclass

from storage import notes
from storage.notes import LONGEST, Note
from storage.thread import Conversation, Shown
from web.session import member, services


@dataclass(frozen=True, slots=True)
class Entry:
    """One of the two: a mail with its replies, or a note."""

    mail: Shown | None = None
    note: Note | None = None


def notes_view(found: Conversation, typed: str = "") -> dict[str, object]:
    """What the templates need to show them. `typed` is a note that was not kept."""
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        written = notes.of_conversation(db, tenant, found.id)
    return {"entries": in_time(found.messages, written), "note_typed": typed, "longest_note": LONGEST}


def in_time(mails: tuple[Shown, ...], written: list[Note]) -> list[Entry]:
    """Mail keeps its own order; a note stands before the first mail that came after it."""
    entries: list[Entry] = []
    left = list(written)
    for mail in mails:
        while left and mail.received_at is not None and left[0].written_at < mail.received_at:
            entries.append(Entry(note=left.pop(0)))
        entries.append(Entry(mail=mail))
    return entries + [Entry(note=one) for one in left]
