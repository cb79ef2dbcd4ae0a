import time

import pytest

from understanding.misspelling import misspelt


@pytest.mark.parametrize(
    "slip",
    [
        "refumd",
        "reffund",
        "rufund",
        "refudn",
        "canecl",
        "cancell",
        "reimbursment",
        "stornierne",
        "remboursemant",
        "rembolso",
    ],
)
def test_a_word_of_refunds_with_one_slip_is_recognised(slip):
    assert misspelt(f"please {slip} the order") == slip


@pytest.mark.parametrize(
    "text",
    ["please refund the order", "i want to cancel it", "the channel was great", "an angular lamp", "a candle", ""],
)
def test_words_spelt_right_and_other_words_are_no_slips(text):
    assert misspelt(text) == ""


def test_a_long_hostile_text_takes_no_time():
    begun = time.process_time()
    assert misspelt("refundx" * 20_000) == ""
    assert time.process_time() - begun < 1
