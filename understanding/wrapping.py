"""Put an example between a greeting and a closing, as people do: the classifier shall learn to look past them."""

import hashlib

_GREETINGS = {
    "en": ("Hi,", "Hello,", "Dear Sir or Madam,", "Hi there, I hope you are well.", "Good morning,", "Hey team,"),
    "de": ("Hallo,", "Guten Tag,", "Sehr geehrte Damen und Herren,", "Liebes Team,", "Guten Morgen,", "Moin,"),
    "fr": ("Bonjour,", "Madame, Monsieur,", "Bonsoir,", "Bonjour à toute l'équipe,", "Chère équipe,", "Salut,"),
    "es": ("Hola,", "Buenos días,", "Estimados señores:", "Buenas tardes,", "Hola a todos,", "Muy buenas,"),
}
_CLOSINGS = {
    "en": (
        "Thanks",
        "Kind regards\nSam",
        "Thank you in advance,\nA. Miller",
        "Best,\nJo",
        "Looking forward to hearing from you.",
    ),
    "de": ("Danke", "Mit freundlichen Grüßen\nA. Weber", "Vielen Dank im Voraus!", "Viele Grüße\nJo", "LG"),
    "fr": (
        "Merci",
        "Cordialement,\nC. Petit",
        "Merci d'avance pour votre réponse.",
        "Bien à vous,\nJo",
        "Bonne journée",
    ),
    "es": (
        "Gracias",
        "Un saludo,\nA. Ruiz",
        "Muchas gracias de antemano.",
        "Saludos cordiales,\nJo",
        "Quedo a la espera.",
    ),
}


def wrapped(text: str, language: str, key: str) -> str:
    """The text with a greeting and a closing of its language (else English), chosen by `key`, always the same."""
    number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big")
    greetings = _GREETINGS.get(language, _GREETINGS["en"])
    closings = _CLOSINGS.get(language, _CLOSINGS["en"])
    return f"{greetings[number % len(greetings)]}\n\n{text}\n\n{closings[number // 7 % len(closings)]}"
