import re
import sys

import pytest

from evaluation import bench, bench_cpu
from evaluation.bench_cpu import Memory
from evaluation.bench_measured import Handled
from evaluation.bench_programs import running
from evaluation.bench_shop import Ended
from settings import Settings
from tests.support.waiting import until

NUMBER = r"\d+\.\d+"
LAST_LINE = (
    rf"bench: mails_per_s ({NUMBER}) model_mails_per_s ({NUMBER}) ratio ({NUMBER})"
    rf" units_per_answer ({NUMBER}) units_per_idle_poll ({NUMBER})"
)


@pytest.mark.slow
def test_every_mail_comes_to_an_end_and_the_last_line_says_how_fast(capsys):
    assert bench.main(["--mails", "12"]) == 0
    printed = capsys.readouterr().out
    found = re.fullmatch(LAST_LINE, printed.splitlines()[-1])
    assert found is not None
    assert all(float(number) > 0 for number in found.groups())
    ends = re.search(r"answered / held / ignored +\| (\d+) / (\d+) / (\d+)", printed)
    assert ends is not None
    assert sum(map(int, ends.groups())) == 12
    assert re.search(r"fetch +\| 12 ", printed)
    assert re.search(r"process +\| 12 ", printed)
    assert re.search(r"messages.get +\| 240 ", printed)
    assert re.search(rf"drafts.send +\| {100 * int(ends.group(1))} ", printed)
    assert re.search(r"model libraries in web's memory +\| none", printed)


def test_units_of_an_answer_are_those_of_its_own_way():
    units = {"messages.get": 200, "drafts.create": 40, "drafts.send": 400, "messages.modify": 20, "history.list": 6}
    run = Handled(10, Ended(answered=4, held=5, ignored=1), 1.0, {}, {}, units)
    assert run.units_per_answer == 20 + 10 + 100 + 5


def test_nothing_to_measure_is_refused():
    with pytest.raises(SystemExit) as left:
        bench.main(["--mails", "0"])
    assert left.value.code == 2


def test_processor_time_and_memory_of_a_child_are_those_of_its_family(tmp_path):
    code = "x = bytearray(50_000_000)\nfor _ in range(3_000_000): pass\nprint('done', flush=True)\ninput()"
    parent = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {code!r}], stdin=subprocess.PIPE).wait()"
    with running("parent", (sys.executable, "-c", parent), Settings(), tmp_path) as program:
        until(lambda: "done" in program.log.read_text())
        [child] = bench_cpu.children(program.pid)
        assert bench_cpu.family(program.pid) == [program.pid, child]
        assert bench_cpu.seconds_of_family(program.pid) >= bench_cpu.seconds(child) > 0
        found = bench_cpu.memory(child)
        assert isinstance(found, Memory)
        assert found.peak >= found.now > 47
        assert bench_cpu.loaded(program.pid, ("python", "onnxruntime")) == {"python"}


def test_a_program_that_ends_too_early_is_told_with_what_it_said(tmp_path):
    program = running("hasty", (sys.executable, "-c", "print('no such thing')"), Settings(), tmp_path)
    with program as hasty, pytest.raises(RuntimeError, match=r"(?s)hasty ended; .*no such thing"):
        hasty.until(lambda: False)
