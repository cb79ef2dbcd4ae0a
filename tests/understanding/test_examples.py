"""What the training examples and the answerable questions must be: well formed, enough, varied, and nobody else's."""

import json
import re
import unicodedata
import zlib
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "understanding" / "examples"
KNOWLEDGE_BASE = ROOT / "knowledge_base"
FOREIGN = [ROOT.parent / "shared" / "data" / name for name in ("intents_dev.jsonl", "vendor_train.jsonl")]

CATEGORIES = {"question", "refund", "supplier", "other"}
LANGUAGES = {"en", "de", "fr", "es"}
SUB_INTENTS = {
    "question": {
        "order_status", "shipping", "payment", "billing", "account", "technical", "product", "policy", "opening_hours"
    },
    "refund": {"refund_request", "refund_status", "return", "cancel_order", "exchange", "replacement"},
    "supplier": {"purchase_order", "delivery_advice", "invoice", "price_list", "stock", "return"},
    "other": {
        "complaint", "praise", "feedback", "sales_pitch", "job", "press", "spam", "thanks", "human", "legal", "privacy",
        "out_of_scope", "smalltalk", "notification"
    },
}  # fmt: skip
REQUIRED = {"id", "text", "subject", "language", "category", "sub_intent"}
NEAR = 0.8


def rows(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def example_files():
    return sorted(path for path in EXAMPLES.glob("*.jsonl") if path.name != "answerable.jsonl")


def examples():
    return [row for path in example_files() for row in rows(path)]


def strings(value):
    """The `text` of a JSON value, or every string within it: the measuring sets name their fields differently."""
    if isinstance(value, dict) and "text" in value:
        return [value["text"]]
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [text for part in inner for text in strings(part)]


def plain(text):
    """Lower-case letters and digits with single spaces: what stays when typography is taken away."""
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold()))


def shingles(text):
    """The hashed character 5-grams of a text; a text shorter than that is one shingle."""
    padded = f" {plain(text)} "
    grams = {padded[i : i + 5] for i in range(max(1, len(padded) - 4))}
    return frozenset(zlib.crc32(gram.encode()) for gram in grams)


def near_pairs(texts, others):
    """Keys of `texts` and `others` whose Jaccard similarity exceeds NEAR; exact, by prefix filtering.

    Two sets that similar must share one of their first (1 - NEAR) * size + 1 elements in any fixed order
    (Chaudhuri, Ganti, Kaushik: A Primitive Operator for Similarity Joins in Data Cleaning, 2006). The rarest come
    first, so that few share one.
    """
    left = {key: shingles(text) for key, text in texts.items()}
    right = {key: shingles(text) for key, text in others.items()}
    common = Counter(gram for grams in right.values() for gram in grams)

    def prefix(grams):
        return sorted(grams, key=lambda gram: (common[gram], gram))[: int((1 - NEAR) * len(grams)) + 1]

    holders = defaultdict(list)
    for key, grams in right.items():
        for gram in prefix(grams):
            holders[gram].append(key)
    found = set()
    for key, grams in left.items():
        for other in {holder for gram in prefix(grams) for holder in holders[gram]} - {key}:
            if len(grams & right[other]) > NEAR * len(grams | right[other]):
                found.add((key, other))
    return sorted(found)


@pytest.mark.parametrize("path", example_files(), ids=lambda path: path.name)
def test_every_example_fits_its_file_and_the_schema(path):
    category, language, _ = path.name.split(".")
    for row in rows(path):
        assert row.keys() - {"note"} == REQUIRED, row["id"]
        assert all(isinstance(value, str) for value in row.values()), row["id"]
        assert (row["category"], row["language"]) == (category, language), row["id"]
        assert row["sub_intent"] in SUB_INTENTS[category], row["id"]
        assert row["text"].strip() == row["text"] != "", row["id"]
        assert row["id"].startswith(f"{category}-{language}-")


