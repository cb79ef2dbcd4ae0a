"""What may be granted: each rule, one by one, on one order."""

from dataclasses import replace
from datetime import UTC, timedelta, timezone

import pytest

from domain.money import Money
from domain.order import OrderItem
from domain.order_action import Action, WantedItem
from domain.refund_policy import RefundPolicy, Rule
from domain.refund_rules import Outcome
from domain.request import SHOPS_FAULT, Reason
from tests.support.refunds import BULB, LAMP, NOW, ORDER, PENDING, POLICY, asked

A = Action
ELIGIBLE, REFUSED, PERSON = Outcome.ELIGIBLE, Outcome.REFUSED, Outcome.PERSON
BULBS = WantedItem("BULB-2", 2)
DAY = timedelta(days=1)


def euros(cents):
    return Money(cents, "EUR")


def policy(**changed):
    return replace(POLICY, **changed)


def order(**changed):
    return replace(ORDER, **changed)


def test_a_refund_in_time_is_granted_with_the_whole_amount_and_each_check_in_words():
    verdict = asked()
    assert (verdict.outcome, verdict.action, verdict.amount) == (ELIGIBLE, A.REFUND, euros(6490))
    assert (verdict.approvals, verdict.rule, verdict.values, verdict.items) == (0, None, (), ())
    assert [check.text for check in verdict.checks] == [
        "A refund is given for an order that is delivered.",
        "Day 10 of 30.",
        "It is worth 64.90 EUR; 64.90 EUR is left of the order.",
        "The customer got 0 refunds in 30 days.",
    ]
    assert all(check.passed for check in verdict.checks)


# Which actions an order may have.


@pytest.mark.parametrize(
    ("status", "allowed", "wanted", "done"),
    [
        ("delivered", {A.RETURN, A.CANCEL}, A.REFUND, A.RETURN),
        ("pending", {A.CANCEL}, A.REFUND, A.CANCEL),
        ("returned", {A.REFUND}, A.RETURN, A.REFUND),
        ("delivered", {A.REFUND, A.RETURN}, A.RETURN, A.RETURN),
    ],
)
def test_money_comes_back_by_the_way_that_the_shop_has(status, allowed, wanted, done):
    verdict = asked(wanted, order=order(status=status), policy=policy(allowed={status: frozenset(allowed)}))
    assert (verdict.outcome, verdict.action, verdict.amount) == (ELIGIBLE, done, euros(6490))


@pytest.mark.parametrize(
    ("status", "wanted"),
    [
        ("delivered", A.CANCEL), ("shipped", A.CANCEL), ("processed", A.REFUND), ("pending", A.EXCHANGE),
        ("pending", A.RETURN), ("cancelled", A.CANCEL), ("returned", A.REPLACEMENT), ("shipped", A.RETURN),
    ],
)  # fmt: skip
def test_what_is_not_given_for_a_status_is_refused_by_that_rule(status, wanted):
    verdict = asked(wanted, order=order(status=status))
    assert (verdict.outcome, verdict.rule, verdict.action, verdict.amount) == (REFUSED, Rule.STATUS, wanted, None)
    assert dict(verdict.values) == {"number": "LO-1", "status": status}
    assert verdict.checks[-1].passed is False


def test_a_refund_is_never_turned_into_a_return_of_what_is_back_already_where_no_refund_is_given():
    verdict = asked(A.RETURN, order=order(status="returned"), policy=policy(allowed={}))
    assert (verdict.outcome, verdict.rule) == (REFUSED, Rule.STATUS)


def test_money_of_a_cancelled_order_that_was_not_paid_back_is_looked_for_by_a_person():
    cancelled = order(status="cancelled")
    assert asked(order=cancelled).outcome is PERSON
    assert asked(order=cancelled).reason.startswith("The order is cancelled, and 64.90 EUR of it")
    paid_back = replace(cancelled, refunded=cancelled.total)
    assert (asked(order=paid_back).outcome, asked(order=paid_back).rule) == (REFUSED, Rule.STATUS)


# The window.


@pytest.mark.parametrize(("age", "outcome"), [(0, ELIGIBLE), (30, ELIGIBLE), (31, REFUSED), (400, REFUSED)])
def test_days_are_counted_from_the_delivery_and_the_last_one_counts(age, outcome):
    delivered = order(placed_at=NOW - 500 * DAY, delivered_at=NOW - age * DAY)
    verdict = asked(order=delivered)
    assert verdict.outcome is outcome
    if outcome is REFUSED:
        assert (verdict.rule, dict(verdict.values)["days"]) == (Rule.WINDOW, "30")


