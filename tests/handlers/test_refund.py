"""A request about an order from its first mail to its decision: what is asked, what is proposed, what is left alone."""

from dataclasses import replace
from uuid import UUID

import pytest

from domain.case import Case, CaseState, Identity
from domain.claims.proof import Done, Proven, unproven
from domain.claims.reading import claims_in
from domain.decision import Check, Decision, Disposition, IdentityMail, OrderAct, Reply
from domain.message import Attachment
from domain.money import Money
from domain.order_action import Action, WantedItem
from domain.refund_policy import RefundPolicy, Rule
from domain.refund_rules import Outcome
from domain.request import Reason
from domain.understanding import Place, Reading
from tests.support.refund_table import ANA, NOW, ORDERS, WISH, Judge, KnownRefunds, Table

ANOTHER = UUID(int=7)
PICTURE = Attachment("broken.jpg", "image/jpeg", 1000, "ab" * 32)
LANGUAGES = ("en", "de", "fr", "es")


WISHES = {
    "en": WISH,
    "de": "Ich möchte eine Erstattung für die ganze Bestellung.",
    "fr": "Je voudrais un remboursement de toute la commande.",
    "es": "Quiero un reembolso de todo el pedido.",
}


def act_of(decision: Decision) -> OrderAct:
    return next(effect for effect in decision.effects if isinstance(effect, OrderAct))


def text_of(decision: Decision) -> str:
    return next(effect.text for effect in decision.effects if isinstance(effect, Reply))


def kinds(decision: Decision) -> list[str]:
    return [effect.kind.value for effect in decision.effects]


def state(table: Table) -> str:
    return table.case.state.value


# The order number.


def test_a_request_without_a_number_is_asked_for_it_once_and_then_a_persons():
    table = Table()
    first = table.write()
    assert first.disposition is Disposition.RELEASE
    assert "reply with the number of your order" in text_of(first)
    assert (state(table), table.case.asked) == ("order_wanted", ("order_number",))
    second = table.write("Please help me.")
    assert (second.disposition, state(table), second.effects) == (Disposition.HOLD, "person", ())


def test_several_orders_of_the_writer_are_a_persons():
    table = Table()
    decision = table.write(WISH, "LO-1", "LO-3")
    assert (decision.disposition, state(table)) == (Disposition.HOLD, "person")
    assert "LO-1" in decision.reason
    assert "LO-3" in decision.reason


@pytest.mark.parametrize("place", [Place.THREAD, Place.FORWARDED])
def test_an_order_that_only_old_mail_names_is_a_candidate_and_said_to_be_one(place):
    table = Table()
    decision = table.write(WISH, "LO-1", read_from=(Reading("order_numbers", place, "LO-1"),))
    assert decision.disposition is Disposition.HOLD
    assert "its number stands only in the quoted or forwarded mail" in decision.reason
    assert (state(table), table.case.order_number) == ("person", "")
    assert any("not in the new text" in check.text and not check.passed for check in decision.checks)


@pytest.mark.parametrize("number", ["LO-2", "LO-9"])
def test_a_strange_number_in_old_mail_counts_as_none(number):
    table = Table()
    decision = table.write(WISH, number, read_from=(Reading("order_numbers", Place.THREAD, number),))
    assert (decision.effects, decision.tried) == (Table().write().effects, ())
    assert table.case.wrong_numbers == ()


def test_a_number_in_the_subject_is_the_writers_own():
    table = Table()
    table.write(WISH, "LO-1", read_from=(Reading("order_numbers", Place.SUBJECT, "LO-1"),))
    assert (state(table), table.case.order_number) == ("eligible", "LO-1")


# What the policy says.


def test_what_is_eligible_waits_for_one_approval_with_the_act_and_the_reply_that_follows_it():
    table = Table()
    decision = table.write(WISH, "LO-1")
    assert decision.disposition is Disposition.HOLD
    assert decision.reason == "Refund 49.90 EUR for order LO-1: everything checked; a person approves."
    assert act_of(decision) == OrderAct(Action.REFUND, "LO-1", Money(4990, "EUR"), approvals=1)
    assert "We have refunded 49.90 EUR for your order LO-1" in text_of(decision)
    assert table.case.amount == Money(4990, "EUR")
    assert (state(table), table.case.action, table.case.policy_version) == ("eligible", Action.REFUND, 7)
    assert table.case.identity is Identity.SENDER
    assert decision.case.trail == (CaseState.CHECKING, CaseState.ELIGIBLE)


