"""A connected Gmail account, and what may be asked of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Profile:
    address: str
    history_id: int


@dataclass(frozen=True, slots=True)
class Added:
    """A message that Gmail says is new. Labels as they were when it was added."""

    gmail_id: str
    thread_id: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """Pages of one look into the history. `history_id` is that of the first page: later arrivals are seen again.

    `next_page` says where the look goes on, when it was not at its end.
    """

    added: tuple[Added, ...]
    history_id: int
    next_page: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    added: tuple[Added, ...]
    next_page: str = ""


@dataclass(frozen=True, slots=True)
class RawMail:
    """The exact bytes of one message, or none when it was over the limit; `size` is Gmail's estimate in bytes."""

    gmail_id: str
    thread_id: str
    labels: tuple[str, ...]
    received_at: datetime
    raw: bytes
    size: int


class Box(StrEnum):
    """Which mail a listing asks for. `RECEIVED` is the inbox and what was archived; `SENT` includes ours."""

    INBOX = "inbox"
    RECEIVED = "received"
    SENT = "sent"


class MailSource(Protocol):
    """Reading one mailbox. Errors: TryAgain, RateLimited, AuthLost, ScopeMissing, NeedsPerson."""

    def profile(self) -> Profile: ...

    def changes(self, since: int, page: str = "", most: int | None = None) -> Changes:
        """Every message added after `since`, or those of at most so many pages. Raises HistoryExpired."""
        ...

    def list_since(self, since: datetime, page: str = "", box: Box = Box.INBOX) -> Page:
        """One page of a box from `since` on, newest first; what was sent says so by its label."""
        ...

    def fetch(self, gmail_id: str) -> RawMail:
        """One message. Raises Gone when it was deleted meanwhile."""
        ...
