"""The writer's new words, apart from what others wrote."""

import json
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understanding.quotes import split

SHARED = Path("../shared/data/reply_dev.jsonl")
NEW = "My number is AB-1234."
OLD = "Which order number do you have?\nThe shop"

INTRODUCTIONS = [
    "On Mon, Mar 2, 2026 at 9:00 AM Shop <help@shop.example> wrote:",
    "On Mon, Mar 2, 2026 at 9:00 AM The Very Long Name Of A Shop\n<help@shop.example> wrote:",
    "Am 02.03.2026 um 09:00 schrieb Shop <help@shop.example>:",
    "Am Montag, 2. März 2026 schrieb Shop:",
    "Le lun. 2 mars 2026 à 09:00, Shop <help@shop.example> a écrit :",
    "El lun, 2 mar 2026 a las 9:00, Shop (<help@shop.example>) escribió:",
    "Il giorno lun 2 mar 2026 alle ore 09:00 Shop <help@shop.example> ha scritto:",
    "Op ma 2 mrt. 2026 om 09:00 schreef Shop <help@shop.example>:",
    "2026-03-02 9:00 GMT+01:00 Shop <help@shop.example>:",
    "-----Original Message-----",
    "-----Ursprüngliche Nachricht-----",
    "----- Message d'origine -----",
    "-----Mensaje original-----",
    "From: Shop <help@shop.example>\nSent: Monday, March 2, 2026 9:00 AM\nTo: Anna\nSubject: Your order",
    "________________\nVon: Shop <help@shop.example>\nGesendet: Montag, 2. März 2026\nAn: Anna\nBetreff: X",
    "De : Shop <help@shop.example>\nEnvoyé : lundi 2 mars 2026 09:00\nÀ : Anna\nObjet : Votre commande",
    "De: Shop <help@shop.example>\nEnviado el: lunes, 2 de marzo de 2026\nPara: Anna\nAsunto: Su pedido",
    "Da: Shop <help@shop.example>\nInviato: lunedì 2 marzo 2026\nA: Anna\nOggetto: Ordine",
    "*From:* Shop <help@shop.example>\n*Sent:* Monday\n*To:* Anna\n*Subject:* Order",
    "Am Mo., 2. März 2026 um 09:00 Uhr schrieb Shop <\nhelp@shop.example>:",
    "Am 02.03.26 um 09:00 schrieb help@shop.example:",
    "Le 02/03/2026 à 09:00, Shop a écrit :",
    "Le lundi 2 mars 2026 à 09:00:12 UTC+1, Shop <help@shop.example> a écrit :",
    "El 02/03/2026 a las 9:00, Shop escribió:",
    "El lunes, 2 de marzo de 2026, 9:00:12 CET, Shop\n<help@shop.example> escribió:",
    "Em seg., 2 de mar. de 2026 às 09:00, Shop <help@shop.example> escreveu:",
    "pon., 2 mar 2026 o 09:00 Shop <help@shop.example> napisał(a):",
    "tir. 2. mar. 2026 kl. 09:00 skrev Shop <help@shop.example>:",
    "ma 2. maalisk. 2026 klo 9.00 Shop (help@shop.example) kirjoitti:",
    "пн, 2 мар. 2026 г. в 09:00, Shop <help@shop.example>:",
    "02.03.2026 09:00, Shop wrote:",
    "Dne 2. 3. 2026 v 9:00 Shop <help@shop.example> napsal(a):",
    "2026年3月2日(月) 9:00 Shop <help@shop.example>:",
    "Shop <help@shop.example> 于2026年3月2日周一 09:00写道：",
    "-------- Original-Nachricht --------",
    "----- Ursprüngliche Mail -----",
    "-----Message initial-----",
    "-------- Mensaje original --------",
    "Von: Shop\nDatum: Montag, 2. März 2026 um 09:00\nAn: Anna\nBetreff: Ihre Bestellung",
    "Fra: Shop <help@shop.example>\nSendt: mandag 2. marts 2026\nTil: Anna\nEmne: Ordre",
    "Od: Shop <help@shop.example>\nData: 2 marca 2026\nDo: Anna\nTemat: Zamówienie",
    "发件人: Shop <help@shop.example>\n日期: 2026-03-02\n收件人: Anna\n主题: Order",
]


