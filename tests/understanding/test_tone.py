"""How a writer feels, how soon they want an answer, what they complain of, and what is a threat and what is none."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.category import Category
from domain.understanding import Place, Priority, Sentiment
from tests.support.quick import seconds_in_a_thread
from understanding.importance import weigh
from understanding.issues import LONGEST, MOST, key_issues
from understanding.sentiment import sentiment_of
from understanding.signals import asks_for_person, threat_in


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "I am very disappointed, this is unacceptable."),
        ("en", "I am not happy with it."),
        ("de", "Ich bin nicht zufrieden."),
        ("de", "Das ist eine Frechheit, nie wieder!"),
        ("fr", "Je ne suis pas du tout content, c'est inadmissible."),
        ("fr", "Quelle déception."),
        ("es", "Estoy decepcionada, es una vergüenza."),
        ("es", "No estoy contento."),
        ("it", "Sono molto deluso."),
        ("nl", "Ik ben teleurgesteld."),
        ("pt", "Estou decepcionado."),
        ("und", "This is a disgrace."),
    ],
)
def test_an_unhappy_writer_is_heard(language, text):
    mood, [reading] = sentiment_of(text, language)
    assert mood is Sentiment.NEGATIVE
    assert reading.place is Place.WORD_LIST
    assert reading.words


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "I love it! Great service."),
        ("de", "Ich bin sehr zufrieden, toller Service."),
        ("fr", "Je suis très contente, je recommande."),
        ("es", "Me encanta, excelente servicio."),
        ("it", "Ottimo servizio!"),
        ("nl", "Ik ben heel tevreden."),
        ("pt", "Excelente atendimento!"),
    ],
)
def test_a_happy_writer_is_heard(language, text):
    assert sentiment_of(text, language)[0] is Sentiment.POSITIVE


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Where is my order? Thank you."),
        ("en", "Do you have the love seat in blue?"),
        ("de", "Wann kommt meine Bestellung? Danke!"),
        ("de", "Ist die Sauerkirsche süß?"),
        ("fr", "Où est ma commande ? Merci d'avance."),
        ("es", "¿Dónde está mi pedido? Gracias."),
        ("en", ""),
    ],
)
def test_politeness_is_no_happiness_and_a_question_no_anger(language, text):
    assert sentiment_of(text, language) == (Sentiment.NEUTRAL, ())


def test_shouting_and_asking_again_sour_a_mood_and_the_topic_speaks_where_no_word_does():
    assert sentiment_of("Where is it?", "en", pressing=1)[0] is Sentiment.NEGATIVE
    mood, [reading] = sentiment_of("Well.", "en", sub_intent="complaint")
    assert (mood, reading.place) == (Sentiment.NEGATIVE, Place.MODEL)


@pytest.mark.parametrize(
    ("text", "priority"),
    [
        ("Which colours are there?", Priority.NORMAL),
        ("Which colours are there? I must know by Friday.", Priority.HIGH),
        ("Ich brauche die Lampe bis Freitag.", Priority.HIGH),
        ("J'en ai besoin avant lundi.", Priority.HIGH),
        ("La necesito antes del lunes.", Priority.HIGH),
        ("URGENT", Priority.HIGH),
        ("WHERE IS MY LAMP, I HAVE BEEN WAITING FOR WEEKS", Priority.HIGH),
        ("This is the third mail", Priority.HIGH),
        ("This is the third time I ask, and it is urgent.", Priority.URGENT),
    ],
)
def test_the_priority_follows_from_deadlines_haste_and_repetition(text, priority):
    assert weigh(text, Category.QUESTION).priority is priority


def test_a_threat_is_urgent_and_praise_can_wait():
    assert weigh("x", Category.OTHER, threat="legal: “my lawyer”").priority is Priority.URGENT
    assert weigh("Lovely shop.", Category.OTHER, sub_intent="praise").priority is Priority.LOW


def test_priority_and_importance_share_their_reasons():
    weight = weigh("Third time that I ask, please answer by Friday", Category.REFUND, sub_intent="where_is_refund")
    assert (weight.importance, weight.priority) == (5, Priority.URGENT)
    assert weight.reason == "where is refund, in a hurry (“by friday”), asked before (“third time”)"
    assert weight.words == ("by friday", "third time")


def test_the_issues_of_a_mail_are_the_writers_own_words():
    text = (
        "Hello,\n\nI bought a lamp last week, but the glass is broken and a screw is missing. It was a gift. "
        "I want my money back! When do you send the label?\n\nThanks"
    )
    assert key_issues(text, "en") == (
        "the glass is broken and a screw is missing", "I want my money back", "When do you send the label?",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("language", "text", "issue"),
    [
        ("de", "Guten Tag, die Lampe, die gestern kam, ist kaputt.", "ist kaputt"),
        ("de", "Können Sie mir Ersatz schicken?", "Können Sie mir Ersatz schicken?"),
        ("fr", "Bonjour, je n'ai toujours pas reçu mon colis.", "je n'ai toujours pas reçu mon colis"),
        ("es", "Hola, la lámpara llegó rota.", "la lámpara llegó rota"),
        ("und", "the lamp is broken", "the lamp is broken"),
        ("en", "I still see NOTHING on my account", "I still see NOTHING on my account"),
    ],
)
def test_issues_are_found_in_each_language(language, text, issue):
    assert issue in key_issues(text, language)


@settings(max_examples=200)
@given(
    st.text(alphabet=st.sampled_from("abİßnot broken?!.,;: \n-"), max_size=900), st.sampled_from(["en", "de", "und"])
)
def test_issues_are_few_and_short_and_stand_in_the_mail(text, language):
    issues = key_issues(text, language)
    assert len(issues) <= MOST
    for phrase in issues:
        assert len(phrase) <= LONGEST
        assert "".join(phrase.split()) in "".join(text.split())


FRIENDS = [
    "I want to talk to a human agent",
    "Is anybody there?",
    "Tell me which manager I can speak to",
    "Can someone please call me",
    "let me speak to your boss",
    "Liest hier überhaupt jemand?",
    "Ich will mit einem echten Menschen reden",
    "Bitte rufen Sie mich zurück",
    "je veux joindre votre responsable",
    "Une vraie personne, s'il vous plaît",
    "quiero que me atienda una persona",
    "¿Me pueden llamar?",
    "Vorrei parlare con un operatore",
    "Ik wil iemand spreken, bel me terug",
    "Quero falar com um atendente",
]


@pytest.mark.parametrize("text", FRIENDS)
def test_a_wish_for_a_person_is_heard_in_each_language(text):
    assert asks_for_person(text)


@pytest.mark.parametrize(
    "text",
    [
        "a lamp for one person",
        "the personal discount",
        "Do you deliver in person?",
        "Is there a manual in French?",
        "Für wie viele Personen ist der Tisch?",
        "Der Mitarbeiterrabatt gilt noch?",
        "une table pour six personnes",
        "una mesa para seis personas",
        "my travel agent shirt",
        "Is the robot vacuum in stock?",
        "Ist der Saugroboter lieferbar?",
    ],
)
def test_a_person_in_a_sentence_is_no_wish_for_one(text):
    assert not asks_for_person(text)


@pytest.mark.parametrize(
    "text",
    [
        "My lawyer friend likes you, but my lawyer will sue you.",
        "I will take legal advice",
        "I'll file a complaint with the ombudsman",
        "Ich übergebe das meinem Anwalt",
        "Ich gehe zur Polizei",
        "je vais saisir le tribunal",
        "c'est pour la répression des fraudes",
        "les enviaré un burofax",
        "mi abogado les escribirá",
        "il mio avvocato vi scriverà",
        "Ik schakel mijn advocaat in",
        "vou ao procon",
    ],
)
def test_a_legal_threat_is_heard_in_each_language(text):
    assert threat_in(text).startswith("legal: ")


@pytest.mark.parametrize(
    "text",
    [
        "it started smoking",
        "the plug smells of burning",
        "this is a fire hazard",
        "the charger melted",
        "Es riecht verbrannt",
        "Das Netzteil ist geschmolzen",
        "Das ist lebensgefährlich",
        "ça sent le brûlé",
        "il y a un risque d'incendie",
        "huele a quemado",
        "hay riesgo de incendio",
        "ha preso fuoco",
        "hij is ontploft",
        "ele explodiu",
    ],
)
def test_a_danger_is_heard_in_each_language(text):
    assert threat_in(text).startswith("safety: ")


@pytest.mark.parametrize(
    "text",
    [
        "I broke the lamp's fire-proof glass",
        "my lawyer friend recommended your shop",
        "My brother is a lawyer and wants one too",
        "I am a lawyer and need a desk lamp",
        "a lamp for my lawyer's office",
        "Is the bath bomb vegan?",
        "Do you sell a small fire pit?",
        "It hangs beside the smoke detector",
        "a gift for my mother in the hospital",
        "Do you deliver to the hospital in Bonn?",
        "the basketball court lights",
        "Habt ihr ein Feuerzeug?",
        "Ist die Feuerschale noch da?",
        "Das Feuerwehrauto ist toll",
        "Mein Freund ist Anwalt und mag Ihre Lampen",
        "Der Rauchmelder piept",
        "Die Lampe ist brandneu",
        "ein Geschenk für meine Oma im Krankenhaus",
        "un couteau à avocat",
        "mon voisin est avocat",
        "le détecteur de fumée",
        "le camion de pompiers en bois",
        "soy abogada y busco una lámpara",
        "el disfraz de bombero",
        "una alarma de humo",
        "la crema quemada",
    ],
)
def test_what_only_looks_like_a_threat_is_none(text):
    assert threat_in(text) == ""


HOSTILE = ["not " * 25_000, "n'x " * 20_000, "a, " * 30_000, "?" * 99_999, ". " * 50_000, "my friend is " * 9_000]
HOSTILE += [
    "happy " * 20_000,
    "send to to to " * 8_000,
    "bis zum " * 12_000,
    "\n- " * 30_000,
    "within the next " * 6_000,
]


def test_hostile_texts_take_no_time():
    def read():
        for text in HOSTILE:
            for language in ("en", "fr", "und"):
                key_issues(text, language)
                sentiment_of(text, language)
            threat_in(text)
            weigh(text, Category.OTHER)

    assert seconds_in_a_thread(read) < 30
