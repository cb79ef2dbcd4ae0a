"""Numbers in a sentence that asks, and which nothing explains: "-1 mugs", "2+2", "twice", "a hundred", "total 9500".

What is paid back is found by items and their pieces. A number that was not read as one of these, nor as a date, a
size, a time or a part of the order's own names, may be about how much is wanted: it is a doubt, never passed over.
"""

import re
from collections.abc import Iterator

from domain.order import Order, normal_number
from handlers.wish.actions import Asked
from handlers.wish.folding import fold
from handlers.wish.items import before_target, item_words
from handlers.wish.others import AMOUNTS
from handlers.wish.sentences import Sentence
from handlers.wish.words import Words

MANY = "It names a number that the machine cannot place: “{number}”."
# "Twice, please." asks without a word for what it asks.
_SHORT = 4
_MONTH = (
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|marz|mai|okt|dez|fev|avr|juin|juil|aou|ene|abr|ago|dic)"
    r"[a-z]{0,7}\.?"
)
_UNIT = (
    r"(?:days?|weeks?|months?|hours?|minutes?|years?|tage?n?|wochen?|stunden?|minuten?|jahren?|jours?|semaines?|heures?"
    r"|mois|ans?|dias?|semanas?|mes(?:es)?|horas?|anos?|cm|mm|kg|uhr|watt|volt|inch(?:es)?|zoll)"
)
_DAY = r"\d{1,2}(?:st|nd|rd|th|\.)?"
# Whatever else numbers are in a sentence about an order, one after the other.
_EXPLAINED = re.compile(
    rf"\d{{4}}-\d\d-\d\d|\d{{1,2}}[./-]\d{{1,2}}[./-](?:\d{{4}}|\d\d)?(?!\d)"
    r"|(?:on|from|since|dated|placed|ordered|vom|am|seit|du|le|del|el|dia)"
    rf" {_DAY}[./-]\d{{1,2}}(?:[./-](?:\d{{4}}|\d\d)?)?(?!\w)"
    rf"|{_DAY} (?:of |de )?{_MONTH}(?: (?:de )?20\d\d)?|{_MONTH} {_DAY}(?:,? 20\d\d)?"
    r"|(?<![\w.,+*/-])20\d\d(?![\w.,+*/-])|\d{1,2}[:h]\d\d|\d{1,2} ?[ap]m(?!\w)"
    rf"|\d{{1,3}}(?:[.,]\d{{1,2}})?[ -]?{_UNIT}(?!\w)|(?:§|art\.?|no\.? ?)\s?\d{{1,4}}"
    r"|(?:sizes?|eu|uk|us|grosse|gr\.?|taille|pointure|talla|numero) \d{1,3}(?:[.,/]\d{1,3})?"
)
# How many pieces: nothing stands at it that makes it another number.
_PIECES = re.compile(r"(?<![\w.,+*/#−-])[1-9]\d?(?![\w+*/−-]|[.,]\d)")
_DIGITS = re.compile(r"(?<![a-z])[+−-]?\d[\w.,+*/−-]*")


def unplaced_number(sentence: Sentence, asked: Asked, order: Order, words: Words, *, tells: bool) -> Iterator[str]:
    """The doubt about the first such number. `tells` says that the sentence asks or gives a reason."""
    text = before_target(sentence, words) if asked.actions else sentence.folded
    if not tells and len(sentence.words) > _SHORT:
        return
    said = words.frames["many"].search(text)
    if said is None and (asked.mentions or len(sentence.words) <= _SHORT):
        said = words.frames["multiple"].search(text)
    if said is None and (asked.mentions or len(sentence.words) <= _SHORT):
        said = _unexplained(text, order)
    if said is not None:
        yield MANY.format(number=said[0].strip())


def _unexplained(text: str, order: Order) -> re.Match[str] | None:
    if not _DIGITS.search(text):
        return None
    own = r"\s?".join(map(re.escape, normal_number(order.number).casefold()))
    rest = re.sub(rf"(?<!\w)#?{own}(?!\w)", " … ", text)
    # A "1" in an article's number is no 1 elsewhere.
    words = {
        word for word in item_words(order) if any(map(str.isdigit, word)) and (len(word) > 2 or not word.isdigit())
    }
    for word in sorted(words | {fold(item.sku) for item in order.items}, key=len, reverse=True):
        rest = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", " … ", rest)
    return _DIGITS.search(_PIECES.sub(" … ", _EXPLAINED.sub(" … ", AMOUNTS.sub(" … ", rest))))
