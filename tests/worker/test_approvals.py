"""What people decide about order actions: once, by as many as it takes, all of it or nothing."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from domain.case import TRANSITIONS
from domain.category import Category
from domain.decision import Decision
from domain.delivery import EffectState
from domain.errors import BadInput, TryAgain
from domain.order_action import Action
from storage import act_ends, act_work, cases, conversations, disconnecting, found_out, outbox, reclassify
from storage.approvals import Approved, Wanted
from tests.support.kills import Killed, dying
from tests.support.proposing import (
    BY_A_PERSON,
    DRAFT,
    ELIGIBLE,
    OPENED,
    WITH_PERSON,
    Desk,
    S,
    approving,
    refund,
    reply,
)
from tests.support.waiting import until


@pytest.fixture
def desk(database, workspace) -> Desk:
    filled = Desk(database, workspace.id, workspace.owner)
    filled.order()
    return filled


@pytest.fixture
def carla(desk):
    return desk.colleague()


def test_an_approval_makes_the_action_due_and_lets_the_reply_wait_for_it(desk):
    made = desk.held()
    assert (desk.act(made).state, desk.reply(made).state, desk.refunded()) == ("held", "held", 0)
    assert desk.approve(made) is Approved.DONE
    act, mail, decision = desk.act(made), desk.reply(made), desk.decision(made)
    assert (act.state, act.case_id, act.approvals_needed) == ("pending", desk.case(made).id, 1)
    assert (mail.state, mail.act_id, mail.automatic, mail.released_by) == ("waiting", act.id, False, desk.member)
    assert (decision.settlement, decision.settled_by) == ("sent", desk.member)
    assert desk.steps(made) == [("requested", "checking"), ("checking", "eligible"), ("eligible", "approved")]
    assert (desk.lines(), desk.refunded()) == (["promised"], 2500)
    [approval] = desk.rows("SELECT act_id, member_id FROM act_approval")
    assert tuple(approval) == (act.id, desk.member)
    kinds = [row.kind for row in desk.rows("SELECT kind FROM event WHERE subject = :id ORDER BY id", id=made.message)]
    assert kinds[-2:] == ["act_approved", "reply_approved"]


def test_a_case_that_a_person_has_is_approved_just_the_same(desk):
    made = desk.held(case=WITH_PERSON)
    assert desk.approve(made) is Approved.DONE
    assert desk.steps(made)[-1] == ("person", "approved")


def test_what_was_settled_is_not_approved_again(desk, carla):
    made = desk.held()
    assert [desk.approve(made), desk.approve(made, carla)] == [Approved.DONE, Approved.LATE]
    assert (desk.acts(), desk.lines()) == (["pending"], ["promised"])


def test_the_text_leaves_as_the_person_left_it_with_the_reason_why_it_says_so(desk):
    made = desk.held()
    assert desk.approve(made, text="It is on its way.", claim_reason="Paid by hand.") is Approved.DONE
    mail = desk.reply(made)
    assert (mail.text, mail.draft_text, mail.claim_reason) == ("It is on its way.", DRAFT, "Paid by hand.")
    assert desk.rows("SELECT * FROM checked_mail") == []


def test_a_draft_that_is_approved_as_it_stands_counts_as_checked_mail(desk):
    desk.approve(desk.held())
    [seen] = desk.rows("SELECT act, category FROM checked_mail")
    assert tuple(seen) == ("sent", "refund")


def test_a_return_is_approved_and_promises_nothing(desk):
    made = desk.held(refund(action=Action.RETURN))
    assert desk.approve(made) is Approved.DONE
    assert (desk.act(made).state, desk.act(made).amount_minor, desk.lines()) == ("pending", 2500, [])


def test_without_a_draft_the_member_writes_the_reply(desk):
    made = desk.propose(Decision.hold("No words in its language.", refund()).moving(ELIGIBLE))
    assert desk.approve(made, text="Hecho.") is Approved.DONE
    mail = desk.reply(made)
    assert (mail.state, mail.text, mail.act_id) == ("waiting", "Hecho.", desk.act(made).id)


def test_the_reply_is_found_wherever_it_stands_among_the_effects(desk):
    made = desk.propose(Decision.hold("A person approves.", refund(), reply("first")).moving(ELIGIBLE))
    assert desk.reply(made).position == 1
    assert desk.send(made, "first")
    assert (desk.reply(made).state, desk.reply(made).text) == ("pending", "first")


# Two people


def test_one_person_alone_does_nothing_where_two_are_needed(desk):
    made = desk.held(refund(approvals=2))
    before = desk.everything()
    assert desk.approve(made, text="Changed.") is Approved.SECOND
    after = desk.everything()
    for table in ("decision", "support_case", "case_event", "ledger_entry", "shop_order", "order_act"):
        assert after[table] == before[table], table
    mail = desk.reply(made)
    # What the first has changed is what the second reads.
    assert (mail.state, mail.text, mail.draft_text) == ("held", "Changed.", DRAFT)
    [noted] = desk.rows("SELECT actor, kind FROM event WHERE kind LIKE 'act%'")
    assert tuple(noted) == (str(desk.member), "act_approved_once")


def test_the_same_member_cannot_be_both(desk):
    made = desk.held(refund(approvals=2))
    outcomes = [desk.approve(made) for _ in range(3)]
    assert outcomes == [Approved.SECOND, Approved.SAME, Approved.SAME]
    assert (desk.acts(), desk.lines()) == (["held"], [])
    assert len(desk.rows("SELECT * FROM act_approval")) == 1
    assert len(desk.rows("SELECT * FROM event WHERE kind = 'act_approved_once'")) == 1


def test_a_second_member_makes_it_due(desk, carla):
    made = desk.held(refund(approvals=2))
    assert [desk.approve(made), desk.approve(made, carla)] == [Approved.SECOND, Approved.DONE]
    assert (desk.acts(), desk.lines()) == (["pending"], ["promised"])
    assert desk.reply(made).released_by == carla
    assert [row.actor for row in desk.rows("SELECT actor FROM ledger_entry")] == [str(carla)]


def test_what_one_approved_another_may_refuse(desk):
    made = desk.held(refund(approvals=2))
    desk.approve(made)
    assert desk.refuse(made)
    assert (desk.acts(), desk.lines(), desk.case(made).state) == (["cancelled"], [], S.REFUSED)
    assert desk.reply(made).text == "Dear Anna, no."


# Two at once


def at_once(*acts) -> list:
    """Each in a thread of its own, all from one moment on; what each gave or raised."""
    together = Barrier(len(acts))

    def run(act):
        together.wait(timeout=60)
        try:
            return act()
        except (BadInput, TryAgain) as error:
            return error

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_two_who_approve_at_once_make_one_action_between_them(desk, carla):
    for number in range(5):
        made = desk.held(refund(100), thread=f"t{number}")
        outcomes = at_once(lambda made=made: desk.approve(made), lambda made=made: desk.approve(made, carla))
        assert sorted(outcomes) == [Approved.DONE, Approved.LATE]
    assert (desk.acts(), desk.lines()) == (["pending"] * 5, ["promised"] * 5)


def test_two_who_approve_at_once_are_the_two_that_it_needs(desk, carla):
    for number in range(5):
        made = desk.held(refund(100, approvals=2), thread=f"t{number}")
        outcomes = at_once(lambda made=made: desk.approve(made), lambda made=made: desk.approve(made, carla))
        assert sorted(outcomes) == [Approved.DONE, Approved.SECOND]
    assert (desk.acts(), desk.lines()) == (["pending"] * 5, ["promised"] * 5)


def test_of_one_who_approves_and_one_who_refuses_at_once_one_decides(desk):
    for number in range(5):
        made = desk.held(refund(100), thread=f"t{number}")
        approved, refused = at_once(lambda made=made: desk.approve(made), lambda made=made: desk.refuse(made))
        assert (approved is Approved.DONE) != refused
        assert desk.case(made).state == (S.REFUSED if refused else S.APPROVED)
        assert desk.act(made).state == ("cancelled" if refused else "pending")


def test_of_two_who_approve_more_than_is_left_one_hears_what_is_left(desk):
    first, second = desk.held(refund(6000), thread="one"), desk.held(refund(6000), thread="two")
    outcomes = at_once(lambda: desk.approve(first), lambda: desk.approve(second))
    [error] = [one for one in outcomes if isinstance(one, BadInput)]
    assert Approved.DONE in outcomes
    assert error.reason == "Only 40.00 EUR of order LO-1 is left to pay back, not 60.00 EUR."
    lost = first if outcomes[0] is error else second
    assert (desk.case(lost).state, desk.act(lost).state, desk.reply(lost).state) == (S.ELIGIBLE, "held", "held")
    assert desk.decision(lost).settled_at is None
    assert len(desk.rows("SELECT * FROM act_approval")) == 1
    assert desk.refunded() == 6000


def test_a_mail_that_moved_the_case_first_wins(desk):
    made = desk.held(thread="t")
    assert desk.move_case(desk.case(made).moved_to(S.WITHDRAWN), "t")
    before = desk.everything()
    assert desk.approve(made) is Approved.LATE
    assert desk.everything() == before
    assert (desk.acts(), desk.lines()) == (["cancelled"], [])


def test_a_mail_that_was_read_before_the_approval_is_read_anew(desk):
    made = desk.held(thread="t")
    read = desk.case(made)
    desk.approve(made)
    before = desk.everything()["support_case"]
    with pytest.raises(TryAgain):
        desk.move_case(read.moved_to(S.WITHDRAWN), "t")
    assert desk.everything()["support_case"] == before
    assert desk.act(made).state == "pending"


def test_of_an_approval_and_a_mail_at_once_exactly_one_wins(desk):
    for number in range(8):
        thread = f"t{number}"
        made = desk.held(refund(100), thread=thread)
        withdrawn, claim = desk.case(made).moved_to(S.WITHDRAWN), desk.mail(thread)
        approved, moved = at_once(
            lambda made=made: desk.approve(made),
            lambda withdrawn=withdrawn, claim=claim: desk.move_case(withdrawn, "", claim),
        )
        if approved is Approved.DONE:
            assert isinstance(moved, TryAgain)
            assert (desk.case(made).state, desk.act(made).state) == (S.APPROVED, "pending")
        else:
            assert (approved, moved) == (Approved.LATE, True)
            assert (desk.case(made).state, desk.act(made).state) == (S.WITHDRAWN, "cancelled")
            assert desk.reply(made).state == "held"
    assert len(desk.lines()) == desk.acts().count("pending")


def test_an_approval_waits_for_a_mail_that_is_just_moving_the_case(desk, owner_sees):
    made = desk.held()
    withdrawn = desk.case(made).moved_to(S.WITHDRAWN)
    with ThreadPoolExecutor(1) as pool:
        with desk.database.transaction(desk.tenant) as db:
            cases.move(db, desk.tenant, made.conversation, withdrawn)
            approval = pool.submit(desk.approve, made)
            until(owner_sees)
        assert approval.result() is Approved.LATE
    assert (desk.acts(), desk.lines()) == (["cancelled"], [])


@pytest.fixture
def owner_sees(database):
    """Whether anybody waits for somebody else's lock."""

    def somebody_waits() -> bool:
        with database.without_tenant() as db:
            waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
            return db.exec_driver_sql(waiting).scalar() > 0

    return somebody_waits


