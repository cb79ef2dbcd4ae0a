"""How each mail ended by our own tables: read as the owner, who sees every tenant, when everything has come to rest."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

# What is still to be done by somebody of ours.
OPEN = frozenset({"pending", "drafted", "sending", "uncertain", "wanted", "creating"})
# What a machine gave up: a person looks, since nobody knows or nobody could.
GIVEN_UP = frozenset({"needs_person", "failed", "refused"})
TRIED = ("It was tried", "It could not be fetched", "It could not be sent", "It could not be carried out")


class End(StrEnum):
    ANSWERED = "answered"
    HELD = "held"
    IGNORED = "ignored"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing to be done for a mail: which (reply, draft, words, act, ticket), its state, what was said of it last.

    `mark` is by which the stand-in knows it: a reference, a marker, a key; `left` whether it counts as done there.
    """

    what: str
    state: str
    error: str
    mark: str
    left: bool


@dataclass(slots=True)
class Ended:
    """One mail by its Message-ID, with what was decided and what was to be done."""

    state: str
    disposition: str
    reason: str
    effects: list[Effect] = field(default_factory=list)

    @property
    def end(self) -> End | None:
        """None: it has not come to an end."""
        if any(one.state in OPEN for one in self.effects):
            return None
        if self.state == "unreadable":
            return End.UNREADABLE
        if self.state in {"discovered", "fetched"}:
            return None
        known = {"ignore": End.IGNORED, "hold": End.HELD, "release": End.ANSWERED}.get(self.disposition)
        unsent = any(one.what == "reply" and one.state == "waiting" for one in self.effects)
        return None if known is End.ANSWERED and unsent else known

    @property
    def needs_person(self) -> str:
        """Why a person has to look at what the machine had begun, or nothing."""
        for one in self.effects:
            if one.state in GIVEN_UP or (one.what == "reply" and one.state == "held" and one.error):
                return f"{one.what} {one.state}: {one.error}"
        tried = self.reason.startswith(TRIED) or self.state == "unreadable"
        return f"mail {self.state}: {self.reason}" if tried else ""


_MAILS = """
    SELECT m.rfc_message_id, m.state, coalesce(d.disposition, ''), coalesce(d.reason, '')
    FROM message m LEFT JOIN decision d ON d.tenant_id = m.tenant_id AND d.message_id = m.id AND d.is_current
    WHERE m.direction = 'in' AND m.rfc_message_id LIKE '<chaos-%'
"""
_EFFECTS = """
    SELECT m.rfc_message_id, CASE o.state WHEN 'left_as_draft' THEN 'draft' ELSE 'reply' END, o.state, o.last_error,
        o.reference, o.sent_gmail_id IS NOT NULL OR o.state = 'left_as_draft'
    FROM outbox o JOIN message m ON m.tenant_id = o.tenant_id AND m.id = o.message_id
    UNION ALL
    SELECT m.rfc_message_id, 'words', w.state, w.last_error, w.marker, w.state = 'done'
    FROM ticket_words w JOIN message m ON m.tenant_id = w.tenant_id AND m.id = w.message_id WHERE w.state <> 'waiting'
    UNION ALL
    SELECT m.rfc_message_id, 'ticket', t.state, t.last_error, t.marker, false
    FROM ticket t JOIN message m ON m.tenant_id = t.tenant_id AND m.id = t.message_id
    WHERE t.state <> 'wanted' OR t.next_at IS NOT NULL
    UNION ALL
    SELECT m.rfc_message_id, 'act', a.state, a.last_error, a.id::text, a.state = 'done' AND a.sent_to <> ''
    FROM order_act a JOIN decision d ON d.tenant_id = a.tenant_id AND d.id = a.decision_id
        JOIN message m ON m.tenant_id = d.tenant_id AND m.id = d.message_id
"""
_WORK = """
    SELECT (SELECT count(*) FROM message WHERE state IN ('discovered', 'fetched') AND direction = 'in')
        + (SELECT count(*) FROM outbox WHERE state IN ('pending', 'drafted', 'sending', 'uncertain'))
        + (SELECT count(*) FROM ticket_words WHERE state IN ('pending', 'sending', 'uncertain'))
        + (SELECT count(*) FROM ticket WHERE next_at IS NOT NULL)
        + (SELECT count(*) FROM order_act WHERE state IN ('pending', 'sending', 'uncertain')),
        (SELECT count(*) FROM message m JOIN decision d ON d.tenant_id = m.tenant_id AND d.message_id = m.id
            AND d.is_current WHERE m.rfc_message_id LIKE '<chaos-%'),
        (SELECT count(*) FROM message m JOIN decision d ON d.tenant_id = m.tenant_id AND d.message_id = m.id
            AND d.is_current AND d.disposition = 'release' WHERE m.rfc_message_id LIKE '<chaos-%')
"""


def work_left(db: Any) -> tuple[int, int, int]:
    """How many things are still to be done, how many of our mails have a decision, how many of those a release."""
    left, decided, released = db.execute(_WORK).fetchone()
    return int(left), int(decided), int(released)


def read(db: Any) -> dict[str, Ended]:
    """Every mail of the run that our tables know of, by its Message-ID."""
    return joined(db.execute(_MAILS).fetchall(), db.execute(_EFFECTS).fetchall())


def joined(mails: Iterable[Any], effects: Iterable[Any]) -> dict[str, Ended]:
    by_mail: Mapping[str, list[Effect]] = defaultdict(list)
    for message_id, *rest in effects:
        by_mail[message_id].append(Effect(*rest))
    return {
        message_id: Ended(state, disposition, reason, by_mail.get(message_id, []))
        for message_id, state, disposition, reason in mails
    }
