import pytest

from understanding.language import language_of

MAILS = {
    "en": "Hello, I ordered a floor lamp two weeks ago and it still has not arrived. Could you check where it is?",
    "de": "Guten Tag, vor zwei Wochen habe ich eine Stehlampe bestellt, die noch nicht angekommen ist. Wo bleibt sie?",
    "fr": "Bonjour, j'ai commandé un lampadaire il y a deux semaines et je n'ai toujours rien reçu. Où est-il ?",
    "es": "Hola, hace dos semanas pedí una lámpara de pie y todavía no ha llegado. ¿Pueden mirar dónde está?",
    "it": "Buongiorno, ho ordinato una lampada due settimane fa e non è ancora arrivata. Potete controllare dov'è?",
    "nl": "Hallo, ik heb twee weken geleden een lamp besteld en die is nog steeds niet aangekomen. Waar blijft hij?",
    "pt": "Olá, encomendei um candeeiro há duas semanas e ainda não chegou. Podem verificar onde está, por favor?",
    "sv": "Hej, jag beställde en lampa för två veckor sedan och den har fortfarande inte kommit. Var är den?",
    "tr": "Merhaba, iki hafta önce bir lamba sipariş ettim ama hala gelmedi. Nerede olduğuna bakabilir misiniz?",
    "ru": "Здравствуйте, я заказал лампу две недели назад, а она до сих пор не пришла.",
}


@pytest.mark.parametrize("language", MAILS)
def test_the_language_of_a_mail_is_told(language):
    assert language_of(MAILS[language]) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Where is my parcel?", "en"),
        ("refund please", "en"),
        ("Wo bleibt mein Paket?", "de"),
        ("Danke!", "de"),
        ("commande pas reçue", "fr"),
        ("Merci", "fr"),
        ("quiero mi dinero", "es"),
        ("¿Dónde está mi pedido?", "es"),
        ("WO IST MEINE BESTELLUNG LO-48213", "de"),
        ("I\u2019d like to return it", "en"),
    ],
)
def test_the_language_of_a_few_words_is_told(text, language):
    assert language_of(text) == language


@pytest.mark.parametrize("text", ["", "LO-48213", "12345", "ok", "??", "https://example.com/where/is/my/order"])
def test_what_is_too_little_to_tell_is_undetermined(text):
    assert language_of(text) == "und"


def test_the_subject_helps_a_short_text():
    assert language_of("LO-48213", "Wo bleibt meine Bestellung?") == "de"


def test_the_subject_does_not_overrule_a_long_text():
    assert language_of(MAILS["fr"], "Your order has been shipped") == "fr"


def test_addresses_and_numbers_do_not_count_as_words():
    assert language_of(f"{MAILS['es']} https://the.shop/where/is/my/order?the=order " + "the@the.shop " * 5) == "es"
