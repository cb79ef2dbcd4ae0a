"""Documents in every version, their passages with vectors, and the work that indexes them."""

from alembic import op

from migrations.steps import add_work, drop, own, take_back_work

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# `source` stays the text of the file as it was given; what is no text stands in `original`, and `source` is then empty.
# `body` is what citations point into: NULL until the document was read.
DOCUMENT = """
ALTER TABLE document
  ADD COLUMN kind text NOT NULL DEFAULT 'text' CHECK (kind IN ('text', 'html', 'pdf')),
  ADD COLUMN original bytea CHECK (kind = 'text' OR original IS NOT NULL),
  ADD COLUMN body text,
  ADD COLUMN title text NOT NULL DEFAULT '',
  ADD COLUMN language text NOT NULL DEFAULT 'und',
  ADD COLUMN visibility text NOT NULL DEFAULT 'public' CHECK (visibility IN ('public', 'internal')),
  ADD COLUMN url text NOT NULL DEFAULT '',
  ADD COLUMN questions jsonb NOT NULL DEFAULT '[]',
  ADD COLUMN maker text NOT NULL DEFAULT 'import' CHECK (maker IN ('member', 'import', 'upload')),
  ADD COLUMN member_id uuid,
  ADD COLUMN current_since timestamptz NOT NULL DEFAULT clock_timestamp(),
  ADD FOREIGN KEY (tenant_id, member_id) REFERENCES member (tenant_id, id);
"""

TABLES = """
-- How far one version of a document is for one engine. `ready_at` is set when every vector stands; `problem` says why
-- the document was left out.
CREATE TABLE document_index (
  tenant_id uuid NOT NULL,
  document_id uuid NOT NULL,
  engine text NOT NULL,
  passages integer NOT NULL DEFAULT 0,
  embedded integer NOT NULL DEFAULT 0,
  ready_at timestamptz,
  problem text NOT NULL DEFAULT '',
  PRIMARY KEY (tenant_id, document_id, engine),
  FOREIGN KEY (tenant_id, document_id) REFERENCES document (tenant_id, id) ON DELETE CASCADE,
  CHECK (embedded BETWEEN 0 AND passages),
  CHECK (ready_at IS NULL OR (embedded = passages AND problem = ''))
);

-- `begins` and `ends` count characters of the document's body. Vectors are float32, little-endian; NULL while awaited.
CREATE TABLE passage (
  tenant_id uuid NOT NULL,
  document_id uuid NOT NULL,
  engine text NOT NULL,
  position integer NOT NULL,
  heading text NOT NULL,
  begins integer NOT NULL CHECK (begins >= 0),
  ends integer NOT NULL CHECK (ends > begins),
  language text NOT NULL,
  title_vector bytea,
  body_vector bytea,
  PRIMARY KEY (tenant_id, engine, document_id, position),
  FOREIGN KEY (tenant_id, document_id, engine) REFERENCES document_index ON DELETE CASCADE,
  CHECK ((title_vector IS NULL) = (body_vector IS NULL))
);
-- In the row itself and as they are: compressing noise costs time, and a load reads all of them in order.
ALTER TABLE passage ALTER title_vector SET STORAGE PLAIN, ALTER body_vector SET STORAGE PLAIN;
CREATE INDEX passage_waiting ON passage (tenant_id, engine, document_id, position) WHERE title_vector IS NULL;

-- The sample questions of a document, each with the position of the passage that it belongs to.
CREATE TABLE sample_question (
  tenant_id uuid NOT NULL,
  document_id uuid NOT NULL,
  engine text NOT NULL,
  number integer NOT NULL,
  owner integer NOT NULL,
  vector bytea NOT NULL,
  PRIMARY KEY (tenant_id, engine, document_id, number),
  FOREIGN KEY (tenant_id, engine, document_id, owner) REFERENCES passage ON DELETE CASCADE
);

-- What answers come from, one set for each engine. Whoever changes or reads a set locks its row first, so that nobody
-- sees half of one. `documents_of` is the tenant's knowledge_version that it was made of.
CREATE TABLE knowledge_set (
  tenant_id uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
  engine text NOT NULL,
  version text NOT NULL,
  documents_of text NOT NULL,
  documents integer NOT NULL,
  passages integer NOT NULL,
  published_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, engine)
);

CREATE TABLE published_document (
  tenant_id uuid NOT NULL,
  engine text NOT NULL,
  document_id uuid NOT NULL,
  PRIMARY KEY (tenant_id, engine, document_id),
  FOREIGN KEY (tenant_id, engine) REFERENCES knowledge_set ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, document_id, engine) REFERENCES document_index
);

-- The work: whether something is to be indexed, and how far that is, counted in passages.
CREATE TABLE knowledge (
  tenant_id uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
  wanted bigint NOT NULL DEFAULT 1,
  done bigint NOT NULL DEFAULT 0,
  engine text NOT NULL DEFAULT '',
  total integer NOT NULL DEFAULT 0,
  embedded integer NOT NULL DEFAULT 0,
  attempts integer NOT NULL DEFAULT 0,
  next_at timestamptz NOT NULL DEFAULT now(),
  lease_until timestamptz,
  fence bigint NOT NULL DEFAULT 0,
  last_error text NOT NULL DEFAULT '',
  PRIMARY KEY (tenant_id)
);
CREATE INDEX knowledge_due ON knowledge (next_at) WHERE wanted > done;
"""

TENANT_TABLES = ("document_index", "passage", "sample_question", "knowledge_set", "published_document", "knowledge")

LISTENER_SEES = ("tenant_id", "wanted", "done", "next_at", "lease_until")

INDEX = "wanted > done AND next_at <= now() AND (lease_until IS NULL OR lease_until < now())"


def upgrade() -> None:
    op.execute(DOCUMENT)
    op.execute(TABLES)
    own(TENANT_TABLES)
    add_work("index", "knowledge", INDEX, LISTENER_SEES)
    # Whoever has documents is indexed once; a worker reads what stands in `source`.
    op.execute("CREATE POLICY owner_looks ON document FOR SELECT TO CURRENT_USER USING (true)")
    op.execute("CREATE POLICY owner_begins ON knowledge FOR INSERT TO CURRENT_USER WITH CHECK (true)")
    op.execute("INSERT INTO knowledge (tenant_id) SELECT DISTINCT tenant_id FROM document WHERE is_current")
    op.execute("DROP POLICY owner_begins ON knowledge")
    op.execute("DROP POLICY owner_looks ON document")


def downgrade() -> None:
    take_back_work("index")
    drop(TENANT_TABLES)
    # The earlier release reads text alone.
    op.execute("CREATE POLICY owner_ends ON document TO CURRENT_USER USING (true)")
    op.execute("DELETE FROM document WHERE kind <> 'text'")
    op.execute("DROP POLICY owner_ends ON document")
    op.execute(
        "ALTER TABLE document DROP kind, DROP original, DROP body, DROP title, DROP language, DROP visibility,"
        " DROP url, DROP questions, DROP maker, DROP member_id, DROP current_since"
    )
