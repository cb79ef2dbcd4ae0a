"""What was read out of a message."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.category import Category
from domain.opinion import SecondLook


@dataclass(frozen=True, slots=True)
class Understanding:
    """`text` is what the writer newly wrote; `quoted` and `signature` are kept apart.

    `automatic` names the sign that a machine wrote the mail, or is empty. `language` is ISO 639-1, or "und".
    `confidence` is the probability, 0 to 1, that `category` is right; `probabilities` holds that of each category,
    and is empty where no model was asked. `importance` is 1 (can wait) to 5 (now).
    `threat` names a legal or safety threat, or is empty. `decided_by` says who chose the category; `second_look` is
    there where a language model was wanted, whether it answered or not.
    """

    text: str
    language: str = "und"
    category: Category = Category.OTHER
    sub_intent: str = ""
    confidence: float = 0.0
    importance: int = 1
    importance_reason: str = ""
    automatic: str = ""
    quoted: str = ""
    signature: str = ""
    order_numbers: tuple[str, ...] = ()
    asks_for_person: bool = False
    threat: str = ""
    probabilities: Mapping[Category, float] = field(default_factory=dict)
    decided_by: str = "local models"
    second_look: SecondLook | None = None
