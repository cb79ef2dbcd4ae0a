"""Two workspaces with twin rows, each with a shop and a ticketing system of its own: neither ever meets the other's."""

from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from storage.due import Kind
from tests.support.acting import Acting, running_shop
from tests.support.ticketing import Bridged, running_ticketing
from worker.drain import STAGES, drain


@pytest.fixture(scope="module")
def shops():
    with running_shop() as one, running_shop() as other:
        yield one, other


@pytest.fixture(scope="module")
def systems():
    with running_ticketing() as one, running_ticketing() as other:
        yield one, other


@pytest.fixture
def acting(shop, rival, shops):
    """Both have an order LO-1, and each its own webhook with its own secret."""
    found = []
    for workspace, outside in zip((shop, rival), shops, strict=True):
        outside.reset()
        one = Acting(workspace, outside)
        one.connect()
        found.append(one)
    return found


@pytest.fixture
def bridges(shop, rival, systems):
    found = []
    for workspace, outside in zip((shop, rival), systems, strict=True):
        outside.reset()
        one = Bridged(workspace, outside)
        one.connect()
        found.append(one)
    return found


def state(one: Acting, act) -> str:
    return one.shop.one("SELECT state FROM order_act WHERE id = %s", act)


def test_an_act_is_asked_of_its_own_workspaces_shop_under_its_own_secret(acting):
    ours, theirs = acting
    act = ours.act(2000)
    assert STAGES[Kind.ACT](theirs.shop.services, theirs.shop.tenant) == 0
    assert ours.run() == 1
    assert state(ours, act) == "done"
    assert (ours.outside.posts, theirs.outside.posts, theirs.outside.looks) == (1, 0, 0)
    assert ours.outside.secret != theirs.outside.secret


def test_an_act_under_the_very_same_key_is_settled_by_its_own_shop_alone(acting):
    """Keys are chance; were one to come twice, what became of one workspace's says nothing of the other's."""
    ours, theirs = acting
    act = ours.act(2000)
    theirs.order("LO-1", 1_000_000)
    theirs.shop.change(
        "INSERT INTO order_act (tenant_id, id, action, order_number, amount_minor, currency, items, reason,"
        " approvals_needed, state) VALUES (%s, %s, 'refund', 'LO-1', 700, 'EUR', '[]', 'damaged', 0, 'pending')",
        theirs.shop.tenant, act,
    )  # fmt: skip
    ours.run()
    assert (state(ours, act), state(theirs, act)) == ("done", "pending")
    assert theirs.shop.one("SELECT count(*) FROM ledger_entry") == 0
    assert ours.outside.posts == 1
    assert theirs.outside.posts == 0


def test_an_answer_that_is_signed_by_another_workspaces_shop_settles_nothing(acting):
    """Our row names their address, as where somebody could change one: their shop refuses what we sign."""
    ours, theirs = acting
    ours.connect(url=theirs.outside.base_url)
    act = ours.act(2000)
    ours.run()
    assert state(ours, act) != "done"
    assert ours.shop.one("SELECT count(*) FROM ledger_entry WHERE kind = 'paid'") == 0
    assert theirs.outside.kept == {}


def test_a_sealed_secret_that_was_copied_into_another_workspaces_row_does_not_open(acting):
    ours, theirs = acting
    [stolen] = ours.shop.rows("SELECT url, secret_sealed FROM shop_webhook")
    theirs.shop.change("UPDATE shop_webhook SET url = %s, secret_sealed = %s", *stolen)
    act = theirs.act(2000)
    theirs.run()
    assert state(theirs, act) != "done"
    assert (ours.outside.posts, theirs.outside.posts) == (0, 0)


def test_words_go_onto_the_ticket_of_their_own_workspaces_system(bridges):
    """The same order number in both, and tickets of the same number at both."""
    ours, theirs = bridges
    mine, other = ours.words(text="Ours."), theirs.words(text="Theirs.")
    assert ours.run() == 1
    assert (ours.state(mine), theirs.state(other)) == ("done", "pending")
    assert theirs.calls() == []
    assert theirs.run() == 1
    assert (ours.times(mine), ours.times(other), theirs.times(mine), theirs.times(other)) == (1, 0, 0, 1)
    assert "Theirs." not in str(ours.desk.effects)
    assert "Ours." not in str(theirs.desk.effects)


def test_a_sealed_password_of_another_workspace_does_not_open(bridges):
    ours, theirs = bridges
    [stolen] = ours.shop.rows("SELECT base_url, username, secret_sealed FROM ticketing")
    theirs.shop.change("UPDATE ticketing SET base_url = %s, username = %s, secret_sealed = %s", *stolen)
    marker = theirs.words(text=f"Theirs {uuid4()}.")
    with capture_logs() as said:
        assert drain(theirs.shop.services, Kind.TICKET, lambda _: None) == 0
    assert [line["event"] for line in said] == ["attempt_failed"]
    assert theirs.state(marker) != "done"
    assert ours.calls() == theirs.calls() == []
