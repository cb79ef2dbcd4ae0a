"""What is true of refunds at every moment, by the tables and by the shops' own record; and what once all rests."""

import json
from collections import defaultdict

from domain.case import TRANSITIONS, CaseState
from tests.support.refund_world import CUSTOMERS, World

_ACTS = """
    SELECT a.id, a.state, a.action, a.order_number, a.amount_minor, a.approvals_needed, a.sent_to, a.case_id,
        (SELECT count(DISTINCT p.member_id) FROM act_approval p WHERE p.tenant_id = a.tenant_id AND p.act_id = a.id)
            AS approvals,
        ARRAY(SELECT l.kind FROM ledger_entry l WHERE l.tenant_id = a.tenant_id AND l.key = a.id ORDER BY l.id)
            AS lines,
        m.sender_address, m.parsed ->> 'sender_verified' = 'true' AS verified,
        EXISTS (SELECT FROM identity_link i JOIN message w ON w.tenant_id = i.tenant_id AND w.id = i.message_id
            WHERE i.tenant_id = a.tenant_id AND i.used_at IS NOT NULL AND i.order_number = a.order_number
                AND w.conversation_id = m.conversation_id AND w.sender_address = m.sender_address) AS linked
    FROM order_act a LEFT JOIN decision d ON d.tenant_id = a.tenant_id AND d.id = a.decision_id
        LEFT JOIN message m ON m.tenant_id = d.tenant_id AND m.id = d.message_id
    WHERE a.tenant_id = :tenant ORDER BY a.created_at, a.id
"""

_ORDERS = """
    SELECT o.number, o.total_minor, o.refunded_minor,
        coalesce(sum(l.amount_minor) FILTER (WHERE l.kind = 'promised'), 0)
            - coalesce(sum(l.amount_minor) FILTER (WHERE l.kind = 'released'), 0) AS promised,
        coalesce(sum(l.amount_minor) FILTER (WHERE l.kind = 'paid'), 0) AS paid
    FROM shop_order o LEFT JOIN ledger_entry l ON l.tenant_id = o.tenant_id AND l.order_number = o.number
    WHERE o.tenant_id = :tenant GROUP BY o.number, o.total_minor, o.refunded_minor
"""

_STEPS = """
    SELECT e.case_id, e.from_state, e.to_state, e.is_put_back, c.state, c.is_open
    FROM case_event e JOIN support_case c ON c.tenant_id = e.tenant_id AND c.id = e.case_id
    WHERE e.tenant_id = :tenant ORDER BY e.case_id, e.id
"""

_LEAVES_TOO_SOON = """
    SELECT o.id, o.state, a.state FROM outbox o JOIN order_act a ON a.tenant_id = o.tenant_id AND a.id = o.act_id
    WHERE o.tenant_id = :tenant AND o.state IN ('pending', 'drafted', 'sending', 'uncertain', 'sent')
        AND a.state <> 'done'
"""

_MANY_AT_ONCE = """
    SELECT case_id FROM order_act WHERE tenant_id = :tenant AND case_id IS NOT NULL
        AND state NOT IN ('refused', 'cancelled', 'done') GROUP BY case_id HAVING count(*) > 1
    UNION ALL
    SELECT decision_id FROM order_act WHERE tenant_id = :tenant AND decision_id IS NOT NULL
        AND state NOT IN ('refused', 'cancelled') GROUP BY decision_id HAVING count(*) > 1
"""

# What nobody will ever look at, once all has come to rest.
_STUCK = """
    SELECT 'a mail without a decision' AS what, m.id FROM message m WHERE m.tenant_id = :tenant AND NOT EXISTS (
        SELECT FROM decision d WHERE d.tenant_id = m.tenant_id AND d.message_id = m.id AND d.is_current)
    UNION ALL SELECT 'an act that waits where nobody sees it', a.id FROM order_act a
        WHERE a.tenant_id = :tenant AND a.state = 'held' AND NOT EXISTS (SELECT FROM decision d
            WHERE d.tenant_id = a.tenant_id AND d.id = a.decision_id AND d.is_current AND d.disposition = 'hold'
                AND d.settled_at IS NULL)
    UNION ALL SELECT 'an act on its way', a.id FROM order_act a
        WHERE a.tenant_id = :tenant AND a.state IN ('pending', 'sending', 'uncertain')
    UNION ALL SELECT 'an act of which only a person can find out, where nobody sees it', a.id FROM order_act a
        WHERE a.tenant_id = :tenant AND a.state = 'needs_person' AND a.decision_id IS NULL
    UNION ALL SELECT 'a case on its way', c.id FROM support_case c
        WHERE c.tenant_id = :tenant AND c.state IN ('approved', 'executing')
    UNION ALL SELECT 'a case that is being checked', c.id FROM support_case c
        WHERE c.tenant_id = :tenant AND c.state IN ('checking', 'eligible') AND NOT EXISTS (SELECT FROM decision d
            WHERE d.tenant_id = c.tenant_id AND d.conversation_id = c.conversation_id AND d.is_current
                AND d.disposition = 'hold' AND d.settled_at IS NULL)
    UNION ALL SELECT 'a reply that waits for what has ended', o.id FROM outbox o
        WHERE o.tenant_id = :tenant AND o.state = 'waiting'
    UNION ALL SELECT 'a reply that is held where nobody sees it', o.id FROM outbox o
        JOIN decision d ON d.tenant_id = o.tenant_id AND d.id = o.decision_id
        WHERE o.tenant_id = :tenant AND o.state = 'held' AND d.is_current
            AND (d.disposition <> 'hold' OR d.settled_at IS NOT NULL)
"""