@pytest.mark.parametrize("introduction", INTRODUCTIONS)
def test_what_stands_below_an_introduction_is_quoted(introduction):
    parts = split(f"{NEW}\n\n{introduction}\n\n{OLD}\n")
    assert parts.text == NEW
    assert "Which order number" in parts.quoted


@pytest.mark.parametrize("introduction", INTRODUCTIONS[:8])
def test_answers_below_a_marked_quote_are_new(introduction):
    quote = "\n".join(f"> {line}" for line in OLD.split("\n"))
    parts = split(f"Hello,\n\n{introduction}\n{quote}\n\n{NEW}\n")
    assert parts.text == f"Hello,\n\n{NEW}"
    assert "Which order number" in parts.quoted


def test_answers_between_quotes_are_new():
    parts = split("> Which colour?\nBlue.\n> Which size?\nLarge.\n")
    assert parts.text == "Blue.\nLarge."


@pytest.mark.parametrize(
    "text",
    [
        "On 3 May you wrote:\nit comes soon. It did not.",
        "Am 3. Mai haben Sie geschrieben, es kommt bald.",
        "On 2 March I ordered AB-12.\nMy mail was sent on 5 March:\nno answer!",
        "On 2 March I ordered a cup that was sent:\nnever.",
        "Am 2. März habe ich bestellt.\nMein Mann schrieb Ihnen:\nkeine Antwort.",
        "From: Berlin\nTo: Munich\nDate: 3 May\nPlease change my booking.",
        "I need size > 42, is that possible?",
        "The following was sent:\none cup",
        "Sent from my desk, is much easier than my mobile phone.",
        "Le chat a écrit : bonjour",
        "La 2e lampe :\nelle ne marche pas.",
        "El 3 de mayo pedí una lámpara y ustedes escribieron:\nnada.",
        "Am 3. Mai kam das Paket, darin stand:\nZerbrechlich.",
        "Le 3 mai votre livreur a dit :\nabsent.",
        "De: la cocina\nA: la sala",
        "Thanks",
    ],
)
def test_sentences_that_only_look_like_quotes_stay(text):
    assert split(f"Hello,\n{text}").text == f"Hello,\n{text}"


FORWARDED = "From: Bob <bob@x.example>\nDate: Mon, 2 Mar 2026\nSubject: Invoice\n\nPay."


@pytest.mark.parametrize(
    "mark",
    [
        "---------- Forwarded message ---------",
        "-------- Weitergeleitete Nachricht --------",
        "---------- Message transféré ----------",
        "---------- Mensaje reenviado ----------",
        "----- Weitergeleitete Mail -----",
        "Begin forwarded message:",
        "Anfang der weitergeleiteten Nachricht:",
        "Début du message réexpédié :",
        "Inicio del mensaje reenviado:",
    ],
)
def test_a_forwarded_mail_is_kept_apart_from_the_new_text(mark):
    parts = split(f"See below.\n\n{mark}\n{FORWARDED}")
    assert (parts.text, parts.forwarded, parts.quoted) == ("See below.", f"{mark}\n{FORWARDED}", "")
    assert parts.sent_text == f"See below.\n\n{mark}\n{FORWARDED}"


def test_where_nothing_is_new_the_forwarded_mail_is_the_text():
    text = f"---------- Forwarded message ----------\n{FORWARDED}"
    parts = split(f"\n\n{text}")
    assert parts.text == parts.forwarded == parts.sent_text == text
    signed = split(f"-- \nAnna\n\n{text}")
    assert (signed.text, signed.signature) == (text, "-- \nAnna")


