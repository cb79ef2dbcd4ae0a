"""Two tenants whose documents share path, version and all but a few words: neither is answered by the other's."""

from uuid import uuid4

import pytest

from rag.cache import IndexCache
from rag.documents import parse_document
from rag.index import Asked, build_index
from rag.ranking import search
from understanding.heads import Heads

ONE, OTHER = str(uuid4()), str(uuid4())
QUESTION = "how long can I return an item"
# The version that a knowledge base of either has, as where both were imported from the same files.
VERSION = "0123456789abcdef"


def index_saying(days: str, embedder):
    text = f"---\ntitle: Returns\nlanguage: en\n---\n## How long can I return an item?\nWithin {days} days.\n"
    return build_index([parse_document("en/returns.md", text.encode())], embedder)


def said(index, embedder) -> str:
    [best, *_] = search(index, Asked(QUESTION, embedder.embed([QUESTION])[0]), [], "en")
    return str(best)


@pytest.fixture(params=["memory", "disk"])
def cache(request, tmp_path):
    """The cache of a worker; on disk it is looked up by a process that begins anew each time."""
    if request.param == "memory":
        kept = IndexCache()
        return lambda: kept
    return lambda: IndexCache(tmp_path)


def test_the_same_path_version_and_engine_in_two_workspaces_are_two_indexes(cache, embedder):
    for tenant, days in ((ONE, "thirty"), (OTHER, "ninety"), (ONE, "thirty"), (OTHER, "ninety")):
        index = cache().get(tenant, VERSION, embedder.engine, lambda days=days: index_saying(days, embedder))
        assert "ninety" not in said(index, embedder) or days == "ninety"
        assert any(days in one.body for one in index.documents.values())


def test_one_that_has_nothing_yet_is_not_answered_by_what_is_kept_of_another(cache, embedder):
    cache().get(ONE, VERSION, embedder.engine, lambda: index_saying("thirty", embedder))
    asked = []

    def build():
        asked.append(OTHER)
        return index_saying("ninety", embedder)

    cache().get(OTHER, VERSION, embedder.engine, build)
    assert asked == [OTHER]


def test_the_very_same_documents_are_built_for_each(cache, embedder):
    """What is the same today may differ tomorrow, and goes with its own tenant."""
    built = []
    for tenant in (ONE, OTHER):
        cache().get(
            tenant,
            VERSION,
            embedder.engine,
            lambda tenant=tenant: built.append(tenant) or index_saying("ten", embedder),
        )
    assert built == [ONE, OTHER]


def test_a_workspace_that_was_removed_takes_its_own_with_it_and_nothing_else(tmp_path, embedder):
    kept = IndexCache(tmp_path)
    for tenant, days in ((ONE, "thirty"), (OTHER, "ninety")):
        kept.get(tenant, VERSION, embedder.engine, lambda days=days: index_saying(days, embedder))
    kept.forget(ONE)
    again = []

    def build():
        again.append(ONE)
        return index_saying("ten", embedder)

    theirs = kept.get(OTHER, VERSION, embedder.engine, build)
    assert (again, any("ninety" in one.body for one in theirs.documents.values())) == ([], True)
    for process in (kept, IndexCache(tmp_path)):
        anew = process.get(ONE, VERSION, embedder.engine, build)
        assert not any("thirty" in one.body for one in anew.documents.values())
    assert again == [ONE]


def test_a_head_of_the_same_version_is_each_tenants_own():
    heads, ones, others = Heads(), object(), object()
    for _ in range(2):
        assert heads.get(ONE, 3, lambda: ones) is ones
        assert heads.get(OTHER, 3, lambda: others) is others
    assert heads.get(ONE, 0, lambda: ones) is None
    assert heads.get(OTHER, 3, lambda: ones) is others


def test_who_has_no_head_is_not_read_with_one_that_is_kept():
    heads = Heads()
    heads.get(ONE, 1, object)
    assert heads.get(OTHER, 1, lambda: None) is None
    assert heads.get(OTHER, 0, object) is None
