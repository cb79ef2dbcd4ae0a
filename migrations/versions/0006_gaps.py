"""Questions that nothing answered, in groups, and the work that groups them."""

from alembic import op

from migrations.steps import add_work, drop, own, take_back_work

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = """
-- Questions that ask the same and that no document answers. `dismissed` ones need no article; `written` ones have one.
CREATE TABLE gap (
  tenant_id uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
  id uuid NOT NULL,
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'dismissed', 'written')),
  language text NOT NULL,
  found_at timestamptz NOT NULL DEFAULT now(),
  settled_by uuid,
  settled_at timestamptz,
  document_path text NOT NULL DEFAULT '',
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, settled_by) REFERENCES member (tenant_id, id)
);

-- One row for each mail whose question was not answered. `vector` is float32, little-endian, by `engine`; `place` is 0
-- for the most typical question of its gap.
CREATE TABLE gap_question (
  tenant_id uuid NOT NULL,
  message_id uuid NOT NULL,
  engine text NOT NULL,
  vector bytea NOT NULL,
  gap_id uuid,
  place integer NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, message_id),
  FOREIGN KEY (tenant_id, message_id) REFERENCES message (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, gap_id) REFERENCES gap (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX gap_question_of_gap ON gap_question (tenant_id, gap_id, place);

CREATE TABLE gap_work (
  tenant_id uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
  wanted bigint NOT NULL DEFAULT 1,
  done bigint NOT NULL DEFAULT 0,
  attempts integer NOT NULL DEFAULT 0,
  next_at timestamptz NOT NULL DEFAULT now(),
  lease_until timestamptz,
  fence bigint NOT NULL DEFAULT 0,
  last_error text NOT NULL DEFAULT '',
  PRIMARY KEY (tenant_id)
);
CREATE INDEX gap_work_due ON gap_work (next_at) WHERE wanted > done;
"""

TENANT_TABLES = ("gap", "gap_question", "gap_work")

LISTENER_SEES = ("tenant_id", "wanted", "done", "next_at", "lease_until")

GAPS = "wanted > done AND next_at <= now() AND (lease_until IS NULL OR lease_until < now())"


def upgrade() -> None:
    op.execute(TABLES)
    own(TENANT_TABLES)
    add_work("gaps", "gap_work", GAPS, LISTENER_SEES)


def downgrade() -> None:
    take_back_work("gaps")
    drop(TENANT_TABLES)
