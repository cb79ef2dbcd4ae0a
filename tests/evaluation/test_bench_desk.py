"""The bench of the desk says what it was asked wrongly, and takes the slow requests for what they are."""

import pytest

from evaluation import bench_desk


def test_a_bench_without_enough_messages_is_refused(capsys):
    with pytest.raises(SystemExit):
        bench_desk.main(["--messages", "100"])
    assert "--messages must be at least 20000" in capsys.readouterr().err


def test_the_slowest_of_twenty_is_no_part_of_the_figure_and_the_next_one_is():
    assert bench_desk.p95((*(1.0,) * 18, 50.0, 900.0)) == 50.0
    assert bench_desk.p95((7.0,)) == 7.0