def test_the_last_day_counts_to_its_end_in_utc_wherever_the_clock_stands():
    delivered = order(placed_at=NOW - 50 * DAY, delivered_at=(NOW - 30 * DAY).replace(hour=0))
    evening = NOW.replace(hour=23).astimezone(timezone(timedelta(hours=9)))
    assert asked(order=delivered, now=evening).outcome is ELIGIBLE
    assert asked(order=delivered, now=evening + timedelta(hours=1)).outcome is REFUSED


def test_a_status_without_a_window_has_no_end():
    old = order(placed_at=NOW - 900 * DAY, delivered_at=NOW - 800 * DAY)
    assert asked(order=old, policy=policy(window_days={})).outcome is ELIGIBLE


def test_other_statuses_count_from_since_they_are_that_status():
    back = order(status="returned", placed_at=NOW - 90 * DAY, delivered_at=NOW - 80 * DAY, status_at=NOW - 60 * DAY)
    assert asked(order=back).outcome is ELIGIBLE
    assert asked(order=replace(back, status_at=NOW - 61 * DAY)).rule is Rule.WINDOW


def test_a_delivery_without_its_day_counts_from_when_it_was_told():
    told = order(delivered_at=None, placed_at=NOW - 90 * DAY, status_at=NOW - 5 * DAY)
    assert asked(order=told).outcome is ELIGIBLE


def test_what_waits_has_waited_since_it_was_placed():
    waiting = policy(window_days={"pending": 3})
    assert asked(A.CANCEL, order=replace(PENDING, placed_at=NOW - 3 * DAY), policy=waiting).outcome is ELIGIBLE
    assert asked(A.CANCEL, order=replace(PENDING, placed_at=NOW - 4 * DAY), policy=waiting).rule is Rule.WINDOW


def test_an_unknown_day_is_a_persons_but_for_what_is_in_time_since_it_was_placed():
    unknown = order(delivered_at=None, placed_at=NOW - 31 * DAY)
    assert asked(order=unknown).outcome is PERSON
    assert asked(order=replace(unknown, placed_at=NOW - 30 * DAY)).outcome is ELIGIBLE


def test_a_status_since_tomorrow_is_a_persons():
    assert asked(order=order(status="returned", status_at=NOW + 2 * DAY)).outcome is PERSON


# Reasons, evidence, puzzles.


def test_a_reason_is_asked_for_where_the_policy_needs_one():
    needs = policy(reason_needed=True)
    verdict = asked(policy=needs)
    assert (verdict.outcome, verdict.amount, verdict.rule) == (Outcome.REASON_WANTED, None, None)
    assert asked(policy=needs, reason=Reason.CHANGED_MIND).outcome is ELIGIBLE
    assert asked(policy=POLICY).outcome is ELIGIBLE


@pytest.mark.parametrize("reason", [Reason.NOT_RECEIVED, Reason.LATE])
def test_where_a_parcel_is_a_person_finds_out(reason):
    assert asked(reason=reason).outcome is PERSON
    assert asked(A.REPLACEMENT, reason=reason).outcome is PERSON


def test_what_waits_is_cancelled_also_because_it_takes_too_long():
    assert asked(A.CANCEL, order=PENDING, reason=Reason.LATE).outcome is ELIGIBLE


@pytest.mark.parametrize(
    "wanted",
    [WantedItem("CHAIR-9"), WantedItem("BULB-2", 4), WantedItem("BULB-2", 0), WantedItem("BULB-2", -1)],
)
def test_items_that_the_order_does_not_have_are_a_persons(wanted):
    verdict = asked(A.REFUND, wanted)
    assert (verdict.outcome, verdict.amount, verdict.items) == (PERSON, None, (wanted,))
    assert verdict.approvals == 1


def test_the_same_item_named_twice_is_counted_together():
    assert asked(A.REFUND, BULBS, WantedItem("bulb-2", 1)).amount == euros(1500)
    assert asked(A.REFUND, BULBS, BULBS).outcome is PERSON


def test_what_is_missing_has_to_be_named():
    assert asked(reason=Reason.INCOMPLETE).outcome is PERSON
    assert asked(A.REFUND, BULBS, reason=Reason.INCOMPLETE).outcome is ELIGIBLE


def test_a_picture_is_asked_for_where_the_reason_needs_one():
    assert asked(reason=Reason.DAMAGED).outcome is Outcome.EVIDENCE_WANTED
    assert asked(reason=Reason.DAMAGED, evidence=("sha",)).outcome is ELIGIBLE
    assert asked(reason=Reason.DEFECTIVE).outcome is ELIGIBLE


# Final sale and categories.


