"""Patterns over kinds of words: what a sentence claims is said in many words and in few orders of them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from domain.claims.folding import folded
from domain.order_action import Action

# The kinds of words that patterns are made of; each stands for one letter in the code of a text.
KINDS = (
    "refund", "money", "order", "cancellation", "exchange", "replacement", "item", "new", "document", "request",
    "account", "currency", "number", "refunded", "returned", "cancelled", "exchanged", "changed", "replaced", "sent",
    "processed", "done", "underway", "left", "have", "been", "is", "se", "we", "you", "not", "if", "may", "will", "and",
    "any", "which", "for", "now", "just", "back", "help", "arrive", "see", "to_refund", "to_cancel", "to_exchange",
    "to_replace", "to_process", "refunding", "cancelling", "processing", "sending",
    "reader", "confirm", "got",
)  # fmt: skip
LETTERS = {kind: chr(0x100 + number) for number, kind in enumerate(KINDS)}
OTHER = "_"
# What stands for every number among the words.
NUMBER = "0"
_SIGNS = frozenset(".?,¿|")


def _set(*kinds: str) -> str:
    return "".join(LETTERS[kind] for kind in kinds)


_NEVER_WITHIN = r".?,¿|" + _set("not", "if", "may", "will", "we", "document")
# Between a noun and its verb: a number, a date, a purpose, something set between two commas.
_SPAN = (
    rf"(?:[^{_NEVER_WITHIN}{_set('and', 'have', 'request', 'refund', 'replacement')}]\|?){{0,9}}?"
    rf"(?:,\|?(?:[^{_NEVER_WITHIN}]\|?){{1,8}},\|?[^{_NEVER_WITHIN}]{{0,2}}?)?(?<![{_set('which')}])"
)
_FEW = OTHER + _set("you", "reader", "number", "currency", "now", "back", "been", "for", "item", "new")
# A line may end between any two words.
_BREAK = r"\|?"
_BETWEEN = {
    "gap": f"[^{_NEVER_WITHIN}]",
    "act": f"[^{_NEVER_WITHIN}{_set('been')}]",  # Without the passive: somebody did it.
    "few": f"[{_FEW}]",
}
_COMPOSED = {
    "span": _SPAN,
    "amount": f"(?:[{_set('number')}][{_set('currency')}]|[{_set('currency')}][{_set('number')}])",
    "fresh": f"(?<![{_set('document')}])[{_set('new')}]"
    f"(?![^.?,]{{0,1}}[{_set('document', 'order', 'refund', 'cancellation')}])",
    "other": OTHER,
    # What a heading names, and what is said of it: "Your refund: it has been sent", "Refund: issued".
    "of_it": rf"[{_FEW}]{{0,4}}?[,|]\|?[{_FEW}]{{0,3}}?",
    "unpaid": f"(?<![{_set('money', 'which', 'reader')}])",
    "thus": f"(?<![{_set('which', 'reader')}])",
    "start": r"(?:^|(?<=[.?,|]))",
    "end": r"(?=[.?,|]|$)",
    "no_paper": f"(?![^.?,]{{0,2}}[{_set('document')}])",
    "no_document": f"(?![{_set('document')}])",
    "no_request": f"(?!{OTHER}?[{_set('request')}])",
    "unasked": f"(?<![{_set('request')}])(?<![{_set('request')}].)(?<![{_set('request')}]..)",
}  # fmt: skip


# No pattern is without a word of these: most text is put aside at once.
ACTS = re.compile(
    "["
    + _set(
        "refunded", "returned", "cancelled", "exchanged", "changed", "replaced", "sent", "processed", "done",
        "underway", "left", "just", "arrive", "see", "back", "refunding", "cancelling", "processing", "sending",
        "account", "exchange", "to_refund", "confirm", "got",
    )
    + "]"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rule:
    """`soft`: about what is under way or to come, so that a condition anywhere in the sentence makes it none."""

    kind: Action
    pattern: re.Pattern[str]
    soft: bool


def rules(kind: Action, *patterns: str, soft: bool = False) -> tuple[Rule, ...]:
    """Patterns are kinds of words with spaces between: `/` means or, `?` perhaps; `gap4` is up to four others."""
    return tuple(Rule(kind, re.compile(_BREAK.join(map(_piece, pattern.split()))), soft) for pattern in patterns)


def _piece(name: str) -> str:
    kind, number = name[:3], name[3:]
    if kind in _BETWEEN and number.isdigit():
        return f"(?:{_BETWEEN[kind]}{_BREAK}){{0,{number}}}?"
    bare = name.rstrip("?")
    kinds = bare.split("/")
    body = "|".join(_COMPOSED.get(kind) or LETTERS[kind] for kind in kinds)
    return f"(?:{body}){'?' if bare != name else ''}"


@dataclass(frozen=True, slots=True)
class Language:
    """`words` and `phrases` are by kind, as one writes them; `asks` are the words that begin a question.

    `questions` are those as they are folded; no text without one of the words in `telling` claims anything.
    """

    words: Mapping[str, str]
    phrases: Mapping[str, str]
    asks: str
    rules: tuple[Rule, ...]
    questions: frozenset[str] = field(init=False)
    telling: frozenset[str] = field(init=False)
    _letters: dict[str, str] = field(init=False)
    _phrases: dict[str, list[tuple[tuple[str, ...], str]]] = field(init=False)

    def __post_init__(self) -> None:
        letters: dict[str, str] = {}
        for kind, words in self.words.items():  # What stands in two kinds is of the first.
            for word in _spellings(words.split()):
                letters.setdefault(word, LETTERS[kind])
        letters |= {sign: sign for sign in _SIGNS} | {NUMBER: LETTERS["number"]}
        phrases: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for kind, listed in self.phrases.items():
            for phrase in listed.split(";"):
                first, *rest = [folded(word) for word in phrase.split()]
                phrases.setdefault(first, []).append((tuple(rest), LETTERS.get(kind, OTHER)))
        object.__setattr__(self, "questions", frozenset(_spellings(self.asks.split())))
        telling = {word for word, letter in letters.items() if ACTS.match(letter)}
        telling |= {first for first, listed in phrases.items() if any(ACTS.match(letter) for _, letter in listed)}
        object.__setattr__(self, "telling", frozenset(telling))
        object.__setattr__(self, "_letters", letters)
        object.__setattr__(self, "_phrases", phrases)

    def code(self, words: Sequence[str]) -> str:
        """One letter for each word: its kind, `_` for other words, the sign itself for signs."""
        letters, phrases = self._letters, self._phrases
        code = [letters.get(word, OTHER) for word in words]
        for at in [at for at, word in enumerate(words) if word in phrases]:
            for rest, letter in phrases[words[at]]:
                of_phrase = _in_a_row(words, at, 1 + len(rest))
                if tuple(words[there] for there in of_phrase[1:]) == rest:
                    for there in of_phrase:
                        code[there] = OTHER
                    code[of_phrase[-1]] = letter
                    break
        return "".join(code)


def _in_a_row(words: Sequence[str], at: int, count: int) -> list[int]:
    """The places of so many words from here on; a phrase may be broken by the end of a line."""
    places = range(at, min(at + count, len(words)))
    if "|" in words[at : at + count]:
        places = range(at, min(at + 2 * count, len(words)))
    return [there for there in places if words[there] != "|"][:count]


def _spellings(words: Iterable[str]) -> Iterable[str]:
    """A word as it is folded; German ones also with the letter that stands in for the dots."""
    for word in words:
        yield folded(word)
        if set(word) & set("äöü"):
            yield folded(word.translate({ord("ä"): "ae", ord("ö"): "oe", ord("ü"): "ue"}))
