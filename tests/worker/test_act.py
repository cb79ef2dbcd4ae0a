"""The machine of an order action: begun once, looked at before it is repeated, ended in one transaction."""

from dataclasses import replace
from datetime import timedelta

import pytest

from storage import act_ends, act_work, desk, found_out
from storage.due import Kind, tenants_due
from tests.support.acting import HURRIED_SHOP, Acting, running_shop
from worker import act as stage
from worker.act import LOOKS, UNKNOWN


@pytest.fixture(scope="module")
def outside():
    with running_shop() as shop:
        yield shop


@pytest.fixture
def acting(shop, outside):
    outside.reset()
    return Acting(shop, outside)


@pytest.fixture
def connected(acting):
    acting.connect()
    return acting


def test_without_a_webhook_the_ledger_is_all_and_nobody_outside_is_asked(acting):
    found = acting.approved()
    assert acting.run() == 1
    assert (acting.state(found.act), acting.ledger(found.act)) == ("done", ["promised", "paid"])
    assert acting.outside.posts == acting.outside.looks == 0
    assert (acting.case(found), acting.reply(found)) == ("executed", "pending")


def test_what_the_shop_did_is_booked_under_its_name_and_the_customer_is_told(connected):
    found = connected.approved()
    connected.run()
    row = connected.shop.rows("SELECT * FROM order_act WHERE id = %s", found.act)[0]
    assert (row.state, row.provider_reference, row.attempts, row.looks) == ("done", "SHOP-00001", 1, 0)
    assert row.done_at >= row.sending_at
    assert row.sent_to == connected.outside.base_url
    entry = connected.shop.rows("SELECT * FROM ledger_entry WHERE kind = 'paid'")[0]
    assert (entry.key, entry.amount_minor, entry.provider_reference) == (found.act, 2000, "SHOP-00001")
    assert (connected.case(found), connected.reply(found)) == ("executed", "pending")
    assert connected.outside.effects(found.act) == 1
    passed = connected.shop.rows("SELECT to_state FROM case_event WHERE case_id = %s ORDER BY id", found.case)
    assert [row.to_state for row in passed] == ["executing", "executed"]


def test_the_case_is_confirmed_when_its_reply_has_left(connected):
    found = connected.approved()
    connected.shop.settle_over_time(3)
    assert connected.reply(found) == "sent"
    assert connected.case(found) == "confirmed"


def test_what_took_more_than_a_day_is_told_all_the_same(connected):
    found = connected.approved()
    connected.shop.change(
        "UPDATE outbox SET automatic = true, created_at = now() - interval '26 hours' WHERE id = %s", found.reply
    )
    connected.shop.settle_over_time(3)
    assert connected.reply(found) == "sent"


def test_a_reply_of_an_act_that_was_not_done_confirms_nothing(connected):
    found = connected.approved(10_000_000, promised=False)
    with connected.shop.services.database.transaction(connected.shop.tenant) as db:
        act_ends.confirmed(db, connected.shop.tenant, found.reply)
    assert connected.case(found) == "approved"


@pytest.mark.parametrize(("action", "amount"), [("return", None), ("exchange", None), ("replacement", 500)])
def test_what_pays_nothing_back_leaves_the_ledger_alone(connected, action, amount):
    act = connected.act(amount, action=action)
    connected.run()
    assert (connected.state(act), connected.ledger(act)) == ("done", [])


def test_a_cancellation_pays_back_what_was_promised(connected):
    connected.order("LO-2", 3000, status="pending")
    act = connected.act(3000, action="cancel", number="LO-2")
    connected.run()
    assert (connected.state(act), connected.ledger(act)) == ("done", ["promised", "paid"])
    assert connected.outside.orders["LO-2"].status == "cancelled"


def test_a_refusal_gives_the_money_back_to_the_order_and_the_decision_to_a_person(connected):
    connected.outside.orders.clear()
    found = connected.approved()
    connected.run()
    assert (connected.state(found.act), connected.ledger(found.act)) == ("refused", ["promised", "released"])
    assert connected.refunded() == 0
    assert (connected.case(found), connected.reply(found)) == ("person", "cancelled")
    decision = connected.decision(found)
    assert (decision.disposition, decision.settled_at, decision.importance) == ("hold", None, 4)
    assert decision.reason == "It was not done: There is no such order."
    assert connected.one("SELECT count(*) FROM event WHERE kind = 'order_act_to_person'") == 1


def test_who_dismisses_what_the_shop_refused_ends_its_case_with_it(connected):
    connected.outside.orders.clear()
    found = connected.approved()
    connected.run()
    assert connected.case(found) == "person"
    services, tenant = connected.shop.services, connected.shop.tenant
    with services.database.transaction(tenant) as db:
        assert desk.dismiss(db, tenant, found.decision, member=connected.shop.workspace.owner)
    assert connected.case(found) == "withdrawn"