# What was not sure, so that its case has not moved yet


def unsure(case=ELIGIBLE, act=None) -> Decision:
    return Decision.hold("A person approves.", act or refund(), reply()).moving(case).held("It may be something else.")


def test_a_case_that_had_not_moved_moves_with_the_approval(desk):
    made = desk.propose(unsure())
    assert desk.rows("SELECT * FROM support_case") == []
    assert desk.approve(made) is Approved.DONE
    assert desk.act(made).case_id == desk.case(made).id
    assert desk.steps(made)[-1] == ("eligible", "approved")


def test_what_the_machine_would_have_done_alone_is_a_persons_step_once_it_was_held(desk):
    alone = ELIGIBLE.moved_to(S.APPROVED)
    act = refund(approvals=0)
    made = desk.propose(Decision.release("Within the policy.", act, reply()).moving(alone).held("Paused."))
    assert (desk.act(made).state, desk.act(made).approvals_needed) == ("held", 1)
    assert desk.approve(made) is Approved.DONE
    [last] = desk.rows("SELECT actor, from_state, to_state FROM case_event ORDER BY id DESC LIMIT 1")
    assert tuple(last) == (str(desk.member), "eligible", "approved")


def test_its_refusal_says_nothing_of_an_approval(desk):
    alone = ELIGIBLE.moved_to(S.APPROVED)
    release = Decision.release("Within the policy.", refund(approvals=0), reply()).moving(alone)
    made = desk.propose(release.held("Paused."))
    assert desk.refuse(made, "Not this time.")
    assert [after for _, after in desk.steps(made)] == ["checking", "eligible", "refused"]
    assert desk.case(made).rule == "Not this time."


