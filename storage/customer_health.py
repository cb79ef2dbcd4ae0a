"""What the health of customers is reckoned from: what happened to each of some addresses, read in one question."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from domain.health import LATE_AFTER, MAILS_UNANSWERED, PATIENCE, WINDOW, Happened, Health, Rule, health

# Each branch is a rule of domain/health.py. A mail that a member dismissed, or that a machine wrote, wants no answer.
_HAPPENED = text("""
    WITH theirs AS MATERIALIZED (
        SELECT c.id, c.customer_address AS address, c.subject FROM conversation c
        WHERE c.tenant_id = :tenant AND c.customer_address = ANY(:addresses) AND c.last_message_at >= :since
    ), mails AS MATERIALIZED (
        SELECT t.id, t.address, t.subject, d.message_id, d.disposition, d.settlement, d.created_at, d.settled_at,
            m.received_at, d.understanding ->> 'sub_intent' AS topic, d.understanding ->> 'sentiment' AS tone
        FROM theirs t JOIN decision d ON d.tenant_id = :tenant AND d.conversation_id = t.id AND d.is_current
            JOIN message m ON m.tenant_id = d.tenant_id AND m.id = d.message_id AND m.direction = 'in'
        WHERE d.disposition <> 'ignore' AND d.category <> 'supplier'
    )
    (SELECT DISTINCT ON (id) address, 'waited' AS rule, created_at + :patience AS at, id, message_id, '' AS number,
        subject, 1 AS n
        FROM mails WHERE disposition = 'hold' AND coalesce(settled_at, :now) - created_at > :patience
        ORDER BY id, created_at)
    UNION ALL
    SELECT address, 'complaint', received_at, id, message_id, '', subject, 1 FROM mails WHERE topic = 'complaint'
    UNION ALL
    SELECT address, 'unhappy', received_at, id, message_id, '', subject, 1 FROM mails WHERE tone = 'negative'
    UNION ALL
    SELECT w.address, 'unanswered', max(w.received_at), w.id, NULL, '', w.subject, count(*)
        FROM mails w WHERE w.settlement IS DISTINCT FROM 'dismissed' AND NOT EXISTS (
            SELECT FROM message o WHERE o.tenant_id = :tenant AND o.conversation_id = w.id AND o.direction = 'out'
                AND o.received_at > w.received_at)
            AND NOT EXISTS (SELECT FROM outbox o WHERE o.tenant_id = :tenant AND o.conversation_id = w.id
                AND o.kind = 'reply' AND o.state = 'sent' AND o.sent_at > w.received_at)
        GROUP BY w.address, w.id, w.subject HAVING count(*) >= :many
    UNION ALL
    SELECT t.address, 'refused', s.moved_at, t.id, NULL, s.order_number, t.subject, 1
        FROM theirs t JOIN support_case s ON s.tenant_id = :tenant AND s.conversation_id = t.id
        WHERE s.state = 'refused'
    UNION ALL
    SELECT o.customer_email, 'late', o.placed_at + :late, NULL, NULL, o.number, '', 1
        FROM shop_order o WHERE o.tenant_id = :tenant AND o.customer_email = ANY(:addresses)
        AND o.status IN ('pending', 'processed', 'shipped') AND o.placed_at < CAST(:now AS timestamptz) - :late
""")


def of(db: Connection, tenant: UUID, addresses: Sequence[str], now: datetime) -> Mapping[str, Health]:
    """The health of each of these customers, as of `now`."""
    values = {
        "tenant": tenant, "addresses": list(addresses), "now": now, "since": now - WINDOW, "patience": PATIENCE,
        "many": MAILS_UNANSWERED, "late": LATE_AFTER,
    }  # fmt: skip
    found: dict[str, list[Happened]] = {address: [] for address in addresses}
    for row in db.execute(_HAPPENED, values):
        one = Happened(Rule(row.rule), row.at, row.id, row.message_id, row.number, row.subject, row.n)
        found[row.address].append(one)
    return {address: health(happened, now) for address, happened in found.items()}
