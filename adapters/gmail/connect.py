"""Hand out one connected mailbox, ready for a job."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from adapters.gmail.client import Connection
from adapters.gmail.outgoing import GmailOutgoing
from adapters.gmail.source import GmailSource
from adapters.gmail.tokens import GoogleApp, Tokens, UnderLock
from adapters.gmail.transport import Limits


@dataclass(frozen=True, slots=True)
class Gmail:
    """`source` reads the mailbox, `outgoing` acts in it; both share one TCP connection and belong to one thread."""

    source: GmailSource
    outgoing: GmailOutgoing


def _utc_now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def connect(
    app: GoogleApp,
    tokens: Tokens,
    under_lock: UnderLock,
    *,
    limits: Limits | None = None,
    clock: Callable[[], datetime] = _utc_now,
) -> Iterator[Gmail]:
    """One mailbox for one job. No call leaves before the first question is asked; closed at the end."""
    connection = Connection(app, tokens, under_lock, limits or Limits(), clock)
    try:
        yield Gmail(GmailSource(connection), GmailOutgoing(connection))
    finally:
        connection.close()
