"""Which language of a knowledge base a short text is in, where its own language could not be told."""

import re
from collections.abc import Mapping

from rag.lexical import LanguagePart
from rag.words import stems, stop_words, tokens

# Letters from which on a language detector is believed without help (MODELS.md 2: 1.000 on bodies, .94 on five words).
LONG_ENOUGH = 60
# The least share of a text's words that the documents of a language must know, and by how much more than the others'.
KNOWN, CLEARLY = 0.5, 0.1
_CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_KANA = re.compile(r"[\u3040-\u30ff]")


def language_among(parts: Mapping[str, LanguagePart], text: str, named: str) -> str:
    """The language `named` by whoever looked at the mail, or, of a short text, the one whose words these are.

    Stays "und" or a language that the knowledge base does not have where nothing speaks for one that it has.
    """
    if named in parts:
        return named
    if "zh" in parts and _CHINESE.search(text) and not _KANA.search(text):
        return "zh"
    if named != "und" and sum(map(str.isalpha, text)) >= LONG_ENOUGH:
        return named
    if not parts:
        return named
    known = sorted(((_known(part, text, language), language) for language, part in parts.items()), reverse=True)
    best, second = known[0], known[1] if len(known) > 1 else (0.0, "")
    return best[1] if best[0] >= KNOWN and best[0] - second[0] >= CLEARLY else named


def _known(part: LanguagePart, text: str, language: str) -> float:
    """The share of a text's words that are the language's own small words or stand in its documents."""
    words = tokens(text, language)
    if not words:
        return 0.0
    small = sum(word in stop_words(language) for word in words)
    return (small + sum(map(part.words.known, stems(text, language)))) / len(words)
