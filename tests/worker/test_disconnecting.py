"""A mailbox is disconnected while its mail is on the way, and perhaps connected again: nobody is left in the dark."""

import pytest

from domain.category import Category
from storage import mailboxes, reclassify
from storage.reclassify import Outcome
from tests.support import pipeline
from tests.support.pipeline import Shop
from tests.support.proof import ask, confirm, link_in, mailed, proving_shop

BOATS = "question: do you sell boats?"


@pytest.fixture
def proving(settings, workspace):
    with proving_shop(settings, workspace) as shop:
        yield shop


def disconnect(shop: Shop) -> None:
    with shop.services.database.transaction(shop.tenant) as db:
        assert mailboxes.disconnect(db, shop.tenant, shop.mailbox)


def connect(shop: Shop) -> None:
    assert pipeline.connect_mailbox(shop.google, shop.services, shop.workspace) == shop.mailbox


def waiting(shop: Shop) -> list[str]:
    """Why the mails in the queue wait there."""
    return [
        row.reason
        for row in shop.rows(
            "SELECT reason FROM decision WHERE is_current AND disposition = 'hold' AND settled_at IS NULL"
        )
    ]


def say(shop: Shop, category: Category) -> Outcome:
    decision = shop.one("SELECT id FROM decision WHERE is_current")
    with shop.services.database.transaction(shop.tenant) as db:
        return reclassify.correct(
            db, shop.tenant, decision, member=shop.workspace.owner, category=category, sub_intent="", learn=False
        )


@pytest.mark.parametrize(
    ("text", "category"),
    [
        (BOATS, Category.REFUND),
        (BOATS, Category.OTHER),
        (BOATS, Category.SUPPLIER),
        ("other: when does my parcel come?", Category.QUESTION),
    ],
)
def test_what_a_person_says_a_mail_is_about_waits_for_them_though_its_mailbox_was_connected_anew(shop, text, category):
    shop.settle()
    shop.write(text)
    shop.sync_and_settle()
    disconnect(shop)
    connect(shop)
    assert say(shop, category) is Outcome.AGAIN
    shop.settle_over_time(2)
    assert len(waiting(shop)) == 1
    assert shop.one("SELECT category FROM decision WHERE is_current") == category
    assert shop.received() == []


def test_what_a_customer_confirms_by_a_link_waits_for_a_person_though_the_mailbox_was_connected_anew(proving):
    ask(proving)
    disconnect(proving)
    connect(proving)
    assert confirm(proving, link_in(proving, mailed(proving)[0]))
    proving.settle_over_time(2)
    assert waiting(proving) == ["The customer confirmed by the link that was mailed to them; a person approves."]
