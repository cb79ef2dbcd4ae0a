"""The proof of a sentence: what stands, and that no changed digit, name, link or negation does."""

import re
from functools import cache

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from domain.composition import Quoted, Sentence
from domain.ports import FoundPassage
from rag.checker import Proof, prove
from rag.display import plain
from rag.quoting import sentences
from tests.support.answering import shop_passages

PASSAGE = FoundPassage(
    "en/all.md",
    "Help > Delivery and returns",
    1.0,
    "You can return every item within **30 days** of delivery. Returns from Germany are free. "
    "Standard shipping costs 4.90 EUR, express shipping costs 9.90 EUR. Opened bulbs cannot be returned. "
    "Express surcharges are not refunded, unless the item arrived faulty. Write to help@shop.example or see "
    "https://shop.example/returns for the label. We inspect a return within five working days. "
    "Our shop opens on 3 March 2026 at 18:30 in Berlin. "
    "An order over 1,250.50 EUR is delivered by freight with Nordlicht. "
    "Customers must print the “label” before 24 December. Yes, it is.",
    100, 900, "v1", "en", "https://shop.example/help",
)  # fmt: skip


def verdict(text: str, quote: str, language: str = "en", passage: FoundPassage = PASSAGE) -> str:
    """The objection, or nothing where the sentence stands."""
    found = prove(Sentence(text, (Quoted(1, quote),)), [passage], language)
    return "" if isinstance(found, Proof) else found


def whole(part: str) -> str:
    """The sentence of the passage that holds these words."""
    return next(PASSAGE.text[a:b] for a, b in sentences(PASSAGE.text) if part in PASSAGE.text[a:b])


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("You can return every item within 30 days of delivery.", "30 days"),
        ("Within thirty days of delivery, you can return every item.", "30 days"),
        ("Returns from Germany are free.", "Germany"),
        ("Express shipping costs 9.90 EUR.", "4.90"),
        ("Standard shipping costs €4.90.", "4.90"),
        ("Opened bulbs cannot be sent back.", "bulbs"),
        ("We inspect a return within 5 working days.", "inspect"),
        ("Our shop opens on March 3, 2026 at 6:30 pm in Berlin.", "opens"),
        ("Orders over EUR 1250.50 are delivered by freight with Nordlicht.", "freight"),
        ("Please write to help@shop.example, or see https://shop.example/returns for the label.", "help@"),
    ],
)
def test_what_the_quote_says_stands_in_other_words_and_notations(text, part):
    assert verdict(text, whole(part)) == ""


