import pytest

from domain.category import Category
from domain.errors import BadInput
from tests.support.quick import seconds_in_a_thread
from understanding.entities import order_numbers, purchase_order_numbers, shape
from understanding.importance import importance_of
from understanding.signals import asks_for_person, threat_in


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("my order lo-48213 is late", ("LO-48213",)),
        ("ORD12345", ("ORD12345",)),
        ("order no: #1234567", ("1234567",)),
        ("Amazon says 306-0000001-0000001.", ("306-0000001-0000001",)),
        ("Bestellung Nr. 48213", ("48213",)),
        ("commande n°48213", ("48213",)),
        ("mi pedido 99121", ("99121",)),
        ("Order ID: A-10234", ("A-10234",)),
        ("order (#1001) and LO-48214", ("1001", "LO-48214")),
        ("orders 12345, 23456 and 34567", ("12345", "23456", "34567")),
        ("LO-48213 again: LO-48213", ("LO-48213",)),
        ("1234567", ("1234567",)),
        ("Hi, it is 1234567 thanks", ("1234567",)),
    ],
)
def test_order_numbers_are_found(text, numbers):
    assert order_numbers(text) == numbers


@pytest.mark.parametrize(
    "text",
    [
        "I want to order 2 lamps",
        "order 20 chairs by 2025-03-01",
        "my order of 12.03.2024",
        "order 2024",
        "Invoice #12345",
        "Rechnung INV-20441",
        "call me: +49 170 1234567",
        "PLZ 10115",
        "encoded as ISO-8859-1",
        "the order D123456789 is late",
        "user12345@shop.example",
    ],
)
def test_other_numbers_are_not_taken_for_order_numbers(text):
    assert order_numbers(text) == ()


def test_the_subject_is_asked_only_when_the_text_names_no_order():
    assert order_numbers("Where is it?", "Re: order LO-48213") == ("LO-48213",)
    assert order_numbers("I meant LO-48214", "Re: order LO-48213") == ("LO-48214",)


def test_a_tenants_own_form_comes_before_the_common_ones():
    assert order_numbers("X7-123 and LO-48213", patterns=(shape("@#-###"),)) == ("X7-123",)
    assert order_numbers("only LO-48213", patterns=(shape("@#-###"),)) == ("LO-48213",)


@pytest.mark.parametrize("form", ["", "LO-", "##", "#" * 41])
def test_a_form_that_cannot_be_an_order_number_is_refused(form):
    with pytest.raises(BadInput, match="LO-#####"):
        shape(form)


def test_a_form_is_no_regular_expression():
    assert order_numbers("see A+#1 or (A+#1)", patterns=(shape("(A+)##"),)) == ()
    assert order_numbers("it is (a+)12", patterns=(shape("(A+)##"),)) == ("(A+)12",)


def test_purchase_orders_are_found_in_text_and_subject():
    assert purchase_order_numbers("d123456789 ships", "PO D987654321") == ("D123456789", "D987654321")
    assert purchase_order_numbers("D12345678 and XD123456789") == ()


@pytest.mark.parametrize(
    "text",
    [
        "I want to speak to a real person",
        "can i talk to someone please",
        "No more chatbot, please",
        "Ich möchte mit einem Mitarbeiter sprechen",
        "je veux parler à un conseiller",
        "Quiero hablar con una persona",
    ],
)
def test_a_wish_for_a_person_is_heard(text):
    assert asks_for_person(text)


@pytest.mark.parametrize("text", ["Where is my order?", "The agent of change", "Wo ist mein Paket?", "Merci beaucoup"])
def test_nobody_is_said_to_want_a_person_without_a_reason(text):
    assert not asks_for_person(text)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("You will hear from my lawyer.", "legal"),
        ("I’ll take you to court", "legal"),
        ("Sonst schalte ich meinen Anwalt ein", "legal"),
        ("je vais porter plainte", "legal"),
        ("Voy a poner una denuncia", "legal"),
        ("The charger caught fire and my lawyer knows", "safety"),
        ("Ich habe einen Stromschlag bekommen", "safety"),
        ("mon fils a été blessé", "safety"),
        ("el cargador se quemó", "safety"),
    ],
)
def test_a_threat_is_named_with_its_words(text, kind):
    assert threat_in(text).startswith(f"{kind}: “")


@pytest.mark.parametrize(
    "text",
    ["a tennis court", "Do you sell a fire pit?", "je demande un remboursement", "What a nice brand", "un avion"],
)
def test_harmless_words_are_no_threat(text):
    assert threat_in(text) == ""


def test_importance_rises_with_haste_repetition_and_threats_and_says_why():
    calm = importance_of("Which colours are there?", Category.QUESTION)
    hasty = importance_of("Urgent: which colours are there?", Category.QUESTION)
    again = importance_of("Third time that I ask, and it is urgent: which colours?", Category.QUESTION)
    threat = importance_of("My lawyer will call.", Category.QUESTION, threat="legal: “my lawyer”")
    assert [calm[0], hasty[0], again[0], threat[0]] == [2, 3, 4, 5]
    assert "urgent" in hasty[1]
    assert "third time" in again[1]
    assert "my lawyer" in threat[1]
    assert importance_of("Love it!", Category.OTHER, sub_intent="feedback")[0] == 1


HOSTILE = ["order " * 20_000, "#" * 99_999, "order" + " " * 99_999, "1-" * 50_000, "LO-" * 30_000, "a" * 99_999]
HOSTILE += ["order no no no " * 8_000, "speak to to to to to " * 5_000, "mit einem " * 9_000, "not " * 20_000]


def test_hostile_texts_take_no_time():
    def read():
        for text in HOSTILE:
            order_numbers(text, text)
            asks_for_person(text)
            threat_in(text)

    assert seconds_in_a_thread(read) < 20