def test_every_category_and_language_has_enough_examples():
    all_rows = examples()
    pairs = {(row["category"], row["language"]) for row in all_rows}
    categories = Counter(row["category"] for row in all_rows)
    languages = Counter(row["language"] for row in all_rows)
    assert len(all_rows) >= 1200
    assert pairs == {(category, language) for category in CATEGORIES for language in LANGUAGES}
    assert min(categories.values()) >= 250, categories
    assert languages["en"] >= 0.45 * len(all_rows), languages
    assert min(languages[language] for language in ("de", "fr", "es")) >= 0.15 * len(all_rows), languages


def test_every_sub_intent_is_shown_in_every_language():
    shown = defaultdict(set)
    for row in examples():
        shown[row["category"], row["language"]].add(row["sub_intent"])
    assert all(found == SUB_INTENTS[category] for (category, _), found in shown.items())


def test_the_mails_are_short_and_long_with_and_without_subject_and_punctuation():
    for language in LANGUAGES:
        texts = [row["text"] for row in examples() if row["language"] == language]
        words = [len(text.split()) for text in texts]
        assert sum(count <= 4 for count in words) >= 0.05 * len(texts)
        assert sum(count >= 60 for count in words) >= 4
        assert max(words) <= 140
        assert sum(text == text.lower() for text in texts) >= 0.2 * len(texts)
        assert sum(text[-1] in ".?!" for text in texts) >= 0.3 * len(texts)
        assert 0.2 <= sum(row["subject"] != "" for row in examples() if row["language"] == language) / len(texts) <= 0.8


def test_ids_are_unique_and_in_order():
    for path in [*example_files(), EXAMPLES / "answerable.jsonl"]:
        ids = [row["id"] for row in rows(path)]
        assert all(a < b for a, b in pairwise(ids)), path.name


def test_one_changed_letter_or_case_still_counts_as_a_near_duplicate():
    long = "Could you please look up where the sofa is and give me a date I can tell my family?"
    assert near_pairs({"a": long}, {"b": long.upper().replace("?", ""), "c": long.replace("sofa", "soda")})
    assert near_pairs({"a": "Refund, pls"}, {"b": "refund pls!"}) == [("a", "b")]
    assert near_pairs({"a": "refund pls"}, {"b": "return pls"}) == []


def test_no_example_is_written_twice():
    texts = {row["id"]: row["text"] for row in examples()}
    assert near_pairs(texts, texts) == []


def test_no_example_is_a_text_of_the_measuring_sets():
    ours = {row["id"]: row["text"] for row in examples()} | {
        row["id"]: row["question"] for row in rows(EXAMPLES / "answerable.jsonl")
    }
    for path in FOREIGN:
        if path.is_file():
            foreign = {
                f"{path.name}:{number}:{place}": text
                for number, row in enumerate(rows(path), start=1)
                for place, text in enumerate(strings(row))
                if plain(text)
            }
            assert foreign
            # Only keys are shown: a measuring set's text must not reach whoever writes examples.
            assert near_pairs(ours, foreign) == []


def test_answerable_questions_name_a_public_document_of_their_language_or_none():
    questions = rows(EXAMPLES / "answerable.jsonl")
    assert len(questions) >= 250
    assert sum(row["document"] is None for row in questions) >= 0.4 * len(questions)
    for row in questions:
        assert row.keys() == {"id", "question", "language", "document"}, row["id"]
        if row["document"] is not None:
            text = (KNOWLEDGE_BASE / row["document"]).read_text(encoding="utf-8")
            assert row["document"].startswith(f"{row['language']}/"), row["id"]
            assert "visibility: public" in text, row["id"]


def test_no_answerable_question_is_copied_from_the_help_centre():
    ours = {row["id"]: row["question"] for row in rows(EXAMPLES / "answerable.jsonl")}
    titles = {
        f"{path.parent.name}/{path.name}:{number}": line.lstrip('#- "').rstrip('"')
        for path in sorted(KNOWLEDGE_BASE.glob("*/*.md"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if line.startswith(("## ", "  - "))
    }
    assert near_pairs(ours, titles) == []
    assert near_pairs(ours, ours) == []
