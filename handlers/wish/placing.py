"""Whether a sentence is recognisably part of a customer's request. What is not goes to a person.

A sentence is placed by what it is made of, never by the absence of something bad: all of its words are those in
which customers speak of purchases, but for one; and it speaks of the purchase, or of the people in it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from handlers.wish.folding import fold, tokens
from handlers.wish.sentences import Sentence
from handlers.wish.words import Words

SHOWN = 80
_SHORT = 4
_PLAIN = 7
_NAME = re.compile(r"(?:[^\W\d_]\.? ?){0,2}[^\W\d_]+(?:[-'’ .&]{1,2}[^\W\d_]+){0,3}")
_CODE_WORD = re.compile(r"[a-z]{0,6}\d[a-z0-9]{0,15}")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`names` are folded words of names that may stand anywhere: the writer's, the order's items'."""

    names: frozenset[str]


def not_placed(sentences: Sequence[Sentence], words: Words, around: Surroundings) -> Iterator[Sentence]:
    """Each sentence that is none of a customer's request, in their order."""
    closed = False
    for at, sentence in enumerate(sentences):
        rest = _after_greeting(sentence, words, first=at < 2)
        if words.closing.fullmatch(sentence.folded.strip(" ,.!-–")):
            closed = True
        elif not rest or (closed and _is_name(sentence)):
            continue
        elif not _is_placed(sentence, rest, words, around):
            yield sentence


def _frames(words: Words) -> tuple[re.Pattern[str], ...]:
    return words.frames["withdrawn"], words.frames["status"]


def shown(sentence: Sentence) -> str:
    written = " ".join(sentence.written.split())
    return written if len(written) <= SHOWN else f"{written[: SHOWN - 1]}…"


def _after_greeting(sentence: Sentence, words: Words, *, first: bool) -> tuple[str, ...]:
    """The words below a greeting: none where the sentence is all greeting."""
    found = words.greeting.match(sentence.folded) if first else None
    if not found:
        return sentence.words
    after = sentence.folded[found.end() :]
    addressed, comma, rest = after.partition(",")
    if len(tokens(addressed)) <= 3 and (comma or not rest):
        # "Hello Lumen & Oak," or "Dear Ms Berger": names, not a sentence that lacks its comma.
        written = re.split(r"\W+", sentence.written.partition(",")[0])[1:]
        if all(
            word[:1].isupper() or fold(word) in words.person or word.islower() is False for word in written if word
        ) or all(stem in words.known for stem in words.stems(tokens(addressed))):
            return tokens(rest)
    return tokens(after)


def _is_name(sentence: Sentence) -> bool:
    written = sentence.written.strip(" ,")
    return (
        len(written) <= 40
        and bool(_NAME.fullmatch(written))
        and all(part[0].isupper() for part in written.replace(".", " ").split() if part[0].isalpha() and len(part) > 3)
    )


def _is_placed(sentence: Sentence, rest: tuple[str, ...], words: Words, around: Surroundings) -> bool:
    stems = words.stems(rest)
    unknown = [
        word
        for word, stem in zip(rest, stems, strict=True)
        if stem not in words.known
        and word not in around.names
        and stem not in words.goods
        and not _CODE_WORD.fullmatch(word)
    ]
    speaks_of_it = (
        not words.about.isdisjoint(stems)
        or not around.names.isdisjoint(rest)
        or any(
            pattern.search(sentence.folded)
            for pattern in (*words.actions.values(), *words.reasons.values(), *_frames(words))
        )
    )
    of_people = not words.person.isdisjoint(rest)
    if not unknown:
        return speaks_of_it or of_people or len(rest) <= (_SHORT if sentence.asks else _PLAIN)
    if len(unknown) > 1 or len(rest) < _SHORT or rest[0] in unknown or (sentence.asks and not speaks_of_it):
        return False
    return speaks_of_it or (of_people and len(rest) >= 6)
