"""Show stored mail as the JSON of Gmail's resources: keys that would be empty are absent."""

import email
from collections.abc import Iterable
from email.message import Message
from typing import Any

from sandbox.gmail_errors import GmailError, invalid
from sandbox.gmail_records import Happening, Mail
from sandbox.gmail_store import Mailbox
from sandbox.letter import ODD_MAIL, decoded, from_base64url, part_bytes, to_base64url

FORMATS = ("full", "minimal", "metadata", "raw")
DEEPEST = 30
HISTORY_KEYS = {
    "messageAdded": "messagesAdded",
    "messageDeleted": "messagesDeleted",
    "labelAdded": "labelsAdded",
    "labelRemoved": "labelsRemoved",
}


def reference(mail: Mail) -> dict[str, Any]:
    return {"id": mail.id, "threadId": mail.thread_id}


def labelled(mail: Mail) -> dict[str, Any]:
    shown = reference(mail)
    if mail.labels:
        shown["labelIds"] = sorted(mail.labels)
    return shown


def message(mail: Mail, shape: str = "full", names: Iterable[str] = (), *, padded: bool = True) -> dict[str, Any]:
    """One message in the format `full`, `minimal`, `metadata` (only the headers in `names`, if any) or `raw`."""
    if shape not in FORMATS:
        raise invalid(f"Invalid value at 'format': {shape}")
    shown = labelled(mail)
    letter = mail.letter
    shown["snippet"] = letter.snippet
    shown["sizeEstimate"] = len(letter.raw)
    shown["historyId"] = str(mail.history_id)
    shown["internalDate"] = str(mail.internal_ms)
    if shape == "raw":
        shown["raw"] = to_base64url(letter.raw, padded=padded)
    elif shape == "full":
        shown["payload"] = _payload(mail)
    elif shape == "metadata":
        wanted = {name.lower() for name in names}
        headers = [
            {"name": name, "value": decoded(value)}
            for name, value in letter.headers
            if not wanted or name.lower() in wanted
        ]
        shown["payload"] = {"mimeType": _mime_type(letter.first("content-type"))}
        if headers:
            shown["payload"]["headers"] = headers
    return shown


def history_record(record: Happening) -> dict[str, Any]:
    about: dict[str, Any] = {"id": record.message_id, "threadId": record.thread_id}
    full = {**about, "labelIds": list(record.labels)} if record.labels else about
    entry: dict[str, Any] = {"message": full}
    if record.changed:
        entry["labelIds"] = list(record.changed)
    return {"id": str(record.id), "messages": [about], HISTORY_KEYS[record.kind]: [entry]}


def label(mailbox: Mailbox, label_id: str, *, counts: bool = False) -> dict[str, Any]:
    name = mailbox.labels.get(label_id)
    shown: dict[str, Any] = {"id": label_id, "name": name or label_id, "type": "user" if name else "system"}
    if name:
        shown |= {"messageListVisibility": "show", "labelListVisibility": "labelShow"}
    if counts:
        mails = list(mailbox.newest_first(label_id))
        unread = [mail for mail in mails if "UNREAD" in mail.labels]
        shown |= {"messagesTotal": len(mails), "messagesUnread": len(unread)}
        shown |= {
            "threadsTotal": len({mail.thread_id for mail in mails}),
            "threadsUnread": len({mail.thread_id for mail in unread}),
        }
    return shown


def attachment(mail: Mail, attachment_id: str) -> dict[str, Any]:
    """The bytes of a part that `full` named by its attachmentId; raises GmailError for an id of another message."""
    try:
        owner, _, part_id = from_base64url(attachment_id).decode("ascii").partition("/")
    except ValueError:
        raise invalid("Invalid attachment token") from None
    for found_id, part in _leaves(_parsed(mail), ""):
        if owner == mail.id and found_id == part_id:
            data = part_bytes(part)
            return {"size": len(data), "data": to_base64url(data)}
    raise GmailError(400, "invalidArgument", "Invalid attachment token")


def _parsed(mail: Mail) -> Message:
    try:
        return email.message_from_bytes(mail.letter.raw)
    except ODD_MAIL:
        broken = Message()
        broken.set_payload("")
        return broken


def _children(part: Message, part_id: str) -> list[Message]:
    """The parts of a multipart; what is nested deeper than any honest mail is shown as one part."""
    payload = part.get_payload()
    if part_id.count(".") >= DEEPEST or part.get_content_maintype() != "multipart" or not isinstance(payload, list):
        return []
    return [child for child in payload if isinstance(child, Message)]


def _leaves(part: Message, part_id: str) -> list[tuple[str, Message]]:
    children = _children(part, part_id)
    if not children:
        return [(part_id, part)]
    prefix = f"{part_id}." if part_id else ""
    return [leaf for place, child in enumerate(children) for leaf in _leaves(child, f"{prefix}{place}")]


def _payload(mail: Mail) -> dict[str, Any]:
    try:
        shown = _part(mail.id, _parsed(mail), "")
    except ODD_MAIL:
        shown = {"partId": "", "mimeType": "text/plain", "filename": "", "body": {"size": 0}}
    if mail.letter.headers:
        shown["headers"] = [{"name": name, "value": decoded(value)} for name, value in mail.letter.headers]
    return shown


def _part(mail_id: str, part: Message, part_id: str) -> dict[str, Any]:
    name = part.get_filename() or ""
    shown: dict[str, Any] = {"partId": part_id, "mimeType": part.get_content_type(), "filename": decoded(name)}
    headers = [{"name": key, "value": decoded(str(value))} for key, value in part.items()]
    if headers:
        shown["headers"] = headers
    children = _children(part, part_id)
    if children:
        prefix = f"{part_id}." if part_id else ""
        shown["body"] = {"size": 0}
        shown["parts"] = [_part(mail_id, child, f"{prefix}{place}") for place, child in enumerate(children)]
        return shown
    data = part_bytes(part)
    shown["body"] = {"size": len(data)}
    if name:
        shown["body"]["attachmentId"] = to_base64url(f"{mail_id}/{part_id}".encode(), padded=False)
    elif data:
        shown["body"]["data"] = to_base64url(data)
    return shown


def _mime_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower() or "text/plain"
