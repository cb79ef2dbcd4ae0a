"""Why a draft was changed: what a person may choose under their reply, in words, and what they chose."""

from collections.abc import Mapping
from uuid import UUID

from flask import request
from sqlalchemy import Connection

from storage import edit_reasons
from storage.edit_reasons import EditReason
from web.fields import line

WORDS: Mapping[str, str] = {
    EditReason.TONE: "The tone",
    EditReason.WRONG_FACT: "Something in it is wrong",
    EditReason.MISSING_FACT: "Something is missing",
    EditReason.WRONG_PERSON: "It is for somebody else",
    EditReason.OTHER: "Something else",
}


def keep(db: Connection, tenant: UUID, decision: UUID) -> None:
    """What the form says of it, in the transaction of the release; nothing where nothing was chosen or written."""
    chosen, words = request.form.get("edit_reason", ""), line(request.form.get("edit_note", ""))
    if chosen in WORDS or words:
        reason = EditReason(chosen) if chosen in WORDS else EditReason.OTHER
        edit_reasons.note(db, tenant, decision, reason=reason, words=words)