@pytest.mark.parametrize("prefix", ["Fwd:", "FW:", "WG:", "TR :", "RV:"])
@pytest.mark.parametrize("mark", ["", "-----Original Message-----\n", "________________________________\n"])
def test_the_subject_tells_a_forwarded_mail_from_a_quoted_one(prefix, mark):
    text = f"Please pay.\n\n{mark}{FORWARDED}"
    forwarded, quoted = split(text, f"{prefix} Invoice"), split(text, "Re: Invoice")
    assert forwarded.text == quoted.text == "Please pay."
    assert forwarded.forwarded.endswith("Pay.")
    assert forwarded.quoted == ""
    assert quoted.quoted.endswith("Pay.")
    assert quoted.forwarded == ""


def test_an_answer_to_a_forwarded_mail_quotes_it():
    assert split(f"Done.\n\n{INTRODUCTIONS[0]}\n> x\n", "Re: Fwd: Invoice").forwarded == ""


@pytest.mark.parametrize(
    "line",
    [
        "Sent from my iPhone",
        "Von meinem iPhone gesendet",
        "Gesendet mit der GMX Mail App",
        "Envoyé de mon iPhone",
        "Enviado desde mi iPhone",
        "Inviato da iPhone",
        "Get Outlook for Android",
        "-- \nAnna\nACME Inc.",
        "--\nAnna",
    ],
)
def test_signatures_are_set_apart(line):
    parts = split(f"{NEW}\n\n{line}\n")
    assert (parts.text, parts.signature, parts.disclaimer) == (NEW, line, "")


DISCLAIMERS = [
    "CONFIDENTIALITY NOTICE: this is secret.",
    "This e-mail and its attachments are confidential and only for you.",
    "This message contains information that may be\nprivileged. If it is not for you, delete it.",
    "If you are not the intended recipient, please delete this.",
    "Diese E-Mail enthält vertrauliche Informationen.",
    "Diese Nachricht und alle ihre Anlagen sind nur\nfür den Adressaten bestimmt.",
    "Ce message est confidentiel.",
    "Ce courriel et ses pièces jointes sont destinés exclusivement\nà leur destinataire.",
    "Este mensaje es confidencial.",
    "Este correo y sus adjuntos van dirigidos exclusivamente a su destinatario.",
    "Please consider the environment before printing.",
    "____________________________\nlamps mailing list\nlamps@lists.example",
]


@pytest.mark.parametrize("words", DISCLAIMERS)
@pytest.mark.parametrize("signature", ["", "-- \nAnna\nACME Inc."])
def test_disclaimers_are_kept_apart_from_text_and_signature(words, signature):
    parts = split("\n\n".join(part for part in (NEW, signature, words) if part))
    assert (parts.text, parts.signature, parts.disclaimer) == (NEW, signature, words)


@pytest.mark.parametrize(
    "sentence",
    [
        "This message is about my order.",
        "This email is not meant as a complaint.",
        "The message on your site says out of stock.",
        "Diese Nachricht ist schon meine dritte.",
        "Ce message est le troisième que je vous envoie.",
        "Este correo es para pedir ayuda.",
    ],
)
def test_sentences_about_a_message_are_no_disclaimer(sentence):
    parts = split(f"Hello,\n{sentence}\n\nThis e-mail is confidential.")
    assert (parts.text, parts.disclaimer) == (f"Hello,\n{sentence}", "This e-mail is confidential.")


@pytest.mark.parametrize(
    ("closing", "contact"),
    [
        ("Best regards,\nAnna Miller", "Customer Ltd\nPhone: +44 20 1234 5678"),
        ("Mit freundlichen Grüßen\nAnna Müller", "Kunde GmbH\nTel.: 030 123456"),
        ("Cordialement,\nAnne", "Tél. : 01 23 45 67 89\nwww.client.example"),
        ("Saludos\nAna", "ana@cliente.example"),
    ],
)
def test_contact_lines_below_a_closing_are_set_apart(closing, contact):
    parts = split(f"{NEW}\n\n{closing}\n{contact}\n")
    assert parts.text == f"{NEW}\n\n{closing}"
    assert parts.signature == contact


