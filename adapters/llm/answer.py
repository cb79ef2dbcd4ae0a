"""Check a model's answer by our own rules: what is not one of the words asked for is no answer."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from adapters.llm.prompt import NO_SUB_INTENT, SUB_INTENTS
from domain.category import Category


class Outcome(StrEnum):
    """What a call came to, as it is recorded."""

    ANSWERED = "answered"
    REFUSED = "refused"
    OUTSIDE = "outside the list"
    NOTHING = "no answer"
    UNREADABLE = "unreadable answer"
    METHOD_REFUSED = "method refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Kind:
    category: Category
    sub_intent: str
    language: str


def kind_in(fields: object) -> Kind | Outcome:
    """The kind that these fields name, or why they name none."""
    if not isinstance(fields, Mapping) or not fields:
        return Outcome.UNREADABLE
    category, sub_intent, language = (fields.get(name) for name in ("category", "sub_intent", "language"))
    if not isinstance(category, str) or not isinstance(sub_intent, str):
        return Outcome.UNREADABLE
    if category not in set(Category):
        return Outcome.OUTSIDE
    known = SUB_INTENTS[Category(category)]
    # A sub-intent of another category is a slip that costs nothing: the category alone decides.
    return Kind(
        Category(category),
        sub_intent if sub_intent in known and sub_intent != NO_SUB_INTENT else "",
        language if isinstance(language, str) and re.fullmatch(r"[a-z]{2}", language) else "",
    )
