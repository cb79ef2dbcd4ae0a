"""With which letters a phrase can begin, so that a text without them need not be searched for it.

Knows as much of regular expressions as `phrases.toml` uses. Whatever it does not know ends the letters that it is sure
of: it may take a text for worth searching that is not, and never the other way round.
"""

import re
from collections.abc import Iterable, Mapping

# Letters looked at: as many as tell a phrase from other words, and few enough for a small table.
LENGTH = 6
_START = re.compile(r"(?<!\w)\w")
_ATOM = re.compile(r"\((?P<kind>\?:|\?<?[!=])?|\[(?P<any>[^\]]+)\]|\\(?P<escaped>.)|(?P<plain>[^\\()\[\]|])")
_REPEAT = re.compile(r"\?|\{(\d+)(?:,\d*)?\}\??|[*+]\??")

# What has been read so far, each with whether more may be read behind it.
_Read = frozenset[tuple[str, bool]]
_NOTHING: _Read = frozenset({("", True)})


class Openings:
    """A table of the first letters of the phrases of several lists."""

    def __init__(self, lists: Mapping[str, Iterable[str]]) -> None:
        table: dict[str, set[str]] = {}
        for name, phrases in lists.items():
            for phrase in phrases:
                for opening in _openings(phrase):
                    table.setdefault(opening, set()).add(name)
        # A phrase that begins with anything, or with no letter, may stand everywhere.
        self._everywhere = {name for opening, names in table.items() if not _START.match(opening) for name in names}
        self._table = {opening: tuple(names) for opening, names in table.items() if _START.match(opening)}
        self._lengths = sorted({len(opening) for opening in self._table})

    def places(self, text: str) -> dict[str, list[int]]:
        """Of each list that has any: the beginnings of words at which a phrase of it can stand, in their order."""
        table, lengths = self._table, self._lengths
        found: dict[str, list[int]] = {name: list(range(len(text))) for name in self._everywhere}
        for start in _START.finditer(text):
            at = start.start()
            for length in lengths:
                for name in table.get(text[at : at + length], ()):
                    known = found.setdefault(name, [])
                    if not known or known[-1] < at:
                        known.append(at)
        return found


def _openings(phrase: str) -> frozenset[str]:
    read, end = _alternatives(phrase, 0)
    return frozenset(letters for letters, _ in read) if end == len(phrase) else frozenset({""})


def _alternatives(phrase: str, at: int) -> tuple[_Read, int]:
    """What stands between `at` and the bracket that closes it, and where that is."""
    found: set[tuple[str, bool]] = set()
    read, at = _sequence(phrase, at)
    found |= read
    while at < len(phrase) and phrase[at] == "|":
        read, at = _sequence(phrase, at + 1)
        found |= read
    return frozenset(found), at


def _sequence(phrase: str, at: int) -> tuple[_Read, int]:
    read = _NOTHING
    while at < len(phrase) and phrase[at] not in "|)":
        atom, at = _atom(phrase, at)
        repeat = _REPEAT.match(phrase, at)
        if repeat:
            at = repeat.end()
            atom = _repeated(atom, repeat)
        read = _joined(read, atom)
    return read, at


def _atom(phrase: str, at: int) -> tuple[_Read, int]:
    match = _ATOM.match(phrase, at)
    if match is None:
        return frozenset({("", False)}), len(phrase)
    if match[0].startswith("("):
        inner, at = _alternatives(phrase, match.end())
        # What only looks ahead or back takes no letters, and can only forbid.
        return (_NOTHING if match["kind"] not in {None, "?:"} else inner), at + 1
    return _single(match), match.end()


def _single(match: re.Match[str]) -> _Read:
    """What one character can be."""
    characters, escaped = match["any"] or match["plain"] or "", match["escaped"] or ""
    if escaped == "b":
        return _NOTHING
    if escaped and not escaped.isalnum():
        characters = escaped
    elif escaped or characters == "." or (match["any"] and re.search(r"[\\^-]", characters)):
        return frozenset({("", False)})
    return frozenset((character, True) for character in characters)


def _repeated(atom: _Read, repeat: re.Match[str]) -> _Read:
    """One that may be left out, or stand there several times: then what follows is not known."""
    once = atom if repeat[0] == "?" else frozenset((letters, False) for letters, _ in atom)
    may_miss = repeat[0][0] in "?*" or repeat[1] == "0"
    return once | _NOTHING if may_miss else once


def _joined(read: _Read, following: _Read) -> _Read:
    return frozenset(
        one
        for letters, goes_on in read
        for one in (((letters + more)[:LENGTH], on and len(letters + more) < LENGTH) for more, on in following)
        if goes_on
    ) | frozenset(one for one in read if not one[1])