def test_two_approvals_are_said_to_be_two():
    decision = Table(Judge(values={"approvals": 2})).write(WISH, "LO-1")
    assert act_of(decision).approvals == 2
    assert decision.reason.endswith("two people approve.")


def test_what_the_policy_lets_the_machine_do_is_released_and_no_check_beside_it_failed():
    table = Table(Judge(values={"approvals": 0, "checks": (Check("Day 9 of 30.", passed=True),)}))
    decision = table.write(WISH, "LO-1")
    assert decision.disposition is Disposition.RELEASE
    assert (kinds(decision), state(table)) == (["order_act", "reply"], "approved")
    assert act_of(decision).approvals == 0
    assert all(check.passed for check in decision.checks)
    assert "Day 9 of 30." in [check.text for check in decision.checks]


def test_a_doubt_makes_it_a_persons_though_the_policy_would_let_the_machine_do_it():
    table = Table(Judge(values={"approvals": 0}))
    decision = table.write(f"{WISH} And please change my invoice address.", "LO-1")
    assert (decision.disposition, act_of(decision).approvals, state(table)) == (Disposition.HOLD, 1, "eligible")
    failed = [check.text for check in decision.checks if not check.passed]
    assert failed
    assert decision.reason.startswith(failed[0])
    assert "Proposed: Refund 49.90 EUR for order LO-1." in decision.reason


def test_what_was_granted_for_the_order_before_makes_the_next_a_persons():
    """In a thread of its own, that is: nobody gets the same lamp sent anew twice."""
    table = Table(Judge(values={"approvals": 0}), refunds=KnownRefunds(acts={"LO-1": [Action.REPLACEMENT]}))
    decision = table.write(WISH, "LO-1")
    assert (decision.disposition, act_of(decision).approvals) == (Disposition.HOLD, 1)
    assert decision.reason.startswith("A replacement of this order was granted, or waits, already.")


def test_money_that_is_not_paid_now_is_not_in_the_act():
    table = Table(Judge(values={"action": Action.RETURN}))
    decision = table.write(WISH, "LO-1")
    assert (act_of(decision).amount, table.case.amount) == (None, Money(4990, "EUR"))
    assert "Once they have arrived, we pay you 49.90 EUR." in text_of(decision)


def test_the_policy_is_asked_about_items_reason_pictures_and_the_refunds_of_thirty_days():
    table = Table()
    table.write("I want to return the desk lamp. It arrived broken.", "LO-1", pictures=(PICTURE,))
    (request,) = table.judge.asked
    assert (request.action, request.items) == (Action.RETURN, (WantedItem("LAMP-1"),))
    assert (request.reason, request.evidence) == (Reason.DAMAGED, ("ab" * 32,))
    assert table.refunds.asked == [("ana@customer.example", NOW.replace(month=2, day=8))]
    assert table.case.reason == "damaged"


def test_items_of_the_first_mail_are_found_when_the_second_names_the_order():
    table = Table()
    table.write("I want to return the desk lamp. It does not fit.")
    decision = table.write("LO-1", "LO-1", language="und")
    assert act_of(decision).items == (WantedItem("LAMP-1"),)
    assert act_of(decision).reason == "does_not_fit"
    assert "It is about: Desk lamp." in text_of(decision)


def test_a_doubt_of_the_first_mail_is_not_forgotten_with_the_second():
    table = Table(Judge(values={"approvals": 0}))
    table.write("I would like a refund, but only if you pay the postage.")
    decision = table.write("LO-1", "LO-1", language="und")
    assert decision.disposition is Disposition.HOLD
    assert any(not check.passed for check in decision.checks)


def test_what_a_subject_said_otherwise_is_not_forgotten_with_the_second_mail():
    table = Table(Judge(values={"approvals": 0}))
    table.write("I would like to exchange my whole order.", subject="Cancel my order")
    assert table.case.doubts
    decision = table.write("LO-1", "LO-1", language="und", subject="Re: Cancel my order")
    assert decision.disposition is Disposition.HOLD
    assert decision.reason.startswith(table.case.doubts[0])


