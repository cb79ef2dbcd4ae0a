"""What each field of an understanding was read from, for the person who asks why."""

from collections.abc import Sequence

from domain.understanding import Place, Reading
from understanding.classifier import Verdict
from understanding.language import UNKNOWN
from understanding.quotes import Parts

# How `automatic.py` and `mass_mail.py` begin what they say about places other than headers.
_SIGNS = {
    "its subject": Place.SUBJECT,
    "it has the footer": Place.NEW_TEXT,
    "its text": Place.NEW_TEXT,
    "nobody reads": Place.SENDER,
    "it comes from": Place.SENDER,
    "a mail system": Place.SENDER,
}


def readings(
    parts: Parts, language: str, verdict: Verdict, *, automatic: str = "", suspicion: str = "",
    by_sender: bool = False, weighing: Sequence[str] = (), threat: str = "", wish: str = "", issues: Sequence[str] = (),
) -> list[Reading]:  # fmt: skip
    """One for each field that is filled, but numbers, error codes and the mood, which come with theirs.

    `by_sender` says that the sender's domain decided about the category; `weighing` are the words that made the mail
    important, `wish` those that ask for a person.
    """
    text_place = Place.FORWARDED if parts.text and parts.text == parts.forwarded else Place.NEW_TEXT
    found = []
    if parts.text:
        found.append(Reading("text", text_place))
    if language != UNKNOWN:
        found.append(Reading("language", text_place))
    if automatic:
        found.append(Reading("automatic", _place_of(automatic), automatic))
    if suspicion:
        found.append(Reading("suspicion", _place_of(suspicion), suspicion))
    if verdict.confidence > 0:
        found.append(Reading("category", Place.SENDER if by_sender else Place.MODEL, verdict.sub_intent))
    if not automatic:
        place, words = Place.WORD_LIST if weighing else Place.MODEL, ", ".join(weighing)
        found += (Reading("importance", place, words), Reading("priority", place, words))
    if threat:
        found.append(Reading("threat", Place.WORD_LIST, threat))
    if wish:
        found.append(Reading("asks_for_person", Place.WORD_LIST, wish))
    if issues:
        found.append(Reading("key_issues", text_place))
    return found


def _place_of(sign: str) -> Place:
    return next((place for start, place in _SIGNS.items() if sign.startswith(start)), Place.HEADERS)
