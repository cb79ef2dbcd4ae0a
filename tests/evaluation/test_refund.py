"""The shop in memory keeps the rules of the tables, and a scripted customer says what a scenario says of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.case import Case, CaseState, NoSuchMove
from domain.category import Category
from domain.decision import OrderAct
from domain.message import Address, Message
from domain.money import Money
from domain.order import Order, OrderItem
from domain.order_action import Action
from domain.refund_policy import RefundPolicy
from domain.understanding import Understanding
from evaluation.refund_play import Did, Play
from evaluation.refund_scenarios import first_person
from evaluation.refund_shop import Cases, Shop, TooMuch, number_forms

NOW = datetime(2026, 3, 10, tzinfo=UTC)
ANA = Address("ana@customer.example")
ORDER = Order(
    "#W1", ANA.address, "delivered", Money(5000, "EUR"), Money(0, "EUR"), NOW - timedelta(days=9),
    NOW - timedelta(days=3), (OrderItem("CAP-1", "Cap", 1, 5000),),
)  # fmt: skip
HALF = OrderAct(Action.REFUND, "W1", Money(2600, "EUR"))


def test_no_order_pays_back_more_than_it_cost():
    shop = Shop([ORDER], NOW)
    shop.carry_out(HALF)
    with pytest.raises(TooMuch):
        shop.carry_out(HALF)
    assert shop.find("w1").refunded == Money(2600, "EUR")


def test_refunds_are_counted_by_customer_and_since_when():
    shop = Shop([ORDER], NOW)
    shop.carry_out(HALF)
    assert shop.paid_back_since("ana+shop@customer.example", NOW - timedelta(days=30)) == 1
    assert shop.paid_back_since(ANA.address, NOW + timedelta(seconds=1)) == 0
    assert shop.paid_back_since("bob@customer.example", NOW - timedelta(days=30)) == 0


def test_cases_move_only_by_the_table_and_from_the_version_that_was_read():
    cases = Cases()
    kept = cases.move("a", Case("refund").asking("order_number", CaseState.ORDER_WANTED))
    with pytest.raises(NoSuchMove):
        cases.move("a", replace(kept, version=7))
    with pytest.raises(NoSuchMove):
        cases.move("a", replace(kept, trail=(CaseState.EXECUTED,)))
    assert cases.of("a") == kept


def test_a_shops_forms_are_those_of_its_numbers_and_digits_alone_are_none():
    orders = [replace(ORDER, number=number) for number in ("#W1234", "#W9999", "LO-77", "12345")]
    assert number_forms(orders).orders == ("W####", "LO-##")


def played(policy, text="I want to return order W1.", **changed):
    play = Play(Shop([replace(ORDER, **changed)], NOW), policy, NOW)
    understood = Understanding(text, "en", Category.REFUND, confidence=0.9, order_numbers=("W1",))
    return play.play("a", Message(ANA, text=text, sender_verified=True), understood)


def test_what_one_person_may_approve_is_carried_out_and_what_needs_two_waits():
    one = played(RefundPolicy())
    assert (one.did, one.amount_minor, one.case.state) == (Did.RETURN, 5000, CaseState.EXECUTED)
    two = played(RefundPolicy(second_person_above={"EUR": 5000}))
    assert (two.did, two.amount_minor, two.case.state) == (Did.HOLD, None, CaseState.ELIGIBLE)
    assert two.proposed.approvals == 2


def test_what_the_machine_has_a_doubt_about_waits_though_one_person_may_approve_it():
    doubted = played(RefundPolicy(), "I want to return order W1, but only if you pay the postage.")
    assert (doubted.did, doubted.act) == (Did.HOLD, None)
    assert doubted.proposed is not None


def test_a_scenario_is_said_in_the_first_person_by_rules_alone():
    said = first_person(".You want to return your lamp. If the agent tells you no, you're angry.")
    assert said == "I want to return my lamp. If you tells me no, I'm angry."
