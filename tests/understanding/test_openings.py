import json
import re
import time
from pathlib import Path

import pytest

from understanding import signals
from understanding.openings import Openings

EXAMPLES = Path(signals.__file__).with_name("examples")
LISTS = ("person", "legal", "safety", "urgent", "repeated", "harmless", "deadline", "negative", "positive", "refund",
         "supplier", "other", "question")  # fmt: skip


@pytest.mark.parametrize(
    ("phrase", "texts", "others"),
    [
        ("refunds?", ["a refund", "refunds"], ["prerefund", "refuse"]),
        ("(?:my|our) lawyers?", ["ask my lawyer", "our lawyers"], ["my lamp", "your lawyer"]),
        ("(?:please )?call me", ["please call me", "call me"], ["recall me", "calm"]),
        ("[ée]chang(?:er|e)", ["un échange", "echanger"], ["change"]),
        (r"\d{1,2} days", ["in 14 days"], []),
        (r"n'\w{2,4} pas", ["il n'est pas"], ["nest"]),
        ("re-?pay", ["re-pay", "repay"], ["rep", "re pay"]),
        ("a{2,3}b", ["aaab"], ["bb"]),
        (r"\bocu\b", ["la ocu"], ["oc"]),
        (r"up(?!set)\w", ["upon"], ["un"]),
    ],
)
def test_a_text_without_the_first_letters_of_a_phrase_need_not_be_searched(phrase, texts, others):
    openings = Openings({"list": [phrase]})
    assert all(re.search(rf"(?<!\w)(?:{phrase})", text) for text in texts)
    assert [openings.possible(text) for text in texts] == [frozenset({"list"})] * len(texts)
    assert [openings.possible(text) for text in others] == [frozenset()] * len(others)


@pytest.mark.parametrize("phrase", [r"\w{3}x", ".x", "[^a]x", "(?P<name>x)", "*"])
def test_a_phrase_that_begins_with_anything_is_possible_everywhere(phrase):
    assert Openings({"list": [phrase]}).possible("some words") == {"list"}


@pytest.mark.parametrize("kind", LISTS)
def test_no_phrase_is_found_in_an_example_where_it_was_held_impossible(kind):
    lines = [line for file in EXAMPLES.glob("*.jsonl") for line in file.read_text(encoding="utf-8").splitlines()]
    texts = [signals.folded(json.loads(line).get("text", "")) for line in lines[::4]]
    phrases = signals.in_language(kind, "none of them")
    found = [text for text in texts if phrases.search(text)]
    assert found
    assert [text for text in found if kind not in signals.possible(text)] == []


def test_a_long_text_is_looked_through_in_linear_time():
    begun = time.process_time()
    signals.possible("no refund a " * 100_000)
    assert time.process_time() - begun < 10
