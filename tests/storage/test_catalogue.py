"""What the database itself promises: no query, however wrong, crosses from one tenant to another."""

from collections import defaultdict
from contextlib import contextmanager
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, func, select, text
from sqlalchemy import table as named
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from settings import ROOT
from storage.database import psycopg_url

# Tables without a tenant, each with its reason.
WITHOUT_TENANT = {
    "alembic_version": "which migration the database has",
    "sign_in_attempt": "counted before anybody knows a tenant; keys are hashes",
}

# Unique constraints that do not begin with the tenant, each with its reason.
ACROSS_TENANTS = {
    "tenant_slug_key": "names a tenant",
    "mailbox_one_active_per_account": "revoking ends the whole grant, so that an account is active in one mailbox only",
}

# What the listener may read (and nothing else): ids, states and times, no address, no text, no token.
LISTENER_MAY_READ = {
    "tenant": {"tenant_id"},
    "mailbox": {"tenant_id", "id", "status", "next_sync_at", "blocked_until", "lease_until"},
    "revocation": {"tenant_id", "mailbox_id", "next_at", "lease_until"},
    "message": {"tenant_id", "id", "mailbox_id", "state", "label_due", "next_at", "lease_until"},
    "outbox": {"tenant_id", "id", "mailbox_id", "state", "next_at", "lease_until"},
    "status_page": {"tenant_id", "next_at", "lease_until"},
    "learning": {"tenant_id", "wanted", "done", "again_at", "next_at", "lease_until"},
    "knowledge": {"tenant_id", "wanted", "done", "next_at", "lease_until"},
    "gap_work": {"tenant_id", "wanted", "done", "next_at", "lease_until"},
    "order_act": {"tenant_id", "state", "next_at", "lease_until"},
    "ticket": {"tenant_id", "next_at", "lease_until"},
    "supplier_request": {"tenant_id", "next_at", "lease_until"},
    "trial": {"tenant_id", "next_at", "lease_until"},
    "due": {"kind", "tenant_id"},
}

TABLES = (
    "SELECT c.oid, c.relname, c.relrowsecurity, c.relforcerowsecurity, EXISTS (SELECT FROM pg_attribute a"
    " WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped) AS has_tenant"
    " FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"
)
CONSTRAINTS = (
    "SELECT n.conname, n.conrelid::regclass::text AS relname, n.contype,"
    " ARRAY(SELECT a.attname::text FROM unnest(n.conkey) WITH ORDINALITY AS k(number, place)"
    "  JOIN pg_attribute a ON a.attrelid = n.conrelid AND a.attnum = k.number ORDER BY k.place) AS columns,"
    " ARRAY(SELECT a.attname::text FROM unnest(n.confkey) WITH ORDINALITY AS k(number, place)"
    "  JOIN pg_attribute a ON a.attrelid = n.confrelid AND a.attnum = k.number ORDER BY k.place) AS referred"
    " FROM pg_constraint n WHERE n.connamespace = 'public'::regnamespace"
)
UNIQUE_INDEXES = (
    "SELECT i.indexrelid::regclass::text AS name, i.indrelid::regclass::text AS relname, a.attname AS first_column"
    " FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid AND c.relnamespace = 'public'::regnamespace"
    " JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] WHERE i.indisunique"
)


@contextmanager
def connected(url: str):
    engine = create_engine(psycopg_url(url), poolclass=NullPool)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def as_app(urls):
    with connected(urls.app) as connection:
        yield connection


@pytest.fixture
def as_listener(urls):
    with connected(urls.listener) as connection:
        yield connection


def refused(connection, statement: str) -> str:
    """The state that Postgres refuses the statement with, or an empty text where it does not."""
    try:
        with connection.begin():
            connection.execute(text(statement))
    except DBAPIError as error:
        return error.orig.sqlstate
    return ""


def tenant_tables(owner) -> set[str]:
    return {table.relname for table in owner.execute(text(TABLES)) if table.has_tenant}


def test_every_table_has_a_tenant_or_a_reason_for_having_none(owner):
    without = {table.relname for table in owner.execute(text(TABLES)) if not table.has_tenant}
    assert without == set(WITHOUT_TENANT)
    assert len(tenant_tables(owner)) >= 28


def test_every_table_is_named_in_the_architecture(owner):
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert {one for one in tenant_tables(owner) if f"`{one}`" not in page} == set()


