"""Whatever words come: they are taken apart, their numbers found and their sender judged, in time and without fail."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.llm.placeholders import replace_personal
from adapters.mime.build import reply_subject
from adapters.mime.headers import addresses, decoded, message_ids
from adapters.mime.sender import is_verified
from adapters.mime.text import clean, unflow
from domain.claims.reading import claims_in
from domain.message import Address, Message
from domain.order import normal_number
from domain.supplier import Directory, Purpose, Supplier
from domain.understanding import Understanding
from domain.wall import Customer, told_to_customer, told_to_supplier
from handlers.wish.reading import read_wish
from rag.asking import read_asking
from tests.hostile.growth import grows_too_fast
from tests.hostile.making import LINES, examples, writings
from understanding.automatic import automatic_sign
from understanding.entities import MOST, order_numbers, orders_in, purchases_in, shape, tickets_in
from understanding.error_codes import error_codes
from understanding.issues import key_issues
from understanding.language import language_of
from understanding.mass_mail import suspicion_of
from understanding.quotes import split
from understanding.sentiment import sentiment_of
from understanding.signals import threat_in, wish_for_person
from understanding.supplier_news import news_in

SUPPLIERS = Directory((Supplier("Acme Lamps GmbH", ("acme.example",), (), {Purpose.GENERAL: "a@acme.example"}),))
PATTERNS = (shape("LO-#####"), shape("@@####-##"))
NOW = datetime(2026, 11, 2, tzinfo=UTC)


def mail(text: str) -> Message:
    return Message(Address("a@b.example", "A"), subject=text[:1000], text=text, headers=(("subject", text[:1000]),))


# Everything that reads words of strangers, or words that may hold theirs, outside of the child.
READERS = {
    "quotes": split,
    "orders": lambda text: order_numbers(text, text, PATTERNS),
    "tickets": tickets_in,
    "purchases": purchases_in,
    "errors": error_codes,
    "language": language_of,
    "threat": threat_in,
    "person": wish_for_person,
    "mood": lambda text: sentiment_of(text, "en", sub_intent="", pressing=False),
    "issues": lambda text: key_issues(text, "en"),
    "mass mail": lambda text: suspicion_of(mail(text)),
    "machines": lambda text: automatic_sign(mail(text), frozenset()),
    "news": lambda text: news_in(text, "en", NOW, verified=True),
    "asking": lambda text: read_asking(text, "", "en"),
    "wish": lambda text: read_wish(Understanding(text, language="en"), mail(text), None),
    "claims": claims_in,
    "wall": lambda text: told_to_customer(text, SUPPLIERS, ["D400000001"]),
    "other wall": lambda text: told_to_supplier(text, Customer(("Anna Winter",), ("a@b.example",))),
    "placeholders": lambda text: replace_personal(text[:6000], ("Anna Winter",)),
    "subject": reply_subject,
    "clean": clean,
    "flowed": lambda text: unflow(text, delete_space=True),
    "addresses": addresses,
    "words": decoded,
    "ids": message_ids,
    "sender": lambda text: is_verified([("authentication-results", f"mx.google.com; {text}"), ("from", "a@b.example")]),
}

# What a model is shown ends at 6,000 characters anyway.
SIZES = {"placeholders": 1_500}


@examples(60)
@given(writings)
def test_any_words_are_read_by_all_who_read_words(text):
    # The child cleans what it reads: nobody behind it sees halves of characters.
    text = clean(text)
    for reader in READERS.values():
        reader(text)


@pytest.mark.parametrize("name", READERS)
def test_nobody_who_reads_words_takes_more_than_their_share_of_time(name):
    slow, size = {}, SIZES.get(name, 6_000)
    for piece in filter(None, map(clean, LINES)):
        found = grows_too_fast(READERS[name], lambda size, piece=piece: piece * (size // len(piece) + 1) + "!x", size)
        if found:
            slow[piece] = found
    assert slow == {}


@examples(100)
@given(writings)
@example(">\n" + "_" * 40)
def test_no_word_is_lost_between_the_parts_of_a_mail(text):
    text = clean(text)
    parts = split(text)
    assert bool(parts.text.strip()) == bool(text.strip())
    said = f"{parts.text}\n{parts.quoted}\n{parts.signature}\n{parts.forwarded}\n{parts.disclaimer}"
    # Rulers and blanks alone may go.
    assert set(re.findall(r"[^\W_]{3,}", text)) <= set(re.findall(r"[^\W_]{3,}", said))


@examples(100)
@given(writings)
def test_what_is_found_as_a_number_stands_in_the_words_and_is_a_number(text):
    text = clean(text)
    for find in (orders_in, tickets_in, purchases_in):
        found = find(text)
        assert len(found) <= MOST
        for number in found:
            assert number.lower() in text.lower() or number in text.upper()
            assert len(number) <= 60
            assert any(letter.isdigit() for letter in number)
            assert normal_number(number).isprintable()


# --- who sent it ---

OURS, EVIL = "bank.example", "evil.example"
CLAUSE = f";dmarc=pass header.from={OURS};"
# What a stranger may have put into the results that Gmail writes: the names their servers and their mail give.
CHOSEN = st.lists(
    st.one_of(
        st.sampled_from([
            f"dmarc=pass header.from={OURS}", f"; dmarc=pass header.from={OURS}", "mx.google.com;", "(", ")", "((",
            "))",
            '"', '\\"', "\\", ";", "=", "@", "dmarc=pass", f"header.from={OURS}", "\r\n ", " ", f"\r\nFrom: a@{OURS}",
            "DMARC=PASS", "dmarc = pass", "dmarc=pass(", "é", "\u212a", "\x00",
        ]),
        st.text(max_size=5),
    ),
    max_size=8,
).map("".join)  # fmt: skip


def in_string(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def in_comment(text: str) -> str:
    return "(" + re.sub(r"([()\\])", r"\\\1", text) + ")"


@examples(150)
@given(
    chosen=CHOSEN,
    other=CHOSEN,
    order=st.permutations(["spf", "dkim", "dmarc"]),
    # Of a domain without a policy Gmail says nothing of DMARC at all.
    verdict=st.sampled_from(["pass", "fail", ""]),
)
@example(chosen=CLAUSE, other="", order=["spf", "dkim", "dmarc"], verdict="")
@example(chosen="", other=CLAUSE, order=["dkim", "spf", "dmarc"], verdict="")
@example(chosen="", other=f")) {CLAUSE} ((", order=["spf", "dkim", "dmarc"], verdict="")
@example(chosen=f'\\" {CLAUSE} \\"', other='"', order=["spf", "dkim", "dmarc"], verdict="")
def test_no_word_of_a_strangers_makes_gmails_verdict_a_pass_for_somebody_else(chosen, other, order, verdict):
    clauses = {
        "spf": f"spf=pass {in_comment(f'google.com: {other} designates')} smtp.mailfrom={in_string(chosen)}@{EVIL}",
        "dkim": f"dkim=pass header.i=@{EVIL} header.s={in_string(other)} header.b=abc",
        "dmarc": f"dmarc={verdict} {in_comment(chosen)} header.from={EVIL}",
    }
    said = "; ".join(clauses[one] for one in order if verdict or one != "dmarc")
    top = ("authentication-results", f"mx.google.com; {said}")
    below = ("authentication-results", f"mx.google.com; dmarc=pass header.from={OURS}")
    assert not is_verified([top, ("from", f"The bank <a@{OURS}>"), below])
    assert not is_verified([top, ("from", f"a@{EVIL}"), ("from", f"a@{OURS}")])
    if verdict != "pass":
        assert not is_verified([top, ("from", f"a@{EVIL}"), below])


@examples(150)
@given(name=CHOSEN)
def test_no_name_of_a_strangers_borrows_another_domain(name):
    top = ("authentication-results", f"mx.google.com; dmarc=pass header.from={EVIL}")
    writer = f"{name} <a@{EVIL}>"
    found = addresses(writer).only
    if is_verified([top, ("from", writer)]):
        assert found is not None
        assert found.domain == EVIL


@examples(100)
@given(CHOSEN)
def test_results_of_another_server_prove_nothing(chosen):
    for server in (f"mx.google.com.{EVIL}", EVIL, "mx.google.com@x", "", "mx.google.comx", in_string("mx.google.com")):
        results = f"{server}; {chosen}; dmarc=pass header.from={OURS}"
        assert not is_verified([("authentication-results", results), ("from", f"a@{OURS}")])
