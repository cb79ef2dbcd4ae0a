"""What a tenant's people teach the machine: corrections, checked mail, what both earn, and the work that learns."""

from alembic import op

from migrations.steps import add_work, drop, own, take_back_work

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = """
-- An example of this tenant: a mail, and what a member says it is about. Deleting it erases its words.
CREATE TABLE correction (
  tenant_id uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
  id uuid NOT NULL,
  message_id uuid,
  text text NOT NULL,
  subject text NOT NULL DEFAULT '',
  language text NOT NULL DEFAULT 'und',
  category text NOT NULL,
  sub_intent text NOT NULL DEFAULT '',
  said_category text NOT NULL DEFAULT '',
  said_confidence real NOT NULL DEFAULT 0,
  scope text NOT NULL DEFAULT 'example' CHECK (scope IN ('example', 'mail')),
  author uuid NOT NULL,
  sender_hash bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  deleted_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, message_id) REFERENCES message (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, author) REFERENCES member (tenant_id, id)
);
-- The newest word about a mail counts alone.
CREATE UNIQUE INDEX correction_one_live ON correction (tenant_id, message_id) WHERE deleted_at IS NULL;
CREATE INDEX correction_newest ON correction (tenant_id, created_at DESC, id) WHERE deleted_at IS NULL;

-- What the machine said of a mail, and what it is: by a member's act, or shipped with the demonstration shop.
CREATE TABLE checked_mail (
  tenant_id uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
  id uuid NOT NULL,
  origin text NOT NULL CHECK (origin IN ('member', 'shipped')),
  message_id uuid,
  shipped_id text,
  text text NOT NULL DEFAULT '',
  subject text NOT NULL DEFAULT '',
  language text NOT NULL DEFAULT 'und',
  category text NOT NULL,
  said_category text NOT NULL DEFAULT '',
  said_confidence double precision NOT NULL DEFAULT 0,
  said_at timestamptz,
  said_by text NOT NULL DEFAULT '',
  act text NOT NULL CHECK (act IN ('sent', 'said', 'shipped')),
  member_id uuid,
  checked_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, message_id),
  UNIQUE (tenant_id, shipped_id),
  FOREIGN KEY (tenant_id, message_id) REFERENCES message (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, member_id) REFERENCES member (tenant_id, id),
  CHECK ((origin = 'shipped') = (shipped_id IS NOT NULL))
);

-- What the checked mail of a category has earned; `threshold` is NULL where it is not enough yet.
CREATE TABLE standing (
  tenant_id uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
  category text NOT NULL,
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
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, category)
);

-- What was learned from the live examples, in one row, so that a reader sees the old one or the new one.
CREATE TABLE model_head (
  tenant_id uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
  version bigint NOT NULL,
  model text NOT NULL,
  trained_on text NOT NULL,
  n integer NOT NULL,
  weights bytea NOT NULL,
  about jsonb NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id)
);

-- Whether there is something new to learn. `again_at` is when the first live example ends, `model_since` when another
-- shared model began to read here, or NULL where there was one only.
CREATE TABLE learning (
  tenant_id uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
  wanted bigint NOT NULL DEFAULT 1,
  done bigint NOT NULL DEFAULT 0,
  model text NOT NULL DEFAULT '',
  model_since timestamptz,
  again_at timestamptz,
  attempts integer NOT NULL DEFAULT 0,
  next_at timestamptz NOT NULL DEFAULT now(),
  lease_until timestamptz,
  fence bigint NOT NULL DEFAULT 0,
  last_error text NOT NULL DEFAULT '',
  PRIMARY KEY (tenant_id)
);
CREATE INDEX learning_due ON learning (next_at) WHERE wanted > done OR again_at IS NOT NULL;
"""

TENANT_TABLES = ("correction", "checked_mail", "standing", "model_head", "learning")

LISTENER_SEES = ("tenant_id", "wanted", "done", "again_at", "next_at", "lease_until")

LEARN = "(wanted > done OR again_at <= now()) AND next_at <= now() AND (lease_until IS NULL OR lease_until < now())"


def upgrade() -> None:
    op.execute(TABLES)
    own(TENANT_TABLES)
    add_work("learn", "learning", LEARN, LISTENER_SEES)
    # What was decided before has earned nothing yet: every workspace learns once.
    op.execute("CREATE POLICY owner_begins ON learning FOR INSERT TO CURRENT_USER WITH CHECK (true)")
    op.execute("INSERT INTO learning (tenant_id, model_since) SELECT tenant_id, now() FROM tenant")
    op.execute("DROP POLICY owner_begins ON learning")


def downgrade() -> None:
    take_back_work("learn")
    drop(TENANT_TABLES)
