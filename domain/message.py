"""One mail, in or out, as it was read from its bytes."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Address:
    """A mail address in lower case with the display name it came with (never to be trusted)."""

    address: str
    name: str = ""

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]

    @property
    def mailbox(self) -> str:
        """The address without a `+tag`: both reach the same mailbox."""
        local, _, domain = self.address.rpartition("@")
        return f"{local.partition('+')[0]}@{domain}"

    @property
    def reaches(self) -> str:
        """The same for every way of writing the mailbox: without a `+tag`, and without Gmail's meaningless dots."""
        local, _, domain = self.mailbox.lower().rpartition("@")
        if domain in {"gmail.com", "googlemail.com"}:
            return f"{local.replace('.', '')}@gmail.com"
        return f"{local}@{domain}"

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else self.address


@dataclass(frozen=True, slots=True)
class Attachment:
    """What is kept of an attachment: never its content. `size` in bytes, decoded."""

    name: str
    content_type: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Message:
    """A mail after parsing. All text is NFC, without control, bidirectional or zero-width characters.

    `sender` is None unless there is exactly one usable From address. `text` is the whole plain text, quotes
    included. `headers` are (lower-case name, decoded value) in their order. `sender_verified` is Gmail's own DMARC
    verdict by GMAIL.md 4.2 and says nothing about a person. `received_at` is when Gmail accepted the mail, UTC.
    """

    sender: Address | None
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    subject: str = ""
    text: str = ""
    html: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    rfc_message_id: str = ""
    references: tuple[str, ...] = ()
    content_type: str = "text/plain"
    part_types: tuple[str, ...] = ()
    calendar_method: str = ""
    attachments: tuple[Attachment, ...] = ()
    sender_verified: bool = False
    defects: tuple[str, ...] = ()
    id: UUID | None = None
    thread_id: str = ""
    labels: tuple[str, ...] = ()
    received_at: datetime | None = None

    @property
    def sender_refuted(self) -> bool:
        """Whether a server says that DMARC failed, so that an answer might reach somebody who never wrote.

        Read loosely: a wrong yes costs a person one look, and no more.
        """
        return "dmarc=fail" in self.header("authentication-results").lower()

    def header(self, name: str) -> str:
        """The first value of a header, or an empty string."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key == wanted), "")
