"""Recognise our own mail in what Gmail shows of a message.

Gmail rewrites the Message-ID and may drop X- headers, so neither is a sign. A reference of ours stands in one mail only
and survives in its text; a copy without one is ours when it answers the same mail to the same person.
"""

from collections.abc import Iterator
from typing import Any

from adapters.gmail.client import decoded
from domain.delivery import Signs

Payload = dict[str, Any]  # a MessagePart of format=full


def is_ours(payload: Payload, signs: Signs) -> bool:
    if signs.reference:
        return any(signs.reference in text for text in _texts(payload))
    if not (signs.in_reply_to and signs.recipient):
        return False
    headers = {entry["name"].lower(): entry["value"] for entry in payload.get("headers", ())}
    answers_it = headers.get("in-reply-to", "").strip() == signs.in_reply_to
    return answers_it and signs.recipient.lower() in headers.get("to", "").lower()


def _texts(part: Payload) -> Iterator[str]:
    if part.get("mimeType", "").startswith("text/"):
        yield decoded(part.get("body", {}).get("data", "")).decode("utf-8", errors="replace")
    for inner in part.get("parts", ()):
        yield from _texts(inner)
