"""A person's reply becomes the draft of an article: without greeting, closing, names, addresses and numbers."""

import time

import pytest

from adapters.llm.placeholders import replace_personal
from rag.articles import draft, without_frame


def hidden(text, names):
    return replace_personal(text, names).text


def made(reply, language="en", asked=(("How do I clean the lamp?", "Cleaning"),), names=()):
    return draft(reply, asked, language, names=names, replace=hidden)


@pytest.mark.parametrize(
    ("language", "reply", "kept"),
    [
        ("en", "Dear Anna,\n\nwipe it with a cloth.\n\nRegards,\nMara Lindqvist\nLumen", "Wipe it with a cloth."),
        ("en", "Hello Anna, wipe it.\nNever use water.\n\nBest regards", "Wipe it.\nNever use water."),
        ("de", "Liebe Frau Winter,\n\nbitte trocken wischen.\n\nViele Grüße\nJonas", "Bitte trocken wischen."),
        ("fr", "Bonjour Claire,\n\nutilisez un chiffon sec.\n\nCordialement,\nMara", "Utilisez un chiffon sec."),
        ("es", "Hola Lucía,\n\nuse un paño seco.\n\nUn saludo,\nMara", "Use un paño seco."),
        ("en", "Use a dry cloth.", "Use a dry cloth."),
        ("en", "Hi,\n\nUse a dry cloth.\n-- \nMara\n+49 30 123456", "Use a dry cloth."),
    ],
)  # fmt: skip
def test_greeting_closing_and_signature_go(language, reply, kept):
    assert without_frame(reply, language) == kept


def test_names_addresses_and_numbers_become_words_in_brackets():
    reply = (
        "Dear Anna,\n\nAnna, your order LO-48213 goes to 12 Baker Street. Write to anna.winter@mail.example or call "
        "+49 30 1234567. Mr. Winter can wipe it within 30 days.\n\nKind regards,\nMara"
    )
    body = made(reply, names=("Winter",)).body
    for personal in ("Anna", "Winter", "48213", "Baker", "mail.example", "1234567", "Mara"):
        assert personal not in body
    for word in ("[name]", "[number]", "[address]", "within 30 days"):
        assert word in body


@pytest.mark.parametrize(
    "address",
    ["12 Baker Street", "Lange Straße 5b", "Hauptstraße 12", "14 rue de la Paix", "Calle Mayor 21", "SW1A 1AA"],
)
def test_streets_are_taken_out(address):
    assert address not in made(f"It was sent to {address}, as you asked.").body


def test_what_the_mails_ask_becomes_title_and_sample_questions_once_each():
    asked = [
        ("Hello,\n\nhow do I clean the lamp of order LO-48213?\n\nKind regards,\nTom Baker", "Lamp"),
        ("How do I clean the lamp?", "Cleaning"),
        ("How do I clean the lamp?", "Cleaning"),
    ]
    found = made("Wipe it. Tom knows.", asked=asked)
    assert found.title == "How do I clean the lamp of order [number]?"
    assert "48213" not in " ".join(found.questions)
    assert len(found.questions) == 2
    assert found.body == "Wipe it. [name] knows."


def test_a_sentence_that_asks_twice_stays_whole():
    asked = [("Where is your showroom, and when is it open? Thanks", "Visit")]
    assert made("x", asked=asked).title == "Where is your showroom, and when is it open?"


def test_at_most_five_questions_are_taken_and_an_empty_group_makes_an_empty_draft():
    asked = [(f"How do I clean lamp {'abcdefgh'[number]}?", "") for number in range(8)]
    assert len(made("x", asked=asked).questions) == 5
    assert made("", asked=()) == made("", asked=())
    assert made("", asked=()).title == ""


def test_hostile_texts_cost_no_time():
    started = time.process_time()
    for text in ("1 A" * 20_000, "Calle " * 10_000, "rue a " * 10_000, "Dear " * 10_000, "\n" * 50_000, "A1" * 20_000):
        made(text)
    assert time.process_time() - started < 20
