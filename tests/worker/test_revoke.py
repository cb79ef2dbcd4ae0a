"""A grant is ended at Google after a disconnecting, and never the one that came after it."""

import pytest

from domain.errors import BadInput
from storage import disconnecting, revocations
from storage.due import Kind
from tests.support import pipeline
from worker.revoke import LEASE


def disconnect(shop) -> None:
    with shop.services.database.transaction(shop.tenant) as db:
        assert disconnecting.disconnect(db, shop.tenant, shop.mailbox)


def waiting(shop) -> int:
    return shop.one("SELECT count(*) FROM revocation")


def revoked(shop) -> int:
    return len(shop.google.calls("oauth.revoke"))


def still_works(shop) -> bool:
    with shop.services.open_mailbox(shop.tenant, shop.mailbox) as gmail:
        return gmail.source.profile().address == pipeline.SHOP


def test_disconnecting_ends_the_grant_at_google(shop):
    disconnect(shop)
    shop.run(Kind.REVOKE)
    assert (revoked(shop), waiting(shop)) == (1, 0)


def test_what_google_does_not_confirm_is_tried_again(shop):
    disconnect(shop)
    shop.google.fault("oauth.revoke", "503_before")
    shop.run(Kind.REVOKE)
    assert waiting(shop) == 1
    shop.due_again()
    shop.run(Kind.REVOKE)
    assert (revoked(shop), waiting(shop)) == (2, 0)


def test_connecting_again_calls_the_revocation_off(shop):
    disconnect(shop)
    pipeline.connect_mailbox(shop.google, shop.services, shop.workspace)
    assert waiting(shop) == 0
    shop.due_again()
    shop.run(Kind.REVOKE)
    assert revoked(shop) == 0
    assert still_works(shop)


def test_a_revocation_that_failed_before_is_called_off_too(shop):
    disconnect(shop)
    shop.google.fault("oauth.revoke", "503_before")
    shop.run(Kind.REVOKE)
    pipeline.connect_mailbox(shop.google, shop.services, shop.workspace)
    shop.due_again()
    shop.run(Kind.REVOKE)
    assert (revoked(shop), waiting(shop)) == (1, 0)
    assert still_works(shop)


def test_an_account_that_another_workspace_connected_meanwhile_keeps_its_grant(shop, other_workspace):
    disconnect(shop)
    pipeline.connect_mailbox(shop.google, shop.services, other_workspace)
    shop.run(Kind.REVOKE)
    assert (revoked(shop), waiting(shop)) == (0, 0)


def test_nothing_is_connected_while_google_is_being_told_to_end_the_access(shop):
    disconnect(shop)
    with shop.services.database.transaction(shop.tenant) as db:
        assert revocations.claim(db, shop.tenant, LEASE)
    with pytest.raises(BadInput, match="in two minutes"):
        pipeline.connect_mailbox(shop.google, shop.services, shop.workspace)
    assert waiting(shop) == 1
