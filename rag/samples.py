"""Which passage of a document each of its sample questions belongs to."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from rag.passages import Passage
from rag.words import stems


def owners_of_questions(
    questions: Sequence[tuple[str, str]], vectors: Any, passages: Sequence[Passage], meanings: Any
) -> list[int]:
    """For each sample question the passage of its document that it is nearest to, by meaning and by stems."""
    by_path: dict[str, list[int]] = defaultdict(list)
    for number, passage in enumerate(passages):
        by_path[passage.document.path].append(number)
    owners = []
    for (path, question), vector in zip(questions, vectors, strict=True):
        language = passages[by_path[path][0]].document.language
        wanted = set(stems(question, language))

        def near(number: int, vector: Any = vector, wanted: set[str] = wanted, language: str = language) -> float:
            passage = passages[number]
            held = wanted & set(stems(f"{passage.section} {passage.text}", language))
            return float(meanings[number] @ vector) / 2 + len(held) / (len(wanted) or 1)

        owners.append(max(by_path[path], key=near))
    return owners
