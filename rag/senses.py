"""What a sentence means as far as word lists can tell: concepts, negations, who acts, promises, courtesy."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from rag.numerals import Value
from rag.values import values_in
from rag.words import folded, stems, stop_words, tokens

LANGUAGES = frozenset({"en", "de", "fr", "es"})
# Letters of a compound or an ending that no concept need cover.
LOOSE = 5
# It stands in the place of a value where only words are looked at.
_VALUE = "0"


@cache
def _lists() -> Any:
    return tomllib.loads(Path(__file__).with_name("senses.toml").read_text(encoding="utf-8"))


@cache
def _concepts(language: str) -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    """Name, kind and pattern; German looks into compounds."""
    begin = "" if language == "de" else r"\b"
    return tuple(
        (name, kind, re.compile(rf"{begin}(?:{words[language]})"))
        for kind in ("strict", "quality", "concept")
        for name, words in _lists()[kind].items()
        if language in words
    )


@cache
def _pattern(kind: str, language: str) -> re.Pattern[str]:
    return re.compile(_lists()[kind].get(language, r"(?!)"))


@cache
def _light(language: str) -> frozenset[str]:
    return frozenset(map(_plain, _lists()["light"].get(language, "").split()))


def asking_words(language: str) -> frozenset[str]:
    """Words with which a question asks, without accents, and which no answer takes up."""
    return frozenset(_lists()["asking"].get(language, "").split())


@dataclass(frozen=True, slots=True)
class Word:
    """A word that carries content: its stem, and the concepts that cover it."""

    text: str
    stem: str
    concepts: frozenset[str]

    @property
    def keys(self) -> frozenset[str]:
        """What a word in the same place of another sentence must share one of to say the same."""
        return frozenset({self.stem, *(f"={name}" for name in self.concepts)})


@dataclass(frozen=True, slots=True)
class Meaning:
    """`strict`, `qualities` and `concepts` are names of the lists; each set in `named` holds what one place may mean;
    `negations` counts them. `order` holds the keys of each word and value of content, as they follow one another.
    """

    strict: frozenset[str]
    qualities: frozenset[str]
    concepts: frozenset[str]
    named: frozenset[frozenset[str]]
    negations: int
    ours: bool
    yours: bool
    words: tuple[Word, ...]
    values: tuple[Value, ...]
    order: tuple[frozenset[str], ...]

    @property
    def stems(self) -> frozenset[str]:
        return frozenset(word.stem for word in self.words)

    @property
    def every_concept(self) -> frozenset[str]:
        return self.concepts | self.qualities | self.strict


@lru_cache(maxsize=4096)
def meaning_of(text: str, language: str) -> Meaning:
    """Kept for the passages that are looked at again and again; texts are short."""
    values = tuple(values_in(text, language))
    plain = _plain(_without(text, values))
    found = [
        (*match.span(), name, kind) for name, kind, pattern in _concepts(language) for match in pattern.finditer(plain)
    ]
    places = _places([one for one in found if one[3] != "strict"])
    kept = {name: kind for several in places.values() for name, kind in several}
    every = [
        *((*span, name) for span, several in places.items() for name, _ in several),
        *(one[:3] for one in found if one[3] == "strict"),
    ]
    in_order = tuple(_words(plain, language, every))
    exact = iter(frozenset({f"#{' '.join(one.same)}"}) for one in values if one.kind != "range")
    return Meaning(
        strict=frozenset(name for *_, name, kind in found if kind == "strict"),
        qualities=frozenset(name for name, kind in kept.items() if kind == "quality"),
        concepts=frozenset(name for name, kind in kept.items() if kind == "concept"),
        named=frozenset(frozenset(name for name, _ in several) for several in places.values()),
        negations=len(_pattern("negation", language).findall(plain)),
        ours=bool(_pattern("ours", language).search(plain)),
        yours=bool(_pattern("yours", language).search(plain)),
        words=tuple(one for one in in_order if one.text != _VALUE),
        values=values,
        order=tuple(next(exact, frozenset()) if one.text == _VALUE else one.keys for one in in_order),
    )


def _places(found: list[tuple[int, int, str, str]]) -> dict[tuple[int, int], set[tuple[str, str]]]:
    """Each place with what it may mean. What is longer comes first: Österreich is not "erreich", free of charge no
    charge.
    """
    places: dict[tuple[int, int], set[tuple[str, str]]] = {}
    for start, end, name, kind in sorted(found, key=lambda one: (one[0] - one[1], one[0])):
        if (start, end) in places or all(end <= low or start >= high for low, high in places):
            places.setdefault((start, end), set()).add((name, kind))
    return places


def promises(text: str, language: str) -> bool:
    """Whether it says that something was or will be done for this customer."""
    return bool(_pattern("promise", language).search(_plain(text)))


def is_courtesy(text: str, language: str) -> bool:
    """Whether the whole sentence is one of the closed list of courteous forms."""
    return bool(_pattern("courtesy", language).fullmatch(_plain(text).strip().rstrip(".!").strip()))


def speaks(text: str, language: str) -> bool:
    """Whether a sentence is in no other of the four languages, by the small words of each. A language beside these four
    is told by its words of content, which mean nothing here.
    """
    counts = {one: sum(word in stop_words(one) for word in tokens(text, one)) for one in LANGUAGES}
    return counts[language] == max(counts.values())


def _words(plain: str, language: str, spans: list[tuple[int, int, str]]) -> Iterator[Word]:
    stop = {_plain(word) for word in stop_words(language)} | _light(language)
    for match in re.finditer(r"\w+", plain):
        if match[0] in stop:
            continue
        inside = [
            (max(start, match.start()), min(end, match.end()), name)
            for start, end, name in spans
            if start < match.end() and end > match.start()
        ]
        covered = {at for start, end, _ in inside for at in range(start, end)}
        enough = len(match[0]) - len(covered) <= LOOSE
        stemmed = stems(match[0], language)
        concepts = frozenset(name for _, _, name in inside) if enough else frozenset()
        yield Word(match[0], stemmed[0] if stemmed else match[0], concepts)


def _without(text: str, values: tuple[Value, ...]) -> str:
    characters = list(text)
    for one in values:
        # "From 0" still says that it begins there.
        characters[one.start : one.end] = _VALUE + " " * (one.end - one.start - 1)
    return "".join(characters)


def _plain(text: str) -> str:
    return folded(text).replace("ß", "ss").replace("’", "'")
