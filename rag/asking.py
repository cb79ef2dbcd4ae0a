"""What a mail asks: its text without greeting, closing and chatter, and the sentences that ask something."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rag.words import asking_words, chatter_words, closing_words, stems, stop_words, tokens

_SENTENCE = re.compile(
    r"[^.!?。！？\n]*(?:[.!?。！？](?!\s|$|[\"'»”)])[^.!?。！？\n]*)*[.!?。！？]*[\"'»”)]*", re.DOTALL
)
_OPENING_CLAUSE = re.compile(r"^\W*([^,!?.:;–—]{1,60})[,!:;–—]\s*(?=\S)")
_SUBJECT_PREFIX = re.compile(r"^(?:\s*(?:re|aw|antw|fwd?|wg|tr|rv|sv)\s*:\s*)+", re.IGNORECASE)
# "How long does it take, and what does it cost?" asks twice, and is answered twice or not at all.
_AND_ALSO = re.compile(
    r"[,;]?\s+(?:and|und|sowie|et|y|e)\s+(?:also|auch|aussi|también)?\s*(?=(?:"
    r"what|how|when|where|which|who|why|can|could|do|does|is|are|will"
    r"|was|wie|wann|wo|welche[rsnm]?|wer|warum|kann|können|könnte|gibt|muss"
    r"|combien|comment|quand|où|quel(?:le)?s?|pourquoi|est-ce|puis-je|peut-on"
    r"|qué|cuánto|cuánta|cuántos|cómo|cuándo|dónde|cuál(?:es)?|puedo|se\s+puede"
    r")\b)",
    re.IGNORECASE,
)
MAX_WORDS = 220
MAX_CHARACTERS = 20_000
# After a closing formula stand a name and perhaps a company.
MOST_NAMES = 3


@dataclass(frozen=True, slots=True)
class Asking:
    """`text` is the mail without chatter, `sentences` those that say something, `questions` those that ask."""

    text: str
    sentences: tuple[str, ...]
    questions: tuple[str, ...]


def read_asking(text: str, subject: str, language: str) -> Asking:
    """Take a mail's new text apart; the subject counts as its first sentence where it says something of its own."""
    # A paragraph wrapped by a mail program is one paragraph.
    unwrapped = re.sub(r"(?<=[\w,;])[ \t]*\n(?=[ \t]*[a-zà-ÿ0-9])", " ", text[:MAX_CHARACTERS])
    sentences: list[str] = []
    closed = False
    for raw in _sentences(unwrapped):
        closed = closes(raw, language) or (closed and len(raw.split()) <= MOST_NAMES and "?" not in raw)
        if closed and sentences:
            break
        sentence = without_greeting(raw, language)
        # "Can you do that?" has no word of its own, and asks about the sentence before it.
        if not closed and (content(sentence, language) or (sentences and sentence.endswith("?"))):
            sentences.append(sentence)
    title = _SUBJECT_PREFIX.sub("", subject).strip()
    if len(content(title, language)) >= 2 and title not in sentences:
        sentences.insert(0, title)
    kept: list[str] = []
    words = 0
    for sentence in sentences:
        words += len(sentence.split())
        if kept and words > MAX_WORDS:
            break
        kept.append(sentence)
    return Asking("\n".join(kept), tuple(kept), tuple(_questions(kept, title, language)))


def content(text: str, language: str) -> tuple[str, ...]:
    """The stems of a text that are neither stop words nor chatter."""
    chatter = chatter_words(language)
    kept = " ".join(word for word in tokens(text, language) if word not in chatter)
    return tuple(stems(kept, language))


def _sentences(text: str) -> Iterator[str]:
    for line in text.splitlines():
        for match in _SENTENCE.finditer(line):
            sentence = match.group().strip()
            if re.search(r"\w", sentence):
                yield sentence


def without_greeting(sentence: str, language: str) -> str:
    """What follows "Dear Anna," and its like; everything where nobody is greeted."""
    clause = _OPENING_CLAUSE.match(sentence)
    if not clause:
        return sentence
    words = tokens(clause.group(1), language)
    greets = bool(words) and words[0] in chatter_words(language) and len(words) <= 6
    return sentence[clause.end() :] if greets else sentence


def closes(sentence: str, language: str) -> bool:
    """Whether a line is the closing formula: after it only names follow."""
    clause = _OPENING_CLAUSE.match(sentence)
    # "Kind regards, Desmond Yeo" stands on one line.
    signed = clause is not None and len(sentence[clause.end() :].split()) <= MOST_NAMES and "?" not in sentence
    words = set(tokens(clause.group(1) if clause and signed else sentence, language))
    return bool(words & closing_words(language)) and words <= chatter_words(language) | stop_words(language)


def _questions(sentences: list[str], title: str, language: str) -> Iterator[str]:
    for at, sentence in enumerate(sentences):
        if not _asks(sentence, language) or (sentence == title and any(_asks(one, language) for one in sentences[1:])):
            continue
        # "Is that possible?" asks about the sentence before it.
        if at and len(content(sentence, language)) < 2:
            yield f"{sentences[at - 1]} {sentence}"
        else:
            yield from _AND_ALSO.split(sentence)


def _asks(sentence: str, language: str) -> bool:
    if sentence.rstrip("\"'»”) ").endswith(("?", "？")):
        return True
    padded = f" {' '.join(tokens(sentence, language))} "
    return any(f" {phrase} " in padded for phrase in asking_words(language))
