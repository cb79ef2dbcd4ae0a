"""Customers: each address once, by its newest conversation; no supplier, no machine; found along an index."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from domain.category import Category
from domain.decision import Decision
from domain.health import Rule
from domain.message import Address
from domain.supplier import Purpose, Supplier
from domain.understanding import Sentiment
from storage import customer_health, customers, desk, suppliers
from tests.web.filling import MESSAGE, UNDERSTANDING, Filler
from tests.web.refunding import Till

NOW = datetime.now(UTC)


@pytest.fixture
def filler(database, workspace) -> Filler:
    return Filler(database, workspace.id, workspace.owner)


def mail(name: str, **more):
    return replace(MESSAGE, sender=Address(f"{name.lower()}@example.org", name), **more)


def listed(filler, limit: int = 50, **asked) -> list:
    found, after = [], None
    while True:
        with filler.database.transaction(filler.tenant) as db:
            page = customers.page(db, filler.tenant, after=after, limit=limit, **asked)
        found += page
        if len(page) < limit:
            return found
        after = page[-1].conversation


def happened(filler, name: str = "anna") -> list:
    address = f"{name}@example.org"
    with filler.database.transaction(filler.tenant) as db:
        return list(customer_health.of(db, filler.tenant, [address], datetime.now(UTC))[address].happened)


def test_each_customer_is_listed_once_who_wrote_last_first(filler):
    box = filler.mailbox()
    for number, name in enumerate(["Anna", "Bert", "Anna", "Cleo", "Anna"]):
        filler.held(box, mail(name), at=NOW - timedelta(hours=9 - number))
    assert [(row.name, row.conversations, row.waiting) for row in listed(filler, limit=2)] == [
        ("Anna", 3, 3), ("Cleo", 1, 1), ("Bert", 1, 1),
    ]  # fmt: skip


def test_words_find_a_name_or_an_address_and_signs_mean_themselves(filler):
    box = filler.mailbox()
    for name in ("Anna", "Bert"):
        filler.held(box, mail(name))
    for words, names in (("ann", ["Anna"]), ("BERT@", ["Bert"]), ("%", []), ("_", [])):
        assert [row.name for row in listed(filler, words=words)] == names


def test_what_was_answered_does_not_wait(filler):
    filler.released(filler.mailbox(), message=mail("Anna"))
    [row] = listed(filler)
    assert (row.conversations, row.waiting) == (1, 0)


def handled_as_a_suppliers(filler, box, name: str):
    """A mail that was read as a question, and whose sender is one of the suppliers."""
    claim = filler.store(box, mail(name))
    filler.decide(claim, replace(Decision.hold("A supplier wrote it."), handled_as=Category.SUPPLIER), UNDERSTANDING)
    return claim


def test_suppliers_and_machines_are_no_customers(filler):
    box = filler.mailbox()
    machine = filler.store(box, mail("Robot"))
    filler.decide(machine, Decision.ignore("A machine wrote it."), UNDERSTANDING)
    theirs = handled_as_a_suppliers(filler, box, "Acme")
    stranger = filler.held(box, mail("Stranger"), understanding=replace(UNDERSTANDING, category=Category.SUPPLIER))
    assert listed(filler) == []
    with filler.database.transaction(filler.tenant) as db:
        for conversation in (theirs.conversation, stranger.conversation, machine.conversation):
            assert customers.one(db, filler.tenant, conversation) is None


def test_whoever_wrote_as_a_customer_too_is_one_whatever_the_list_of_suppliers_says(filler):
    box = filler.mailbox()
    acme = Supplier("Acme", ("example.org",), (), {Purpose.GENERAL: "anna@example.org"})
    with filler.database.transaction(filler.tenant) as db:
        suppliers.save(db, filler.tenant, acme, actor="test")
    handled_as_a_suppliers(filler, box, "Anna")
    assert listed(filler) == []
    filler.held(box, mail("Anna"))
    assert [row.address for row in listed(filler)] == ["anna@example.org"]


def test_a_customer_stays_one_when_their_machine_answers_last(filler):
    box = filler.mailbox()
    filler.held(box, mail("Anna"), at=NOW - timedelta(hours=3))
    away = filler.store(box, mail("Anna"), at=NOW - timedelta(hours=1))
    filler.decide(away, Decision.ignore("A machine wrote it."), UNDERSTANDING)
    [row] = listed(filler)
    assert (row.conversation, row.conversations) == (away.conversation, 2)


def test_any_conversation_leads_to_its_customer(filler):
    box = filler.mailbox()
    held = [filler.held(box, mail("Anna"), at=NOW - timedelta(hours=number)) for number in range(2)]
    with filler.database.transaction(filler.tenant) as db:
        first, second = (customers.one(db, filler.tenant, one.conversation) for one in held)
    assert first == second
    assert first.conversation == held[0].conversation


def test_what_happened_is_read_from_the_customers_own_rows(filler):
    box = filler.mailbox()
    cross = replace(UNDERSTANDING, category=Category.OTHER, sub_intent="complaint", sentiment=Sentiment.NEGATIVE)
    complaint = filler.held(box, mail("Anna"), understanding=cross)
    waited = filler.held(box, mail("Anna"))
    filler.rows(
        "UPDATE decision SET created_at = now() - interval '2 days' WHERE tenant_id = :tenant AND id = :id RETURNING 1",
        id=waited.decision,
    )
    Till(filler).order("LO-1", status="shipped", placed_at=NOW - timedelta(days=20))
    Till(filler).order("LO-2", status="delivered", placed_at=NOW - timedelta(days=20))
    filler.held(box, mail("Bert"), understanding=cross)
    found = {one.rule: one for one in happened(filler)}
    assert set(found) == {Rule.COMPLAINT, Rule.WAITED, Rule.LATE}
    assert found[Rule.COMPLAINT].message == complaint.message
    assert found[Rule.WAITED].conversation == waited.conversation
    assert found[Rule.LATE].order == "LO-1"


def test_three_mails_without_an_answer_count_until_one_is_answered_or_dismissed(filler):
    box = filler.mailbox()
    three = [filler.held(box, mail("Anna"), thread="t", at=NOW - timedelta(hours=9 - number)) for number in range(3)]
    [found] = happened(filler)
    assert (found.rule, found.n, found.conversation) == (Rule.UNANSWERED, 3, three[0].conversation)
    with filler.database.transaction(filler.tenant) as db:
        assert desk.dismiss(db, filler.tenant, three[0].decision, member=filler.member)
    assert happened(filler) == []


def test_an_answer_from_gmail_counts_as_an_answer(filler):
    box = filler.mailbox()
    for number in range(3):
        filler.held(box, mail("Anna"), thread="t", at=NOW - timedelta(hours=9 - number))
    filler.store(box, MESSAGE, thread="t", direction="out", state="noted", at=NOW - timedelta(hours=1))
    assert happened(filler) == []


def test_a_refused_wish_is_named_with_its_order(filler):
    till = Till(filler)
    till.order("LO-1")
    wish = till.wanted(filler.mailbox(), message=mail("Anna"))
    filler.rows(
        "UPDATE support_case SET state = 'refused', is_open = false WHERE tenant_id = :tenant RETURNING 1",
    )
    [found] = [one for one in happened(filler) if one.rule is Rule.REFUSED]
    assert (found.order, found.conversation) == ("LO-1", wish.conversation)


MANY = text("""
    WITH made AS (
        INSERT INTO conversation (tenant_id, id, mailbox_id, thread_id, customer_address, last_message_at)
        SELECT :tenant, gen_random_uuid(), :mailbox, 'many' || n, 'c' || n % 3000 || '@many.example',
            now() - n * interval '1 minute' FROM generate_series(1, 9000) n RETURNING *
    ), mail AS (
        INSERT INTO message (tenant_id, id, mailbox_id, conversation_id, gmail_id, thread_id, direction)
        SELECT tenant_id, gen_random_uuid(), mailbox_id, id, thread_id, thread_id, 'in' FROM made RETURNING *
    )
    INSERT INTO decision (tenant_id, id, message_id, conversation_id, disposition, reason)
    SELECT tenant_id, gen_random_uuid(), id, conversation_id, 'hold', 'x' FROM mail
