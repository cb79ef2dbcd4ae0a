"""Whether the words and values of a sentence stay together as they stand together in its quote."""

import re
from collections.abc import Sequence

from rag.grounds import Ground
from rag.senses import meaning_of

_CLAUSE = re.compile(
    r"[,;:.](?=\s)|\s(?:and|or|but|while|und|oder|aber|et|ou|mais|y|o|pero)\s|\s[–—-]\s", re.IGNORECASE
)
_APART = re.compile(r"[,;:](?=\s)|\s[–—-]\s")


def order(text: str, language: str, grounds: Sequence[Ground]) -> str:
    """Of "cards are slower than PayPal" nobody may make that PayPal is slower than cards.

    Only whole clauses may change their places. Between languages, whose order of words differs, this proves nothing.
    """
    held = [keys for one in grounds if one.same_language for keys in one.said.order]
    known = frozenset().union(*held)
    for clause in _APART.split(text):
        at = 0
        for keys in (one for one in meaning_of(clause, language).order if one & known):
            # The same place may serve twice: "sent back" stands for one word, "returned".
            found = next((place for place in range(at, len(held)) if keys & held[place]), None)
            if found is None:
                return "It turns the words of its quote around."
            at = found
    return ""


def binding(text: str, language: str, grounds: Sequence[Ground]) -> str:
    """Of "standard costs 4.90, express 9.90" nobody may make that standard costs 9.90.

    A clause with a value must share a word with the clause of the quote that holds this value and no other does,
    where it names what stands in the clauses of other values.
    """
    clauses = [
        _labels(clause, one.passage.language, stemmed=one.same_language)
        for one in grounds
        for clause in _CLAUSE.split(one.text)
    ]
    for clause in _CLAUSE.split(text):
        for stemmed in (True, False):
            labels, values = _labels(clause, language, stemmed=stemmed)
            home = [words for words, held in clauses if values <= held]
            away = [words for words, held in clauses if held and not values <= held]
            if not values or not home or not away:
                continue
            at_home, elsewhere = frozenset().union(*home), frozenset().union(*away)
            if labels & (elsewhere - at_home) and not labels & (at_home - elsewhere) and at_home - elsewhere:
                return "It joins a value with what its quote says of another."
    return ""


def _labels(clause: str, language: str, *, stemmed: bool) -> tuple[frozenset[str], frozenset[tuple[str, ...]]]:
    said = meaning_of(clause, language)
    named = frozenset(f"={name}" for name in said.concepts | said.qualities)
    return named | (said.stems if stemmed else frozenset()), frozenset(one.same for one in said.values)
