"""What is counted at the stand-ins, and what is said of it: lost, doubled, given to a person."""

import re
from collections import Counter

import pytest

from chaos.__main__ import judged
from chaos.count import count, most_for_a_person
from chaos.ends import End, joined
from chaos.stand_ins import Done, read
from chaos.state import State, Wanted
from chaos.table import Told, last_line

NOTHING = Done({}, {}, {}, {}, {}, {})
ANSWERED = ("<chaos-1@x>", "fetched", "release", "")


def mail(number: int, state="decided", disposition="release", reason=""):
    return (f"<chaos-{number}@x>", state, disposition, reason)


def effect(number: int, what="reply", state="sent", error="", mark="AAAA", left=True):
    return (f"<chaos-{number}@x>", what, state, error, mark, left)


def counted(mails, effects=(), done=NOTHING, sent_in=("<chaos-1@x>",)):
    return count(sent_in, joined(mails, effects), done)


def test_a_mail_that_was_never_fetched_is_lost():
    verdict = counted([])
    assert verdict.lost == ("mail without an end: <chaos-1@x>",)
    assert not verdict.holds


@pytest.mark.parametrize("state", ["discovered", "fetched"])
def test_a_mail_that_nobody_decided_is_lost(state):
    assert counted([mail(1, state, "")]).lost


@pytest.mark.parametrize("state", ["pending", "drafted", "sending", "uncertain", "waiting"])
def test_a_mail_whose_reply_never_left_is_lost(state):
    assert counted([mail(1)], [effect(1, state=state, left=False)]).lost


@pytest.mark.parametrize(
    ("disposition", "end"), [("hold", End.HELD), ("ignore", End.IGNORED), ("release", End.ANSWERED)]
)
def test_what_was_decided_is_an_end(disposition, end):
    verdict = counted([mail(1, disposition=disposition)])
    assert verdict.ends == {end.value: 1}
    assert verdict.holds


def test_an_unreadable_mail_has_ended_and_is_for_a_person():
    verdict = counted([mail(1, "unreadable", "hold", "It cannot be read as a mail: no.")])
    assert verdict.ends == {"unreadable": 1}
    assert list(verdict.for_a_person) == ["<chaos-1@x>"]


def test_a_reply_said_to_be_sent_that_lies_at_gmail_as_a_draft_is_lost():
    done = Done({}, {}, {}, {}, {}, {"AAAA": 1})
    assert "not there: AAAA" in counted([mail(1)], [effect(1)], done).lost[0]
    assert counted([mail(1)], [effect(1, "draft", "left_as_draft")], done).holds


@pytest.mark.parametrize("what", ["reply", "draft", "words", "act"])
def test_what_is_said_to_be_done_and_is_not_there_is_lost(what):
    assert "not there: AAAA" in counted([mail(1)], [effect(1, what, "done")]).lost[0]


def test_the_same_mark_at_the_stand_in_is_not_lost():
    done = Done({}, {"AAAA": 1}, {(7, "BBBB"): 1}, {"CCCC": 1}, {}, {})
    effects = [effect(1), effect(1, "words", "done", mark="BBBB"), effect(1, "act", "done", mark="CCCC")]
    assert counted([mail(1)], effects, done).holds


@pytest.mark.parametrize(
    "done",
    [
        Done({"<chaos-1@x>": 2}, {}, {}, {}, {}, {}),
        Done({}, {"AAAA": 2}, {}, {}, {}, {}),
        Done({}, {}, {(7, "MW-AAAAAA"): 2}, {}, {}, {}),
        Done({}, {}, {}, {"key": 2}, {}, {}),
        Done({}, {}, {}, {}, {"LO-1": 2}, {}),
        Done({}, {}, {}, {}, {}, {"BBBB": 2}),
    ],
    ids=["reply", "reference", "marker", "key", "order", "draft"],
)
def test_whatever_a_stand_in_saw_twice_is_doubled(done):
    verdict = counted([mail(1)], done=done)
    assert len(verdict.doubled) == 1
    assert not verdict.holds


@pytest.mark.parametrize(
    ("what", "state"), [("reply", "needs_person"), ("words", "refused"), ("ticket", "needs_person")]
)
def test_what_the_machine_gave_up_is_for_a_person_with_its_reason(what, state):
    verdict = counted([mail(1, disposition="hold")], [effect(1, what, state, "Nobody said.", left=False)])
    assert verdict.reasons == {f"{what} {state}: Nobody said.": 1}


@pytest.mark.parametrize(("mails", "most"), [(10_000, 50), (2_000, 10), (500, 7), (200, 4), (20, 1)])
def test_one_of_two_hundred_may_be_for_a_person_and_in_a_short_run_what_chance_explains(mails, most):
    """The last three by a table of Poisson's distribution: beyond is less than one run of a hundred."""
    ids = [f"<chaos-{number}@x>" for number in range(mails)]
    held = [mail(number, disposition="hold") for number in range(mails)]
    given = [effect(number, state="failed", error="No.", left=False) for number in range(most + 1)]
    assert most_for_a_person(mails) == most
    assert counted(held, given[:most], sent_in=ids).holds
    assert not counted(held, given, sent_in=ids).holds


def test_replies_texts_and_refunds_are_read_from_what_the_stand_ins_say():
    sent = [
        {"automatic": True, "in_reply_to": "<chaos-1@x>", "text": "Yes.\n\nRef: AB12CD\n"},
        {"automatic": False, "in_reply_to": "<chaos-1@x>", "text": "> Ref: AB12CD\nHand\n\nRef: ZZ99ZZ"},
    ]
    effects = [{"ticket": 7, "text": "Quoted [MW-222222]\n\n[MW-333333]"}, {"ticket": 7, "text": "A customer's own"}]
    body = '{"type": "refund", "order_number": "LO-1"}'
    kept = {"k": {"effects": 1, "body": body}, "l": {"effects": 1, "body": body}, "m": {"effects": 0, "body": "{"}}
    drafts = [{"automatic": False, "in_reply_to": "<chaos-2@x>", "text": "By hand\n\nRef: DD22DD"}]
    assert read(sent, drafts, effects, kept) == Done(
        {"<chaos-1@x>": 1},
        {"AB12CD": 1, "ZZ99ZZ": 1},
        {(7, "MW-333333"): 1},
        {"k": 1, "l": 1},
        {"LO-1": 2},
        {"DD22DD": 1},
    )


def told(verdict, *, control=False) -> Told:
    state = State(Wanted(1, 60, 1, control), faults=Counter({"gmail drafts.send 503_after": 3}))
    return Told(verdict, state, 60, ["before a", "after a"], Counter({"after a": 1}), "", 1.5)


def test_the_last_line_has_its_fixed_form_and_the_exit_says_whether_it_holds(capsys):
    assert judged(told(counted([mail(1)]))) == 0
    line = capsys.readouterr().out.splitlines()[-1]
    assert line == "chaos: mails 1 kills 60 faults 3 lost 0 doubled 0 needs_a_person 0"
    assert judged(told(counted([]))) == 1
    assert re.search(r"lost 1 doubled 0", last_line(told(counted([]))))


def test_a_control_passes_only_where_it_was_caught(capsys):
    caught = counted([mail(1)], done=Done({"<chaos-1@x>": 2}, {}, {}, {}, {}, {}))
    assert judged(told(caught, control=True)) == 0
    assert judged(told(counted([mail(1)]), control=True)) == 1
    assert "NOT caught" in capsys.readouterr().out
