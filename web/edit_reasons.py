"""Why a draft was changed or dismissed: what a person may choose under their reply, in words, and what they chose."""

from collections.abc import Mapping

from flask import request

from storage.edit_reasons import EditReason
from web.fields import line

WORDS: Mapping[str, str] = {
    EditReason.TONE: "The tone",
    EditReason.WRONG_FACT: "Something in it is wrong",
    EditReason.MISSING_FACT: "Something is missing",
    EditReason.WRONG_PERSON: "It is for somebody else",
    EditReason.OTHER: "Something else",
}


def chosen() -> tuple[EditReason | None, str]:
    """What the form says of it, in words of its writer too; no reason where nothing was chosen or written."""
    named, words = request.form.get("edit_reason", ""), line(request.form.get("edit_note", ""))
    if named in WORDS:
        return EditReason(named), words
    return (EditReason.OTHER if words else None), words
