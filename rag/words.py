"""Words of a text as the lexical search sees them: stems, character n-grams, and which words carry content."""

import json
import re
import unicodedata
from collections import Counter
from functools import cache
from pathlib import Path

import Stemmer

SNOWBALL = {
    "ar": "arabic", "ca": "catalan", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish",
    "et": "estonian", "eu": "basque", "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian",
    "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian", "nb": "norwegian", "ne": "nepali",
    "nl": "dutch", "nn": "norwegian", "no": "norwegian", "pt": "portuguese", "ro": "romanian", "ru": "russian",
    "sr": "serbian", "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
LANGUAGES = frozenset(SNOWBALL) | frozenset(
    ["bg", "cs", "fa", "he", "hr", "is", "ja", "ko", "lv", "mt", "pl", "sk", "sl", "th", "uk", "vi", "zh"]
)
_WORD = re.compile(r"\w+")
# Scripts that write no spaces between words: each pair of neighbouring characters stands for a word.
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0e7f]+")
_ELISION = re.compile(r"\b(?:[cdjlmnst]|qu)['’](?=\w)")


@cache
def _lists() -> dict[str, dict[str, frozenset[str]]]:
    raw = json.loads(Path(__file__).with_name("words.json").read_text(encoding="utf-8"))
    return {
        kind: {language: frozenset(words.split()) for language, words in by_language.items()}
        for kind, by_language in raw.items()
    }


def stop_words(language: str) -> frozenset[str]:
    return _lists()["stop"].get(language, frozenset())


def chatter_words(language: str) -> frozenset[str]:
    """Words of greetings, thanks and small talk, of which a sentence that asks nothing consists."""
    return _lists()["chatter"].get(language, frozenset())


def folded(text: str) -> str:
    """Lower case without accents, since customers leave them out."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def tokens(text: str, language: str) -> list[str]:
    """Words in lower case; French elisions apart; pairs of characters where a script has no spaces."""
    text = text.lower()
    if language == "fr":
        text = _ELISION.sub("", text)
    words: list[str] = _WORD.findall(text)
    if text.isascii() or not _UNSPACED.search(text):
        return words
    found: list[str] = []
    for word in words:
        if _UNSPACED.search(word):
            found.extend(word[at : at + 2] for at in range(max(len(word) - 1, 1)))
        else:
            found.append(word)
    return found


def stems(text: str, language: str) -> list[str]:
    """Stemmed words in their order, stop words left out."""
    stop = stop_words(language)
    words = [word for word in tokens(text, language) if word not in stop]
    algorithm = SNOWBALL.get(language)
    # A stemmer is not thread-safe and costs microseconds to make.
    stemmed: list[str] = Stemmer.Stemmer(algorithm).stemWords(words) if algorithm else words
    together = "".join(stemmed)
    # Most texts are folded already, which is seen at once.
    return stemmed if together.isascii() and together == together.lower() else [folded(word) for word in stemmed]


def char_words(text: str) -> list[str]:
    """The words within which n-grams are taken, in their order."""
    return _WORD.findall(folded(text))


def guess_language(text: str) -> str:
    """The language whose stop words the text uses most, or "und"; for documents, which are long enough for it."""
    words = Counter(_WORD.findall(text.lower()[:20_000]))
    counts = {
        language: sum(count for word, count in words.items() if word in stop)
        for language, stop in _lists()["stop"].items()
    }
    best = max(counts, key=lambda language: counts[language])
    return best if counts[best] >= 0.15 * sum(words.values()) > 0 else "und"


def closing_words(language: str) -> frozenset[str]:
    """Words of which at least one stands in a closing formula."""
    return _lists()["closing"].get(language, frozenset())


def asking_words(language: str) -> frozenset[str]:
    """Turns of phrase that ask without a question mark; a phrase's words are joined by "_" in the file."""
    return frozenset(phrase.replace("_", " ") for phrase in _lists()["asking"].get(language, frozenset()))
