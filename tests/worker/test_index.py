"""Indexing as a kind of work: resumed where it was killed, published whole, and never stopped by one bad document."""

import pytest

from bootstrap import Services
from domain.errors import TryAgain
from parts.answering import EMPTY, PREPARING
from storage import documents, indexing
from storage.documents import StoredDocument
from storage.due import Kind, kinds_due
from tests.support.little_models import PlainEmbedder
from worker import index
from worker.drain import drain
from worker.jobs import QUEUES

RETURNS = b"# Returns\n\nYou can return a lamp within thirty days.\n\n## Costs\nReturning it is free."
DELIVERY = b'---\nquestions: ["How long does a parcel take?"]\n---\n# Delivery\n\nA parcel takes three days.'


@pytest.fixture
def store(shop):
    def put(path, content, **more):
        stored = shop.services.read_document(path, content, **more)
        with shop.services.database.transaction(shop.tenant) as db:
            documents.put(db, shop.tenant, stored)
        return stored.version

    return put


def run(shop):
    """Rounds until nothing is left, as a worker does when it is woken again and again."""
    rounds = 0
    while shop.run(Kind.INDEX):
        rounds += 1
        assert rounds < 100
    return rounds


def found(shop):
    return {one.document.path: one for one in shop.services.load_published(shop.tenant, shop.services.embedder.engine)}


def answers(shop, question="Can I return a lamp within thirty days?"):
    """By the real index: the services of the tests put little answers in its place."""
    real = Services._answers(shop.services, shop.tenant, shop.services._abstention)
    return real.answer(question, "", "en")


def test_indexing_is_work_of_the_brain_and_is_due_until_it_is_done(shop, store):
    assert QUEUES["brain"].index(Kind.PROCESS) < QUEUES["brain"].index(Kind.INDEX)  # mail comes first
    store("a.md", RETURNS)
    with shop.services.listener_database.without_tenant() as db:
        assert Kind.INDEX in kinds_due(db)
    run(shop)
    with shop.services.listener_database.without_tenant() as db:
        assert Kind.INDEX not in kinds_due(db)


def test_what_was_indexed_comes_back_as_it_was_cut_and_embedded(shop, store):
    store("en/returns.md", RETURNS)
    store("en/delivery.md", DELIVERY)
    run(shop)
    loaded = found(shop)
    assert [one.heading for one in loaded["en/returns.md"].passages] == ["Returns", "Returns > Costs"]
    assert loaded["en/returns.md"].passages[1].text == "Returning it is free."
    delivery = loaded["en/delivery.md"]
    assert (delivery.document.questions, delivery.owners) == (("How long does a parcel take?",), (0,))
    embedder = PlainEmbedder()
    assert (delivery.titles == embedder.embed(["Delivery"])).all()
    assert (delivery.bodies == embedder.embed(["Delivery\nA parcel takes three days."])).all()
    assert (delivery.questions == embedder.embed(["How long does a parcel take?"])).all()


def test_answers_come_from_what_is_published_and_say_so_while_nothing_is(shop, store):
    assert answers(shop).reason == EMPTY
    store("en/returns.md", RETURNS)
    assert answers(shop).reason == PREPARING
    run(shop)
    assert [one.path for one in answers(shop).passages][:1] == ["en/returns.md"]


def test_only_what_is_new_is_embedded(shop, store):
    store("a.md", RETURNS)
    store("b.md", DELIVERY)
    run(shop)
    shop.services.embedder.embedded.clear()
    store("b.md", DELIVERY + b" Or four.")
    run(shop)
    assert shop.services.embedder.embedded == [
        "Delivery", "Delivery\nA parcel takes three days. Or four.", "How long does a parcel take?",
    ]  # fmt: skip
    assert set(found(shop)) == {"a.md", "b.md"}


def test_what_was_there_before_is_answered_from_until_the_new_set_stands(shop, store):
    first = store("a.md", RETURNS)
    run(shop)
    second = store("a.md", RETURNS + b" Always.")
    assert found(shop)["a.md"].document.version == first
    run(shop)
    assert found(shop)["a.md"].document.version == second


