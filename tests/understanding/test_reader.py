from dataclasses import replace

import pytest

from domain.category import Category
from domain.errors import BadInput
from domain.message import Address, Message
from domain.number_forms import NumberForms
from domain.understanding import Place, Priority, Sentiment
from understanding.classifier import load_classifier
from understanding.context import Context
from understanding.entities import shape
from understanding.reader import Reader

SUPPLIED = Context(supplier_domains=frozenset({"mill.example"}))
OWN = Context(own_addresses=frozenset({"shop@shop.example"}))


class Watching:
    """The real embedder, with an eye on what it is given."""

    def __init__(self, embedder):
        self.inner = embedder
        self.engine = embedder.engine
        self.given = []

    def embed(self, texts):
        self.given.append(list(texts))
        return self.inner.embed(texts)


def mail(text, subject="", sender="jo@mail.example", **rest):
    return Message(sender=Address(sender), to=(Address("shop@shop.example"),), subject=subject, text=text, **rest)


@pytest.fixture
def watching(embedder):
    return Watching(embedder)


@pytest.fixture
def reader(models, watching):
    return Reader(watching, load_classifier(models))


def rounded(read):
    chances = {category: round(chance, 4) for category, chance in read.probabilities.items()}
    return replace(read, confidence=round(read.confidence, 4), probabilities=chances)


REFUND = mail(
    "Hello,\n\nthe lamp of order LO-48213 arrived broken. I want my money back.\n\nOn Mon, 3 Mar 2025 at 10:00, "
    "Shop <shop@shop.example> wrote:\n> How can we ship to Norway?\n",
    "Re: your order LO-11111",
)


def test_a_mail_is_read_from_its_new_text(reader):
    [read] = reader.read([REFUND], OWN)
    assert (read.category, read.language, read.order_numbers) == (Category.REFUND, "en", ("LO-48213",))
    assert "Norway" not in read.text
    assert "Norway" in read.quoted
    assert read.automatic == ""
    assert 0.5 < read.confidence <= 1
    assert read.importance >= 2


def test_a_batch_is_embedded_at_once_and_comes_back_in_order(reader, watching):
    mails = [REFUND, mail("Wie lange dauert der Versand nach Wien?"), mail("Do you ship to Norway?")]
    batch = reader.read(mails, OWN)
    assert [read.language for read in batch] == ["en", "de", "en"]
    assert [len(texts) for texts in watching.given] == [3]
    alone = [reader.read([each], OWN)[0] for each in mails]
    # A batch is multiplied in another order than a single mail: the last digits may differ.
    assert [rounded(read) for read in alone] == [rounded(read) for read in batch]


def test_mail_of_a_machine_is_named_and_not_embedded(reader, watching):
    away = mail("I am out of office until Monday.", "Automatic reply", headers=(("auto-submitted", "auto-replied"),))
    [first, second] = reader.read([away, mail("Do you ship to Norway?")], OWN)
    assert first.automatic
    assert (first.importance, first.confidence) == (1, 0.0)
    assert second.automatic == ""
    assert watching.given == [["Do you ship to Norway?"]]


def test_an_empty_mail_is_understood_as_nothing(reader, watching):
    [read] = reader.read([mail("", "")], OWN)
    assert (read.category, read.confidence, read.text) == (Category.OTHER, 0.0, "")
    assert watching.given == []


def test_no_mails_are_no_trouble(reader):
    assert reader.read([], OWN) == []


def test_a_known_suppliers_mail_is_supplier_mail_whatever_it_says(reader):
    asks = mail("Could you tell me when it arrives?", sender="jo@parts.example")
    [unknown] = reader.read([asks], OWN)
    [known] = reader.read([asks], replace(OWN, supplier_domains=frozenset({"parts.example"})))
    assert unknown.category is Category.QUESTION
    assert (known.category, known.confidence) == (Category.SUPPLIER, 0.99)
    assert known.sub_intent


def test_a_tenants_form_of_order_numbers_is_used(reader):
    [read] = reader.read([mail("It is about K7/991.")], replace(OWN, order_patterns=(shape("@#/###"),)))
    assert read.order_numbers == ("K7/991",)


def test_threats_and_the_wish_for_a_person_make_a_mail_important(reader):
    text = "The charger caught fire! Let me talk to a real person, or you will hear from my lawyer."
    [read] = reader.read([mail(text)], OWN)
    assert read.threat.startswith("safety")
    assert read.asks_for_person
    assert read.importance == 5


def test_a_mail_without_a_sender_is_read_too(reader):
    nobody = Message(sender=None, to=(Address("shop@shop.example"),), text="Do you ship to Norway?")
    [read] = reader.read([nobody], OWN)
    assert read.category is Category.QUESTION