def test_what_a_person_had_settled_comes_back_into_the_queue(connected):
    connected.outside.orders.clear()
    found = connected.approved(needed=1)
    owner = connected.shop.workspace.owner
    connected.shop.change(
        "UPDATE decision SET disposition = 'hold', settled_at = now(), settled_by = %s, settlement = 'sent',"
        " importance = 5 WHERE id = %s", owner, found.decision,
    )  # fmt: skip
    connected.run()
    decision = connected.decision(found)
    assert (decision.settled_at, decision.settled_by, decision.settlement, decision.importance) == (None, None, None, 5)


def test_a_shop_that_does_not_say_is_looked_at_and_not_asked_again(connected):
    connected.outside.fault("act", "500_after")
    found = connected.approved()
    connected.run()
    assert (connected.state(found.act), connected.ledger(found.act)) == ("uncertain", ["promised"])
    assert (connected.case(found), connected.reply(found)) == ("executing", "waiting")
    connected.later()
    assert (connected.state(found.act), connected.outside.posts, connected.outside.looks) == ("done", 1, 1)


def test_what_the_shop_never_took_is_asked_again_under_the_same_key(connected):
    connected.outside.fault("act", "500_before")
    act = connected.act()
    connected.run()
    assert connected.outside.effects(act) == 0
    connected.later()
    assert (connected.state(act), connected.outside.posts, connected.outside.looks) == ("done", 2, 1)
    assert connected.outside.effects(act) == 1


def test_a_look_that_lies_late_doubles_nothing_because_the_key_is_the_same(connected):
    connected.outside.fault("act", "drop_after")
    connected.outside.fault("look", "404")
    act = connected.act()
    connected.run()
    connected.later()
    assert (connected.state(act), connected.outside.posts) == ("done", 2)
    assert connected.outside.effects(act) == 1
    assert connected.outside.kept[str(act)].asked == 2


def test_reconciliation_asks_before_it_repeats(connected):
    """Ten times unclear, each time done: ten looks, and not one question more than the first."""
    acts = []
    for _ in range(10):
        connected.outside.fault("act", "500_after")
        acts.append(connected.act(100))
        connected.run()
    assert connected.outside.posts == 10
    connected.later()
    assert (connected.outside.posts, connected.outside.looks) == (10, 10)
    assert {connected.state(act) for act in acts} == {"done"}


def test_a_look_that_fails_is_not_counted_and_repeats_nothing(connected):
    connected.outside.fault("act", "drop_after")
    connected.outside.fault("look", "500_before", times=5)
    act = connected.act()
    connected.run()
    connected.later(5)
    assert connected.state(act) == "uncertain"
    assert connected.one("SELECT looks FROM order_act") == 0
    assert connected.outside.posts == 1
    connected.later()
    assert connected.state(act) == "done"


def test_what_the_shop_never_says_becomes_a_persons_after_a_day_and_its_promise_stays(connected):
    connected.outside.fault("act", "drop_after")
    connected.outside.fault("look", "unknown", times=100)
    found = connected.approved()
    connected.run()
    connected.later(len(LOOKS) - 1)
    assert connected.state(found.act) == "uncertain"
    connected.later()
    assert connected.state(found.act) == "needs_person"
    assert connected.ledger(found.act) == ["promised"]
    assert connected.refunded() == 2000
    assert (connected.case(found), connected.reply(found)) == ("person", "held")
    assert (connected.decision(found).disposition, connected.decision(found).reason) == ("hold", UNKNOWN)
    assert connected.decision(found).importance == 4
    assert connected.outside.posts == 1
    assert sum(LOOKS, timedelta()) > timedelta(hours=23)


def test_what_a_person_then_finds_out_brings_the_case_to_its_end_with_the_reply_that_they_send(connected):
    connected.outside.fault("act", "drop_after")
    connected.outside.fault("look", "unknown", times=100)
    found = connected.approved()
    connected.run()
    connected.later(len(LOOKS))
    services, tenant, owner = connected.shop.services, connected.shop.tenant, connected.shop.workspace.owner
    with services.database.transaction(tenant) as db:
        assert found_out.settle(db, tenant, found.act, member=owner, was_done=True, reference="R-9")
    assert (connected.state(found.act), connected.case(found)) == ("done", "executed")
    with services.database.transaction(tenant) as db:
        assert desk.send(db, tenant, found.decision, member=owner, text_to_send="It is done.", reference="ABCDEF")
    connected.shop.settle_over_time(3)
    assert (connected.reply(found), connected.case(found)) == ("sent", "confirmed")


def test_the_looks_wait_as_they_should(connected):
    connected.outside.fault("act", "drop_after")
    connected.outside.fault("look", "unknown", times=100)
    connected.act()
    waits = []
    for _ in range(5):
        connected.later()
        waits.append(connected.one("SELECT next_at - now() FROM order_act"))
    assert [round(wait.total_seconds() / 60) for wait in waits] == [1, 5, 15, 60, 60]


