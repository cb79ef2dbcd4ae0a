"""A search by words finds mail in its own language and of its own tenant, by an index."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from domain.decision import Decision
from domain.message import Address
from storage import conversations, queue, search
from storage.queue import Filter, State
from tests.web.filling import MESSAGE, UNDERSTANDING, Filler


@pytest.fixture
def filler(database, workspace) -> Filler:
    return Filler(database, workspace.id, workspace.owner)


COUNTED = text("""
    SELECT (SELECT count(*) FROM waiting_with_words(CAST(:q AS tsquery), 9)),
        (SELECT count(*) FROM decided_with_words(CAST(:q AS tsquery), 9))
""")


def mail(
    filler: Filler, words: str, *, language: str = "en", subject: str = "Hello", name: str = "Anna Winter"
) -> None:
    message = replace(MESSAGE, subject=subject, text=words, sender=Address("anna.winter@shop.example", name))
    filler.held(filler.mailbox(), message, understanding=replace(UNDERSTANDING, text=words, language=language))


def hits(filler: Filler, words: str, state: State = State.WAITING) -> int:
    with filler.database.transaction(filler.tenant) as db:
        return len(queue.page(db, filler.tenant, Filter(words=words, state=state)))


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("return", 1),  # the stem of "returning"
        ("returned the lamps", 1),
        ("LAMP", 1),
        ("lam", 1),  # a beginning of three letters
        ("la", 0),
        ("LO-48213", 1),
        ("LO-482", 1),
        ("48213", 1),
        ("anna", 1),
        ("anna.winter@shop.example", 1),
        ("shop.example", 1),
        ("winter returning", 1),
        ("winter chair", 0),
        ("sending", 1),  # in the subject
        ("%", 0),
        ("' | \\ & !", 0),
        ("lamp ' & !x:*", 0),
        ("lamp' &", 1),
    ],
)
def test_every_word_must_be_found_by_its_stem_or_as_it_begins(filler, words, found):
    mail(filler, "I am returning the lamp of order LO-48213.", subject="Sending it back")
    assert hits(filler, words) == found


@pytest.mark.parametrize(
    ("language", "written", "asked"),
    [
        ("de", "Ich möchte die Bücher zurückgeben", "Buch"),
        ("fr", "Je veux retourner les chaises", "chaise retourné"),
        ("es", "Quiero devolver las lámparas", "lámpara"),
        ("nl", "Ik wil de lampen terugsturen", "lampen"),
        ("und", "Lampa proszę", "lampa"),
    ],
)
def test_mail_is_found_by_the_stems_of_its_own_language(filler, language, written, asked):
    mail(filler, written, language=language)
    assert hits(filler, asked) == 1


def test_words_that_are_too_common_are_left_out_unless_there_are_no_others(filler):
    mail(filler, "It is late.")
    assert hits(filler, "the late") == 1
    assert hits(filler, "the") == 0


def test_settled_mail_is_found_where_it_is_and_not_in_the_queue(filler):
    mail(filler, "A velvet sofa.")
    filler.rows(
        "UPDATE decision SET settled_at = now(), settlement = 'dismissed' WHERE tenant_id = :tenant RETURNING 1"
    )
    assert hits(filler, "velvet") == 0
    assert hits(filler, "velvet", State.DONE) == 1
    with filler.database.transaction(filler.tenant) as db:
        [row] = conversations.recent(db, filler.tenant, words="velvet")
        assert conversations.recent(db, filler.tenant, words="silk") == []
        assert conversations.recent(db, filler.tenant, words="?!") == []
    assert row.state == "dismissed"


def test_what_a_machine_wrote_and_what_cannot_be_read_is_found_by_its_sender(filler):
    claim = filler.store(filler.mailbox(), MESSAGE)
    filler.decide(claim, Decision.ignore("A machine wrote it: a list."), UNDERSTANDING)
    with filler.database.transaction(filler.tenant) as db:
        assert len(conversations.recent(db, filler.tenant, words="anna@example.org")) == 1


def test_the_functions_that_see_more_return_nothing_of_another_tenant(filler, other_workspace):
    mail(filler, "A velvet sofa.")
    with filler.database.transaction(filler.tenant) as db:
        asked = search.waiting(db, filler.tenant, "velvet").query
        assert tuple(db.execute(COUNTED, {"q": asked}).one()) == (1, 1)
    with filler.database.transaction(other_workspace.id) as db:
        # The very words as they stand in the other tenant's index.
        assert tuple(db.execute(COUNTED, {"q": asked}).one()) == (0, 0)
    with filler.database.without_tenant() as db:
        assert tuple(db.execute(COUNTED, {"q": asked}).one()) == (0, 0)


MANY = text("""
    WITH mail AS (
        INSERT INTO message (tenant_id, id, mailbox_id, conversation_id, gmail_id, thread_id, direction, state, subject,
            sender_address, received_at)
        SELECT :tenant, gen_random_uuid(), m.mailbox_id, m.conversation_id, 'many' || n, 'many' || n, 'in', 'decided',
            'chair' || n % 3000, 'a@b.example', now()
        FROM generate_series(1, 3000) n, (SELECT * FROM message WHERE tenant_id = :tenant LIMIT 1) m RETURNING *
    )
    INSERT INTO decision (tenant_id, id, message_id, conversation_id, disposition, reason, category, understanding)
    SELECT tenant_id, gen_random_uuid(), id, conversation_id, 'hold', 'x', 'question',
        jsonb_build_object('text', 'A common velvet sofa.', 'language', 'en') FROM mail
""")


def test_common_words_fill_a_page_and_rare_ones_come_from_the_index(filler, owner):
    mail(filler, "A velvet sofa.")
    with filler.database.transaction(filler.tenant) as db:
        db.execute(MANY, {"tenant": filler.tenant})
    owner.execute(text("ANALYZE decision"))
    owner.commit()
    with filler.database.transaction(filler.tenant) as db:
        common, rare = (search.waiting(db, filler.tenant, words) for words in ("velvet", "chair17"))
        assert (common.common, rare.common) == (True, False)
        assert len(queue.page(db, filler.tenant, Filter(words="velvet"), limit=51)) == 51
        assert len(queue.page(db, filler.tenant, Filter(words="common sofa", category="question"), limit=51)) == 51
        assert {row.subject[:7] for row in queue.page(db, filler.tenant, Filter(words="chair17"), limit=51)} == {
            "chair17"
        }
        assert conversations.recent(db, filler.tenant, words="velvet")
    body = "SELECT prosrc FROM pg_proc WHERE proname = 'waiting_with_words'"
    source = owner.execute(text(body)).scalar_one().replace("asked", "CAST(:asked AS tsquery)").replace("most", "9")
    owner.execute(text("SELECT set_config('app.tenant_id', :tenant, true)"), {"tenant": str(filler.tenant)})
    plan = owner.execute(text("EXPLAIN " + source), {"asked": rare.query}).scalars().all()
    assert any("_words" in line and "Bitmap Index Scan" in line for line in plan), plan
