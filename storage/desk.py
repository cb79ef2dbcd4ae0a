"""How much waits for a person, what was handled today, and a person's act on a held decision."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from domain.case import CaseState
from domain.delivery import EffectState
from domain.settlement import Settlement
from storage import acts, cases, events, settling, undo
from storage.settling import Answer


@dataclass(frozen=True, slots=True)
class Today:
    """What was handled in the last 24 hours; `held` and `in_work` are as of now. `to_gmail` went there as drafts."""

    answered_by_machine: int
    answered_by_people: int
    dismissed: int
    held: int
    ignored: int
    in_work: int
    to_gmail: int


@dataclass(frozen=True, slots=True)
class Handled:
    """How much one person settled in the last 24 hours, in each way."""

    name: str
    settled: Mapping[Settlement, int]


# What waits with a person because of this very decision.
_WAITING_CASE = f"""
    SELECT c.id FROM decision d JOIN support_case c ON c.tenant_id = d.tenant_id
        AND c.conversation_id = d.conversation_id
    WHERE d.tenant_id = :tenant AND d.id = :decision AND c.state IN ('eligible', 'person', 'checking')
        AND {cases.ITS_OWN}
    FOR UPDATE OF c
"""  # noqa: S608  # a constant of ours
_ITS_CASE = text(_WAITING_CASE)

# What people settled is read once for both of its numbers, from `decision_settled` alone.
_TODAY = text("""
    SELECT
      (SELECT count(*) FROM outbox WHERE tenant_id = :tenant AND automatic AND kind = 'reply' AND state = 'sent'
        AND sent_at > now() - interval '24 hours') AS by_machine,
      (SELECT count(*) FROM outbox WHERE tenant_id = :tenant AND NOT automatic AND kind = 'reply' AND state = 'sent'
        AND sent_at > now() - interval '24 hours') AS by_people,
      settled.dismissed,
      CASE WHEN CAST(:held AS bigint) IS NULL THEN (SELECT count(*) FROM decision WHERE tenant_id = :tenant
          AND is_current AND disposition = 'hold' AND settled_at IS NULL
          AND (snoozed_until IS NULL OR snoozed_until <= now()))
        ELSE :held END AS held,
      (SELECT count(*) FROM decision WHERE tenant_id = :tenant AND is_current AND disposition = 'ignore'
        AND created_at > now() - interval '24 hours') AS ignored,
      (SELECT count(*) FROM message WHERE tenant_id = :tenant AND direction = 'in'
        AND state IN ('discovered', 'fetched')) AS in_work,
      settled.to_gmail
    FROM (SELECT count(*) FILTER (WHERE settlement = 'dismissed') AS dismissed,
            count(*) FILTER (WHERE settlement = 'gmail_draft') AS to_gmail
        FROM decision WHERE tenant_id = :tenant AND is_current AND settled_at > now() - interval '24 hours') settled
""")

_HANDLED_BY = text("""
    SELECT coalesce(nullif(p.name, ''), p.email) AS name, count(*) FILTER (WHERE d.settlement = 'sent') AS sent,
        count(*) FILTER (WHERE d.settlement = 'dismissed') AS dismissed,
        count(*) FILTER (WHERE d.settlement = 'gmail_draft') AS gmail_draft
    FROM decision d JOIN member p ON p.tenant_id = d.tenant_id AND p.id = d.settled_by
    WHERE d.tenant_id = :tenant AND d.is_current AND d.settled_at > now() - interval '24 hours'
    GROUP BY p.tenant_id, p.id ORDER BY count(*) DESC, name LIMIT 20
""")

DISMISSED = "Dismissed."
_OWN_WORDS = "A member answered in their own words."


def waiting(db: Connection, tenant: UUID) -> int:
    """How many decisions wait for a person now: what rests until later is not counted."""
    count: int = db.execute(
        text("""
            SELECT count(*) FROM decision
            WHERE tenant_id = :tenant AND is_current AND disposition = 'hold' AND settled_at IS NULL
                AND (snoozed_until IS NULL OR snoozed_until <= now())
        """),
        {"tenant": tenant},
    ).scalar_one()
    return count


def today(db: Connection, tenant: UUID, *, held: int | None = None) -> Today:
    """`held` is how many wait, where that was counted already."""
    return Today(*db.execute(_TODAY, {"tenant": tenant, "held": held}).one())


def handled_by(db: Connection, tenant: UUID) -> list[Handled]:
    """Who settled how much, the busiest first."""
    rows = db.execute(_HANDLED_BY, {"tenant": tenant}).mappings()
    return [Handled(row["name"], {one: row[one.value] for one in Settlement}) for row in rows]


def send(
    db: Connection,
    tenant: UUID,
    decision: UUID,
    *,
    member: UUID,
    text_to_send: str,
    reference: str,
    claim_reason: str = "",
    wall_reason: str = "",
) -> bool:
    """A person releases the draft, perhaps edited, or writes an answer where there was none.

    False when somebody else settled it before. Nothing is sent here. Raises BadInput, and nothing is changed, when
    there is nobody to answer or no mailbox to answer from. The case takes its step from where it stands by now. An
    order action that was proposed with the draft is not approved by this: it is given up, and a person has the case.
    For some seconds all of it can be undone (storage/undo.py).
    """
    waiting = settling.lock(db, tenant, decision)
    if waiting is None:
        return False
    before = undo.remember(db, tenant, decision)
    act, answer = acts.held(db, tenant, decision), Answer(member, text_to_send, reference, claim_reason, wall_reason)
    settling.settle(db, tenant, decision, member=member, settlement=Settlement.SENT, for_good=act is not None)
    edited = settling.reply(db, tenant, waiting, answer, state=EffectState.PENDING)
    if act is not None:
        settling.to_person(db, tenant, waiting, act.case, member=member, reason=_OWN_WORDS)
        acts.cancel(db, tenant, decision, reason=_OWN_WORDS)
    elif waiting.step is not None and waiting.conversation is not None:
        cases.move_late(db, tenant, decision, waiting.conversation, waiting.step)
    settling.sent(db, tenant, waiting, answer, edited=edited)
    undo.keep(db, tenant, decision, before)
    return True


def dismiss(db: Connection, tenant: UUID, decision: UUID, *, member: UUID) -> bool:
    """A person says that this needs no answer; False when somebody else settled it before.

    What was proposed is given up, and the case that waited with a person for this very mail is withdrawn.
    """
    waiting = settling.lock(db, tenant, decision)
    if waiting is None:
        return False
    settling.settle(db, tenant, decision, member=member, settlement=Settlement.DISMISSED)
    for case in db.execute(_ITS_CASE, {"tenant": tenant, "decision": decision}).scalars().all():
        found = cases.get(db, tenant, case)
        if found is not None and waiting.conversation is not None:
            ended, actor = found.moved_to(CaseState.WITHDRAWN), str(member)
            cases.move(db, tenant, waiting.conversation, ended, actor=actor, reason=DISMISSED)
    acts.cancel(db, tenant, decision, reason=DISMISSED)
    settling.drop_replies(db, tenant, decision, reason=DISMISSED)
    events.record(db, tenant, actor=str(member), kind="message_dismissed", subject=waiting.message)
    return True
