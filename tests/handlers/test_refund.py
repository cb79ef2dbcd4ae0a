from dataclasses import replace

import pytest

from domain.case import Case
from domain.conversation import Conversation
from domain.decision import Disposition
from domain.message import Address
from domain.understanding import Place, Reading
from handlers.refund import RefundHandler

MALLORY = Address("mallory@stranger.example", "Mallory")


@pytest.fixture
def decide(orders, mail, asks):
    def run(*numbers, case=None, message=None, language="en"):
        handler = RefundHandler(orders)
        return handler.decide(
            message or mail(), asks("Refund me", *numbers, language=language), Conversation(case=case)
        )

    return run


def test_a_request_without_a_number_is_asked_for_it(decide):
    decision = decide()
    assert decision.disposition is Disposition.RELEASE
    assert "reply with the number of your order" in decision.effects[0].text
    assert (decision.case.state, decision.case.asked) == ("order_wanted", ("order_number",))


def test_nothing_is_asked_twice(decide):
    second = decide(case=decide().case)
    assert (second.disposition, second.case.state) == (Disposition.HOLD, "person")


def test_a_found_order_of_the_sender_goes_to_a_person_with_its_facts(decide):
    decision = decide("LO-1")
    assert decision.disposition is Disposition.HOLD
    assert "LO-1, delivered on 2026-03-01, 49.90 EUR" in decision.reason
    assert (decision.case.state, decision.case.order_number) == ("person", "LO-1")


def test_a_person_sees_whether_gmail_verified_the_sender(decide, mail):
    decision = decide("LO-1", message=mail(verified=False))
    assert "Gmail did not verify" in decision.reason
    assert decision.disposition is Disposition.HOLD


def test_a_wrong_number_is_remembered_and_asked_for_once_more(decide):
    decision = decide("LO-9", case=decide().case)
    assert decision.disposition is Disposition.RELEASE
    assert (decision.case.wrong_numbers, decision.case.state) == (("LO-9",), "order_wanted")


def test_two_wrong_numbers_go_to_a_person_with_what_was_tried(decide):
    decision = decide("LO-8", case=decide("LO-9").case)
    assert decision.disposition is Disposition.HOLD
    assert "tried: LO-9, LO-8" in decision.reason
    assert decision.case.wrong_numbers == ("LO-9", "LO-8")


def test_the_same_wrong_number_again_goes_to_a_person(decide):
    assert decide("LO-9", case=decide("LO-9").case).disposition is Disposition.HOLD


def test_a_right_number_after_a_wrong_one_is_found(decide):
    assert decide("LO-1", case=decide("LO-9").case).case.order_number == "LO-1"


def outwardly(decision):
    """All that the writer and the world can notice."""
    return decision.disposition, decision.effects, len(decision.case.wrong_numbers), decision.case.state


@pytest.mark.parametrize("case", [None, Case("refund").asking("order_number", "order_wanted")])
@pytest.mark.parametrize("verified", [True, False])
def test_somebody_elses_order_looks_exactly_like_no_order(decide, mail, case, verified):
    stranger = mail(MALLORY, verified=verified)
    assert outwardly(decide("LO-1", case=case, message=stranger)) == outwardly(
        decide("LO-9", case=case, message=stranger)
    )


def test_a_second_strange_order_looks_exactly_like_a_second_wrong_number(decide, mail):
    stranger = mail(MALLORY)
    once = decide("LO-1", message=stranger).case
    twice = decide("LO-2", case=once, message=stranger), decide("LO-7", case=once, message=stranger)
    assert outwardly(twice[0]) == outwardly(twice[1])


def test_a_reply_never_repeats_what_a_stranger_wrote(decide, mail):
    assert "LO-1" not in decide("LO-1", message=mail(MALLORY)).effects[0].text


def test_no_check_that_failed_stands_beside_a_release(decide):
    assert decide("LO-9").checks == ()


def test_a_case_that_a_person_has_stays_there(decide):
    decision = decide("LO-1", case=Case("refund", state="checking", order_number="LO-1", version=3))
    assert (decision.disposition, decision.case) == (Disposition.HOLD, None)


def test_a_mail_after_the_end_begins_a_new_case(decide):
    decision = decide(case=Case("refund", state="refused", asked=("order_number",)))
    assert decision.case.asked == ("order_number",)
    assert decision.disposition is Disposition.RELEASE


@pytest.mark.parametrize("language", ["en", "de", "fr", "es"])
@pytest.mark.parametrize("numbers", [(), ("LO-9",)])
def test_no_reply_speaks_of_money(decide, language, numbers):
    text = decide(*numbers, language=language).effects[0].text.lower()
    assert not any(word in text for word in ("refund", "erstatt", "rembours", "reembols", "eur", "€"))


def test_a_language_without_texts_is_held_and_nothing_counts_as_asked(decide):
    decision = decide(language="und")
    assert (decision.disposition, decision.case) == (Disposition.HOLD, None)


def test_a_mail_without_a_usable_sender_is_held(orders, mail, asks):
    nobody = replace(mail(), sender=None)
    assert RefundHandler(orders).decide(nobody, asks(), Conversation()).disposition is Disposition.HOLD


@pytest.fixture
def decide_quoted(orders, mail, asks):
    """The number stands only in the quoted or forwarded mail."""

    def run(*numbers, place=Place.THREAD, case=None, message=None):
        understood = asks("Refund me", *numbers, read_from=(Reading("order_numbers", place, ", ".join(numbers)),))
        return RefundHandler(orders).decide(message or mail(), understood, Conversation(case=case))

    return run


@pytest.mark.parametrize("place", [Place.THREAD, Place.FORWARDED])
def test_an_order_that_only_old_mail_names_is_a_candidate_and_said_to_be_one(decide_quoted, place):
    decision = decide_quoted("LO-1", place=place)
    assert decision.disposition is Disposition.HOLD
    assert "its number stands only in the quoted or forwarded mail" in decision.reason
    assert (decision.case.state, decision.case.order_number) == ("person", "")
    first = decision.checks[0]
    assert (first.passed, "LO-1" in first.text, "not in the new text" in first.text) == (False, True, True)


@pytest.mark.parametrize("number", ["LO-2", "LO-9"])
def test_a_strange_number_in_old_mail_counts_as_none(decide, decide_quoted, number):
    """Somebody else may have written it: the writer is asked, and nothing counts as tried."""
    quoted = decide_quoted(number)
    assert outwardly(quoted) == outwardly(decide())
    assert quoted.case.wrong_numbers == ()


def test_the_number_of_the_case_comes_before_one_in_old_mail(decide_quoted):
    case = Case("refund", state="order_wanted", order_number="LO-1", asked=("order_number",))
    assert decide_quoted("LO-9", case=case).case.order_number == "LO-1"


def test_a_number_in_the_subject_is_the_writers_own(orders, mail, asks):
    understood = asks("Refund me", "LO-1", read_from=(Reading("order_numbers", Place.SUBJECT, "LO-1"),))
    decision = RefundHandler(orders).decide(mail(), understood, Conversation())
    assert decision.case.order_number == "LO-1"
