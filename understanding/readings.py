"""What each field of an understanding was read from, for the person who asks why."""

from collections.abc import Sequence

from domain.understanding import Place, Reading, Understanding

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
    read: Understanding, *, by_sender: bool = False, weighing: Sequence[str] = (), wish: str = ""
) -> tuple[Reading, ...]:
    """One for each filled field: those that `read` has already, and the others.

    `by_sender` says that the sender's domain decided about the category; `weighing` are the words that made the mail
    important, `wish` those that ask for a person.
    """
    text_place = Place.FORWARDED if read.text and read.text == read.forwarded else Place.NEW_TEXT
    found = [
        (bool(read.text), Reading("text", text_place)),
        (read.language != "und", Reading("language", text_place)),
        (bool(read.automatic), Reading("automatic", _place_of(read.automatic), read.automatic)),
        (bool(read.suspicion), Reading("suspicion", _place_of(read.suspicion), read.suspicion)),
        (read.confidence > 0, Reading("category", Place.SENDER if by_sender else Place.MODEL, read.sub_intent)),
        (not read.automatic, _weighed("importance", weighing)),
        (not read.automatic, _weighed("priority", weighing)),
        (bool(read.threat), Reading("threat", Place.WORD_LIST, read.threat)),
        (bool(wish), Reading("asks_for_person", Place.WORD_LIST, wish)),
        (bool(read.key_issues), Reading("key_issues", text_place)),
    ]
    return (*(reading for filled, reading in found if filled), *read.read_from)


def _weighed(field: str, words: Sequence[str]) -> Reading:
    return Reading(field, Place.WORD_LIST if words else Place.MODEL, ", ".join(words))


def _place_of(sign: str) -> Place:
    return next((place for start, place in _SIGNS.items() if sign.startswith(start)), Place.HEADERS)
