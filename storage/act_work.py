"""The acts that are due, and each move of their machine as one fenced update: pending, sending, uncertain.

`sending` is committed before the shop is asked. From then on nobody knows what became of it but the shop.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Connection, text

from domain.case import TRANSITIONS, CaseState
from domain.delivery import ActState, ShopTask
from domain.money import Money
from domain.order_action import PAYS_BACK, Action
from storage import cases, phases, taking_over
from storage.codec import wanted_items


@dataclass(frozen=True, slots=True)
class Act:
    """What one worker has claimed. `sent_to` is the shop's address that may have been asked, `waited` since when.

    `unapproved`: nobody had to approve it.
    """

    tenant: UUID
    task: ShopTask
    decision: UUID | None
    message: UUID | None
    case: UUID | None
    unapproved: bool
    state: ActState
    sent_to: str
    attempts: int
    looks: int
    fence: int
    waited: timedelta

    @property
    def id(self) -> UUID:
        return self.task.key

    @property
    def asked(self) -> bool:
        """Whether somebody outside may have been asked to do it."""
        return bool(self.sent_to)

    @property
    def pays_back(self) -> bool:
        return self.task.action in PAYS_BACK and self.task.amount is not None


class Gate(StrEnum):
    """What stands between an act and its beginning."""

    OPEN = "open"
    PAUSED = "paused"
    CLOSED = "closed"
    LOST = "lost"


_CLAIM = text("""
    UPDATE order_act a SET lease_until = now() + :lease, fence = fence + 1, attempts = attempts + 1
    WHERE tenant_id = :tenant AND id = (
        SELECT id FROM order_act WHERE tenant_id = :tenant AND state IN ('pending', 'sending', 'uncertain')
            AND next_at <= now() AND (lease_until IS NULL OR lease_until < now())
        ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id, decision_id, case_id, action, order_number, amount_minor, currency, items, reason, created_at,
        approvals_needed, state, sent_to, attempts, looks, fence, now() - coalesce(sending_at, now()) AS waited,
        (SELECT d.message_id FROM decision d WHERE d.tenant_id = a.tenant_id AND d.id = a.decision_id) AS message_id
""")

# Everything that must still be true in the instant before the shop is asked.
_GATE = text("""
    SELECT t.answering, a.approvals_needed,
        (SELECT count(*) FROM act_approval p WHERE p.tenant_id = a.tenant_id AND p.act_id = a.id) AS approvals,
        EXISTS (SELECT FROM ledger_entry l WHERE l.tenant_id = a.tenant_id AND l.key = a.id AND l.kind = 'promised')
            AND NOT EXISTS (SELECT FROM ledger_entry l WHERE l.tenant_id = a.tenant_id AND l.key = a.id
                AND l.kind <> 'promised') AS promised
    FROM order_act a JOIN tenant t ON t.tenant_id = a.tenant_id
    WHERE a.tenant_id = :tenant AND a.id = :id AND a.fence = :fence
        AND a.state IN ('pending', 'sending', 'uncertain')
    FOR UPDATE OF a
""")

_SENDING = text("""
    UPDATE order_act SET state = 'sending', sending_at = coalesce(sending_at, now()), sent_to = :address,
        looks = looks + :looked, lease_until = now() + :lease
    WHERE tenant_id = :tenant AND id = :id AND fence = :fence
""")

_MOVE = text("""
    UPDATE order_act SET state = :state, last_error = :error, next_at = now() + :after, lease_until = NULL,
        looks = looks + :looked
    WHERE tenant_id = :tenant AND id = :id AND fence = :fence AND state IN ('pending', 'sending', 'uncertain')
""")

_NEVER_ASKED = text("""
    UPDATE order_act SET state = 'pending', last_error = :error, next_at = now() + :after, lease_until = NULL,
        sending_at = NULL, sent_to = ''
    WHERE tenant_id = :tenant AND id = :id AND fence = :fence AND state = 'sending'
""")

_GIVE_BACK = text("""
    UPDATE order_act SET last_error = :error, next_at = now() + :after, lease_until = NULL
    WHERE tenant_id = :tenant AND id = :id AND fence = :fence
""")

_REST = text("""
    UPDATE order_act SET next_at = now() + :after
    WHERE tenant_id = :tenant AND state IN ('pending', 'sending', 'uncertain') AND next_at <= now()
        AND (lease_until IS NULL OR lease_until < now())
""")

_CONVERSATION = text("SELECT conversation_id FROM support_case WHERE tenant_id = :tenant AND id = :id")


def claim(db: Connection, tenant: UUID, lease: timedelta) -> Act | None:
    """One act that is due; every claim counts as an attempt."""
    row = db.execute(_CLAIM, {"tenant": tenant, "lease": lease}).one_or_none()
    if row is None:
        return None
    amount = Money(row.amount_minor, row.currency) if row.amount_minor is not None else None
    task = ShopTask(
        row.id, Action(row.action), row.order_number, amount, wanted_items(row.items), row.reason, row.created_at
    )
    return Act(
        tenant, task, row.decision_id, row.message_id, row.case_id, row.approvals_needed == 0, ActState(row.state),
        row.sent_to, row.attempts, row.looks, row.fence, row.waited,
    )  # fmt: skip


def begin(db: Connection, act: Act, address: str, lease: timedelta) -> tuple[Gate, str]:
    """Look once more at everything that forbids it; when nothing does, the row says `sending` after the commit.

    `address` is where the shop will be asked, empty where the ledger is all there is.
    """
    # The case first, then its act: whoever approves locks them in this order, too.
    case = cases.get(db, act.tenant, act.case) if act.case else None
    now = db.execute(_GATE, _values(act)).one_or_none()
    if now is None:
        return Gate.LOST, "Another worker took it."
    by_phase = phases.forbids(db, act.tenant, act.decision) if act.unapproved and act.decision else ""
    ready = case is None or case.state in {CaseState.APPROVED, CaseState.EXECUTING}
    objections = (
        (not ready, Gate.CLOSED, "Its case went another way meanwhile."),
        (now.approvals < now.approvals_needed, Gate.CLOSED, "Not enough people have approved it."),
        (act.pays_back and not now.promised, Gate.CLOSED, "The ledger holds no promise for it."),
        (act.unapproved and not now.answering, Gate.PAUSED, "Answering by itself is paused."),
        (bool(by_phase), Gate.PAUSED, by_phase),
    )
    for objects, gate, reason in objections:
        if objects:
            return gate, reason
    taken_over = taking_over.objection(db, act.tenant, act.decision) if act.unapproved else ""
    if taken_over:
        return Gate.PAUSED, taken_over
    move_case(db, act.tenant, act.case, CaseState.EXECUTING)
    db.execute(_SENDING, {**_values(act), "address": address, "looked": int(act.asked), "lease": lease})
    return Gate.OPEN, ""


def uncertain(db: Connection, act: Act, *, after: timedelta, error: str, looked: bool = False) -> bool:
    """The shop did not say: it is looked at in `after`."""
    values = {**_values(act), "state": ActState.UNCERTAIN.value, "looked": int(looked)}
    return db.execute(_MOVE, {**values, "after": after, "error": error[:500]}).rowcount == 1


def never_asked(db: Connection, act: Act, *, after: timedelta, error: str) -> bool:
    """Nothing reached the shop, and nothing had before: it is begun anew in `after`."""
    return db.execute(_NEVER_ASKED, {**_values(act), "after": after, "error": error[:500]}).rowcount == 1


def give_back(db: Connection, act: Act, *, after: timedelta, error: str) -> None:
    """Due again in `after`, in whatever state the row is in by now."""
    db.execute(_GIVE_BACK, {**_values(act), "after": after, "error": error[:500]})


def rest(db: Connection, tenant: UUID, after: timedelta) -> None:
    """The shop is in trouble: nothing of this tenant is due before `after`, so that others do not wait for it."""
    db.execute(_REST, {"tenant": tenant, "after": after})


def move_case(db: Connection, tenant: UUID, case: UUID | None, state: CaseState, *, reason: str = "") -> None:
    """The case one step on, where there is one and the table has that step from where it stands."""
    known = cases.get(db, tenant, case) if case is not None else None
    if known is not None and state in TRANSITIONS[known.state]:
        conversation = db.execute(_CONVERSATION, {"tenant": tenant, "id": case}).scalar_one()
        cases.move(db, tenant, conversation, known.moved_to(state), reason=reason)


def _values(act: Act) -> dict[str, object]:
    return {"tenant": act.tenant, "id": act.id, "fence": act.fence}
