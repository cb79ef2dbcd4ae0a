"""The longest files begin first, and no test is lost by that."""

from types import SimpleNamespace

from tests.support.longest import LONGEST, TESTS, longest_first


def test_every_file_that_is_named_is_there_once():
    assert [name for name in LONGEST if not (TESTS / name).is_file()] == []
    assert len(set(LONGEST)) == len(LONGEST)


def test_named_files_come_first_and_all_else_keeps_its_order():
    paths = [TESTS / name for name in ("a.py", LONGEST[1], "b.py", LONGEST[0], LONGEST[1], "a.py")]
    items = [SimpleNamespace(path=path, name=f"test {number}") for number, path in enumerate(paths)]
    longest_first(items)
    assert [item.name for item in items] == ["test 3", "test 1", "test 4", "test 0", "test 2", "test 5"]
