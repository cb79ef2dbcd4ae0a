"""The measure of quickness itself: one good try is enough, and without one it says how slow the best was."""

import threading

from tests.support.quick import best, seconds_in_a_thread, slowness


def spend(steps: int) -> None:
    for _ in range(steps):
        pass


def test_one_good_try_is_enough():
    tries = []
    assert best(lambda: tries.append(1), below=1.0) < 1.0
    assert len(tries) == 1


def test_what_is_never_quick_is_tried_as_often_as_allowed_and_found_out():
    tries = []
    assert best(lambda: tries.append(spend(1000)), below=0.0, tries=4) > 0.0
    assert len(tries) == 4


def test_the_first_try_may_be_slow():
    steps = iter([1_000_000, 0, 0])
    tries = []

    def uneven() -> None:
        tries.append(1)
        spend(next(steps))

    limit = 0.005 * slowness()
    assert best(uneven, below=limit) < limit
    assert len(tries) in {2, 3}


def test_a_machine_is_as_slow_as_its_loop_and_never_quicker_than_the_limits_were_written_for():
    assert slowness(lambda: sum(range(10))) == 1.0
    assert slowness(lambda: sum(range(20_000_000))) > 2.0


def test_what_waits_takes_no_time_of_the_processor_and_what_never_ends_takes_for_ever():
    assert seconds_in_a_thread(lambda: threading.Event().wait(0.5)) < 0.4
    ends = threading.Event()
    assert seconds_in_a_thread(ends.wait, within=0.1) == float("inf")
    ends.set()
