import fcntl
import gc
import json
import multiprocessing
import os
import stat
import tempfile
import zlib
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from rag import shelf as module
from rag.documents import parse_document
from rag.index import Asked, Facts, Index, build_index
from rag.ranking import search
from rag.shelf import ARRAYS, HEADER, Key, Shelf

PLENTY = 1 << 30


@pytest.fixture
def index(documents, embedder):
    return build_index(documents, embedder)


@pytest.fixture
def key(index):
    return Key(str(uuid4()), index.version, index.engine)


def folders(root):
    return [place for place in root.glob("*/*") if place.is_dir()]


def signals(index, embedder, text="How long can I return a lamp? Rückgabe E-4021", language="en"):
    return index.signals([Asked(text, embedder.embed([text])[0])], language)


def same(one, other):
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in one.__slots__)


def test_the_mapped_form_gives_the_same_as_the_one_in_memory(index, key, embedder, tmp_path):
    shelf = Shelf(tmp_path, PLENTY)
    assert shelf.save(key, index)
    mapped = shelf.load(key)
    assert not any(array.flags.writeable for array in mapped.arrays.values())
    assert mapped.facts == index.facts
    assert dict(mapped.documents) == dict(index.documents)
    assert list(mapped.passages) == list(index.passages)
    for language in ("en", "de", "fr"):
        assert same(signals(mapped, embedder, language=language), signals(index, embedder, language=language))


@pytest.mark.parametrize("documents", [[], [parse_document("en/one.md", b"Just one passage.")]])
def test_an_index_of_nothing_or_of_one_passage_is_kept_too(documents, embedder, tmp_path):
    index = build_index(documents, embedder)
    key, shelf = Key(str(uuid4()), index.version, index.engine), Shelf(tmp_path, PLENTY)
    shelf.save(key, index)
    mapped = shelf.load(key)
    text = "one passage"
    found = search(mapped, Asked(text, embedder.embed([text])[0]), [], "en")
    assert [hit.passage for hit in found] == list(index.passages)


def truncate(file):
    file.write_bytes(file.read_bytes()[:-1])


def flip(file):
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)


def empty(file):
    file.write_bytes(b"")


def swap(file):
    with file.open("wb") as out:
        np.save(out, np.array(["not", "numbers"]))


@pytest.mark.parametrize("harm", [truncate, flip, empty, swap, lambda file: file.unlink()])
def test_whatever_is_damaged_is_thrown_away_and_built_anew(harm, index, key, embedder, tmp_path):
    shelf = Shelf(tmp_path, PLENTY)
    shelf.save(key, index)
    names = sorted(file.name for file in folders(tmp_path)[0].iterdir() if file.stat().st_size > 128)
    for name in names:
        harm(folders(tmp_path)[0] / name)
        assert shelf.load(key) is None, name
        assert not folders(tmp_path), name
        assert shelf.save(key, index)
    assert HEADER in names
    assert same(signals(shelf.load(key), embedder), signals(index, embedder))


def test_each_array_is_looked_through_for_damage(index, key, tmp_path):
    shelf = Shelf(tmp_path, PLENTY)
    shelf.save(key, index)
    header = json.loads((folders(tmp_path)[0] / HEADER).read_text().partition("\n")[2])
    for name, (begins, *_) in header["arrays"].items():
        if index.arrays[name].nbytes:
            with (folders(tmp_path)[0] / ARRAYS).open("r+b") as file:
                file.seek(begins)
                first = file.read(1)[0]
                file.seek(begins)
                file.write(bytes([first ^ 1]))
            assert shelf.load(key) is None, name
            shelf.save(key, index)


def test_an_array_of_objects_is_refused(index, key, tmp_path):
    shelf = Shelf(tmp_path, PLENTY)
    shelf.save(key, index)
    header = folders(tmp_path)[0] / HEADER
    said = json.loads(header.read_text().partition("\n")[2])
    said["arrays"]["bodies"][1] = "|O"
    rest = json.dumps(said)
    header.write_text(f"{zlib.crc32(rest.encode())}\n{rest}")
    assert shelf.load(key) is None


def open_below(folder):
    return [file for file in Path("/proc/self/fd").iterdir() if str(folder) in os.path.realpath(file)]


def test_a_mapped_index_holds_one_file_open(index, key, tmp_path):
    shelf = Shelf(tmp_path, PLENTY)
    shelf.save(key, index)
    mapped = shelf.load(key)
    assert len(mapped.arrays) > 20
    assert len(open_below(tmp_path)) == 1
    del mapped
    gc.collect()
    assert not open_below(tmp_path)


def test_a_tenant_never_gets_the_files_of_another(index, key, tmp_path):
    shelf = Shelf(tmp_path, PLENTY)
    shelf.save(key, index)
    other = Key(str(uuid4()), key.version, key.engine)
    assert shelf.load(other) is None
    mine = folders(tmp_path)[0]
    theirs = tmp_path / other.tenant / mine.name
    theirs.parent.mkdir()
    # Even where somebody has moved the folder to the place of another tenant.
    mine.rename(shelf._place(other))
    assert shelf.load(other) is None


@pytest.mark.parametrize("tenant", ["../../etc", "", "shop", "/etc"])
def test_only_a_uuid_becomes_a_path(tenant, index, tmp_path):
    with pytest.raises(ValueError, match="UUID"):
        Shelf(tmp_path, PLENTY).save(Key(tenant, index.version, index.engine), index)
    assert not list(tmp_path.iterdir())


