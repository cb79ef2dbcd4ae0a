"""What of a decision goes onto the ticket of its order, by the tenant's mode."""

import pytest

from domain.bridging import (
    LONGEST_QUOTE,
    SHADOW,
    BridgeRules,
    Mode,
    answered,
    bridged,
    carries,
    is_ours,
    marked,
    marker_of,
    quoted,
    ticket_type,
)
from domain.category import Category
from domain.decision import Decision, Disposition, InternalNote, Reply, TicketMessage, WordsFor
from domain.message import Address, Message
from domain.ticket import TicketType
from domain.understanding import Understanding

ANNA = Address("anna@customer.example", "Anna")
MAIL = Message(sender=ANNA, text="Where is <b>it</b>?")
READ = Understanding(text=MAIL.text, language="en", category=Category.QUESTION, confidence=1.0, importance=2)
REPLY = Reply(ANNA, "My order", "It is on its way.")
RELEASED = Decision.release("known", REPLY)
HELD = Decision.hold("weak", REPLY)


def kinds(decision: Decision) -> list[str]:
    return [effect.kind.value for effect in decision.effects]


def over(decision: Decision, mode: Mode, *, shadow: bool = False, number: str = "LO-1") -> Decision:
    return bridged(decision, MAIL, READ, number, BridgeRules(mode, shadow))


@pytest.mark.parametrize("decision", [RELEASED, HELD])
def test_each_mode_adds_what_it_says_and_changes_no_disposition(decision):
    assert over(decision, Mode.GMAIL_ONLY) == decision
    noted = over(decision, Mode.GMAIL_WITH_NOTE)
    assert (noted.disposition, kinds(noted)) == (decision.disposition, ["reply", "internal_note"])
    assert noted.effects[0] == REPLY
    assert noted.effects[1].after_reply
    by_ticket = over(decision, Mode.TICKET_ONLY)
    assert by_ticket.disposition is decision.disposition
    assert by_ticket.effects == (TicketMessage(WordsFor.CUSTOMER, "LO-1", ANNA, "My order", REPLY.text),)


@pytest.mark.parametrize("mode", Mode)
def test_shadow_holds_and_posts_the_suggestion_at_once(mode):
    found = over(RELEASED, mode, shadow=True)
    assert (found.disposition, found.reason) == (Disposition.HOLD, SHADOW)
    note = next(effect for effect in found.effects if isinstance(effect, InternalNote) and not effect.after_reply)
    assert "| It is on its way." in note.text
    held = over(HELD, mode, shadow=True)
    assert held.reason == "weak"


def test_shadow_holds_what_has_no_known_order_too_and_posts_nothing():
    found = over(RELEASED, Mode.GMAIL_WITH_NOTE, shadow=True, number="")
    assert (found.disposition, found.effects) == (Disposition.HOLD, (REPLY,))


def test_a_held_mail_without_a_draft_suggests_that_a_person_decides():
    found = over(Decision.hold("A threat."), Mode.GMAIL_ONLY, shadow=True)
    assert "A person decides: A threat." in found.effects[0].text


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("shadow", [True, False])
def test_what_is_ignored_stays_ignored_and_without_an_order_nothing_is_added(mode, shadow):
    ignored = Decision.ignore("a machine")
    assert over(ignored, mode, shadow=shadow) == ignored
    assert over(HELD, mode, shadow=shadow, number="") == HELD


def test_a_customers_words_are_quoted_as_plain_text():
    assert quoted("Where is <b>it</b>?\n\nAnna") == "| Where is ‹b›it‹/b›?\n|\n| Anna"
    assert quoted("  ") == "| (no words)"
    assert len(quoted("x" * 10_000)) == LONGEST_QUOTE + 2
    assert answered("Soon.") == "\n\nWe answered by mail:\n| Soon."


def test_words_are_found_again_by_their_marker_and_by_no_other():
    marker = marker_of("K7F3Q2")
    text = marked("Hello.\n", marker)
    assert text == "Hello.\n\n[MW-K7F3Q2]"
    assert carries(f"<p>{text}</p>", marker)
    assert not carries(text, marker_of("K7F3Q3"))
    assert not carries("MW-K7F3Q2X", marker)
    assert is_ours(text)
    assert not is_ours("MW-1000 is our article number, BMW-K7F3Q is another")


@pytest.mark.parametrize(
    ("category", "sub_intent", "found"),
    [
        ("question", "order_status", TicketType.TRACKING),
        ("refund", "refund_request", TicketType.RETURN),
        ("question", "product", TicketType.GENERAL_INFO),
        ("other", "complaint", TicketType.SUPPORT_ENQUIRY),
        ("", "", TicketType.SUPPORT_ENQUIRY),
    ],
)
def test_a_ticket_has_the_type_of_what_its_mail_is_about(category, sub_intent, found):
    assert ticket_type(category, sub_intent) is found
