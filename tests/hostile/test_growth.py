"""The clock that the other tests look at sees what takes the square of its text, and lets pass what does not."""

import re

from tests.hostile.growth import grows_too_fast


def page(size: int) -> str:
    return "a" * size + "!"


def test_what_takes_the_square_of_its_text_is_seen():
    assert "twice as many" in grows_too_fast(re.compile(r"a+$").search, page, 16_000)


def test_what_takes_its_share_is_not():
    assert grows_too_fast(lambda text: [text.count("b") for _ in range(3_000)], page, 20_000) == ""
