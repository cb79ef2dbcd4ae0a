"""The queue: who has a conversation, until when it rests, what filters and a search by words look at, saved views.

What the queue is filtered by stands on the decision itself, kept by triggers: many statements hold a decision, and none
of them, nor of the previous release, may leave it out of a filter.
"""

from alembic import op

from migrations.steps import drop, own

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TABLES = """
ALTER TABLE conversation ADD COLUMN assignee_id uuid, ADD COLUMN snoozed_until timestamptz,
  ADD FOREIGN KEY (tenant_id, assignee_id) REFERENCES member (tenant_id, id) ON DELETE SET NULL (assignee_id);

-- `queue_rank` is the importance, the greatest first, so that one order of columns serves as the key of a page. The
-- assignee and the rest are those of the conversation, kept here while the decision waits.
ALTER TABLE decision ADD COLUMN queue_rank integer NOT NULL DEFAULT 0, ADD COLUMN reason_kind text NOT NULL DEFAULT '',
  ADD COLUMN language text NOT NULL DEFAULT 'und', ADD COLUMN mailbox_id uuid, ADD COLUMN assignee_id uuid,
  ADD COLUMN snoozed_until timestamptz, ADD COLUMN words tsvector;

-- A filter with a name; `filter` is what stands behind the question mark of its address.
CREATE TABLE saved_view (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  member_id uuid NOT NULL,
  shared boolean NOT NULL,
  name text NOT NULL,
  filter text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, member_id) REFERENCES member (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX saved_view_own_name ON saved_view (tenant_id, member_id, name) WHERE NOT shared;
CREATE UNIQUE INDEX saved_view_shared_name ON saved_view (tenant_id, name) WHERE shared;
"""

# Each lexeme begins with the first six characters of its tenant: in the index the words of one tenant then lie
# together, and a word that is common elsewhere costs nothing here. That two tenants begin alike does no harm: rows are
# filtered by tenant.
WORDS = r"""
-- The stemmers of the languages that are answered in; every other language is kept word by word.
CREATE FUNCTION stemmer(language text) RETURNS regconfig LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE language WHEN 'en' THEN 'pg_catalog.english' WHEN 'de' THEN 'pg_catalog.german'
    WHEN 'fr' THEN 'pg_catalog.french' WHEN 'es' THEN 'pg_catalog.spanish' ELSE 'pg_catalog.simple' END::regconfig
$$;

-- Words as they are written, in lower case: names, addresses and numbers whole and in their parts.
CREATE FUNCTION plain_words(texts text) RETURNS SETOF text LANGUAGE sql IMMUTABLE AS $$
  SELECT DISTINCT left(word, 60) FROM (
    SELECT trim(BOTH '.-_+@' FROM word) AS word FROM regexp_split_to_table(lower(texts), '[^\w@.+-]+') word
    UNION ALL SELECT trim(BOTH '.-_+' FROM word) FROM regexp_split_to_table(lower(texts), '[^\w.+-]+') word
    UNION ALL SELECT word FROM regexp_split_to_table(lower(texts), '(\W|_)+') word
  ) w WHERE word <> ''
$$;

CREATE FUNCTION words_of(tenant uuid, language text, subject text, sender text, body text)
RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
  SELECT array_to_tsvector(ARRAY(SELECT left(tenant::text, 6) || word FROM (
    SELECT unnest(tsvector_to_array(to_tsvector(stemmer(language), subject || ' ' || left(body, 20000)))) AS word
    UNION SELECT plain_words(subject || ' ' || sender)
    UNION SELECT word FROM plain_words(left(body, 20000)) word WHERE word ~ '[0-9@]'
  ) w WHERE word <> ''))
$$;

-- Every word asked for must be found: as it is written, where it has three letters as a beginning, or by its stem in
-- any of the languages. Words too common to be kept in one of them are left out, unless there are no others.
CREATE FUNCTION words_asked(tenant uuid, words text) RETURNS tsquery LANGUAGE sql STABLE AS $$
  WITH asked AS (
    SELECT DISTINCT word FROM (SELECT left(trim(BOTH '.-_+@' FROM word), 60) AS word
      FROM regexp_split_to_table(lower(words), '[^\w@.+-]+') word) w WHERE word <> ''
  ), stems AS (
    SELECT word, tsvector_to_array(to_tsvector(config, word)) AS stems
    FROM asked, unnest(ARRAY['english', 'german', 'french', 'spanish']::regconfig[]) AS config
  ), terms AS (
    SELECT word, bool_or(cardinality(stems) = 0) AS common,
      quote_word(left(tenant::text, 6) || word) || CASE WHEN length(word) > 2 THEN ':*' ELSE '' END
        || coalesce(string_agg(DISTINCT ' | ' || quote_word(left(tenant::text, 6) || stems[1]), '')
          FILTER (WHERE cardinality(stems) = 1), '') AS term
    FROM stems GROUP BY word
  )
  SELECT string_agg('(' || term || ')', ' & ')::tsquery FROM terms
  WHERE NOT common OR NOT EXISTS (SELECT FROM terms WHERE NOT common)
$$;

-- Row-level security lets no index be used for `@@`, which is not declared leakproof: two narrow functions ask in the
-- place of the application. Each returns ids of the tenant of the transaction alone. That the tenant is compared as
-- text keeps the planner from reading all of a tenant's rows instead of the words.
CREATE FUNCTION waiting_with_words(asked tsquery, most integer) RETURNS SETOF uuid
  LANGUAGE sql STABLE SECURITY DEFINER ROWS 200
  SET search_path = pg_catalog, public SET plan_cache_mode = force_custom_plan AS $$
  SELECT d.id FROM public.decision d
  WHERE d.words @@ asked AND d.is_current AND d.disposition = 'hold' AND d.settled_at IS NULL
    AND d.tenant_id::text = public.current_tenant()::text
  LIMIT most
$$;
CREATE FUNCTION decided_with_words(asked tsquery, most integer) RETURNS TABLE (decision uuid, conversation uuid)
  LANGUAGE sql STABLE SECURITY DEFINER ROWS 200
  SET search_path = pg_catalog, public SET plan_cache_mode = force_custom_plan AS $$
  SELECT d.id, d.conversation_id FROM public.decision d
  WHERE d.words @@ asked AND d.is_current AND d.tenant_id::text = public.current_tenant()::text
  LIMIT most
$$;
"""

