"""Personal data never leaves: what is recognised is replaced, and comes back exactly where it was."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.llm.placeholders import replace_personal
from tests.support.quick import seconds_in_a_thread

RECOGNISED = {
    "URL": (
        *("https://shop.example/reset?token=abc123", "https://user:key@host.example/", "www.shop.example/o/7?k=1"),
        *("ftp://host.example/anna/x", "shop.example/u/anna-winter"),
    ),
    "EMAIL": (
        *("anna@example.org", "a.b+c_d@sub.example.co.uk", "o'neil@example.ie", "anna\uff20example.org"),
        *("anna @ example.org", "anna (at) example (dot) org", "anna[at]example.org"),
    ),
    "IBAN": (
        "DE89 3704 0044 0532 0130 00",
        "GB82WEST12345698765432",
        "de89370400440532013000",
        "DE89\u00a03704\u00a00044\u00a00532\u00a00130\u00a000",
    ),
    "CARD": ("4111 1111 1111 1111", "5500-0000-0000-0004", "340000000000009", "4111\u20111111\u20111111\u20111111"),
    "IP": ("192.168.1.10", "2001:db8::ff00:42:8329"),
    "PHONE": (
        "+49 30 1234567",
        "06 12 34 56 78",
        "020 7946 0018",
        "+34 612 345 678",
        "06\u202f12\u202f34\u202f56\u202f78",
        "+49\u202f30\u2009123\u201145\u201167",
    ),
    "NUMBER": ("LO-48213", "100045", "2026/11/25", "ab12cd34"),
}
CASES = [(kind, value) for kind, values in RECOGNISED.items() for value in values]


@pytest.mark.parametrize(("kind", "value"), CASES)
def test_each_kind_is_recognised_within_a_sentence(kind, value):
    text = f"Please look at {value} soon, thank you."
    private = replace_personal(text)
    assert private.text == f"Please look at <{kind}_1> soon, thank you."
    assert private.restore(private.text) == text


@pytest.mark.parametrize(
    "text",
    [
        "I want a refund, the lamp is broken.",
        "See www.shop.example, it opens at 9:30.",
        "Two lamps for 12 euro, please.",
        "Do you ship and/or wrap, e.g./i.e. at 30 km/h, 24/7?",
        "I sat (at) home. Meet me @ noon.",
    ],
)
def test_what_names_nobody_stays(text):
    assert replace_personal(text).text == text


def test_the_same_value_has_the_same_placeholder_and_each_value_its_own():
    private = replace_personal("anna@x.example, bob@x.example, anna@x.example")
    assert private.text == "<EMAIL_1>, <EMAIL_2>, <EMAIL_1>"


def test_the_names_of_the_headers_are_replaced_as_words():
    text = "Anna here. anna says: Annahme refused. Yours, ANNA Winter"
    private = replace_personal(text, ("Anna", "Winter"))
    assert private.text == "<NAME_1> here. <NAME_2> says: Annahme refused. Yours, <NAME_3> <NAME_4>"
    assert private.restore(private.text) == text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Jos\u00e9", "Jose\u0301 here"),
        ("Mu\u0308ller", "M\u00fcller here"),
        ("Anna", "_Anna_ here"),
        ("王伟", "我是王伟。 here"),
    ],
)
def test_a_name_is_found_however_its_letters_are_written(name, text):
    private = replace_personal(text, (name,))
    assert "<NAME_1>" in private.text
    assert private.restore(private.text) == text
    assert not [value for value in private.values.values() if value in private.text]


def test_a_text_that_already_holds_a_placeholder_is_not_confused():
    text = "My address is <EMAIL_1>, no: anna@example.org, or <EMAIL_2>"
    private = replace_personal(text)
    assert private.text == "My address is <EMAIL_1>, no: <EMAIL_3>, or <EMAIL_2>"
    assert private.restore(private.text) == text
    assert private.restore('{"said": "<EMAIL_1> and <EMAIL_3>"}') == '{"said": "<EMAIL_1> and anna@example.org"}'


def test_a_number_that_is_part_of_another_does_not_break_it():
    text = "48213 and 482137 and LO-48213 and x48213y"
    private = replace_personal(text)
    assert "48213" not in private.text
    assert private.restore(private.text) == text


values = st.sampled_from([value for _, value in CASES])
odd = st.sampled_from(
    ["<EMAIL_1>", "<NUMBER_1>", "<PHONE_", "_1>", "<", ">", "@", "1", "12345", "x", " ", "\n", "é", "٣٤٥٦٧"]
)
texts = st.lists(st.one_of(values, odd, st.text(max_size=12)), max_size=12).map("".join)
spaced = st.lists(st.one_of(values, odd, st.text(max_size=12)), max_size=12).map(" ".join)


@given(st.one_of(texts, spaced))
@example("<EMAIL_1>anna@example.org<EMAIL_2>")
@example("<EMAIL_anna@example.org>")
def test_restoring_gives_the_text_back_and_no_value_is_left_in_between(text):
    private = replace_personal(text)
    assert private.restore(private.text) == text
    assert not [value for value in private.values.values() if value in private.text]


def test_more_values_than_there_are_short_numbers_for_placeholders():
    text = " ".join(str(number) for number in range(1000, 2100))
    private = replace_personal(text)
    assert private.restore(private.text) == text
    assert not [value for value in private.values.values() if value in private.text]


@given(st.lists(values, min_size=1, max_size=6))
def test_none_of_the_recognised_values_leaves_when_they_stand_in_prose(several):
    private = replace_personal("".join(f"Here is {value} .\n" for value in several))
    assert not [value for value in several if value in private.text]


@pytest.mark.parametrize(
    "piece",
    ["1 ", "a@", "DE89", "1-", "www.", "+1", "a.b", "://", "a" * 50 + "@", "a(at)", "a.b(dot)", "ab.cd/", "a.-://"],
)
def test_a_hostile_text_costs_no_more_than_a_long_one(piece):
    text, restored = (piece * 12_000)[:12_000], []

    def there_and_back():
        private = replace_personal(text)
        restored.append(private.restore(private.text))

    assert seconds_in_a_thread(there_and_back) < 20
    assert restored == [text]
