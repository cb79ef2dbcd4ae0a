"""The table of a case's ways: what holds of it as a whole, and that `docs/refunds.md` draws it as it is."""

from itertools import product

import pytest

from domain.case import ASKING, ENDED, TRANSITIONS, Case, CaseState, NoSuchMove
from tests.support.case_table import DOC, WORDS, block, edges_drawn

S = CaseState


def reached_from(start):
    found, waiting = {start}, [start]
    while waiting:
        new = TRANSITIONS[waiting.pop()] - found
        found |= new
        waiting += new
    return found


def test_the_doc_shows_the_table_as_it_is():
    doc = DOC.read_text(encoding="utf-8")
    assert block() in doc, "write it anew: python -m tests.support.case_table"
    assert edges_drawn(doc) == {(str(state), str(other)) for state in S for other in TRANSITIONS[state]}
    assert set(WORDS) == set(S)


def test_every_state_has_its_row_and_is_reached():
    assert set(TRANSITIONS) == set(S)
    assert reached_from(S.REQUESTED) == set(S)


def test_every_case_that_has_not_ended_can_still_end():
    for state in set(S) - ENDED:
        assert reached_from(state) & ENDED, state


def test_what_has_ended_stays_so_but_for_what_is_told_of_it():
    ways = {(state, other) for state in ENDED for other in TRANSITIONS[state]}
    assert ways == {(S.EXECUTED, S.CONFIRMED)}


def test_whatever_the_machine_waits_for_a_person_can_take_over():
    for state in ASKING | {S.CHECKING, S.ELIGIBLE, S.APPROVED, S.EXECUTING}:
        assert S.PERSON in TRANSITIONS[state], state


def test_nothing_is_carried_out_that_was_not_approved_and_nothing_approved_that_was_not_checked_or_a_persons():
    before = {state: {one for one in S if state in TRANSITIONS[one]} for state in S}
    assert before[S.CONFIRMED] == {S.EXECUTED}
    assert before[S.EXECUTED] == {S.EXECUTING}
    assert before[S.EXECUTING] == {S.APPROVED}
    assert before[S.APPROVED] == {S.ELIGIBLE, S.PERSON}
    assert before[S.ELIGIBLE] == {S.CHECKING}


@pytest.mark.parametrize(("state", "other"), list(product(S, S)))
def test_a_case_moves_by_the_table_and_by_nothing_else(state, other):
    case = Case("refund", state)
    if other in TRANSITIONS[state]:
        moved = case.moved_to(other)
        assert (moved.state, moved.trail) == (other, (other,))
    else:
        with pytest.raises(NoSuchMove):
            case.moved_to(other)


def test_nobody_can_change_the_table_while_it_runs():
    with pytest.raises(TypeError):
        TRANSITIONS[S.REFUSED] = frozenset({S.APPROVED})
