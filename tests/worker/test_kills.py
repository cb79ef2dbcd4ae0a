"""Killing the worker between any two commits of any stage, or around any call to Gmail, loses and doubles nothing."""

from contextlib import contextmanager
from datetime import timedelta
from itertools import count

import pytest

from adapters.mime.build import build_reply
from domain.message import Address
from storage import gate, outbox
from storage.due import Kind
from tests.support import pipeline
from tests.support.kills import Killed, MortalServices
from tests.support.pipeline import SHOP, Shop
from worker import drain as drains

BEFORE_DECIDING = (Kind.SYNC, Kind.FETCH)
DECIDING_AND_DOING = (Kind.PROCESS, Kind.DELIVER, Kind.LABEL)
AUTOMATIC = {"Auto-Submitted": "auto-replied"}


@pytest.fixture
def shop(google, settings, workspace):
    services = MortalServices(pipeline.settings_over(settings, google))
    shop = Shop(google, services, workspace, pipeline.connect_mailbox(google, services, workspace))
    with services.database.transaction(shop.tenant) as db:
        gate.set_limits(db, shop.tenant, per_day=1_000_000, per_hour=1_000_000)
    shop.settle()
    yield shop
    services.close()


def write(shop, number: int) -> str:
    """Four mails of four fates from somebody whom nobody knows yet; returns that address."""
    customer = f"customer{number}@customer.example"
    shop.google.account(customer, "Customer")
    for subject, text, headers in (
        ("Parcel", "question: when does my parcel come?", {}),
        ("Boats", "question: do you sell boats?", {}),
        ("Refund", "refund: my money please", {}),
        ("Away", "question: when does my parcel come?", AUTOMATIC),
    ):
        shop.write(text, f"{subject} {number}", sender=customer, headers=headers)
    return customer


def run(shop, kinds) -> None:
    for kind in kinds:
        while shop.run(kind):
            pass


def arrived(shop, customer: str) -> list[str]:
    return sorted(mail.letter.first("subject").split()[1] for mail in shop.received(customer))


def fates(shop, customer: str) -> dict[str, str]:
    """What became of each mail by its first word; of one that has not ended the state says so."""
    found = shop.rows(
        "SELECT split_part(m.subject, ' ', 1) AS word, m.state, d.disposition, o.state AS reply FROM message m"
        " LEFT JOIN decision d ON d.message_id = m.id AND d.is_current LEFT JOIN outbox o ON o.decision_id = d.id"
        " WHERE m.sender_address = %s",
        customer,
    )
    return {row.word: row.reply if row.reply and row.disposition == "release" else row.disposition for row in found}


def assert_ended_well(shop, customer: str, places) -> None:
    told = f"killed at place {len(places)}: {places[-1:]}"
    assert arrived(shop, customer) == ["Parcel", "Refund"], told
    assert fates(shop, customer) == {"Parcel": "sent", "Boats": "hold", "Refund": "sent", "Away": "ignore"}, told
    assert not shop.google.mailbox(SHOP).drafts, told
    assert shop.one("SELECT count(*) FROM message WHERE state IN ('discovered', 'fetched')") == 0, told


def kill_everywhere(shop, mortal, *, before=(), prepare=lambda: None, ended=assert_ended_well) -> int:
    """Bring four mails through the stages `mortal` for every place there is, killed there; returns how many there were.

    The stages `before` are run first; all are run after, when the leases have ended.
    """
    for number in count(1):
        customer = write(shop, number)
        shop.due_again()
        shop.services.dying_at(0)
        run(shop, before)
        prepare()
        plan = shop.services.dying_at(number)
        was_killed = False
        try:
            run(shop, mortal)
        except Killed:
            was_killed = True
        shop.services.dying_at(0)
        shop.settle_over_time(3)
        ended(shop, customer, plan.places)
        if not was_killed:
            return number - 1
    raise AssertionError


def test_a_kill_anywhere_while_deciding_and_sending_loses_and_doubles_nothing(shop):
    places = kill_everywhere(shop, DECIDING_AND_DOING, before=BEFORE_DECIDING)
    assert places > 40


