"""What the workers write into their log while mail comes, trouble included: ids, and nothing of the mail."""

import logging

import pytest
from structlog.testing import capture_logs

from tests.support.pipeline import CUSTOMER, SHOP

TOKENS = "SELECT encode(refresh_sealed, 'hex') FROM mailbox"


class Crowded(Exception):
    """A stranger's error, whose words hold a customer's."""


def test_no_body_no_address_and_no_token_is_in_a_run_s_log(shop, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    read = shop.services.reader.read

    def crowded(messages, context):
        if any("broken" in message.text for message in messages):
            raise Crowded(messages[0].text)
        return read(messages, context)

    with capture_logs() as said:
        shop.settle()
        shop.write("question: when does my parcel come, canary?", "Canary subject")
        shop.write("question: do you sell canary boats?", "Canary boats")
        shop.sync_and_settle()
        shop.services.reader.read = crowded
        shop.write("question: a broken canary", "Canary broken")
        shop.google.fault("messages.get", "503_before")
        shop.sync_and_settle()
        shop.google.revoke(SHOP)
        shop.due_again()
        shop.settle()
    events = {one["event"] for one in said}
    assert {"attempt_failed", "mailbox_needs_reauth"} <= events
    ours, of_libraries = str(said), " ".join(record.getMessage() for record in caplog.records)
    for secret in ("canary", CUSTOMER, SHOP, "Bearer", "ya29", shop.one(TOKENS) or "no token is left"):
        assert secret.lower() not in ours.lower(), secret
        assert secret.lower() not in of_libraries.lower(), secret