def test_of_two_such_proposals_for_one_case_one_is_approved(desk):
    first, second = desk.propose(unsure(), "t"), desk.propose(unsure(), "t")
    assert [desk.approve(first), desk.approve(second)] == [Approved.DONE, Approved.LATE]
    assert (sorted(desk.acts()), desk.lines()) == (["held", "pending"], ["promised"])


def test_a_later_proposal_takes_the_place_of_an_earlier_one(desk):
    first = desk.held(thread="t")
    again = desk.case(first).moved_to(S.CHECKING).moved_to(S.ELIGIBLE)
    second = desk.held(refund(900), again, "t")
    assert (desk.act(first).state, desk.act(second).state) == ("cancelled", "held")
    assert [desk.approve(first), desk.approve(second)] == [Approved.LATE, Approved.DONE]
    assert desk.refunded() == 900


# Nothing by halves


@pytest.mark.parametrize("needed", [1, 2])
@pytest.mark.parametrize("name", BY_A_PERSON)
@pytest.mark.parametrize("decided", ["moved", "unmoved"])
def test_a_crash_between_any_two_statements_leaves_all_or_nothing(desk, name, needed, decided):
    act = refund(approvals=needed)
    made = desk.held(act) if decided == "moved" else desk.propose(unsure(act=act))
    before, places = desk.everything(), 0
    while True:
        try:
            with desk.database.transaction(desk.tenant) as db:
                dying(db, places + 1)
                BY_A_PERSON[name](db, desk.tenant, made.decision, desk.member)
        except Killed:
            assert desk.everything() == before, f"before statement {places + 1}"
            places += 1
        else:
            break
    assert places > 5
    assert desk.everything() != before
    assert desk.act(made).state == {"approve": "pending" if needed == 1 else "held"}.get(name, "cancelled")


