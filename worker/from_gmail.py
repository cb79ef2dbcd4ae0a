"""See in a mail that staff sent by hand in Gmail the reply that they had taken there as a draft."""

import re
from typing import Any

from domain.mailbox import RawMail
from domain.message import Message
from storage import sent_from_gmail
from storage.messages import Claimed
from understanding import quotes

_REFERENCE = re.compile(r"^[ \t]*Ref: ([A-Z0-9]{4,32})[ \t]*$", re.MULTILINE)


def note(db: Any, claim: Claimed, mail: RawMail, message: Message) -> None:
    """What was really sent is noted with the reply, so that its difference from our draft is known."""
    new = _new_text(message.text, message.subject)
    references = _REFERENCE.findall(new)
    reply = sent_from_gmail.taken(
        db, claim.tenant, claim.mailbox, claim.thread_id, at=mail.received_at, references=references
    )
    if reply is not None:
        words = _without(reply.reference, new)
        # Gmail breaks lines its own way: the same words are the same text.
        kept = reply.text if words.split() == reply.text.split() else words
        sent_from_gmail.note(db, claim.tenant, reply, words=kept, at=mail.received_at)


def _new_text(text: str, subject: str) -> str:
    """What its writer wrote, with signature and legal notice, but without the earlier mail below."""
    parts = quotes.split(text, subject)
    return "\n\n".join(one for one in (parts.text, parts.signature, parts.disclaimer) if one)


def _without(reference: str, text: str) -> str:
    return re.sub(rf"^[ \t]*Ref: {re.escape(reference)}[ \t]*$", "", text, flags=re.MULTILINE).strip()