@pytest.mark.parametrize("name", ["lamp-1", " LAMPS "])
@pytest.mark.parametrize(("field", "rule"), [("final_sale", Rule.FINAL_SALE), ("excluded", Rule.CATEGORY)])
def test_an_item_is_barred_by_its_number_or_category_however_it_is_written(field, rule, name):
    barred = policy(**{field: frozenset({name})})
    verdict = asked(A.REFUND, WantedItem("LAMP-1"), policy=barred)
    assert (verdict.outcome, verdict.rule, dict(verdict.values)["item"]) == (REFUSED, rule, "Brass lamp")
    assert asked(A.REFUND, BULBS, policy=barred).outcome is ELIGIBLE
    assert asked(A.REFUND, policy=barred).outcome is PERSON, "only some of the order"
    lamps = order(items=(LAMP,), total=euros(4990))
    assert asked(A.REFUND, order=lamps, policy=barred).rule is rule, "all of the order"


def test_an_item_may_say_itself_that_it_is_final_sale_and_is_not_excluded_by_that():
    final = order(items=(replace(LAMP, final_sale=True, name=""), BULB))
    verdict = asked(A.EXCHANGE, WantedItem("LAMP-1"), order=final)
    assert (verdict.rule, dict(verdict.values)["item"]) == (Rule.FINAL_SALE, "LAMP-1")


@pytest.mark.parametrize("reason", sorted(SHOPS_FAULT))
def test_what_is_the_shops_fault_is_never_refused_for_the_article(reason):
    for field in ("final_sale", "excluded"):
        barred = policy(**{field: frozenset({"lamps"})})
        assert asked(A.REFUND, WantedItem("LAMP-1"), policy=barred, reason=reason, evidence=("sha",)).outcome is PERSON


def test_an_order_of_unknown_items_is_a_persons_where_some_are_barred():
    unknown = order(items=())
    assert asked(order=unknown).outcome is ELIGIBLE
    assert asked(order=unknown, policy=policy(excluded=frozenset({"food"}))).outcome is PERSON


# Parts and amounts.


def test_a_part_is_paid_back_by_its_items_and_pieces():
    verdict = asked(A.REFUND, WantedItem("bulb-2 ", 2))
    assert (verdict.outcome, verdict.amount, verdict.items) == (ELIGIBLE, euros(1000), (BULBS,))


def test_a_policy_without_parts_takes_the_whole_order_alone():
    whole = policy(partial=False)
    assert asked(A.REFUND, BULBS, policy=whole).rule is Rule.PARTIAL
    assert asked(A.REFUND, WantedItem("LAMP-1"), WantedItem("BULB-2", 3), policy=whole).amount == euros(6490)
    assert asked(A.REFUND, policy=whole).outcome is ELIGIBLE


def test_a_part_of_what_waits_is_cancelled_by_a_person():
    assert asked(A.CANCEL, BULBS, order=PENDING).outcome is PERSON
    assert asked(A.CANCEL, order=PENDING).amount == euros(6490)


def test_shipping_is_paid_back_with_the_whole_order_alone():
    shipped = order(total=euros(6990))
    assert asked(A.REFUND, BULBS, order=shipped).amount == euros(1000)
    assert asked(A.REFUND, order=shipped).amount == euros(6990)


