"""Loops that go by another way than a question and its answer: tickets, reminders to suppliers, links, bounces."""

import pytest

from storage.due import Kind
from tests.support import pipeline
from tests.support.asking import ACME, OPERATIONS, Asking
from tests.support.loops import Days, GullibleServices, Robot, ignored, limited, sent
from tests.support.pipeline import CUSTOMER, SHOP, Shop
from tests.support.proof import NUMBER, OWNER, ask, mailed, proving_shop
from tests.support.ticketing import ORDER, Bridged, running_ticketing

HELPDESK = "tickets@helpdesk.example"
PER_SENDER, LINKS = 5, 3


@pytest.fixture
def shop(google, settings, workspace):
    google.world.post.outside.clear()
    with pipeline.services_over(settings, google, GullibleServices) as services:
        shop = Shop(google, services, workspace, pipeline.connect_mailbox(google, services, workspace))
        shop.settle()
        yield shop


@pytest.fixture
def bridged(shop):
    with running_ticketing() as outside:
        yield Bridged(shop, outside)


class Helpdesk:
    """A ticketing system that mails us every new message of a ticket, and makes one of every mail of ours."""

    def __init__(self, bridged):
        self.shop, self.desk = bridged.shop, bridged.desk
        self.robot = Robot(self.shop, SHOP, "helpdesk.example", lambda number, ours: self.mail("They wrote: " + "x"))
        self.told = self.wrote = 0

    def mail(self, text):
        self.wrote += 1
        return {"sender": HELPDESK, "subject": f"[#{self.wrote}] new message", "text": text}

    def __call__(self):
        fresh, self.told = self.desk.effects[self.told :], len(self.desk.effects)
        for one in fresh:
            self.shop.google.deliver(SHOP, **self.mail(one["text"] or "A ticket was made."))
        return self.robot() or bool(fresh)


def test_a_ticketing_system_that_mails_us_every_message_is_answered_five_times_a_day(bridged):
    bridged.connect()
    shop, helpdesk = bridged.shop, Helpdesk(bridged)
    over = Days([shop], [helpdesk])
    over.day(lambda: shop.write(f"question: where is {ORDER}?", "My order"))
    over.night()
    over.day(lambda: shop.google.deliver(SHOP, **helpdesk.mail("The ticket is still open.")))
    to_helpdesk = [one for one in sent(shop, SHOP) if one.letter.addresses("to") == (HELPDESK,)]
    assert len(to_helpdesk) == 2 * PER_SENDER
    assert len(sent(shop, SHOP)) == 2 * PER_SENDER + 1, "and the answer to the customer"
    assert bridged.made() >= 1
    assert bridged.doubled() == {}
    (said,) = limited(shop)
    assert said.name == HELPDESK


def answers_everything(shop, headers):
    """The supplier's robot: every mail of ours gets an answer in its thread."""
    known: set[str] = set()

    def robot() -> None:
        for mail in shop.received(ACME):
            if mail.id not in known:
                known.add(mail.id)
                subject, before = mail.letter.first("subject"), [mail.letter.message_id]
                shop.google.deliver(
                    SHOP, ACME, f"Re: {subject}", "We got your mail.", references=before, headers=headers
                )

    return robot


@pytest.mark.parametrize(("headers", "to_supplier", "alerts"), [({"Auto-Submitted": "auto-replied"}, 3, 1), ({}, 1, 0)])
def test_a_suppliers_robot_costs_no_more_than_the_ladder(shop, headers, to_supplier, alerts):
    """What says that it is a machine ends no ladder, which is two reminders long; anything else ends it."""
    asking = Asking.of(shop)
    robot = answers_everything(shop, headers)
    asking.asked()
    for _ in range(8):
        robot()
        shop.sync_and_settle()
        asking.pass_time(25)
        asking.climb()
        asking.deliver()
    by = [one.letter.addresses("to")[0] for one in sent(shop, SHOP)]
    assert (by.count(ACME), by.count(OPERATIONS), by.count(CUSTOMER)) == (to_supplier, alerts, 1)


def test_a_link_that_bounces_is_bounced_to_nobody(settings, workspace):
    with proving_shop(settings, workspace) as shop:
        ask(shop)
        before = len(sent(shop, SHOP))
        assert before == 2, "the answer to whoever asked, and the link"
        for number, headers in enumerate([{"X-Failed-Recipients": OWNER}, {"Return-Path": "<>"}, {}]):
            mailer = "mailer-daemon@googlemail.com"
            shop.google.deliver(SHOP, mailer, f"Undeliverable: {number}", "refund: It bounced.", headers=headers)
        shop.google.deliver(SHOP, "bounces+17@home.example", "Returned", "refund: It bounced back.")
        shop.sync_and_settle()
        assert len(sent(shop, SHOP)) == before
        assert len(ignored(shop)) == 4


def test_a_robot_behind_the_address_on_the_order_gets_five_answers_and_three_links_a_day(settings, workspace):
    with proving_shop(settings, workspace) as shop:
        known: set[str] = set()
        ask(shop, sender=OWNER, subject="Begin")
        for number in range(12):
            fresh = [mail for mail in shop.received(OWNER) if mail.id not in known]
            known |= {mail.id for mail in fresh}
            for mail in fresh:
                shop.write(f"refund: for {NUMBER} {mail.id}", f"Again {number} {mail.id}", sender=OWNER)
            shop.change("UPDATE outbox SET next_at = now() WHERE state IN ('pending', 'drafted')")
            shop.sync_and_settle()
            if not fresh:
                break
        links = mailed(shop, OWNER)
        assert len(links) == LINKS
        assert len(shop.received(OWNER)) - len(links) == PER_SENDER
        assert not shop.run(Kind.DELIVER)
