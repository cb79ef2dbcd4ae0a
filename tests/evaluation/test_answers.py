import lxml.etree
import pytest

from evaluation.answers import Query, Ranking, auroc, read_queries, recall
from evaluation.curve import curve, picture, table, widest

VERDICTS = [(0.9, True), (0.8, True), (0.8, False), (0.4, True), (0.1, False)]


def test_equal_confidence_is_one_point_of_the_curve():
    assert [(one.accepted, one.wrong) for one in curve(VERDICTS)] == [(1, 0), (3, 1), (4, 1), (5, 2)]


def test_the_widest_point_keeps_the_risk():
    points = curve(VERDICTS)
    point = widest(points, 0.25)
    assert point is not None
    assert (point.accepted, point.threshold, point.coverage) == (4, 0.4, 0.8)
    assert point.bound > point.risk
    assert widest(curve([(0.9, False)]), 0.25) is None


def test_the_picture_is_well_formed_and_the_table_reaches_the_end():
    points = curve(VERDICTS)
    assert lxml.etree.fromstring(picture(points, "Risk and coverage")).tag.endswith("svg")
    assert table(points).splitlines()[-1].split()[:2] == ["1.00", "5"]


def test_recall_counts_answerable_questions_only():
    queries = [Query("a", "en", frozenset({"a.md"}), answerable=True), Query("b", "en", frozenset(), answerable=False)]
    rankings = [Ranking(("b.md", "a.md"), 0.7), Ranking(("a.md",), 0.7)]
    assert (recall(rankings, queries, 1), recall(rankings, queries, 5)) == (0.0, 1.0)
    assert auroc(rankings, queries) == pytest.approx(0.5)


def test_only_the_document_in_the_questions_own_language_is_gold(tmp_path):
    row = '{"query": "q", "lang": "fr", "gold": ["a/b.c.en", "a/b.c.fr"], "answerable": true}\n'
    (tmp_path / "queries.jsonl").write_text(row)
    assert read_queries(tmp_path / "queries.jsonl")[0].gold == {"fr/a/b.c.md"}
