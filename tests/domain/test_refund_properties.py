"""What holds for every policy, order and request, however odd."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as some

from domain.money import Money
from domain.order import ORDER_STATUSES, Order, OrderItem
from domain.order_action import Action, WantedItem
from domain.refund_amount import left_of
from domain.refund_policy import RefundPolicy
from domain.refund_rules import Outcome, Request, judge
from domain.request import Reason
from tests.support.refunds import NOW

SKUS, KINDS, CURRENCIES = ("A", "B", "C"), ("lamps", "food", ""), ("EUR", "USD")
NAMES = some.sampled_from((frozenset(), frozenset(), frozenset({"a", "FOOD"}), frozenset({"lamps"}), frozenset({"B"})))
LIMITS = some.dictionaries(some.sampled_from(CURRENCIES), some.integers(0, 3000))
STATUSES = some.sampled_from(ORDER_STATUSES)


def mostly(usual, *odd):
    """Odd things are rare: otherwise nothing is ever granted, and the properties say nothing."""
    return some.integers(0, 9).flatmap(lambda number: some.one_of(*odd) if number == 6 else usual)


items = some.builds(
    OrderItem, some.sampled_from(SKUS), some.just("Thing"), some.integers(1, 3), some.integers(0, 500),
    some.sampled_from(KINDS), mostly(some.just(value=False), some.just(value=True)),
)  # fmt: skip


@some.composite
def orders(draw):
    currency, lines = draw(some.sampled_from(CURRENCIES)), tuple(draw(some.lists(items, max_size=4)))
    listed = sum(line.price_minor * line.quantity for line in lines)
    total = draw(mostly(some.integers(max(listed - 300, 0), listed + 300), some.integers(-1, 3000)))
    refunded = draw(mostly(some.just(0), some.integers(0, max(total, 0)), some.just(total), some.integers(-2, 3001)))
    age = draw(mostly(some.integers(0, 40), some.integers(-1, 90)))
    delivered = draw(mostly(some.integers(0, max(age, 0)), some.none(), some.integers(-1, 90)))
    told = draw(mostly(some.integers(0, max(age, 0)), some.none(), some.integers(-1, 90)))
    moment = {days: NOW - timedelta(days=days) for days in range(-1, 91)}
    return Order(
        number="X", customer_email="a@b.example", status=draw(STATUSES), total=Money(total, currency),
        refunded=Money(refunded, currency), placed_at=moment[age], delivered_at=moment.get(delivered),
        items=lines, status_at=moment.get(told),
    )  # fmt: skip


ANYTHING = frozenset(Action)
rarely = mostly(some.just(value=False), some.just(value=True))
policies = some.builds(
    RefundPolicy,
    allowed=some.fixed_dictionaries(
        dict.fromkeys(ORDER_STATUSES, mostly(some.just(ANYTHING), some.frozensets(some.sampled_from(Action))))
    ),
    window_days=some.dictionaries(STATUSES, some.integers(0, 60)),
    final_sale=NAMES,
    excluded=NAMES,
    evidence_for=some.sampled_from((frozenset(), frozenset({Reason.DAMAGED, Reason.DOES_NOT_FIT}))),
    reason_needed=rarely,
    partial=rarely.map(lambda no: not no),
    restocking_percent=mostly(some.just(0), some.integers(0, 100)),
    per_customer_and_month=some.integers(0, 3),
    alone_up_to=LIMITS,
    second_person_above=LIMITS,
)
requests = some.builds(
    Request,
    some.sampled_from(Action),
    some.lists(
        some.builds(
            WantedItem, mostly(some.sampled_from(SKUS), some.just("Z")), mostly(some.just(1), some.integers(-1, 4))
        ),
        max_size=2,
    ).map(tuple),
    mostly(some.sampled_from((None, Reason.DOES_NOT_FIT, Reason.DAMAGED)), some.sampled_from(Reason)),
    some.sampled_from(((), ("sha",))),
    mostly(some.just(0), some.integers(0, 3)),
)


@some.composite
def stricter(draw, policy):
    """The same policy, or one that gives less in any of its points."""

    def some_of(values):
        return draw(some.sets(some.sampled_from(sorted(values)))) if values else set()

    return replace(
        policy,
        allowed={status: frozenset(some_of(actions)) for status, actions in policy.allowed.items()},
        window_days={
            status: draw(some.integers(0, policy.window_days.get(status, 60)))
            for status in {*policy.window_days, *some_of(ORDER_STATUSES)}
        },
        final_sale=policy.final_sale | draw(NAMES),
        excluded=policy.excluded | draw(NAMES),
        evidence_for=policy.evidence_for | draw(some.frozensets(some.sampled_from(Reason), max_size=2)),
        reason_needed=policy.reason_needed or draw(some.booleans()),
        partial=policy.partial and draw(some.booleans()),
        restocking_percent=draw(some.integers(policy.restocking_percent, 100)),
        per_customer_and_month=draw(some.integers(0, policy.per_customer_and_month)),
    )


@settings(max_examples=200)
@given(requests, orders(), policies)
def test_an_amount_is_never_more_than_is_left_and_never_nothing(request, order, policy):
    verdict = judge(request, order, policy, NOW)
    if verdict.amount is not None:
        assert 0 < verdict.amount.minor <= left_of(order)
        assert verdict.amount.currency == order.total.currency


@settings(max_examples=200)
@given(requests, orders(), policies)
def test_nothing_is_granted_that_the_policy_does_not_allow_for_the_status(request, order, policy):
    verdict = judge(request, order, policy, NOW)
    if verdict.outcome is Outcome.ELIGIBLE:
        assert verdict.action in policy.allowed[order.status]
        assert verdict.action is request.action or verdict.action in {Action.RETURN, Action.CANCEL, Action.REFUND}
        assert (verdict.amount is None) == (verdict.action in {Action.EXCHANGE, Action.REPLACEMENT})


@settings(max_examples=400)
@given(some.data(), requests, orders(), policies)
def test_a_stricter_policy_never_grants_what_was_refused(data, request, order, policy):
    before = judge(request, order, policy, NOW)
    after = judge(request, order, data.draw(stricter(policy)), NOW)
    if before.outcome is Outcome.REFUSED:
        assert after.outcome is not Outcome.ELIGIBLE
    if before.outcome is Outcome.ELIGIBLE is after.outcome and before.action is after.action and before.amount:
        assert after.amount.minor <= before.amount.minor


@settings(max_examples=150)
@given(requests, orders(), policies)
def test_the_same_facts_give_the_same_verdict_with_a_reason_for_each_check(request, order, policy):
    verdict = judge(request, order, policy, NOW)
    assert verdict == judge(request, order, replace(policy, version=policy.version + 1), NOW)
    assert verdict.reason
    assert (verdict.rule is None) == (verdict.outcome is not Outcome.REFUSED)
    assert all(check.text and check.passed for check in verdict.checks[:-1])
    assert verdict.checks[-1].passed == (verdict.outcome is Outcome.ELIGIBLE)


@settings(max_examples=150)
@given(orders())
def test_the_items_one_by_one_never_bring_more_than_the_order(order):
    """Each kind of item asked for alone, as if nothing had been paid back before."""
    order = replace(order, total=Money(abs(order.total.minor), "EUR"), refunded=Money(0, "EUR"), status="returned")
    pieces = Counter()
    for line in order.items:
        pieces[line.sku] += line.quantity
    generous = RefundPolicy(allowed={"returned": frozenset({Action.REFUND})}, window_days={})
    verdicts = [
        judge(Request(Action.REFUND, (WantedItem(sku, count),)), order, generous, NOW) for sku, count in pieces.items()
    ]
    assert sum(one.amount.minor for one in verdicts if one.amount) <= order.total.minor
