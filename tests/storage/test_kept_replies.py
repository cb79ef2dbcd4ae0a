"""What members type is kept, one text a decision: never overwritten unseen, gone once the mail is answered."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest
from sqlalchemy import text

from domain.category import Category
from storage import closing, customer_data, desk, erasure, gmail_drafts, kept_replies, members, retention
from storage.kept_replies import Overtaken, Seen
from tests.support.waiting import until
from tests.web.filling import Filler, Held


@pytest.fixture
def filler(database, workspace):
    return Filler(database, workspace.id, workspace.owner)


@pytest.fixture
def held(filler) -> Held:
    return filler.held(filler.mailbox())


@pytest.fixture
def tom(database, workspace):
    values = {"email": "tom@lumen.example", "name": "Tom", "password_hash": "x", "role": "agent"}
    with database.transaction(workspace.id) as db:
        return members.add(db, workspace.id, **values)


def keep(filler, held, words, *, member=None, version=0, writer=""):
    with filler.database.transaction(filler.tenant) as db:
        seen, by = Seen(version, writer), member or filler.member
        return kept_replies.keep(db, filler.tenant, held.decision, words, member=by, seen=seen)


def kept(filler, held):
    with filler.database.transaction(filler.tenant) as db:
        found = kept_replies.of(db, filler.tenant, [held.decision]).get(held.decision)
    return (found.text, found.by) if found else None


def send(db, filler, held, words, *, member=None, version=0):
    """As the page sends: looked at and sent in one transaction."""
    kept_replies.check(db, filler.tenant, held.decision, Seen(version), words)
    values = {"member": member or filler.member, "text_to_send": words, "reference": "ABC234"}
    return desk.send(db, filler.tenant, held.decision, **values)


def test_the_text_of_whoever_wrote_last_is_kept_with_their_name(filler, held, tom):
    first = keep(filler, held, "Dear Anna")
    second = keep(filler, held, "Dear Anna, yes.", member=tom, version=first)
    assert second == first + 1
    assert kept(filler, held) == ("Dear Anna, yes.", "Tom")


def test_a_newer_text_is_not_overwritten_by_who_has_not_seen_it(filler, held, tom):
    keep(filler, held, "Tom's", member=tom)
    with pytest.raises(Overtaken) as told:
        keep(filler, held, "Olivia's")
    assert (told.value.theirs.text, told.value.theirs.by) == ("Tom's", "Tom")
    assert kept(filler, held) == ("Tom's", "Tom")
    assert keep(filler, held, "Olivia's", version=told.value.theirs.version)
    assert kept(filler, held) == ("Olivia's", "Olivia Owner")


def test_the_same_member_in_two_windows_is_two_writers(filler, held):
    keep(filler, held, "In one window.", writer="one")
    with pytest.raises(Overtaken):
        keep(filler, held, "In the other.", writer="other")


def test_a_page_whose_answer_was_lost_does_not_overtake_itself(filler, held):
    keep(filler, held, "Dear", writer="one")
    keep(filler, held, "Dear Anna", writer="one")
    assert kept(filler, held) == ("Dear Anna", "Olivia Owner")


def test_the_same_words_twice_are_no_quarrel(filler, held, tom):
    keep(filler, held, "Yes.", member=tom)
    assert keep(filler, held, "Yes.")


def test_what_is_kept_is_forgotten_only_by_who_has_seen_it(filler, held, tom):
    version = keep(filler, held, "Tom's", member=tom)
    with filler.database.transaction(filler.tenant) as db, pytest.raises(Overtaken):
        kept_replies.drop(db, filler.tenant, held.decision, seen=Seen(version - 1))
    with filler.database.transaction(filler.tenant) as db:
        assert kept_replies.drop(db, filler.tenant, held.decision, seen=Seen(version))
        assert not kept_replies.drop(db, filler.tenant, held.decision, seen=Seen(version))


def test_what_was_kept_waits_again_with_its_mail(filler, held, tom):
    keep(filler, held, "Half a reply.", member=tom)
    with filler.database.transaction(filler.tenant) as db:
        assert closing.close(db, filler.tenant, held.conversation, member=filler.member)
        [left] = kept_replies.left_behind(db, filler.tenant, held.conversation)
        assert closing.reopen(db, filler.tenant, held.conversation, member=filler.member)
        assert kept_replies.left_behind(db, filler.tenant, held.conversation) == []
    assert (left.text, left.by) == ("Half a reply.", "Tom")
    assert kept(filler, held) == ("Half a reply.", "Tom")


def test_a_text_kept_after_another_was_dropped_has_a_version_of_its_own(filler, held):
    before = keep(filler, held, "Before.")
    with filler.database.transaction(filler.tenant) as db:
        assert kept_replies.drop(db, filler.tenant, held.decision, seen=Seen(before))
    assert kept(filler, held) is None
    keep(filler, held, "After.")
    with pytest.raises(Overtaken):
        keep(filler, held, "From a page of before.", version=before)


@pytest.mark.parametrize("settled", ["sent", "laid down in Gmail", "dismissed", "closed"])
def test_nothing_more_is_kept_of_a_mail_that_is_settled_and_nothing_of_one_that_is_answered(filler, held, tom, settled):
    version = keep(filler, held, "Not sent.", member=tom)
    with filler.database.transaction(filler.tenant) as db:
        match settled:
            case "sent":
                assert send(db, filler, held, "Sent.", version=version)
            case "laid down in Gmail":
                values = {"member": tom, "text_to_send": "Sent.", "reference": "ABC234"}
                assert gmail_drafts.save(db, filler.tenant, held.decision, **values)
            case "dismissed":
                assert desk.dismiss(db, filler.tenant, held.decision, member=filler.member)
            case _:
                assert closing.close(db, filler.tenant, held.conversation, member=filler.member) == 1
    left = ("Not sent.", "Tom") if settled in {"dismissed", "closed"} else None
    assert keep(filler, held, "Too late.") == 0
    assert kept(filler, held) == left


def test_of_two_sends_over_the_same_version_one_leaves(filler, held, tom):
    version, together = keep(filler, held, "Begun."), Barrier(2)

    def press(member):
        with filler.database.transaction(filler.tenant) as db:
            together.wait()
            return send(db, filler, held, f"From {member}", member=member, version=version)

    with ThreadPoolExecutor(2) as people:
        assert sorted(people.map(press, (filler.member, tom))) == [False, True]
    assert len(filler.rows("SELECT 1 FROM outbox WHERE tenant_id = :tenant AND state = 'pending'")) == 1


def test_who_sends_while_a_colleague_keeps_is_stopped(filler, held, tom, owner):
    """The colleague's transaction is open still when the other one is sent: it waits for that, and then sees it."""
    version, is_kept, may_end = keep(filler, held, "Begun."), Event(), Event()

    def keeps():
        with filler.database.transaction(filler.tenant) as db:
            kept_replies.keep(db, filler.tenant, held.decision, "Tom's", member=tom, seen=Seen(version))
            is_kept.set()
            assert may_end.wait(60)

    def sends():
        assert is_kept.wait(60)
        with filler.database.transaction(filler.tenant) as db:
            return send(db, filler, held, "Olivia's", version=version)

    with ThreadPoolExecutor(2) as people:
        keeping, sending = people.submit(keeps), people.submit(sends)
        until(lambda: _waits_for_a_lock(owner))
        may_end.set()
        keeping.result(60)
        with pytest.raises(Overtaken) as told:
            sending.result(60)
    assert told.value.theirs.text == "Tom's"
    assert filler.rows("SELECT 1 FROM outbox WHERE tenant_id = :tenant AND state = 'pending'") == []