def test_an_action_that_only_the_subject_of_the_first_mail_names_is_what_is_wanted():
    table = Table()
    decision = table.write("LO-1", "LO-1", subject="Cancel my order")
    assert act_of(decision).action is Action.CANCEL


@pytest.mark.parametrize(
    ("outcome", "wanted", "words"),
    [(Outcome.REASON_WANTED, "reason", "why you ask for this"), (Outcome.EVIDENCE_WANTED, "evidence", "a picture")],
)
def test_what_the_policy_lacks_is_asked_for_once_and_then_a_persons(outcome, wanted, words):
    table = Table(Judge(outcome, {"checks": (Check("Allowed.", passed=True), Check("It lacks.", passed=False))}))
    first = table.write(WISH, "LO-1")
    assert (first.disposition, state(table), table.case.asked) == (Disposition.RELEASE, f"{wanted}_wanted", (wanted,))
    assert words in text_of(first)
    assert all(check.passed for check in first.checks)
    second = table.write("I have none.", language="en")
    assert (second.disposition, state(table)) == (Disposition.HOLD, "person")
    assert "It was asked for already." in second.reason


def test_what_was_asked_for_and_comes_goes_on_to_the_policy():
    table = Table(Judge(Outcome.EVIDENCE_WANTED))
    table.write("I want to return the desk lamp. It arrived broken.", "LO-1")
    table.judge = Judge()
    decision = table.write("Here it is.", pictures=(PICTURE,))
    (request,) = table.judge.asked
    assert (request.evidence, request.reason, request.items) == (("ab" * 32,), Reason.DAMAGED, (WantedItem("LAMP-1"),))
    assert act_of(decision).action is Action.RETURN


def test_a_file_that_is_no_picture_proves_nothing():
    table = Table()
    table.write(WISH, "LO-1", pictures=(replace(PICTURE, content_type="application/pdf", name="lamp.jpg"),))
    assert table.judge.asked[0].evidence == ()


def test_what_the_policy_leaves_to_a_person_waits_with_a_draft_that_promises_nothing():
    table = Table(Judge(Outcome.PERSON, {"checks": (Check("Odd dates.", passed=False),)}))
    decision = table.write(WISH, "LO-1")
    assert (decision.disposition, decision.reason, state(table)) == (Disposition.HOLD, "So says the policy.", "person")
    assert kinds(decision) == ["reply"]
    assert "a colleague is now looking into your request" in text_of(decision)
    assert Check("Odd dates.", passed=False) in decision.checks


def test_what_a_person_may_grant_waits_for_their_approval_whatever_the_policy_lets_the_machine_do():
    said = {"checks": (Check("3 refunds in 30 days.", passed=False),), "is_whole": True, "approvals": 0}
    table = Table(Judge(Outcome.PERSON, said), refunds=KnownRefunds(3))
    decision = table.write(WISH, "LO-1")
    assert (decision.disposition, decision.reason, state(table)) == (Disposition.HOLD, "So says the policy.", "person")
    assert (act_of(decision).amount, act_of(decision).approvals) == (Money(4990, "EUR"), 1)
    assert "We have refunded 49.90 EUR" in text_of(decision)
    assert Check("3 refunds in 30 days.", passed=False) in decision.checks


# Refusals.


REFUSES = {"rule": Rule.WINDOW, "values": (("days", "30"),), "checks": (Check("Day 40.", passed=False),)}


def test_a_refusal_leaves_by_itself_and_names_its_rule():
    table = Table(Judge(Outcome.REFUSED, REFUSES))
    decision = table.write(WISH, "LO-1")
    assert decision.disposition is Disposition.RELEASE
    assert "your order LO-1 any more: there are 30 days for it" in text_of(decision)
    assert (state(table), table.case.rule, table.case.policy_version) == ("refused", "window", 7)
    assert all(check.passed for check in decision.checks)
    assert any("The rule “window” refuses it" in check.text for check in decision.checks)


def test_a_refusal_of_what_was_perhaps_misread_is_a_persons():
    decision = Table(Judge(Outcome.REFUSED, REFUSES)).write(f"{WISH} But only if you pay the postage.", "LO-1")
    assert decision.disposition is Disposition.HOLD