# The other ways


def test_a_refusal_names_its_rule_and_lets_the_reply_leave(desk):
    made = desk.held()
    assert desk.refuse(made, "final_sale")
    case, mail = desk.case(made), desk.reply(made)
    assert (case.state, case.rule, case.is_open) == (S.REFUSED, "final_sale", False)
    assert (mail.state, mail.act_id, mail.released_by) == ("pending", None, desk.member)
    assert (desk.acts(), desk.lines()) == (["cancelled"], [])
    assert not desk.refuse(made)
    assert desk.approve(made) is Approved.LATE


@pytest.mark.parametrize(
    ("what", "state"),
    [
        (Wanted.ORDER_NUMBER, S.ORDER_WANTED),
        (Wanted.REASON, S.REASON_WANTED),
        (Wanted.EVIDENCE, S.EVIDENCE_WANTED),
    ],
)
@pytest.mark.parametrize("case", [ELIGIBLE, WITH_PERSON])
def test_a_member_who_asks_gives_the_case_back_to_the_machine(desk, what, state, case):
    made = desk.held(case=case)
    assert desk.ask(made, what)
    asked = desk.case(made)
    assert (asked.state, asked.asked, asked.asks) == (state, (what.value,), True)
    assert desk.steps(made)[-1] == ("person", state)
    assert (desk.acts(), desk.reply(made).state, desk.reply(made).act_id) == (["cancelled"], "pending", None)


def test_a_question_that_cannot_leave_puts_the_case_back_and_says_so(desk):
    made = desk.held()
    desk.ask(made)
    with desk.database.transaction(desk.tenant) as db:
        cases.take_back(db, desk.tenant, made.decision)
    assert desk.case(made).state is S.ELIGIBLE
    [last] = desk.rows("SELECT from_state, to_state, is_put_back FROM case_event ORDER BY id DESC LIMIT 1")
    assert tuple(last) == ("evidence_wanted", "eligible", True)


def test_a_case_without_an_action_can_be_refused_or_asked_about(desk):
    first = desk.propose(Decision.hold("A person decides.", reply()).moving(WITH_PERSON), "one")
    second = desk.propose(Decision.hold("A person decides.", reply()).moving(WITH_PERSON), "two")
    assert desk.approve(first) is Approved.LATE
    assert desk.refuse(first)
    assert desk.ask(second)
    assert (desk.case(first).state, desk.case(second).state) == (S.REFUSED, S.EVIDENCE_WANTED)


