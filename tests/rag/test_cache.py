from concurrent.futures import ThreadPoolExecutor
from threading import Event
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from rag.cache import AGAIN_S, IndexCache
from rag.embedded import embed_documents
from rag.index import Asked, build_index
from rag.ranking import search

SHOP = str(uuid4())


class Counting:
    def __init__(self, index):
        self.built, self._index = 0, index

    def __call__(self):
        self.built += 1
        return self._index


def test_an_index_is_built_once_for_a_version_and_engine(documents, embedder):
    cache, build = IndexCache(), Counting(build_index(documents, embedder))
    for version in ("v1", "v1", "v2"):
        cache.get("shop", version, "engine", build)
    cache.get("other shop", "v1", "engine", build)
    assert build.built == 3


def test_who_asks_while_an_index_is_built_waits_for_it(documents, embedder):
    cache, index = IndexCache(), build_index(documents, embedder)
    begun, go_on, built = Event(), Event(), []

    def build():
        begun.set()
        assert go_on.wait(60)
        built.append(index)
        return index

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(cache.get, "shop", "v", "e", build)
        assert begun.wait(60)
        second = threads.submit(cache.get, "shop", "v", "e", build)
        go_on.set()
        assert first.result(20) is second.result(20) is index
    assert built == [index]


def test_one_tenant_does_not_wait_for_the_index_of_another(documents, embedder):
    cache, index = IndexCache(), build_index(documents, embedder)
    begun, go_on = Event(), Event()

    def slow():
        begun.set()
        assert go_on.wait(60)
        return index

    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(cache.get, "slow shop", "v", "e", slow)
        assert begun.wait(60)
        assert cache.get("shop", "v", "e", lambda: index) is index
        go_on.set()
        assert waiting.result(20) is index


def test_a_build_that_failed_is_tried_again(documents, embedder):
    cache, index = IndexCache(), build_index(documents, embedder)

    def fails():
        raise ConnectionError

    with pytest.raises(ConnectionError):
        cache.get("shop", "v", "e", fails)
    assert cache.get("shop", "v", "e", lambda: index) is index


def test_the_least_recently_used_index_is_given_up_first(documents, embedder):
    index = build_index(documents, embedder)
    cache, build = IndexCache(max_bytes=2 * index.nbytes), Counting(index)
    for tenant in ("a", "b", "a", "c", "a", "b"):
        cache.get(tenant, "v", "e", build)
    assert (build.built, len(cache)) == (4, 2)


def test_an_earlier_version_of_the_same_documents_is_given_up(documents, embedder):
    cache, build = IndexCache(), Counting(build_index(documents, embedder))
    for version in ("v1", "v2", "v3"):
        cache.get("shop", version, "e", build)
        cache.get("other shop", "v1", "e", build)
        cache.get("shop", "v1", "another engine", build)
    assert (build.built, len(cache)) == (5, 3)


def test_documents_are_assembled_without_the_internal_ones(documents, embedder):
    embedded = list(embed_documents(documents, embedder))
    cache = IndexCache()
    customers = cache.get(SHOP, "v", embedder.engine, lambda: embedded)
    staff = cache.get(SHOP, "v", embedder.engine, lambda: embedded, for_staff=True)
    assert "en/goodwill.md" not in customers.documents
    assert "en/goodwill.md" in staff.documents


def test_an_index_for_staff_is_never_kept_for_customers(documents, embedder, tmp_path):
    staff = build_index(documents, embedder, for_staff=True)
    with pytest.raises(ValueError, match="staff"):
        IndexCache(tmp_path).get(SHOP, "v", embedder.engine, lambda: staff)
    assert not list(tmp_path.iterdir())


def test_another_process_maps_what_one_has_built(documents, embedder, tmp_path):
    build = Counting(build_index(documents, embedder))
    vector = embedder.embed(["who pays for return shipping"])[0]
    found = [
        search(index, Asked("who pays for return shipping", vector), [], "en")
        for index in (build(), *(IndexCache(tmp_path).get(SHOP, "v", embedder.engine, build) for _ in range(2)))
    ]
    assert build.built == 2
    assert found[0] == found[1] == found[2]


def test_an_index_that_cannot_be_stored_stays_in_memory_and_that_is_said_once(documents, embedder, tmp_path):
    (tmp_path / "a file").write_text("no folder can be made here")
    cache, build = IndexCache(tmp_path / "a file"), Counting(build_index(documents, embedder))
    with capture_logs() as logs:
        for tenant in (SHOP, str(uuid4()), SHOP):
            assert cache.get(tenant, "v", embedder.engine, build).passages
    assert build.built == 2
    assert [line["event"] for line in logs] == ["index_not_stored"]


def test_what_is_kept_of_a_tenant_can_be_given_up(documents, embedder, tmp_path):
    cache, build = IndexCache(tmp_path), Counting(build_index(documents, embedder))
    cache.get(SHOP, "v", embedder.engine, build)
    cache.forget(SHOP)
    assert not list(tmp_path.iterdir())
    cache.get(SHOP, "v", embedder.engine, build)
    assert build.built == 2


def test_what_could_not_be_stored_is_tried_again_after_a_while_and_both_are_told(documents, embedder, tmp_path):
    folder, now, told = tmp_path / "index", [0.0], []
    folder.write_text("no folder can be made here")
    cache, build = IndexCache(folder, clock=lambda: now[0]), Counting(build_index(documents, embedder))

    def ask():
        return cache.get(SHOP, "v", embedder.engine, build, told=told.append)

    assert ask() is ask()
    assert told == ["The disk says: File exists."]
    folder.unlink()
    now[0] += AGAIN_S - 1
    ask()
    assert not folder.exists()
    now[0] += 2
    mapped = ask()
    assert told == ["The disk says: File exists.", ""]
    assert mapped is ask()
    assert not any(array.flags.writeable for array in mapped.arrays.values())
    assert build.built == 1