def test_who_keeps_while_a_colleague_sends_is_told_that_it_is_settled(filler, held, tom, owner):
    is_sent, may_end = Event(), Event()

    def sends():
        with filler.database.transaction(filler.tenant) as db:
            assert send(db, filler, held, "Olivia's")
            is_sent.set()
            assert may_end.wait(60)

    def keeps():
        assert is_sent.wait(60)
        return keep(filler, held, "Tom's", member=tom)

    with ThreadPoolExecutor(2) as people:
        sending, keeping = people.submit(sends), people.submit(keeps)
        until(lambda: _waits_for_a_lock(owner))
        may_end.set()
        sending.result(60)
        assert keeping.result(60) == 0
    assert kept(filler, held) is None


def _waits_for_a_lock(owner) -> bool:
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    found = owner.execute(waiting).scalar_one()
    owner.rollback()
    return found > 0


def test_what_was_typed_stays_to_be_seen_where_the_mail_is_decided_anew(filler, held):
    keep(filler, held, "Half a reply.")
    filler.correct(held.decision, Category.REFUND, "return")
    with filler.database.transaction(filler.tenant) as db:
        [left] = kept_replies.left_behind(db, filler.tenant, held.conversation)
    assert (left.text, left.decision) == ("Half a reply.", held.decision)
    with filler.database.transaction(filler.tenant) as db:
        assert kept_replies.drop(db, filler.tenant, held.decision, seen=Seen())


def test_a_customers_copy_holds_what_was_begun_and_their_erasure_ends_it(filler, held):
    keep(filler, held, "Dear Anna")
    with filler.database.transaction(filler.tenant) as db:
        [begun] = customer_data.rows(db, filler.tenant, "anna@example.org")["kept_replies"]
        assert begun["text"] == "Dear Anna"
        assert erasure.erase(db, filler.tenant, "anna@example.org", actor="test")["kept replies"] == 1
    assert filler.rows("SELECT 1 FROM kept_reply WHERE tenant_id = :tenant") == []


def test_what_was_typed_for_old_mail_goes_with_its_words(filler, held):
    keep(filler, held, "Half a reply.")
    filler.rows("UPDATE decision SET disposition = 'ignore' WHERE tenant_id = :tenant RETURNING 1")
    filler.rows(
        "UPDATE message SET state = 'decided', received_at = now() - interval '60 days'"
        " WHERE tenant_id = :tenant RETURNING 1"
    )
    with filler.database.transaction(filler.tenant) as db:
        retention.set_days(db, filler.tenant, 30, actor="test")
        assert retention.forget(db, filler.tenant) == 1
    assert filler.rows("SELECT 1 FROM kept_reply WHERE tenant_id = :tenant") == []


def test_what_was_typed_anew_for_mail_whose_words_have_gone_goes_too(filler, held):
    filler.rows(
        "UPDATE message SET state = 'decided', received_at = now() - interval '60 days', parsed = NULL"
        " WHERE tenant_id = :tenant RETURNING 1"
    )
    filler.rows("DELETE FROM raw_mail WHERE tenant_id = :tenant RETURNING 1")
    keep(filler, held, "Half a reply.")
    with filler.database.transaction(filler.tenant) as db:
        assert closing.close(db, filler.tenant, held.conversation, member=filler.member)
        retention.set_days(db, filler.tenant, 30, actor="test")
        assert retention.forget(db, filler.tenant) == 1
        assert retention.forget(db, filler.tenant) == 0
    assert kept(filler, held) is None