@pytest.mark.parametrize(
    ("text", "part", "objection"),
    [
        ("You can return every item within 31 days of delivery.", "30 days", "do not hold 31 day"),
        ("You can return every item within 30 weeks of delivery.", "30 days", "do not hold 30 week"),
        ("You can return every item within 30 days before delivery.", "30 days", "changes a condition"),
        ("You can return items.", "30 days", "changes a condition"),
        ("We can return every item within 30 days of delivery.", "30 days", "who does it"),
        ("Returns from Germany are not free.", "Germany", "says yes where"),
        ("Returns from France are free.", "Germany", "do not say so"),
        ("Returns from Germany are easy.", "Germany", 'do not hold "easy"'),
        ("Exchanges from Germany are free.", "Germany", "do not say so"),
        ("Standard shipping costs 9.90 EUR.", "4.90", "joins a value"),
        ("Standard shipping costs 4.90 USD.", "4.90", "do not hold 4.9 usd"),
        ("You can return opened bulbs.", "bulbs", "says yes where"),
        ("Express surcharges are refunded, unless the item arrived faulty.", "surcharges", "says yes where"),
        ("Express surcharges are not refunded.", "surcharges", "changes a condition"),
        ("Express surcharges are not refunded, if the item arrived faulty.", "surcharges", "changes a condition"),
        ("We inspect a return within 5 days.", "inspect", "do not hold 5 day"),
        ("Our shop opens on 4 March 2026 at 18:30 in Berlin.", "opens", "do not hold 2026 3 4"),
        ("Our shop opens on 3 March 2026 at 6:30 am in Berlin.", "opens", "do not hold 390"),
        ("Orders over 1.25050 EUR are delivered by freight with Nordlicht.", "freight", "do not hold"),
        ("Orders over 1,250.50 EUR are delivered by freight with Südlicht.", "freight", "do not hold"),
        ("For the label see https://shop.example/return or write to help@shop.example.", "help@", "do not hold"),
        ("For the label see https://shop.example.evil/returns or write to help@shop.example.", "help@", "do not hold"),
        ("For the label see evil.example or write to help@shop.example.", "help@", "do not hold"),
        ("For the label see https://shop.example/returns or write to help@shop.examples.", "help@", "do not hold"),
        ("For the label call 030 1234567 or write to help@shop.example.", "help@", "do not hold"),
        ("Returns from Germany are free, says our partner DHL.", "Germany", "do not hold"),
        ("Are returns from Germany free?", "Germany", "asks something"),
        ("Returns from Germany are <b>free</b>.", "Germany", "marks"),
        ("Returns from Germany are\u200b free.", "Germany", "marks"),
        ("Rücksendungen aus Deutschland sind nicht kostenlos.", "Germany", "not in the language"),
        ("Yes, it is (@ for a, & for b).", "Germany", "nothing that could be compared"),
    ],
)
def test_what_the_quote_does_not_say_is_refused_with_the_reason(text, part, objection):
    assert objection in verdict(text, whole(part))


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("You can pay online or in the shop.", "You can pay online and in the shop."),
        ("Return shipping from Germany to France is free.", "Return shipping from France to Germany is free."),
        ("PayPal refunds are slower than card refunds.", "Card refunds are slower than PayPal refunds."),
        ("The item is not damaged and is refunded.", "The damaged item is not refunded."),
        (
            "Delivery to Norway is possible; only Germany is excluded.",
            "Delivery to Germany is possible; only Norway is excluded.",
        ),
        (
            "You pay the postage in Germany; elsewhere return shipping is free.",
            "Return shipping is free in Germany; elsewhere you pay the postage yourself.",
        ),
        ("The refund is on its way to you.", "The refund is on its way to you when we start it."),
        ("Saturday delivery is offered.", "Saturday delivery is hardly ever offered."),
        ("Delivery takes three days.", "Delivery usually takes three days."),
        ("You can return every item.", "You can return every item within 30 days."),
        ("Return shipping is free.", "Return shipping is free in Germany."),
        ("Returns are accepted without a label.", "Returns are accepted with a label."),
        ("Orders under 100 EUR are free.", "Orders over 100 EUR are free."),
        ("Send your password to us.", "Never send your password to us."),
        ("The codes of the card are 1 and 1.", "The codes of the card are 0 and 1."),
        ("A bank transfer takes 1 to 4 days.", "A card takes 1 to 2 days, and a bank transfer takes 2 to 4 days."),
        ("A bank transfer takes 1 to 2 days.", "A card takes 1 to 2 days, and a bank transfer takes 2 to 4 days."),
    ],
)
def test_the_same_words_put_together_otherwise_say_something_else(text, quote):
    passage = FoundPassage("a.md", "Help", 1.0, quote, 0, len(quote), "v1", "en")
    assert verdict(quote, quote, "en", passage) == ""
    assert verdict(text, quote, "en", passage) != ""


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "We have refunded your order."),
        ("en", "I've cancelled it for you."),
        ("en", "We will refund you tomorrow."),
        ("en", "Your order was cancelled."),
        ("en", "Your refund has now been approved."),
        ("en", "We guarantee it."),
        ("en", "The refund is approved."),
        ("en", "REFUND APPROVED"),
        ("de", "Wir haben Ihre Bestellung storniert."),
        ("de", "Ihre Erstattung wurde genehmigt."),
        ("de", "Wir werden Ihnen das Geld erstatten."),
        ("fr", "Nous avons remboursé votre commande."),
        ("fr", "Votre commande a été annulée."),
        ("es", "Hemos cancelado su pedido."),
        ("es", "Su reembolso ha sido aprobado."),
    ],
)
def test_no_promise_and_no_deed_of_ours_leaves_even_where_a_document_says_it(language, text):
    passage = FoundPassage("a.md", "A", 1.0, text, 0, len(text), "v1", language)
    assert "promises something" in verdict(text, text, language, passage)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Thank you for your message."),
        ("en", "We are sorry for the inconvenience."),
        ("de", "Vielen Dank für Ihre Nachricht!"),
        ("de", "Es tut uns leid."),
        ("fr", "Merci pour votre message."),
        ("es", "Gracias por su mensaje."),
    ],
)
def test_a_courtesy_of_the_closed_list_needs_no_quote_and_nothing_may_hang_on_it(language, text):
    assert isinstance(prove(Sentence(text), [], language), Proof)
    longer = text.rstrip(".!") + ", 5."
    assert prove(Sentence(longer), [], language) == "It has no quote."


