import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.documents import Document
from rag.passages import passages_of
from rag.pieces import MAX_WORDS


def document(body, title="Title"):
    return Document("a.md", title, "en", body, "v1")


def headings(body, title="Title"):
    return [passage.heading for passage in passages_of(document(body, title))]


def test_a_section_is_one_passage_under_its_path_of_headings():
    body = "Intro.\n\n# One\nText one.\n\n## Two\nText two.\n\n# Three\nText three."
    assert headings(body) == ["Title", "Title > One", "Title > One > Two", "Title > Three"]


def test_a_first_heading_that_repeats_the_title_is_named_once():
    assert headings("# Title\n\n## One\nText.") == ["Title > One"]


def test_headings_in_code_are_code():
    assert headings("# One\n```\n# not a heading\n```\nText.") == ["Title > One"]


def test_underlined_headings_count():
    assert headings("One\n===\nText.\n\nTwo\n---\nMore.") == ["Title > One", "Title > One > Two"]


def test_a_heading_without_text_below_it_is_no_passage():
    assert headings("# One\n\n## Two\nText.") == ["Title > One > Two"]


def test_questions_and_answers_are_passages_without_their_marks():
    found = passages_of(document("Q: How much?\nA: Five euros.\n\nQ: How long?\nA: Two days.\nOr three."))
    assert [(passage.section, passage.text) for passage in found] == [
        ("How much?", "Five euros."),
        ("How long?", "Two days.\nOr three."),
    ]


def test_a_long_section_is_cut_at_paragraphs_and_nothing_is_lost():
    paragraphs = [f"Number {number} " + "word " * 58 + "end." for number in range(10)]
    found = passages_of(document("# One\n\n" + "\n\n".join(paragraphs)))
    assert all(len(passage.text.split()) <= MAX_WORDS for passage in found)
    assert "\n\n".join(passage.text for passage in found) == "\n\n".join(paragraphs)


def test_questions_in_groups_stand_under_the_heading_of_their_group():
    body = "# FAQ\n\n## Shipping\nQ: How long?\nA: Two days.\n\n## Money\nQ: How much?\nFive euros.\n"
    found = passages_of(document(body, "FAQ"))
    assert [(passage.heading, passage.text) for passage in found] == [
        ("FAQ > Shipping > How long?", "Two days."),
        ("FAQ > Money > How much?", "Five euros."),
    ]


@pytest.mark.parametrize(
    ("unit", "ends"),
    [
        ("A sentence of five words. ", "."),
        ("x = call(1, 2, 3)\n", ")"),
        ("word ", "word"),
        ("x" * 50_000, "x"),
        ("这", "这"),
    ],
)
def test_what_has_no_paragraphs_is_cut_too_and_nothing_is_lost(unit, ends):
    body = unit * (10_000 if len(unit) < 100 else 1)
    found = passages_of(document(body.strip()))
    assert len(found) >= 3
    assert all(len(passage.text.split()) <= MAX_WORDS and len(passage.text) <= 20 * MAX_WORDS for passage in found)
    assert all(passage.text.endswith(ends) for passage in found)
    assert "".join("".join(passage.text.split()) for passage in found) == "".join(body.split())


def test_a_document_of_twenty_thousand_sections_takes_ten_times_as_long_as_one_of_two_thousand():
    def seconds(sections):
        body = "\n\n".join(f"## Section {number}\n\nText of this section." for number in range(sections))
        begun = time.process_time()
        assert len(passages_of(document(body))) == sections
        return time.process_time() - begun

    seconds(100)
    assert seconds(20_000) < 40 * seconds(2_000)


@pytest.mark.parametrize("body", ["---", "***\n\n---", "# \n## "])
def test_marks_alone_are_no_passage(body):
    assert passages_of(document(body)) == ()


@given(st.text(alphabet="ab #\n-=`*Q:A.", max_size=200))
def test_spans_are_in_order_apart_and_inside_the_body(body):
    end = 0
    for passage in passages_of(document(body)):
        assert end <= passage.start < passage.end <= len(body)
        assert passage.text == passage.text.strip()
        end = passage.end
