"""The form in which words are compared: lower case, without accents, apostrophes straight."""

import re
import unicodedata

_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'", "ʼ": "'"})
_NUMBERED = re.compile(r"(?<!\w)([a-z]{1,6})[-#](\d{3,12})(?!\w)")
_TOKEN = re.compile(r"[^\W_]+")


def fold(text: str) -> str:
    """The text as patterns see it. It may be longer or shorter than what was written."""
    apart = unicodedata.normalize("NFKD", text.translate(_APOSTROPHES).casefold())
    return " ".join("".join(letter for letter in apart if not unicodedata.combining(letter)).split())


def tokens(folded: str) -> tuple[str, ...]:
    """The words and numbers of a folded text: `don't` is two, and `lo-48213` one."""
    return tuple(_TOKEN.findall(_NUMBERED.sub(r"\1\2", folded)))