_STORY = """
    SELECT case_id, actor, from_state, to_state, reason FROM case_event WHERE tenant_id = :tenant ORDER BY id
"""

_BEGUN = frozenset({"sending", "uncertain", "done", "needs_person"})


def always(world: World) -> None:
    acts = {str(row.id): row for row in world.rows(_ACTS)}
    executed = _executed(world)
    _money(world, executed)
    for key, (effects, _, _) in executed.items():
        assert effects <= 1, f"the shops did {key} {effects} times"
        assert key in acts, f"a shop did what was written down nowhere: {key}"
        assert "released" not in acts[key].lines, f"the money of {key} was given back, and a shop paid it"
    for key, row in acts.items():
        _act(key, row, effects=executed.get(key, (0, 0, ""))[0])
    _steps(world)
    assert not world.rows(_LEAVES_TOO_SOON), "a reply leaves, and what it tells of is not done"
    assert not world.rows(_MANY_AT_ONCE), "two acts are alive at once for one case"


def at_rest(world: World) -> None:
    """Everything was worked through, without a fault, until nothing was due."""
    stuck = [tuple(row) for row in world.rows(_STUCK)]
    assert not stuck, (stuck, world.rows(_STORY))
    for key, row in ((str(row.id), row) for row in world.rows(_ACTS)):
        ends = {"done": ["promised", "paid"], "refused": ["promised", "released"], "needs_person": ["promised"]}
        if row.lines and row.state in ends:
            assert row.lines == ends[row.state], (key, row)


def _executed(world: World) -> dict[str, tuple[int, int, str]]:
    """By key: how often the shops did it together, what they paid for it, and for which order."""
    found: dict[str, tuple[int, int, str]] = {}
    for shop in world.ground.shops:
        for key, kept in list(shop.kept.items()):
            if kept.effects:
                effects, paid, _ = found.get(key, (0, 0, ""))
                amount = json.loads(kept.body)["amount_minor"] or 0
                found[key] = (
                    effects + kept.effects,
                    paid + kept.effects * amount,
                    json.loads(kept.body)["order_number"],
                )
    return found


def _money(world: World, executed: dict[str, tuple[int, int, str]]) -> None:
    paid_outside: defaultdict[str, int] = defaultdict(int)
    for _, paid, order in executed.values():
        paid_outside[order] += paid
    for row in world.rows(_ORDERS):
        told = f"{row} {dict(paid_outside)}"
        assert paid_outside[row.number] <= row.promised, f"a shop paid what was not promised: {told}"
        assert paid_outside[row.number] <= row.total_minor, f"more than the order was paid back: {told}"
        assert 0 <= row.paid <= row.promised <= row.refunded_minor <= row.total_minor, told
        assert world.imported[row.number] <= row.refunded_minor, f"what the shop paid by itself is forgotten: {told}"


def _act(key: str, row, effects: int) -> None:
    told = f"{key}: {row}"
    begun = row.state in _BEGUN or effects
    # Nobody but the customer, and whom the link confirmed, is ever so much as proposed anything.
    assert (row.sender_address == CUSTOMERS[row.order_number] and row.verified) or row.linked, f"a stranger's {told}"
    if begun:
        assert row.approvals >= row.approvals_needed, f"done without its approvals {told}"
        assert row.approvals or (row.sender_address == CUSTOMERS[row.order_number] and row.verified), told
    if row.sent_to and ("paid" in row.lines or row.state == "done"):
        assert effects, f"booked, and the shop did nothing {told}"
    pays = row.action in {"refund", "cancel"} and row.amount_minor is not None
    if begun and pays:
        assert row.lines[:1] == ["promised"], f"begun without a promise {told}"
    if row.state == "done":
        assert row.lines == (["promised", "paid"] if pays else []), told


def _steps(world: World) -> None:
    stands: dict[object, str] = {}
    for row in world.rows(_STEPS):
        way = row.to_state in TRANSITIONS[CaseState(row.from_state)]
        assert way or row.is_put_back, f"no way of the table: {row}"
        assert stands.get(row.case_id, "requested") == row.from_state, f"a step from where it did not stand: {row}"
        stands[row.case_id] = row.to_state
    for row in world.rows(_STEPS):
        assert stands[row.case_id] == row.state, f"a case moved and nobody wrote it down: {row}"
