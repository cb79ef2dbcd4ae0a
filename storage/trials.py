"""Mails that members try: kept until a worker has read them, with what would happen, and for an hour at most."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from domain.composition import Attempt
from domain.decision import Decision
from domain.message import Message
from domain.understanding import Understanding
from storage.codec import (
    checks_from_json,
    citations_from_json,
    composition_from_json,
    dumps,
    facts_from_json,
    look_from_json,
    storable,
    understanding_from_json,
)
from storage.thread import Shown

KEPT = timedelta(hours=1)
# Each may be 25 MB, and holds a worker for some seconds that mail waits for.
MOST_WAITING = 5


@dataclass(frozen=True, slots=True)
class Trial:
    """One that a worker has claimed; `attempts` counts this one, `last_error` is what befell the one before."""

    tenant: UUID
    id: UUID
    raw: bytes
    attempts: int
    fence: int
    last_error: str


@dataclass(frozen=True, slots=True)
class Looked:
    """A trial as its page shows it. `mail` is None while it waits, or where nothing came of it: `problem` says why.

    `effects` are what would be done, each as its kind, `to` whom or to which order, and its text.
    """

    created_at: datetime
    problem: str = ""
    mail: Shown | None = None
    effects: Sequence[Mapping[str, str]] = ()
    composition: tuple[Attempt, ...] = ()


_ASK = text("""
    INSERT INTO trial (tenant_id, id, member_id, raw) SELECT :tenant, :id, :member, :raw
    WHERE (SELECT count(*) FROM trial WHERE tenant_id = :tenant AND state = 'waiting') < :most
""")

# What failed before comes last, so that a mail that kills the process keeps no other waiting.
_CLAIM = text("""
    UPDATE trial SET lease_until = now() + :lease, fence = fence + 1, attempts = attempts + 1
    WHERE tenant_id = :tenant AND id = (SELECT id FROM trial WHERE tenant_id = :tenant AND state = 'waiting'
            AND next_at <= now() AND (lease_until IS NULL OR lease_until < now())
        ORDER BY attempts, created_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id, raw, attempts, fence, last_error
""")

_END = text("""
    UPDATE trial SET state = :state, result = CAST(:result AS jsonb), last_error = :error, raw = NULL,
        lease_until = NULL, next_at = created_at + :kept
    WHERE tenant_id = :tenant AND id = :id AND fence = :fence AND state = 'waiting'
""")

_GIVE_BACK = text("""
    UPDATE trial SET lease_until = NULL, next_at = now() + :after, last_error = :error
    WHERE tenant_id = :tenant AND id = :id AND fence = :fence AND state = 'waiting'
""")

_FORGET = text("DELETE FROM trial WHERE tenant_id = :tenant AND created_at <= now() - :kept")

_GET = text("""
    SELECT created_at, state, result, last_error FROM trial
    WHERE tenant_id = :tenant AND id = :id AND member_id = :member AND created_at > now() - :kept
""")


def ask(db: Connection, tenant: UUID, *, member: UUID, raw: bytes) -> UUID | None:
    """Leave a mail for a worker to read; None, and nothing is kept, where five of the workspace wait already."""
    trial = uuid4()
    values = {"tenant": tenant, "id": trial, "member": member, "raw": raw, "most": MOST_WAITING}
    return trial if db.execute(_ASK, values).rowcount == 1 else None


def claim(db: Connection, tenant: UUID, lease: timedelta) -> Trial | None:
    """Take the one that has waited longest, alone until the lease ends."""
    row = db.execute(_CLAIM, {"tenant": tenant, "lease": lease}).one_or_none()
    return Trial(tenant, row.id, row.raw, row.attempts, row.fence, row.last_error) if row else None


def finish(
    db: Connection,
    trial: Trial,
    message: Message | None,
    *,
    understanding: Understanding,
    decision: Decision,
    effects: Sequence[Mapping[str, str]],
) -> bool:
    """Keep what would happen instead of the mail; False, and nothing changed, when the lease was lost."""
    sender = message.sender if message else None
    result = {
        "sender_name": sender.name if sender else "",
        "sender_address": sender.address if sender else "",
        "sender_verified": message.sender_verified if message else False,
        "subject": message.subject if message else "",
        "attachments": [(one.name, one.size) for one in message.attachments] if message else [],
        "is_read": message is not None,
        "disposition": decision.disposition.value,
        "reason": decision.reason,
        "understanding": asdict(understanding) if message else {},
        "citations": [asdict(one) for one in decision.citations],
        "checks": [asdict(one) for one in decision.checks],
        "answer": asdict(decision.answer) if decision.answer else None,
        "facts": [{**asdict(one), "as_of": one.as_of.isoformat()} for one in decision.facts],
        "composition": [asdict(one) for one in decision.composition],
        "effects": list(effects),
    }
    return _end(db, trial, "done", result=dumps(storable(result)))


def give_up(db: Connection, trial: Trial, problem: str) -> bool:
    """Nothing comes of it, for this reason; False when the lease was lost."""
    return _end(db, trial, "failed", error=problem)


def give_back(db: Connection, trial: Trial, *, after: timedelta, error: str) -> None:
    values = {"tenant": trial.tenant, "id": trial.id, "fence": trial.fence}
    db.execute(_GIVE_BACK, {**values, "after": after, "error": error[:500]})


def forget(db: Connection, tenant: UUID) -> int:
    """Delete what is older than an hour, read or not; returns how many."""
    return db.execute(_FORGET, {"tenant": tenant, "kept": KEPT}).rowcount


def look(db: Connection, tenant: UUID, trial: UUID, *, member: UUID) -> Looked | None:
    """What has come of a trial by now; None where this member has none of this id, or where its hour is over."""
    row = db.execute(_GET, {"tenant": tenant, "id": trial, "member": member, "kept": KEPT}).one_or_none()
    if row is None:
        return None
    if row.result is None:
        return Looked(row.created_at, row.last_error if row.state == "failed" else "")
    mail = _shown(trial, row.created_at, row.result)
    composition = composition_from_json(row.result["composition"])
    return Looked(row.created_at, mail=mail, effects=row.result["effects"], composition=composition)


def _end(db: Connection, trial: Trial, state: str, *, result: str | None = None, error: str = "") -> bool:
    values = {"tenant": trial.tenant, "id": trial.id, "fence": trial.fence, "kept": KEPT}
    return db.execute(_END, {**values, "state": state, "result": result, "error": error[:500]}).rowcount == 1


def _shown(trial: UUID, at: datetime, found: Mapping[str, Any]) -> Shown:
    """As a conversation shows a mail that was decided about; it has no replies, and nobody settled or judged it."""
    read = understanding_from_json(found["understanding"])
    return Shown(
        id=trial,
        direction="in",
        state="decided" if found["is_read"] else "unreadable",
        sender_name=found["sender_name"],
        sender_address=found["sender_address"],
        subject=found["subject"],
        text=read.text if read else "",
        has_html=False,
        sender_verified=found["sender_verified"],
        attachments=tuple((name, size) for name, size in found["attachments"]),
        received_at=at,
        last_error="",
        decision=trial,
        disposition=found["disposition"],
        reason=found["reason"],
        importance=read.importance if read else 1,
        understanding=read,
        citations=citations_from_json(found["citations"]),
        checks=checks_from_json(found["checks"]),
        answer=look_from_json(found["answer"]),
        verdict=None,
        judged_by="",
        settled_at=None,
        settlement=None,
        settled_by="",
        drafts=(),
        facts=facts_from_json(found["facts"]),
    )