def test_a_shop_that_cannot_be_asked_for_three_days_is_a_persons(connected):
    connected.outside.fault("act", "drop_after")
    connected.outside.fault("look", "500_before", times=100)
    act = connected.act()
    connected.run()
    connected.later()
    connected.shop.change("UPDATE order_act SET sending_at = now() - interval '73 hours'")
    connected.later()
    assert (connected.state(act), connected.ledger(act)) == ("needs_person", ["promised"])
    assert connected.error(act).startswith(UNKNOWN)


def test_a_shop_that_never_answers_and_never_knows_is_asked_again_only_so_often(connected):
    connected.outside.fault("act", "500_before", times=1000)
    act = connected.act()
    connected.run()
    connected.later(len(LOOKS) + 3)
    assert connected.state(act) == "needs_person"
    assert connected.outside.posts == len(LOOKS)
    assert connected.outside.effects(act) == 0


def test_a_shop_that_cannot_be_reached_was_not_asked_and_is_tried_again(connected):
    connected.connect(url="http://127.0.0.1:9")
    act = connected.act()
    before = connected.one("SELECT now()")
    connected.run()
    row = connected.shop.rows("SELECT * FROM order_act")[0]
    assert (row.state, row.sending_at, row.sent_to) == ("pending", None, "")
    assert row.next_at > before + timedelta(seconds=1)
    connected.connect()
    connected.later()
    assert (connected.state(act), connected.outside.looks) == ("done", 0)


def test_a_shop_that_cannot_be_reached_in_a_hundred_tries_is_a_persons_and_the_order_has_its_money(connected):
    connected.connect(url="http://127.0.0.1:9")
    found = connected.approved()
    connected.shop.change("UPDATE order_act SET attempts = 99")
    connected.run()
    assert (connected.state(found.act), connected.ledger(found.act)) == ("refused", ["promised", "released"])
    assert connected.decision(found).reason == "It was not done: The shop could not be reached. It was tried 100 times."


def test_a_refusal_that_the_look_does_not_confirm_is_a_persons(connected):
    connected.outside.fault("act", "drop_after")
    connected.outside.fault("look", "404", times=2)
    act = connected.act()
    connected.run()
    connected.outside.kept.clear()
    connected.outside.orders.clear()
    connected.later()
    assert (connected.state(act), connected.ledger(act)) == ("needs_person", ["promised"])
    assert connected.error(act).startswith("Asked again, the shop refused")


def test_a_refusal_of_a_repetition_that_was_done_at_first_is_found_to_be_done(connected):
    connected.outside.fault("act", "drop_after")
    connected.outside.fault("act", "401")
    connected.outside.fault("look", "404")
    act = connected.act()
    connected.run()
    connected.later()
    assert (connected.state(act), connected.ledger(act)) == ("done", ["promised", "paid"])


def test_a_wrong_signature_is_a_refusal_that_says_so(connected):
    from adapters.shop_webhook import new_secret

    connected.connect(secret=new_secret())
    act = connected.act()
    connected.run()
    assert (connected.state(act), connected.ledger(act)) == ("refused", ["promised", "released"])
    assert connected.error(act) == "It was not done: The shop did not accept our signature."


def test_the_kill_switch_holds_what_nobody_approved_under_a_new_key_and_gives_the_money_back(connected):
    found = connected.approved()
    connected.shop.change("UPDATE tenant SET answering = false")
    connected.run()
    assert connected.outside.posts == 0
    assert (connected.state(found.act), connected.ledger(found.act)) == ("cancelled", ["promised", "released"])
    row = connected.shop.rows("SELECT * FROM order_act WHERE state = 'held'")[0]
    assert (row.approvals_needed, row.amount_minor, row.case_id, row.decision_id) == (
        1,
        2000,
        found.case,
        found.decision,
    )
    assert connected.reply(found) == "held"
    assert connected.one("SELECT act_id FROM outbox WHERE id = %s", found.reply) == row.id
    assert connected.case(found) == "person"
    assert connected.decision(found).reason == "Answering by itself is paused."
    assert connected.refunded() == 0


def test_the_kill_switch_stops_nothing_that_people_approved(connected):
    act = connected.act(needed=1)
    connected.shop.change("UPDATE tenant SET answering = false")
    connected.run()
    assert connected.state(act) == "done"


