"""Demonstration data: what of a workspace was made up, so that it can be taken away; what belongs to a customer."""

from alembic import op

from migrations.steps import drop, own

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

TABLES = """
CREATE INDEX shop_order_of_customer ON shop_order (tenant_id, customer_email, placed_at DESC, number DESC);

-- A workspace has one at most. `documents` are versions, `orders` numbers; an order whose `as_of` is not `seeded_at`
-- was brought in again since, and is the merchant's.
CREATE TABLE demonstration (
  tenant_id uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
  mailbox_id uuid,
  orders text[] NOT NULL DEFAULT '{}',
  documents text[] NOT NULL DEFAULT '{}',
  suppliers uuid[] NOT NULL DEFAULT '{}',
  seeded_by uuid NOT NULL,
  seeded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id),
  FOREIGN KEY (tenant_id, mailbox_id) REFERENCES mailbox (tenant_id, id) ON DELETE SET NULL (mailbox_id),
  FOREIGN KEY (tenant_id, seeded_by) REFERENCES member (tenant_id, id)
);
"""

# The application may not take away what was done with an order, what the ledger holds, or what a supplier was asked: of
# what was made up, and of that alone, this takes it away in its place. It compares the tenant of the transaction
# itself. Requests go first, since their steps point at mails of the mailbox, then the mailbox with all its mail.
REMOVE = """
CREATE FUNCTION remove_demonstration() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, public AS $$
DECLARE
  made public.demonstration;
  numbers text[];
BEGIN
  SELECT * INTO made FROM public.demonstration WHERE tenant_id = public.current_tenant() FOR UPDATE;
  IF NOT FOUND THEN RETURN; END IF;
  DELETE FROM public.supplier_request WHERE tenant_id = made.tenant_id AND supplier_id = ANY(made.suppliers);
  DELETE FROM public.mailbox WHERE tenant_id = made.tenant_id AND id = made.mailbox_id;
  numbers := ARRAY(SELECT number FROM public.shop_order WHERE tenant_id = made.tenant_id
    AND number = ANY(made.orders) AND as_of = made.seeded_at FOR UPDATE);
  DELETE FROM public.ledger_entry WHERE tenant_id = made.tenant_id AND order_number = ANY(numbers);
  DELETE FROM public.order_act WHERE tenant_id = made.tenant_id AND order_number = ANY(numbers);
  DELETE FROM public.shop_order WHERE tenant_id = made.tenant_id AND number = ANY(numbers);
  DELETE FROM public.supplier WHERE tenant_id = made.tenant_id AND id = ANY(made.suppliers);
  DELETE FROM public.demonstration WHERE tenant_id = made.tenant_id;
END $$;
REVOKE ALL ON FUNCTION remove_demonstration FROM PUBLIC;
GRANT EXECUTE ON FUNCTION remove_demonstration TO mailwright_app;
"""

# The owner is bound by the policies, too.
REACHED = ("demonstration", "supplier_request", "mailbox", "shop_order", "ledger_entry", "order_act", "supplier")

TENANT_TABLES = ("demonstration",)


def upgrade() -> None:
    op.execute(TABLES)
    own(TENANT_TABLES)
    op.execute(REMOVE)
    for table in REACHED:
        op.execute(f"CREATE POLICY owner_removes ON {table} TO CURRENT_USER USING (tenant_id = current_tenant())")


def downgrade() -> None:
    for table in REACHED:
        op.execute(f"DROP POLICY owner_removes ON {table}")
    op.execute("DROP FUNCTION remove_demonstration")
    drop(TENANT_TABLES)
    op.execute("DROP INDEX shop_order_of_customer")
