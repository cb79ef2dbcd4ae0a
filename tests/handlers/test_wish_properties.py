"""Whatever is written: reading it never fails, gives the same again, and takes little time."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.wish.words import LANGUAGES
from tests.handlers.wishing import order_in, wish_in
from tests.support.quick import best, slowness

LONG = 20_000
WORDS = """
    refund return the my a please not if or lamp mugs three two . , ? ! - 12 € @ # { } all except keep no cancel order
    LO-48213 LO-1 Thanks, Ana Hi ich möchte Geld zurück je veux un remboursement quiero devolver
"""
PIECES = st.sampled_from((*WORDS.split(), "\n", "\n\n"))
TEXTS = st.one_of(st.text(max_size=400), st.lists(PIECES, max_size=80).map(" ".join))


@settings(max_examples=300)
@given(TEXTS, st.sampled_from([*LANGUAGES, "und", "nl", ""]), st.text(max_size=60), st.booleans())
def test_any_text_is_read_and_read_the_same_again(text, language, subject, known):
    order = order_in() if known else None
    first = wish_in(text, language, order, subject=subject)
    assert first == wish_in(text, language, order, subject=subject)
    ordered = {item.sku: item.quantity for item in order.items} if order else {}
    assert all(0 < item.quantity <= ordered[item.sku] for item in first.items)
    assert all(doubt and len(doubt) < 300 for doubt in first.doubts)


@settings(max_examples=150)
@given(st.text(alphabet=st.characters(codec="utf-8", categories=("Lu", "Ll", "Lo")), min_size=3, max_size=30))
def test_a_word_that_nobody_knows_is_never_overlooked_among_others(word):
    # Two of them and no word of a customer's between.
    assert wish_in(f"Please refund me.\nXq{word}x Qx{word}q zzqx").doubts


SENTENCES = (
    "where is my ",
    "i want the the ",
    "ich habe mein geld ",
    "je ne veux pas ",
    "no he recibido ",
    "The lamp arrived broken and I would like a refund for it. ",
)


@pytest.mark.parametrize("language", [*LANGUAGES, "und"])
@pytest.mark.parametrize(
    "piece",
    [*"a \n-?é", "refund ", "refund me\n", "-a", "a@", "a.", "1234 ", "aB3", "ab ", "&#", "ﷺ", *SENTENCES],
)
def test_long_text_takes_little_time(piece, language):
    text, order = (piece * LONG)[:LONG], order_in()
    wish_in("Hi", language, order)
    limit = 0.15 * slowness()
    assert best(lambda: wish_in(text, language, order), below=limit) < limit
