"""Documents keep every version; what is current, listed and searched follows from what was put and removed."""

import numpy as np
import pytest

from domain.errors import TryAgain
from storage import document_list, documents, indexing, passages, published, tenants
from storage.documents import StoredDocument
from storage.passages import Piece, Vectors

ENGINE = "e"


def document(path="a.md", version="v1", body="The text.", **more):
    return StoredDocument(path, version, body, body=body, title=path.removesuffix(".md").title(), **more)


@pytest.fixture
def db(database, workspace):
    with database.transaction(workspace.id) as db:
        yield db


@pytest.fixture
def tenant(workspace):
    return workspace.id


def index(db, tenant, engine=ENGINE):
    """What a worker does, with vectors that say where they belong."""
    for number, row in passages.uncut(db, tenant, engine, 100):
        passages.cut(db, tenant, number, engine, [Piece(row.title, 0, len(row.body))] if row.body else [])
    waiting = passages.waiting(db, tenant, engine, 1000)
    vector = np.ones(2, dtype="<f4").tobytes()
    passages.fill(db, tenant, engine, [Vectors(one.document, one.position, vector, vector) for one in waiting])
    passages.ready_without_questions(db, tenant, engine)
    for number in passages.unasked(db, tenant, engine, 100):
        passages.ask_questions(db, tenant, number, engine, vectors=[vector], owners=[0])
    work = indexing.claim(db, tenant, engine, indexing.timedelta(minutes=1))
    indexing.progressed(db, work)
    assert indexing.publish(db, work)


def searched(db, tenant, engine=ENGINE):
    return [(one.document.path, one.document.version) for one in published.load(db, tenant, engine)]


def test_what_was_put_comes_back_as_it_was(db, tenant, workspace):
    put = document(
        kind="pdf", original=b"\0%PDF", url="https://shop.example/a", questions=("How?", "Why?"), maker="upload",
        member=workspace.owner, language="de", visibility="internal",
    )  # fmt: skip
    assert documents.put(db, tenant, put)
    assert documents.of_version(db, tenant, "a.md", "v1") == put
    assert documents.of_path(db, tenant, "a.md") == put
    assert documents.current(db, tenant) == [put]


def test_putting_the_same_version_again_changes_nothing_and_asks_for_nothing(db, tenant):
    documents.put(db, tenant, document())
    index(db, tenant)
    assert not documents.put(db, tenant, document())
    assert indexing.is_settled(db, tenant)


def test_every_version_stays_readable_under_its_name(db, tenant):
    for version in ("v1", "v2"):
        documents.put(db, tenant, document(version=version, body=f"Text of {version}."))
    documents.remove(db, tenant, "a.md")
    assert documents.current(db, tenant) == []
    assert documents.of_path(db, tenant, "a.md") is None
    assert documents.body_of(db, tenant, "a.md", "v1") == "Text of v1."
    assert documents.body_of(db, tenant, "a.md", "v2") == "Text of v2."
    assert documents.body_of(db, tenant, "a.md", "v3") is None
    assert [one.version for one in documents.versions(db, tenant, "a.md")] == ["v2", "v1"]


def test_an_earlier_version_that_is_put_again_is_current_with_the_text_it_always_had(db, tenant):
    documents.put(db, tenant, document(body="As it was read first."))
    documents.put(db, tenant, document(version="v2"))
    assert documents.put(db, tenant, document(body="As another release reads it."))
    assert documents.of_path(db, tenant, "a.md").body == "As it was read first."
    assert [one.is_current for one in documents.versions(db, tenant, "a.md")] == [True, False]


def test_a_folder_replaces_everything_and_touches_only_what_differs(db, tenant):
    documents.replace_all(db, tenant, [document("a.md"), document("b.md"), document("c.md")])
    index(db, tenant)
    name = tenants.get(db, tenant).knowledge_version
    assert documents.replace_all(db, tenant, [document("a.md"), document("b.md", "v2"), document("d.md")]) == 3
    assert [one.path for one in documents.current(db, tenant)] == ["a.md", "b.md", "d.md"]
    assert tenants.get(db, tenant).knowledge_version != name
    assert [one.path for _, one in passages.uncut(db, tenant, ENGINE, 10)] == ["b.md", "d.md"]


