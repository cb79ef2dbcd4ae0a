"""What of a workspace needs an owner's eye now: computed from the rows at each look, and kept nowhere."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Connection, text

from storage import llm_calls
from storage.due import Kind

# A mailbox is asked every half minute; so long without an answer is no hiccup.
UNREAD_FOR = timedelta(minutes=15)
# Three looks for a reply of which Gmail did not say whether it left take 21 minutes.
UNCERTAIN_FOR = timedelta(minutes=30)
OVERDUE_FOR = timedelta(minutes=10)
# A reply leaves within seconds; so long without that is no hiccup either.
UNSENT_FOR = timedelta(minutes=15)
# A language model that failed twice, so far apart, and answered nothing in between. What failed long ago says nothing
# of now: after trouble it is asked again within a quarter of an hour, where there is mail to ask about.
SILENT_FOR, HEARD_OF_WITHIN = timedelta(minutes=5), timedelta(hours=1)


class What(StrEnum):
    """In the order in which they are shown: what stops mail first."""

    TOKEN_LOST = "token_lost"  # noqa: S105  # a word of ours
    NOT_READ = "not_read"
    NOT_SENT = "not_sent"
    UNCERTAIN = "uncertain"
    NEEDS_PERSON = "needs_person"
    SUPPLIER_NEEDS_PERSON = "supplier_needs_person"
    LIMITED = "limited"
    UNREADABLE = "unreadable"
    FOUND_LATE = "found_late"
    OVERDUE = "overdue"
    TICKETING = "ticketing"
    LLM_AWAY = "llm_away"
    INDEX_NOT_KEPT = "index_not_kept"
    BUDGET = "budget"


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to look at: `n` of it, the oldest since `since` (UTC).

    `subject` is a mailbox's id or the oldest one's conversation; `name` a mailbox's address, the one address that wrote
    all of it, a kind of work, the ticketing system's last word, or why an index cannot be kept.
    """

    what: What
    n: int = 1
    since: datetime | None = None
    subject: UUID | None = None
    name: str = ""