def test_what_is_removed_or_made_internal_is_out_of_the_published_set_at_once(shop, store):
    for path in ("a.md", "b.md", "c.md"):
        store(path, RETURNS)
    run(shop)
    with shop.services.database.transaction(shop.tenant) as db:
        before = indexing.published(db, shop.tenant, "plain").version
        assert documents.remove(db, shop.tenant, "a.md")
        assert not documents.remove(db, shop.tenant, "a.md")
    store("b.md", b"---\nvisibility: internal\n---\nSecret.")
    assert set(found(shop)) == {"c.md"}
    with shop.services.database.transaction(shop.tenant) as db:
        assert indexing.published(db, shop.tenant, "plain").version != before
    run(shop)
    assert set(found(shop)) == {"b.md", "c.md"}
    assert {one.path for one in answers(shop).passages} == {"c.md"}


def test_what_proves_internal_only_when_it_is_read_leaves_the_published_set_there_and_then(shop, store):
    store("a.md", RETURNS)
    store("b.md", DELIVERY)
    run(shop)
    with shop.services.database.transaction(shop.tenant) as db:
        unread = StoredDocument("a.md", "v2", "---\nvisibility: internal\n---\nSecret.")
        documents.put(db, shop.tenant, unread)
    shop.run(Kind.INDEX)  # read and cut, neither embedded nor published
    assert set(found(shop)) == {"b.md"}


def test_what_was_said_to_be_internal_beside_a_file_stays_so_when_a_worker_reads_it(shop):
    with shop.services.database.transaction(shop.tenant) as db:
        documents.put(
            db, shop.tenant, StoredDocument("a.md", "v", "# Margins\n\nForty percent.", visibility="internal")
        )
    run(shop)
    assert shop.rows("SELECT visibility, body IS NOT NULL FROM document") == [("internal", True)]
    assert answers(shop).passages == ()


def test_a_set_is_never_kept_under_the_name_of_another_one(shop, store, monkeypatch):
    """Between the look at the name and the loading, another set is published."""
    store("a.md", RETURNS)
    run(shop)
    load = shop.services.load_published

    def late(tenant, engine, version=""):
        monkeypatch.setattr(shop.services, "load_published", load)
        store("b.md", DELIVERY)
        run(shop)
        return load(tenant, engine, version)

    monkeypatch.setattr(shop.services, "load_published", late)
    with pytest.raises(TryAgain):
        answers(shop)
    assert {one.path for one in answers(shop).passages} == {"a.md", "b.md"}
    store("b.md", b"---\nvisibility: internal\n---\nSecret.")
    assert {one.path for one in answers(shop).passages} == {"a.md"}


class Fragile(PlainEmbedder):
    """Breaks at one word, as a model may at a text that nobody foresaw."""

    def embed(self, texts):
        if any("poison" in text for text in texts):
            raise ValueError
        return super().embed(texts)


class Dead(PlainEmbedder):
    def embed(self, texts):
        raise ValueError


class Dying(PlainEmbedder):
    """The process ends at the n-th call: no `except Exception` sees it."""

    def __init__(self, lives):
        super().__init__()
        self.lives = lives

    def embed(self, texts):
        self.lives -= 1
        if self.lives < 0:
            raise KeyboardInterrupt
        return super().embed(texts)


def problems(shop):
    return dict(
        shop.rows("SELECT d.path, i.problem FROM document_index i JOIN document d ON d.id = i.document_id"
                  " WHERE i.problem <> ''")
    )  # fmt: skip


def test_a_bad_document_is_left_out_with_its_reason_and_the_others_are_published(shop, store):
    shop.services.embedder = Fragile()
    store("bad.md", b"poison")
    store("good.md", RETURNS)
    with shop.services.database.transaction(shop.tenant) as db:
        unread = StoredDocument("unread.md", "v", "---\nvisibility: intern\n---\nText")
        documents.put(db, shop.tenant, unread)
    run(shop)
    assert set(found(shop)) == {"good.md"}
    assert problems(shop) == {
        "bad.md": "It could not be indexed; the reason is in the log.",
        "unread.md": "has the visibility 'intern'; it can be public or internal.",
    }


def test_a_document_that_failed_is_tried_again_when_it_is_put_again(shop, store):
    shop.services.embedder = Fragile()
    store("a.md", b"poison")
    run(shop)
    shop.services.embedder = PlainEmbedder()
    store("a.md", b"poison")
    run(shop)
    assert set(found(shop)) == {"a.md"}
    assert problems(shop) == {}


