"""A tenant's policies: every version kept, one writer at a time, and what a new one would have changed."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from domain.errors import BadInput, NeedsPerson, TryAgain
from domain.money import Money
from domain.order_action import Action
from domain.refund_policy import RefundPolicy, Rule
from domain.refund_rules import Outcome
from storage import mailboxes, orders, refund_policies
from tests.support.refunds import ORDER, enter
from tests.support.waiting import until

STRICT = RefundPolicy(window_days={"delivered": 5}, phrases={Rule.WINDOW: {"en": "Too late: {days} days."}})


@pytest.fixture
def shop(database, workspace):
    return Shop(database, workspace)


class Shop:
    def __init__(self, database, workspace):
        self.database, self.tenant, self.owner = database, workspace.id, workspace.owner

    def save(self, policy):
        with self.database.transaction(self.tenant) as db:
            return refund_policies.save(db, self.tenant, policy, self.owner)

    def ask(self, question, *arguments):
        with self.database.transaction(self.tenant) as db:
            return question(db, self.tenant, *arguments)

    def change(self, sql, **values):
        with self.database.transaction(self.tenant) as db:
            db.execute(text(sql), {"tenant": self.tenant, **values})


def test_the_usual_policy_is_in_force_until_one_is_written(shop):
    assert shop.ask(refund_policies.newest) == RefundPolicy()
    assert shop.ask(refund_policies.of_version, 0) == RefundPolicy()
    assert shop.ask(refund_policies.of_version, 1) is None
    assert shop.ask(refund_policies.versions) == []


def test_each_version_is_kept_with_its_number_and_writer(shop):
    assert shop.save(STRICT) == 1
    assert shop.save(RefundPolicy(version=1, partial=False)) == 2
    assert shop.ask(refund_policies.newest) == RefundPolicy(version=2, partial=False)
    assert shop.ask(refund_policies.of_version, 1) == replace(STRICT, version=1)
    written = shop.ask(refund_policies.versions)
    assert [(one.version, one.written_by) for one in written] == [(2, "Olivia Owner"), (1, "Olivia Owner")]
    assert written[0].written_at.tzinfo


@pytest.mark.parametrize("edited_from", [0, 2, 7])
def test_who_edited_an_older_version_is_told_so(shop, edited_from):
    shop.save(STRICT)
    with pytest.raises(TryAgain):
        shop.save(replace(STRICT, version=edited_from))
    assert shop.ask(refund_policies.newest).version == 1


def test_of_two_who_save_at_once_one_is_told_so(shop):
    """The second waits for the first transaction, and finds its number taken."""
    told = []

    def second():
        try:
            shop.save(RefundPolicy(partial=False))
        except TryAgain as error:
            told.append(error)

    with shop.database.transaction(shop.tenant) as db:
        refund_policies.save(db, shop.tenant, STRICT, shop.owner)
        other = threading.Thread(target=second)
        other.start()
        until(lambda: db.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar())
    other.join(60)
    assert len(told) == 1
    assert shop.ask(refund_policies.newest) == replace(STRICT, version=1)


def test_what_could_not_be_read_again_is_not_stored(shop):
    with pytest.raises(BadInput, match="99"):
        shop.save(RefundPolicy(restocking_percent=100))
    assert shop.ask(refund_policies.versions) == []


def test_a_policy_of_a_later_release_is_not_half_understood(shop):
    shop.change(
        "INSERT INTO refund_policy (tenant_id, version, document) VALUES (:tenant, 1, CAST(:document AS jsonb))",
        document='{"partial": true, "moon_phase": "full"}',
    )
    with pytest.raises(NeedsPerson, match="moon_phase"):
        shop.ask(refund_policies.newest)


# What a policy would have changed.


@pytest.fixture
def past(shop):
    """Opens cases of one order or another, as they stood some days ago."""
    now = datetime.now(UTC)
    with shop.database.transaction(shop.tenant) as db:
        mailbox, _ = mailboxes.connect(
            db, shop.tenant, member=shop.owner, google_sub="1", address="s@shop.example", scopes=()
        )

    def opened(number, state, *, days_ago=10, action="refund", rule="", reason="", delivered_days_ago=20, refunded=0):
        with shop.database.transaction(shop.tenant) as db:
            placed, delivered = (now - timedelta(days=days) for days in (30, delivered_days_ago))
            known = replace(
                ORDER, number=number, placed_at=placed, delivered_at=delivered, refunded=Money(refunded, "EUR")
            )
            orders.save(db, shop.tenant, [known])
            conversation, case = uuid4(), uuid4()
            values = {
                "tenant": shop.tenant, "conversation": conversation, "mailbox": mailbox, "case": case, "state": state,
                "thread": str(conversation), "number": number, "action": action, "rule": rule, "reason": reason,
                "opened": now - timedelta(days=days_ago),
            }  # fmt: skip
            db.execute(
                text(
                    "INSERT INTO conversation (tenant_id, id, mailbox_id, thread_id)"
                    " VALUES (:tenant, :conversation, :mailbox, :thread)"
                ),
                values,
            )
            db.execute(
                text(
                    "INSERT INTO support_case (tenant_id, id, conversation_id, kind, state, is_open, order_number,"
                    " action, rule, reason, version, opened_at) VALUES (:tenant, :case, :conversation, 'refund',"
                    " :state, false, :number, :action, :rule, :reason, 1, :opened)"
                ),
                values,
            )
        return case

    opened.now = now
    return opened


def effect(shop, past, policy, **more):
    with shop.database.transaction(shop.tenant) as db:
        return refund_policies.effect_on_past(db, shop.tenant, policy, past.now, **more)


def test_a_policy_says_what_it_would_have_decided_on_the_day_of_each_case(shop, past):
    granted = past("LO-1", "confirmed")
    refused = past("LO-2", "refused", rule="window", days_ago=9)
    waiting = past("LO-3", "identity_wanted", days_ago=8)
    usual = effect(shop, past, RefundPolicy())
    assert [(one.case, one.before, one.verdict.outcome) for one in usual.cases] == [
        (waiting, None, Outcome.ELIGIBLE),
        (refused, Outcome.REFUSED, Outcome.ELIGIBLE),
        (granted, Outcome.ELIGIBLE, Outcome.ELIGIBLE),
    ]
    assert usual.changed == {(Outcome.REFUSED, Outcome.ELIGIBLE): 1}
    strict = effect(shop, past, STRICT)
    assert strict.changed == {(Outcome.ELIGIBLE, Outcome.REFUSED): 1}
    assert [one.changes for one in strict.cases] == [False, False, True]
    assert strict.left_out == 0


def test_what_was_paid_for_a_case_is_not_held_against_it(shop, past):
    past("LO-1", "confirmed")
    with shop.database.transaction(shop.tenant) as db:
        enter(db, shop.tenant, "paid", 6490, key=enter(db, shop.tenant, "promised", 6490))
    (one,) = effect(shop, past, RefundPolicy()).cases
    assert (one.verdict.outcome, one.verdict.amount) == (Outcome.ELIGIBLE, Money(6490, "EUR"))


def test_refunds_of_the_month_before_count_and_later_ones_do_not(shop, past):
    past("LO-1", "confirmed", days_ago=0)
    with shop.database.transaction(shop.tenant) as db:
        enter(db, shop.tenant, "promised", 1)
    past("LO-2", "person", days_ago=-1)
    future = past.now + timedelta(days=2)
    once = RefundPolicy(per_customer_and_month=1)
    with shop.database.transaction(shop.tenant) as db:
        later, earlier = refund_policies.effect_on_past(db, shop.tenant, once, future).cases
    assert (later.verdict.outcome, earlier.verdict.outcome) == (Outcome.PERSON, Outcome.ELIGIBLE)
    assert later.before is Outcome.PERSON


def test_cases_without_an_action_or_an_order_are_left_out_and_the_newest_come_first(shop, past):
    past("LO-1", "person", action="")
    for number in range(2, 6):
        past(f"LO-{number}", "person", days_ago=number, action=Action.EXCHANGE.value, reason="no such word")
    found = effect(shop, past, RefundPolicy(), limit=3)
    assert [one.order_number for one in found.cases] == ["LO-2", "LO-3", "LO-4"]
    assert found.left_out == 1


def test_where_nothing_happened_nothing_changes(shop, past):
    assert effect(shop, past, STRICT) == refund_policies.LookBack((), 0)
