"""A mail's new text in sentences, as it was written and as patterns see it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from handlers.wish.folding import fold, tokens
from handlers.wish.words import Words

# Of a longer sentence the rest is not read; it is not placed.
LONGEST = 600
# A line this long without a full stop goes on in the next one: mail programs wrap.
_WRAPPED = 55
_ENDS = re.compile(r"[.!?…:;,]\W{0,3}$")
# The end of a sentence, but not that of "no.", "Nr.", "3." or a letter.
_SPLIT = re.compile(
    r"(?<![\s.](?:no|nr|mr|st|dr|ca))(?<![\s.](?:mrs|art|ref|bzw|etc))(?<!\s\w)(?<!^\w)(?<=[^\d])[.!?…]{1,6}[\"”»')]{0,3}\s+|[?!]{1,6}\s+|\?(?=\S)|;\s",
    re.IGNORECASE,
)
# "Am 5. März" is one sentence in German.
_SPLIT_AFTER_NUMBER = re.compile(
    r"(?<=\d)[.!?]\s+(?=[A-ZÄÖÜÉÈÀ¿¡])(?!(?:Jan|Jän|Feb|Mär|Apr|Mai|Jun|Jul|Aug|Sep|Okt|Nov|Dez)[a-z]{0,6}\b)"
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """`folded` is what patterns see, `words` its words, `stems` their stems; `line` numbers its line from 0."""

    written: str
    folded: str
    words: tuple[str, ...]
    stems: tuple[str, ...]

    @property
    def asks(self) -> bool:
        return "?" in self.written or "¿" in self.written


def sentences_of(text: str, words: Words) -> Iterator[Sentence]:
    return (_sentence(part, words) for line in _lines(text) for part in _parts(line))


def _lines(text: str) -> Iterator[str]:
    held = ""
    for line in map(str.strip, text.splitlines()):
        if held and not line:
            yield held
            held = ""
        elif line:
            held = f"{held} {line}".strip()
            if len(line) < _WRAPPED or _ENDS.search(line):
                yield held
                held = ""
    if held:
        yield held


def _parts(line: str) -> Iterator[str]:
    marked = _SPLIT_AFTER_NUMBER.sub(lambda end: end[0] + "\n", _SPLIT.sub(lambda end: end[0] + "\n", line))
    yield from (part.strip() for part in marked.split("\n") if part.strip())


def _sentence(written: str, words: Words) -> Sentence:
    folded = words.spelled(fold(written[:LONGEST]))[:LONGEST]
    found = tokens(folded)
    return Sentence(written, folded, found, words.stems(found))
