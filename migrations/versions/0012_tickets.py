"""The bridge to a merchant's ticketing system: the connection, one ticket for each order, the words that go on it."""

from alembic import op

from migrations.steps import add_work, drop, own, take_back_work

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TABLES = """
-- Without a row nothing outside is asked, and no ticket is ever written down.
CREATE TABLE ticketing (
  tenant_id uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
  base_url text NOT NULL,
  username text NOT NULL,
  secret_sealed bytea NOT NULL,
  path_prefix text NOT NULL,
  zone text NOT NULL,
  mode text NOT NULL CHECK (mode IN ('ticket_only', 'gmail_only', 'gmail_with_note')),
  shadow boolean NOT NULL DEFAULT false,
  connected_at timestamptz NOT NULL DEFAULT now(),
  last_error text NOT NULL DEFAULT '',
  PRIMARY KEY (tenant_id)
);

-- The ticket of an order. `system` is the address at which it is looked for, and may have been made. Nothing is due
-- where `next_at` is null; `due_since` is since when something is.
CREATE TABLE ticket (
  tenant_id uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
  id uuid NOT NULL,
  order_number text NOT NULL,
  conversation_id uuid,
  message_id uuid,
  type integer NOT NULL DEFAULT 0,
  marker text NOT NULL,
  external_id bigint,
  number text NOT NULL DEFAULT '',
  system text NOT NULL DEFAULT '',
  state text NOT NULL DEFAULT 'wanted',
  attempts integer NOT NULL DEFAULT 0,
  looks integer NOT NULL DEFAULT 0,
  next_at timestamptz,
  due_since timestamptz,
  lease_until timestamptz,
  fence bigint NOT NULL DEFAULT 0,
  last_error text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT now(),
  creating_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, order_number),
  UNIQUE (tenant_id, marker),
  FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversation (tenant_id, id) ON DELETE SET NULL (conversation_id),
  FOREIGN KEY (tenant_id, message_id) REFERENCES message (tenant_id, id) ON DELETE SET NULL (message_id)
);
CREATE INDEX ticket_due ON ticket (next_at) WHERE next_at IS NOT NULL;

-- What goes on a ticket, in the order of `seq`. `waiting` is what waits for a reply to leave, `reply_id` the row of the
-- outbox whose words these are.
CREATE TABLE ticket_words (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  seq bigint GENERATED ALWAYS AS IDENTITY,
  ticket_id uuid NOT NULL,
  side text NOT NULL CHECK (side IN ('customer', 'supplier', 'note')),
  text text NOT NULL,
  marker text NOT NULL,
  recipient text NOT NULL DEFAULT '',
  automatic boolean NOT NULL DEFAULT true,
  decision_id uuid,
  message_id uuid,
  conversation_id uuid,
  reply_id uuid,
  state text NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  looks integer NOT NULL DEFAULT 0,
  repeats integer NOT NULL DEFAULT 0,
  last_error text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT now(),
  sending_at timestamptz,
  done_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, marker),
  FOREIGN KEY (tenant_id, ticket_id) REFERENCES ticket (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, decision_id) REFERENCES decision (tenant_id, id) ON DELETE SET NULL (decision_id),
  FOREIGN KEY (tenant_id, message_id) REFERENCES message (tenant_id, id) ON DELETE SET NULL (message_id),
  FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversation (tenant_id, id) ON DELETE SET NULL (conversation_id),
  FOREIGN KEY (tenant_id, reply_id) REFERENCES outbox (tenant_id, id) ON DELETE SET NULL (reply_id)
);
CREATE INDEX ticket_words_open ON ticket_words (tenant_id, ticket_id, seq)
  WHERE state IN ('pending', 'sending', 'uncertain');
CREATE INDEX ticket_words_of_decision ON ticket_words (tenant_id, decision_id);
-- A reply that is handed to its ticket is handed over once, until a person has it again.
CREATE UNIQUE INDEX ticket_words_one_of_a_reply ON ticket_words (tenant_id, reply_id)
  WHERE reply_id IS NOT NULL AND state NOT IN ('held', 'refused', 'cancelled');

-- The ticket on which what comes of a decision is kept, where its order is known.
ALTER TABLE decision ADD COLUMN ticket_id uuid,
  ADD FOREIGN KEY (tenant_id, ticket_id) REFERENCES ticket (tenant_id, id) ON DELETE SET NULL (ticket_id);
CREATE INDEX decision_of_ticket ON decision (tenant_id, ticket_id) WHERE ticket_id IS NOT NULL;
"""

TENANT_TABLES = ("ticketing", "ticket", "ticket_words")

LISTENER_SEES = ("tenant_id", "next_at", "lease_until")

TICKETS = "next_at <= now() AND (lease_until IS NULL OR lease_until < now())"


def upgrade() -> None:
    op.execute(TABLES)
    own(TENANT_TABLES)
    op.execute("REVOKE DELETE ON ticket, ticket_words FROM mailwright_app")
    add_work("ticket", "ticket", TICKETS, LISTENER_SEES)


def downgrade() -> None:
    take_back_work("ticket")
    op.execute("ALTER TABLE decision DROP COLUMN ticket_id")
    drop(TENANT_TABLES)
