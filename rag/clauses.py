"""Whether the words and values of a sentence stay together as they stand together in its quote."""

import re
from collections.abc import Sequence

from rag.grounds import Ground
from rag.senses import meaning_of

_AND = r"(?:and|or|but|while|und|oder|aber|et|ou|mais|y|o|pero)"
# "Between 25 and 500" is one.
_CLAUSE = re.compile(rf"[,;:.](?=\s)|(?<!\d)\s{_AND}\s|\s{_AND}\s(?!\d)|\s[–—-]\s", re.IGNORECASE)
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


def complete(text: str, language: str, grounds: Sequence[Ground]) -> str:
    """Of "free in Germany" nobody may make "free": each clause says all that some clause of the quote says.

    Between languages this is known only of values, and of words that `rag/senses.toml` knows.
    """
    said = meaning_of(text, language)
    every = frozenset(f"={name}" for name in said.every_concept).union(*said.order)
    parts = [
        [keys for keys in meaning_of(clause, one.passage.language).order if one.same_language or _known(keys)]
        for one in grounds
        for clause in _CLAUSE.split(one.text)
    ]
    for clause in _CLAUSE.split(text):
        here = frozenset().union(*meaning_of(clause, language).order)
        touched = [part for part in parts if any(keys & here for keys in part)]
        if touched and not any(all(keys & every for keys in part) for part in touched):
            return "It leaves out a part of what its quote says."
    return ""


def _known(keys: frozenset[str]) -> bool:
    return any(key[0] in "=#" for key in keys)


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