def test_the_list_says_what_is_searched_what_waits_and_what_failed(db, tenant, workspace):
    documents.put_all(db, tenant, [document("a.md"), document("b.md"), document("c.md", visibility="internal")])
    [bad] = [number for number, row in passages.uncut(db, tenant, ENGINE, 10) if row.path == "b.md"]
    passages.failed(db, tenant, bad, ENGINE, "It is bad.")
    index(db, tenant)
    documents.put(db, tenant, document("d.md", maker="member", member=workspace.owner))
    documents.put(db, tenant, document("a.md", "v2"))
    listed = {one.path: one for one in document_list.listed(db, tenant)}
    assert {path: (one.state, one.passages, one.versions) for path, one in listed.items()} == {
        "a.md": ("waiting", 0, 2), "b.md": ("failed", 0, 1), "c.md": ("indexed", 1, 1), "d.md": ("waiting", 0, 1),
    }  # fmt: skip
    assert (listed["b.md"].problem, listed["c.md"].internal) == ("It is bad.", True)
    assert (listed["d.md"].maker, listed["d.md"].member_name) == ("member", "Olivia Owner")


def test_progress_is_counted_in_passages(db, tenant):
    assert indexing.progress(db, tenant) is None
    assert indexing.is_settled(db, tenant)
    documents.put_all(db, tenant, [document("a.md"), document("b.md")])
    far = indexing.progress(db, tenant)
    assert (far.waiting, far.published_at, indexing.is_settled(db, tenant)) == (True, None, False)
    index(db, tenant)
    far = indexing.progress(db, tenant)
    assert (far.waiting, far.total, far.embedded, far.documents, far.passages) == (False, 2, 2, 2, 2)


def test_a_document_without_any_passage_is_indexed_and_not_looked_at_again(db, tenant):
    documents.put(db, tenant, document(body=""))
    index(db, tenant)
    assert searched(db, tenant) == [("a.md", "v1")]
    assert passages.uncut(db, tenant, ENGINE, 10) == []


def test_a_set_has_the_same_name_as_long_as_it_holds_the_same(db, tenant):
    documents.put_all(db, tenant, [document("a.md"), document("b.md")])
    index(db, tenant)
    first = indexing.published(db, tenant, ENGINE)
    documents.put(db, tenant, document("b.md", "v2"))
    assert indexing.published(db, tenant, ENGINE).stale
    index(db, tenant)
    second = indexing.published(db, tenant, ENGINE)
    documents.put(db, tenant, document("b.md"))
    index(db, tenant)
    assert indexing.published(db, tenant, ENGINE) == first
    assert (second.stale, second.version != first.version) == (False, True)


def test_whoever_loads_a_set_sees_it_whole_while_another_publishes(database, tenant):
    with database.transaction(tenant) as db:
        documents.put_all(db, tenant, [document("a.md"), document("b.md")])
        index(db, tenant)
        documents.put_all(db, tenant, [document("a.md", "v2"), document("b.md", "v2")])
    with database.transaction(tenant) as reader:
        indexing.published(reader, tenant, ENGINE, lock=True)
        with pytest.raises(TryAgain), database.transaction(tenant) as db:  # noqa: PT012  # it is the transaction that raises
            db.exec_driver_sql("SET LOCAL lock_timeout = '50ms'")
            index(db, tenant)
        assert searched(reader, tenant) == [("a.md", "v1"), ("b.md", "v1")]
    with database.transaction(tenant) as db:
        index(db, tenant)
        assert searched(db, tenant) == [("a.md", "v2"), ("b.md", "v2")]


def test_sets_of_engines_long_out_of_use_are_cleaned_up_with_their_passages(db, tenant):
    documents.put(db, tenant, document(questions=("How?",)))
    index(db, tenant, "old")
    indexing.ask(db, tenant)
    index(db, tenant, "new")
    indexing.clean(db, tenant, other_engines_after=indexing.timedelta(days=7))
    assert searched(db, tenant, "old") == searched(db, tenant, "new") == [("a.md", "v1")]
    indexing.clean(db, tenant, other_engines_after=-indexing.timedelta(days=7))
    assert (searched(db, tenant, "old"), searched(db, tenant, "new")) == ([], [("a.md", "v1")])
    assert indexing.published(db, tenant, "old") is None
