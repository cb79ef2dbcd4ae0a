"""Work that is due, as many rows as wanted, of each kind: put into the tables at once, as no sandbox could send it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from storage import (
    act_work,
    gap_work,
    incidents,
    indexing,
    learning,
    messages,
    outbox,
    revocations,
    supplier_steps,
    sync,
    ticket_work,
    trials,
)
from storage.due import Kind

LEASE = timedelta(minutes=5)

# What each kind of work is made of. `n` is the number of a row, `:tag` sets those of one pouring apart.
_ROWS = {
    Kind.SYNC: """
        INSERT INTO mailbox (tenant_id, id, google_sub, address, status, connected_by)
        SELECT :tenant, gen_random_uuid(), :tag || n, 'm' || n || '@' || :tag, 'active', :member {}
    """,
    Kind.FETCH: """
        INSERT INTO message (tenant_id, id, mailbox_id, gmail_id, thread_id, direction)
        SELECT :tenant, gen_random_uuid(), :mailbox, :tag || n, :tag || n, 'in' {}
    """,
    Kind.PROCESS: """
        INSERT INTO message (tenant_id, id, mailbox_id, gmail_id, thread_id, direction, state, parsed)
        SELECT :tenant, gen_random_uuid(), :mailbox, :tag || n, :tag || n, 'in', 'fetched', '{{}}' {}
    """,
    Kind.LABEL: """
        INSERT INTO message (tenant_id, id, mailbox_id, gmail_id, thread_id, direction, state, label_due)
        SELECT :tenant, gen_random_uuid(), :mailbox, :tag || n, :tag || n, 'in', 'decided', true {}
    """,
    Kind.DELIVER: """
        INSERT INTO outbox (tenant_id, id, decision_id, position, kind, message_id, mailbox_id, thread_id, automatic,
            recipient, subject, text, draft_text, reference, state)
        SELECT :tenant, gen_random_uuid(), :decision, n, 'reply', :message, :mailbox, 't', false,
            'anna@customer.example', 's', 't', 't', :tag || n, 'pending' {}
    """,
    Kind.ACT: """
        INSERT INTO order_act (tenant_id, id, action, order_number, approvals_needed, state)
        SELECT :tenant, gen_random_uuid(), 'cancel', :tag, 0, 'pending' {}
    """,
    Kind.TICKET: """
        INSERT INTO ticket (tenant_id, id, order_number, marker, next_at)
        SELECT :tenant, gen_random_uuid(), :tag || n, :tag || n, now() {}
    """,
    Kind.REMIND: """
        INSERT INTO supplier_request (tenant_id, id, supplier_id, purchase_order, recipient, asked_at, next_at)
        SELECT :tenant, gen_random_uuid(), :supplier, :tag || n, 'desk@acme.example', now(), now() {}
    """,
    Kind.REVOKE: """
        WITH ended AS (
            INSERT INTO mailbox (tenant_id, id, google_sub, address, status, connected_by)
            SELECT :tenant, gen_random_uuid(), :tag || n, 'm' || n || '@' || :tag, 'disconnected', :member {}
            RETURNING id)
        INSERT INTO revocation (tenant_id, mailbox_id, refresh_sealed) SELECT :tenant, id, '' FROM ended
    """,
    Kind.TRIAL: """
        INSERT INTO trial (tenant_id, id, member_id, raw) SELECT :tenant, gen_random_uuid(), :member, '' {}
    """,
}
# One row for each tenant, however much there is to do.
_ONE = {
    Kind.LEARN: "INSERT INTO learning (tenant_id) VALUES (:tenant) ON CONFLICT (tenant_id) DO UPDATE SET wanted = 9",
    Kind.INDEX: "INSERT INTO knowledge (tenant_id) VALUES (:tenant) ON CONFLICT (tenant_id) DO UPDATE SET wanted = 9",
    Kind.GAPS: "INSERT INTO gap_work (tenant_id) VALUES (:tenant) ON CONFLICT (tenant_id) DO UPDATE SET wanted = 9",
    Kind.INCIDENTS: "INSERT INTO status_page (tenant_id, url) VALUES (:tenant, 'https://status.example')",
}
MANY = tuple(_ROWS)

_WORKSPACES = """
    WITH t AS (SELECT unnest(CAST(:tenants AS uuid[])) AS id), made AS (
        INSERT INTO tenant (tenant_id, slug, name) SELECT id, id::text, 'Of a flood' FROM t
    ), people AS (
        INSERT INTO member (tenant_id, id, email, password_hash, role)
        SELECT id, id, id || '@flood.example', '', 'owner' FROM t
    )
    INSERT INTO mailbox (tenant_id, id, google_sub, address, status, connected_by, next_sync_at)
    SELECT id, id, id::text, id || '@flood.example', 'active', id, now() + interval '1 day' FROM t