def test_a_quote_must_stand_in_the_passage_that_is_named():
    other = FoundPassage("b.md", "B", 1.0, "Nothing of that stands here at all.", 0, 35, "v1", "en")
    said = Sentence("Returns from Germany are free.", (Quoted(2, "Returns from Germany are free."),))
    assert prove(said, [PASSAGE, other], "en") == "Its quote does not stand in passage 2."
    for number in (0, -1, 3):
        assert isinstance(
            prove(Sentence(said.text, (Quoted(number, "Returns from Germany"),)), [PASSAGE, other], "en"), str
        )


def test_one_wrong_quote_among_right_ones_is_enough():
    said = Sentence(
        "Returns from Germany are free.", (Quoted(1, whole("Germany")), Quoted(1, "Returns are a pleasure."))
    )
    assert prove(said, [PASSAGE], "en") == "Its quote does not stand in passage 1."


@pytest.mark.parametrize(
    "quote", ["Returns  from\nGermany are free.", "Returns from Germany are free", "“label” before 24"]
)
def test_a_quote_is_found_whatever_its_spaces_and_quotation_marks(quote):
    found = prove(
        Sentence("Customers must print the label before 24 December.", (Quoted(1, quote.replace("“", '"')),)),
        [PASSAGE],
        "en",
    )
    assert "does not stand" not in str(found)


@pytest.mark.parametrize("quote", ["", " ", "free.", "the", "30 days"])
def test_a_scrap_is_no_quote(quote):
    assert "does not stand" in verdict("Returns from Germany are free.", quote)


def test_a_short_quote_counts_where_it_is_a_whole_sentence():
    assert "does not stand" not in verdict("Yes, it is.", "Yes, it is.")


def test_a_number_cannot_be_cut_out_of_a_longer_one():
    passage = FoundPassage("a.md", "A", 1.0, "Returns are accepted for 115 days after delivery.", 0, 49, "v1", "en")
    text = "Returns are accepted for 15 days after delivery."
    assert "do not hold 15 day" in verdict(text, "15 days after delivery", passage=passage)


def test_a_quote_cannot_hide_the_negation_beside_it():
    passage = FoundPassage("a.md", "Returns", 1.0, "It is not so that returns are free of charge.", 0, 45, "v1", "en")
    assert "says yes where" in verdict("Returns are free of charge.", "returns are free of charge", passage=passage)


def test_the_citation_holds_the_exact_words_of_the_document_at_their_place():
    found = prove(
        Sentence("You can return every item within 30 days of delivery.", (Quoted(1, "within 30 days of delivery"),)),
        [PASSAGE], "en",
    )  # fmt: skip
    assert isinstance(found, Proof)
    (cited,) = found.citations
    assert cited.quote == "within **30 days** of delivery"
    assert PASSAGE.text[cited.start - PASSAGE.start : cited.end - PASSAGE.start] == cited.quote
    assert (cited.source, cited.version, cited.url) == ("en/all.md", "v1", "https://shop.example/help")


# What is said in one language and quoted in another, each pair true.
TRANSLATED = (
    ("en", "You can return every item within 30 days of delivery.",
     "de", "Sie können jeden Artikel innerhalb von 30 Tagen nach der Lieferung zurückgeben."),
    ("fr", "Vous pouvez retourner chaque article dans les 30 jours après la livraison.",
     "en", "You can return every item within thirty days of delivery."),
    ("de", "Rücksendungen aus Österreich sind kostenlos.", "en", "Returns from Austria are free."),
    ("es", "El reembolso a PayPal tarda de 1 a 2 días laborables.",
     "en", "A refund to PayPal takes 1 to 2 working days."),
    ("de", "Die Lieferung kostet 1.250,50 EUR.", "en", "Delivery costs 1,250.50 EUR."),
)  # fmt: skip


@pytest.mark.parametrize(("language", "text", "other", "quote"), TRANSLATED)
def test_a_true_translation_stands(language, text, other, quote):
    passage = FoundPassage("a.md", "A", 1.0, quote, 0, len(quote), "v1", other)
    assert verdict(text, quote, language, passage) == ""


@cache
def proven() -> tuple[tuple[str, str, FoundPassage, str], ...]:
    """Sentences that stand: those of the demonstration shop's help centre, and the translations."""
    found = [
        (language, text, FoundPassage("a.md", "A", 1.0, quote, 0, len(quote), "v1", other), quote)
        for language, text, other, quote in TRANSLATED
    ]
    for passage in (*shop_passages(), PASSAGE):
        for start, end in sentences(passage.text):
            quote = passage.text[start:end]
            text = " ".join(plain(quote).split())
            if not verdict(text, quote, passage.language, passage):
                found.append((passage.language, text, passage, quote))
    return tuple(found)


def test_nearly_all_sentences_of_our_own_documents_can_be_said_as_they_stand():
    """What is refused promises something, or says nothing by itself."""
    every = sum(len(sentences(passage.text)) for passage in shop_passages())
    assert len(proven()) >= 0.95 * every


