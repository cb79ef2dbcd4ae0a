"""What several migrations do alike: a tenant's tables made its own, and one more kind of work in the view `due`.

A migration that has run somewhere keeps its meaning: change nothing here that would change what an old one did.
"""

from collections.abc import Sequence

from alembic import op


def own(tables: Sequence[str]) -> None:
    """Let the application see and change a tenant's own rows of these, and nobody else's."""
    for table in tables:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY own_tenant ON {table} TO mailwright_app "
            "USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant())"
        )
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO mailwright_app")


def drop(tables: Sequence[str]) -> None:
    """In the order in which they do not need each other: the last that was made goes first."""
    for table in reversed(tables):
        op.execute(f"DROP TABLE {table}")


def add_work(kind: str, table: str, due: str, sees: Sequence[str]) -> None:
    """One more kind of work: `due` is the condition under which a row of `table` means it, `sees` its columns that the
    listener may read. The branches of earlier migrations stay as they are.
    """
    op.execute(f"GRANT SELECT ({', '.join(sees)}) ON {table} TO mailwright_listener")
    op.execute(f"CREATE POLICY what_is_due ON {table} FOR SELECT TO mailwright_listener USING (true)")
    branch = f"UNION ALL SELECT '{kind}', tenant_id FROM {table} WHERE {due}"  # our own names
    op.execute(f"CREATE OR REPLACE VIEW due WITH (security_invoker = true) AS {_view()} {branch}")


def take_back_work(kind: str) -> None:
    """Before its table goes. Raises RuntimeError where another kind was added after it."""
    before, _, branch = _view().rpartition("UNION ALL")
    if f"'{kind}'" not in branch:
        raise RuntimeError("Another kind of work was added to the view after this one: take that back first.")
    op.execute(f"CREATE OR REPLACE VIEW due WITH (security_invoker = true) AS {before}")


def _view() -> str:
    found: str = op.get_bind().exec_driver_sql("SELECT pg_get_viewdef('due'::regclass)").scalar_one()
    return found.rstrip().rstrip(";")
