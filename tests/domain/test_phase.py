"""Phases: what a tenant's policy says of them, and how they turn a release into a hold, never the other way round."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.case import Case
from domain.category import Category
from domain.conversation import Conversation
from domain.decision import Decision, Disposition
from domain.phase import USUAL, Phase, phases_of
from domain.triage import Policy
from tests.domain.test_triage import ANSWER, EARNED, MAIL, QUOTING, SURE, TRUSTED, Deciding, decided

HELD = "Mail of the kind question is in shadow here: a person writes the reply."


def in_phase(phase, category=Category.QUESTION, **settings):
    return Policy(**{"standings": EARNED, "phases": {**USUAL, category: phase}, **settings})


def test_a_policy_that_says_nothing_answers_questions_and_refunds_by_itself():
    assert phases_of({}) == USUAL
    assert {one for one, phase in USUAL.items() if phase is Phase.AUTOMATIC} == {Category.QUESTION, Category.REFUND}
    assert Policy().phases == USUAL


def test_a_policy_of_before_there_were_phases_keeps_what_it_had():
    found = phases_of({"automatic": ["refund", "nonsense"]})
    assert found[Category.REFUND] is Phase.AUTOMATIC
    assert {found[one] for one in Category if one is not Category.REFUND} == {Phase.ASSISTED}


def test_phases_go_before_the_list_of_earlier_times_and_a_slip_in_them_releases_nothing():
    found = phases_of({"automatic": ["question", "refund"], "phases": {"question": "shadow", "refund": "fully"}})
    assert (found[Category.QUESTION], found[Category.REFUND]) == (Phase.SHADOW, Phase.ASSISTED)
    assert phases_of({"phases": {"question": ["automatic"]}})[Category.QUESTION] is Phase.ASSISTED
    assert phases_of({"phases": "automatic"}) == USUAL


@pytest.mark.parametrize(("phase", "reason"), [
    (Phase.SHADOW, HELD),
    (Phase.ASSISTED, "Mail of the kind question is assisted here: a person approves each reply."),
])  # fmt: skip
def test_below_automatic_what_would_leave_is_held_with_its_draft_and_remembered(phase, reason):
    decision = decided(policy=in_phase(phase))
    assert (decision.disposition, decision.reason, decision.effects) == (Disposition.HOLD, reason, ANSWER.effects)
    assert decision.would_release
    assert decision.handled_as is Category.QUESTION


def test_a_release_is_no_hold_by_its_phase():
    assert not decided(policy=in_phase(Phase.AUTOMATIC)).would_release


@pytest.mark.parametrize("phase", list(Phase))
def test_no_phase_makes_a_hold_a_release(phase):
    decision = decided(policy=in_phase(phase), question=Deciding(Decision.hold("No answer found.")))
    assert (decision.disposition, decision.reason) == (Disposition.HOLD, "No answer found.")
    assert not decision.would_release


@pytest.mark.parametrize("more", [
    {"understanding": replace(SURE, confidence=0.5)},
    {"understanding": replace(SURE, asks_for_person=True)},
    {"policy": in_phase(Phase.SHADOW, standings={})},
    {"policy": in_phase(Phase.SHADOW, answering=False)},
    {"policy": in_phase(Phase.SHADOW, now=MAIL.received_at + timedelta(days=2))},
    {"conversation": Conversation(replies_by_machine=3)},
    {"question": Deciding(replace(QUOTING, answer=None))},
])  # fmt: skip
def test_what_would_have_been_held_in_any_case_would_not_have_left(more):
    decision = decided(**{"policy": in_phase(Phase.SHADOW), **more})
    assert decision.disposition is Disposition.HOLD
    assert not decision.would_release


def test_an_answer_that_verdicts_have_proven_would_have_left():
    trusted = {**TRUSTED, "standings": EARNED, "phases": {**USUAL, Category.QUESTION: Phase.SHADOW}}
    decision = decided(policy=Policy(**trusted), question=Deciding(QUOTING))
    assert (decision.reason, decision.would_release) == (HELD, True)
    untrusted = decided(policy=Policy(**{**trusted, "answers": {}}), question=Deciding(QUOTING))
    assert (untrusted.reason, untrusted.would_release) == ("Answers have earned no verdicts yet.", False)


def test_the_phase_is_that_of_the_case_whose_handler_decides():
    case = Conversation(case=Case("refund", "order_wanted"))
    shadow = decided(conversation=case, refund=Deciding(ANSWER), policy=in_phase(Phase.SHADOW, Category.REFUND))
    assert (shadow.disposition, shadow.handled_as) == (Disposition.HOLD, Category.REFUND)
    other = decided(conversation=case, refund=Deciding(ANSWER), policy=in_phase(Phase.SHADOW))
    assert other.disposition is Disposition.RELEASE


def test_a_case_does_not_move_by_what_its_phase_holds():
    moved = Decision.release("Found.", *ANSWER.effects).moving(Case("refund", "checking"))
    decision = decided(policy=in_phase(Phase.SHADOW), question=Deciding(moved))
    assert (decision.case, decision.case_on_release) == (None, moved.case)