@pytest.mark.parametrize(("act", "becomes"), [("refuse", S.REFUSED), ("ask", S.EVIDENCE_WANTED)])
def test_a_case_whose_customer_was_asked_can_be_refused_or_asked_about_at_a_mail_that_was_not_read(desk, act, becomes):
    made = desk.held(thread="t")
    assert desk.ask(made, Wanted.REASON)
    assert desk.case(made).state is S.REASON_WANTED
    later = desk.propose(Decision.hold("Its picture is too large."), "t")
    with desk.database.transaction(desk.tenant) as db:
        assert BY_A_PERSON[act](db, desk.tenant, later.decision, desk.member)
    assert desk.case(made).state is becomes


def test_where_there_is_no_case_nothing_can_be_refused(desk):
    made = desk.propose(Decision.hold("A person decides.", reply()))
    before = desk.everything()
    with pytest.raises(BadInput, match="no open case"):
        desk.refuse(made)
    assert desk.everything() == before


def test_who_answers_in_their_own_words_approves_nothing(desk):
    made = desk.held()
    assert desk.send(made)
    assert (desk.acts(), desk.lines()) == (["cancelled"], [])
    assert (desk.case(made).state, desk.reply(made).state, desk.reply(made).act_id) == (S.PERSON, "pending", None)


def test_nor_where_the_case_had_not_moved_yet(desk):
    made = desk.propose(unsure(ELIGIBLE.moved_to(S.APPROVED), refund(approvals=0)))
    assert desk.send(made)
    assert (desk.acts(), desk.lines(), desk.case(made).state) == (["cancelled"], [], S.PERSON)


@pytest.mark.parametrize("case", [ELIGIBLE, WITH_PERSON])
def test_what_is_dismissed_ends_with_its_case(desk, case):
    made = desk.held(case=case)
    assert desk.dismiss(made)
    assert (desk.acts(), desk.lines(), desk.case(made).state) == (["cancelled"], [], S.WITHDRAWN)
    assert desk.reply(made).state == "cancelled"
    assert not desk.dismiss(made)


@pytest.mark.parametrize("case", [ELIGIBLE, WITH_PERSON])
def test_what_is_dismissed_after_its_question_could_not_leave_ends_with_its_case(desk, case):
    made = desk.held(case=case)
    assert desk.ask(made)
    with desk.database.transaction(desk.tenant) as db:
        cases.take_back(db, desk.tenant, made.decision)
    desk.rows("UPDATE decision SET settled_at = NULL, settlement = NULL RETURNING id")
    assert desk.case(made).state is case.state
    assert desk.dismiss(made)
    assert desk.case(made).state is S.WITHDRAWN


def test_what_is_dismissed_after_an_answer_of_ones_own_could_not_leave_ends_with_its_case(desk):
    made = desk.held()
    assert desk.send(made)
    desk.rows("UPDATE decision SET settled_at = NULL, settlement = NULL RETURNING id")
    assert desk.case(made).state is S.PERSON
    assert desk.dismiss(made)
    assert desk.case(made).state is S.WITHDRAWN


def test_a_later_mail_that_is_dismissed_leaves_the_case_to_who_has_it(desk):
    made = desk.held(thread="t")
    later = desk.propose(Decision.hold("It is with a person already."), "t")
    assert desk.dismiss(later)
    assert (desk.acts(), desk.case(made).state) == (["held"], S.ELIGIBLE)


@pytest.mark.parametrize("act", ["approve", "refuse", "ask", "send"])
def test_where_nothing_can_leave_nothing_is_decided(desk, act):
    made = desk.held()
    [box] = desk.rows("SELECT id FROM mailbox")
    with desk.database.transaction(desk.tenant) as db:
        disconnecting.disconnect(db, desk.tenant, box.id)
    before = desk.everything()
    with pytest.raises(BadInput, match="is disconnected"), desk.database.transaction(desk.tenant) as db:
        BY_A_PERSON[act](db, desk.tenant, made.decision, desk.member)
    assert desk.everything() == before


def reclassified(desk, made, category=Category.QUESTION) -> reclassify.Outcome:
    with desk.database.transaction(desk.tenant) as db:
        return reclassify.correct(
            db, desk.tenant, made.decision, member=desk.member, category=category, sub_intent="", learn=False
        )


