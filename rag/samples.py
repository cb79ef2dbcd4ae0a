"""Which passage of a document each of its sample questions belongs to."""

from collections.abc import Sequence
from typing import Any

from rag.passages import Passage
from rag.words import stems


def owners_of_questions(
    questions: Sequence[str], vectors: Any, passages: Sequence[Passage], meanings: Any
) -> list[int]:
    """For each sample question of a document the passage that it is nearest to, by meaning and by stems.

    `vectors` has a row for each question, `meanings` one for each of the document's passages.
    """
    if not questions:
        return []
    language = passages[0].document.language
    held = [set(stems(f"{passage.section} {passage.text}", language)) for passage in passages]
    owners = []
    for question, vector in zip(questions, vectors, strict=True):
        wanted = set(stems(question, language))
        near = [
            float(meanings[number] @ vector) / 2 + len(wanted & held[number]) / (len(wanted) or 1)
            for number in range(len(passages))
        ]
        owners.append(max(range(len(passages)), key=near.__getitem__))
    return owners