def test_a_broken_model_is_no_documents_fault(shop, store):
    store("a.md", RETURNS)
    shop.services.embedder = Dead()
    for _ in range(3):
        shop.due_again()
        shop.run(Kind.INDEX)
    assert problems(shop) == {}
    assert shop.one("SELECT last_error FROM knowledge") == "an unexpected ValueError"
    shop.services.embedder = PlainEmbedder()
    shop.due_again()
    run(shop)
    assert set(found(shop)) == {"a.md"}


def test_a_killed_worker_loses_one_batch_and_the_next_goes_on_from_there(shop, store, monkeypatch):
    monkeypatch.setattr(index, "PASSAGES", 4)
    body = "\n\n".join(f"## Part {number}\nThe text of part {number}." for number in range(20)).encode()
    store("long.md", body)
    dying = shop.services.embedder = Dying(3)
    with pytest.raises(KeyboardInterrupt):
        run(shop)
    assert shop.rows("SELECT total, embedded FROM knowledge") == [(20, 12)]
    assert shop.run(Kind.INDEX) == 0  # the lease still runs
    after = shop.services.embedder = PlainEmbedder()
    shop.due_again()
    run(shop)
    assert len(found(shop)["long.md"].passages) == 20
    assert not set(dying.embedded) & set(after.embedded)
    assert len(dying.embedded) + len(after.embedded) == 40


def test_a_document_that_ends_the_program_is_found_and_left_out(shop, store):
    class Deadly(PlainEmbedder):
        def embed(self, texts):
            if any("deadly" in text for text in texts):
                raise KeyboardInterrupt
            return super().embed(texts)

    shop.services.embedder = Deadly()
    store("a.md", RETURNS)
    store("b.md", b"deadly")
    store("c.md", DELIVERY)
    for _ in range(12):
        shop.due_again()
        try:
            run(shop)
        except KeyboardInterrupt:
            continue
    assert set(found(shop)) == {"a.md", "c.md"}
    assert problems(shop) == {"b.md": "Indexing it ended the program several times."}


def test_two_engines_never_mix(shop, store):
    store("a.md", RETURNS)
    run(shop)
    other = shop.services.embedder = PlainEmbedder("another")
    assert shop.run(Kind.INDEX) == 0
    assert answers(shop).reason == PREPARING  # and a worker is asked
    run(shop)
    assert len(other.embedded) >= 4
    assert [one.engine for one in shop.services.load_published(shop.tenant, "plain")] == ["plain"]
    assert [one.engine for one in shop.services.load_published(shop.tenant, "another")] == ["another"]
    assert shop.rows("SELECT engine, count(*) FROM passage GROUP BY engine ORDER BY engine") == [
        ("another", 2), ("plain", 2),
    ]  # fmt: skip


def test_what_no_set_holds_any_more_is_cleaned_up_and_its_version_stays_readable(shop, store):
    first = store("a.md", RETURNS)
    run(shop)
    store("a.md", DELIVERY)
    run(shop)
    assert shop.one("SELECT count(*) FROM passage") == 1
    with shop.services.database.transaction(shop.tenant) as db:
        assert documents.body_of(db, shop.tenant, "a.md", first).startswith("# Returns")


def test_a_change_while_the_set_is_made_is_published_next_and_nothing_is_missing_meanwhile(shop, store):
    store("a.md", RETURNS)
    run(shop)
    store("b.md", DELIVERY)
    with shop.services.database.transaction(shop.tenant) as db:
        work = indexing.claim(db, shop.tenant, "plain", index.LEASE)
    store("a.md", DELIVERY)
    with shop.services.database.transaction(shop.tenant) as db:
        assert not indexing.publish(db, work)
    assert set(found(shop)) == {"a.md"}
    shop.due_again()
    run(shop)
    assert set(found(shop)) == {"a.md", "b.md"}


def test_one_call_does_one_batch_and_leaves_a_wake_up_call_behind_the_mail(shop, store):
    store("a.md", RETURNS)
    woken = []
    assert drain(shop.services, Kind.INDEX, woken.append) == 1
    assert woken == [Kind.INDEX]
    assert shop.rows("SELECT total, embedded FROM knowledge") == [(2, 0)]
