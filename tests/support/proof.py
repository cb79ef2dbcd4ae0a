"""A shop whose refunds ask for proof: a mail to the address on the order, and what somebody does with its link."""

import email
import email.policy
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from adapters.link_signing import unsigned
from domain.case import Case, CaseState, Identity
from domain.category import Category
from domain.decision import Decision, IdentityMail, Reply
from domain.message import Address
from domain.money import Money
from domain.order import Order
from storage import identity_links, orders
from tests.support.kills import MortalServices
from tests.support.pipeline import CUSTOMER, SHOP, Shop, connect_mailbox, running_google, settings_over

# Who has the order, and who asks about it from elsewhere.
OWNER = "owner@home.example"
STRANGER = CUSTOMER
NUMBER, NOT_THERE = "LO-1", "LO-9"

ASKED = "If there is such an order, a link is on its way to the address on it."
LINK = re.compile(r"http://localhost/confirm/(\S+)")


class AsksForProof:
    """An honest little handler: it asks once for proof, whether there is such an order or not, and then believes it.

    Where its mail goes it says wrongly, so that a test shows who decides that.
    """

    def decide(self, message, understanding, conversation):
        case = conversation.case
        if case is not None and case.identity is Identity.LINK:
            reply = Reply(message.sender, message.subject, "We look at it now.")
            return Decision.release("Proven.", reply).moving(case.moved_to(CaseState.ELIGIBLE))
        case = case or Case(Category.REFUND.value)
        number = understanding.order_numbers[0] if understanding.order_numbers else case.order_number
        return Decision.release(
            "Asked for proof.",
            Reply(message.sender, message.subject, ASKED),
            IdentityMail(Address("elsewhere@nobody.example"), "Did you write to us?", "Open {link} if so.", number),
        ).moving(replace(case.asking("identity", CaseState.IDENTITY_WANTED), order_number=number))


class ProvingServices(MortalServices):
    """The services, with the little handler for refunds."""

    def handlers(self, tenant):
        return {**super().handlers(tenant), Category.REFUND: AsksForProof()}


@contextmanager
def proving_shop(settings, workspace) -> Iterator[Shop]:
    """A shop with the little handler and one order, over a sandbox Google of its own."""
    with running_google(SHOP, CUSTOMER, OWNER) as google:
        services = ProvingServices(settings_over(settings, google))
        shop = Shop(google, services, workspace, connect_mailbox(google, services, workspace))
        has_orders(shop)
        shop.settle()
        yield shop
        services.close()


def an_order(number: str = NUMBER, email: str = OWNER) -> Order:
    return Order(
        number=number, customer_email=email, status="delivered", total=Money(2000, "EUR"), refunded=Money(0, "EUR"),
        placed_at=datetime(2026, 1, 1, tzinfo=UTC), delivered_at=None, items=(), customer_name="Olga",
        tracking_url="",
    )  # fmt: skip


def has_orders(shop: Shop, *of: Order) -> None:
    with shop.services.database.transaction(shop.tenant) as db:
        orders.save(db, shop.tenant, of or [an_order()])


def ask(shop: Shop, number: str = NUMBER, sender: str = STRANGER, subject: str = "My money") -> None:
    """Somebody asks for a refund, and everything that follows happens."""
    if sender not in shop.google.world.accounts:
        shop.google.account(sender, "Somebody")
    shop.write(f"refund: for {number} SECRET-WORDS", subject, sender=sender)
    shop.sync_and_settle()


def mailed(shop: Shop, address: str = OWNER) -> list:
    """The mails with a link that lie in somebody's mailbox, in the order in which they came."""
    return [mail for mail in shop.received(address) if LINK.search(text_of(mail))]


def text_of(mail) -> str:
    return email.message_from_bytes(mail.letter.raw, policy=email.policy.default).get_content()


def token_in(mail) -> str:
    return LINK.search(text_of(mail))[1]


def link_in(shop: Shop, mail) -> UUID:
    return unsigned(token_in(mail), shop.services.settings.secret_key).link


def confirm(shop: Shop, link: UUID, tenant: UUID | None = None) -> bool:
    with shop.services.database.transaction(tenant or shop.tenant) as db:
        return identity_links.confirm(db, tenant or shop.tenant, link)
