"""Whether a sentence is recognisably part of a customer's request. What is not goes to a person.

A sentence is placed by what it is made of, never by the absence of something bad: all of its words are those in
which customers speak of purchases, but for one; and it speaks of the purchase, or of the people in it.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import chain

from handlers.wish.actions import Asked
from handlers.wish.folding import tokens
from handlers.wish.requests import is_strange_request
from handlers.wish.sentences import LONGEST, Sentence
from handlers.wish.words import Words

SHOWN = 80
# So many words are no sentence that could ask for anything else, where each of them is known.
_SHORT_QUESTION = 4
_SHORT = 7
# One unknown word needs so many others around it; another one is for so many more, where somebody tells of a purchase.
_MORE = 12
_ENOUGH = 4
_ENOUGH_TELLING = 6
# Names stand at the end: "Thanks, Tom", "Kind regards", "Ana Lopez".
_LAST = 5
_CODE_WORD = re.compile(r"[a-z]{0,6}\d[a-z0-9]{0,15}")
_NAME = re.compile(r"(?:[^\W\d_]\. ?){0,2}[^\W\d_]{2,20}(?:[-'’ ][^\W\d_]{1,20}\.?){0,2}")


def not_placed(
    sentences: Sequence[Sentence], asked: Sequence[Asked], words: Words, names: frozenset[str]
) -> Iterator[Sentence]:
    """Each sentence that is none of a customer's request, in their order.

    `asked` is what was read out of each. `names` are folded words that may stand anywhere: the writer's name, the
    order's, its items'.
    """
    closed = named = False
    for at, (sentence, one) in enumerate(zip(sentences, asked, strict=True)):
        ending = at >= len(sentences) - _LAST
        rest = _after_greeting(sentence, words) if at < 2 else sentence.words
        if ending and _closes(sentence, words, names):
            closed = True
        elif ending and closed and not named and _is_name(sentence.written, words, names):
            named = True
        elif rest and (is_strange_request(sentence, one, words) or not _is_placed(sentence, rest, words, names)):
            yield sentence


def shown(sentence: Sentence) -> str:
    """The sentence as it was written, cut where it is long."""
    written = " ".join(sentence.written.split())
    return written if len(written) <= SHOWN else f"{written[: SHOWN - 1]}…"


def _closes(sentence: Sentence, words: Words, names: frozenset[str]) -> bool:
    """Whether it is a closing, with a name at most."""
    found = words.closing.match(sentence.folded)
    if found is None:
        return False
    rest = len(tokens(sentence.folded[found.end() :]))
    return rest == 0 or (rest <= 3 and _is_name(" ".join(sentence.written.split()[-rest:]), words, names))


def _is_name(written: str, words: Words, names: frozenset[str]) -> bool:
    """Whether a line may be the writer's name: none of its words is one that sentences are made of."""
    bare = written.strip(" ,.!-–")
    parts = tokens(words.spelled(bare.casefold()))
    if not _NAME.fullmatch(bare) or not all(part[0].isupper() for part in bare.split()):
        return False
    stems = words.stems(parts)
    return all(part in names or stem not in words.known for part, stem in zip(parts, stems, strict=True))


def _after_greeting(sentence: Sentence, words: Words) -> tuple[str, ...]:
    """The words below a greeting; none where the sentence is all greeting, as "Hello Lumen & Oak," is."""
    found = words.greeting.match(sentence.folded)
    if found is None:
        return sentence.words
    addressed, comma, rest = sentence.folded[found.end() :].partition(",")
    called = tokens(addressed)
    if len(called) > 3 or not (comma or not rest):
        return tokens(f"{addressed} {rest}")
    written = [part for part in sentence.written.partition(",")[0].split()[1:] if part[0].isalpha()]
    proper = all(part[0].isupper() for part in written) or words.known.issuperset(words.stems(called))
    return tokens(rest) if proper else tokens(f"{addressed} {rest}")


def _is_placed(sentence: Sentence, rest: tuple[str, ...], words: Words, names: frozenset[str]) -> bool:
    if len(sentence.written) >= LONGEST:
        return False
    stems = words.stems(rest)
    unknown = [word for word, stem in zip(rest, stems, strict=True) if not _is_known(word, stem, words, names)]
    speaks_of_it = not words.about.isdisjoint(stems) or _asks_or_tells(sentence.folded, words)
    of_people = not (words.first if sentence.asks else words.person).isdisjoint(rest)
    if not unknown:
        usual = words.frames["usual"].search(sentence.folded) is not None
        return speaks_of_it or of_people or usual or len(rest) <= (_SHORT_QUESTION if sentence.asks else _SHORT)
    allowed = 1 if sentence.asks or not speaks_of_it else 1 + len(rest) // _MORE
    if len(unknown) > allowed or len(rest) < _ENOUGH or rest[0] == unknown[0]:
        return False
    return speaks_of_it or (not words.first.isdisjoint(rest) and not sentence.asks and len(rest) >= _ENOUGH_TELLING)


def _is_known(word: str, stem: str, words: Words, names: frozenset[str]) -> bool:
    return stem in words.known or stem in words.goods or word in names or _CODE_WORD.fullmatch(word) is not None


def _asks_or_tells(folded: str, words: Words) -> bool:
    """Whether a wish, a reason or a question for the state of things stands there."""
    frames = (words.frames["withdrawn"], words.frames["status"])
    return any(pattern.search(folded) for pattern in chain(words.actions.values(), words.reasons.values(), frames))