@pytest.mark.parametrize("text", ["Sent from my iPhone", "> a\n> b", "-- \nAnna", INTRODUCTIONS[0] + "\n\n" + OLD])
def test_a_mail_with_nothing_new_keeps_its_text(text):
    assert split(text).text == text


BOMBS = ["\n", "On 1,@,@, schrieb wrote wrote sent sent:\n",
         "On 1" + ",@" * 60 + " sent:\n",
         ">", ">\n", "On 1\n", "On 1 ", "From: a@b\n", "Date: 1\nFrom: a@b\n\n", "-", "--\n", "_", "-----", " ",
         " \n", "Thanks,\nTel: 1\n", "On 1 wrote: ", "2011/1/1 <a@b ", "<a@", "> http\nx\n", "--- On", "von:\n", "00",
         "Sent from my x\n", "this message ", "this message\n", "________________________\n", "02.03.2026 ", "pe 10. ",
         "*", "2026年", "于1写道：", "Begin forwarded message", "发件人:\n", "Le 1 a écrit",
         "This email " + "x" * 380 + "\n", "From:", "\t"]  # fmt: skip


def test_no_text_takes_long():
    started = time.process_time()
    for bomb in BOMBS:
        split("Hi\n" + bomb * (65536 // len(bomb)), "Fwd: x")
    # Some 3 s on the slowest machine we know; anything quadratic would need minutes.
    assert time.process_time() - started < 30


def test_what_is_too_long_to_read_is_kept_apart():
    parts = split("word " * 20_000)
    assert len(parts.text) <= 64 * 1024
    assert len(parts.text) + len(parts.quoted) > 99_000


@settings(max_examples=150)
@given(st.lists(st.sampled_from([*BOMBS, *INTRODUCTIONS, NEW, "\n", "> x\n", "Hello\n"]), max_size=12).map("".join))
def test_a_mail_that_is_not_empty_has_text(text):
    parts = split(text)
    assert bool(parts.text.strip()) == bool(text.strip())


PIECES = [*INTRODUCTIONS, *DISCLAIMERS, FORWARDED, NEW, "", "-- ", "> x", "Sent from my iPhone"]
PIECES += ["---------- Forwarded message ----------"]


def _words(text):
    return Counter(text.split())


@settings(max_examples=150)
@given(
    st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=60)), max_size=14).map("\n".join),
    st.sampled_from(["", "Fwd: x", "Re: x"]),
)
def test_no_word_of_a_mail_is_lost(text, subject):
    parts = split(text, subject)
    kept = sum(map(_words, (parts.sent_text, parts.quoted, parts.signature, parts.disclaimer)), Counter())
    lost = _words(text) - kept
    # The ruler above a quote is no word.
    assert not [word for word in lost if word.strip("-_=*")]


@settings(max_examples=200)
@given(st.text(), st.text(max_size=20))
def test_no_text_breaks_the_splitting(text, subject):
    parts = split(text, subject)
    assert bool(parts.text.strip()) == bool(text.strip())


def test_labelled_replies_are_split():
    if not SHARED.exists():
        return
    rows = [json.loads(line) for line in SHARED.read_text().splitlines()]
    right = 0
    for row in rows:
        text = split(row["text"]).sent_text
        exact = row["expected"] is None or _bare(text) == _bare(row["expected"])
        holds = all(wanted in text for wanted in row["must_contain"])
        right += exact and holds and not any(other in text for other in row["must_not_contain"])
    assert right >= 0.9 * len(rows)


def _bare(text):
    return [line.rstrip() for line in text.strip().split("\n")]
