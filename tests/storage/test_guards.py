"""Whatever stands in the database is guarded: found in its catalogue, so that what is new is looked at unasked.

`tests/storage/test_catalogue.py` says what each guard is. Here one question finds all that lacks one, and is tried on
things that lack one: a table, a view, a function or a sequence that somebody adds and forgets to guard fails the suite.
"""

import pytest
from sqlalchemy import Connection, text

from settings import ROOT
from tests.storage.test_catalogue import WITHOUT_TENANT

APP, LISTENER = "mailwright_test_app", "mailwright_test_listener"

# Functions that see more than their caller, each with what keeps them to one tenant, and the test that shows it.
DEFINERS = {
    "members_for_sign_in": ("asked before a tenant is known: ids and hashes of one address", "web/test_sign_in.py"),
    "members_for_google": ("asked before a tenant is known: ids for one account", "web/test_google_sign_in.py"),
    "account_is_connected": ("yes or no, for one Google account", "storage/test_isolation.py"),
    "tenant_by_slug": ("an id for one short name", "storage/test_isolation.py"),
    "seal_event": ("a trigger: it writes beside the row that is written", "storage/test_audit.py"),
    "waiting_with_words": ("compares the tenant of the transaction", "storage/test_search.py"),
    "decided_with_words": ("compares the tenant of the transaction", "storage/test_search.py"),
    "remove_demonstration": ("compares the tenant of the transaction", "storage/test_demonstration.py"),
    "metrics": ("numbers of everybody, and nothing of anybody", "storage/test_metrics.py"),
}

OWN = "(tenant_id = current_tenant())"

# Of every table, kept or computed: what is wrong with it, if anything.
_TABLES = """
    SELECT c.relname, c.relkind,
        EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id') AS has_tenant,
        c.relrowsecurity AND c.relforcerowsecurity AS forced,
        ARRAY(SELECT p.polcmd::text || ' ' || coalesce(pg_get_expr(p.polqual, p.polrelid), '') || ' '
                || coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '')
            FROM pg_policy p WHERE p.polrelid = c.oid AND EXISTS (
                SELECT FROM unnest(p.polroles) r WHERE r = 0 OR pg_has_role(:app, r, 'MEMBER'))) AS for_app,
        -- What sees every row is for the listener to read, whose columns are few, or for the owner's functions.
        ARRAY(SELECT p.polname::text FROM pg_policy p WHERE p.polrelid = c.oid
            AND pg_get_expr(p.polqual, p.polrelid) = 'true' AND EXISTS (
                SELECT FROM unnest(p.polroles) r WHERE r <> c.relowner
                    AND NOT (p.polcmd = 'r' AND r::regrole::text = 'mailwright_listener'))) AS open,
        has_table_privilege(:app, c.oid, 'TRUNCATE, REFERENCES, TRIGGER') AS more,
        EXISTS (SELECT FROM aclexplode(c.relacl) g WHERE g.grantee = 0) AS for_all,
        has_table_privilege(:listener, c.oid, 'SELECT, INSERT, UPDATE, DELETE') AS whole
    FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'f', 'm')
"""
_VIEWS = """
    SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'v'
        AND NOT coalesce(c.reloptions, '{}') @> '{security_invoker=true}'
"""
_FUNCTIONS = """
    SELECT p.proname, coalesce(p.proconfig, '{}') @> '{"search_path=pg_catalog, public"}' AS pinned,
        EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g WHERE g.grantee = 0)
            AS for_all,
        has_function_privilege(:listener, p.oid, 'EXECUTE') AS for_listener
    FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef
"""
# A sequence tells how many rows others have: numbers come from identity columns, which ask for no right.
_SEQUENCES = """
    SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'S'
        AND (has_sequence_privilege(:app, c.oid, 'USAGE, SELECT, UPDATE')
            OR has_sequence_privilege(:listener, c.oid, 'USAGE, SELECT, UPDATE'))
"""


def unguarded(owner: Connection) -> set[str]:
    """All that is not guarded, each as `name: what is wrong`."""
    roles = {"app": APP, "listener": LISTENER}
    found = set()
    for table in owner.execute(text(_TABLES), roles):
        wrong = {
            "is a copy that no policy guards": table.relkind in {"m", "f"},
            "has no tenant": not table.has_tenant and table.relname not in WITHOUT_TENANT,
            "does not force row-level security": table.has_tenant and not table.forced,
            "has not the one policy": table.has_tenant and table.for_app != [f"* {OWN} {OWN}"],
            "has a policy that lets everything through": bool(table.open),
            "may be changed as a whole": table.more,
            "is everybody's": table.for_all,
            "is the listener's as a whole": table.whole,
        }
        found |= {f"{table.relname}: {what}" for what, is_so in wrong.items() if is_so}
    found |= {f"{view.relname}: does not ask with its reader's rights" for view in owner.execute(text(_VIEWS))}
    for one in owner.execute(text(_FUNCTIONS), roles):
        wrong = {
            "sees more than its caller, without a reason": one.proname not in DEFINERS,
            "looks for names where anybody may put them": not one.pinned,
            "may be called by everybody": one.for_all or one.for_listener,
        }
        found |= {f"{one.proname}: {what}" for what, is_so in wrong.items() if is_so}
    return found | {f"{one.relname}: tells of others' rows" for one in owner.execute(text(_SEQUENCES), roles)}


def test_everything_in_the_database_is_guarded(owner):
    assert unguarded(owner) == set()


