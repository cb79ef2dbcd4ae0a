"""What a reply quotes is held against the documents once more, in the instant before it leaves."""

from dataclasses import replace

import pytest

from storage import desk, documents
from storage.due import Kind
from tests.support.little_models import PARCELS
from tests.support.pipeline import stock

ASKED = "question: when does my parcel come?"


@pytest.fixture
def decided(shop):
    """A reply that nobody approved, decided and not yet carried out."""
    shop.write(ASKED)
    for kind in (Kind.SYNC, Kind.FETCH, Kind.PROCESS):
        shop.run(kind)
    assert shop.one("SELECT state FROM outbox") == "pending"
    return shop


def write_anew(shop, **changed):
    with shop.services.database.transaction(shop.tenant) as db:
        documents.put(db, shop.tenant, replace(PARCELS, version="v2", **changed))


def remove(shop):
    with shop.services.database.transaction(shop.tenant) as db:
        documents.remove(db, shop.tenant, PARCELS.path)


def make_internal(shop):
    write_anew(shop, visibility="internal")


def reword(shop):
    write_anew(shop, body="Parcels take a week.")


def how_it_stands(shop):
    shop.run(Kind.DELIVER)
    (row,) = shop.rows("SELECT o.state, d.disposition, d.reason FROM outbox o JOIN decision d ON d.id = o.decision_id")
    return row


def approve(shop, words=""):
    with shop.services.database.transaction(shop.tenant) as db:
        (row,) = db.exec_driver_sql("SELECT decision_id, text FROM outbox")
        assert desk.send(
            db, shop.tenant, row.decision_id, member=shop.workspace.owner, text_to_send=words or row.text,
            reference="ABCDEF",
        )  # fmt: skip


def test_what_still_stands_leaves(decided):
    assert how_it_stands(decided).state == "sent"
    assert len(decided.received()) == 1


def test_a_new_version_that_says_the_same_somewhere_takes_nothing_back(decided):
    write_anew(decided, body=f"News first.\n\n{PARCELS.body}")
    assert how_it_stands(decided).state == "sent"


@pytest.mark.parametrize("hide", [remove, make_internal])
def test_what_customers_may_no_longer_read_does_not_leave_though_it_was_decided(decided, hide):
    hide(decided)
    assert how_it_stands(decided) == (
        "held", "hold", "It quotes “Shipping”, which was removed or made internal since. A person decides.",
    )  # fmt: skip
    assert decided.received() == []


def test_what_is_said_no_more_does_not_leave(decided):
    write_anew(decided, body="Parcels take a week.")
    row = how_it_stands(decided)
    assert (row.state, row.disposition) == ("held", "hold")
    assert row.reason.startswith("It quotes “Shipping”, which says something else by now.")


@pytest.mark.parametrize(
    ("field", "value"), [("quote", '"Parcels take two days."'), ("start", "3"), ("end", "-1"), ("version", '"v0"')]
)
def test_a_quote_that_does_not_stand_at_its_place_in_its_version_does_not_leave(decided, field, value):
    decided.change("UPDATE decision SET citations = jsonb_set(citations, %s, %s::jsonb)", ["0", field], value)
    row = how_it_stands(decided)
    assert row.state == "held"
    assert row.reason.startswith("Its quote of “Shipping” does not stand in the stored document.")
    assert decided.received() == []


def test_the_same_words_of_another_workspace_prove_nothing(decided, rival):
    remove(decided)
    stock(rival.services, rival.tenant)
    assert rival.one("SELECT count(*) FROM document WHERE is_current") == 1
    assert how_it_stands(decided).state == "held"


@pytest.mark.parametrize("change", [remove, make_internal, reword])
def test_who_approves_a_draft_is_told_that_what_it_quotes_has_changed_and_may_change_it_too(decided, change):
    change(decided)
    how_it_stands(decided)
    approve(decided)
    row = how_it_stands(decided)
    assert (row.state, row.disposition) == ("held", "hold")
    assert row.reason.endswith("Change the reply before you send it.")
    approve(decided, "Dear Anna, we shall ask the carrier.")
    assert how_it_stands(decided).state == "sent"
