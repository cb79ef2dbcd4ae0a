"""Order actions as a decision proposes them: written with it, promised where they are released, never a mail's end."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from domain.case import NoSuchMove
from domain.decision import Decision, Tried
from domain.errors import TryAgain
from domain.money import Money
from domain.order_action import Action, WantedItem
from storage import attempts, case_history, cases, decisions
from storage.approvals import Approved
from tests.support.kills import Killed, dying
from tests.support.proposing import ELIGIBLE, OPENED, READ, WITH_PERSON, Desk, S, refund, reply


@pytest.fixture
def desk(database, workspace) -> Desk:
    filled = Desk(database, workspace.id, workspace.owner)
    filled.order()
    return filled


def alone(act=None, case=ELIGIBLE) -> Decision:
    """What the machine may do without a person."""
    approved = case.moved_to(S.APPROVED)
    return Decision.release("Within the policy.", act or refund(approvals=0), reply()).moving(approved)


def test_what_is_released_is_promised_and_due_and_its_reply_waits(desk):
    made = desk.propose(alone(refund(1200, approvals=0, items=(WantedItem("LAMP", 2),), reason="damaged")))
    act, mail = desk.act(made), desk.reply(made)
    assert (act.state, act.amount_minor, act.currency, act.reason) == ("pending", 1200, "EUR", "damaged")
    assert (act.items, act.case_id) == ([{"sku": "LAMP", "quantity": 2}], desk.case(made).id)
    assert (mail.state, mail.act_id, mail.automatic) == ("waiting", act.id, True)
    assert (desk.lines(), desk.refunded(), desk.case(made).state) == (["promised"], 1200, S.APPROVED)
    assert desk.decision(made).disposition == "release"
    # Whatever becomes of the reply, what was done is not put back.
    assert desk.decision(made).case_undo is None


def test_a_number_is_kept_in_its_one_form(desk):
    made = desk.propose(alone(refund(approvals=0, order_number=" #lo-1")))
    assert desk.act(made).order_number == "LO-1"


@pytest.mark.parametrize("action", [Action.RETURN, Action.EXCHANGE, Action.REPLACEMENT])
def test_what_pays_nothing_back_yet_promises_nothing(desk, action):
    desk.connect_shop()
    expected = Money(2500, "EUR") if action is Action.RETURN else None
    made = desk.propose(alone(refund(approvals=0, action=action, amount=expected)))
    assert (desk.act(made).state, desk.lines(), desk.refunded()) == ("pending", [], 0)


@pytest.mark.parametrize("action", [Action.RETURN, Action.EXCHANGE, Action.REPLACEMENT, Action.CANCEL])
def test_what_no_shop_is_connected_to_do_waits_for_a_person_who_does_it(desk, action):
    made = desk.propose(alone(refund(approvals=0, action=action)))
    assert desk.decision(made).disposition == "hold"
    assert desk.decision(made).reason.startswith("No shop is connected that could do it")
    assert (desk.act(made).state, desk.lines()) == ("held", [])


def test_what_a_person_must_approve_is_held_even_where_it_was_released(desk):
    made = desk.propose(alone(refund(approvals=2)))
    decision = desk.decision(made)
    assert (decision.disposition, decision.reason) == ("hold", "A person has to approve it.")
    assert (desk.act(made).state, desk.act(made).approvals_needed, desk.reply(made).state) == ("held", 2, "held")
    assert desk.lines() == []
    assert desk.rows("SELECT * FROM support_case") == []


def test_a_refund_of_nobody_knows_how_much_is_never_released(desk):
    made = desk.propose(alone(refund(approvals=0, amount=None)))
    assert desk.decision(made).reason == "It is not known how much is to be paid back."
    assert desk.acts() == ["held"]


def test_more_than_is_left_waits_for_a_person_who_hears_what_is_left(desk):
    desk.order(refunded=8000)
    made = desk.propose(alone(refund(2001, approvals=0)))
    decision = desk.decision(made)
    assert decision.disposition == "hold"
    assert decision.reason == "Only 20.00 EUR of order LO-1 is left to pay back, not 20.01 EUR."
    assert (desk.acts(), desk.refunded()) == (["held"], 8000)
    [state] = desk.rows("SELECT state FROM message WHERE id = :id", id=made.message)
    assert state[0] == "decided"
    assert desk.rows("SELECT state FROM support_case") == []


def at_once(desk, *acts) -> list[str]:
    """Decide about a mail for each action in a transaction of its own, all of them at once; the reasons, sorted."""
    claims, together = [desk.mail(str(number)) for number in range(len(acts))], Barrier(len(acts))

    def race(claim, act) -> None:
        together.wait(timeout=60)
        with desk.database.transaction(desk.tenant) as db:
            assert decisions.record(db, claim, alone(act), READ)

    with ThreadPoolExecutor(len(acts)) as pool:
        list(pool.map(race, claims, acts))
    return sorted(row.reason for row in desk.rows("SELECT reason FROM decision WHERE disposition = 'hold'"))


@pytest.mark.parametrize("action", [Action.REFUND, Action.REPLACEMENT])
def test_two_mails_about_one_order_that_are_judged_at_once_are_not_both_granted(desk, action):
    amount = Money(2500, "EUR") if action is Action.REFUND else None
    desk.connect_shop()
    wanted = refund(approvals=0, action=action, amount=amount, items=(WantedItem("LAMP"),))
    [reason] = at_once(desk, wanted, wanted)
    assert reason == f"A {action} of this order was granted, or waits, already. A person decides."
    assert sorted(desk.acts()) == ["held", "pending"]


def test_mails_about_many_orders_that_are_judged_at_once_get_no_more_refunds_than_the_policy_lets_pass(desk):
    for number in range(2, 6):
        desk.order(f"LO-{number}")
    reasons = at_once(desk, *(refund(approvals=0, order_number=f"LO-{number}") for number in range(1, 6)))
    assert reasons == ["The customer got 2 refunds in 30 days, and 2 need nobody's look."] * 3
    assert sorted(desk.acts()) == ["held"] * 3 + ["pending"] * 2


@pytest.mark.parametrize("released", [True, False])
def test_an_order_that_is_gone_leaves_the_mail_with_a_person_and_no_draft_that_tells_of_it(desk, released):
    gone = refund(approvals=0 if released else 1, order_number="LO-404")
    held = Decision.hold("A person approves.", gone, reply()).moving(ELIGIBLE)
    made = desk.propose(alone(gone) if released else held)
    decision = desk.decision(made)
    assert (decision.disposition, decision.reason) == ("hold", "There is no order LO-404.")
    assert (desk.case(made).state, desk.steps(made)[-1]) == (S.PERSON, ("eligible", "person"))
    assert decision.case_on_release is None
    assert desk.approve(made) is Approved.LATE
    assert desk.acts() == []
    assert desk.rows("SELECT * FROM outbox") == []


def test_nothing_new_is_proposed_for_a_case_while_something_is_being_done(desk):
    made = desk.propose(alone(), "t")
    # The shop never said what became of it: a person has the case, and the action still stands.
    desk.rows("UPDATE order_act SET state = 'needs_person' RETURNING id")
    with desk.database.transaction(desk.tenant) as db:
        cases.move(db, desk.tenant, made.conversation, desk.case(made).moved_to(S.PERSON))
    again = desk.case(made).moved_to(S.CHECKING).moved_to(S.ELIGIBLE)
    later = desk.held(refund(100), again, "t")
    assert desk.decision(later).reason == "Something else is being done for this case already."
    assert (desk.acts(), desk.case(later).state) == (["needs_person"], S.PERSON)


def test_what_cannot_be_taken_up_spoils_no_other_mail_of_the_batch(desk):
    desk.order("LO-2")
    bad, good = desk.mail("one"), desk.mail("two")
    with desk.database.transaction(desk.tenant) as db:
        assert decisions.record(db, bad, alone(refund(99_999, approvals=0)), READ)
        assert decisions.record(db, good, alone(refund(100, approvals=0, order_number="LO-2")), READ)
    assert sorted(desk.acts()) == ["held", "pending"]
    assert (desk.lines(), desk.lines("LO-2"), desk.refunded("LO-2")) == ([], ["promised"], 100)


def test_a_crash_while_it_is_written_leaves_nothing_of_it(desk):
    claim, places = desk.mail(), 0
    before = desk.everything()
    while True:
        try:
            with desk.database.transaction(desk.tenant) as db:
                dying(db, places + 1)
                assert decisions.record(db, claim, alone(), READ)
        except Killed:
            assert desk.everything() == before, f"before statement {places + 1}"
            places += 1
        else:
            break
    assert places > 8
    assert (desk.acts(), desk.lines()) == (["pending"], ["promised"])


def test_wrong_order_numbers_are_kept_for_members(desk):
    tried = (Tried("LO-9", exists=False), Tried("LO-8", exists=True))
    made = desk.propose(replace(Decision.hold("In vain."), tried=tried))
    with desk.database.transaction(desk.tenant) as db:
        [group] = attempts.groups(db, desk.tenant)
        assert attempts.groups(db, desk.tenant, after=group.last) == []
    found = group.rows
    assert (group.sender, group.n, group.others, group.last) == ("anna@example.org", 2, 1, found[0].id)
    assert [(one.number, one.known, one.sender, one.conversation) for one in found] == [
        ("LO-8", True, "anna@example.org", made.conversation),
        ("LO-9", False, "anna@example.org", made.conversation),
    ]


# Cases


def test_a_way_that_the_table_does_not_have_is_refused(desk):
    made = desk.held()
    jump = replace(desk.case(made), state=S.EXECUTED, trail=(S.EXECUTED,))
    with pytest.raises(NoSuchMove), desk.database.transaction(desk.tenant) as db:
        cases.move(db, desk.tenant, made.conversation, jump)
    assert desk.case(made).state is S.ELIGIBLE


def test_a_late_mail_to_a_case_that_has_ended_opens_one_that_is_linked_to_it(desk):
    made = desk.held(thread="t")
    desk.refuse(made)
    ended = desk.case(made)
    later = desk.propose(Decision.hold("Again.").moving(WITH_PERSON), "t")
    assert (desk.case(later).previous, desk.case(later).state) == (ended.id, S.PERSON)
    assert later.conversation == made.conversation


def test_what_a_person_left_lying_for_a_month_expires_with_its_action_and_says_from_where(desk):
    made = desk.held(thread="t")
    desk.rows("UPDATE support_case SET moved_at = now() - interval '31 days' RETURNING id")
    old = desk.case(made)
    later = desk.propose(Decision.hold("Again.").moving(WITH_PERSON), "t")
    assert desk.case(later).previous == old.id
    [expired] = desk.rows("SELECT from_state, to_state FROM case_event WHERE to_state = 'expired'")
    assert tuple(expired) == ("eligible", "expired")
    assert desk.acts() == ["cancelled"]
    assert desk.approve(made) is Approved.LATE


def test_what_is_being_done_is_the_case_of_its_conversation_however_old(desk):
    made = desk.propose(alone(), "t")
    desk.rows("UPDATE support_case SET moved_at = now() - interval '90 days' RETURNING id")
    with desk.database.transaction(desk.tenant) as db:
        assert cases.newest(db, desk.tenant, [made.conversation])[made.conversation].state is S.APPROVED


def test_history_names_the_member_who_took_a_step(desk):
    made = desk.held()
    desk.approve(made)
    with desk.database.transaction(desk.tenant) as db:
        steps = case_history.history(db, desk.tenant, desk.case(made).id)
    assert [one.by for one in steps] == ["", "", "Olivia Owner"]
    assert [one.reason for one in steps] == ["", "A person approves.", "Approved."]


def test_a_step_from_a_version_that_is_gone_is_taken_by_nobody(desk):
    made = desk.held()
    stale = replace(desk.case(made), version=9)
    with pytest.raises(TryAgain), desk.database.transaction(desk.tenant) as db:
        cases.move(db, desk.tenant, made.conversation, stale.moved_to(S.PERSON))
    fresh = replace(OPENED, version=0).moved_to(S.CHECKING).moved_to(S.PERSON)
    with pytest.raises(TryAgain), desk.database.transaction(desk.tenant) as db:
        cases.move(db, desk.tenant, made.conversation, fresh)
