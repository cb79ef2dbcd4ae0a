"""What a person types before it is sent, kept for whoever goes on with it, and who is on a conversation's page."""

from alembic import op

from migrations.steps import drop, own

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

STATEMENTS = """
-- One text a decision, that of whoever wrote last. `version` grows with each change and begins with the time, so that
-- a text kept after a decision waits anew never has the version of one from before. `writer` names the open page.
CREATE TABLE kept_reply (
  tenant_id uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
  decision_id uuid NOT NULL,
  text text NOT NULL CHECK (text <> ''),
  version bigint NOT NULL,
  member_id uuid NOT NULL,
  writer text NOT NULL DEFAULT '',
  saved_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, decision_id),
  FOREIGN KEY (tenant_id, decision_id) REFERENCES decision (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, member_id) REFERENCES member (tenant_id, id) ON DELETE CASCADE
);

-- Who had a conversation's page open when, and when they last typed there: swept by age, a minute is long.
CREATE TABLE presence (
  tenant_id uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
  conversation_id uuid NOT NULL,
  member_id uuid NOT NULL,
  seen_at timestamptz NOT NULL DEFAULT now(),
  wrote_at timestamptz,
  PRIMARY KEY (tenant_id, conversation_id, member_id),
  FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversation (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, member_id) REFERENCES member (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX presence_by_age ON presence (tenant_id, seen_at);
"""

TABLES = ("kept_reply", "presence")


def upgrade() -> None:
    op.execute(STATEMENTS)
    own(TABLES)


def downgrade() -> None:
    drop(TABLES)
