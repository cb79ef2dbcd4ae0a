"""What the machine answers in no case is laid before a person, with what they should know first."""

from domain.conversation import Conversation
from domain.decision import Citation, Decision, Disposition, Reply
from domain.message import Address, Attachment, Message
from domain.understanding import Understanding
from handlers.other import OtherHandler

SENDER = Address("ana@customer.example")
CITED = Citation("en/lamps.md", "Lamps", 0, 5, "Lamps")
ANSWER = Decision.release("Answered.", Reply(SENDER, "Re: Lamps", "All of them.")).proven_by(CITED)


class Questions:
    """Answers every mail alike."""

    def __init__(self, decision):
        self._decision = decision

    def decide(self, message, understanding, conversation):
        return self._decision


def decided(attachments=0, earlier=0):
    files = tuple(Attachment("a.png", "image/png", 10, "0" * 64) for _ in range(attachments))
    message = Message(Address("ana@customer.example"), attachments=files)
    read = Understanding(text="I love it", importance_reason="praise")
    return OtherHandler(Questions(ANSWER)).decide(message, read, Conversation(earlier_messages=earlier))


def test_it_waits_for_a_person_with_its_weight_as_the_reason():
    decision = decided()
    assert (decision.disposition, decision.reason) == (Disposition.HOLD, "For a person to read: praise.")
    assert decision.checks == ()


def test_attachments_and_earlier_mail_are_told_where_there_are_any():
    assert [check.text for check in decided(1, 1).checks] == ["1 earlier mail in this conversation.", "1 attachment."]
    assert [check.text for check in decided(2, 3).checks] == ["3 earlier mails in this conversation.", "2 attachments."]


def out_of_scope(answer):
    read = Understanding(text="Which lamps can be dimmed?", sub_intent="out_of_scope")
    return OtherHandler(Questions(answer)).decide(Message(SENDER), read, Conversation())


def test_what_seems_out_of_scope_gets_a_draft_where_a_document_answers_it_and_still_waits():
    decision = out_of_scope(ANSWER)
    assert decision.disposition is Disposition.HOLD
    assert decision.reason == "For a person to read: out of scope. A document may answer it."
    assert (decision.effects, decision.citations) == (ANSWER.effects, (CITED,))


def test_what_is_out_of_scope_indeed_gets_no_draft():
    decision = out_of_scope(Decision.hold("Nothing about that."))
    assert (decision.reason, decision.effects) == ("For a person to read: out of scope.", ())
