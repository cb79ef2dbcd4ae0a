"""What one writer left in conversations that others began: their words in the cases there, and their address."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from domain.case import LONGEST_WORDS, Case, unquoted
from storage.case_rows import from_row
from storage.codec import case_from_json, dumps

# Whoever stores a mail there, and then decides about it by the case, waits until the transaction ends.
_LOCK = text("""
    SELECT c.id FROM conversation c WHERE c.tenant_id = :tenant AND c.customer_address <> :address
        AND (c.id IN (SELECT m.conversation_id FROM message m
                WHERE m.tenant_id = :tenant AND m.sender_address = :address)
            OR c.id IN (SELECT s.conversation_id FROM support_case s
                WHERE s.tenant_id = :tenant AND s.writer = :address))
    ORDER BY c.id FOR NO KEY UPDATE
""")

# What was read in their mails there, and where nothing is left of it.
_READ = text("""
    SELECT m.conversation_id AS conversation, left(coalesce(d.understanding ->> 'text', ''), :longest) AS said
    FROM message m LEFT JOIN decision d ON d.tenant_id = m.tenant_id AND d.message_id = m.id
    WHERE m.tenant_id = :tenant AND m.id = ANY(:messages) AND m.conversation_id = ANY(:threads)
""")

_CASES = text("""
    SELECT * FROM support_case WHERE tenant_id = :tenant AND conversation_id = ANY(:threads) ORDER BY id FOR UPDATE
""")

# Its version stays: nobody is deciding by it, and what was decided earlier still knows it.
_KEEP_CASE = text("""
    UPDATE support_case SET words = :words, doubts = :doubts, writer = :writer WHERE tenant_id = :tenant AND id = :id
""")

_DECISIONS = text("""
    SELECT id, conversation_id, reason, checks, case_on_release, case_undo FROM decision
    WHERE tenant_id = :tenant AND conversation_id = ANY(:threads) AND NOT message_id = ANY(:messages)
    ORDER BY id FOR UPDATE
""")

_KEEP_DECISION = text("""
    UPDATE decision SET reason = :reason, checks = CAST(:checks AS jsonb),
        case_on_release = CAST(:case_on_release AS jsonb), case_undo = CAST(:case_undo AS jsonb)
    WHERE tenant_id = :tenant AND id = :id
""")

# The first name and the first subject of a thread are kept, whoever's they are.
_NAME = text("""
    UPDATE conversation c SET customer_name = '' WHERE c.tenant_id = :tenant AND c.id = ANY(:threads)
        AND EXISTS (SELECT FROM message m WHERE m.tenant_id = c.tenant_id AND m.id = ANY(:messages)
            AND m.conversation_id = c.id AND m.sender_name = c.customer_name)
        AND NOT EXISTS (SELECT FROM message m WHERE m.tenant_id = c.tenant_id AND NOT m.id = ANY(:messages)
            AND m.conversation_id = c.id AND m.sender_name = c.customer_name)
""")
_SUBJECT = text("""
    UPDATE conversation c SET subject = '' WHERE c.tenant_id = :tenant AND c.id = ANY(:threads)
        AND EXISTS (SELECT FROM message m WHERE m.tenant_id = c.tenant_id AND m.id = ANY(:messages)
            AND m.conversation_id = c.id AND m.subject = c.subject)
        AND NOT EXISTS (SELECT FROM message m WHERE m.tenant_id = c.tenant_id AND NOT m.id = ANY(:messages)
            AND m.conversation_id = c.id AND m.subject = c.subject)
""")

# How a release is taken back is only of use before the reply is on its way.
_UNDO = text("""
    UPDATE outbox SET undo = NULL WHERE tenant_id = :tenant AND conversation_id = ANY(:threads) AND undo IS NOT NULL
""")


@dataclass(frozen=True, slots=True)
class Writer:
    """One who wrote in `threads`, by `messages`. `nobody` stands from now on where their address stood."""

    address: str
    nobody: str
    messages: Sequence[UUID]
    threads: Sequence[UUID]


def lock(db: Connection, tenant: UUID, address: str) -> list[UUID]:
    """The conversations of others in which they wrote: no mail comes to them until the transaction ends."""
    return list(db.execute(_LOCK, {"tenant": tenant, "address": address}).scalars())


def leave(db: Connection, tenant: UUID, writer: Writer) -> int:
    """Take them out of the cases there, and of what was decided by these; returns how many rows that changed.

    Their mails and what was decided about these must still stand. Nobody may be deciding about a mail there.
    """
    if not writer.threads:
        return 0
    values = {"tenant": tenant, "threads": list(writer.threads), "messages": list(writer.messages)}
    said: dict[UUID, set[str]] = {thread: set() for thread in writer.threads}
    for row in db.execute(_READ, {**values, "longest": LONGEST_WORDS}):
        said[row.conversation].add(row.said)
    changed = sum(
        _left_case(db, tenant, row, writer, said[row.conversation_id]) for row in db.execute(_CASES, values).all()
    ) + sum(
        _left_decision(db, tenant, row, writer, said[row.conversation_id])
        for row in db.execute(_DECISIONS, values).all()
    )
    for rest in (_NAME, _SUBJECT, _UNDO):
        db.execute(rest, values)
    return changed


def _left_case(db: Connection, tenant: UUID, row: Any, writer: Writer, said: Collection[str]) -> int:
    case = from_row(row)
    left = case.without(writer.address, said, nobody=writer.nobody)
    if case.has_ended and (not said or "" in said):  # Nobody knows any more which of its words are theirs.
        left = replace(left, words=())
    if left == case:
        return 0
    kept = {"words": list(left.words), "doubts": list(left.doubts), "writer": left.writer}
    return db.execute(_KEEP_CASE, {"tenant": tenant, "id": case.id, **kept}).rowcount


def _left_decision(db: Connection, tenant: UUID, row: Any, writer: Writer, said: Collection[str]) -> int:
    """What was decided about another's mail: a wish is read out of all words of a case, so a quote may be anybody's."""

    def without(case: Case | None) -> Case | None:
        return case.without(writer.address, said, nobody=writer.nobody) if case is not None else None

    undo = row.case_undo
    step, before = case_from_json(row.case_on_release), case_from_json(undo["before"]) if undo else None
    reason, checks = unquoted(row.reason), [{**one, "text": unquoted(one["text"])} for one in row.checks]
    step_left, before_left = without(step), without(before)
    if (reason, checks, step_left, before_left) == (row.reason, row.checks, step, before):
        return 0
    left = {
        "reason": reason,
        "checks": dumps(checks),
        "case_on_release": dumps(asdict(step_left)) if step_left else None,
        "case_undo": dumps({**undo, "before": asdict(before_left) if before_left else None}) if undo else None,
    }
    return db.execute(_KEEP_DECISION, {"tenant": tenant, "id": row.id, **left}).rowcount
