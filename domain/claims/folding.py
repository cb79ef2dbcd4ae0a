"""A text as words that can be looked up: letters that look alike are one, what nobody sees is gone."""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

# Letters of other scripts that are drawn like Latin ones: who mixes them in means to be read, and not to be found.
_LOOKALIKES = str.maketrans(
    "\u0430\u0432\u0435\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u0445\u0456\u0458\u0455\u0501\u051b\u051d\u04bb"
    "\u04cf\u0475\u0262\u0131\u217c\u03b1\u03b2\u03b5\u03b9\u03ba\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7\u03c9\u057d\u0261"
    "\u0433\u0438\u0251\u0269\u0280\u0299\u029c\u029f\u1d00\u1d04\u1d05\u1d07\u1d0a\u1d0b\u1d0d\u1d0f\u1d18\u1d1b\u1d1c"
    "\u1d20\u1d21\u1d22\ua731\u026a\u0274",
    "abekmhopctyxijsdqwh" "lvgilabeikvoptuxwug" "ruairbhlacdejkmoptu" "vwzsin",
)  # fmt: skip

_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e01ef"
)
_MARKS = "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_ENCLOSED = "\u249c-\u24e9\U0001f110-\U0001f12b\U0001f130-\U0001f189"
_UNSEEN = re.compile(f"[{_INVISIBLE}{_MARKS}]")

_WOULD = re.compile("^(ko|wu|ha|wa)\u0308(?=nnt|rd|tt|r)")

_PIECE = re.compile(
    r"(?P<number>\d(?:[\d.,'’]|[\u00a0\u202f ](?=\d{3}(?!\d)))*(?<=\d))"
    rf"|(?P<word>(?:[^\W\d_ºª]|[{_INVISIBLE}{_MARKS}{_ENCLOSED}])+)"
    r"|(?P<sign>[€$£¥])"
    r"|(?P<lines>\n\s*)"
    r"|(?P<mark>[.!?…;]+|[:,¿—–|]+|(?<!\w)-(?!\w))"
)
# A full stop after these ends no sentence, where a number or a small letter follows.
_SHORT = frozenset({
    "no", "nr", "nro", "nos", "num", "approx", "ca", "bzw", "art", "ref", "st", "mr", "mrs", "ms", "dr", "inkl", "incl",
    "vgl", "ggf", "evtl", "usw", "etc", "bspw",
})  # fmt: skip
# A line shorter than this ends because its writer ended it, not because the page did.
_SHORT_LINE = 55


class Piece(NamedTuple):
    """A word as it is looked up, a number as it stands, or a sign: `.` `?` `,` `¿`, `|` where a writer broke a line."""

    word: str
    start: int
    end: int


@lru_cache(maxsize=16384)
def folded(word: str) -> str:
    """Lower case, without accents and what is invisible, in Latin letters."""
    if word.isascii():
        return word.lower()
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", word).casefold())
    # In German the dots tell "it would be paid back" from "it was".
    apart = _WOULD.sub(r"\1e", apart)
    return _UNSEEN.sub("", apart).translate(_LOOKALIKES)


def pieces(text: str) -> list[Piece]:
    """The words, numbers and signs of a text in their order; marks of layout and apostrophes are none."""
    found: list[Piece] = []
    line_began = 0
    for match in _PIECE.finditer(text):
        (start, end), word = match.span(), match[0]
        match match.lastgroup:
            case "word":
                word = "nr" if text[end : end + 1] in {"°", "º"} else folded(word)
            case "lines":
                word = _line_end(text, match.span(), found, line_began)
                line_began = end
            case "mark":
                word = _sign(text, word, end, found)
        if word:
            found.append(Piece(word, start, end))
    return found


def _line_end(text: str, span: tuple[int, int], before: list[Piece], began: int) -> str:
    """What a line break means: the page was full, or a new thought begins."""
    start, end = span
    follows = _UNSEEN.sub("", text[end : end + 9])[:1]
    if not follows or follows.islower():
        return ""
    if text.count("\n", start, end) > 1:
        return "."
    of_an_amount = follows.isdigit() or (before and before[-1].word[0].isdigit())
    return "|" if start - began < _SHORT_LINE and not of_an_amount else ""


def _sign(text: str, marks: str, end: int, before: list[Piece]) -> str:
    if "?" in marks:
        return "?"
    if marks == ".":
        return _full_stop(text, end, before)
    return "." if marks[0] in ".!…;" else "¿" if "¿" in marks else ","


def _full_stop(text: str, end: int, before: list[Piece]) -> str:
    follows = text[end : end + 2].lstrip()[:1]
    if text[end : end + 1].isalnum():
        return ""
    shortened = before and before[-1].end == end - 1 and (before[-1].word in _SHORT or len(before[-1].word) == 1)
    if not shortened or not (follows.isdigit() or follows.islower() or follows == "#"):
        return "."
    if before[-1].word == "no":  # "No. 55" denies nothing.
        before[-1] = before[-1]._replace(word="nr")
    return ""
