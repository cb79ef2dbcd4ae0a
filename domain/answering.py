"""How an answer was looked at, and a question whose right answer is known."""

from collections.abc import Mapping
from dataclasses import dataclass, field

QUOTED = "quoted"
COMPOSED = "composed"


@dataclass(frozen=True, slots=True)
class AnswerLook:
    """The probability, 0 to 1, that the passages found answer the mail, and the `features` it was computed from.

    `method` is how the text was made, `answered` whether it was good enough for a draft, `model` the name of what
    computed the probability, `passage` the heading that was offered, or the nearest one.
    """

    method: str
    probability: float
    features: Mapping[str, float] = field(default_factory=dict)
    answered: bool = False
    model: str = ""
    passage: str = ""


@dataclass(frozen=True, slots=True)
class CheckedQuestion:
    """A question of a mail with the document that answers it, or none: then nothing in the knowledge base does.

    Of what is cited, at least one section must be one of `headings`. `id` is its own and stays when the text is mended.
    """

    id: str
    question: str
    subject: str
    language: str
    document: str
    headings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an answer, as it was looked at, was right."""

    look: AnswerLook
    is_right: bool


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Had the surest `coverage` of all drafts been sent, `wrong` of those `accepted` would have been wrong."""

    coverage: float
    accepted: int
    wrong: int
    upper_bound: float
    threshold: float

    @property
    def risk(self) -> float:
        return self.wrong / self.accepted
