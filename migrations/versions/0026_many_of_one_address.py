"""However many workspaces one address was written into, and however many strangers try to sign in, it costs the same.

Each password that is tried against an address is hashed once for each of its members: twenty at most, whose address is
proven first, then who was there first and who came last by turns. And what was tried a day ago is found by an index,
not by reading all of it.
"""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_FUNCTION = """
CREATE OR REPLACE FUNCTION members_for_sign_in(wanted text)
  RETURNS TABLE (tenant_id uuid, member_id uuid, password_hash text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
  AS $$ {asked} $$;
"""
_ALL = """
    SELECT m.tenant_id, m.id, m.password_hash FROM public.member m
    WHERE m.email = lower(wanted) AND m.deactivated_at IS NULL ORDER BY m.created_at
"""
# The last come too, so that who signs up after strangers gets the mail by which they prove that the address is theirs.
_TWENTY = """
    SELECT r.tenant_id, r.id, r.password_hash FROM (
      SELECT m.tenant_id, m.id, m.password_hash, m.created_at, m.verified_at IS NULL AS unproven,
        row_number() OVER (PARTITION BY m.verified_at IS NULL ORDER BY m.created_at, m.id) AS first,
        row_number() OVER (PARTITION BY m.verified_at IS NULL ORDER BY m.created_at DESC, m.id DESC) AS last
      FROM public.member m WHERE m.email = lower(wanted) AND m.deactivated_at IS NULL
    ) r ORDER BY r.unproven, least(r.first, r.last), r.created_at LIMIT 20
"""


def upgrade() -> None:
    op.execute(_FUNCTION.format(asked=_TWENTY))
    op.execute("CREATE INDEX sign_in_attempt_hour ON sign_in_attempt (hour)")


def downgrade() -> None:
    op.execute("DROP INDEX sign_in_attempt_hour")
    op.execute(_FUNCTION.format(asked=_ALL))
