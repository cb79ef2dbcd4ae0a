"""How important a mail is to a person who has to choose what to read first."""

from domain.category import Category
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


def importance_of(
    text: str, category: Category, *, sub_intent: str = "", threat: str = "", asks_for_person: bool = False
) -> tuple[int, str]:
    """1 (can wait) to 5 (now), and the reason in words."""
    if threat:
        return 5, f"a threat ({threat})"
    level = _BY_SUB_INTENT.get(sub_intent, _BY_CATEGORY[category])
    reasons = [(sub_intent or str(category)).replace("_", " ")]
    words = folded(text)
    urgent, repeated = first("urgent", words), first("repeated", words)
    if urgent:
        reasons.append(f"in a hurry (“{urgent}”)")
    if repeated:
        reasons.append(f"asked before (“{repeated}”)")
    if asks_for_person:
        reasons.append("asks for a person")
    if _shouts(text):
        reasons.append("shouts")
    return min(5 if urgent and repeated else 4, level + len(reasons) - 1), ", ".join(reasons)


def _shouts(text: str) -> bool:
    letters = [character for character in text[:2000] if character.isalpha()]
    loud = len(letters) > 30 and sum(map(str.isupper, letters)) > 0.7 * len(letters)
    return loud or "!!!" in text[:2000]
