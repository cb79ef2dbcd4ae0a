from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.answering import COMPOSED, QUOTED, AnswerLook
from domain.case import Case
from domain.category import Category
from domain.conversation import Conversation
from domain.decision import Check, Citation, Decision, Disposition, Reply
from domain.earned import Earned, NotEnough
from domain.message import Address, Message
from domain.supplier import Supplier
from domain.supplier_mail import KnownBy, SupplierMail
from domain.triage import Policy, triage
from domain.understanding import Understanding

ANA = Address("ana@customer.example", "Ana")
CONNECTED = datetime(2026, 3, 1, tzinfo=UTC)
MAIL = Message(sender=ANA, subject="Question", received_at=CONNECTED + timedelta(hours=1))
EARNED = {Category.QUESTION: Earned(0.7, 100, 90, 1, 0.04, 0.9), Category.REFUND: Earned(0.7, 100, 90, 1, 0.04, 0.9)}
SURE = Understanding(text="How long?", language="en", category=Category.QUESTION, confidence=0.95)
ANSWER = Decision.release("Answered.", Reply(ANA, "Question", "30 days."))


class Deciding:
    """A handler that always decides the same and remembers whom it was asked about."""

    def __init__(self, decision: Decision) -> None:
        self.decision, self.asked = decision, []

    def decide(self, message, understanding, conversation):
        self.asked.append(message)
        return self.decision


class Untouchable:
    def decide(self, message, understanding, conversation):
        raise AssertionError("this handler must not be asked")


def earning(**settings):
    return Policy(standings=EARNED, **settings)


def decided(message=MAIL, conversation=None, understanding=SURE, policy=None, **handlers):
    by_category = {category: Untouchable() for category in Category}
    by_category[Category.QUESTION] = Deciding(ANSWER)
    by_category |= {Category(name): handler for name, handler in handlers.items()}
    return triage(message, conversation or Conversation(), understanding, by_category, policy or earning())


def test_a_sure_question_is_released_as_its_handler_decided():
    decision = decided()
    assert decision.disposition is Disposition.RELEASE
    assert decision.effects == ANSWER.effects


def test_what_a_machine_wrote_is_ignored_and_no_handler_is_asked():
    decision = decided(understanding=replace(SURE, automatic="Auto-Submitted: auto-replied"), question=Untouchable())
    assert (decision.disposition, decision.effects) == (Disposition.IGNORE, ())
    assert "auto-replied" in decision.reason


def test_what_a_machine_perhaps_wrote_waits_for_a_person_with_its_draft():
    suspect = replace(SURE, suspicion="its subject is that of an absence note")
    decision = decided(understanding=suspect)
    assert (decision.disposition, decision.effects) == (Disposition.HOLD, ANSWER.effects)
    assert decision.reason == "Perhaps a machine wrote it: its subject is that of an absence note."
    waiting = decided(understanding=suspect, question=Deciding(Decision.hold("No answer found.")))
    assert waiting.reason == decision.reason


def test_a_case_is_not_moved_by_what_a_machine_perhaps_wrote():
    suspect, case = replace(SURE, suspicion="its text is data"), Case("refund", "order_wanted")
    moved = Deciding(Decision.release("Found.", *ANSWER.effects).moving(replace(case, state="checking")))
    decision = decided(understanding=suspect, conversation=Conversation(case=case), refund=moved)
    assert (decision.disposition, decision.case) == (Disposition.HOLD, None)


def test_mail_that_is_found_after_more_than_a_day_is_a_persons():
    late = decided(policy=earning(now=MAIL.received_at + timedelta(days=1, seconds=1)))
    assert (late.disposition, late.reason) == (
        Disposition.HOLD,
        "It is older than 24 hours: it may be settled already.",
    )
    assert decided(policy=earning(now=MAIL.received_at + timedelta(days=1))).disposition is Disposition.RELEASE
    patient = earning(now=MAIL.received_at + timedelta(days=2), oldest_answered=timedelta(days=3))
    assert decided(policy=patient).disposition is Disposition.RELEASE