FORGOTTEN = {
    "CREATE TABLE fresh (id int)": "fresh: has no tenant",
    "CREATE TABLE fresh (tenant_id uuid)": "fresh: does not force row-level security",
    "CREATE TABLE fresh (tenant_id uuid); ALTER TABLE fresh ENABLE ROW LEVEL SECURITY": (
        "fresh: does not force row-level security"
    ),
    "CREATE TABLE fresh (tenant_id uuid); ALTER TABLE fresh FORCE ROW LEVEL SECURITY": (
        "fresh: does not force row-level security"
    ),
    "CREATE TABLE fresh (tenant_id uuid, id int)": "fresh: has not the one policy",
    "CREATE POLICY fresh ON message USING (true)": "message: has a policy that lets everything through",
    "CREATE POLICY fresh ON message TO mailwright_app USING (sender_name = '')": "message: has not the one policy",
    "DROP POLICY own_tenant ON note": "note: has not the one policy",
    "CREATE POLICY fresh ON raw_mail FOR UPDATE TO mailwright_listener USING (true)": (
        "raw_mail: has a policy that lets everything through"
    ),
    "ALTER TABLE message NO FORCE ROW LEVEL SECURITY": "message: does not force row-level security",
    "GRANT TRUNCATE ON message TO mailwright_app": "message: may be changed as a whole",
    "GRANT SELECT ON message TO PUBLIC": "message: is everybody's",
    "GRANT SELECT ON message TO mailwright_listener": "message: is the listener's as a whole",
    "CREATE VIEW fresh AS SELECT * FROM message": "fresh: does not ask with its reader's rights",
    "ALTER VIEW due RESET (security_invoker)": "due: does not ask with its reader's rights",
    "CREATE MATERIALIZED VIEW fresh AS SELECT tenant_id FROM message": "fresh: is a copy that no policy guards",
    "CREATE FUNCTION fresh() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'": (
        "fresh: sees more than its caller, without a reason"
    ),
    "ALTER FUNCTION metrics RESET search_path": "metrics: looks for names where anybody may put them",
    "GRANT EXECUTE ON FUNCTION tenant_by_slug TO PUBLIC": "tenant_by_slug: may be called by everybody",
    "CREATE SEQUENCE fresh; GRANT USAGE ON SEQUENCE fresh TO mailwright_app": "fresh: tells of others' rows",
}


@pytest.mark.parametrize("statement", FORGOTTEN)
def test_what_somebody_forgets_to_guard_is_found(owner, statement):
    with owner.begin() as changes:
        for one in statement.split(";"):
            owner.execute(text(one))
        assert FORGOTTEN[statement] in unguarded(owner)
        changes.rollback()
    assert unguarded(owner) == set()


GUARDED = f"""
    CREATE TABLE fresh (tenant_id uuid, id int GENERATED ALWAYS AS IDENTITY);
    ALTER TABLE fresh ENABLE ROW LEVEL SECURITY;
    ALTER TABLE fresh FORCE ROW LEVEL SECURITY;
    CREATE POLICY own_tenant ON fresh TO mailwright_app USING {OWN} WITH CHECK {OWN};
    GRANT SELECT, INSERT, UPDATE, DELETE ON fresh TO mailwright_app
"""


def test_what_a_new_table_gets_from_a_migration_is_enough(owner):
    """The control of the control: guarded as `migrations/steps.py` does it, nothing is found."""
    with owner.begin() as changes:
        for one in GUARDED.split(";"):
            owner.execute(text(one))
        assert unguarded(owner) == set()
        changes.rollback()


@pytest.mark.parametrize("name", DEFINERS)
def test_each_function_that_sees_more_is_named_where_it_is_tried(owner, name):
    reason, place = DEFINERS[name]
    assert owner.execute(text("SELECT prosecdef FROM pg_proc WHERE proname = :name"), {"name": name}).scalar_one()
    assert reason
    assert (ROOT / "tests" / place).is_file()


def test_the_functions_asked_before_a_tenant_is_known_tell_what_was_asked_and_no_more(
    owner, database, workspace, other_workspace
):
    """Their answers have no column beside these, and one who asks for nobody gets nothing."""
    columns = {
        row.proname: row.result
        for row in owner.execute(text("SELECT proname, pg_get_function_result(oid) AS result FROM pg_proc"))
        if row.proname in DEFINERS
    }
    assert columns["members_for_sign_in"] == "TABLE(tenant_id uuid, member_id uuid, password_hash text)"
    assert columns["tenant_by_slug"] == "uuid"
    assert columns["account_is_connected"] == "boolean"
    assert all(part in "tenant_id uuid, member_id uuid" for part in _names(columns["members_for_google"]))
    with database.transaction(workspace.id) as db:
        theirs = db.execute(text("SELECT member_id FROM members_for_sign_in(:a)"), {"a": other_workspace.email}).all()
        assert [row.member_id for row in theirs] == [other_workspace.owner]
        for pattern in ("%", "", "owner@%", "owner@"):
            assert db.execute(text("SELECT * FROM members_for_sign_in(:a)"), {"a": pattern}).all() == []
            assert db.execute(text("SELECT tenant_by_slug(:a)"), {"a": pattern}).scalar() is None
            assert not db.execute(text("SELECT account_is_connected(:a)"), {"a": pattern}).scalar()


def _names(result: str) -> list[str]:
    return [part.strip() for part in result.removeprefix("TABLE(").removesuffix(")").split(",")]
