"""The words of each language: read once from the TOML files beside this one, compiled once."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import Stemmer

from domain.order_action import Action
from domain.request import Reason
from handlers.wish.folding import tokens

LANGUAGES: Mapping[str, str] = {"en": "english", "de": "german", "fr": "french", "es": "spanish"}
# At most four words between two parts of a phrase; bounded, so that no text takes long.
_GAP = r"(?:(?:\W{1,3}\w{1,20}){0,4}?\W{1,3})"


@dataclass(frozen=True, slots=True)
class Words:
    """`known` are stems of words that sentences of customers are made of, `goods` stems of what shops sell; a sentence
    with one of `about` speaks of a purchase, one with one of `person` of people. All else are patterns for folded text.
    """

    language: str
    known: frozenset[str]
    goods: frozenset[str]
    colours: frozenset[str]
    about: frozenset[str]
    person: frozenset[str]
    first: frozenset[str]
    greeting: re.Pattern[str]
    closing: re.Pattern[str]
    actions: Mapping[Action, re.Pattern[str]]
    frames: Mapping[str, re.Pattern[str]]
    others: Mapping[str, re.Pattern[str]]
    reasons: Mapping[Reason, re.Pattern[str]]
    not_reasons: re.Pattern[str]
    items: Mapping[str, re.Pattern[str]]
    another: frozenset[str]
    both: frozenset[str]
    all: frozenset[str]
    numbers: Mapping[str, int]
    spelling: re.Pattern[str] | None

    def stems(self, words: tuple[str, ...]) -> tuple[str, ...]:
        # Its stemmers are not safe among threads, and cheap to make.
        found: list[str] = Stemmer.Stemmer(LANGUAGES[self.language]).stemWords(list(words))
        return tuple(found)

    def spelled(self, folded: str) -> str:
        """The folded text with one spelling where the language has two (`moechte`, `möchte`)."""
        return self.spelling.sub(lambda found: found[0][0], folded) if self.spelling else folded


@cache
def words_of(language: str) -> Words:
    """Raises KeyError for a language that is not among `LANGUAGES`."""
    algorithm = LANGUAGES[language]
    read = tomllib.loads(Path(__file__).with_name(f"{language}.toml").read_text(encoding="utf-8"))

    def stemmed(name: str) -> frozenset[str]:
        return frozenset(Stemmer.Stemmer(algorithm).stemWords(list(tokens(read[name]))))

    reasons = dict(read["reasons"])
    denied = compiled(reasons.pop("not"))
    counts = (pair.split("=") for pair in read["numbers"].split())
    return Words(
        language=language,
        known=stemmed("words") | stemmed("colours"),
        goods=stemmed("goods"),
        colours=stemmed("colours"),
        about=stemmed("about"),
        person=frozenset(read["person"].split()),
        first=frozenset(read["first"].split()),
        greeting=compiled(read["greeting"]),
        closing=compiled(read["closing"]),
        actions={Action(name): compiled(lines) for name, lines in read["actions"].items()},
        frames={name: compiled(lines) for name, lines in read["frames"].items()},
        others={name: compiled(lines) for name, lines in read["others"].items()},
        reasons={Reason(name): compiled(lines) for name, lines in reasons.items()},
        not_reasons=denied,
        items={name: compiled(lines) for name, lines in read["items"].items()},
        another=frozenset(read["another"].split()),
        both=frozenset(read["both"].split()),
        all=frozenset(read["all"].split()),
        numbers={word: int(count) for word, count in counts},
        spelling=re.compile(read["spelling"]) if "spelling" in read else None,
    )


def compiled(lines: str) -> re.Pattern[str]:
    """One pattern of many, one a line, each between word borders."""
    phrases = [line.replace("{gap}", _GAP) for line in lines.splitlines() if line.strip() and not line.startswith("#")]
    return re.compile(rf"(?<!\w)(?:{'|'.join(phrases)})(?!\w)")
