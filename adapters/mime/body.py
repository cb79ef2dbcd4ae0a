"""The parts of a mail: which of them are its text, and what is attached."""

import hashlib
import re
from email.message import Message as Part

from adapters.mime.headers import decoded, raw_text
from adapters.mime.html import to_text
from adapters.mime.text import decode, unflow
from domain.message import Attachment

MAX_PARTS = 200
MAX_DEPTH = 10

_METHOD = re.compile(rb"^METHOD:([A-Za-z]{1,20})\s*$", re.MULTILINE)
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,60}/[a-z0-9!#$&^_.+-]{1,100}", re.ASCII)
_STROKES = re.compile(r"[/\\]|%2f|%5c", re.IGNORECASE)
_NO_TEXT_FAULTS = (ValueError, LookupError, TypeError, AttributeError, RuntimeError)


def part_type(part: Part) -> str:
    """The content type in lower case; what is no content type counts as binary."""
    found = part.get_content_type()
    return found if _TYPE.fullmatch(found) else "application/octet-stream"


class BodyReader:
    """Walks one mail once and notes what it meets; `read` gives the mail's plain text and its HTML.

    The content of attachments is not kept, but for the one whose number is `wanted`.
    """

    def __init__(self, wanted: int = -1) -> None:
        self._wanted = wanted
        self.wanted_content: bytes | None = None
        self.part_types: list[str] = []
        self.attachments: list[Attachment] = []
        self.defects: list[str] = []
        self.calendar_method = ""

    def read(self, root: Part) -> tuple[str, str]:
        """Plain text where the mail has some, else the text of its HTML; and the HTML as it came."""
        plain, html = self._of(root, 0)
        return (plain if plain.strip() else to_text(html) if html else ""), html

    def _of(self, part: Part, depth: int) -> tuple[str, str]:
        if len(self.part_types) >= MAX_PARTS or depth > MAX_DEPTH:
            self.defects.append(f"The mail has more than {MAX_PARTS} parts, or nests them over {MAX_DEPTH} deep.")
            return "", ""
        kind = part_type(part)
        self.part_types.append(kind)
        payload = part.get_payload() if part.is_multipart() else None
        if isinstance(payload, list) and kind.startswith("multipart/"):
            children = [child for child in payload if isinstance(child, Part)]
            return self._of_many(kind, children, depth + 1)
        if kind.startswith("multipart/"):
            return self._text(part), ""  # its boundary is nowhere: what is left is text
        if kind in {"text/plain", "text/html"} and not _is_attached(part, depth):
            text = self._text(part)
            return (text, "") if kind == "text/plain" else ("", text)
        self._attach(part, kind)
        return "", ""

    def _of_many(self, kind: str, children: list[Part], depth: int) -> tuple[str, str]:
        read = [self._of(child, depth) for child in children]
        if kind == "multipart/alternative":
            plain = next((plain for plain, _ in read if plain.strip()), "")
            return plain, next((html for _, html in reversed(read) if html.strip()), "")
        # A part that is only HTML among parts of plain text still has something to say.
        texts = [plain if plain.strip() else to_text(html) for plain, html in read if plain.strip() or html.strip()]
        html = "\n".join(html for _, html in read if html.strip())
        all_html = all(not plain.strip() for plain, _ in read)
        return ("" if all_html else "\n\n".join(texts)), html

    def _content(self, part: Part) -> bytes:
        try:
            content = part.get_payload(decode=True)
        except _NO_TEXT_FAULTS as fault:
            self.defects.append(f"A part cannot be decoded ({type(fault).__name__}).")
            return b""
        return content if isinstance(content, bytes) else b""

    def _text(self, part: Part) -> str:
        text = decode(self._content(part), _parameter(part, "charset")).replace("\r\n", "\n").replace("\r", "\n")
        if _parameter(part, "format").lower() == "flowed":
            text = unflow(text, delete_space=_parameter(part, "delsp").lower() == "yes")
        return text

    def _attach(self, part: Part, kind: str) -> None:
        payload = part.get_payload() if part.is_multipart() else None
        content = self._as_bytes(payload) if isinstance(payload, list) else self._content(part)
        if kind == "text/calendar" and not self.calendar_method:
            found = _METHOD.search(content[:65536])
            told = _parameter(part, "method") or (found[1].decode("ascii") if found else "")
            self.calendar_method = re.sub(r"[^A-Z]", "", told.upper())[:20]
        if len(self.attachments) == self._wanted:
            self.wanted_content = content
        self.attachments.append(Attachment(_file_name(part), kind, len(content), hashlib.sha256(content).hexdigest()))

    def _as_bytes(self, inner: list[Part | str]) -> bytes:
        """A mail within the mail, written anew: its exact bytes are gone after parsing, so the hash is of ours."""
        try:
            return b"\n".join(one.as_bytes() for one in inner if isinstance(one, Part))
        except _NO_TEXT_FAULTS as fault:
            self.defects.append(f"A mail within the mail cannot be read ({type(fault).__name__}).")
            return b""


def _is_attached(part: Part, depth: int) -> bool:
    disposition = raw_text(part.get("content-disposition", "")).strip().lower()
    if disposition.startswith("attachment"):
        return True
    # A body that bears a name is still the body when it is the whole mail.
    return depth > 0 and bool(_file_name(part))


def _parameter(part: Part, name: str) -> str:
    try:
        value = part.get_param(name, "")
    except _NO_TEXT_FAULTS:
        return ""
    if isinstance(value, tuple):  # RFC 2231: (charset, language, value)
        value = value[2]
    return raw_text(value)[:200].strip()


def _file_name(part: Part) -> str:
    try:
        name = part.get_filename("")
    except _NO_TEXT_FAULTS:
        return ""
    # Only the last piece of a path, and no way to write one: some browsers decode %2f in the name of a download.
    return _STROKES.split(decoded(raw_text(name)))[-1].strip(". ")[:200]