def test_the_kill_switch_repeats_nothing_and_gives_nothing_back_of_what_may_be_with_the_shop(connected):
    connected.outside.fault("act", "drop_after")
    connected.outside.fault("look", "404", times=2)
    act = connected.act()
    connected.run()
    connected.shop.change("UPDATE tenant SET answering = false")
    connected.later(2)
    assert (connected.state(act), connected.outside.posts) == ("uncertain", 1)
    assert connected.ledger(act) == ["promised"]
    connected.later()
    assert connected.state(act) == "done"


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"case_state": "person"}, "Its case went another way meanwhile."),
        ({"needed": 2, "approvals": 1}, "Not enough people have approved it."),
        ({"promised": False}, "The ledger holds no promise for it."),
    ],
)
def test_what_lacks_its_grounds_is_never_begun(connected, more, reason):
    found = connected.approved(**more)
    connected.run()
    assert connected.outside.posts == 0
    assert (connected.state(found.act), connected.error(found.act)) == ("cancelled", reason)
    assert (connected.case(found), connected.decision(found).disposition) == ("person", "hold")


def test_what_was_sent_to_one_address_is_never_asked_of_another(connected):
    connected.outside.fault("act", "drop_after")
    act = connected.act()
    connected.run()
    with running_shop() as other:
        other.order("LO-1", 1_000_000)
        connected.connect(other.base_url, other.secret)
        connected.later(2)
        assert other.posts == other.looks == 0
    assert (connected.state(act), connected.ledger(act)) == ("needs_person", ["promised"])


def test_a_webhook_that_was_taken_away_makes_nothing_done_that_was_asked_of_it(connected):
    connected.outside.fault("act", "500_before")
    act = connected.act()
    connected.run()
    connected.disconnect()
    connected.later()
    assert connected.state(act) == "needs_person"


def test_a_new_secret_at_the_same_address_is_used_for_what_is_under_way(connected):
    from adapters.shop_webhook import new_secret

    connected.outside.fault("act", "drop_after")
    act = connected.act()
    connected.run()
    before, connected.outside.secret = connected.outside.secret, new_secret()
    try:
        connected.connect()
        connected.later()
        assert connected.state(act) == "done"
    finally:
        connected.outside.secret = before


def test_whoever_lost_the_lease_changes_nothing(connected):
    connected.act()
    services, tenant = connected.shop.services, connected.shop.tenant
    with services.database.transaction(tenant) as db:
        lost = act_work.claim(db, tenant, timedelta(0))
    connected.shop.change("UPDATE order_act SET lease_until = NULL")
    with services.database.transaction(tenant) as db:
        mine = act_work.claim(db, tenant, timedelta(minutes=3))
    assert mine.fence == lost.fence + 1
    with services.database.transaction(tenant) as db:
        assert act_work.begin(db, lost, "", stage.LEASE)[0] is act_work.Gate.LOST
        assert not act_ends.done(db, lost, "x")
        assert not act_ends.refused(db, lost, "x")
        assert not act_ends.needs_person(db, lost, "x")
        assert not act_ends.held(db, lost, "x")
        assert not act_work.uncertain(db, lost, after=timedelta(), error="x")
        assert act_work.begin(db, mine, "", stage.LEASE)[0] is act_work.Gate.OPEN
    assert connected.ledger(mine.id) == ["promised"]


def test_two_workers_never_have_the_same_act(connected):
    connected.act()
    services, tenant = connected.shop.services, connected.shop.tenant
    with services.database.transaction(tenant) as one, services.database.transaction(tenant) as two:
        assert act_work.claim(one, tenant, stage.LEASE) is not None
        assert act_work.claim(two, tenant, stage.LEASE) is None


def test_a_slow_shop_makes_the_others_of_its_tenant_wait_and_nobody_else(connected, monkeypatch):
    monkeypatch.setattr(stage, "SLOW", 0.3)
    connected.shop.services.shops_http = HURRIED_SHOP
    connected.outside.fault("act", "slow", seconds=5.0)
    for _ in range(3):
        connected.act()
    assert connected.run() == 1
    with connected.shop.services.listener_database.without_tenant() as db:
        assert tenants_due(db, Kind.ACT) == []


def test_a_mail_of_ours_that_kills_its_worker_a_thousand_times_ends(connected):
    act = connected.act()
    connected.shop.change("UPDATE order_act SET attempts = 1000")
    connected.run()
    assert (connected.state(act), connected.ledger(act)) == ("cancelled", ["promised", "released"])


def test_a_secret_that_does_not_open_refuses_before_anything_was_asked(connected):
    act = connected.act()
    connected.shop.change("UPDATE shop_webhook SET secret_sealed = %s", b"\x01\x02k1" + b"x" * 60)
    connected.run()
    assert (connected.state(act), connected.outside.posts) == ("refused", 0)


def test_an_address_in_a_private_network_is_not_asked(connected):
    services = connected.shop.services
    services.shops_http = replace(services.shops_http, private_allowed=False)
    act = connected.act()
    connected.run()
    assert (connected.state(act), connected.outside.posts) == ("refused", 0)
    assert "https" in connected.error(act)