def test_what_was_something_else_gives_up_its_action_and_its_case(desk):
    made = desk.held()
    assert reclassified(desk, made) is reclassify.Outcome.AGAIN
    assert (desk.acts(), desk.reply(made).state, desk.case(made).state) == (["cancelled"], "cancelled", S.WITHDRAWN)
    assert desk.steps(made)[-1] == ("eligible", "withdrawn")


def test_what_was_something_else_gives_up_its_case_also_where_its_action_waits_under_a_new_key(desk):
    made = desk.held()
    assert desk.approve(made)
    with desk.database.transaction(desk.tenant) as db:
        assert act_ends.held(db, act_work.claim(db, desk.tenant, timedelta(minutes=3)), "Answering was paused.")
    assert desk.case(made).state is S.PERSON
    assert reclassified(desk, made) is reclassify.Outcome.AGAIN
    assert (desk.acts(), desk.case(made).state) == (["cancelled", "cancelled"], S.WITHDRAWN)


@pytest.mark.parametrize("state", ["pending", "sending", "uncertain", "done", "needs_person"])
def test_what_is_being_done_is_not_read_again_as_something_else(desk, state):
    made = desk.held()
    # It came back to a person after its action had begun, as it does where its reply could not leave.
    desk.rows("UPDATE order_act SET state = :state RETURNING id", state=state)
    assert reclassified(desk, made) is reclassify.Outcome.NOTED
    assert (desk.acts(), desk.decision(made).is_current, desk.case(made).state) == ([state], True, S.ELIGIBLE)


def test_a_reply_written_anew_tells_of_what_was_done(desk):
    made = desk.held()
    desk.approve(made)
    desk.rows("UPDATE order_act SET state = 'done' RETURNING id")
    desk.rows("UPDATE outbox SET state = 'failed' RETURNING id")
    desk.rows("UPDATE decision SET settled_at = NULL, settlement = NULL RETURNING id")
    assert desk.approve(made) is Approved.LATE
    assert desk.send(made, "It was paid back.")
    [new] = desk.rows("SELECT text, act_id FROM outbox WHERE state = 'pending'")
    assert tuple(new) == ("It was paid back.", desk.act(made).id)


def failed(desk, made) -> None:
    """It was done, and then its reply could not leave: the decision is with a person again."""
    with desk.database.transaction(desk.tenant) as db:
        act = act_work.claim(db, desk.tenant, timedelta(minutes=1))
        assert act_work.begin(db, act, "", timedelta(minutes=1))[0] is act_work.Gate.OPEN
        assert act_ends.done(db, act, "r-1")
        [effect] = outbox.claim(db, desk.tenant, limit=1, lease=timedelta(minutes=1))
        assert outbox.to_person(db, effect, EffectState.FAILED, "It could not leave.")
    assert desk.decision(made).settled_at is None


def alone() -> Decision:
    return Decision.release("Within the policy.", refund(approvals=0), reply()).moving(ELIGIBLE.moved_to(S.APPROVED))


@pytest.mark.parametrize("made_by", ["a person", "a person who moved its case", "the machine"])
def test_a_reply_that_could_not_leave_is_sent_later_and_opens_no_second_case(desk, made_by):
    made = desk.propose(
        {"a person": Decision.hold("Approve?", refund(), reply()).moving(ELIGIBLE), "the machine": alone()}.get(
            made_by, unsure()
        )
    )
    if made_by != "the machine":
        assert desk.approve(made) is Approved.DONE
    failed(desk, made)
    assert desk.send(made, "It was paid back.")
    assert [row.state for row in desk.rows("SELECT state FROM support_case")] == ["executed"]
    assert (desk.acts(), desk.lines()) == (["done"], ["promised", "paid"])
    [leaving] = desk.rows("SELECT act_id FROM outbox WHERE state = 'pending'")
    assert leaving.act_id == desk.act(made).id


def test_a_mailbox_that_is_disconnected_leaves_no_reply_waiting_for_ever(desk):
    made = desk.held()
    desk.approve(made)
    [box] = desk.rows("SELECT id FROM mailbox")
    with desk.database.transaction(desk.tenant) as db:
        assert [row.state for row in conversations.recent(db, desk.tenant)] == ["leaving"]
        disconnecting.disconnect(db, desk.tenant, box.id)
    assert (desk.act(made).state, desk.reply(made).state) == ("pending", "held")
    assert (desk.decision(made).disposition, desk.decision(made).settled_at) == ("hold", None)
    assert (desk.case(made).state, desk.lines()) == (S.APPROVED, ["promised"])