def test_a_classifier_of_another_engine_is_refused(models, watching):
    watching.engine = "other/2"
    with pytest.raises(BadInput, match="other/2"):
        Reader(watching, load_classifier(models))


ANGRY = mail(
    "Hello,\n\nthe lamp of order LO-48213 is broken and shows E-4021. Please refund it: I am very disappointed. I want "
    "to talk to a human. My lawyer knows. When do I get my money back?\n\n-- \nAnna\n\nThis e-mail is confidential.\n",
    "Ticket DE25000315",
)


def test_everything_that_a_mail_says_is_in_one_value(reader):
    [read] = reader.read([ANGRY], OWN)
    assert (read.category, read.priority, read.sentiment) == (Category.REFUND, Priority.URGENT, Sentiment.NEGATIVE)
    assert (read.order_numbers, read.ticket_numbers, read.error_codes) == (("LO-48213",), ("DE25000315",), ("E-4021",))
    assert read.asks_for_person
    assert read.threat == "legal: “my lawyer”"
    assert "When do I get my money back?" in read.key_issues
    assert (read.signature, read.disclaimer) == ("-- \nAnna", "This e-mail is confidential.")


def test_each_filled_field_says_what_it_was_read_from(reader):
    [read] = reader.read([ANGRY], OWN)
    places = {one.field: one.place for one in read.read_from}
    assert places == {
        "text": Place.NEW_TEXT, "language": Place.NEW_TEXT, "category": Place.MODEL, "importance": Place.WORD_LIST,
        "priority": Place.WORD_LIST, "threat": Place.WORD_LIST, "asks_for_person": Place.WORD_LIST,
        "key_issues": Place.NEW_TEXT, "order_numbers": Place.NEW_TEXT, "ticket_numbers": Place.SUBJECT,
        "error_codes": Place.NEW_TEXT, "sentiment": Place.WORD_LIST,
    }  # fmt: skip
    words = {one.field: one.words for one in read.read_from}
    assert (words["sentiment"], words["asks_for_person"]) == ("disappointed", "talk to a human")
    assert len(places) == len(read.read_from)


def test_a_supplier_is_known_by_the_sender_and_said_to_be(reader):
    [read] = reader.read([mail("Our new price list", sender="sales@mill.example")], SUPPLIED)
    assert read.place_of("category") is Place.SENDER


def test_a_number_of_the_quoted_mail_is_a_candidate_and_no_claim(reader):
    quoted = "\n\nOn Mon, 3 Mar 2025 at 10:00, Shop <shop@shop.example> wrote:\n> Your order LO-48213 is on its way.\n"
    [read] = reader.read([mail(f"The lamp is broken, I want a refund.{quoted}")], OWN)
    assert (read.order_numbers, read.claimed_orders, read.thread_orders) == (("LO-48213",), (), ("LO-48213",))


FORWARDED = (
    "---------- Forwarded message ---------\nFrom: Max <max@mail.example>\nDate: Mon, 3 Mar 2025\nSubject: Lampe\n\n"
    "Die Lampe ist kaputt angekommen, ich möchte mein Geld zurück. Bestellung LO-48213."
)


@pytest.mark.parametrize("note", ["", "FYI\n\n", "siehe unten\n\n"])
def test_with_a_forwarded_mail_that_mail_is_understood_too(reader, note):
    [read] = reader.read([mail(note + FORWARDED, "Fwd: Lampe")], OWN)
    assert (read.category, read.language) == (Category.REFUND, "de")
    assert (read.order_numbers, read.claimed_orders) == (("LO-48213",), ())
    assert read.text == (note.strip() or FORWARDED)
    assert read.forwarded == FORWARDED


def test_what_a_machine_wrote_has_no_mood_and_low_priority(reader):
    [read] = reader.read([mail("DISAPPOINTED!!!", "Away", headers=(("auto-submitted", "auto-replied"),))], OWN)
    assert (read.priority, read.sentiment, read.importance) == (Priority.LOW, Sentiment.NEUTRAL, 1)
    assert (read.place_of("automatic"), read.suspicion) == (Place.HEADERS, "")


def test_what_a_machine_perhaps_wrote_is_read_like_any_mail(reader):
    [read] = reader.read([mail("My lamp is broken, I want my money back.", "Auto: replacement")], OWN)
    assert (read.automatic, read.category, read.place_of("suspicion")) == ("", Category.REFUND, Place.SUBJECT)


def test_the_forms_of_a_tenant_reach_its_mail(reader):
    forms = NumberForms(orders=("K#/###",), tickets=("C-#####",), purchases=("B-#####",))
    context = Context.of(forms, own_addresses=OWN.own_addresses)
    [read] = reader.read([mail("K7/991 is late", "c-12345, b-54321")], context)
    assert (read.order_numbers, read.ticket_numbers, read.purchase_orders) == (("K7/991",), ("C-12345",), ("B-54321",))
