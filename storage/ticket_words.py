"""The texts of a claimed ticket, in their order, and each move of their machine: pending, sending, uncertain.

Whoever has claimed the ticket has its texts: each move locks the ticket's row under its fence.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection, text

from domain.decision import WordsFor
from domain.delivery import WordsState
from storage import by_hand, citations, claims, phases, supplier_words, taking_over, ticket_work
from storage.ticket_work import Due, Gate


@dataclass(frozen=True, slots=True)
class DueWords:
    """The next text for a ticket. `decision` and `reply` are None for what no decision and no draft stands behind.

    `wall_reason` is why a person sends what the wall between suppliers and customers objects to.
    """

    id: UUID
    side: WordsFor
    text: str
    marker: str
    recipient: str
    automatic: bool
    customer: str
    customer_name: str
    decision: UUID | None
    reply: UUID | None
    state: WordsState
    attempts: int
    looks: int
    repeats: int
    wall_reason: str = ""
    request: UUID | None = None

    @property
    def asked(self) -> bool:
        """Whether the system may have them already."""
        return self.state is not WordsState.PENDING


_NEXT = text("""
    SELECT w.id, w.side, w.text, w.marker, w.recipient, w.automatic, coalesce(c.customer_address, '') AS customer,
        coalesce(c.customer_name, '') AS customer_name, w.decision_id AS decision, w.reply_id AS reply, w.state,
        w.attempts, w.looks, w.repeats, w.request_id AS request,
        CASE WHEN w.automatic THEN '' ELSE coalesce(nullif(w.wall_reason, ''), o.wall_reason, '') END AS wall_reason
    FROM ticket_words w LEFT JOIN conversation c ON c.tenant_id = w.tenant_id AND c.id = w.conversation_id
        LEFT JOIN outbox o ON o.tenant_id = w.tenant_id AND o.id = w.reply_id
    WHERE w.tenant_id = :tenant AND w.ticket_id = :id AND w.state IN ('pending', 'sending', 'uncertain')
    ORDER BY w.seq LIMIT 1
""")

_SENDING = text("""
    UPDATE ticket_words SET state = 'sending', sending_at = now(), attempts = attempts + 1,
        repeats = repeats + CASE WHEN state = 'pending' THEN 0 ELSE 1 END,
        looks = CASE WHEN state = 'pending' THEN looks ELSE 0 END
    WHERE tenant_id = :tenant AND id = :words AND state IN ('pending', 'sending', 'uncertain')
""")
_RENEW = text("UPDATE ticket SET lease_until = now() + :lease WHERE tenant_id = :tenant AND id = :id")

_MOVE_WORDS = text("""
    UPDATE ticket_words SET state = :state, last_error = :error, looks = looks + :looked
    WHERE tenant_id = :tenant AND id = :words AND state IN ('pending', 'sending', 'uncertain')
""")


def next_words(db: Connection, due: Due) -> DueWords | None:
    """The oldest text of the ticket that is not at an end."""
    row = db.execute(_NEXT, _values(due)).mappings().one_or_none()
    return DueWords(**{**row, "side": WordsFor(row["side"]), "state": WordsState(row["state"])}) if row else None


def begin(db: Connection, due: Due, words: DueWords, lease: timedelta, *, sight: timedelta) -> tuple[Gate, str]:
    """Look once more at everything that forbids it; when nothing does, the row says `sending` after the commit.

    What nobody approved goes to a customer only while their mailbox was synced within `sight`.
    """
    now = ticket_work.lock(db, due)
    if now is None:
        return Gate.LOST, "Another worker took it."
    gate, reason = _forbidden(db, due.tenant, words, answering=now.answering, sight=sight)
    if gate is not Gate.OPEN:
        return gate, reason
    if db.execute(_SENDING, {**_values(due), "words": words.id}).rowcount != 1:
        return Gate.LOST, "Somebody else ended it."
    db.execute(_RENEW, {**_values(due), "lease": lease})
    return Gate.OPEN, ""


def move(
    db: Connection,
    due: Due,
    words: DueWords,
    state: WordsState,
    *,
    after: timedelta,
    error: str,
    looked: bool = False,
) -> bool:
    """Give the ticket back with these words in `state`: they and what is behind them are due again in `after`."""
    if ticket_work.lock(db, due) is None:
        return False
    values = {**_values(due), "words": words.id, "state": state.value, "error": error[:500], "looked": int(looked)}
    db.execute(_MOVE_WORDS, values)
    ticket_work.give_back(db, due, after=after, error=error)
    return True


def _forbidden(db: Connection, tenant: UUID, words: DueWords, *, answering: bool, sight: timedelta) -> tuple[Gate, str]:
    reminds = words.automatic and words.request is not None
    overtaken = supplier_words.overtaken(db, tenant, words.id) if words.request is not None else ""
    to_customer = words.automatic and words.side is WordsFor.CUSTOMER
    seen = by_hand.look(db, tenant, words.reply, sight=sight) if to_customer and words.reply is not None else None
    undecided = reminds and supplier_words.is_undecided(db, tenant, words.id)
    taken_over = taking_over.objection_to_words(db, tenant, words.id) if to_customer else ""
    by_phase = phases.forbids(db, tenant, words.decision) if to_customer and words.decision else ""
    objections = (
        (bool(overtaken), Gate.CANCEL, overtaken),
        (seen is not None and seen.another_leaving, Gate.WAIT, by_hand.ANOTHER_LEAVING),
        (seen is not None and seen.answered_by_hand, Gate.CANCEL, by_hand.ANSWERED),
        (words.automatic and not answering, Gate.PAUSED, "Answering by itself is paused."),
        (undecided, Gate.WAIT, "Mail came in that nobody has read yet: it may be the answer."),
        (bool(taken_over or by_phase), Gate.HOLD, taken_over or by_phase),
        (seen is not None and not seen.in_sight, Gate.WAIT, by_hand.OUT_OF_SIGHT),
    )
    for objects, gate, reason in objections:
        if objects:
            return gate, reason
    # It may have waited for its ticket for an hour: what it quotes and what it claims is held against the rows again.
    doubt = _doubt(db, tenant, words) if to_customer else ""
    return (Gate.HOLD, f"{doubt} A person decides.") if doubt else (Gate.OPEN, "")


def _doubt(db: Connection, tenant: UUID, words: DueWords) -> str:
    if words.decision is None:
        return ""
    return citations.doubt(db, tenant, words.decision) or claims.doubt(db, tenant, words.decision, words.text)


def _values(due: Due) -> dict[str, object]:
    return {"tenant": due.tenant, "id": due.id, "fence": due.fence}