def test_every_table_with_a_tenant_forces_row_level_security_with_one_policy_for_the_application(owner):
    for table in owner.execute(text(TABLES)).all():
        if not table.has_tenant:
            continue
        assert table.relrowsecurity, table.relname
        assert table.relforcerowsecurity, table.relname
        policies = owner.execute(
            text(
                "SELECT p.polname, p.polcmd, p.polpermissive, pg_get_expr(p.polqual, p.polrelid) AS sees,"
                " pg_get_expr(p.polwithcheck, p.polrelid) AS writes FROM pg_policy p WHERE p.polrelid = :table"
                " AND EXISTS (SELECT FROM unnest(p.polroles) r WHERE r = 0"
                " OR pg_has_role('mailwright_test_app', r, 'MEMBER'))"
            ),
            {"table": table.oid},
        ).all()
        (policy,) = policies
        assert policy.polcmd == "*", table.relname
        assert policy.sees == policy.writes == "(tenant_id = current_tenant())", table.relname


def test_every_foreign_key_between_tenants_rows_carries_the_tenant(owner):
    tables = tenant_tables(owner)
    keys = [one for one in owner.execute(text(CONSTRAINTS)) if one.contype == "f"]
    assert len(keys) >= 20
    for key in keys:
        assert key.relname in tables
        assert (key.columns[0], key.referred[0]) == ("tenant_id", "tenant_id"), key.conname


def test_every_unique_constraint_begins_with_the_tenant(owner):
    tables = tenant_tables(owner)
    across = {
        index.name
        for index in owner.execute(text(UNIQUE_INDEXES))
        if index.relname in tables and index.first_column != "tenant_id"
    }
    assert across == set(ACROSS_TENANTS)


def test_the_roles_are_no_more_than_they_must_be(owner):
    found = owner.execute(
        text(
            "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication FROM pg_roles"
            " WHERE rolname IN ('mailwright_app', 'mailwright_listener', 'mailwright_test_app',"
            " 'mailwright_test_listener')"
        )
    ).all()
    assert len(found) == 4
    for role in found:
        assert not any(role[1:]), role.rolname
    members = owner.execute(
        text("SELECT m.member::regrole::text, m.roleid::regrole::text FROM pg_auth_members m"
             " WHERE m.member::regrole::text LIKE 'mailwright%'")
    ).all()  # fmt: skip
    assert {tuple(row) for row in members} == {
        ("mailwright_test_app", "mailwright_app"),
        ("mailwright_test_listener", "mailwright_listener"),
    }


def test_nothing_is_owned_by_the_roles_of_the_program(owner):
    owners = owner.execute(
        text("SELECT DISTINCT relowner::regrole::text FROM pg_class WHERE relnamespace = 'public'::regnamespace")
    ).scalars()
    assert not [name for name in owners if name.startswith("mailwright")]


@pytest.mark.parametrize(
    "statement",
    [
        "SET ROLE mailwright_listener",
        "SET ROLE postgres",
        "SET SESSION AUTHORIZATION postgres",
        "ALTER TABLE message DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE message NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY own_tenant ON message",
        "CREATE POLICY mine ON message USING (true)",
        "CREATE TABLE mine (a int)",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE OR REPLACE FUNCTION current_tenant() RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid'",
        "DROP TABLE event",
        "TRUNCATE message",
        "GRANT mailwright_listener TO mailwright_test_app",
        "ALTER ROLE mailwright_test_app BYPASSRLS",
        "SELECT * FROM pg_authid",
        "COPY message TO PROGRAM 'cat'",
        "UPDATE event SET kind = 'nothing_happened'",
        "DELETE FROM event",
        "INSERT INTO event_seal VALUES (gen_random_uuid(), 1, 1, '', '')",
        "UPDATE event_seal SET hash = ''",
        "DELETE FROM event_seal",
        "UPDATE event_head SET position = 0",
        "DELETE FROM event_head",
        "ALTER TABLE event DISABLE TRIGGER seal_event",
        "SET LOCAL session_replication_role = replica",
        "UPDATE llm_call SET outcome = 'answered'",
        "DELETE FROM llm_call",
        "SELECT * FROM alembic_version",
    ],
)
def test_the_application_cannot_free_itself(as_app, statement):
    assert refused(as_app, statement) in {"42501", "22023"}


def test_row_level_security_cannot_be_switched_off_by_a_setting(as_app, workspace):
    with as_app.begin():
        as_app.execute(text("SET LOCAL row_security = off"))
        with pytest.raises(DBAPIError):
            as_app.execute(text("SELECT count(*) FROM tenant")).scalar()