def test_a_discount_is_shared_by_the_items_and_rounded_down():
    discounted = order(total=euros(5000))
    assert asked(A.REFUND, BULBS, order=discounted).amount == euros(1000 * 5000 // 6490)
    assert asked(A.REFUND, order=discounted).amount == euros(5000)


def test_one_article_at_several_prices_is_a_persons_unless_all_of_it_is_wanted():
    twice = order(items=(LAMP, replace(LAMP, price_minor=1500)))
    assert asked(A.REFUND, WantedItem("LAMP-1"), order=twice).outcome is PERSON
    assert asked(A.REFUND, WantedItem("LAMP-1", 2), order=twice).amount == euros(6490)


def test_what_is_left_is_all_that_is_paid_back():
    some = order(refunded=euros(6000))
    assert asked(order=some).amount == euros(490)
    assert asked(A.CANCEL, order=replace(some, status="pending")).amount == euros(490)


@pytest.mark.parametrize("wanted", [A.REFUND, A.RETURN])
def test_an_order_that_was_paid_back_is_not_paid_back_again(wanted):
    verdict = asked(wanted, order=order(refunded=ORDER.total))
    assert (verdict.outcome, verdict.rule, verdict.amount) == (REFUSED, Rule.NOTHING_LEFT, None)


def test_where_some_was_paid_back_nobody_but_a_person_knows_for_which_items():
    some = order(refunded=euros(1000))
    verdict = asked(A.REFUND, BULBS, order=some)
    assert (verdict.outcome, verdict.amount) == (PERSON, euros(1000))
    assert asked(A.REFUND, WantedItem("LAMP-1"), order=order(refunded=euros(6000))).amount == euros(490)
    for sent_anew in (A.EXCHANGE, A.REPLACEMENT):
        assert asked(sent_anew, order=some).outcome is PERSON
        assert asked(sent_anew, order=order(refunded=ORDER.total)).outcome is PERSON


def test_a_cancellation_with_nothing_to_pay_back_is_a_persons():
    assert asked(A.CANCEL, order=replace(PENDING, refunded=PENDING.total)).outcome is PERSON


def test_items_without_a_price_are_a_persons():
    gift = order(items=(LAMP, replace(BULB, price_minor=0)))
    assert asked(A.REFUND, BULBS, order=gift).outcome is PERSON


# What is kept, and by whom it is approved.


@pytest.mark.parametrize(("percent", "amount"), [(10, 5841), (15, 5517), (0, 6490), (99, 65)])
def test_restocking_is_kept_of_what_comes_back_without_a_fault_and_half_a_cent_is_the_customers(percent, amount):
    verdict = asked(A.RETURN, policy=policy(restocking_percent=percent), reason=Reason.DOES_NOT_FIT)
    assert (verdict.outcome, verdict.amount) == (ELIGIBLE, euros(amount))
    assert (f", {percent} % kept" in verdict.checks[-2].text) == (percent > 0)


def test_restocking_makes_a_reason_needed_and_the_shops_fault_costs_nothing():
    keeping = policy(restocking_percent=10)
    assert asked(policy=keeping).outcome is Outcome.REASON_WANTED
    assert asked(policy=keeping, reason=Reason.DEFECTIVE).amount == euros(6490)
    assert asked(A.CANCEL, order=PENDING, policy=keeping).amount == euros(6490), "nothing comes back"
    assert asked(A.EXCHANGE, policy=keeping).outcome is ELIGIBLE


def test_where_everything_would_be_kept_a_person_decides():
    assert asked(policy=policy(restocking_percent=100), reason=Reason.CHANGED_MIND).outcome is PERSON


@pytest.mark.parametrize(("count", "outcome"), [(0, ELIGIBLE), (1, ELIGIBLE), (2, PERSON), (9, PERSON)])
def test_more_refunds_than_usual_in_a_month_are_looked_at_by_a_person(count, outcome):
    verdict = asked(refunds_this_month=count)
    assert (verdict.outcome, verdict.rule, verdict.amount) == (outcome, None, euros(6490))


@pytest.mark.parametrize(
    ("alone", "second", "approvals"),
    [
        ({}, {"EUR": 20_000}, 1), ({"EUR": 6489}, {"EUR": 20_000}, 1), ({"EUR": 6490}, {"EUR": 20_000}, 0),
        ({"EUR": 6490}, {"EUR": 6490}, 2), ({}, {"EUR": 6491}, 1), ({"EUR": 9000}, {}, 2),
        ({"USD": 9000}, {"EUR": 9000}, 1),
    ],
)  # fmt: skip
def test_how_many_people_approve_follows_from_the_amount_in_its_currency(alone, second, approvals):
    limits = policy(alone_up_to=alone, second_person_above=second)
    assert asked(policy=limits).approvals == approvals
    for sent_anew in (A.EXCHANGE, A.REPLACEMENT):
        verdict = asked(sent_anew, policy=limits)
        assert (verdict.approvals, verdict.amount) == (approvals, None), "goods count as money does"


def test_what_a_person_decides_is_never_approved_by_nobody():
    assert asked(refunds_this_month=5).approvals == 1
    assert RefundPolicy().alone_up_to == {}, "a fresh policy lets nothing out alone"


# Data that cannot be.


@pytest.mark.parametrize(
    "changed",
    [
        {"total": euros(-1), "refunded": euros(-2)},
        {"refunded": euros(-1)},
        {"refunded": euros(6491)},
        {"refunded": Money(0, "USD")},
        {"items": (replace(LAMP, quantity=0),)},
        {"items": (replace(LAMP, price_minor=-1),)},
        {"items": (OrderItem("", "Nothing", 1, 1),)},
        {"status": "teleported"},
        {"placed_at": NOW + DAY, "delivered_at": None},
        {"delivered_at": NOW + DAY},
        {"delivered_at": ORDER.placed_at - DAY},
    ],
)
def test_an_order_that_cannot_be_so_is_a_persons_and_says_no_amount(changed):
    odd = order(**changed)
    anything = policy(allowed=dict.fromkeys(("delivered", "teleported"), frozenset(A)))
    verdict = asked(order=odd, policy=anything)
    assert (verdict.outcome, verdict.amount, len(verdict.checks)) == (PERSON, None, 1)
    assert odd.oddness(NOW.astimezone(UTC))
