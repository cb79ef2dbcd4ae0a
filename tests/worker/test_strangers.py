"""Strangers who name orders, by the real handler and the real way of a mail: what they and the customer can notice."""

import email
import email.policy

import pytest

from domain.category import Category
from handlers.refund import RefundHandler
from tests.support.pipeline import CUSTOMER, SHOP, Shop, TestServices, connect_mailbox, running_google, settings_over
from tests.support.proof import NOT_THERE, NUMBER, OWNER, ask, has_orders, mailed


@pytest.fixture
def shop(settings, workspace):
    with running_google(SHOP, CUSTOMER, OWNER) as google:
        services = TestServices(settings_over(settings, google))
        assert isinstance(services.handlers(workspace.id)[Category.REFUND], RefundHandler)
        shop = Shop(google, services, workspace, connect_mailbox(google, services, workspace))
        has_orders(shop)
        shop.settle()
        yield shop
        services.close()


def seen_by(shop, address):
    """All of each mail that a stranger can look at, but for what differs between any two mails."""
    seen = []
    for mail in shop.received(address):
        read = email.message_from_bytes(mail.letter.raw, policy=email.policy.default)
        body = read.get_content().partition("Ref:")[0].strip().replace(address, "…")
        seen.append((read["Subject"], read["From"], sorted(map(str.lower, read.keys())), body))
    return seen


def test_a_stranger_sees_the_same_of_an_order_that_exists_and_of_none(shop):
    real, made_up = "one@elsewhere.example", "two@elsewhere.example"
    for _ in range(3):
        ask(shop, NUMBER, real)
        ask(shop, NOT_THERE, made_up)
    assert seen_by(shop, real) == seen_by(shop, made_up)
    assert seen_by(shop, real)


def test_however_many_strangers_ask_the_customer_gets_three_mails_a_day(shop):
    strangers = [f"stranger{number}@elsewhere.example" for number in range(5)]
    for one in strangers:
        ask(shop, NUMBER, one)
    assert len(mailed(shop)) == 3
    # Nor does the limit tell them anything: whoever came too late reads what the first did.
    assert len({repr(seen_by(shop, one)) for one in strangers}) == 1
