import pytest

from domain.conversation import Conversation
from domain.decision import Disposition
from domain.message import Address
from domain.supplier import Supplier
from domain.supplier_mail import KnownBy, SupplierMail
from handlers.supplier import SupplierHandler

DESK = Address("desk@acme.example", "Acme")


def decide(mail, asks, supplier: Supplier | None, **others):
    read = asks("Your parcel left today.", purchase_orders=("D400000001",), **others)
    known = SupplierMail(KnownBy.SENDER, supplier) if supplier else None
    return SupplierHandler().decide(mail(DESK), read, Conversation(supplier_mail=known, earlier_messages=2))


def test_a_suppliers_mail_waits_with_who_it_is_and_what_it_is_about(mail, asks):
    decision = decide(mail, asks, Supplier("Acme", ("acme.example",)))
    assert decision.disposition is Disposition.HOLD
    assert decision.reason == (
        "Mail of the supplier Acme on purchase order D400000001. It continues a conversation of 2 mails."
    )
    assert [(one.text, one.passed) for one in decision.checks] == [
        ("desk@acme.example is Acme by the list of suppliers.", True), ("Gmail verified the sender.", True),
    ]  # fmt: skip


@pytest.mark.parametrize("importance", ["", "a delay"])
def test_mail_that_only_reads_like_a_suppliers_says_so(mail, asks, importance):
    decision = decide(mail, asks, None, importance_reason=importance)
    assert decision.reason.startswith("Supplier mail from desk@acme.example on purchase order D400000001")
    assert not decision.checks[0].passed
    assert decision.effects == ()