def test_without_a_tenant_no_row_is_seen_or_written(owner, as_app, workspace):
    for table in tenant_tables(owner):
        with as_app.begin():
            assert as_app.execute(select(func.count()).select_from(named(table))).scalar() == 0, table
    assert refused(as_app, "INSERT INTO tenant (tenant_id, slug, name) VALUES (gen_random_uuid(), 'x', 'x')") == "42501"


def test_a_tenant_that_was_set_ends_with_its_transaction(as_app, workspace):
    with as_app.begin():
        as_app.execute(text("SELECT set_config('app.tenant_id', :id, true)"), {"id": str(workspace.id)})
        assert as_app.execute(text("SELECT count(*) FROM tenant")).scalar() == 1
    with as_app.begin():
        assert as_app.execute(text("SELECT count(*) FROM tenant")).scalar() == 0


def test_a_row_cannot_be_written_or_moved_into_another_tenant(as_app, workspace, other_workspace):
    def as_tenant(statement: str) -> str:
        try:
            with as_app.begin():
                as_app.execute(text("SELECT set_config('app.tenant_id', :id, true)"), {"id": str(workspace.id)})
                assert as_app.execute(text(statement), {"other": other_workspace.id, "id": uuid4()}).rowcount == 0
        except DBAPIError as error:
            return error.orig.sqlstate
        return "nothing"

    insert = (
        "INSERT INTO reply_counter (tenant_id, scope, key, day, n) VALUES (:other, 'a', CAST(:id AS text), now(), 1)"
    )
    assert as_tenant(insert) == "42501"
    assert as_tenant("UPDATE tenant SET tenant_id = :other WHERE CAST(:id AS uuid) IS NOT NULL") in {"42501", "23505"}
    assert as_tenant("DELETE FROM member WHERE tenant_id = :other AND id <> :id") == "nothing"


def test_the_listener_sees_ids_states_and_times_alone(owner, as_listener):
    grants = defaultdict(set)
    for row in owner.execute(
        text(
            "SELECT table_name, column_name, privilege_type FROM information_schema.column_privileges"
            " WHERE grantee IN ('mailwright_listener', 'mailwright_test_listener') AND table_schema = 'public'"
        )
    ):
        assert row.privilege_type == "SELECT", row
        grants[row.table_name].add(row.column_name)
    assert grants == LISTENER_MAY_READ
    for statement in (
        "SELECT address FROM mailbox",
        "SELECT * FROM message",
        "SELECT count(*) FROM member",
        "SELECT raw FROM raw_mail",
        "UPDATE message SET state = 'gone'",
        "DELETE FROM outbox",
        "INSERT INTO tenant (tenant_id, slug, name) VALUES (gen_random_uuid(), 'x', 'x')",
        "SELECT * FROM members_for_sign_in('a@b.example')",
        "SELECT tenant_by_slug('lumen')",
        "SELECT * FROM members_for_google('1', 'a@b.example')",
        "SELECT * FROM metrics()",
        "SELECT * FROM due_since",
        "SET ROLE mailwright_app",
    ):
        assert refused(as_listener, statement) == "42501", statement


def test_functions_that_see_more_than_their_caller_are_known_and_pinned(owner):
    found = owner.execute(
        text(
            "SELECT p.proname, p.proconfig,"
            " has_function_privilege('mailwright_test_listener', p.oid, 'EXECUTE') AS open"
            " FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef"
        )
    ).all()
    assert {one.proname for one in found} == {
        "members_for_sign_in", "account_is_connected", "tenant_by_slug", "seal_event", "members_for_google",
        # They compare the tenant of the transaction themselves: tests/storage/test_search.py.
        "waiting_with_words", "decided_with_words",
        # It too, and takes away what was made up alone: tests/storage/test_demonstration.py.
        "remove_demonstration",
        # Numbers of everybody, and nothing of anybody: tests/storage/test_metrics.py.
        "metrics",
    }  # fmt: skip
    for one in found:
        kept = [setting for setting in one.proconfig if not setting.startswith("plan_cache_mode=")]
        assert kept == ["search_path=pg_catalog, public"], one.proname
        assert not one.open


def test_views_ask_with_the_rights_of_their_reader(owner):
    views = owner.execute(
        text(
            "SELECT relname, reloptions FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'v'"
            " ORDER BY relname"
        )
    ).all()
    assert [(view.relname, view.reloptions) for view in views] == [
        ("due", ["security_invoker=true"]),
        ("due_since", ["security_invoker=true"]),
    ]
