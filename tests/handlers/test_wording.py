from pathlib import Path

import pytest

from domain.category import Category
from domain.conversation import Conversation
from domain.decision import Disposition
from domain.message import Address
from domain.order import ORDER_STATUSES
from domain.refund_policy import RefundPolicy
from handlers import handlers_for
from handlers import wording as wording_module
from handlers.other import OtherHandler
from handlers.refund import RefundHandler
from handlers.supplier import SupplierHandler
from handlers.wording import plausible_name, wording_for


@pytest.mark.parametrize("name", ["Ana", "Ana López", "Jean-Pierre D'Arc", "Søren Ångström", "Mary Jane Watson"])
def test_a_persons_name_is_greeted(name):
    assert plausible_name(Address("a@b.example", name)) == name


@pytest.mark.parametrize(
    "name",
    ["", "ANA", "ana", "a@b.example", "Your Refund", "Refund Approved", "Click http://x", "Ana\nBcc: x", "A" * 50,
     "Buy Now Very Cheap", "{name}", "Ana; DROP", "PayPal", "Kundenservice Müller", "<b>Ana</b>", "X"],
)  # fmt: skip
def test_what_is_not_clearly_a_name_is_never_greeted(name):
    assert plausible_name(Address("a@b.example", name)) == ""


@pytest.mark.parametrize("language", ["en", "de", "fr", "es"])
def test_every_language_has_every_text_and_every_order_status(language):
    wording = wording_for(language)
    assert set(wording.statuses) == set(ORDER_STATUSES)
    assert "LO-1" in wording.order_status.format(number="LO-1", status="sent")
    assert "Returns" in wording.source.format(title="Returns")


def test_every_text_file_is_a_language_that_can_be_asked_for():
    languages = {file.stem for file in Path(wording_module.__file__).parent.glob("*.json")}
    assert {language for language in languages if wording_for(language)} == languages >= {"en", "de", "fr", "es"}


def test_every_category_has_a_handler(answers, orders, refunds):
    assert set(handlers_for(answers, orders, RefundHandler(orders, refunds, RefundPolicy()))) == set(Category)


@pytest.mark.parametrize("handler", [SupplierHandler(), OtherHandler(SupplierHandler())])
def test_supplier_and_other_mail_is_held_with_what_makes_it_important(handler, mail, asks):
    decision = handler.decide(mail(), asks(importance=4, importance_reason="a deadline today"), Conversation())
    assert decision.disposition is Disposition.HOLD
    assert decision.reason.endswith(": a deadline today.")