QUOTE = r"""
CREATE FUNCTION quote_word(word text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT '''' || replace(replace(word, '\', '\\'), '''', '''''') || ''''
$$;
"""

KINDS = """
-- What a reason is about, for the filter. The reasons are sentences of ours; what fits none is named by category.
CREATE FUNCTION reason_kind(reason text, category text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN reason ~* 'asks for a person' THEN 'person'
    WHEN reason ~* 'threat' THEN 'threat'
    WHEN reason ~ '^(It was tried|It could not be|It is larger|Gmail never|Somebody changed its draft|An unexpected)'
      OR reason ~* 'disconnected|in vain|unreadable|cannot be read' OR category = '' THEN 'trouble'
    WHEN reason ~ '^(The mail does not name exactly|The sender may be forged|Nothing proves|No order number fits)'
      OR reason ~* 'customer on (the )?order|no order of its sender|somebody else|verify the writer' THEN 'sender'
    WHEN reason ~ '^(Answering by itself is|Mail of the kind|It is older than|It was not addressed|No replies are)'
      OR reason ~* 'automatic replies' THEN 'limits'
    WHEN reason ~ '^(It is not clear what it is about|Not enough checked|No checked|Answers have|What answers have)'
      OR reason ~ '^(It is only|It is not known how sure|A language model|Written by a language|Perhaps a machine)'
      THEN 'unsure'
    WHEN category = 'refund' THEN 'order'
    WHEN category = 'question' THEN 'answer'
    ELSE 'read' END
$$;
"""

TRIGGERS = """
CREATE FUNCTION keep_in_queue() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE mail record;
BEGIN
  NEW.queue_rank := -NEW.importance;
  NEW.reason_kind := reason_kind(NEW.reason, NEW.category);
  IF TG_OP = 'INSERT' OR NEW.understanding IS DISTINCT FROM OLD.understanding THEN
    SELECT m.mailbox_id, m.subject, m.sender_name || ' ' || m.sender_address AS sender,
        coalesce(NEW.understanding ->> 'text', m.parsed ->> 'text', '') AS body INTO mail
      FROM message m WHERE m.tenant_id = NEW.tenant_id AND m.id = NEW.message_id;
    NEW.mailbox_id := mail.mailbox_id;
    NEW.language := coalesce(nullif(NEW.understanding ->> 'language', ''), 'und');
    NEW.words := words_of(NEW.tenant_id, NEW.language, mail.subject, mail.sender, mail.body);
  END IF;
  IF NEW.is_current AND NEW.disposition = 'hold' AND NEW.settled_at IS NULL AND (TG_OP = 'INSERT'
      OR NOT (OLD.is_current AND OLD.disposition = 'hold' AND OLD.settled_at IS NULL)) THEN
    NEW.assignee_id := NULL;
    NEW.snoozed_until := NULL;
    SELECT c.assignee_id, c.snoozed_until INTO NEW.assignee_id, NEW.snoozed_until
      FROM conversation c WHERE c.tenant_id = NEW.tenant_id AND c.id = NEW.conversation_id;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER keep_in_queue BEFORE INSERT OR UPDATE OF importance, reason, category, understanding, disposition,
  settled_at, is_current ON decision FOR EACH ROW EXECUTE FUNCTION keep_in_queue();

CREATE FUNCTION keep_with_conversation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE decision SET assignee_id = NEW.assignee_id, snoozed_until = NEW.snoozed_until
    WHERE tenant_id = NEW.tenant_id AND conversation_id = NEW.id AND is_current AND disposition = 'hold'
      AND settled_at IS NULL;
  RETURN NULL;
END $$;
CREATE TRIGGER keep_with_conversation AFTER UPDATE OF assignee_id, snoozed_until ON conversation FOR EACH ROW
  WHEN ((OLD.assignee_id, OLD.snoozed_until) IS DISTINCT FROM (NEW.assignee_id, NEW.snoozed_until))
  EXECUTE FUNCTION keep_with_conversation();
"""

