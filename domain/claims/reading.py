"""Where a text says or implies that money was paid back, or that an order was cancelled, exchanged or replaced."""

import re
from collections.abc import Iterator, Sequence

from domain.claims.amounts import Amount, amounts_in
from domain.claims.claim import Claim
from domain.claims.english import ENGLISH
from domain.claims.folding import Piece, pieces
from domain.claims.french import FRENCH
from domain.claims.german import GERMAN
from domain.claims.grammar import ACTS, LETTERS, NUMBER, Language, Rule
from domain.claims.spanish import SPANISH
from domain.order_action import Action

# A mail may be written in two of them at once, so all are asked.
LANGUAGES = (ENGLISH, GERMAN, FRENCH, SPANISH)

_NOT, _IF, _HELP = LETTERS["not"], LETTERS["if"], LETTERS["help"]
_SENTENCE, _CLAUSE = ".?|", ".?|," + LETTERS["and"]

# What a customer wrote and a mail program quoted, under the line that says so.
_QUOTED = re.compile(
    r"(?im)^(?!>)[^\n]{0,300}\b(?:wrote|writes|schrieb|schreibt|écrit|escribió)\b[^\n]{0,80}:[ \t]*\n\s*"
    r"(?:>[^\n]*(?:\n[ \t]*|\Z))+"
)


def claims_in(text: str) -> tuple[Claim, ...]:
    """Every claim in the order of the text; overlapping ones of one kind are one. Never raises, linear in the text.

    No claim is what is denied, asked, wished, possible, or said under a condition.
    """
    ours = _QUOTED.sub(lambda quoted: re.sub(r"[^\n]", " ", quoted[0]), text)
    read = pieces(ours)
    found: list[Claim] = []
    reached: dict[Action, int] = {}
    for match, language, rule in sorted(_matches(read), key=lambda one: (one[0].start(), -one[0].end())):
        first, last = match.start(), match.end()
        if first < reached.get(rule.kind, 0) or not _is_said(language, rule, read, match):
            continue
        reached[rule.kind] = last
        start, end = read[first].start, read[last - 1].end
        found.append(Claim(rule.kind, text[start:end], start, end, _amounts(read, first, last, rule.kind)))
    return tuple(found)


def _matches(read: list[Piece]) -> Iterator[tuple[re.Match[str], Language, Rule]]:
    words = [NUMBER if piece.word[0].isdigit() else piece.word for piece in read]
    different = set(words)
    for language in LANGUAGES:
        if different.isdisjoint(language.telling):
            continue
        code = language.code(words)
        for rule in language.rules if ACTS.search(code) else ():
            for match in rule.pattern.finditer(code):
                yield match, language, rule


def _is_said(language: Language, rule: Rule, read: Sequence[Piece], match: re.Match[str]) -> bool:
    """Whether the words say that it is so: nothing around them denies, asks or conditions them."""
    code, (start, end) = match.string, match.span()
    clause = _last(code, _CLAUSE, start)
    # A main clause before "and" keeps its condition: "if we have it and have refunded you".
    conditioned = _last(code, _SENTENCE + ",", start)
    if _NOT in code[clause:start] or _IF in code[conditioned:start]:
        return False
    if _is_asked(language, read, code, conditioned, end):
        return False
    return not (rule.soft and _may_depend(code, _last(code, _SENTENCE, start), start, end))


def _is_asked(language: Language, read: Sequence[Piece], code: str, clause: int, end: int) -> bool:
    ends = _next(code, ".?|", end)
    asked = read[clause].word in language.questions or "¿" in code[clause:end]
    return asked and code[ends : ends + 1] == "?"


def _may_depend(code: str, sentence: int, start: int, end: int) -> bool:
    """A condition before or after. "If you have questions" is none: it is how mail ends."""
    after = code[end : _next(code, ".?", end)]
    depends = any(_HELP not in after[at : at + 6] for at, sign in enumerate(after) if sign == _IF)
    return _IF in code[sentence:start] or depends


def _amounts(read: Sequence[Piece], first: int, last: int, kind: Action) -> tuple[Amount, ...]:
    if kind is not Action.REFUND:
        return ()
    begin, end = first, last
    while begin > max(first - 40, 0) and read[begin - 1].word not in _SENTENCE:
        begin -= 1
    while end < min(last + 40, len(read)) and read[end].word not in _SENTENCE:
        end += 1
    return amounts_in(read[begin:end])


def _last(code: str, signs: str, before: int) -> int:
    """Where the part begins that follows the last of these signs before here; looks 60 words back."""
    began = max(before - 60, 0)
    return max((code.rfind(sign, began, before) + 1 for sign in signs), default=0) or began


def _next(code: str, signs: str, after: int) -> int:
    ends = [at for sign in signs if (at := code.find(sign, after, after + 60)) >= 0]
    return min(ends, default=min(after + 60, len(code)))
