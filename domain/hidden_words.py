"""Find a name, an address or a number in a text however it is written: nothing hides it that a reader sees through.

Letters are compared as `domain.claims.folding` makes them, and a link also as who opens it sees it. Marks of layout and
line breaks may stand between any two of them, and more than that between the words of a name.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from domain.claims.folding import folded

# What Markdown and wrapped lines put between two letters of one word. Each is one class, so that no text is looked at
# in more than one way.
_MARKS = r"(?:[*_~`\\\n]|-(?=\n))*"
_IN_NAMES = r"[*_~`\\\n'’.&-]*"
_BETWEEN_WORDS = r"[\W_]*"
# A long number is one number also where somebody groups its digits.
_GROUPED = r"[\s*_~`\\./-]*"
_LETTER = r"[^\W_]"
_BEFORE = rf"(?<!{_LETTER})(?<!{_LETTER}-)"
_AFTER = rf"(?!{_LETTER})(?!-{_LETTER})"
# Below this a number stands too often in other numbers to be looked for between its groups.
_LONG_NUMBER = 6

# A label of a domain in other than plain letters, as links carry it (RFC 3492).
_PUNYCODE = re.compile(r"(?<![\w-])xn--(?P<code>[a-z0-9-]{1,59})", re.IGNORECASE)
# What is encoded is encoded once, or a second time by who wraps a link in another.
_TIMES_ENCODED = 3

_MARKS_OF_LAYOUT = str.maketrans("", "", "*_~`\\")


@dataclass(frozen=True, slots=True)
class Seen:
    """A text in its simplest form; `squeezed` has its letters and digits alone, to tell quickly what is not in it."""

    plain: str
    squeezed: str

    def names(self, name: str) -> bool:
        """Whether these words stand there, one after the other, not as a part of longer ones."""
        words = [_squeezed(word) for word in re.findall(r"[^\W_]+(?:[^\w\s]*[^\W_]+)*", folded(name))]
        words = [word for word in words if word]
        if not words or "".join(words) not in self.squeezed:
            return False
        pattern = _BETWEEN_WORDS.join(_spaced(word, _IN_NAMES) for word in words)
        return re.search(rf"(?<!{_LETTER}){pattern}(?!{_LETTER})", self.plain) is not None

    def shows(self, what: str) -> bool:
        """Whether this address or domain stands there, not as a part of somebody else's.

        A domain is found in each of its parts and addresses, an address with any `+tag`.
        """
        wanted = folded(what)
        if not wanted or _squeezed(wanted) not in self.squeezed:
            return False
        pattern = rf"{_BEFORE}(?<!{_LETTER}\+){_spaced(wanted, _MARKS)}{_AFTER}(?!\.{_LETTER})"
        return re.search(pattern, self.plain) is not None

    def has_number(self, number: str) -> bool:
        """Whether this number stands there, not as a part of a longer one."""
        wanted = _squeezed(folded(number))
        if not wanted or wanted not in self.squeezed:
            return False
        gap = _GROUPED if len(wanted) >= _LONG_NUMBER else _MARKS
        return re.search(rf"(?<!{_LETTER}){_spaced(wanted, gap)}(?!{_LETTER})", self.plain) is not None


def seen(text: str) -> Seen:
    """The text as it is looked into."""
    opened = unwrapped(text)
    text = text if opened == text else f"{text}\n\n{opened}"
    plain = re.sub(r"\S+", lambda match: folded(match[0]), text)
    # Quoted or wrapped, a line break is one sign.
    plain = "\n".join(filter(None, (line.strip(" \t\xa0>|") for line in plain.splitlines())))
    untagged = re.sub(r"\+[\w.-]+(?=@)", "", plain)
    # A `+tag` is no part of a mailbox: both ways of writing the address are looked into.
    plain = plain if untagged == plain else f"{plain}\n\n{untagged}"
    return Seen(plain, _squeezed(plain))


def unwrapped(text: str) -> str:
    """The text with what links encode as whoever opens them sees it: `%41` is an A, `xn--kse-qla` is käse."""
    for _ in range(_TIMES_ENCODED):
        if "%" not in text:
            break
        text = unquote(text)
    return _PUNYCODE.sub(_label, text)


def without_marks(text: str) -> str:
    """The text as it is read, without marks of layout and what nobody sees: for what is looked up by other rules."""
    return re.sub(r"\S+", lambda match: folded(match[0]), text).translate(_MARKS_OF_LAYOUT)


def _label(match: re.Match[str]) -> str:
    try:
        return match["code"].encode("ascii").decode("punycode")
    except UnicodeError:
        return match[0]


def _squeezed(text: str) -> str:
    return re.sub(r"[\W_]+", "", text)


def _spaced(word: str, gap: str) -> str:
    return gap.join(re.escape(letter) for letter in word)