def test_mail_from_before_the_connection_is_ignored():
    policy = earning(answers_since=CONNECTED)
    older = replace(MAIL, received_at=CONNECTED - timedelta(seconds=1))
    assert decided(older, policy=policy, question=Untouchable()).disposition is Disposition.IGNORE
    assert decided(policy=policy).disposition is Disposition.RELEASE


def test_a_copy_of_a_mail_that_another_mailbox_deals_with_is_ignored():
    decision = decided(conversation=Conversation(handled_elsewhere=True), question=Untouchable())
    assert decision.disposition is Disposition.IGNORE
    assert "another mailbox" in decision.reason


def test_mail_without_one_sender_is_held():
    assert decided(replace(MAIL, sender=None), question=Untouchable()).disposition is Disposition.HOLD


def test_an_open_case_goes_to_its_handler_whatever_the_mail_looks_like():
    refund = Deciding(Decision.hold("Found the order."))
    vague = replace(SURE, text="LO-48213", category=Category.OTHER, confidence=0.2)
    decided(conversation=Conversation(case=Case("refund", "order_wanted")), understanding=vague, refund=refund)
    assert refund.asked == [MAIL]


def test_an_open_case_makes_sure_what_an_unsure_mail_is_about():
    vague = replace(SURE, category=Category.OTHER, confidence=0.2)
    case = Conversation(case=Case("refund", "order_wanted"))
    assert decided(conversation=case, understanding=vague, refund=Deciding(ANSWER)).disposition is Disposition.RELEASE


def test_a_closed_case_does_not_claim_a_mail():
    case = Conversation(case=Case("refund", "checking"))
    assert decided(conversation=case).disposition is Disposition.RELEASE


def test_an_unsure_category_is_held_with_the_reply_as_draft():
    decision = decided(understanding=replace(SURE, confidence=0.69))
    assert decision.disposition is Disposition.HOLD
    assert decision.effects == ANSWER.effects
    assert "69% question" in decision.reason


def test_a_category_can_have_its_own_threshold():
    policy = Policy(standings={Category.QUESTION: Earned(0.6, 100, 95, 1, 0.04, 0.95)})
    assert decided(understanding=replace(SURE, confidence=0.6), policy=policy).disposition is Disposition.RELEASE
    assert decided(understanding=replace(SURE, confidence=0.59), policy=policy).disposition is Disposition.HOLD


def test_a_category_that_has_earned_nothing_releases_nothing_by_itself():
    for standings, reason in (
        ({}, "No checked mail yet to answer questions by itself."),
        (
            {Category.QUESTION: NotEnough(12, 45)},
            "Not enough checked mail yet to answer questions by itself: 12 of 45.",
        ),
    ):
        decision = decided(understanding=replace(SURE, confidence=1.0), policy=Policy(standings=standings))
        assert (decision.disposition, decision.reason) == (Disposition.HOLD, reason)
        assert decision.effects == ANSWER.effects


def test_what_a_person_answers_in_any_case_need_not_be_earned():
    decision = decided(understanding=replace(SURE, category=Category.OTHER), other=Deciding(Decision.hold("Read.")))
    assert decision.checks[0] == Check("Read as other (95% sure).", passed=True)


def test_an_open_case_releases_nothing_either_where_its_category_has_earned_nothing():
    case = Conversation(case=Case("refund", "order_wanted"))
    decision = decided(conversation=case, refund=Deciding(ANSWER), policy=Policy())
    assert decision.disposition is Disposition.HOLD
    assert "refund requests" in decision.reason


@pytest.mark.parametrize(
    ("understanding", "conversation", "policy", "reason"),
    [
        (replace(SURE, threat="a lawyer"), Conversation(), earning(), "threat (a lawyer)"),
        (replace(SURE, asks_for_person=True), Conversation(), earning(), "asks for a person"),
        (SURE, Conversation(), earning(phases={}), "is assisted here"),
        (SURE, Conversation(), earning(answering=False), "paused"),
        (SURE, Conversation(replies_by_machine=3), earning(), "3 automatic replies in this conversation"),
        (SURE, Conversation(replies_to_sender_today=5), earning(), "5 automatic replies to this sender"),
    ],
)
def test_what_speaks_against_a_reply_turns_it_into_a_draft(understanding, conversation, policy, reason):
    decision = decided(conversation=conversation, understanding=understanding, policy=policy)
    assert (decision.disposition, decision.effects) == (Disposition.HOLD, ANSWER.effects)
    assert reason in decision.reason


