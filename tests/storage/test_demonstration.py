"""Demonstration data: it fills an empty workspace once, can go nowhere, and goes away as a whole."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from domain.errors import BadInput
from domain.sealed import Sealed
from parts import demonstration as shop
from storage import approvals, conversations, demonstration, documents, indexing, orders, shop_webhooks
from storage.references import new_reference
from storage.shop_webhooks import Webhook
from tests.storage.test_isolation import everything_of
from tests.support.pipeline import TestServices, stock
from tests.web.filling import Filler
from worker import deliver, process, tickets
from worker.drain import STAGES

# What stays of any use of a workspace, made up or not: the record, work that was asked for, and what is counted anew.
REMAIN = {
    "event", "event_seal", "event_head", "knowledge", "learning", "gap_work", "tenant", "knowledge_set", "standing",
    "answer_standing", "answer_model",
}  # fmt: skip


@pytest.fixture
def services(settings):
    made = TestServices(settings)
    yield made
    made.close()


@pytest.fixture
def filler(services, workspace) -> Filler:
    return Filler(services.database, workspace.id, workspace.owner)


@pytest.fixture
def filled(services, filler) -> Filler:
    assert shop.fill(services, filler.tenant, member=filler.member)
    return filler


def read_all(services, filler: Filler) -> None:
    """What the workers do with it, without waiting for its pace."""
    filler.rows("UPDATE message SET next_at = now() WHERE tenant_id = :tenant RETURNING 1")
    while process.work(services, filler.tenant):
        pass


def remove(filler: Filler) -> bool:
    with filler.database.transaction(filler.tenant) as db:
        return demonstration.remove(db, filler.tenant, actor="test")


def test_filling_twice_fills_once(services, filled, owner):
    before = everything_of(owner, filled.tenant)
    assert not shop.fill(services, filled.tenant, member=filled.member)
    assert everything_of(owner, filled.tenant) == before
    assert len(before["message"]) == 91
    assert min(len(before[name]) for name in ("document", "shop_order", "supplier", "supplier_request", "outbox")) >= 5


@pytest.mark.parametrize("what", ["mailbox", "order"])
def test_only_an_empty_workspace_is_filled(services, filler, what):
    if what == "mailbox":
        filler.mailbox()
    else:
        with filler.database.transaction(filler.tenant) as db:
            [order] = list(shop.prepare(services, datetime.now(UTC)).orders)[:1]
            orders.save(db, filler.tenant, [order])
    assert not shop.fill(services, filler.tenant, member=filler.member)
    assert filler.rows("SELECT 1 FROM message WHERE tenant_id = :tenant") == []


def test_the_real_worker_reads_it_and_the_pages_have_every_state(services, filled):
    read_all(services, filled)
    with filled.database.transaction(filled.tenant) as db:
        rows = conversations.recent(db, filled.tenant, limit=200)
    states = Counter(row.state for row in rows)
    expected = {"answered", "asked back", "sent", "held", "ignored", "dismissed", "uncertain", "needs a person"}
    assert set(states) >= expected | {"unreadable", "not sent"}
    assert states["held"] > 30
    assert "in work" not in states
    assert max(row.last_message_at for row in rows) <= datetime.now(UTC)


def test_nothing_of_it_leaves_whatever_a_person_presses(services, filled):
    """Every reply is approved and every stage runs: no reply is claimed, and none is due."""
    read_all(services, filled)
    for row in filled.rows("SELECT id FROM decision WHERE tenant_id = :tenant AND disposition = 'hold'"):
        with filled.database.transaction(filled.tenant) as db:
            approvals.approve(
                db, filled.tenant, row.id, member=filled.member, text_to_send="Yes.", reference=new_reference()
            )
    filled.rows("UPDATE outbox SET next_at = now() WHERE tenant_id = :tenant RETURNING 1")
    filled.rows("UPDATE decision SET disposition = 'release' WHERE tenant_id = :tenant RETURNING 1")
    before = filled.rows("SELECT id, sent_at FROM outbox WHERE tenant_id = :tenant ORDER BY id")
    assert deliver.work(services, filled.tenant) == tickets.work(services, filled.tenant) == 0
    filled.rows("UPDATE outbox SET state = 'pending', automatic = true WHERE tenant_id = :tenant RETURNING 1")
    assert deliver.work(services, filled.tenant) == 0
    assert filled.rows("SELECT id, sent_at FROM outbox WHERE tenant_id = :tenant ORDER BY id") == before
    [mailbox] = filled.rows("SELECT * FROM mailbox WHERE tenant_id = :tenant")
    assert (mailbox.status, mailbox.refresh_sealed, mailbox.access_sealed) == ("disconnected", None, None)


def test_nothing_real_is_mixed_with_it(filled):
    webhook = Webhook("https://shop.example", Sealed(b"x"))
    for attempt in (
        lambda db: demonstration.refuse(db, filled.tenant),
        lambda db: shop_webhooks.put(db, filled.tenant, webhook, member=filled.member),
    ):
        with filled.database.transaction(filled.tenant) as db, pytest.raises(BadInput, match="demonstration data"):
            attempt(db)


def test_removing_takes_all_of_it_away_and_it_can_be_filled_again(services, filler, owner):
    stock(services, filler.tenant)  # a document of the merchant's own
    with filler.database.transaction(filler.tenant) as db:
        indexing.ask(db, filler.tenant)
    while STAGES["index"](services, filler.tenant):
        pass
    before = everything_of(owner, filler.tenant)
    for _ in range(2):
        assert shop.fill(services, filler.tenant, member=filler.member)
        read_all(services, filler)
        for kind in STAGES:
            if kind not in {"sync", "fetch", "deliver"}:
                while STAGES[kind](services, filler.tenant):
                    pass
        assert remove(filler)
        assert not remove(filler)
        after = everything_of(owner, filler.tenant)
        assert {name: after[name] for name in after if after[name] != before[name] and name not in REMAIN} == {}


def test_a_refund_of_a_made_up_order_goes_with_it(services, filled):
    [order] = filled.rows("SELECT * FROM shop_order WHERE tenant_id = :tenant AND status = 'delivered' LIMIT 1")
    values = {"number": order.number, "currency": order.currency}
    filled.rows(
        """
        WITH act AS (INSERT INTO order_act (tenant_id, id, action, order_number, amount_minor, currency,
                approvals_needed, state)
            VALUES (:tenant, gen_random_uuid(), 'refund', :number, 100, :currency, 1, 'done') RETURNING *)
        INSERT INTO ledger_entry (tenant_id, order_number, key, kind, amount_minor, currency, actor)
        SELECT tenant_id, order_number, id, 'promised', amount_minor, currency, 'machine' FROM act RETURNING 1
        """,
        **values,
    )
    assert remove(filled)
    for table in ("shop_order", "order_act", "ledger_entry"):
        assert filled.rows(f"SELECT 1 FROM {table} WHERE tenant_id = :tenant") == []  # noqa: S608  # the tables above


def test_what_the_merchant_brought_in_stays(services, filled):
    made = shop.prepare(services, datetime.now(UTC))
    own = replace(made.orders[0], number="OWN-1")
    again, page = made.orders[1], made.documents[0]
    with filled.database.transaction(filled.tenant) as db:
        orders.save(db, filled.tenant, [own, again])
        changed = services.read_document(page.path, b"# Ours\n\nAnother text.")
        documents.put_all(db, filled.tenant, [changed, services.read_document("ours.md", b"# Ours\n\nOur text.")])
    assert remove(filled)
    numbers = filled.rows("SELECT number FROM shop_order WHERE tenant_id = :tenant ORDER BY 1")
    assert [row.number for row in numbers] == sorted([own.number, again.number])
    paths = filled.rows("SELECT path FROM document WHERE tenant_id = :tenant AND is_current ORDER BY 1")
    assert [row.path for row in paths] == sorted([page.path, "ours.md"])


def test_it_takes_nothing_of_another_workspace(services, filled, other_workspace, owner):
    assert shop.fill(services, other_workspace.id, member=other_workspace.owner)
    before = everything_of(owner, other_workspace.id)
    with filled.database.transaction(filled.tenant) as db:
        assert not demonstration.remove(db, other_workspace.id, actor="test")
        db.execute(text("SELECT remove_demonstration()"))
    assert everything_of(owner, other_workspace.id) == before
    assert filled.rows("SELECT 1 FROM message WHERE tenant_id = :tenant") == []


def test_without_made_up_data_the_function_removes_nothing(filler, owner):
    filler.held(filler.mailbox())
    before = everything_of(owner, filler.tenant)
    with filler.database.transaction(filler.tenant) as db:
        db.execute(text("SELECT remove_demonstration()"))
    assert everything_of(owner, filler.tenant) == before