# What the shop never said


@pytest.fixture
def unknown(desk):
    """Nobody knows whether the shop did it."""
    made = desk.held()
    desk.approve(made)
    with desk.database.transaction(desk.tenant) as db:
        act = act_work.claim(db, desk.tenant, timedelta(minutes=1))
        act_work.begin(db, act, "https://shop.example", timedelta(minutes=1))
        act_ends.needs_person(db, act, "The shop never said.")
    return made


def find_out(desk, made, *, was_done: bool) -> bool:
    with desk.database.transaction(desk.tenant) as db:
        return found_out.settle(
            db, desk.tenant, desk.act(made).id, member=desk.member, was_done=was_done, reference="r"
        )


@pytest.mark.parametrize("act", ["refuse", "ask"])
def test_what_nobody_knows_is_found_out_before_anything_else_is_decided(desk, unknown, act):
    before = desk.everything()
    with pytest.raises(BadInput, match="find out"), desk.database.transaction(desk.tenant) as db:
        BY_A_PERSON[act](db, desk.tenant, unknown.decision, desk.member)
    assert desk.everything() == before


def test_what_was_done_after_all_is_paid_and_its_reply_may_leave(desk, unknown):
    assert find_out(desk, unknown, was_done=True)
    act = desk.act(unknown)
    assert (act.state, act.provider_reference, desk.case(unknown).state) == ("done", "r", S.EXECUTED)
    assert (desk.lines(), desk.refunded()) == (["promised", "paid"], 2500)
    assert desk.steps(unknown)[-3:] == [("person", "approved"), ("approved", "executing"), ("executing", "executed")]
    assert not find_out(desk, unknown, was_done=False)
    assert desk.send(unknown, DRAFT)
    assert (desk.reply(unknown).state, desk.reply(unknown).act_id) == ("pending", act.id)


def test_what_was_not_done_gives_the_money_back_and_stays_with_the_person(desk, unknown):
    assert find_out(desk, unknown, was_done=False)
    assert (desk.act(unknown).state, desk.reply(unknown).state) == ("refused", "cancelled")
    assert (desk.lines(), desk.refunded(), desk.case(unknown).state) == (["promised", "released"], 0, S.PERSON)
    assert not find_out(desk, unknown, was_done=True)
    assert desk.refuse(unknown)


def test_of_two_who_say_different_things_at_once_one_is_believed(desk, unknown):
    done, not_done = at_once(
        lambda: find_out(desk, unknown, was_done=True), lambda: find_out(desk, unknown, was_done=False)
    )
    assert done != not_done
    assert desk.lines() == ["promised", "paid" if done else "released"]


def test_nothing_of_another_workspace_is_approved(desk, database, other_workspace):
    made = desk.held()
    for tenant in (other_workspace.id, desk.tenant):
        with database.transaction(other_workspace.id) as db:
            assert approving(db, tenant, made.decision, other_workspace.owner) is Approved.LATE
    assert desk.acts() == ["held"]


def test_every_step_that_was_ever_noted_is_a_way_of_the_table_or_marked(desk, carla):
    """Each act of a person, in each pair, over cases decided in each way."""
    for number, (first, second) in enumerate((one, two) for one in BY_A_PERSON for two in BY_A_PERSON):
        for kind, case in (
            ("e", ELIGIBLE),
            ("p", WITH_PERSON),
            ("o", OPENED.moved_to(S.CHECKING).moved_to(S.ELIGIBLE)),
        ):
            thread = f"{kind}{number}"
            made = desk.held(refund(1), case, thread) if kind != "o" else desk.propose(unsure(case, refund(1)), thread)
            for act, member in ((first, desk.member), (second, carla)):
                with desk.database.transaction(desk.tenant) as db:
                    BY_A_PERSON[act](db, desk.tenant, made.decision, member)
            if number % 3 == 0:
                with desk.database.transaction(desk.tenant) as db:
                    cases.take_back(db, desk.tenant, made.decision)
    noted = desk.rows("SELECT from_state, to_state, is_put_back, reason FROM case_event")
    assert len(noted) > 300
    outside = [row for row in noted if row.to_state not in TRANSITIONS[S(row.from_state)]]
    assert outside
    assert all(row.is_put_back and row.reason == "Its reply did not leave." for row in outside)