""")


@pytest.mark.parametrize("names", [(), ("after",), ("words",), ("one",)], ids=str)
def test_a_page_walks_indexes_and_neither_reads_nor_sorts_all_conversations(filler, owner, names):
    mailbox = filler.mailbox()
    with filler.database.transaction(filler.tenant) as db:
        db.execute(MANY, {"tenant": filler.tenant, "mailbox": mailbox})
    owner.execute(text("ANALYZE conversation, decision"))
    owner.commit()
    with filler.database.transaction(filler.tenant) as db:
        middle = customers.page(db, filler.tenant, limit=1500)[-1]
        values = {"tenant": filler.tenant, "limit": 51, "counted": 100, "after": middle.conversation}
        values |= {"at": middle.last_message_at, "pattern": "%c29%", "address": "c7@many.example"}
        plan = db.execute(text("EXPLAIN " + customers.statement(names).text), values).scalars().all()
    assert not [line for line in plan if "Seq Scan on conversation" in line or "Seq Scan on decision" in line], plan
    assert any("conversation_newest" in line or "conversation_of_customer" in line for line in plan), plan
    walk = plan[: next(number for number, line in enumerate(plan) if "SubPlan" in line)]
    if names != ("one",):
        assert not [line for line in walk[2:] if "Sort Key: c." in line], plan


def test_the_newest_of_many_are_found_among_few_rows(filler, owner):
    mailbox = filler.mailbox()
    with filler.database.transaction(filler.tenant) as db:
        db.execute(MANY, {"tenant": filler.tenant, "mailbox": mailbox})
    rows = listed(filler, limit=1000)
    assert len(rows) == len({row.address for row in rows}) == 3000
    assert all(row.conversations == 3 for row in rows)
    assert [row.last_message_at for row in rows] == sorted((row.last_message_at for row in rows), reverse=True)
