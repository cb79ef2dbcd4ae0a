"""The key issues of a mail: a few short phrases of the writer's own that say what it is about.

They are the clauses around what goes wrong or is wanted, and the questions; never a word that the mail does not hold.
"""

import re
from collections.abc import Iterator

from understanding.signals import in_language

LOOKED_AT = 4000
MOST = 5
LONGEST = 120
SHORTEST = 8

_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n\s*\n|\n(?=\s*[-*•–]\s)")
# A clause ends at these, so that of a long sentence only the telling part is shown.
_CLAUSE_END = re.compile(
    r"[;:–—]\s|,?\s(?:but|because|however|aber|weil|denn|mais|car|parce que|pero|porque|ma|maar|mas)\s|,\s",
    re.IGNORECASE,
)
_LIST_MARK = re.compile(r"^[\s>*•–-]{1,6}")


def key_issues(text: str, language: str) -> tuple[str, ...]:
    """At most five phrases, in the text's order, none of them within another."""
    problem = in_language("problem", language)
    found: list[str] = []
    for sentence in _sentences(text[:LOOKED_AT]):
        phrase = sentence if sentence.endswith("?") else _clause(sentence, problem)
        phrase = _shortened(phrase)
        if len(phrase) < SHORTEST or any(phrase in known for known in found):
            continue
        found = [*(known for known in found if known not in phrase), phrase]
        if len(found) == MOST:
            break
    return tuple(found)


def _sentences(text: str) -> Iterator[str]:
    for part in _SENTENCE_END.split(text):
        sentence = " ".join(_LIST_MARK.sub("", part).split())
        if sentence:
            yield sentence


def _clause(sentence: str, problem: re.Pattern[str]) -> str:
    """The clause in which the first problem stands; nothing where the sentence has none."""
    match = problem.search(sentence.lower())
    if match is None:
        return ""
    start = max((one.end() for one in _CLAUSE_END.finditer(sentence) if one.end() <= match.start()), default=0)
    end = min((one.start() for one in _CLAUSE_END.finditer(sentence, match.end())), default=len(sentence))
    return sentence[start:end].strip(" ,;:–—.!…")


def _shortened(phrase: str) -> str:
    """Not longer than one line; of a long phrase its beginning, of a long question its end, which asks."""
    if len(phrase) <= LONGEST:
        return phrase
    if phrase.endswith("?"):
        return phrase[-LONGEST:].partition(" ")[2]
    return phrase[:LONGEST].rpartition(" ")[0] or phrase[:LONGEST]
