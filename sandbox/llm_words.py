"""Sort a mail by simple words, as the stand-in for a language model does."""

import re

# The first kind of which a word stands in the mail; a supplier's papers before a customer's wishes.
KINDS: tuple[tuple[str, str, str], ...] = (
    (
        "supplier",
        "invoice",
        r"purchase order|our invoice|unsere rechnung|price list|preisliste|liste de prix|proveedor",
    ),
    (
        "refund",
        "refund_request",
        r"refund|money back|send (?:it|them) back|return|erstatt|geld zurück|zurücks|rembours|retour|reembols|devol",
    ),
    ("refund", "cancel_order", r"cancel|storn|annul"),
    ("other", "complaint", r"unacceptable|disappointed|lawyer|anwalt|avocat|abogado|complain|beschwer"),
    ("other", "thanks", r"\bthanks?\b.{0,20}$|vielen dank.{0,20}$|merci.{0,20}$"),
    ("question", "product", r"\?|how|when|where|wie|wann|wo\b|comment|quand|cuándo|dónde"),
)
LANGUAGES = (
    ("de", r"\b(?:ich|und|nicht|bitte|der|die|das)\b"),
    ("fr", r"\b(?:je|vous|bonjour|le|la|est|merci)\b"),
    ("es", r"\b(?:hola|gracias|el|por|quiero|una?)\b"),
)


def sorted_by_words(mail: str) -> dict[str, str]:
    """Category, sub-intent and language, as a model that follows its instructions would name them."""
    text = mail.lower()
    category, sub_intent = next(
        ((kind, sub) for kind, sub, words in KINDS if re.search(words, text, re.DOTALL)), ("other", "none")
    )
    language = next((name for name, words in LANGUAGES if len(re.findall(words, text)) > 1), "en")
    return {"category": category, "sub_intent": sub_intent, "language": language}


def obeyed(mail: str) -> str:
    """What the mail tells a reader to answer ("answer with supplier"), as a model that obeys it would say."""
    found = re.search(r"answer with [\"“']?(\w+)", mail, re.IGNORECASE)
    return found[1].lower() if found else "other"