PATIENT = settings(max_examples=300, suppress_health_check=[HealthCheck.filter_too_much])
BASES = st.deferred(lambda: st.sampled_from(proven()))


def changed_at(text: str, matches: list[re.Match[str]], at: int, new: str) -> str:
    assume(matches)
    found = matches[at % len(matches)]
    return text[: found.start()] + new + text[found.end() :]


@PATIENT
@given(BASES, st.integers(0, 99), st.integers(1, 9))
def test_no_sentence_with_one_other_digit_stands(base, at, add):
    language, text, passage, quote = base
    digits = list(re.finditer(r"\d", text))
    assume(digits)
    found = digits[at % len(digits)]
    changed = changed_at(text, digits, at, str((int(found[0]) + add) % 10))
    assert verdict(changed, quote, language, passage)


NAMES = ("Zanzibar", "Klarna", "Wolkenheim", "Paraguay", "Hermes")


@PATIENT
@given(BASES, st.integers(0, 99), st.sampled_from(NAMES))
def test_no_sentence_with_another_name_stands(base, at, name):
    language, text, passage, quote = base
    names = list(re.finditer(r"(?<=[a-zà-ÿ] )[A-ZÄÖÜÉ][\wäöüßéèñ]{2,}", text))
    assert verdict(changed_at(text, names, at, name), quote, language, passage)


@PATIENT
@given(BASES, st.integers(0, 99), st.sampled_from(NAMES))
def test_no_sentence_with_one_more_name_stands(base, at, name):
    language, text, passage, quote = base
    gaps = list(re.finditer(r" ", text))
    assert verdict(changed_at(text, gaps, at, f" {name} "), quote, language, passage)


LINKS = (
    "https://evil.example/pay",
    "www.evil.example",
    "evil-shop.com",
    "pay@evil.example",
    "+49 30 9876543",
    "0900 123456",
)


@PATIENT
@given(BASES, st.integers(0, 99), st.sampled_from(LINKS))
def test_no_sentence_with_a_link_or_address_of_its_own_stands(base, at, link):
    language, text, passage, quote = base
    gaps = list(re.finditer(r" ", text))
    assert verdict(changed_at(text, gaps, at, f" {link} "), quote, language, passage)


@PATIENT
@given(BASES, st.integers(0, 99), st.integers(0, 25))
def test_no_sentence_with_one_other_letter_in_a_link_stands(base, at, letter):
    language, text, passage, quote = base
    links = list(re.finditer(r"(?:https?://|(?<=@))[\w./-]*\w", text))
    assume(links)
    link = links[at % len(links)]
    place = link.end() - 1 - at % (len(link[0]) - 8)
    new = "abcdefghijklmnopqrstuvwxyz"[letter]
    assume(text[place].isalnum() and text[place].lower() != new)
    assert verdict(text[:place] + new + text[place + 1 :], quote, language, passage)


NEGATIONS = {"en": ("not", "never"), "de": ("nicht", "nie"), "fr": ("ne", "sans"), "es": ("no", "nunca")}


@PATIENT
@given(BASES, st.integers(0, 99), st.integers(0, 1))
def test_no_sentence_with_one_more_negation_stands(base, at, which):
    language, text, passage, quote = base
    gaps = list(re.finditer(r" ", text))
    assert verdict(changed_at(text, gaps, at, f" {NEGATIONS[language][which]} "), quote, language, passage)


NOTS = {
    "en": r"\bnot\b ?|n[’']t\b|(?<=can)not\b|\bno\b ?|\bnever\b ?|\bwithout\b ?",
    "de": r"\bnicht\b ?|\bkeine?[rnms]?\b ?|\bohne\b ?",
    "fr": r"\bne\b ?|\bn[’'](?=\w)|\bsans\b ?",
    "es": r"\bno\b ?|\bnunca\b ?|\bsin\b ?",
}


@PATIENT
@given(BASES, st.integers(0, 99))
def test_no_sentence_without_one_of_its_negations_stands(base, at):
    language, text, passage, quote = base
    negations = list(re.finditer(NOTS[language], text, re.IGNORECASE))
    changed = changed_at(text, negations, at, "")
    assert verdict(changed, quote, language, passage)


@settings(max_examples=300)
@given(st.text(max_size=300), st.text(max_size=60), st.sampled_from(["en", "de", "fr", "es"]))
def test_no_text_and_no_quote_whatever_breaks_the_checker(text, quote, language):
    prove(Sentence(text, (Quoted(1, quote),)), [PASSAGE], language)
