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
    assert [list(openings.places(text)) for text in texts] == [["list"]] * len(texts)
    assert [openings.places(text) for text in others] == [{}] * len(others)


@pytest.mark.parametrize("phrase", [r"\w{3}x", ".x", "[^a]x", "(?P<name>x)", "*"])
def test_a_phrase_that_begins_with_anything_is_possible_everywhere(phrase):
    assert Openings({"list": [phrase]}).places("words") == {"list": [0, 1, 2, 3, 4]}


def test_the_places_of_a_phrase_are_beginnings_of_words_in_their_order():
    assert Openings({"list": ["no", "not now"]}).places("no, not now, snow") == {"list": [0, 4, 8]}


@pytest.mark.parametrize("language", ["", "en", "de"])
@pytest.mark.parametrize("kind", LISTS)
def test_every_phrase_is_found_that_a_search_of_the_whole_text_finds(kind, language):
    lines = [line for file in EXAMPLES.glob("*.jsonl") for line in file.read_text(encoding="utf-8").splitlines()]
    texts = [signals.folded(json.loads(line).get("text", "")) for line in lines[::6]]
    pattern = signals.in_language(kind, language)
    searched = [[match.span() for match in pattern.finditer(text)] for text in texts]
    assert any(searched) or language
    assert [[match.span() for match in signals.phrases(kind, text, language)] for text in texts] == searched
    cut_out = [signals.without(signals.phrases(kind, text, language), text) for text in texts]
    assert cut_out == [pattern.sub(" … ", text) for text in texts]


def test_a_long_text_is_looked_through_in_linear_time():
    begun = time.process_time()
    signals.count("refund", "no refund a " * 100_000, most=1_000_000)
    assert time.process_time() - begun < 10
