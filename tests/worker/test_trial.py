"""A mail that is tried: understood and decided as mail is, with nothing written but its own row, and nothing done."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import text

from storage import due, trials
from storage.due import Kind
from storage.trials import Looked
from tests.support.kills import Killed, MortalServices
from tests.support.letters import letter
from tests.support.pipeline import CUSTOMER, SHOP, Shop, TestServices, settings_over
from worker.trial import MAX_ATTEMPTS, VAIN

VERIFIED = b"Authentication-Results: mx.google.com; dmarc=pass header.from=customer.example\r\n"
QUESTION = VERIFIED + letter(CUSTOMER, SHOP, "Parcel", "question: when does my parcel come?")
# Everything that mail writes: none of it may be written by a trial.
UNTOUCHED = (
    "message", "raw_mail", "conversation", "decision", "outbox", "support_case", "order_act", "order_attempt",
    "ticket", "ticket_words", "supplier_request", "reply_counter", "event", "event_seal", "gap_question",
)  # fmt: skip


def ask(shop: Shop, raw: bytes = QUESTION):
    with shop.services.database.transaction(shop.tenant) as db:
        return trials.ask(db, shop.tenant, member=shop.workspace.owner, raw=raw)


def look(shop: Shop, trial) -> Looked | None:
    with shop.services.database.transaction(shop.tenant) as db:
        return trials.look(db, shop.tenant, trial, member=shop.workspace.owner)


def is_due(shop: Shop) -> bool:
    with shop.services.listener_database.without_tenant() as db:
        return shop.tenant in due.tenants_due(db, Kind.TRIAL)


def everything(shop: Shop) -> dict[str, list]:
    return {table: sorted(map(str, shop.rows(f"SELECT * FROM {table}"))) for table in UNTOUCHED}  # noqa: S608  # the tables above


def test_what_would_happen_is_said_and_nothing_else_is_written_or_asked(shop):
    shop.write("question: when does my parcel come?")
    shop.settle()
    before, calls = everything(shop), len(shop.google.calls())
    assert before["outbox"]
    trial = ask(shop)
    assert look(shop, trial) == Looked(look(shop, trial).created_at)
    assert is_due(shop)
    assert shop.run(Kind.TRIAL) == 1
    found = look(shop, trial)
    assert (found.mail.disposition, found.mail.understanding.category) == ("release", "question")
    assert found.mail.subject == "Parcel"
    assert found.mail.sender_verified
    assert [(one["kind"], one["to"]) for one in found.effects] == [("reply", CUSTOMER)]
    assert "Parcels take three days." in found.effects[0]["text"]
    assert found.mail.citations[0].quote == "Parcels take three days."
    assert found.mail.checks
    assert everything(shop) == before
    assert len(shop.google.calls()) == calls
    assert shop.rows("SELECT raw FROM trial") == [(None,)]
    assert not is_due(shop)
    assert shop.run(Kind.TRIAL) == 0


def test_a_refund_moves_no_case_and_counts_no_number_that_was_named_in_vain(shop):
    shop.settle()
    before = everything(shop)
    trial = ask(shop, VERIFIED + letter(CUSTOMER, SHOP, "R", "refund: my money for LO-77777 please"))
    shop.run(Kind.TRIAL)
    assert look(shop, trial).mail.understanding.category == "refund"
    assert everything(shop) == before


def test_what_cannot_be_read_says_so(shop):
    trial = ask(shop, b"\x00\x01 no mail at all")
    shop.run(Kind.TRIAL)
    found = look(shop, trial)
    assert found.mail.disposition == "hold"
    assert found.mail.reason


def test_characters_that_postgres_cannot_store_do_no_harm(shop):
    shop.settle()
    trial = ask(shop, VERIFIED + letter(CUSTOMER, SHOP, "NUL", "question: parcel? \x00"))
    shop.run(Kind.TRIAL)
    assert look(shop, trial).mail is not None


def test_after_an_hour_nothing_of_it_is_there(shop):
    read, unread = ask(shop), ask(shop)
    shop.run(Kind.TRIAL)
    shop.change("UPDATE trial SET created_at = created_at - interval '61 minutes', next_at = now()")
    # Before anybody sweeps, its page shows it no more.
    assert look(shop, read) is look(shop, unread) is None
    assert is_due(shop)
    assert shop.run(Kind.TRIAL) == 2
    assert shop.rows("SELECT * FROM trial") == []
    assert not is_due(shop)


def test_what_was_read_comes_due_for_its_end_by_itself(shop):
    ask(shop)
    shop.run(Kind.TRIAL)
    assert shop.one("SELECT next_at = created_at + interval '1 hour' FROM trial")


def test_a_mail_that_kills_the_program_ends_with_a_sentence_and_keeps_no_other_waiting(google, settings, workspace):
    services = MortalServices(settings_over(settings, google))
    shop = Shop(google, services, workspace, None)
    hostile = ask(shop, b"Subject: hostile\r\n\r\nx")
    for attempt in range(MAX_ATTEMPTS):
        services.dying_at(2)  # after the claim
        with pytest.raises(Killed):
            shop.run(Kind.TRIAL)
        services.dying_at(0)
        shop.due_again()
        if attempt == 0:
            other = ask(shop)
            assert shop.run(Kind.TRIAL) == 1
            assert look(shop, other).mail is not None
            assert look(shop, hostile).mail is None
    assert shop.run(Kind.TRIAL) == 1
    assert look(shop, hostile).problem == VAIN.format("the program ended each time")
    assert not is_due(shop)
    services.close()


class Broken(TestServices):
    def tenant_bench(self, tenant):
        raise RuntimeError("words of a customer")


def test_an_error_is_tried_again_and_then_said_without_a_word_of_the_mail(google, settings, workspace):
    shop = Shop(google, Broken(settings), workspace, None)
    trial = ask(shop)
    for _ in range(MAX_ATTEMPTS + 1):
        assert look(shop, trial).problem == ""
        shop.run(Kind.TRIAL)
        shop.due_again()
    assert look(shop, trial).problem == VAIN.format("an unexpected RuntimeError")
    shop.services.close()


def test_whoever_lost_the_lease_writes_nothing(shop):
    trial = ask(shop)
    with shop.services.database.transaction(shop.tenant) as db:
        late = trials.claim(db, shop.tenant, timedelta(0))
        db.execute(text("UPDATE trial SET lease_until = now() - interval '1 second'"))
        assert trials.claim(db, shop.tenant, timedelta(0)) is not None
        assert not trials.give_up(db, late, "late")
    assert look(shop, trial).problem == ""


def test_only_five_of_a_workspace_wait_at_once(shop, rival):
    assert all(ask(shop) for _ in range(trials.MOST_WAITING))
    assert ask(shop) is None
    assert ask(rival) is not None
    shop.run(Kind.TRIAL)
    assert ask(shop) is not None


def test_its_row_is_json_and_holds_no_mail_bytes(shop):
    ask(shop)
    shop.run(Kind.TRIAL)
    row = shop.rows("SELECT result FROM trial")[0].result
    assert json.dumps(row)
    with shop.services.database.transaction(shop.tenant) as db:
        assert db.execute(text("SELECT count(*) FROM trial WHERE raw IS NOT NULL")).scalar() == 0