def test_versions_and_engines_cannot_lead_out_of_the_folder(index, tmp_path):
    shelf = Shelf(tmp_path, PLENTY)
    names = ("../..", "/etc/passwd", "a/b", "a-b", "")
    keys = [Key(str(uuid4()), version, "engine/../..") for version in names]
    places = {shelf._place(key) for key in keys}
    assert len(places) == len(keys)
    assert all(place.parent.parent == tmp_path for place in places)


def test_an_index_for_staff_is_never_read_for_customers(documents, embedder, tmp_path):
    staff = build_index(documents, embedder, for_staff=True)
    tenant, shelf = str(uuid4()), Shelf(tmp_path, PLENTY)
    for_staff = Key(tenant, "v", staff.engine, for_staff=True)
    for_customers = Key(tenant, "v", staff.engine)
    shelf.save(for_staff, staff)
    assert shelf.load(for_customers) is None
    assert shelf._place(for_staff) != shelf._place(for_customers)


def test_the_least_recently_used_files_are_removed_first(index, tmp_path):
    keys = [Key(str(uuid4()), index.version, index.engine) for _ in range(3)]
    measure = Shelf(tmp_path, PLENTY)
    measure.save(keys[0], index)
    size = sum(file.stat().st_size for file in folders(tmp_path)[0].iterdir())
    shelf = Shelf(tmp_path, int(2.5 * size))
    shelf.save(keys[1], index)
    shelf.load(keys[0])
    shelf.save(keys[2], index)
    assert [shelf.load(key) is not None for key in keys] == [True, False, True]


def test_an_index_larger_than_the_room_is_not_stored(index, key, tmp_path):
    assert not Shelf(tmp_path, index.nbytes - 1).save(key, index)
    assert not list(tmp_path.iterdir())


def test_a_mapped_index_can_be_searched_after_its_files_were_removed(index, key, embedder, tmp_path):
    shelf = Shelf(tmp_path, PLENTY)
    shelf.save(key, index)
    mapped = shelf.load(key)
    shelf.forget(key.tenant)
    assert not folders(tmp_path)
    assert same(signals(mapped, embedder), signals(index, embedder))


def test_nobody_else_may_read_the_files(index, key, tmp_path):
    Shelf(tmp_path / "index", PLENTY).save(key, index)
    places = [tmp_path / "index", *folders(tmp_path / "index"), tmp_path / "index" / key.tenant]
    assert {stat.S_IMODE(place.stat().st_mode) for place in places} == {0o700}


def test_what_a_dead_builder_left_is_removed_and_what_a_living_one_fills_is_not(index, key, tmp_path):
    shelf = Shelf(tmp_path, PLENTY)
    abandoned, alive = (tmp_path / key.tenant / f".building-{name}" for name in ("dead", "alive"))
    abandoned.mkdir(parents=True)
    alive.mkdir()
    context = multiprocessing.get_context("spawn")
    held, go_on = context.Event(), context.Event()
    process = context.Process(target=hold, args=(alive, held, go_on))
    process.start()
    assert held.wait(60)
    shelf.save(key, index)
    go_on.set()
    process.join(60)
    assert not abandoned.exists()
    assert alive.exists()


def hold(folder, held, go_on):
    from rag.shelf import _held

    with _held(folder):
        held.set()
        go_on.wait(60)


def taken_away(folder: str) -> None:
    module._remove_abandoned(Path(folder))


def looked_at(folder: str) -> None:
    """As long as this process lives."""
    fcntl.flock(os.open(folder, os.O_RDONLY), fcntl.LOCK_EX)


@pytest.mark.parametrize("meddle", [taken_away, looked_at])
def test_a_folder_that_another_process_takes_for_abandoned_before_it_is_held_costs_no_index(
    index, key, tmp_path, monkeypatch, meddle
):
    made = []

    def make(**where) -> str:
        made.append(true(**where))
        if len(made) == 1:
            meddle(made[0])
        return made[-1]

    true = tempfile.mkdtemp
    monkeypatch.setattr(tempfile, "mkdtemp", make)
    shelf = Shelf(tmp_path, PLENTY)
    assert shelf.save(key, index)
    assert shelf.load(key) is not None
    assert len(made) == 2


def test_an_index_that_comes_while_it_is_looked_for_in_vain_stays(index, key, tmp_path, monkeypatch):
    shelf, asked, true = Shelf(tmp_path, PLENTY), [], module._header

    def late(place, wanted):
        asked.append(place)
        try:
            return true(place, wanted)
        finally:
            shelf.save(key, index)

    monkeypatch.setattr(module, "_header", late)
    assert shelf.load(key) is None
    monkeypatch.undo()
    assert asked or shelf.save(key, index)
    assert shelf.load(key) is not None


def test_processes_that_build_the_same_do_not_harm_each_other(index, key, embedder, tmp_path):
    context = multiprocessing.get_context("spawn")
    together, arrays = context.Barrier(3), dict(index.arrays)
    processes = [context.Process(target=build, args=(tmp_path, key, arrays, index.facts, together)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert len(folders(tmp_path)) == 1
    assert same(signals(Shelf(tmp_path, PLENTY).load(key), embedder), signals(index, embedder))


def build(folder, key, arrays, facts, together):
    shelf, index = Shelf(folder, PLENTY), Index(arrays, Facts(*(getattr(facts, name) for name in facts.__slots__)))
    for _ in range(5):
        together.wait(60)
        assert shelf.save(key, index)
        assert shelf.load(key) is not None
