"""A mail costs the same however many came before it: the rows that Postgres reads on its whole way are counted.

A question that reads all that a tenant ever had is quick in every other test, and takes a machine's whole time after
some ten thousand mails: `make soak` found one (docs/soak.md).
"""

from contextlib import closing

from sqlalchemy import text

from domain.supplier import Supplier
from storage import suppliers
from tests.support.pipeline import TestServices

FEW, MANY = 100, 20_000
# What so many more mails may add to the rows that one reads: Postgres may take a short table as a whole.
ALLOWED = 2_000

# Answered by a machine, on a ticket too, and confirmed by a link: a month ago, so that what counts by days is over.
_PAST = """
    WITH n AS (SELECT gen_random_uuid() AS c, gen_random_uuid() AS m, gen_random_uuid() AS d, :tag || i AS name,
            now() - interval '30 days' AS at FROM generate_series(1, :count) i),
    talks AS (INSERT INTO conversation (tenant_id, id, mailbox_id, thread_id, subject, customer_address, customer_name,
            created_at, last_message_at)
        SELECT :tenant, c, :mailbox, name, 'Parcel', name || '@past.example', name, at, at FROM n),
    mails AS (INSERT INTO message (tenant_id, id, mailbox_id, conversation_id, gmail_id, thread_id, direction, state,
            sender_address, subject, parsed, received_at, discovered_at)
        SELECT :tenant, m, :mailbox, c, name, name, 'in', 'decided', name || '@past.example', 'Parcel',
            '{"text": "When does it come?"}', at, at FROM n),
    decided AS (INSERT INTO decision (tenant_id, id, message_id, conversation_id, disposition, reason, category,
            understanding, created_at)
        SELECT :tenant, d, m, c, 'release', 'It is known.', 'question', '{"language": "en", "text": "When?"}', at
        FROM n),
    tickets AS (INSERT INTO ticket (tenant_id, id, order_number, conversation_id, message_id, marker, state, created_at)
        SELECT :tenant, gen_random_uuid(), name, c, m, name, 'open', at FROM n),
    links AS (INSERT INTO identity_link (tenant_id, id, case_id, message_id, order_number, address, created_at,
            expires_at, used_at)
        SELECT :tenant, gen_random_uuid(), c, m, name, name || '@past.example', at, at + interval '1 day', at FROM n)
    INSERT INTO outbox (tenant_id, id, decision_id, position, kind, message_id, mailbox_id, conversation_id, thread_id,
        automatic, recipient, subject, text, draft_text, reference, state, sent_at, created_at)
    SELECT :tenant, gen_random_uuid(), d, 0, 'reply', m, :mailbox, c, name, true, name || '@past.example', 'Parcel',
        'Soon.', 'Soon.', name, 'sent', at, at FROM n
"""
_READ = """
    SELECT relname, seq_tup_read + coalesce(idx_tup_fetch, 0) AS number FROM pg_stat_user_tables
"""


def pour(owner, shop, tag: str, count: int) -> None:
    owner.exec_driver_sql("SET session_replication_role = replica")
    owner.execute(text(_PAST), {"tenant": shop.tenant, "mailbox": shop.mailbox, "tag": tag, "count": count})
    owner.exec_driver_sql("SET session_replication_role = origin")
    owner.commit()
    owner.exec_driver_sql("ANALYZE")
    owner.commit()


def read(owner) -> dict[str, int]:
    """The rows read so far by connections that have ended, by table."""
    owner.exec_driver_sql("SELECT pg_stat_clear_snapshot()")
    found = {row.relname: int(row.number) for row in owner.exec_driver_sql(_READ)}
    owner.commit()
    return found


def rows_of_one_mail(shop, owner, subject: str) -> dict[str, int]:
    """A question comes, is answered and labelled by a process of its own; the rows that were read, by table."""
    shop.services.close()
    before = read(owner)
    with closing(TestServices(shop.services.settings)) as shop.services:
        shop.write("question: when does my parcel come?", subject)
        shop.sync_and_settle()
        assert any(mail.letter.first("subject") == f"Re: {subject}" for mail in shop.received())
    after = read(owner)
    return {name: number - before.get(name, 0) for name, number in after.items()}


def test_a_mail_costs_the_same_however_many_came_before(shop, owner):
    with shop.services.database.transaction(shop.tenant) as db:
        suppliers.save(db, shop.tenant, Supplier("Acme", ("acme.example",)), actor="test")
    shop.settle()
    pour(owner, shop, "few", FEW)
    few = rows_of_one_mail(shop, owner, "First")
    pour(owner, shop, "many", MANY)
    many = rows_of_one_mail(shop, owner, "Second")
    more = {name: number - few.get(name, 0) for name, number in many.items()}
    assert sum(few.values()) > 0, "nothing was counted"
    assert {name: number for name, number in more.items() if number > ALLOWED} == {}
