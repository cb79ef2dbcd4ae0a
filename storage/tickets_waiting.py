"""What a person has to look at on tickets, with its words, and how they take a text off that list."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from storage import events, supplier_words

SEEN_TO = "A person saw to it."

# A customer's reply that was held waits at the desk as a draft; what is for a supplier waits on its ticket alone.
_PAGE = text("""
    SELECT t.id, t.order_number, t.number, t.state, t.last_error, t.marker, t.conversation_id, t.created_at
    FROM ticket t
    WHERE t.tenant_id = :tenant AND (t.state = 'needs_person' OR t.id IN (SELECT w.ticket_id FROM ticket_words w
            WHERE w.tenant_id = :tenant AND w.state IN ('needs_person', 'refused', 'held')
            AND (w.state <> 'held' OR w.side = 'supplier')))
        AND (CAST(:after AS uuid) IS NULL OR (t.created_at, t.id) <
            (SELECT x.created_at, x.id FROM ticket x WHERE x.tenant_id = :tenant AND x.id = :after))
    ORDER BY t.created_at DESC, t.id DESC LIMIT :limit
""")

_WORDS = text("""
    SELECT w.ticket_id, w.id, w.side, w.state, left(w.text, 4000) AS text, w.last_error, w.marker, w.recipient,
        w.sending_at, w.created_at, coalesce(w.conversation_id, m.conversation_id) AS conversation_id
    FROM ticket_words w LEFT JOIN message m ON m.tenant_id = w.tenant_id AND m.id = w.message_id
    WHERE w.tenant_id = :tenant AND w.ticket_id = ANY(:tickets)
        AND (w.state IN ('needs_person', 'refused') OR w.state = 'held' AND w.side = 'supplier')
    ORDER BY w.seq
""")

_SETTLE = text("""
    UPDATE ticket_words SET state = 'cancelled', last_error = :reason
    WHERE tenant_id = :tenant AND id = :words AND state IN ('needs_person', 'refused')
    RETURNING ticket_id
""")

_EXISTS = text("SELECT count(*) FROM ticket_words WHERE tenant_id = :tenant AND id = :words")


@dataclass(frozen=True, slots=True)
class WaitingWords:
    """`side` is customer, supplier or note. `perhaps_there` says that they may stand on the ticket already.

    `marker` is what they end with there; `conversation` the mail's that they are about.
    """

    id: UUID
    side: str
    state: str
    text: str
    reason: str
    marker: str
    recipient: str
    perhaps_there: bool
    created_at: datetime
    conversation: UUID | None


@dataclass(frozen=True, slots=True)
class WaitingTicket:
    """`is_unknown` says that a person has to find the ticket first; `marker` is what ours would carry."""

    id: UUID
    order_number: str
    number: str
    is_unknown: bool
    reason: str
    marker: str
    conversation: UUID | None
    created_at: datetime
    words: tuple[WaitingWords, ...]

    @property
    def why(self) -> str:
        """In one sentence: of the ticket where it is unknown, else of the first of its words that says something."""
        said = [self.reason] if self.is_unknown else [one.reason for one in self.words]
        return next(filter(None, said), "Words for a supplier wait at the desk.")


def page(db: Connection, tenant: UUID, *, after: UUID | None = None, limit: int = 50) -> list[WaitingTicket]:
    """The tickets behind the row `after` at which a person has to look, the newest first."""
    rows = db.execute(_PAGE, {"tenant": tenant, "after": after, "limit": limit}).all()
    words: dict[UUID, list[WaitingWords]] = {row.id: [] for row in rows}
    for row in db.execute(_WORDS, {"tenant": tenant, "tickets": list(words)}):
        words[row.ticket_id].append(_words(row))
    return [
        WaitingTicket(
            row.id, row.order_number, row.number, row.state == "needs_person", row.last_error, row.marker,
            row.conversation_id, row.created_at, tuple(words[row.id]),
        )
        for row in rows
    ]  # fmt: skip


def every(db: Connection, tenant: UUID) -> list[WaitingTicket]:
    """All of them, for a list without pages."""
    found: list[WaitingTicket] = []
    while rows := page(db, tenant, after=found[-1].id if found else None):
        found += rows
    return found


def settle(db: Connection, tenant: UUID, words: UUID, *, member: UUID) -> bool:
    """A person saw to these words by themselves: they wait no longer, and nothing of them is sent.

    False where there are no such words; pressed twice, it is no trouble.
    """
    ticket = db.execute(_SETTLE, {"tenant": tenant, "words": words, "reason": SEEN_TO}).scalar()
    if ticket is None:
        return bool(db.execute(_EXISTS, {"tenant": tenant, "words": words}).scalar_one())
    supplier_words.ended(db, tenant, words, reason=SEEN_TO)
    events.record(db, tenant, actor=str(member), kind="ticket_words_seen_to", subject=ticket, words=words)
    return True


def _words(row: Any) -> WaitingWords:
    return WaitingWords(
        row.id, row.side, row.state, row.text, row.last_error, row.marker, row.recipient, row.sending_at is not None,
        row.created_at, row.conversation_id,
    )  # fmt: skip
