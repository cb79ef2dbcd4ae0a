"""What differs between two texts: right for every line end, and for no text a matter of minutes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.quick import best, slowness
from web.differences import MOST_LINES, MOST_STEPS, Line, _steps, differences

LINES = st.lists(st.sampled_from(["", "a", "b", "c\x0cd", "e\u2028f"]), max_size=12)


def said(old: str, new: str) -> list[tuple[str, str]]:
    return [(one.kind, one.text) for one in differences(old, new)]


@pytest.mark.parametrize("text", ["", "a", "a\n", "a\nb", "a\r\nb\r\n", "\n"])
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert said(text, text) == []


def test_what_was_removed_and_added_stands_between_what_is_around_it() -> None:
    assert said("1\n2\n3\n4\n5\n6\n", "1\n2\n3\n4\nfive\n6\n") == [
        ("same", "2"), ("same", "3"), ("same", "4"), ("removed", "5"), ("added", "five"), ("same", "6"),
    ]  # fmt: skip
    assert said("a\r\nb\r\n", "a\nb\n") == []
    assert said("", "a") == [("added", "a")]


@given(LINES, LINES)
def test_from_what_is_shown_both_texts_can_be_read(old: list[str], new: list[str]) -> None:
    shown = differences("\n".join(old) + "\n", "\n".join(new) + "\n", around=100)
    if old and new and old != new:
        assert [one.text for one in shown if one.kind != "added"] == old
        assert [one.text for one in shown if one.kind != "removed"] == new


def cycle(lines: int, end: str) -> tuple[str, str]:
    """A text whose lines come again and again, and it with a foreign line after each: what costs difflib most."""
    text = [f"line {number % 100}" for number in range(lines)]
    return end.join(text), end.join(one for line in text for one in (line, "foreign"))


@pytest.mark.parametrize("end", ["\x0c", "\u2028", "\u2029", "\x0b", "\x85", "\r"])
def test_no_other_sign_is_counted_as_one_line_and_split_as_many(end: str) -> None:
    old, new = cycle(24_000, end)
    assert [one.kind for one in differences(old, new)] == ["removed", "added"]


def test_what_would_take_minutes_is_not_compared() -> None:
    old, new = cycle(2_400, "\n")
    [told] = differences(old, new)
    assert told == Line("gap", "Too many lines of the texts come again and again: they cannot be compared here.")


def test_a_long_text_with_one_line_changed_is_compared() -> None:
    lines = [f"line {number}" if number % 2 else "" for number in range(MOST_LINES)]
    changed = [*lines[:2000], "another", *lines[2001:]]
    assert ("added", "another") in said("\n".join(lines), "\n".join(changed))


def test_what_is_compared_takes_a_second_or_two_at_most() -> None:
    """Of what is compared, these two cost most: lines that come again and again, and every other one changed."""
    old, new = cycle(1_300, "\n")
    assert 0.7 * MOST_STEPS < _steps(old.split("\n"), new.split("\n")) <= MOST_STEPS
    lines = [f"line {number}" for number in range(MOST_LINES)]
    half = [line if number % 2 else f"another {number}" for number, line in enumerate(lines)]
    for texts in ((old, new), ("\n".join(lines), "\n".join(half))):
        assert best(lambda texts=texts: differences(*texts), below=3 * slowness()) < 3 * slowness()