def test_the_tenants_own_sentence_comes_before_ours_and_its_braces_do_no_harm():
    phrases = {Rule.WINDOW: {"en": "Only {days} days for {number} ({status}) {nothing} {"}}
    table = Table(Judge(Outcome.REFUSED, REFUSES), RefundPolicy(phrases=phrases))
    assert "Only 30 days for LO-1 (delivered) {nothing} {" in text_of(table.write(WISH, "LO-1"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("rule", Rule)
def test_every_rule_is_named_in_every_language_and_nothing_is_left_open(rule, language):
    values = {"rule": rule, "values": (("days", "30"), ("item", "Desk lamp"))}
    decision = Table(Judge(Outcome.REFUSED, values)).write(WISHES[language], "LO-1", language=language)
    assert decision.disposition is Disposition.RELEASE
    assert "LO-1" in text_of(decision)
    assert "{" not in text_of(decision)


# What changes on the way.


def test_two_things_at_once_are_a_persons():
    table = Table()
    decision = table.write("Please cancel order LO-1. And I want to return the desk lamp.", "LO-1")
    assert (decision.disposition, state(table)) == (Disposition.HOLD, "person")
    assert not any(isinstance(effect, OrderAct) for effect in decision.effects)


def test_a_change_of_mind_about_what_is_wanted_is_a_persons():
    table = Table()
    table.write("I want to return the desk lamp.")
    decision = table.write("Please cancel order LO-1.", "LO-1")
    assert (decision.disposition, state(table)) == (Disposition.HOLD, "person")
    assert not any(isinstance(effect, OrderAct) for effect in decision.effects)


def test_another_order_once_the_first_is_proven_is_a_persons():
    table = Table(Judge(Outcome.REASON_WANTED))
    table.write(WISH, "LO-1")
    decision = table.write("It does not fit, order LO-3.", "LO-3")
    assert (decision.disposition, state(table)) == (Disposition.HOLD, "person")


def test_another_writer_once_the_first_is_proven_is_a_persons():
    table = Table(Judge(Outcome.REASON_WANTED))
    table.write(WISH, "LO-1")
    decision = table.write("It does not fit.", verified=False)
    assert (decision.disposition, state(table), decision.effects) == (Disposition.HOLD, "person", ())


def test_a_wish_that_is_taken_back_while_we_ask_ends_with_a_word():
    table = Table()
    table.write()
    decision = table.write("Please forget my request.")
    assert (decision.disposition, state(table)) == (Disposition.RELEASE, "withdrawn")
    assert "We have closed your request" in text_of(decision)


def test_a_question_about_an_earlier_request_is_no_request_whatever_its_words():
    decision = Table().write(WISH, "LO-1", sub_intent="refund_status")
    assert (decision.disposition, decision.effects) == (Disposition.HOLD, ())


def test_where_nothing_is_open_nothing_is_closed():
    assert Table().write("Please forget my request.").disposition is Disposition.HOLD


@pytest.mark.parametrize("where", ["person", "eligible", "approved", "executing"])
def test_a_case_that_a_person_or_the_shop_has_stays_there(where):
    table = Table(case=Case("refund", CaseState(where), "LO-1", version=3, action=Action.REFUND))
    decision = table.write(WISH, "LO-1")
    assert (decision.disposition, decision.case, decision.effects) == (Disposition.HOLD, None, ())
    assert f"is with a person already ({where})" in decision.reason


def test_what_a_person_has_is_taken_back_by_a_person():
    table = Table(case=Case("refund", CaseState.ELIGIBLE, "LO-1", version=3, action=Action.REFUND))
    decision = table.write("Please forget my request.")
    assert (decision.disposition, decision.case) == (Disposition.HOLD, None)
    assert "a person ends it" in decision.reason


def test_a_mail_after_the_end_begins_a_case_that_knows_the_one_before():
    ended = Case("refund", CaseState.REFUSED, "LO-3", ("order_number",), version=4, id=ANOTHER)
    table = Table(case=ended)
    decision = table.write(WISH, "LO-1")
    assert (decision.case.previous, decision.case.order_number, decision.case.version) == (ANOTHER, "LO-1", 0)


# What became of it.


DONE = Case("refund", CaseState.CONFIRMED, "LO-1", version=5, action=Action.REFUND, amount=Money(4990, "EUR"))


@pytest.mark.parametrize("done", [DONE, replace(DONE, state=CaseState.EXECUTED)])
def test_the_customer_hears_what_was_done(done):
    decision = Table(case=done).write("Any news on my refund?")
    assert (decision.disposition, decision.case, kinds(decision)) == (Disposition.RELEASE, None, ["reply"])
    assert "We have refunded 49.90 EUR for your order LO-1" in text_of(decision)


@pytest.mark.parametrize(
    ("case", "sent"),
    [
        (DONE, {"verified": False}),
        (DONE, {"sender": replace(ANA, address="eve@stranger.example")}),
        (replace(DONE, state=CaseState.REFUSED), {}),
        (replace(DONE, order_number="LO-2"), {}),
    ],
)
def test_nobody_else_hears_what_was_done_and_of_nothing_else(case, sent):
    decision = Table(case=case).write("Any news on my refund?", **sent)
    assert (decision.disposition, decision.effects, decision.case) == (Disposition.HOLD, (), None)


def test_another_order_is_not_told_of_in_its_place():
    assert Table(case=DONE).write("Any news on my refund for LO-3?", "LO-3").disposition is Disposition.HOLD


# Language and sender.


def test_a_language_without_texts_is_held_and_nothing_counts_as_asked():
    table = Table()
    assert (table.write(language="und").disposition, table.case) == (Disposition.HOLD, None)


def test_a_bare_number_is_answered_in_the_language_of_the_mail_before():
    table = Table()
    table.write(WISHES["de"], language="de")
    decision = table.write("LO-1", "LO-1", language="und")
    assert "wir haben Ihnen für Ihre Bestellung LO-1 49,90 EUR erstattet" in text_of(decision)


def test_a_mail_without_a_usable_sender_is_held():
    decision = Table().write(WISH, "LO-1", sender=None)
    assert (decision.disposition, decision.effects) == (Disposition.HOLD, ())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("numbers", [(), ("LO-9",), ("LO-2",)])
def test_no_question_speaks_of_money(language, numbers):
    text = text_of(Table().write("", *numbers, language=language)).lower()
    assert not any(word in text for word in ("refund", "erstatt", "rembours", "reembols", "eur ", "€"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("action", Action)
def test_every_action_has_its_words_in_every_language_and_only_paid_money_is_called_paid(action, language):
    values = {"action": action, "amount": Money(4990, "EUR") if action is not Action.EXCHANGE else None}
    decision = Table(Judge(values=values)).write(WISHES[language], "LO-1", language=language)
    text = text_of(decision)
    paid = any(word in text for word in ("refunded", "erstattet", "remboursé", "reembolsado"))
    assert paid == (action in {Action.REFUND, Action.CANCEL})
    assert ("49" in text) == (action in {Action.REFUND, Action.CANCEL, Action.RETURN})
    assert "{" not in text
    assert "LO-1" in text
    # What the guard at sending will look for: the act that was done proves every word of it.
    amount = act_of(decision).amount
    assert unproven(claims_in(text), Proven((Done(action, amount),))) == ()


def test_no_hold_mails_the_customers_address():
    for numbers in (("LO-2", "LO-9"), ("LO-1", "LO-2")):
        decision = Table().write(WISH, *numbers)
        assert decision.disposition is Disposition.HOLD
        assert not any(isinstance(effect, IdentityMail) for effect in decision.effects)


def test_what_cannot_be_looked_up_is_still_remembered_for_members():
    decision = Table().write(WISH, "LO-1", "LO-9")
    assert [(one.number, one.exists) for one in decision.tried] == [("LO-9", False)]
    assert "It also names LO-9" in decision.reason
    assert {one for one in ORDERS if one in decision.reason} == {"LO-1"}


@pytest.mark.parametrize(
    "text",
    [
        "I want to return the desk lamp and exchange the mugs.",
        "Please return the lamp. Also, please exchange the mugs.",
    ],
)
def test_one_thing_back_and_another_exchanged_is_a_persons(text):
    table = Table(Judge(values={"approvals": 0}))
    decision = table.write(text, "LO-1")
    assert decision.disposition is Disposition.HOLD
    assert any(not check.passed for check in decision.checks)
