"""Every fault of a shop, in the question and in the look: money moves once for one key or not at all, never twice."""

import itertools
import random

import pytest

from sandbox.order_shop import OrderShop
from tests.support.acting import HURRIED_SHOP, PATIENT_SHOP, Acting, running_shop
from worker.act import LOOKS

# What a shop may do wrong when it is asked, and when it is looked at. "" is nothing.
ACT_FAULTS = (
    *("", "500_before", "500_after", "503_before", "503_after", "429", "404", "401", "drop_before", "drop_after"),
    *("slow", "slow_before", "malformed_json", "short_read", "huge", "html", "html_after", "redirect", "accepted"),
    *("unknown", "other_key"),
)
LOOK_FAULTS = (
    *("", "500_before", "503_before", "429", "404", "401", "drop_before", "slow", "malformed_json", "short_read"),
    *("huge", "html", "redirect", "accepted", "unknown", "other_key"),
)
SECONDS = 1.2
# What an honest shop proves by it: that it did not do it.
PROOFS = {"401"}


@pytest.fixture(scope="module")
def outside():
    with running_shop() as shop:
        yield shop


@pytest.fixture
def acting(shop, outside):
    outside.reset()
    acting = Acting(shop, outside)
    acting.connect()
    return acting


def assert_books_agree(acting: Acting, act, told: object = "") -> None:
    """What the ledger says is never less than what the shop did, and says paid only where it did."""
    effects, ledger = acting.outside.effects(act), acting.ledger(act)
    assert effects in {0, 1}, told
    ended = ledger[-1]
    assert ledger[0] == "promised"
    assert len(ledger) <= 2, told
    if ended == "released":
        assert effects == 0, f"given back, and the shop paid: {told}"
    if ended == "paid":
        assert effects == 1, f"booked, and the shop did not pay: {told}"


@pytest.mark.parametrize("act_fault", ACT_FAULTS)
def test_every_fault_of_the_question_with_every_fault_of_the_look(acting, act_fault):
    """Each pair with an act of its own; then time passes until every one has ended."""
    acts = {}
    for look_fault in LOOK_FAULTS:
        acting.outside.faults.clear()
        acting.shop.services.shops_http = HURRIED_SHOP if "slow" in act_fault + look_fault else PATIENT_SHOP
        if act_fault:
            acting.outside.fault("act", act_fault, seconds=SECONDS)
        if look_fault:
            acting.outside.fault("look", look_fault, seconds=SECONDS)
        act = acting.act(100)
        acting.run()
        assert_books_agree(acting, act, (act_fault, look_fault))
        acting.shop.change("UPDATE order_act SET next_at = now(), lease_until = NULL WHERE id = %s", act)
        acting.run()
        assert_books_agree(acting, act, (act_fault, look_fault))
        acts[look_fault] = act
    acting.outside.faults.clear()
    acting.shop.services.shops_http = PATIENT_SHOP
    acting.later(3)
    for look_fault, act in acts.items():
        told = act_fault, look_fault
        assert_books_agree(acting, act, told)
        assert acting.state(act) == ("refused" if act_fault in PROOFS else "done"), told
        assert acting.outside.effects(act) == (0 if act_fault in PROOFS else 1), told


@pytest.mark.parametrize("fault", sorted(set(ACT_FAULTS) - {"", "slow", "slow_before"}))
def test_a_shop_that_never_gets_better_pays_at_most_once_and_ends_with_a_person(acting, fault):
    act = acting.act(100)
    acting.outside.fault("act", fault, times=1000)
    acting.outside.fault("look", "unknown", times=1000)
    acting.run()
    acting.later(len(LOOKS) + 2)
    assert_books_agree(acting, act, fault)
    assert acting.state(act) in {"needs_person", "refused"}
    assert acting.state(act) == "refused" or acting.ledger(act) == ["promised"]
    assert (acting.state(act) == "refused") == (fault in PROOFS)


@pytest.mark.parametrize("refusal", ["no order", "more than was paid"])
@pytest.mark.parametrize("fault", ["", "500_before", "500_after", "drop_after", "html_after", "accepted"])
def test_a_refusal_through_any_fault_is_found_and_the_money_is_free_again(acting, refusal, fault):
    if refusal == "no order":
        acting.outside.orders.clear()
    else:
        acting.outside.orders["LO-1"].refunded_minor = 1_000_000
    if fault:
        acting.outside.fault("act", fault)
    act = acting.act(100)
    acting.run()
    acting.later(3)
    assert (acting.state(act), acting.ledger(act)) == ("refused", ["promised", "released"])
    assert (acting.outside.effects(act), acting.refunded()) == (0, 0)


@pytest.mark.parametrize("seed", range(6))
def test_a_week_of_random_trouble_pays_each_key_once_at_most(acting, seed):
    dice = random.Random(seed)
    acting.outside.orders["LO-1"].total_minor = 1500
    acts = []
    for _ in range(25):
        acting.outside.faults.clear()
        for route, faults in (("act", ACT_FAULTS), ("look", LOOK_FAULTS)):
            fault = dice.choice([one for one in faults if not one.startswith("slow")])
            if fault:
                acting.outside.fault(route, fault, times=dice.randint(1, 3))
        acts.append(acting.act(100))
        acting.later(dice.randint(1, 2))
    acting.outside.faults.clear()
    acting.later(4)
    for act in acts:
        assert_books_agree(acting, act, seed)
    states = [acting.state(act) for act in acts]
    # A person has those of which the shop refused a repetition and hid the first: their promises stay.
    assert set(states) <= {"done", "refused", "needs_person"}
    paid = sum(acting.outside.effects(act) for act in acts)
    assert states.count("done") <= paid <= states.count("done") + states.count("needs_person")
    assert acting.outside.orders["LO-1"].refunded_minor == 100 * paid
    assert acting.refunded() == 100 * (states.count("done") + states.count("needs_person")) >= 100 * paid


def test_the_matrix_finds_the_double_of_a_shop_without_keys(acting):
    """The harness can fail: a shop that does what it is asked each time, and whose look lies late."""
    acting.outside.forgetful = True
    acting.outside.fault("act", "drop_after")
    acting.outside.fault("look", "404")
    act = acting.act(100)
    acting.run()
    acting.later()
    assert acting.outside.effects(act) == 2
    with pytest.raises(AssertionError):
        assert_books_agree(acting, act)


def test_every_fault_that_the_matrix_names_is_played(outside):
    for fault, _ in itertools.product({*ACT_FAULTS, *LOOK_FAULTS} - {""}, [0]):
        OrderShop(outside.secret).fault("act", fault)
