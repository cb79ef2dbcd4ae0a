"""What stands in no ordinary mail about an order: addresses, code, blobs, strange letters, words to a machine."""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import chain
from pathlib import Path

from handlers.wish.folding import fold
from handlers.wish.words import compiled

_URL = re.compile(
    r"(?i)\b(?:https?|ftp|javascript|data|file):|\bwww\.|\b[a-z0-9-]{2,40}\.(?:com|org|net|io|ru|xyz|top|info|app|dev|link|example)\b(?:/|\s|$|[.,)])"
)
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,4}")
# A long word with nothing between, letters and digits mixed as in base64, bytes in numbers, escapes.
_BLOB = re.compile(
    r"[^\s]{33,}"
    r"|(?<!\w)(?=[A-Za-z0-9+/_=-]{0,30}[a-z][A-Z0-9])(?=[A-Za-z+/_=-]{0,30}\d)[A-Za-z0-9+/]{16,}={0,2}"
    r"|(?:\b[0-9a-f]{2}\b[ ,]){5}|(?:[01]{8}\s?){3}|%[0-9A-Fa-f]{2}%|\\[ux][0-9A-Fa-f]{2}|&#?\w{2,8};"
)
_CODE = re.compile(
    r"[<>{}\[\]|\\^~`=]|\$\w|__|/\*|\*/|//|::|->|--\w|#{2,}|\*{3,}|\w\(\)|={2,}|(?m:^\s{0,3}[A-Za-z_]{1,20}\s?:\s?[{\"])"
)
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?(?!\w)")
_CARD = re.compile(r"(?<!\d)(?:\d{4}[ -]){3}\d{2,7}(?!\d)")
_HIDDEN = frozenset({"Cf", "Co", "Cn", "Cs"})


def signs_in(text: str, own: frozenset[str]) -> Iterator[str]:
    """Each sign in a text as a sentence for a member; `own` are addresses that may stand there."""
    # Some emoji are joined by a hidden letter.
    hidden = any(unicodedata.category(letter) in _HIDDEN for letter in text.replace("\u200d", "")) or (
        "\u200d" in text and text.isascii()
    )
    if hidden or any(ord(letter) < 32 and letter not in "\t\n\r" for letter in text):
        yield "It has letters that nobody sees."
    if _strange_letters(text):
        yield "It has letters of another script."
    others = {found.lower().rstrip(".") for found in _MAIL.findall(text)} - own
    if others:
        yield "It names a mail address that is not the sender's."
    without = _MAIL.sub(" ", text)
    for pattern, sentence in (
        (_URL, "It has a link."),
        (_IBAN, "It names a bank account."),
        (_CARD, "It has what may be the number of a card."),
        (_BLOB, "It has a block of letters that is no word."),
        (_CODE, "It has code or markup."),
    ):
        if pattern.search(without):
            yield sentence


def spoken_signs(folded: str) -> Iterator[str]:
    """What the words of one folded sentence say that no customer's do."""
    return (says for says, pattern in _spoken().items() if pattern.search(folded))


@cache
def _spoken() -> Mapping[str, re.Pattern[str]]:
    read = tomllib.loads(Path(__file__).with_name("signs.toml").read_text(encoding="utf-8"))
    return {one["says"]: compiled(one["lines"]) for one in read.values()}


def _strange_letters(text: str) -> bool:
    """Whether a letter is of another script than Latin: all four languages are written in it."""
    if text.isascii():
        return False
    letters = {letter for letter in text if not letter.isascii() and letter.isalpha()}
    plain = "".join(chain.from_iterable(fold(letter) for letter in letters))
    return any(not unicodedata.name(letter, "").startswith("LATIN") for letter in letters) or any(
        not letter.isascii() and letter not in "æœøłđþðıªº" for letter in plain
    )
