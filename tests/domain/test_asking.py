"""What counts as asking a supplier something, in four languages."""

import pytest

from domain.asking import asks_something


@pytest.mark.parametrize("text", [
    "Where is D400000001?", "Hello, please send us the tracking number of D400000001.", "Could you check that",
    "Let us know when it ships.", "We need the return label by Friday.",
    "Wo bleibt D400000001?", "Bitte senden Sie uns die Sendungsnummer.", "Könnten Sie das prüfen",
    "Wir benötigen noch das Rücksendeetikett.",
    "Où en est la commande ?", "Merci de nous envoyer le suivi.", "Pourriez-vous vérifier", "Veuillez nous répondre.",
    "¿Cuándo llega?", "Por favor, envíenos el seguimiento.", "Podrían confirmar la fecha", "Rogamos nos informen.",
])  # fmt: skip
def test_this_asks_something(text):
    assert asks_something(text)


@pytest.mark.parametrize("text", [
    "Thank you, it arrived today.", "Please find our order attached.", "See https://shop.example/?order=1&x=2",
    "Danke, ist angekommen.", "Bitte schön, gern geschehen.", "Die Ware ist da.",
    "Merci, bien reçu.", "Veuillez trouver notre commande ci-joint.",
    "Gracias, ya ha llegado.", "Recibido, un saludo.", "",
])  # fmt: skip
def test_this_asks_nothing(text):
    assert not asks_something(text)
