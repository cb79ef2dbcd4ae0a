"""How pressing a mail is, in words for the person who will read it."""

from domain.understanding import Understanding


def importance(understanding: Understanding) -> str:
    because = f" ({understanding.importance_reason.rstrip('.')})" if understanding.importance_reason else ""
    return f"Importance {understanding.importance} of 5{because}."
