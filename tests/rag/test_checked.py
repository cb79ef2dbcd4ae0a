"""The question set of the demonstration shop: sound, our own, and nothing that the abstention was trained on."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from domain.answering import CheckedQuestion
from domain.decision import Citation
from domain.errors import BadInput
from domain.ports import Answer, FoundPassage
from rag.checked import checked_questions, is_right
from rag.documents import load_folder

ROOT = Path(__file__).parents[2]
RUN = 6  # words in a row that two questions share only if one was copied


def words(text):
    return re.findall(r"[\w']+", text.lower())


def runs(text):
    found = words(text)
    return {tuple(found[at : at + RUN]) for at in range(len(found) - RUN + 1)}


def lines(name):
    return [json.loads(line) for line in (ROOT / name).read_text(encoding="utf-8").splitlines() if line.strip()]


def test_there_are_hundreds_in_four_languages_and_about_a_third_has_no_answer():
    questions = checked_questions()
    assert len(questions) >= 150
    assert len({one.id for one in questions}) == len(questions)
    assert len({" ".join(words(one.question)) for one in questions}) == len(questions)
    assert set(Counter(one.language for one in questions)) == {"en", "de", "fr", "es"}
    assert min(Counter(one.language for one in questions).values()) >= 40
    assert 0.25 <= sum(not one.document for one in questions) / len(questions) <= 0.4


def test_each_names_a_public_document_of_its_language_and_a_section_of_it():
    documents, _ = load_folder(ROOT / "knowledge_base")
    known = {one.path: one for one in documents}
    for one in checked_questions():
        if one.document:
            document = known[one.document]
            assert document.language == one.language
            assert document.visibility == "public"
            assert all(f"## {heading}\n" in document.body for heading in one.headings)
            assert one.headings


@pytest.mark.parametrize("where", ["understanding/examples/answerable.jsonl", "understanding/checked/lumen-oak.jsonl"])
def test_none_is_copied_from_what_was_trained_on_or_is_checked_elsewhere(where):
    texts = [row.get("question") or row["text"] for row in lines(where)]
    taken = set().union(*(runs(text) for text in texts))
    whole = {" ".join(words(text)) for text in texts}
    copied = [
        one.id
        for one in checked_questions()
        if len(runs(one.question) & taken) > 1 or " ".join(words(one.question)) in whole
    ]
    assert copied == []


WANTED = CheckedQuestion("1", "How long?", "", "en", "en/returns.md", ("How long?",))


def cited(*places):
    return Answer(
        answered=True, confidence=0.9, citations=tuple(Citation(path, heading, 0, 1, "x") for path, heading in places)
    )


def test_right_is_the_named_section_of_the_named_document_alone():
    right = ("en/returns.md", "Returns > How long?")
    assert is_right(cited(right), WANTED)
    assert is_right(cited(right, ("en/returns.md", "Returns > Costs")), WANTED)
    assert not is_right(cited(right, ("en/shipping.md", "Shipping")), WANTED)
    assert not is_right(cited(("en/returns.md", "Returns > Costs")), WANTED)


def test_where_nothing_is_cited_the_nearest_passage_counts():
    near = FoundPassage("en/returns.md", "Returns > How long?", 0.3)
    assert is_right(Answer(answered=False, confidence=0.3, passages=(near,)), WANTED)
    assert not is_right(Answer(answered=False, confidence=0.3), WANTED)


def test_what_has_no_answer_is_never_answered_rightly():
    nowhere = CheckedQuestion("2", "Do you sell boats?", "", "en", "")
    assert not is_right(cited(("en/returns.md", "Returns")), nowhere)


def test_a_wrong_line_is_named(tmp_path):
    (tmp_path / "asked.jsonl").write_text('{"id": "a"}\n')
    with pytest.raises(BadInput, match=r"asked\.jsonl:1"):
        checked_questions(tmp_path / "asked.jsonl")
