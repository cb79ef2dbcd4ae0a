"""What the machine answers in no case is laid before a person, with what they should know first."""

from domain.conversation import Conversation
from domain.decision import Disposition
from domain.message import Address, Attachment, Message
from domain.understanding import Understanding
from handlers.other import OtherHandler


def decided(attachments=0, earlier=0):
    files = tuple(Attachment("a.png", "image/png", 10, "0" * 64) for _ in range(attachments))
    message = Message(Address("ana@customer.example"), attachments=files)
    read = Understanding(text="I love it", importance_reason="praise")
    return OtherHandler().decide(message, read, Conversation(earlier_messages=earlier))


def test_it_waits_for_a_person_with_its_weight_as_the_reason():
    decision = decided()
    assert (decision.disposition, decision.reason) == (Disposition.HOLD, "For a person to read: praise.")
    assert decision.checks == ()


def test_attachments_and_earlier_mail_are_told_where_there_are_any():
    assert [check.text for check in decided(1, 1).checks] == ["1 earlier mail in this conversation.", "1 attachment."]
    assert [check.text for check in decided(2, 3).checks] == ["3 earlier mails in this conversation.", "2 attachments."]
