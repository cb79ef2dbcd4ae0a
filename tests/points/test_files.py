"""Every file with a named point is gone through by one of the tests here."""

from importlib import import_module
from pathlib import Path

from chaos.points import places


def test_each_file_with_a_named_point_is_one_test_s():
    tests = [file.stem for file in Path(__file__).parent.glob("test_*.py") if file != Path(__file__)]
    named = [stem for test in tests for stem in import_module(f"tests.points.{test}").FILES]
    assert sorted(named) == sorted({place.name.partition(".")[0] for place in places()})
