"""What suppliers were asked, what they owe an answer to, and the reminders and alerts that follow from it."""

from alembic import op

from migrations.steps import add_work, drop, own, take_back_work

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TABLES = """
-- How a tenant reminds. Without a row the defaults of domain/supplier_request.py hold.
CREATE TABLE supplier_rules (
  tenant_id uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
  reminding boolean NOT NULL,
  ladder jsonb NOT NULL,
  zone text NOT NULL,
  weekdays integer[] NOT NULL,
  holidays date[] NOT NULL DEFAULT '{}',
  operations_address text NOT NULL DEFAULT '',
  changed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id)
);

-- One purchase order on which one supplier owes an answer. `asked_at` is when our newest message left, null until one
-- has; `first_asked_at` when the first of them did, from which the response time counts. `round` grows with each
-- message of ours that a person wrote: the ladder begins anew. `message_id` is the mail at the desk for which it was
-- asked, or our own mail that was written by hand in Gmail; `conversation_id` the customer's conversation behind it, if
-- there is one. `thread_id` is the Gmail thread of our mail, `rfc_message_id` that of our newest mail in it. `next_at`
-- is when the next rung of the ladder is due.
CREATE TABLE supplier_request (
  tenant_id uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
  id uuid NOT NULL,
  supplier_id uuid NOT NULL,
  purchase_order text NOT NULL,
  order_number text NOT NULL DEFAULT '',
  purpose text NOT NULL DEFAULT 'general',
  recipient text NOT NULL,
  subject text NOT NULL DEFAULT '',
  mailbox_id uuid,
  thread_id text NOT NULL DEFAULT '',
  rfc_message_id text NOT NULL DEFAULT '',
  ticket_id uuid,
  conversation_id uuid,
  message_id uuid,
  asked_by uuid,
  created_at timestamptz NOT NULL DEFAULT now(),
  first_asked_at timestamptz,
  asked_at timestamptz,
  round integer NOT NULL DEFAULT 0,
  rungs_done integer NOT NULL DEFAULT 0,
  next_at timestamptz,
  lease_until timestamptz,
  fence bigint NOT NULL DEFAULT 0,
  attempts integer NOT NULL DEFAULT 0,
  last_error text NOT NULL DEFAULT '',
  answered_at timestamptz,
  answered_by uuid,
  closed_at timestamptz,
  closed_by uuid,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, supplier_id) REFERENCES supplier (tenant_id, id),
  FOREIGN KEY (tenant_id, mailbox_id) REFERENCES mailbox (tenant_id, id) ON DELETE SET NULL (mailbox_id),
  FOREIGN KEY (tenant_id, ticket_id) REFERENCES ticket (tenant_id, id) ON DELETE SET NULL (ticket_id),
  FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversation (tenant_id, id) ON DELETE SET NULL (conversation_id),
  FOREIGN KEY (tenant_id, message_id) REFERENCES message (tenant_id, id) ON DELETE SET NULL (message_id),
  FOREIGN KEY (tenant_id, answered_by) REFERENCES message (tenant_id, id) ON DELETE SET NULL (answered_by),
  FOREIGN KEY (tenant_id, asked_by) REFERENCES member (tenant_id, id),
  FOREIGN KEY (tenant_id, closed_by) REFERENCES member (tenant_id, id)
);
CREATE UNIQUE INDEX supplier_request_one_open ON supplier_request (tenant_id, supplier_id, purchase_order)
  WHERE answered_at IS NULL AND closed_at IS NULL;
CREATE INDEX supplier_request_due ON supplier_request (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX supplier_request_of_thread ON supplier_request (tenant_id, thread_id) WHERE thread_id <> '';
CREATE INDEX supplier_request_of_purchase ON supplier_request (tenant_id, purchase_order);
-- For the page of a conversation, the wall before a mail leaves, and the mails and conversations that go.
CREATE INDEX supplier_request_of_conversation ON supplier_request (tenant_id, conversation_id)
  WHERE conversation_id IS NOT NULL;
CREATE INDEX supplier_request_of_message ON supplier_request (tenant_id, message_id) WHERE message_id IS NOT NULL;
CREATE INDEX supplier_request_of_answer ON supplier_request (tenant_id, answered_by) WHERE answered_by IS NOT NULL;
CREATE INDEX supplier_request_of_order ON supplier_request (tenant_id, order_number) WHERE order_number <> '';

-- A rung of the ladder that was climbed: a reminder or an alert, each an effect with its own state and retries. By
-- Gmail it is a row of the outbox, on a ticket one of its words; an alert stands on its page in any case.
CREATE TABLE supplier_step (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  request_id uuid NOT NULL,
  round integer NOT NULL,
  position integer NOT NULL,
  kind text NOT NULL CHECK (kind IN ('remind', 'alert')),
  channel text NOT NULL CHECK (channel IN ('gmail', 'ticket', 'desk')),
  state text NOT NULL,
  due_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  done_at timestamptz,
  outbox_id uuid,
  words_id uuid,
  last_error text NOT NULL DEFAULT '',
  seen_at timestamptz,
  seen_by uuid,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, request_id, round, position),
  FOREIGN KEY (tenant_id, request_id) REFERENCES supplier_request (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, words_id) REFERENCES ticket_words (tenant_id, id) ON DELETE SET NULL (words_id),
  FOREIGN KEY (tenant_id, seen_by) REFERENCES member (tenant_id, id)
);
CREATE INDEX supplier_step_of_outbox ON supplier_step (tenant_id, outbox_id) WHERE outbox_id IS NOT NULL;
CREATE INDEX supplier_step_of_words ON supplier_step (tenant_id, words_id) WHERE words_id IS NOT NULL;
CREATE INDEX supplier_step_alerts ON supplier_step (tenant_id, created_at) WHERE kind = 'alert' AND seen_at IS NULL;

-- What is for a supplier or for operations answers no decision about a mail: it belongs to a request instead.
ALTER TABLE outbox ALTER COLUMN decision_id DROP NOT NULL, ADD COLUMN request_id uuid,
  ADD COLUMN wall_reason text NOT NULL DEFAULT '',
  ADD FOREIGN KEY (tenant_id, request_id) REFERENCES supplier_request (tenant_id, id) ON DELETE CASCADE,
  ADD CONSTRAINT outbox_of_decision_or_request CHECK (decision_id IS NOT NULL OR request_id IS NOT NULL);
CREATE INDEX outbox_of_request ON outbox (tenant_id, request_id) WHERE request_id IS NOT NULL;
ALTER TABLE supplier_step ADD FOREIGN KEY (tenant_id, outbox_id) REFERENCES outbox (tenant_id, id)
  ON DELETE SET NULL (outbox_id);
-- `wall_reason` is why a person sends what the wall between suppliers and customers objects to.
ALTER TABLE ticket_words ADD COLUMN request_id uuid, ADD COLUMN wall_reason text NOT NULL DEFAULT '',
  ADD FOREIGN KEY (tenant_id, request_id) REFERENCES supplier_request (tenant_id, id) ON DELETE SET NULL (request_id);
CREATE INDEX ticket_words_of_request ON ticket_words (tenant_id, request_id) WHERE request_id IS NOT NULL;
CREATE INDEX ticket_words_held ON ticket_words (tenant_id) WHERE state = 'held';

-- The requests that a supplier's mail was found to answer or to be about, and why.
CREATE TABLE supplier_link (
  tenant_id uuid NOT NULL,
  message_id uuid NOT NULL,
  request_id uuid NOT NULL,
  found_by text NOT NULL CHECK (found_by IN ('purchase_order', 'thread', 'order', 'person')),
  answers boolean NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, message_id, request_id),
  FOREIGN KEY (tenant_id, message_id) REFERENCES message (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, request_id) REFERENCES supplier_request (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX supplier_link_of_request ON supplier_link (tenant_id, request_id);
"""

TENANT_TABLES = ("supplier_rules", "supplier_request", "supplier_step", "supplier_link")

LISTENER_SEES = ("tenant_id", "next_at", "lease_until")

REMIND = "next_at <= now() AND (lease_until IS NULL OR lease_until < now())"


def upgrade() -> None:
    op.execute(TABLES)
    own(TENANT_TABLES)
    op.execute("REVOKE DELETE ON supplier_request, supplier_step, supplier_link FROM mailwright_app")
    add_work("remind", "supplier_request", REMIND, LISTENER_SEES)


def downgrade() -> None:
    take_back_work("remind")
    op.execute("DELETE FROM outbox WHERE decision_id IS NULL")
    op.execute("ALTER TABLE supplier_step DROP COLUMN outbox_id")
    op.execute(
        "ALTER TABLE outbox DROP CONSTRAINT outbox_of_decision_or_request, DROP COLUMN request_id, "
        "DROP COLUMN wall_reason, ALTER COLUMN decision_id SET NOT NULL"
    )
    op.execute("DROP INDEX ticket_words_held")
    op.execute("ALTER TABLE ticket_words DROP COLUMN request_id, DROP COLUMN wall_reason")
    drop(TENANT_TABLES)
