"""The whole way with the real models: a member says it, a worker learns it, mail is read anew; deleted, it is gone."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from bootstrap import build
from commands.importing import save_checked_mail
from domain.category import Category
from domain.earned import Earned
from domain.message import Address, Message
from domain.understanding import Understanding
from storage import corrections, learning, members, standings
from storage.due import Kind
from tests.web.filling import MESSAGE, Filler
from worker.drain import STAGES

WORKSHOP = "Hello, is there a place left in the lamp workshop on Saturday the 14th? I'd bring my daughter. Regards, Ana"
LIKE_IT = "Hello, is there a place left in the lamp workshop on Sunday the 22nd? I'd bring my son. Best regards, Jo"


@pytest.fixture
def services(models, settings):
    built = build(replace(settings, data_dir=models.parent))
    yield built
    built.close()


@pytest.fixture
def filler(services, workspace):
    return Filler(services.database, workspace.id, workspace.owner)


def read(services, tenant, text=LIKE_IT):
    mail = Message(sender=Address("jo@customer.example"), subject="", text=text)
    return services.tenant_reader(tenant).read([mail])[0]


def teach(filler, mailbox, text=WORKSHOP, **more):
    """A mail came, was read as a question, and a member says that it belongs to the suppliers' mail."""
    read_as = Understanding(text=text, language="en", category=Category.QUESTION, confidence=0.95)
    held = filler.held(mailbox, replace(MESSAGE, text=text), understanding=read_as)
    return filler.correct(held.decision, Category.SUPPLIER, "stock", **more)


def learn(services, tenant):
    return STAGES[Kind.LEARN](services, tenant)


def test_what_a_member_says_changes_how_the_next_mail_is_read_until_it_is_deleted(services, filler, workspace):
    before = read(services, workspace.id)
    correction = teach(filler, filler.mailbox())
    assert read(services, workspace.id) == before  # nothing changes before a worker has learned it
    assert learn(services, workspace.id) == 1
    after = read(services, workspace.id)
    assert (before.category, after.category, after.sub_intent) == (Category.QUESTION, Category.SUPPLIER, "stock")
    with services.database.transaction(workspace.id) as db:
        assert corrections.delete(db, workspace.id, correction, member=workspace.owner)
    assert learn(services, workspace.id) == 1
    assert read(services, workspace.id) == before


def test_another_workspaces_head_is_never_used(services, filler, workspace, other_workspace):
    before = read(services, other_workspace.id)
    teach(filler, filler.mailbox())
    learn(services, workspace.id)
    learn(services, other_workspace.id)
    assert read(services, workspace.id).category is Category.SUPPLIER
    assert read(services, other_workspace.id) == before


def test_two_members_who_agree_make_the_machine_sure(services, filler, workspace):
    mailbox = filler.mailbox()
    with services.database.transaction(workspace.id) as db:
        tom = members.add(db, workspace.id, email="tom@lumen.example", name="Tom", password_hash="-", role="agent")
    teach(filler, mailbox)
    learn(services, workspace.id)
    assert read(services, workspace.id).confidence < 0.6
    for day in ("Friday the 6th", "Monday the 9th"):
        teach(replace(filler, member=tom), mailbox, WORKSHOP.replace("Saturday the 14th", day))
    learn(services, workspace.id)
    assert read(services, workspace.id).confidence > 0.9


def test_a_batch_that_was_begun_with_one_head_ends_with_it(services, filler, workspace):
    reader = services.tenant_reader(workspace.id)
    teach(filler, filler.mailbox())
    learn(services, workspace.id)
    mail = Message(sender=Address("jo@customer.example"), subject="", text=LIKE_IT)
    assert reader.read([mail])[0].category is Category.QUESTION
    assert services.tenant_reader(workspace.id).read([mail])[0].category is Category.SUPPLIER


def test_while_it_is_refitted_every_reader_sees_the_old_head_or_the_new_one_and_never_half(services, filler, workspace):
    mailbox = filler.mailbox()
    seen, stop = set(), threading.Event()

    def go_on_reading():
        while not stop.is_set():
            seen.add(one_reading(read(services, workspace.id)))

    executor = ThreadPoolExecutor(2)
    threads = [executor.submit(go_on_reading) for _ in range(2)]
    expected = {one_reading(read(services, workspace.id))}
    for round_of in range(4):
        correction = teach(filler, mailbox)
        learn(services, workspace.id)
        expected.add(one_reading(read(services, workspace.id)))
        if round_of % 2:
            with services.database.transaction(workspace.id) as db:
                corrections.delete(db, workspace.id, correction, member=workspace.owner)
            learn(services, workspace.id)
            expected.add(one_reading(read(services, workspace.id)))
    stop.set()
    for thread in threads:
        thread.result(timeout=30)
    executor.shutdown()
    assert seen <= expected
    assert len(expected) >= 2


def one_reading(understood):
    return understood.category, understood.sub_intent, round(understood.confidence, 3)


def test_a_head_of_another_model_is_not_used_and_learned_anew(services, filler, workspace):
    before = read(services, workspace.id)
    teach(filler, filler.mailbox())
    learn(services, workspace.id)
    with services.database.transaction(workspace.id) as db:
        for table in ("model_head", "learning"):
            db.exec_driver_sql(f"UPDATE {table} SET model = 'another'")  # noqa: S608  # the two names above
        assert learning.is_settled(db, workspace.id)
    assert read(services, workspace.id) == before
    with services.database.transaction(workspace.id) as db:
        assert not learning.is_settled(db, workspace.id)  # the reading noticed it
    learn(services, workspace.id)
    assert read(services, workspace.id).category is Category.SUPPLIER


def test_a_damaged_head_costs_no_mail(services, filler, workspace):
    before = read(services, workspace.id)
    teach(filler, filler.mailbox())
    learn(services, workspace.id)
    with services.database.transaction(workspace.id) as db:
        db.exec_driver_sql("UPDATE model_head SET weights = 'broken', version = version + 1")
    assert read(services, workspace.id) == before


def test_the_demonstration_shop_earns_its_automatic_answers_in_the_worker(services, workspace):
    count = save_checked_mail(services, workspace.id)
    learn(services, workspace.id)
    with services.database.transaction(workspace.id) as db:
        found = {row.category: row.standing for row in standings.every(db, workspace.id, services.model)}
        policy = standings.policy(db, workspace.id, services.model, services.answer_model)
    assert sum(standing.n for standing in found.values()) == count
    for category in (Category.QUESTION, Category.REFUND):
        assert isinstance(found[category], Earned), found[category]
        assert found[category].upper_bound <= 0.05
        assert not policy.lacks(category)
    # The same mail and the same models earn the same at set-up.
    assert services.plain_policy().standings == found


def test_shipping_the_same_mail_again_asks_for_no_lesson(services, workspace):
    save_checked_mail(services, workspace.id)
    learn(services, workspace.id)
    save_checked_mail(services, workspace.id)
    assert learn(services, workspace.id) == 0