def test_a_kill_anywhere_while_following_the_mailbox_loses_and_doubles_nothing(shop):
    shop.google.settings.page_cap = 2
    places = kill_everywhere(shop, BEFORE_DECIDING)
    assert places > 15


def test_a_kill_anywhere_while_listing_the_mailbox_loses_and_doubles_nothing(shop):
    shop.google.settings.page_cap = 2

    def list_anew() -> None:
        new = [mail.id for mail in shop.google.mailbox(SHOP).messages.values()][-4:]
        for mail_id in [mail_id for mail_id in shop.google.mailbox(SHOP).messages if mail_id not in new]:
            shop.google.delete_message(SHOP, mail_id)
        shop.google.expire_history(SHOP)

    places = kill_everywhere(shop, (Kind.SYNC,), prepare=list_anew)
    assert places > 15


@pytest.mark.parametrize("every", [1, 2, 3, 5, 7, 11])
def test_a_worker_that_dies_again_and_again_loses_and_doubles_nothing(shop, every):
    customer = write(shop, every)
    for _ in range(25):
        shop.due_again()
        shop.services.dying_at(every)
        try:
            run(shop, (*BEFORE_DECIDING, *DECIDING_AND_DOING))
        except Killed:
            continue
    shop.services.dying_at(0)
    shop.settle_over_time(8)
    assert len(arrived(shop, customer)) == len(set(arrived(shop, customer)))
    for word, fate in fates(shop, customer).items():
        # What killed its worker three times is held: it may be the mail that kills.
        assert fate in {"sent", "hold", "ignore", "needs_person", "failed"}, word
        assert (fate == "sent") == (word in arrived(shop, customer)) or fate in {"needs_person", "failed"}
    assert shop.one("SELECT count(*) FROM message WHERE state IN ('discovered', 'fetched')") == 0
    assert len(fates(shop, customer)) == 4


@pytest.mark.parametrize("fault", ["drop_after", "503_after", "drop_before"])
def test_a_kill_anywhere_while_gmail_loses_answers_doubles_nothing(shop, fault):
    def trouble() -> None:
        shop.google.world.faults.clear()
        shop.google.fault("drafts.create", fault)
        shop.google.fault("drafts.send", fault)

    def ended(shop, customer, places) -> None:
        shop.settle_over_time(4)
        assert_ended_well(shop, customer, places)

    before = (*BEFORE_DECIDING, Kind.PROCESS)
    assert kill_everywhere(shop, (Kind.DELIVER,), before=before, prepare=trouble, ended=ended) > 10


def naive_deliver(services, tenant) -> int:
    """What not to do: send with messages.send, then write down that it was sent."""
    with services.database.transaction(tenant) as db:
        effects = outbox.claim(db, tenant, limit=20, lease=timedelta(minutes=3))
    for effect in effects:
        mime = build_reply(
            sender=Address(effect.mailbox_address), to=effect.recipient, subject=effect.subject, text=effect.text,
            in_reply_to=effect.in_reply_to, references=effect.references, reference_token=effect.reference,
            automatic=True, date=effect.created_at,
        )  # fmt: skip
        services.plan.pass_by("before messages.send")
        sent = services.send_at_once(effect.mailbox_address, mime)
        services.plan.pass_by("after messages.send")
        with services.database.transaction(tenant) as db:
            outbox.sent(db, effect, outbox.SentRef(sent.id, sent.thread_id))
    return len(effects)


@contextmanager
def stage_replaced(kind: Kind, stage):
    usual = drains.STAGES[kind]
    drains.STAGES[kind] = stage
    try:
        yield
    finally:
        drains.STAGES[kind] = usual


def test_the_harness_finds_the_double_that_a_naive_sender_makes(shop):
    shop.services.send_at_once = shop.google.send_as
    doubled = []

    def ended(shop, customer, places) -> None:
        if len(arrived(shop, customer)) != len(set(arrived(shop, customer))):
            doubled.append(places[-1])

    with stage_replaced(Kind.DELIVER, naive_deliver):
        kill_everywhere(shop, (Kind.PROCESS, Kind.DELIVER), before=BEFORE_DECIDING, ended=ended)
    assert set(doubled) == {"after messages.send", "before a commit"}
