"""One mail of a request about an order, with the language it is answered in."""

from dataclasses import dataclass

from domain.case import Case, CaseState
from domain.decision import Decision, Reply
from domain.message import Address, Message
from domain.understanding import Understanding
from handlers.wording import Wording, wording_for


@dataclass(frozen=True, slots=True)
class Mail:
    """`language` (ISO 639-1) is that of `wording`."""

    message: Message
    sender: Address
    understanding: Understanding
    language: str
    wording: Wording

    @property
    def pictures(self) -> tuple[str, ...]:
        """The pictures that came with it, by what is in them: a name proves nothing."""
        return tuple(one.sha256 for one in self.message.attachments if one.content_type.startswith("image/"))

    def reply(self, *paragraphs: str, asking: bool = True) -> Reply:
        return Reply(self.sender, self.message.subject, self.wording.letter(self.message, *paragraphs, asking=asking))

    def received(self) -> Reply:
        """The draft that promises nothing but that somebody looks at it: for whoever named an order of their own."""
        return self.reply(self.wording.received)


def answered_in(understanding: Understanding, case: Case | None) -> tuple[str, Wording] | None:
    """The mail's own language, or that of its open case where the mail tells none: a bare number tells none."""
    earlier = case.language if case is not None and case.is_open else ""
    for language in (understanding.language, earlier):
        wording = wording_for(language)
        if wording is not None:
            return language, wording
    return None


def for_a_person(case: Case, reason: str, *drafts: Reply) -> Decision:
    return Decision.hold(reason, *drafts).moving(case.moved_to(CaseState.PERSON))
