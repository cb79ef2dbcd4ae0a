import numpy as np
import pytest

import rag.assembling
from evaluation.made_up import MadeUp
from evaluation.retrieval_speed import measure, table


def test_the_same_passages_and_mails_are_made_up_every_time():
    one, other = (list(MadeUp().knowledge_base(25)) for _ in range(2))
    assert [each.document for each in one] == [each.document for each in other]
    assert all(np.array_equal(mine.bodies, theirs.bodies) for mine, theirs in zip(one, other, strict=True))
    assert sum(len(each.passages) for each in one) == 25
    assert all(90 <= len(passage.text.split()) <= 91 for each in one for passage in each.passages)


def test_a_run_measures_search_load_memory_and_recall(monkeypatch):
    monkeypatch.setattr(rag.assembling, "EXACT_UP_TO", 100)
    measured = measure(700, mails=5, compared=5)
    assert [row.texts for row in measured.searched] == [1, 4]
    assert all(row.recall > 0.8 and 0 < row.p50 <= row.p99 for row in measured.searched)
    assert measured.load > 0
    assert measured.files == pytest.approx(measured.memory, rel=5)
    assert len(table([measured]).splitlines()) == 3
