"""The record of every call of a language model: tokens, cost and outcome, and no word of the mail."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE llm_call (
  tenant_id uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
  id uuid NOT NULL,
  message_id uuid,
  purpose text NOT NULL,
  model text NOT NULL,
  method text NOT NULL,
  input_tokens integer CHECK (input_tokens >= 0),
  output_tokens integer CHECK (output_tokens >= 0),
  -- US cents, with fractions; NULL where the price or the usage is not known.
  cost_minor numeric(14, 6) CHECK (cost_minor >= 0),
  outcome text NOT NULL,
  duration_ms integer NOT NULL CHECK (duration_ms >= 0),
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, message_id) REFERENCES message (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX llm_call_of_day ON llm_call (tenant_id, at);
CREATE INDEX llm_call_of_message ON llm_call (tenant_id, message_id);

ALTER TABLE llm_call ENABLE ROW LEVEL SECURITY;
ALTER TABLE llm_call FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON llm_call TO mailwright_app
  USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT SELECT, INSERT ON llm_call TO mailwright_app;
"""


def upgrade() -> None:
    op.execute(TABLE)


def downgrade() -> None:
    op.execute("DROP TABLE llm_call")