def test_a_failed_check_of_the_handler_holds_what_it_released():
    decision = decided(question=Deciding(ANSWER.checked(Check("The sender is verified.", passed=False))))
    assert decision.disposition is Disposition.HOLD
    assert "The sender is verified." in decision.reason


def test_policy_never_turns_a_hold_into_anything_else():
    held = Decision.hold("Weak answer.")
    decision = decided(question=Deciding(held), policy=earning(answering=False))
    assert (decision.disposition, decision.reason) == (Disposition.HOLD, "Weak answer.")


def test_a_case_does_not_move_before_a_person_has_released_the_reply():
    asking = ANSWER.moving(Case("refund").asking("order_number", "order_wanted"))
    decision = decided(question=Deciding(asking), policy=earning(answering=False))
    assert decision.case is None
    assert decision.case_on_release.asked == ("order_number",)


def test_a_hold_shows_the_checks_that_led_to_it():
    decision = decided(question=Deciding(Decision.hold("Weak answer.")), understanding=replace(SURE, confidence=0.1))
    assert [check.passed for check in decision.checks] == [False, True, True, True, True]


def test_every_category_without_a_hint_is_decided_by_its_own_handler():
    for category in Category:
        handler = Deciding(Decision.hold("Read."))
        decided(understanding=replace(SURE, category=category), **{category.value: handler})
        assert handler.asked == [MAIL]


def test_an_open_case_is_sure_also_when_the_mail_was_classified_alike_but_weakly():
    weak = replace(SURE, category=Category.REFUND, confidence=0.2)
    case = Conversation(case=Case("refund", "order_wanted"))
    assert decided(conversation=case, understanding=weak, refund=Deciding(ANSWER)).disposition is Disposition.RELEASE


def test_mail_that_names_none_of_our_addresses_waits_for_a_person():
    policy = earning(own_addresses=frozenset({"help@shop.example"}))
    elsewhere = replace(MAIL, to=(Address("somebody@else.example"),))
    tagged = replace(MAIL, to=(Address("help+orders@shop.example"),))
    assert decided(message=elsewhere, policy=policy).disposition is Disposition.HOLD
    assert decided(message=tagged, policy=policy).disposition is Disposition.RELEASE


@pytest.mark.parametrize("by_handler", [Decision.hold("A person decides."), ANSWER])
def test_what_was_perhaps_misread_moves_its_case_only_when_a_person_sends_the_reply(by_handler):
    weak = replace(SURE, category=Category.REFUND, confidence=0.2)
    case = Case("refund").asking("order_number", "order_wanted")
    decision = decided(understanding=weak, refund=Deciding(by_handler.moving(case)))
    assert decision.disposition is Disposition.HOLD
    assert (decision.case, decision.case_on_release) == (None, case)


def test_mail_whose_sender_may_be_forged_waits_for_a_person():
    forged = replace(MAIL, headers=(("authentication-results", "mx.google.com; dmarc=fail header.from=x.example"),))
    assert decided(message=forged).disposition is Disposition.HOLD


LOOK = AnswerLook(QUOTED, 0.93, {}, answered=True, model="prior/2")
QUOTING = replace(ANSWER, answer=LOOK, citations=(Citation("a.md", "A", 0, 3, "30 "),))
TRUSTED = {"answers": {QUOTED: Earned(0.9, 150, 90, 1, 0.043, 0.6)}, "answer_model": "prior/2"}