_LOOK = text("""
    SELECT 'token_lost' AS what, 1 AS n, last_ok_at AS since, id AS subject, address AS name
        FROM mailbox WHERE tenant_id = :tenant AND status = 'needs_reauth'
    UNION ALL
    SELECT 'not_read', 1, last_ok_at, id, address FROM mailbox
        WHERE tenant_id = :tenant AND status = 'active'
            AND greatest(last_ok_at, connected_at) < now() - CAST(:unread_for AS interval)
    UNION ALL
    SELECT 'not_sent', count(*), min(coalesce(o.released_at, o.created_at)), o.mailbox_id, b.address
        FROM outbox o JOIN mailbox b ON b.tenant_id = o.tenant_id AND b.id = o.mailbox_id
        WHERE o.tenant_id = :tenant AND o.state IN ('pending', 'drafted')
            AND b.status = 'active' AND b.last_send_error <> ''
            AND coalesce(o.released_at, o.created_at) < now() - CAST(:unsent_for AS interval)
        GROUP BY o.mailbox_id, b.address
    UNION ALL
    SELECT 'uncertain', count(*), min(o.sending_at), (array_agg(o.conversation_id ORDER BY o.sending_at))[1], ''
        FROM outbox o WHERE o.tenant_id = :tenant AND o.state = 'uncertain'
            AND coalesce(o.sending_at, o.created_at) < now() - CAST(:uncertain_for AS interval)
        HAVING count(*) > 0
    UNION ALL
    SELECT 'needs_person', count(*), min(o.created_at), (array_agg(o.conversation_id ORDER BY o.created_at))[1], ''
        FROM outbox o JOIN decision d ON d.tenant_id = o.tenant_id AND d.id = o.decision_id
        WHERE o.tenant_id = :tenant AND o.state IN ('needs_person', 'failed') AND d.is_current AND d.settled_at IS NULL
        HAVING count(*) > 0
    UNION ALL
    SELECT 'supplier_needs_person', count(*), min(o.created_at),
            (array_agg(coalesce(r.conversation_id, m.conversation_id) ORDER BY o.created_at))[1], ''
        FROM outbox o JOIN supplier_request r ON r.tenant_id = o.tenant_id AND r.id = o.request_id
            AND r.answered_at IS NULL AND r.closed_at IS NULL
            LEFT JOIN message m ON m.tenant_id = o.tenant_id AND m.id = o.message_id
        WHERE o.tenant_id = :tenant AND o.state IN ('needs_person', 'failed')
        HAVING count(*) > 0
    UNION ALL
    -- By the index of what waits; only of these the reason is looked at.
    SELECT 'limited', count(*), min(d.created_at), (array_agg(d.conversation_id ORDER BY d.created_at))[1],
            CASE WHEN count(DISTINCT m.sender_address) = 1 THEN min(m.sender_address) ELSE '' END
        FROM decision d JOIN message m ON m.tenant_id = d.tenant_id AND m.id = d.message_id
        WHERE d.tenant_id = :tenant AND d.is_current AND d.disposition = 'hold' AND d.settled_at IS NULL
            AND d.reason_kind = 'limits' AND d.reason ~* 'automatic replies'
        HAVING count(*) > 0
    UNION ALL
    SELECT 'unreadable', count(*), min(d.created_at), (array_agg(d.conversation_id ORDER BY d.created_at))[1], ''
        FROM message m JOIN decision d ON d.tenant_id = m.tenant_id AND d.message_id = m.id AND d.is_current
        WHERE m.tenant_id = :tenant AND m.state = 'unreadable' AND d.disposition = 'hold' AND d.settled_at IS NULL
        HAVING count(*) > 0
    UNION ALL
    SELECT 'found_late', sum(r.missing), max(r.looked_at), r.mailbox_id, b.address
        FROM reconciliation r JOIN mailbox b ON b.tenant_id = r.tenant_id AND b.id = r.mailbox_id
        WHERE r.tenant_id = :tenant AND r.missing > 0 AND r.looked_at > now() - interval '24 hours'
        GROUP BY r.mailbox_id, b.address
    UNION ALL
    SELECT 'overdue', count(*), min(since), NULL, kind FROM due_since
        WHERE tenant_id = :tenant AND since < now() - CAST(:overdue_for AS interval) GROUP BY kind
    UNION ALL
    SELECT 'ticketing', 1, NULL, NULL, last_error FROM ticketing WHERE tenant_id = :tenant AND last_error <> ''
    UNION ALL
    SELECT 'llm_away', count(*), min(c.at), NULL, '' FROM llm_call c
        WHERE c.tenant_id = :tenant AND c.outcome = 'failed' AND c.at > now() - interval '1 day' AND NOT EXISTS (
            SELECT FROM llm_call a WHERE a.tenant_id = :tenant AND a.outcome = 'answered' AND a.at > c.at)
        HAVING max(c.at) - min(c.at) >= CAST(:silent_for AS interval)
            AND max(c.at) > now() - CAST(:heard_of_within AS interval)
    UNION ALL
    SELECT 'index_not_kept', 1, not_kept_at, NULL, not_kept FROM knowledge WHERE tenant_id = :tenant AND not_kept <> ''
""")


def looked(db: Connection, tenant: UUID, *, tokens_per_day: int) -> list[Notice]:
    """All there is to look at, what stops mail first. `tokens_per_day` is the language model's budget; 0 asks none."""
    values = {
        "tenant": tenant, "unread_for": UNREAD_FOR, "uncertain_for": UNCERTAIN_FOR, "overdue_for": OVERDUE_FOR,
        "unsent_for": UNSENT_FOR, "silent_for": SILENT_FOR, "heard_of_within": HEARD_OF_WITHIN,
    }  # fmt: skip
    found = [Notice(What(row.what), row.n, row.since, row.subject, row.name) for row in db.execute(_LOOK, values)]
    if tokens_per_day > 0:
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        used = llm_calls.tokens_since(db, tenant, today)
        if used >= tokens_per_day:
            found.append(Notice(What.BUDGET, used))
    unread = {one.name for one in found if one.what is What.NOT_READ}
    if unread:  # It says the same, and whose mail it is.
        found = [one for one in found if (one.what, one.name) != (What.OVERDUE, Kind.SYNC)]
        found = [one for one in found if one.what is not What.NOT_SENT or one.name not in unread]
    order = list(What)
    return sorted(found, key=lambda one: (order.index(one.what), one.name))