# What was decided before this migration. The owner is bound by row-level security, too, while it is forced.
FILL = """
ALTER TABLE decision NO FORCE ROW LEVEL SECURITY;
ALTER TABLE message NO FORCE ROW LEVEL SECURITY;
UPDATE decision d SET queue_rank = -importance, reason_kind = reason_kind(reason, category),
  language = coalesce(nullif(understanding ->> 'language', ''), 'und'), mailbox_id = m.mailbox_id,
  words = words_of(d.tenant_id, coalesce(nullif(understanding ->> 'language', ''), 'und'), m.subject,
    m.sender_name || ' ' || m.sender_address, coalesce(understanding ->> 'text', m.parsed ->> 'text', ''))
FROM message m WHERE m.tenant_id = d.tenant_id AND m.id = d.message_id;
ALTER TABLE decision FORCE ROW LEVEL SECURITY;
ALTER TABLE message FORCE ROW LEVEL SECURITY;
"""

# Everything that a filter asks for stands in the index itself, so that neither a page nor its counts read the rows.
# Both indexes of words are written at once: a search would otherwise read a list of what is still to be sorted in.
INDEXES = """
DROP INDEX decision_queue;
CREATE INDEX decision_queue ON decision (tenant_id, queue_rank, created_at, id)
  INCLUDE (category, reason_kind, language, mailbox_id, assignee_id, snoozed_until)
  WHERE is_current AND disposition = 'hold' AND settled_at IS NULL;
-- In the order of its groups: counting them then sorts and hashes nothing, and equal keys are kept once.
CREATE INDEX decision_counts ON decision (tenant_id, category, reason_kind, language, mailbox_id, assignee_id,
  snoozed_until) WHERE is_current AND disposition = 'hold' AND settled_at IS NULL;
CREATE INDEX decision_settled ON decision (tenant_id, settled_at, id)
  INCLUDE (category, reason_kind, language, mailbox_id, assignee_id) WHERE is_current AND settled_at IS NOT NULL;
CREATE INDEX decision_waiting_words ON decision USING gin (words) WITH (fastupdate = off)
  WHERE is_current AND disposition = 'hold' AND settled_at IS NULL;
CREATE INDEX decision_words ON decision USING gin (words) WITH (fastupdate = off) WHERE is_current;
CREATE INDEX conversation_newest ON conversation (tenant_id, last_message_at, id);
-- What the strip above the queue counts of the last 24 hours, and what a conversation shows.
CREATE INDEX decision_ignored ON decision (tenant_id, created_at) WHERE is_current AND disposition = 'ignore';
CREATE INDEX outbox_sent ON outbox (tenant_id, sent_at) WHERE state = 'sent';
CREATE INDEX outbox_of_conversation ON outbox (tenant_id, conversation_id);
"""

RIGHTS = """
CREATE POLICY owner_searches ON decision FOR SELECT TO CURRENT_USER USING (true);
REVOKE ALL ON FUNCTION waiting_with_words, decided_with_words FROM PUBLIC;
GRANT EXECUTE ON FUNCTION waiting_with_words, decided_with_words TO mailwright_app;
"""

TENANT_TABLES = ("saved_view",)


def upgrade() -> None:
    for statements in (TABLES, QUOTE, WORDS, KINDS, FILL, TRIGGERS, INDEXES, RIGHTS):
        op.execute(statements)
    own(TENANT_TABLES)


def downgrade() -> None:
    drop(TENANT_TABLES)
    op.execute("DROP POLICY owner_searches ON decision")
    op.execute("DROP FUNCTION waiting_with_words, decided_with_words")
    op.execute("DROP TRIGGER keep_in_queue ON decision")
    op.execute("DROP TRIGGER keep_with_conversation ON conversation")
    op.execute(
        "DROP INDEX decision_queue, decision_settled, decision_words, decision_waiting_words, conversation_newest"
    )
    op.execute("DROP INDEX decision_counts, decision_ignored, outbox_sent, outbox_of_conversation")
    op.execute(
        "ALTER TABLE decision DROP COLUMN queue_rank, DROP COLUMN reason_kind, DROP COLUMN language,"
        " DROP COLUMN mailbox_id, DROP COLUMN assignee_id, DROP COLUMN snoozed_until, DROP COLUMN words"
    )
    op.execute("ALTER TABLE conversation DROP COLUMN assignee_id, DROP COLUMN snoozed_until")
    op.execute("DROP FUNCTION keep_in_queue, keep_with_conversation, words_asked, words_of, plain_words, quote_word")
    op.execute("DROP FUNCTION stemmer, reason_kind")
    op.execute(
        "CREATE INDEX decision_queue ON decision (tenant_id, importance DESC, created_at, id)"
        " WHERE is_current AND disposition = 'hold' AND settled_at IS NULL"
    )
