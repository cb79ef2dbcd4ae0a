"""The claim guard over the rows: what a reply says was done, held against what was done in its conversation."""

from uuid import UUID

from sqlalchemy import Connection, text

from domain.claims import Claim, Done, Proven, claims_in, unproven
from domain.money import Money
from domain.order_action import Action
from storage import events

# An act proves what is said in its own conversation only: by the decision that proposed it, or by its case. What was
# paid is the ledger's word. `with_own` takes the act that the decision itself proposes as done.
_DONE = text("""
    SELECT a.action, CASE WHEN a.state = 'done' THEN l.amount_minor ELSE a.amount_minor END AS minor, a.currency
    FROM order_act a
        LEFT JOIN ledger_entry l ON l.tenant_id = a.tenant_id AND l.key = a.id AND l.kind = 'paid'
    WHERE a.tenant_id = :tenant AND a.id IN (
            SELECT x.id FROM order_act x WHERE x.tenant_id = :tenant AND x.decision_id = :decision
            UNION SELECT x.id FROM decision d
                JOIN decision s ON s.tenant_id = d.tenant_id AND s.conversation_id = d.conversation_id
                JOIN order_act x ON x.tenant_id = s.tenant_id AND x.decision_id = s.id
                WHERE d.tenant_id = :tenant AND d.id = :decision
            UNION SELECT x.id FROM decision d
                JOIN support_case c ON c.tenant_id = d.tenant_id AND c.conversation_id = d.conversation_id
                JOIN order_act x ON x.tenant_id = c.tenant_id AND x.case_id = c.id
                WHERE d.tenant_id = :tenant AND d.id = :decision)
        AND (a.state = 'done' OR :with_own AND a.decision_id = :decision
            AND a.state IN ('held', 'pending', 'sending', 'uncertain'))
    ORDER BY a.created_at, a.id
""")


_MESSAGE = text("SELECT message_id FROM decision WHERE tenant_id = :tenant AND id = :decision")

# In characters, as the outbox keeps it.
LONGEST_REASON = 1000


def proven(db: Connection, tenant: UUID, decision: UUID) -> Proven:
    """What was done for the conversation of this decision, with what the ledger says was paid back."""
    return _proven(db, tenant, decision, with_own=False)


def unproven_in(db: Connection, tenant: UUID, decision: UUID, reply: str) -> tuple[Claim, ...]:
    """The claims of a reply to this decision's mail that nothing proves as of now."""
    claims = claims_in(reply)
    return unproven(claims, proven(db, tenant, decision)) if claims else ()


def unproven_once_done(db: Connection, tenant: UUID, decision: UUID, reply: str) -> tuple[Claim, ...]:
    """The same for a reply that waits for its decision's own order action, as if that action were done.

    Who approves both together is warned of what stays false then. At sending, `unproven_in` decides all the same.
    """
    claims = claims_in(reply)
    return unproven(claims, _proven(db, tenant, decision, with_own=True)) if claims else ()


def doubt(db: Connection, tenant: UUID, decision: UUID, reply: str) -> str:
    """Why this reply must not leave by itself, in words, or nothing."""
    claims = unproven_in(db, tenant, decision, reply)
    if not claims:
        return ""
    said = " and ".join(dict.fromkeys(f"{claim.says} (“{claim.shown}”)" for claim in claims[:3]))
    return f"It says that {said}, which the ledger does not have."


def note_override(
    db: Connection, tenant: UUID, decision: UUID, claims: tuple[Claim, ...], *, member: UUID, reason: str
) -> None:
    """Record that a member sends claims that nothing proves, and why; their words are in the reply, not here."""
    message = db.execute(_MESSAGE, {"tenant": tenant, "decision": decision}).scalar_one()
    kinds, why = sorted({claim.kind.value for claim in claims}), reason[:LONGEST_REASON]
    events.record(db, tenant, actor=str(member), kind="claim_overridden", subject=message, reason=why, kinds=kinds)


def _proven(db: Connection, tenant: UUID, decision: UUID, *, with_own: bool) -> Proven:
    rows = db.execute(_DONE, {"tenant": tenant, "decision": decision, "with_own": with_own})
    return Proven(
        tuple(
            Done(Action(row.action), Money(row.minor, row.currency) if row.minor is not None else None) for row in rows
        )
    )
