"""Many tenants' mail at once, written by SQL alone: what `evaluation.bench_desk` asks its questions of.

Words come from the help centre in four languages, the common ones often; what the queue's triggers would write is
computed in the same statement and compared with them on a sample, since a million triggers would take half an hour.
"""

import random
import re
from collections import Counter
from collections.abc import Iterator
from hashlib import md5
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from settings import ROOT

TENANTS = 1000
LANGUAGES = ("en", "de", "fr", "es")
# Of the one tenant that is measured: as many held as the issue says, and as many that are settled.
HELD, SETTLED = 0.05, 0.05
MEMBERS = 4
# Different texts in each language; a prime, so that they meet every tenant, category and importance.
TEXTS = 9973
TABLES = ("conversation", "message", "decision", "outbox")
PASSWORD_HASH = "x"  # noqa: S105 (no password has this hash: nobody signs in with one)

_PEOPLE = """
INSERT INTO tenant (tenant_id, slug, name) SELECT md5('t' || t)::uuid, 't' || t, 'Tenant ' || t
  FROM generate_series(1, %(tenants)s) t;
INSERT INTO member (tenant_id, id, email, name, password_hash, role)
  SELECT md5('t' || t)::uuid, md5('p' || t || '-' || p)::uuid, 'p' || p || '@t' || t || '.example', 'Person ' || p,
    %(hash)s, 'owner' FROM generate_series(1, %(tenants)s) t, generate_series(1, %(members)s) p;
INSERT INTO mailbox (tenant_id, id, google_sub, address, status, connected_by)
  SELECT md5('t' || t)::uuid, md5('b' || t || '-' || b)::uuid, 't' || t || '-' || b,
    'b' || b || '@t' || t || '.example', 'active', md5('p' || t || '-1')::uuid
  FROM generate_series(1, %(tenants)s) t, generate_series(1, 2) b;
"""

# Every mail, with what the others follow from. `role` is what became of it: h held, s settled by a person, r answered
# by itself, i ignored. A conversation has five mails for each four of its number.
_MAIL = """
CREATE UNLOGGED TABLE bench_mail AS
SELECT n, t, md5('t' || t)::uuid AS tenant, md5('m' || n)::uuid AS id, md5('d' || n)::uuid AS decision,
  md5('c' || t || '-' || n / t_every %% greatest(1, (per_tenant * 4) / 5))::uuid AS conversation,
  md5('b' || t || '-' || 1 + n %% 2)::uuid AS mailbox, role, language,
  text || CASE WHEN n %% 3 = 0 THEN ' LO-' || 10000 + n %% 80000 ELSE '' END AS body, subject, lexemes,
  'Person' || n %% 7919 || ' Name' || n %% 1009 AS name,
  'person' || n %% 7919 || '@mail' || n %% 13 || '.example' AS address,
  (ARRAY['question', 'refund', 'supplier', 'other'])[1 + (n / 7) %% 4] AS category, 1 + (n / 3) %% 5 AS importance,
  now() - (n %% 90000) * interval '1 minute' AS at
FROM (
  SELECT n, CASE WHEN n <= %(big)s THEN 1 ELSE 2 + n %% (%(tenants)s - 1) END AS t,
    CASE WHEN n <= %(big)s THEN 1 ELSE %(tenants)s - 1 END AS t_every,
    CASE WHEN n <= %(big)s THEN %(big)s ELSE (%(messages)s - %(big)s) / (%(tenants)s - 1) END AS per_tenant,
    CASE WHEN n <= %(held)s THEN 'h' WHEN n <= %(big)s THEN (ARRAY['s', 's', 'r', 'i'])[1 + n %% 4]
      ELSE (ARRAY['h', 's', 's', 's', 'r', 'r', 'r', 'r', 'r', 'r', 'r', 'r', 'i', 'i', 'i', 'i', 'i', 'i', 'i', 'i']
        )[1 + (n / 1009) %% 20] END AS role,
    (ARRAY['en', 'en', 'en', 'en', 'en', 'de', 'de', 'fr', 'fr', 'es'])[1 + (n / 11) %% 10] AS language,
    n %% %(texts)s AS number
  FROM generate_series(1, %(messages)s) n
) m JOIN bench_text v USING (language, number);
"""

_TEXT = """
CREATE UNLOGGED TABLE bench_text (language text, number integer, subject text, text text, lexemes text[])
"""

# What the words of a text come to, without those that only its mail adds: its sender and its order number.
_LEXEMES = """
UPDATE bench_text SET lexemes = ARRAY(SELECT substr(word, 7)
  FROM unnest(tsvector_to_array(words_of(md5('t1')::uuid, language, subject, '', text))) word)
"""

