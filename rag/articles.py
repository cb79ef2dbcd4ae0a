"""A reply that a person wrote, made into the draft of an article: without greeting, closing and personal data."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rag.asking import closes, read_asking, without_greeting
from rag.words import chatter_words, stop_words

# Takes a text and the words that name somebody; gives it back with placeholders such as <EMAIL_1>.
Replace = Callable[[str, tuple[str, ...]], str]

MOST_QUESTIONS = 5
LONGEST_TITLE = 120
# Below the closing stand a name, a company, a telephone number.
MOST_LINES_BELOW = 6

_PLACEHOLDER = re.compile(r"<(URL|EMAIL|IBAN|CARD|IP|PHONE|NUMBER|NAME)_\d+>")
_WORDS = {
    "URL": "link", "EMAIL": "address", "IBAN": "number", "CARD": "number", "IP": "number", "PHONE": "number",
    "NUMBER": "number", "NAME": "name",
}  # fmt: skip
_REPEATED = re.compile(r"(\[(?:name|number|address|link)\])(?:[ ,]+\1)+")
_SIGNATURE = re.compile(r"^-- ?$", re.MULTILINE)

# Streets with a house's number, as the four languages write them, and British postcodes. Bounded: no text is slow.
_STREETS = re.compile(
    r"\b\d{1,4}[a-zA-Z]?,? (?:[A-Z][\w'’-]{1,30} ){1,3}"
    r"(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Way|Close|Court|Square)\b\.?"
    r"|\b[A-ZÄÖÜ][\wäöüß-]{0,40} ?(?:[Ss]tra(?:ß|ss)e|[Ss]tr\.|[Gg]asse|[Aa]llee|[Pp]latz|[Ww]eg) \d{1,4} ?[a-z]?\b"
    r"|\b\d{1,4}(?: bis| ter)?,? (?:rue|avenue|boulevard|place|chemin|impasse|allée)(?: [\w'’-]{1,30}){1,5}"
    r"|\b(?:[Cc]alle|[Aa]venida|[Aa]vda\.|[Pp]laza|[Pp]aseo|C/) ?(?:[\w'’-]{1,30} ){0,4}"
    r"[\w'’-]{1,30},? (?:n\.?º ?)?\d{1,4}\b"
    r"|\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b"
)


@dataclass(frozen=True, slots=True)
class Draft:
    """What the editor opens with. A person reads it before it is kept: names in no header are not found."""

    title: str
    body: str
    questions: tuple[str, ...]


def draft(
    reply: str,
    asked: Sequence[tuple[str, str]],
    language: str,
    *,
    names: Iterable[str],
    replace: Replace,
) -> Draft:
    """`asked` are text and subject of the mails that ask it, the most typical first."""
    known = tuple({*names, *_named(reply, language), *(name for text, _ in asked for name in _named(text, language))})

    def hidden(text: str) -> str:
        return without_personal(text, known, replace)

    questions = tuple(dict.fromkeys(hidden(question(text, subject, language)) for text, subject in asked))
    questions = tuple(one for one in questions if one)[:MOST_QUESTIONS]
    return Draft(
        title=questions[0][:LONGEST_TITLE] if questions else "",
        body=hidden(without_frame(reply, language)),
        questions=questions,
    )


def without_personal(text: str, names: tuple[str, ...], replace: Replace) -> str:
    """Names, addresses, links and long numbers become [name], [address], [link] and [number]."""
    hidden = _PLACEHOLDER.sub(lambda found: f"[{_WORDS[found[1]]}]", replace(_STREETS.sub("[address]", text), names))
    return _REPEATED.sub(r"\1", hidden)


def without_frame(reply: str, language: str) -> str:
    """A letter without greeting, closing and signature."""
    text = without_greeting(_SIGNATURE.split(reply.strip(), maxsplit=1)[0], language).strip()
    end = _closing(text.splitlines(), language)
    kept = "\n".join(text.splitlines()[:end]).strip()
    return kept[:1].upper() + kept[1:]


def _closing(lines: Sequence[str], language: str) -> int:
    """The number of the line that closes a letter, or how many lines it has."""
    written = [number for number, line in enumerate(lines) if line.strip()]
    for number in reversed(written[-MOST_LINES_BELOW - 1 :]):
        if number != written[0] and closes(lines[number].strip(), language):
            return number
    return len(lines)


def _named(text: str, language: str) -> set[str]:
    """The words of a greeting and below a closing that are no greeting: they name people."""
    body = without_greeting(text.strip(), language)
    greeting = text.strip()[: len(text.strip()) - len(body)]
    lines = text.strip().splitlines()
    below = " ".join(lines[_closing(lines, language) :])
    usual = chatter_words(language) | stop_words(language)
    return {
        word
        for word in re.findall(r"[^\W\d_][\w'’-]+", f"{greeting} {below}")
        if word[0].isupper() and word.lower() not in usual
    }


def question(text: str, subject: str, language: str) -> str:
    """The first thing that a mail asks, on one line; personal data still stands in it."""
    asking = read_asking(text, subject, language)
    first = next(iter((*asking.questions, *asking.sentences)), subject)
    # A sentence that asks twice was taken apart: people read it as it was written.
    whole = next((one for one in asking.sentences if first in one), first)
    found = " ".join((whole if len(whole) <= LONGEST_TITLE else first).split())[:300]
    return found[:1].upper() + found[1:]
