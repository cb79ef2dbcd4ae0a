"""Who is asking: a stranger who names a real order learns nothing, and only the address on it speaks for its order."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.case import TRANSITIONS, Case, CaseState, Identity
from domain.decision import Disposition, IdentityMail, OrderAct, Reply
from domain.message import Address
from domain.order_action import Action
from domain.refund_policy import Rule
from domain.refund_rules import Outcome
from handlers.wording import wording_for
from tests.support.refund_table import ANA, MALLORY, ORDERS, WISH, Judge, Table

BOB = Address("bob@customer.example", "Bob")
# None exists, and somebody else's; and the writer's own, which Gmail did not verify.
UNKNOWN, FOREIGN, NO_ADDRESS, OWN = "LO-9", "LO-2", "LO-4", "LO-1"


def noticed(decision, writer):
    """All that reaches the writer: whether anything leaves at once, and each effect that is sent to them."""
    sent = [one for one in decision.effects if isinstance(one, Reply) and one.to == writer]
    acts = [one for one in decision.effects if isinstance(one, OrderAct)]
    return decision.disposition, sent, acts


def identity_mails(decision):
    return [one for one in decision.effects if isinstance(one, IdentityMail)]


def mails(draw_number, verified, text, language):
    """One conversation of a stranger: the same mails, but for the number in them."""
    table, seen = Table(), []
    for number in draw_number:
        numbers = (number,) if number else ()
        seen.append(noticed(table.write(text, *numbers, sender=MALLORY, verified=verified, language=language), MALLORY))
    return seen, table.case


TEXTS = st.sampled_from(
    [
        WISH,
        "Cancel it now!",
        "I want to return the desk lamp.",
        "Any news on my refund?",
        "Please forget my request.",
        "",
    ]
)
NUMBERS = st.sampled_from([UNKNOWN, FOREIGN, NO_ADDRESS, OWN])


@given(
    pattern=st.lists(st.booleans(), min_size=1, max_size=4),
    one=NUMBERS,
    other=NUMBERS,
    verified=st.booleans(),
    text=TEXTS,
    language=st.sampled_from(["en", "de", "fr", "es", "und"]),
)
def test_a_stranger_notices_no_difference_between_an_order_and_none(pattern, one, other, verified, text, language):
    """Which mails name a number at all is the same in both; whether the number exists is not."""
    told = [
        mails([number if names else "" for names in pattern], verified, text, language)[0] for number in (one, other)
    ]
    assert told[0] == told[1]
    assert not any(acts for seen in told for _, _, acts in seen)


@given(first=NUMBERS, second=NUMBERS, again=NUMBERS, verified=st.booleans())
def test_the_second_number_in_vain_is_a_persons_and_nothing_more_is_sent(first, second, again, verified):
    seen, case = mails([first, second, again], verified, WISH, "en")
    assert [disposition for disposition, _, _ in seen] == [Disposition.RELEASE, Disposition.HOLD, Disposition.HOLD]
    assert [len(sent) for _, sent, _ in seen] == [1, 0, 0]
    assert case.state is CaseState.PERSON


@pytest.mark.parametrize("sender", [ANA, MALLORY])
def test_the_reply_is_one_and_the_same_for_all_three_causes(sender):
    replies = {
        tuple(noticed(Table().write(WISH, number, sender=sender, verified=False), sender)[1])
        for number in (UNKNOWN, FOREIGN, OWN)
    }
    assert len(replies) == 1
    (reply,) = next(iter(replies))
    assert "If it is the number of an order that was placed with another address, please look there" in reply.text
    assert not any(number in reply.text for number in (UNKNOWN, FOREIGN, OWN))


def test_only_where_the_order_has_an_address_a_mail_goes_there_and_nowhere_else():
    written = {
        number: identity_mails(Table().write(WISH, number, sender=MALLORY)) for number in (UNKNOWN, NO_ADDRESS, FOREIGN)
    }
    assert (written[UNKNOWN], written[NO_ADDRESS]) == ([], [])
    (mail,) = written[FOREIGN]
    assert (mail.to, mail.order_number) == (Address("bob@customer.example"), "LO-2")


@pytest.mark.parametrize("language", ["en", "de", "fr", "es"])
def test_the_mail_to_the_customer_names_who_wrote_about_what_and_has_one_place_for_the_link(language):
    (mail,) = identity_mails(Table().write("", "LO-2", sender=MALLORY, language=language))
    assert mail.text.count("{link}") == 1
    assert "{" not in mail.text.replace("{link}", "")
    assert MALLORY.address in mail.text
    assert MALLORY.name not in mail.text
    assert "24" in mail.text
    assert "LO-2" in mail.text
    assert "LO-2" in mail.subject


def test_a_writer_whose_address_looks_like_the_place_of_the_link_gets_no_second_one():
    (mail,) = identity_mails(Table().write(WISH, "LO-2", sender=Address("{link}{number}@stranger.example")))
    assert mail.text.count("{link}") == 1
    assert "link" in mail.text.split("about your order")[0]


def test_nothing_of_the_strangers_mail_but_their_address_reaches_the_customer():
    secret = "Send 500 EUR to evil.example"
    (mail,) = identity_mails(Table().write(secret, "LO-2", sender=Address("m@stranger.example", secret)))
    assert secret not in mail.text + mail.subject


def test_what_was_tried_is_kept_for_members_with_whether_it_exists():
    decision = Table().write(WISH, UNKNOWN, FOREIGN, sender=MALLORY)
    assert [(one.number, one.exists) for one in decision.tried] == [(UNKNOWN, False), (FOREIGN, True)]


def test_members_see_what_the_writer_does_not():
    tables = {number: Table() for number in (UNKNOWN, FOREIGN)}
    for number, table in tables.items():
        table.write(WISH, number, sender=MALLORY)
    assert tables[UNKNOWN].case.state is CaseState.ORDER_WANTED
    assert (tables[FOREIGN].case.state, tables[FOREIGN].case.order_number) == (CaseState.IDENTITY_WANTED, "LO-2")
    assert tables[FOREIGN].case.writer == MALLORY.address


def test_the_same_number_in_another_spelling_is_the_same_number():
    table = Table()
    table.write(WISH, "#lo-9")
    table.write(WISH, "LO-9")
    assert table.case.wrong_numbers == ("LO-9",)


def test_the_right_number_after_a_wrong_one_goes_on():
    for wrong in (UNKNOWN, FOREIGN):
        table = Table()
        table.write(WISH, wrong)
        table.write("Sorry, LO-1.", "LO-1")
        assert (table.case.state, table.case.order_number) == (CaseState.ELIGIBLE, "LO-1")
        assert table.case.identity is Identity.SENDER


def test_the_customer_who_writes_from_the_right_address_after_all_needs_no_link():
    table = Table()
    table.write(WISH, "LO-2", sender=MALLORY)
    table.write("It was me, from my own address now.", sender=BOB)
    assert (table.case.state, table.case.identity) == (CaseState.ELIGIBLE, Identity.SENDER)


@pytest.mark.parametrize(("first", "approvals"), [(MALLORY, 1), (BOB, 0)])
def test_what_somebody_else_asked_for_in_the_thread_is_not_done_without_a_person(first, approvals):
    table = Table(Judge(values={"approvals": 0}))
    table.write(WISH, sender=first)
    decision = table.write("My order number is LO-2.", "LO-2", sender=BOB)
    (act,) = [one for one in decision.effects if isinstance(one, OrderAct)]
    assert act.approvals == approvals
    doubts = [check.text for check in decision.checks if not check.passed]
    assert doubts == ([f"Somebody else ({first.address}) wrote in this conversation before."] if approvals else [])


# The link.


def confirmed(**changed):
    """A case as it stands once the link was pressed: its mail is decided again."""
    table = Table(Judge(values={"approvals": 0}))
    table.write(WISH, "LO-2", sender=MALLORY)
    table.case = replace(
        table.case.moved_to(CaseState.CHECKING), identity=Identity.LINK, version=2, trail=(), **changed
    )
    return table


def test_whose_mail_was_confirmed_by_the_link_goes_on_and_a_person_has_the_last_word():
    table = confirmed()
    decision = table.write(WISH, "LO-2", sender=MALLORY)
    assert (decision.disposition, table.case.state) == (Disposition.HOLD, CaseState.ELIGIBLE)
    (act,) = [one for one in decision.effects if isinstance(one, OrderAct)]
    assert (act.order_number, act.approvals) == ("LO-2", 1)
    assert any("confirmed the sender by the link" in check.text and check.passed for check in decision.checks)


def test_what_the_confirmed_writer_is_asked_they_may_answer():
    table = confirmed()
    table.judge = Judge(Outcome.REASON_WANTED)
    table.write(WISH, "LO-2", sender=MALLORY)
    assert table.case.state is CaseState.REASON_WANTED
    table.judge = Judge()
    table.write("It does not fit.", sender=MALLORY, verified=False)
    assert (table.case.state, table.case.reason) == (CaseState.ELIGIBLE, "does_not_fit")


@pytest.mark.parametrize(("number", "sender"), [("LO-1", MALLORY), ("LO-2", replace(MALLORY, address="e@e.example"))])
def test_the_link_speaks_for_no_other_order_and_no_other_writer(number, sender):
    decision = confirmed().write(WISH, number, sender=sender)
    assert decision.disposition is Disposition.HOLD
    assert not [one for one in decision.effects if isinstance(one, OrderAct)]


def test_a_link_that_was_confirmed_for_one_order_is_worth_nothing_once_another_is_named():
    table = confirmed()
    table.case = replace(table.case, state=CaseState.IDENTITY_WANTED)
    table.write(WISH, "LO-9", sender=MALLORY)
    assert table.case.state is CaseState.PERSON


@given(
    number=st.sampled_from(sorted(ORDERS)),
    state=st.sampled_from(CaseState),
    action=st.sampled_from([None, *Action]),
    text=TEXTS,
    verified=st.booleans(),
)
def test_no_state_of_a_case_lets_a_stranger_act_or_hear_of_its_order(number, state, action, text, verified):
    case = Case("refund", state, number, version=3, action=action, writer="", identity=Identity.SENDER)
    table = Table(Judge(values={"approvals": 0}), case=case)
    decision = table.write(text, number, sender=MALLORY, verified=verified)
    assert not [one for one in decision.effects if isinstance(one, OrderAct)]
    allowed = {wording_for("en").order_wanted_again, wording_for("en").withdrawn}
    for reply in (one for one in decision.effects if isinstance(one, Reply)):
        assert any(sentence in reply.text for sentence in allowed)
        assert number not in reply.text


@given(
    number=st.sampled_from(["", *sorted(ORDERS)]),
    named=st.lists(st.sampled_from([*sorted(ORDERS), UNKNOWN]), max_size=2),
    state=st.sampled_from(CaseState),
    asked=st.lists(st.sampled_from(["order_number", "order_number_again", "reason", "evidence"]), unique=True),
    identity=st.sampled_from(Identity),
    action=st.sampled_from([None, *Action]),
    outcome=st.sampled_from(Outcome),
    approvals=st.integers(0, 2),
    text=TEXTS,
    sender=st.sampled_from([ANA, BOB, MALLORY]),
    verified=st.booleans(),
)
def test_every_mail_to_every_case_is_decided_and_moves_it_by_the_table_alone(
    number, named, state, asked, identity, action, outcome, approvals, text, sender, verified
):
    """`moved_to` refuses every other way. Whatever comes of it, an act is proposed to the proven customer alone."""
    case = Case(
        "refund", state, number, tuple(asked), version=3, action=action, identity=identity, writer=MALLORY.address
    )
    table = Table(Judge(outcome, {"approvals": approvals, "rule": Rule.WINDOW, "values": (("days", "30"),)}), case=case)
    decision = table.write(text, *named, sender=sender, verified=verified)
    at = state if decision.case is not None and decision.case.version else CaseState.REQUESTED
    for after in decision.case.trail if decision.case is not None else ():
        assert after in TRANSITIONS[at]
        at = after
    for act in (one for one in decision.effects if isinstance(one, OrderAct)):
        owner = ORDERS[act.order_number].customer_email
        confirmed_by_link = identity is Identity.LINK and act.order_number == number and sender == MALLORY
        assert (verified and owner == sender.address) or confirmed_by_link
        assert decision.disposition is Disposition.HOLD or act.approvals == 0


def test_what_a_stranger_asked_for_is_never_done_alone_because_the_customer_wrote_too():
    table = Table(judge=Judge(values={"approvals": 0}))
    table.write(WISH, "LO-2", sender=MALLORY)
    decision = table.write("Which order? LO-2 is mine.", "LO-2", sender=BOB)
    assert decision.disposition is Disposition.HOLD
    assert any("wrote in this conversation before" in one.text for one in decision.checks if not one.passed)


def test_an_answer_with_another_tag_is_the_same_writers():
    table = Table(judge=Judge(values={"approvals": 0}))
    table.write(WISH, sender=Address("ana+shop@customer.example"))
    assert table.write("", "LO-1").disposition is Disposition.RELEASE


@pytest.mark.parametrize(("sender", "verified"), [(MALLORY, True), (ANA, False)])
def test_nobody_else_takes_a_customers_request_back(sender, verified):
    table = Table(judge=Judge(Outcome.EVIDENCE_WANTED))
    table.write(WISH, "LO-1")
    assert table.case.state is CaseState.EVIDENCE_WANTED
    decision = table.write("Please forget my request.", sender=sender, verified=verified)
    assert (decision.disposition, table.case.state) == (Disposition.HOLD, CaseState.PERSON)
