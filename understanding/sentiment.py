"""How the writer of a mail feels, read from the words of their own language."""

from itertools import islice

from domain.understanding import Place, Reading, Sentiment
from understanding.signals import folded, phrases, without

LOOKED_AT = 3000
MOST = 8

# What somebody writes for whom a category of ours stands: it speaks as loud as one phrase of a list.
_GLAD = frozenset({"praise", "thanks"})
_CROSS = frozenset({"complaint", "legal"})


def sentiment_of(
    text: str, language: str, *, sub_intent: str = "", pressing: int = 0
) -> tuple[Sentiment, tuple[Reading, ...]]:
    """The mood, and what it was read from. `pressing` counts the signs of impatience: threats, shouting, repetition.

    A glad word behind a "not" stands in the list of the angry ones, so those are looked for first and taken out.
    """
    words = folded(text[:LOOKED_AT])
    angry = list(phrases("negative", words, language))
    rest = without(angry, words)
    bad = [match[0] for match in angry[:MOST]]
    good = [match[0] for match in islice(phrases("positive", rest, language), MOST)]
    balance = len(good) + (sub_intent in _GLAD) - len(bad) - (sub_intent in _CROSS) - pressing
    if balance == 0:
        return Sentiment.NEUTRAL, ()
    mood, said = (Sentiment.POSITIVE, good) if balance > 0 else (Sentiment.NEGATIVE, bad)
    place = Place.MODEL if not said and sub_intent in _GLAD | _CROSS else Place.WORD_LIST
    return mood, (Reading("sentiment", place, ", ".join(dict.fromkeys(said))),)
