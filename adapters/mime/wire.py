"""A message as JSON and back: what the parsing child tells its parent."""

import json
from collections.abc import Sequence
from typing import Any

from domain.message import Address, Attachment, Message

_LISTS = ("references", "part_types", "defects")
_TEXTS = ("subject", "text", "html", "rfc_message_id", "content_type", "calendar_method")
_ADDRESSES = ("to", "cc", "reply_to")


def to_json(message: Message) -> bytes:
    """Everything that parsing finds; what only Gmail knows (labels, thread, time) is no part of it."""
    found: dict[str, Any] = {name: getattr(message, name) for name in (*_TEXTS, *_LISTS, "headers", "sender_verified")}
    found["sender"] = _pair(message.sender) if message.sender else None
    for name in _ADDRESSES:
        found[name] = [_pair(address) for address in getattr(message, name)]
    found["attachments"] = [(one.name, one.content_type, one.size, one.sha256) for one in message.attachments]
    return json.dumps(found).encode("ascii")


def from_json(found: Any) -> Message:
    """From what `json.loads` gives. Raises ValueError, KeyError or TypeError where `to_json` did not write it."""
    values: dict[str, Any] = {name: str(found[name]) for name in _TEXTS}
    values |= {name: tuple(str(one) for one in found[name]) for name in _LISTS}
    values |= {name: tuple(_address(one) for one in found[name]) for name in _ADDRESSES}
    return Message(
        sender=_address(found["sender"]) if found["sender"] else None,
        headers=tuple((str(name), str(value)) for name, value in found["headers"]),
        attachments=tuple(
            Attachment(str(name), str(kind), int(size), str(sha256))
            for name, kind, size, sha256 in found["attachments"]
        ),
        sender_verified=found["sender_verified"] is True,
        **values,
    )


def _pair(address: Address) -> tuple[str, str]:
    return address.address, address.name


def _address(pair: Sequence[str]) -> Address:
    address, name = pair
    return Address(str(address), str(name))