"""

# What a stage does first, as the workers do it.
CLAIM = {
    Kind.SYNC: lambda db, tenant: sync.claim(db, tenant, LEASE),
    Kind.FETCH: lambda db, tenant: messages.claim_discovered(db, tenant, limit=20, lease=LEASE),
    Kind.PROCESS: lambda db, tenant: db.execute(
        messages._CLAIM_FETCHED, {"tenant": tenant, "limit": 32, "lease": LEASE}
    ).all(),
    Kind.DELIVER: lambda db, tenant: outbox.claim(db, tenant, limit=20, lease=LEASE),
    Kind.LABEL: lambda db, tenant: messages.labels_due(db, tenant, limit=50, lease=LEASE),
    Kind.REVOKE: lambda db, tenant: revocations.claim(db, tenant, LEASE),
    Kind.LEARN: lambda db, tenant: learning.claim(db, tenant, LEASE),
    Kind.INDEX: lambda db, tenant: indexing.claim(db, tenant, "plain", LEASE),
    Kind.INCIDENTS: lambda db, tenant: incidents.claim(db, tenant, LEASE),
    Kind.GAPS: lambda db, tenant: gap_work.claim(db, tenant, LEASE),
    Kind.ACT: lambda db, tenant: act_work.claim(db, tenant, LEASE),
    Kind.TICKET: lambda db, tenant: ticket_work.claim(db, tenant, LEASE),
    Kind.REMIND: lambda db, tenant: supplier_steps.claim(db, tenant, now=datetime.now(UTC), limit=50, lease=LEASE),
    Kind.TRIAL: lambda db, tenant: trials.claim(db, tenant, LEASE),
}


def workspaces(owner: Connection, count: int) -> list[UUID]:
    """So many tenants, each with a member and a connected mailbox of which nothing is due."""
    tenants = [uuid4() for _ in range(count)]
    owner.execute(text(_WORKSPACES), {"tenants": tenants})
    owner.commit()
    return tenants


def pour(owner: Connection, tenant: UUID, kind: Kind, count: int) -> None:
    """`count` more rows of this kind due for a tenant of `workspaces`."""
    given = {"tenant": tenant, "mailbox": tenant, "member": tenant, "tag": uuid4().hex[:8], "count": count}
    if kind in _ONE:
        owner.execute(text(_ONE[kind]), given)
        owner.commit()
        return
    statement = _ROWS[kind].format("FROM generate_series(1, :count) n")
    if kind is Kind.DELIVER:
        given |= {"message": uuid4(), "decision": uuid4()}
        owner.execute(
            text("""
            INSERT INTO message (tenant_id, id, mailbox_id, gmail_id, thread_id, direction, state, parsed)
            VALUES (:tenant, :message, :mailbox, :tag, :tag, 'in', 'decided', '{}')
        """),
            given,
        )
        owner.execute(
            text("""
            INSERT INTO decision (tenant_id, id, message_id, disposition, reason)
            VALUES (:tenant, :decision, :message, 'release', '')
        """),
            given,
        )
    if kind is Kind.ACT:
        owner.execute(
            text("""
            INSERT INTO shop_order (tenant_id, number, customer_email, status, currency, total_minor, placed_at)
            VALUES (:tenant, :tag, 'anna@customer.example', 'shipped', 'EUR', 100, now())
        """),
            given,
        )
    if kind is Kind.REMIND:
        given["supplier"] = uuid4()
        owner.execute(
            text("INSERT INTO supplier (tenant_id, id, name, language) VALUES (:tenant, :supplier, :tag, 'en')"), given
        )
    owner.execute(text(statement), given)
    owner.commit()
