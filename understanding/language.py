"""Which language a mail is written in."""

import re
from functools import cache
from importlib import import_module
from string import ascii_letters
from typing import Any

# The languages that a short text may be in; anything else is believed only of a text long enough to tell.
COMMON = ("en", "de", "fr", "es", "it", "nl", "pt", "pl", "sv", "da")
UNKNOWN = "und"

# Characters looked at: more changes nothing but the time.
LOOKED_AT = 600
# Letters from which on the detector is believed without help, measured in MODELS.md section 2 on five-word texts.
LONG_ENOUGH = 60
LEAST_SURE = 0.45
# What each common language is given whatever the detector says, and how much a hit of its words raises its odds.
LEAST_CHANCE, ODDS = 0.02, 3.0
# So many hits ahead, 0.02 * 3^4 = 1.62 times the odds of the second are more than all that the others can have together
# were the detector certain of the second: 9 * 0.02 + 1.
CLEAR = 4

_NOISE = re.compile(r"https?://\S{1,500}|\S{1,100}@\S{1,200}|\S{0,30}\d\S{0,30}")
_DIGIT = re.compile(r"\d")
_NUMBERED = re.compile(r"\S{0,30}\d\S{0,30}")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")

_ASCII_LETTERS = ascii_letters.encode()

# Small words that mails in a language can hardly do without, and words of shops that are its own.
_WORDS = {
    "en": "the is are was have has my your you please thanks thank where what when how can could would and with for "
    "not want need get do does did it this that hello hi i'd i'm i of to in on order orders cancel refund "
    "return invoice account password card payment delivery address help money parcel shipping change back "
    "broken yes tell about a an",
    "de": "der die das und ist ich nicht mein meine meinen bitte danke wo wann wie kann können möchte habe hat "
    "wurde sie ihr ihre mit für auf eine einen ein zu kein keine hallo guten noch bestellung rechnung paket "
    "stornieren storno rückerstattung lieferung konto passwort geld zurück versand hilfe adresse",
    "fr": "le la les et est je ne pas mon ma mes vous votre vos merci où quand comment puis pouvez avoir bonjour "
    "une des du de au aux avec pour sur ce cette j'ai n'ai un commande été facture remboursement colis "
    "annuler livraison compte argent retour aide adresse svp",
    "es": "el la los las y es no mi mis por favor gracias dónde cuándo cómo puedo pueden quiero quisiera tengo hola "
    "una un de del con para que se ha he pedido está su sus factura reembolso paquete cancelar envío cuenta "
    "dinero devolución devolver ayuda dirección",
    "it": "il la gli e è di un non mio mia grazie dove quando come posso vorrei ho ciao buongiorno una del della "
    "con per che ordine sono stato fattura rimborso pacco annullare spedizione soldi aiuto",
    "nl": "de het een en is niet mijn alstublieft bedankt waar wanneer hoe kan wil heb hallo met voor ik jullie "
    "graag nog bestelling factuur terugbetaling pakket annuleren levering geld",
    "pt": "o a os e é um de não meu minha obrigado obrigada onde quando como posso quero gostaria tenho olá uma do "
    "da com para que pedido foi você fatura reembolso encomenda cancelar entrega dinheiro",
    "pl": "nie jest mój moje moja proszę dziękuję gdzie kiedy jak mogę chcę mam dzień dobry zamówienie się na do "
    "czy faktura zwrot paczka anulować",
    "sv": "och är inte min mitt tack var när hur kan vill har hej en ett med för jag beställning det faktura paket",
    "da": "og er ikke min mit tak hvor hvornår hvordan kan vil har hej en et med for jeg bestilling det faktura pakke",
}


def language_of(text: str, subject: str = "") -> str:
    """ISO 639-1 of a mail's new text, or "und" when it cannot be told. The subject helps only a short text."""
    clean = _clean(text)
    if _letters(clean) < LONG_ENOUGH:
        clean = f"{clean} {_clean(subject)}".strip()
    letters = _letters(clean)
    if letters < 2:
        return UNKNOWN
    clean = clean.lower()
    latin = clean.isascii() or sum(letter.isascii() for letter in clean if letter.isalpha()) > letters / 2
    if latin and letters < LONG_ENOUGH:
        return _of_short(clean)
    best, sure = _identifier().classify(clean)
    if sure >= LEAST_SURE:
        return best if len(best) == 2 else UNKNOWN
    return _of_short(clean) if latin else UNKNOWN


def _of_short(clean: str) -> str:
    """By its small words; the detector is asked only where it could change what they say, and first for its best
    guess alone, which costs half of what all of them do.
    """
    hits = _hits(_WORD.findall(clean.replace("’", "'")))
    return (
        _beyond_doubt(hits)
        or _settled(hits, *_identifier().classify(clean))
        or _among_common(dict(_identifier().rank(clean)), hits)
    )


def _hits(words: list[str]) -> dict[str, int]:
    """A word that only one of the languages has counts twice."""
    hits = dict.fromkeys(COMMON, 0)
    known = _owners()
    for word in words:
        if word in known:
            owners = known[word]
            for language in owners:
                hits[language] += 2 if len(owners) == 1 else 1
    return hits


def _beyond_doubt(hits: dict[str, int]) -> str:
    """The language that `_among_common` chooses whatever the detector says, or an empty string."""
    second, most = sorted(hits.values())[-2:]
    return max(COMMON, key=hits.__getitem__) if most - second >= CLEAR else ""


def _settled(hits: dict[str, int], guess: str, sure: float) -> str:
    """The same, where the detector's best guess is known: what is left of its certainty is given to the strongest of
    the others.
    """
    odds = {language: ODDS**hit for language, hit in hits.items()}
    weight = {language: LEAST_CHANCE * each for language, each in odds.items()}
    against = 0.0
    if guess in weight:
        weight[guess] += sure * odds[guess]
    else:
        against = sure
    best = max(COMMON, key=weight.__getitem__)
    against += sum(weight.values()) - weight[best]
    against += (1.001 - sure) * max(each for language, each in odds.items() if language != best)
    return best if weight[best] > against else ""


def _among_common(probability: dict[str, float], hits: dict[str, int]) -> str:
    """The likeliest common language, with its own words as the stronger evidence: each hit trebles the odds."""
    weight = {language: (probability.get(language, 0.0) + LEAST_CHANCE) * ODDS ** hits[language] for language in COMMON}
    best = max(COMMON, key=weight.__getitem__)
    foreign = max((value for language, value in probability.items() if language not in COMMON), default=0.0)
    sure = weight[best] / (sum(weight.values()) + foreign)
    return best if sure >= LEAST_SURE else UNKNOWN


def _clean(text: str) -> str:
    text = text[:LOOKED_AT]
    if "@" in text or "http" in text:
        return _NOISE.sub(" ", text)
    return _NUMBERED.sub(" ", text) if _DIGIT.search(text) else text


def _letters(text: str) -> int:
    if text.isascii():
        return len(text) - len(text.encode().translate(None, _ASCII_LETTERS))
    return sum(map(str.isalpha, text))


@cache
def _owners() -> dict[str, tuple[str, ...]]:
    """The languages that each word belongs to."""
    owners: dict[str, tuple[str, ...]] = {}
    for language, words in _WORDS.items():
        for word in words.split():
            owners[word] = (*owners.get(word, ()), language)
    return owners


@cache
def _identifier() -> Any:
    """Loaded at the first use: 75 MB that the web process has no need of."""
    langid = import_module("py3langid.langid")
    return langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
