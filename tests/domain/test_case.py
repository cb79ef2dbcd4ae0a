from dataclasses import replace

import pytest

from domain.case import Case, Identity

ASKING = Case("refund").asking("order_number", "order_wanted")
STEP = Case("refund", "order_wanted", "", ("order_number", "order_number_again"), ("LO-8",), version=1)


def test_a_step_that_nobody_overtook_is_taken_as_decided():
    now = Case("refund", "order_wanted", "", ("order_number",), version=1)
    assert STEP.onto(now) == STEP


def test_a_first_step_opens_a_case_also_after_another_has_ended():
    assert ASKING.onto(None) == ASKING
    assert ASKING.onto(Case("refund", "refused", version=4)) == ASKING


def test_a_later_step_keeps_what_was_asked_and_tried_meanwhile():
    now = Case("refund", "order_wanted", "", ("order_number",), ("LO-9",), version=5)
    taken = STEP.onto(now)
    assert (taken.version, taken.wrong_numbers) == (5, ("LO-9", "LO-8"))
    assert taken.asked == ("order_number", "order_number_again")


def test_a_later_step_keeps_what_was_written_meanwhile_and_who_was_confirmed_for_the_same_order():
    said = {"words": ("Second.",), "doubts": ("Odd.",), "language": "fr"}
    now = Case("refund", "order_wanted", "LO-1", version=5, identity=Identity.LINK, **said)
    taken = replace(STEP, words=("First.",)).onto(now)
    assert taken.doubts == ("Odd.",)
    assert (taken.words, taken.language, taken.identity) == (("Second.", "First."), "fr", Identity.LINK)
    assert replace(STEP, order_number="LO-2").onto(now).identity == Identity.UNKNOWN


@pytest.mark.parametrize("state", ["checking", "person", "refused"])
def test_a_case_that_a_person_has_or_that_ended_takes_no_late_step(state):
    assert STEP.onto(Case("refund", state, version=2)) is None


def test_a_step_whose_case_was_taken_back_opens_it_anew():
    assert STEP.onto(None).version == 0
