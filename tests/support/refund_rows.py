"""The questions that a world of refunds asks of its tables, and how time passes in them."""

from sqlalchemy import text

# What waits for time to pass, with all that time is counted from. An act's `created_at` is in what the shop is asked.
PASS_TIME = [
    text(
        "UPDATE order_act SET next_at = next_at - :by, lease_until = lease_until - :by, sending_at = sending_at - :by"
        " WHERE tenant_id = :tenant"
    ),
    text(
        "UPDATE outbox SET next_at = next_at - :by, lease_until = lease_until - :by, sending_at = sending_at - :by,"
        " created_at = created_at - :by WHERE tenant_id = :tenant"
    ),
    text(
        "UPDATE message SET next_at = next_at - :by, lease_until = lease_until - :by, received_at = received_at - :by"
        " WHERE tenant_id = :tenant"
    ),
    text("""
        UPDATE decision SET created_at = created_at - :by, case_undo = CASE
            WHEN case_undo ->> 'since' IS NULL THEN case_undo
            ELSE jsonb_set(case_undo, '{since}', to_jsonb(CAST(case_undo ->> 'since' AS timestamptz) - :by)) END
        WHERE tenant_id = :tenant
    """),
    text("UPDATE support_case SET opened_at = opened_at - :by, moved_at = moved_at - :by WHERE tenant_id = :tenant"),
    text(
        "UPDATE identity_link SET created_at = created_at - :by, expires_at = expires_at - :by"
        " WHERE tenant_id = :tenant"
    ),
    text("UPDATE mailbox SET blocked_until = blocked_until - :by WHERE tenant_id = :tenant"),
]

DECISIONS = text("""
    SELECT id FROM decision WHERE tenant_id = :tenant
    ORDER BY (is_current AND disposition = 'hold' AND settled_at IS NULL) DESC, created_at DESC, id
""")

DRAFT = text("""
    SELECT text FROM outbox WHERE tenant_id = :tenant AND decision_id = :decision AND kind = 'reply' LIMIT 1
""")

INSERT = text("""
    INSERT INTO message (tenant_id, id, mailbox_id, gmail_id, thread_id, direction)
    VALUES (:tenant, :id, :mailbox, :gmail_id, :thread, 'in')
""")

WAITS = text("""
    SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')
""")


# Webhooks that lead nowhere: another secret than the shop's, and nobody there.
WRONG = {3, 4}

LINKS = """
    SELECT i.id FROM identity_link i JOIN outbox o ON o.tenant_id = i.tenant_id AND o.id = i.id
    WHERE i.tenant_id = :tenant AND o.state IN ('sending', 'uncertain', 'sent') ORDER BY i.created_at DESC, i.id
"""

LEASES = {
    "order_act": "UPDATE order_act SET lease_until = now() - interval '1 second' WHERE tenant_id = :tenant",
    "outbox": "UPDATE outbox SET lease_until = now() - interval '1 second' WHERE tenant_id = :tenant",
    "message": "UPDATE message SET lease_until = now() - interval '1 second' WHERE tenant_id = :tenant",
}

BUSY = """
    SELECT 'act' AS what, id, state FROM order_act
        WHERE tenant_id = :tenant AND state IN ('pending', 'sending', 'uncertain')
    UNION ALL SELECT 'mail', id, state FROM outbox
        WHERE tenant_id = :tenant AND state IN ('pending', 'drafted', 'sending', 'uncertain')
    UNION ALL SELECT 'message', id, state FROM message WHERE tenant_id = :tenant AND state IN ('discovered', 'fetched')
"""


CAME_ABOUT = """
    SELECT 'act ' || state AS what, count(*) AS n FROM order_act WHERE tenant_id = :tenant GROUP BY state
    UNION ALL SELECT 'case ' || state, count(*) FROM support_case WHERE tenant_id = :tenant GROUP BY state
    UNION ALL SELECT 'ledger ' || kind, count(*) FROM ledger_entry WHERE tenant_id = :tenant GROUP BY kind
    UNION ALL SELECT 'reply ' || state, count(*) FROM outbox WHERE tenant_id = :tenant GROUP BY state
    UNION ALL SELECT 'settled ' || settlement, count(*) FROM decision WHERE tenant_id = :tenant AND settlement <> ''
        GROUP BY settlement
    UNION ALL SELECT 'put back', count(*) FROM case_event WHERE tenant_id = :tenant AND is_put_back
    UNION ALL SELECT 'steps', count(*) FROM case_event WHERE tenant_id = :tenant
    UNION ALL SELECT 'links used', count(*) FROM identity_link WHERE tenant_id = :tenant AND used_at IS NOT NULL
    UNION ALL SELECT 'mails', count(*) FROM message WHERE tenant_id = :tenant
    UNION ALL SELECT 'approved by two', count(*) FROM order_act a WHERE tenant_id = :tenant AND state = 'done'
        AND approvals_needed = 2
"""
