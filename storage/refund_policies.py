"""A tenant's refund policies: every version that was ever written, and what a new one would change."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from domain.case import CaseState
from domain.errors import BadInput, NeedsPerson, TryAgain
from domain.money import Money
from domain.order_action import Action
from domain.policy_document import policy_from_json, policy_to_json
from domain.refund_policy import RefundPolicy
from domain.refund_rules import Outcome, Request, Verdict, judge
from domain.request import Reason
from storage import orders
from storage.codec import dumps, wanted_items


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """`written_by` is the member's name, empty where nobody is known any more."""

    version: int
    written_at: datetime
    written_by: str


@dataclass(frozen=True, slots=True)
class PastCase:
    """What became of a case, and what the policy would say. `before` is None where nothing was decided about it."""

    case: UUID
    order_number: str
    opened_at: datetime
    state: CaseState
    before: Outcome | None
    rule: str
    verdict: Verdict

    @property
    def changes(self) -> bool:
        return self.before is not None and self.before is not self.verdict.outcome


@dataclass(frozen=True, slots=True)
class LookBack:
    """What a policy would have done. `left_out` counts cases beyond the limit."""

    cases: tuple[PastCase, ...]
    left_out: int

    @property
    def changed(self) -> dict[tuple[Outcome, Outcome], int]:
        """How many cases would go from one outcome to another."""
        found: dict[tuple[Outcome, Outcome], int] = {}
        for one in self.cases:
            if one.before is not None and one.changes:
                way = (one.before, one.verdict.outcome)
                found[way] = found.get(way, 0) + 1
        return found


# By what stands in the table now: a case that waits or was given up says nothing about the policy.
_OUTCOMES = {
    **dict.fromkeys(
        (CaseState.ELIGIBLE, CaseState.APPROVED, CaseState.EXECUTING, CaseState.EXECUTED, CaseState.CONFIRMED),
        Outcome.ELIGIBLE,
    ),
    CaseState.REFUSED: Outcome.REFUSED,
    CaseState.PERSON: Outcome.PERSON,
    CaseState.REASON_WANTED: Outcome.REASON_WANTED,
    CaseState.EVIDENCE_WANTED: Outcome.EVIDENCE_WANTED,
}

_NEWEST = text("""
    SELECT version, document FROM refund_policy WHERE tenant_id = :tenant ORDER BY version DESC LIMIT 1
""")

_OF_VERSION = text("SELECT version, document FROM refund_policy WHERE tenant_id = :tenant AND version = :version")

# Two who save at once want the same number, and the second waits for the first to get or leave it.
_INSERT = text("""
    INSERT INTO refund_policy (tenant_id, version, document, written_by)
    SELECT :tenant, CAST(:version AS integer) + 1, CAST(:document AS jsonb), :member
    WHERE :version = (SELECT coalesce(max(version), 0) FROM refund_policy WHERE tenant_id = :tenant)
    ON CONFLICT DO NOTHING RETURNING version
""")

_VERSIONS = text("""
    SELECT p.version, p.written_at, coalesce(m.name, '') AS written_by FROM refund_policy p
        LEFT JOIN member m ON m.tenant_id = p.tenant_id AND m.id = p.written_by
    WHERE p.tenant_id = :tenant ORDER BY p.version DESC
""")

# What was promised for the order since the case was opened is taken off again, or every granted case would find
# nothing left.
_PAST = text("""
    SELECT c.id, c.order_number, c.opened_at, c.state, c.rule, c.action, c.items, c.reason, c.evidence,
        count(*) OVER () AS total,
        (SELECT coalesce(sum(l.amount_minor), 0) FROM ledger_entry l WHERE l.tenant_id = c.tenant_id
            AND l.order_number = c.order_number AND l.kind = 'promised' AND l.at >= c.opened_at AND NOT EXISTS (
                SELECT FROM ledger_entry r WHERE r.tenant_id = l.tenant_id AND r.key = l.key AND r.kind = 'released')
        ) AS promised_since
    FROM support_case c JOIN shop_order o ON o.tenant_id = c.tenant_id AND o.number = c.order_number
    WHERE c.tenant_id = :tenant AND c.action <> '' AND c.opened_at <= :now
    ORDER BY c.opened_at DESC, c.id LIMIT :limit
""")


def newest(db: Connection, tenant: UUID) -> RefundPolicy:
    """The policy in force: the usual one, as version 0, where none was written. NeedsPerson: it cannot be read."""
    row = db.execute(_NEWEST, {"tenant": tenant}).one_or_none()
    return _policy(row) if row is not None else RefundPolicy()


def of_version(db: Connection, tenant: UUID, version: int) -> RefundPolicy | None:
    """The policy of that version; 0 is the usual one, of which nothing is stored."""
    if version == 0:
        return RefundPolicy()
    row = db.execute(_OF_VERSION, {"tenant": tenant, "version": version}).one_or_none()
    return _policy(row) if row is not None else None


def save(db: Connection, tenant: UUID, policy: RefundPolicy, member: UUID) -> int:
    """Store the policy as the next version; returns its number. `policy.version` is the one that it was edited from.

    TryAgain: another version was written meanwhile. BadInput: it is no policy that can be read again.
    """
    document = policy_to_json(policy)
    policy_from_json(document)
    del document["version"]
    values = {"tenant": tenant, "version": policy.version, "document": dumps(document), "member": member}
    written: int | None = db.execute(_INSERT, values).scalar_one_or_none()
    if written is None:
        raise TryAgain("Somebody else changed the policy meanwhile.")
    return written


def versions(db: Connection, tenant: UUID) -> list[PolicyVersion]:
    """Every version that was written, the newest first."""
    return [PolicyVersion(**row._mapping) for row in db.execute(_VERSIONS, {"tenant": tenant})]  # noqa: SLF001  # SQLAlchemy's own name for it


def effect_on_past(db: Connection, tenant: UUID, policy: RefundPolicy, now: datetime, limit: int = 200) -> LookBack:
    """What the policy would have said about the newest cases of which order and action are known, by `now`.

    The limits of such a look back: an order's status, dates and items are as they are today, not as they were; what was
    asked of the customer meanwhile (a reason, a picture) counts as known from the beginning; what a person decided
    counts as the outcome, whatever the policy of that day said; refunds that the shop made by itself are not dated.
    """
    cases: list[PastCase] = []
    rows = db.execute(_PAST, {"tenant": tenant, "now": now, "limit": limit}).all()
    for row in rows:
        order = orders.find(db, tenant, row.order_number)
        if order is None:
            continue
        back = min(int(row.promised_since), order.refunded.minor)
        then = replace(order, refunded=Money(order.refunded.minor - back, order.refunded.currency))
        request = Request(
            Action(row.action),
            wanted_items(row.items),
            Reason(row.reason) if row.reason in set(Reason) else None,
            tuple(row.evidence),
            orders.paid_back_between(db, tenant, order.customer_email, row.opened_at - orders.MONTH, row.opened_at),
        )
        state, verdict = CaseState(row.state), judge(request, then, policy, row.opened_at)
        cases.append(PastCase(row.id, row.order_number, row.opened_at, state, _OUTCOMES.get(state), row.rule, verdict))
    return LookBack(tuple(cases), rows[0].total - len(rows) if rows else 0)


def _policy(row: Any) -> RefundPolicy:
    try:
        return policy_from_json({**row.document, "version": row.version})
    except BadInput as error:
        # As after going back to an earlier release. A policy that is half understood would pay back by the other half.
        raise NeedsPerson(f"Version {row.version} of the refund policy cannot be read ({error}).") from error
