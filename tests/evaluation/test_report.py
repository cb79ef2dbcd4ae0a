import math

from evaluation.report import scores

PAIRS = [("refund", "refund"), ("refund", "question"), ("question", "question"), ("other", "refund")]


def test_scores_are_those_worked_out_by_hand():
    got = scores(PAIRS)
    assert (got.n, got.accuracy) == (4, 0.5)
    assert (got.refund_precision, got.refund_recall, got.other_recall) == (0.5, 0.5, 0.0)
    assert math.isclose(got.macro_f1, (0.5 + 2 / 3 + 0.0) / 3)


def test_what_does_not_occur_has_no_precision_rather_than_a_perfect_one():
    assert math.isnan(scores([("question", "question")]).refund_precision)