_ROWS = """
INSERT INTO conversation (tenant_id, id, mailbox_id, thread_id, subject, customer_address, customer_name, created_at,
    last_message_at, assignee_id, snoozed_until)
  SELECT DISTINCT ON (bench_mail.conversation) tenant, conversation, mailbox, conversation::text, subject, address,
    name, at,
    max(at) OVER (PARTITION BY bench_mail.conversation),
    CASE WHEN n %% 5 < 2 THEN md5('p' || t || '-' || 1 + n %% 4)::uuid END,
    CASE WHEN n %% 50 = 7 THEN now() + interval '2 days' END
  FROM bench_mail ORDER BY bench_mail.conversation, at;
INSERT INTO message (tenant_id, id, mailbox_id, conversation_id, gmail_id, thread_id, direction, state, sender_address,
    sender_name, subject, parsed, size, received_at)
  SELECT tenant, id, mailbox, conversation, 'g' || n, conversation::text, 'in', 'decided', address, name, subject,
    jsonb_build_object('text', body, 'html', '', 'sender_verified', true, 'attachments', '[]'::jsonb,
      'rfc_message_id', '<' || n || '@mail.example>'), length(body), at
  FROM bench_mail;
INSERT INTO decision (tenant_id, id, message_id, conversation_id, disposition, reason, category, confidence, importance,
    understanding, checks, created_at, settled_at, settled_by, settlement, queue_rank, reason_kind, language,
    mailbox_id, assignee_id, snoozed_until, words)
  SELECT m.tenant, m.decision, m.id, m.conversation,
    CASE m.role WHEN 'r' THEN 'release' WHEN 'i' THEN 'ignore' ELSE 'hold' END, reason, m.category, 0.9, m.importance,
    jsonb_build_object('text', body, 'language', m.language, 'category', m.category, 'importance', m.importance,
      'confidence', 0.9, 'sub_intent', '', 'importance_reason', 'in a hurry'),
    '[{"text": "It is clear what it is about.", "passed": true}, {"text": "No threat in it.", "passed": true}]', m.at,
    CASE m.role WHEN 's' THEN m.at + interval '1 hour' END, CASE m.role WHEN 's' THEN md5('p' || t || '-1')::uuid END,
    CASE m.role WHEN 's' THEN (ARRAY['sent', 'dismissed'])[1 + n %% 2] END, -m.importance,
    reason_kind(reason, m.category), m.language, m.mailbox, c.assignee_id, c.snoozed_until,
    array_to_tsvector(ARRAY(SELECT left(m.tenant::text, 6) || word FROM unnest(lexemes
      || ARRAY[lower(split_part(name, ' ', 1)), lower(split_part(name, ' ', 2)), address, split_part(address, '@', 2)]
      || ARRAY[split_part(split_part(address, '@', 2), '.', 1), 'example']
      || CASE WHEN n %% 3 = 0 THEN ARRAY['lo-' || number, number, '-' || number] ELSE '{}' END
      || CASE WHEN n %% 3 = 0 AND m.language <> 'es' THEN '{lo}'::text[] ELSE '{}' END) word))
  FROM bench_mail m CROSS JOIN LATERAL (SELECT (10000 + n %% 80000)::text AS number) o
    JOIN conversation c ON c.tenant_id = m.tenant AND c.id = m.conversation
    CROSS JOIN LATERAL (SELECT (ARRAY['The writer asks for a person.', 'Not enough checked mail yet: 3 of 45.',
      'The knowledge base does not answer it.', 'The sender may be forged.', 'Answering by itself is paused.',
      'For a person to read: a complaint.'])[1 + (n / 13) %% 6] AS reason) r;
INSERT INTO outbox (tenant_id, id, decision_id, position, kind, message_id, mailbox_id, conversation_id, thread_id,
    automatic, recipient, subject, text, draft_text, reference, state, sent_at, created_at)
  SELECT tenant, gen_random_uuid(), decision, 0, 'reply', id, mailbox, conversation, conversation::text, role = 'r',
    address, subject, 'Dear customer, yes.', 'Dear customer, yes.', 'R' || n,
    CASE role WHEN 'h' THEN 'held' ELSE 'sent' END, CASE WHEN role <> 'h' THEN at END, at
  FROM bench_mail WHERE role IN ('h', 'r') AND n %% 2 = 0;
"""

# What the trigger writes for a mail, beside what was written here: both must be the same.
_SAMPLE = """
UPDATE decision SET understanding = understanding || '{"sampled": true}' WHERE tenant_id = %s
  AND id IN (SELECT id FROM decision WHERE tenant_id = %s ORDER BY id LIMIT 200)
"""

