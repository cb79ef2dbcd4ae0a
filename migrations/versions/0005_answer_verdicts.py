"""What was looked at to answer a mail, whether staff found the answer right, and what that has earned."""

from alembic import op

from migrations.steps import drop, own

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = """
-- How an answer was judged when the mail was decided; NULL where no answer was looked for.
ALTER TABLE decision ADD COLUMN answer jsonb;

-- Whether an answer was right: by a member's act, or by the question set of the demonstration shop. `probability` and
-- `features` are what the machine had computed, `model` the shipped abstention behind them, `is_right` NULL until a
-- worker has asked a shipped question.
CREATE TABLE answer_verdict (
  tenant_id uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
  id uuid NOT NULL,
  origin text NOT NULL CHECK (origin IN ('member', 'shipped')),
  message_id uuid,
  shipped_id text,
  question text NOT NULL DEFAULT '',
  subject text NOT NULL DEFAULT '',
  language text NOT NULL DEFAULT 'und',
  document text NOT NULL DEFAULT '',
  headings jsonb NOT NULL DEFAULT '[]',
  method text NOT NULL DEFAULT '',
  probability double precision NOT NULL DEFAULT 0,
  answered boolean NOT NULL DEFAULT false,
  features jsonb NOT NULL DEFAULT '{}',
  model text NOT NULL DEFAULT '',
  knowledge_version text NOT NULL DEFAULT '',
  is_right boolean,
  act text NOT NULL CHECK (act IN ('sent', 'said', 'shipped')),
  member_id uuid,
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, message_id),
  UNIQUE (tenant_id, shipped_id),
  FOREIGN KEY (tenant_id, message_id) REFERENCES message (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, member_id) REFERENCES member (tenant_id, id),
  CHECK ((origin = 'shipped') = (shipped_id IS NOT NULL)),
  CHECK ((origin = 'member') = (message_id IS NOT NULL)),
  CHECK (origin = 'shipped' OR is_right IS NOT NULL)
);
CREATE INDEX answer_verdict_newest ON answer_verdict (tenant_id, at DESC);

-- What verdicts have earned for each way of answering; `threshold` is NULL where it is not enough yet. `curve` is the
-- risk at each coverage, as the page draws it.
CREATE TABLE answer_standing (
  tenant_id uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
  method text NOT NULL,
  model text NOT NULL,
  target real NOT NULL,
  n integer NOT NULL,
  wrong integer NOT NULL,
  needed integer NOT NULL,
  threshold double precision,
  accepted integer NOT NULL DEFAULT 0,
  errors integer NOT NULL DEFAULT 0,
  upper_bound double precision NOT NULL DEFAULT 1,
  coverage double precision NOT NULL DEFAULT 0,
  curve jsonb NOT NULL DEFAULT '[]',
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, method)
);

-- The shipped abstention as this tenant's verdicts have moved it, in one row, so that a reader sees the old one or the
-- new one. With `n` 0 the shipped one stands as it is.
CREATE TABLE answer_model (
  tenant_id uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
  version bigint NOT NULL,
  model text NOT NULL,
  n integer NOT NULL,
  weights jsonb NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id)
);
"""

TENANT_TABLES = ("answer_verdict", "answer_standing", "answer_model")


def upgrade() -> None:
    op.execute(TABLES)
    own(TENANT_TABLES)


def downgrade() -> None:
    drop(TENANT_TABLES)
    op.execute("ALTER TABLE decision DROP COLUMN answer")