def test_an_answer_leaves_by_itself_from_the_probability_on_that_verdicts_have_earned():
    for sure, disposition in ((0.93, Disposition.RELEASE), (0.9, Disposition.RELEASE), (0.88, Disposition.HOLD)):
        answer = replace(QUOTING, answer=replace(LOOK, probability=sure))
        decision = decided(question=Deciding(answer), policy=earning(**TRUSTED))
        assert decision.disposition is disposition
        assert decision.effects == ANSWER.effects
        assert decision.answer.probability == sure
    assert decision.reason == "It is only 88% sure that this answers it; answers have earned to go out from 90.0% on."


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({}, "Answers have earned no verdicts yet."),
        ({QUOTED: NotEnough(12, 45)}, "Answers have earned 12 of 45 verdicts."),
        ({COMPOSED: Earned(0.6, 100, 99, 0, 0.02, 0.99)}, "Answers have earned no verdicts yet."),
    ],
)
def test_an_answer_waits_until_verdicts_on_answers_made_like_it_are_enough(answers, reason):
    decision = decided(question=Deciding(QUOTING), policy=earning(**{**TRUSTED, "answers": answers}))
    assert (decision.disposition, decision.reason) == (Disposition.HOLD, reason)
    assert decision.effects == ANSWER.effects


def test_what_one_abstention_has_earned_lets_nothing_of_another_out():
    decision = decided(question=Deciding(QUOTING), policy=earning(**{**TRUSTED, "answer_model": "prior/3"}))
    assert decision.disposition is Disposition.HOLD
    assert decision.reason == "What answers have earned is being counted anew."


def test_an_earned_answer_waits_where_the_category_has_earned_nothing():
    decision = decided(question=Deciding(QUOTING), policy=Policy(**TRUSTED))
    assert decision.reason == "No checked mail yet to answer questions by itself."


@pytest.mark.parametrize("look", [None, replace(LOOK, answered=False)])
def test_a_quote_that_nobody_looked_at_never_leaves_by_itself(look):
    decision = decided(question=Deciding(replace(QUOTING, answer=look)), policy=earning(**TRUSTED))
    assert decision.disposition is Disposition.HOLD


def test_verdicts_never_turn_a_hold_into_a_release():
    held = replace(QUOTING, disposition=Disposition.HOLD, reason="Three questions.")
    decision = decided(question=Deciding(held), policy=earning(**TRUSTED))
    assert (decision.disposition, decision.reason) == (Disposition.HOLD, "Three questions.")


def test_a_suppliers_mail_is_the_suppliers_handlers_whatever_it_reads_like_and_whatever_case_is_open():
    asked = []

    class Asked:
        def decide(self, message, understanding, conversation):
            asked.append(understanding.category)
            return Decision.hold("A supplier.")

    acme = SupplierMail(KnownBy.SENDER, Supplier("Acme", ("acme.example",)))
    conversation = Conversation(case=Case("refund"), supplier_mail=acme)
    read = Understanding(text="Refund me", category=Category.REFUND, confidence=1.0)
    decision = triage(Message(Address("a@acme.example")), conversation, read, {Category.SUPPLIER: Asked()}, Policy())
    assert (asked, decision.reason) == ([Category.REFUND], "A supplier.")


TAKEN_OVER = Conversation(taken_over_by="Anna")


def test_in_a_conversation_that_a_member_has_taken_over_nothing_is_released_and_the_draft_waits():
    decision = decided(conversation=TAKEN_OVER)
    assert (decision.disposition, decision.effects) == (Disposition.HOLD, ANSWER.effects)
    assert decision.reason == "Anna has taken this conversation over."


def test_what_would_have_waited_there_anyway_still_says_why():
    decision = decided(conversation=TAKEN_OVER, question=Deciding(Decision.hold("No answer found.")))
    assert decision.reason == "Anna has taken this conversation over."
    assert Check("No answer found.", passed=False) in decision.checks


def test_what_a_machine_wrote_is_left_alone_there_too():
    automatic = replace(SURE, automatic="Auto-Submitted: auto-replied")
    assert decided(conversation=TAKEN_OVER, understanding=automatic).disposition is Disposition.IGNORE


def test_a_case_does_not_move_there_before_a_person_has_released_the_reply():
    case = Case("refund", "order_wanted")
    moved = Deciding(Decision.release("Found.", *ANSWER.effects).moving(replace(case, state="checking")))
    decision = decided(conversation=replace(TAKEN_OVER, case=case), refund=moved)
    assert (decision.case, decision.case_on_release.state) == (None, "checking")