_COMPARED = """
SELECT words, reason_kind, language, mailbox_id, queue_rank, assignee_id, snoozed_until FROM decision
WHERE tenant_id = %s ORDER BY id LIMIT 200
"""


def tenant() -> UUID:
    """The one tenant that is measured."""
    return _named("t1")


def member() -> UUID:
    """Somebody of it."""
    return _named("p1-1")


def build(owner_url: str, messages: int) -> dict[str, float]:
    """Write everything as the owner of the tables; returns what it takes on the disk, in MB, by table.

    Raises RuntimeError where the triggers would have written something else.
    """
    with psycopg.connect(owner_url.replace("+psycopg", ""), autocommit=True) as db:
        # Neither triggers nor foreign keys are asked a million times; the sample below asks the triggers.
        db.execute("SET session_replication_role = replica")
        db.execute("SET maintenance_work_mem = '512MB'")
        db.execute("SET work_mem = '64MB'")
        _execute(db, _PEOPLE, {"tenants": TENANTS, "members": MEMBERS, "hash": PASSWORD_HASH})
        db.execute(_TEXT)
        with db.cursor().copy("COPY bench_text (language, number, subject, text) FROM STDIN") as copy:
            for row in _texts():
                copy.write_row(row)
        db.execute(_LEXEMES)
        db.execute("ANALYZE bench_text")
        held = int(messages * HELD)
        asked = {"tenants": TENANTS, "messages": messages, "held": held, "texts": TEXTS}
        asked["big"] = held + int(messages * SETTLED)
        db.execute(_MAIL, asked)
        indexes = _without_indexes(db)
        _execute(db, _ROWS, {})
        db.execute("DROP TABLE bench_mail, bench_text")
        for definition in indexes:
            db.execute(definition)
        db.execute("SET session_replication_role = origin")
        for table in (*TABLES, "member", "tenant", "mailbox"):
            db.execute(f"VACUUM ANALYZE {table}")
        _compare(db)
        sizes = "SELECT %s::text, pg_total_relation_size(%s::regclass) / 1e6"
        return {str(name): float(size) for one in TABLES for name, size in db.execute(sizes, [one, one])}


def _execute(db: psycopg.Connection[Any], statements: str, values: dict[str, Any]) -> None:
    """Each statement by itself: values and several statements do not go together."""
    for one in statements.split(";\n"):
        if one.strip():
            db.execute(one, values)


def _without_indexes(db: psycopg.Connection[Any]) -> list[str]:
    """Drop those that no constraint needs, and return how to make them again: sorting once is faster."""
    rows = db.execute(
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i WHERE i.indrelid = ANY(%s)"
        " AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)",
        [[db.execute("SELECT %s::regclass::oid", [one]).fetchall()[0][0] for one in TABLES]],
    ).fetchall()
    for name, _ in rows:
        db.execute(f"DROP INDEX {name}")
    return [definition for _, definition in rows]


def _compare(db: psycopg.Connection[Any]) -> None:
    """What the triggers write for some mails, beside what was written here."""
    before = db.execute(_COMPARED, [tenant()]).fetchall()
    with db.transaction(force_rollback=True):
        db.execute(_SAMPLE, [tenant(), tenant()])
        if db.execute(_COMPARED, [tenant()]).fetchall() != before:
            raise RuntimeError("The rows of the bench are not what the program itself would have written.")


def _vocabulary(language: str) -> list[str]:
    """The words of the help centre in this language, the most frequent first."""
    counted: Counter[str] = Counter()
    for file in sorted(Path(ROOT / "knowledge_base" / language).glob("*.md")):
        counted.update(re.findall(r"[^\W\d_]{2,}", file.read_text(encoding="utf-8").lower()))
    return [word for word, _ in counted.most_common(3000)]


def _texts() -> Iterator[tuple[str, int, str, str]]:
    """Texts of 18 to 42 words, and subjects of two; words are as unequally frequent as those of a language."""
    chance = random.Random(1)  # noqa: S311 (made-up mail, the same each time)
    for language in LANGUAGES:
        words = _vocabulary(language)
        for number in range(TEXTS):
            text = " ".join(words[int(len(words) * chance.random() ** 3)] for _ in range(18 + number % 25))
            subject = " ".join(words[int(len(words) * chance.random() ** 2)] for _ in range(2))
            yield language, number, subject, text


def _named(name: str) -> UUID:
    return UUID(md5(name.encode(), usedforsecurity=False).hexdigest())
