"""The same seed gives the same run: its mails, its blows, its faults; an interrupted run goes on where it was."""

from collections import Counter

import pytest

from chaos.plan import FAULTS, KILL_PERCENT, plan
from chaos.state import State, Wanted, load
from sandbox.faults import KINDS
from sandbox.mix import demonstration_mix


def dealt(mails=120, kills=60, seed=1):
    return plan(list(demonstration_mix(mails, seed)), kills, seed)


def test_the_same_seed_deals_the_same_and_another_one_something_else():
    assert dealt() == dealt()
    other = plan(list(demonstration_mix(120, 1)), 60, 2)
    assert other.blows != dealt().blows
    assert other.faults != dealt().faults
    assert other.mails != dealt().mails


@pytest.mark.parametrize("kills", [9, 60, 1000])
def test_there_are_as_many_kills_as_asked_for_and_each_kind_falls(kills):
    blows = dealt(kills=kills).blows
    counted = Counter(blows)
    assert sum(counted[kind] for kind in KILL_PERCENT) == kills
    assert all(counted[kind] for kind in (*KILL_PERCENT, "redis wiped", "postgres stopped", "postgres restarted"))


def test_every_fault_lies_in_the_deck_once_and_is_one_that_the_sandbox_knows():
    deck = dealt().faults
    assert sorted(map(repr, deck)) == sorted(map(repr, FAULTS))
    assert len(set(deck)) == len(deck)
    assert {card.fault for card in deck if card.route != "expire"} <= set(KINDS)


def test_a_control_is_dealt_lost_answers_alone():
    faults = plan(list(demonstration_mix(20, 1)), 9, 1, control=True).faults
    assert {card.fault for card in faults} == {"503_after", "500_after", "drop_after"}
    assert set(faults) <= set(FAULTS)


def test_some_mails_answer_in_the_thread_of_an_earlier_one_of_the_same_shop():
    mails = dealt(mails=400).mails
    by_id = {mail.message_id: mail for mail in mails}
    answers = [mail for mail in mails if "in_reply_to" in mail.fields]
    assert answers
    for mail in answers:
        first = by_id[mail.fields["in_reply_to"]]
        assert first.number < mail.number
        assert (first.fields["to"], first.fields["from"]) == (mail.fields["to"], mail.fields["from"])
    assert len(by_id) == 400


def test_an_interrupted_run_is_found_as_it_was_left(tmp_path):
    file = tmp_path / "state.json"
    assert load(file) is None
    left = State(Wanted(500, 60, 1), ready=True, delivered=7, blows=3, struck=Counter({"io-1": 3}))
    left.save(file)
    assert load(file) == left
