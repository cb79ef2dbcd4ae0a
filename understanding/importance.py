"""How important a mail is to a person who has to choose what to read first, and how soon it wants an answer."""

from dataclasses import dataclass
from string import ascii_uppercase

from domain.category import Category
from domain.understanding import Priority
from understanding.signals import first, folded

# A customer's money, an angry customer and a partner who waits come before a question; feedback can wait.
_BY_SUB_INTENT = {
    "legal": 4,
    "complaint": 3,
    "privacy": 3,
    "human": 3,
    **dict.fromkeys(
        ("feedback", "praise", "thanks", "smalltalk", "sales_pitch", "spam", "press", "job", "notification"), 1
    ),
}
_BY_CATEGORY = {Category.QUESTION: 2, Category.REFUND: 3, Category.SUPPLIER: 3, Category.OTHER: 2}

# A text of more letters than this shouts where more than this share of them are capitals.
_LETTERS, _LOUD = 30, 0.7
_CAPITALS = ascii_uppercase.encode()


@dataclass(frozen=True, slots=True)
class Weight:
    """`importance` is 1 (can wait) to 5 (now). `reason` holds for both; `words` are those of the mail that weigh.

    `pressing` counts the signs of impatience among them.
    """

    importance: int
    priority: Priority
    reason: str
    words: tuple[str, ...] = ()
    pressing: int = 0


AUTOMATIC = Weight(1, Priority.LOW, "a machine wrote it")


def weigh(
    text: str, category: Category, *, sub_intent: str = "", threat: str = "", asks_for_person: bool = False
) -> Weight:
    """Importance and priority of a mail that a person wrote, from the same reasons."""
    if threat:
        return Weight(5, Priority.URGENT, f"a threat ({threat})", (threat,), 1)
    level = _BY_SUB_INTENT.get(sub_intent, _BY_CATEGORY[category])
    reasons = [(sub_intent or str(category)).replace("_", " ")]
    folded_text = folded(text)
    hurry = first("urgent", folded_text) or first("deadline", folded_text)
    repeated, shouts = first("repeated", folded_text), _shouts(text)
    if hurry:
        reasons.append(f"in a hurry (“{hurry}”)")
    if repeated:
        reasons.append(f"asked before (“{repeated}”)")
    if asks_for_person:
        reasons.append("asks for a person")
    if shouts:
        reasons.append("shouts")
    pressed = bool(hurry and repeated)
    importance = min(5 if pressed else 4, level + len(reasons) - 1)
    return Weight(
        importance,
        _priority(importance, more=len(reasons) > 1, pressed=pressed),
        ", ".join(reasons),
        tuple(words for words in (hurry, repeated) if words),
        bool(repeated) + shouts,
    )


def importance_of(
    text: str, category: Category, *, sub_intent: str = "", threat: str = "", asks_for_person: bool = False
) -> tuple[int, str]:
    """1 (can wait) to 5 (now), and the reason in words."""
    weight = weigh(text, category, sub_intent=sub_intent, threat=threat, asks_for_person=asks_for_person)
    return weight.importance, weight.reason


def _priority(importance: int, *, more: bool, pressed: bool) -> Priority:
    """`more` says that something beside its topic makes the mail weigh."""
    if pressed:
        return Priority.URGENT
    if more or importance > 3:
        return Priority.HIGH
    return Priority.LOW if importance == 1 else Priority.NORMAL


def _shouts(text: str) -> bool:
    text = text[:2000]
    if "!!!" in text:
        return True
    if text.isascii() and len(text) - len(text.encode().translate(None, _CAPITALS)) <= _LOUD * _LETTERS:
        return False
    letters = [character for character in text if character.isalpha()]
    return len(letters) > _LETTERS and sum(map(str.isupper, letters)) > _LOUD * len(letters)
