"""What is watched: since when work is due, and the figures of the whole machine, which name no tenant."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

INDEXES = """
-- Replies and mails with which something is wrong are few: they are counted without the rest.
CREATE INDEX outbox_stuck ON outbox (tenant_id, decision_id) WHERE state IN ('uncertain', 'needs_person', 'failed');
CREATE INDEX message_unreadable ON message (tenant_id, id) WHERE state = 'unreadable';
-- Decisions are written in the order of time and hardly moved: a summary of each block finds the last day.
CREATE INDEX decision_lately ON decision USING brin (created_at) WITH (pages_per_range = 16, autosummarize = on);
"""

# The conditions of the view `due`, with the moment from which each row was due. That view stays as it is, since the
# listener reads it; tests/storage/test_metrics.py holds the two against each other.
DUE_SINCE = """
CREATE VIEW due_since WITH (security_invoker = true) AS
  SELECT 'sync' AS kind, tenant_id, greatest(next_sync_at, blocked_until) AS since FROM mailbox
    WHERE status = 'active' AND next_sync_at <= now() AND (lease_until IS NULL OR lease_until < now())
      AND (blocked_until IS NULL OR blocked_until < now())
  UNION ALL
  SELECT 'fetch', r.tenant_id, greatest(r.next_at, b.blocked_until)
    FROM message r JOIN mailbox b ON b.tenant_id = r.tenant_id AND b.id = r.mailbox_id
    WHERE r.state = 'discovered' AND r.next_at <= now() AND (r.lease_until IS NULL OR r.lease_until < now())
      AND b.status = 'active' AND (b.blocked_until IS NULL OR b.blocked_until < now())
  UNION ALL
  SELECT 'process', tenant_id, next_at FROM message
    WHERE state = 'fetched' AND next_at <= now() AND (lease_until IS NULL OR lease_until < now())
  UNION ALL
  SELECT 'deliver', r.tenant_id, greatest(r.next_at, b.blocked_until)
    FROM outbox r JOIN mailbox b ON b.tenant_id = r.tenant_id AND b.id = r.mailbox_id
    WHERE r.state IN ('pending', 'drafted', 'sending', 'uncertain') AND r.next_at <= now()
      AND (r.lease_until IS NULL OR r.lease_until < now())
      AND b.status = 'active' AND (b.blocked_until IS NULL OR b.blocked_until < now())
  UNION ALL
  SELECT 'label', r.tenant_id, greatest(r.next_at, b.blocked_until)
    FROM message r JOIN mailbox b ON b.tenant_id = r.tenant_id AND b.id = r.mailbox_id
    WHERE r.label_due AND r.next_at <= now() AND (r.lease_until IS NULL OR r.lease_until < now())
      AND b.status = 'active' AND (b.blocked_until IS NULL OR b.blocked_until < now())
  UNION ALL
  SELECT 'revoke', tenant_id, next_at FROM revocation
    WHERE next_at <= now() AND (lease_until IS NULL OR lease_until < now())
  UNION ALL
  SELECT 'learn', tenant_id, greatest(next_at, CASE WHEN wanted <= done THEN again_at END) FROM learning
    WHERE (wanted > done OR again_at <= now()) AND next_at <= now() AND (lease_until IS NULL OR lease_until < now())
  UNION ALL
  SELECT 'index', tenant_id, next_at FROM knowledge
    WHERE wanted > done AND next_at <= now() AND (lease_until IS NULL OR lease_until < now())
  UNION ALL
  SELECT 'gaps', tenant_id, next_at FROM gap_work
    WHERE wanted > done AND next_at <= now() AND (lease_until IS NULL OR lease_until < now())
  UNION ALL
  SELECT 'incidents', tenant_id, next_at FROM status_page
    WHERE next_at <= now() AND (lease_until IS NULL OR lease_until < now())
  UNION ALL
  SELECT 'act', tenant_id, next_at FROM order_act
    WHERE state IN ('pending', 'sending', 'uncertain') AND next_at <= now()
      AND (lease_until IS NULL OR lease_until < now())
  UNION ALL
  SELECT 'ticket', tenant_id, next_at FROM ticket
    WHERE next_at <= now() AND (lease_until IS NULL OR lease_until < now())
  UNION ALL
  SELECT 'remind', tenant_id, next_at FROM supplier_request
    WHERE next_at <= now() AND (lease_until IS NULL OR lease_until < now())
  UNION ALL
  SELECT 'trial', tenant_id, next_at FROM trial
    WHERE next_at <= now() AND (lease_until IS NULL OR lease_until < now());
GRANT SELECT ON due_since TO mailwright_app;
"""

# One function and no grant on any table: whoever calls it learns numbers of the whole machine, and nothing of anybody.
# `one` and `two` are words of ours (a kind of work, a state, a category), never a tenant's. Questions about a day go
# through each tenant's own index.
METRICS = """
CREATE FUNCTION metrics() RETURNS TABLE (name text, one text, two text, value double precision)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
  SELECT 'workspaces', CASE WHEN answering THEN 'answering' ELSE 'paused' END, '', count(*)
    FROM public.tenant GROUP BY answering
  UNION ALL
  SELECT 'due_rows', kind, '', count(*) FROM public.due_since GROUP BY kind
  UNION ALL
  SELECT 'due_age_seconds', kind, '', extract(epoch FROM now() - min(since)) FROM public.due_since GROUP BY kind
  UNION ALL
  SELECT 'retrying_rows', kind, '', count(*) FROM (
    SELECT 'sync' AS kind FROM public.mailbox WHERE status = 'active' AND attempts > 0
    UNION ALL
    SELECT CASE state WHEN 'discovered' THEN 'fetch' ELSE 'process' END FROM public.message
      WHERE state IN ('discovered', 'fetched') AND attempts > 0
    UNION ALL
    SELECT 'deliver' FROM public.outbox
      WHERE state IN ('pending', 'drafted', 'sending', 'uncertain') AND attempts > 0
    UNION ALL
    SELECT 'act' FROM public.order_act WHERE state IN ('pending', 'sending', 'uncertain') AND attempts > 0
    UNION ALL
    SELECT 'ticket' FROM public.ticket WHERE next_at IS NOT NULL AND attempts > 0) retrying GROUP BY kind
  UNION ALL
  SELECT 'mailboxes', status, '', count(*) FROM public.mailbox GROUP BY status
  UNION ALL
  SELECT 'mailboxes_resting', '', '', count(*) FROM public.mailbox WHERE status = 'active' AND blocked_until > now()
  UNION ALL
  SELECT 'mailbox_read_age_seconds', '', '',
      coalesce(max(extract(epoch FROM now() - greatest(last_ok_at, connected_at))), 0)
    FROM public.mailbox WHERE status = 'active'
  UNION ALL
  SELECT 'waiting_mails', '', '', count(*) FROM public.decision
    WHERE is_current AND disposition = 'hold' AND settled_at IS NULL
  UNION ALL
  SELECT 'unreadable_mails', '', '', count(*) FROM public.message m
    JOIN public.decision d ON d.tenant_id = m.tenant_id AND d.message_id = m.id AND d.is_current
    WHERE m.state = 'unreadable' AND d.disposition = 'hold' AND d.settled_at IS NULL
  UNION ALL
  SELECT 'outcomes', d.category, CASE WHEN m.state = 'unreadable' THEN 'unreadable' WHEN d.disposition = 'release'
      THEN 'answered' WHEN d.disposition = 'hold' THEN 'held' ELSE 'ignored' END, count(*)
    FROM public.decision d JOIN public.message m ON m.tenant_id = d.tenant_id AND m.id = d.message_id
    WHERE d.is_current AND d.created_at > now() - interval '24 hours' GROUP BY 2, 3
  UNION ALL
  SELECT 'outbox_rows', state, '', count(*) FROM public.outbox
    WHERE state IN ('pending', 'drafted', 'sending', 'uncertain') GROUP BY state
  UNION ALL
  SELECT 'outbox_rows', o.state, '', count(*) FROM public.outbox o
    LEFT JOIN public.decision d ON d.tenant_id = o.tenant_id AND d.id = o.decision_id
    WHERE o.state IN ('needs_person', 'failed') AND (d.id IS NULL OR d.is_current AND d.settled_at IS NULL)
    GROUP BY o.state
  UNION ALL
  SELECT 'answers', bounds.most::text, '', count(*) FILTER (WHERE answers.seconds <= bounds.most)
    FROM unnest(ARRAY[30, 60, 120, 300, 900, 3600, 14400, 86400]) AS bounds (most)
    LEFT JOIN (
      SELECT extract(epoch FROM o.sent_at - m.received_at) AS seconds
      FROM public.tenant t CROSS JOIN LATERAL (SELECT x.tenant_id, x.message_id, x.sent_at FROM public.outbox x
        WHERE x.tenant_id = t.tenant_id AND x.state = 'sent' AND x.sent_at > now() - interval '24 hours'
          AND x.kind = 'reply' AND x.automatic OFFSET 0) o
      JOIN public.message m ON m.tenant_id = o.tenant_id AND m.id = o.message_id WHERE m.received_at IS NOT NULL
    ) answers ON true GROUP BY bounds.most
  UNION ALL
  SELECT f.name, '', '', f.value FROM (
    SELECT count(*) AS n, coalesce(sum(extract(epoch FROM o.sent_at - m.received_at)), 0) AS seconds
    FROM public.tenant t CROSS JOIN LATERAL (SELECT x.tenant_id, x.message_id, x.sent_at FROM public.outbox x
      WHERE x.tenant_id = t.tenant_id AND x.state = 'sent' AND x.sent_at > now() - interval '24 hours'
        AND x.kind = 'reply' AND x.automatic OFFSET 0) o
    JOIN public.message m ON m.tenant_id = o.tenant_id AND m.id = o.message_id WHERE m.received_at IS NOT NULL
  ) answers CROSS JOIN LATERAL (VALUES ('answers_count', answers.n), ('answers_seconds', answers.seconds))
    AS f (name, value)
  UNION ALL
  SELECT f.name, '', '', f.value FROM (
    SELECT coalesce(sum(c.input_tokens), 0) AS input, coalesce(sum(c.output_tokens), 0) AS output
    FROM public.tenant t CROSS JOIN LATERAL (SELECT x.input_tokens, x.output_tokens FROM public.llm_call x
      WHERE x.tenant_id = t.tenant_id AND x.at >= date_trunc('day', now(), 'UTC') OFFSET 0) c
  ) used CROSS JOIN LATERAL (VALUES ('llm_tokens_in', used.input), ('llm_tokens_out', used.output)) AS f (name, value)
  UNION ALL
  SELECT 'llm_calls', c.outcome, '', count(*)
    FROM public.tenant t CROSS JOIN LATERAL (SELECT x.outcome FROM public.llm_call x
      WHERE x.tenant_id = t.tenant_id AND x.at >= date_trunc('day', now(), 'UTC') OFFSET 0) c GROUP BY c.outcome
  UNION ALL
  SELECT 'order_acts', state, '', count(*) FROM public.order_act
    WHERE state IN ('pending', 'sending', 'uncertain', 'needs_person') GROUP BY state
  UNION ALL
  SELECT 'ticketing_in_trouble', '', '', count(*) FROM public.ticketing WHERE last_error <> ''
  UNION ALL
  SELECT 'ticket_words', state, '', count(*) FROM public.ticket_words
    WHERE state IN ('needs_person', 'refused') GROUP BY state
$$;
REVOKE ALL ON FUNCTION metrics FROM PUBLIC;
GRANT EXECUTE ON FUNCTION metrics TO mailwright_app;
"""

# The function runs as the owner, who is bound by the same policies: let the owner read what it counts.
COUNTED = (
    "decision",
    "gap_work",
    "knowledge",
    "learning",
    "llm_call",
    "message",
    "order_act",
    "outbox",
    "revocation",
    "status_page",
    "supplier_request",
    "trial",
    "ticket",
    "ticket_words",
    "ticketing",
)


def upgrade() -> None:
    op.execute(INDEXES)
    op.execute(DUE_SINCE)
    op.execute(METRICS)
    for table in COUNTED:
        op.execute(f"CREATE POLICY owner_counts ON {table} FOR SELECT TO CURRENT_USER USING (true)")


def downgrade() -> None:
    op.execute("DROP FUNCTION metrics")
    op.execute("DROP VIEW due_since")
    for table in COUNTED:
        op.execute(f"DROP POLICY owner_counts ON {table}")
    op.execute("DROP INDEX decision_lately, message_unreadable, outbox_stuck")
