"""A hundred thousand mails at once in one tenant, beside one mail of another: through the programs themselves.

`FLOOD=100000 POLL=30 pytest -s tests/worker/test_flood.py` tries the number and the poll that the promise is made for;
docs/bench.md has the figures.
"""

import os
import statistics
import time
from dataclasses import replace

import pytest

from tests.support import pipeline
from tests.support.pipeline import SHOP, Shop
from tests.support.processes import program
from tests.support.waiting import until
from worker.turns import LONGEST_BATCH

FLOOD, POLL = int(os.environ.get("FLOOD", "1500")), float(os.environ.get("POLL", "2"))
MAILS = int(os.environ.get("MAILS", "1"))
RIVAL = "desk@rival.example"

# As many mails more that are read already, so that the brain has a backlog from the first moment on.
_READ_ALREADY = """
    INSERT INTO message (tenant_id, id, mailbox_id, conversation_id, gmail_id, thread_id, direction, state, parsed,
        sender_address, subject, received_at)
    SELECT tenant_id, gen_random_uuid(), mailbox_id, conversation_id, 'flood' || n, 'flood' || n, 'in', 'fetched',
        parsed, sender_address, subject, received_at
    FROM message, generate_series(1, %s) n WHERE subject = 'The first'
"""

# How much of the flood was seen to between two moments, at each step.
_FETCHED = "SELECT count(*) FROM conversation WHERE created_at BETWEEN %s AND %s"
_DECIDED = "SELECT count(*) FROM decision WHERE created_at BETWEEN %s AND %s"
_SENT = "SELECT count(*) FROM outbox WHERE sent_at BETWEEN %s AND %s"

# When a mail was found, read, decided and answered.
_STEPS = """
    SELECT m.subject, m.discovered_at, c.created_at AS fetched_at, d.created_at AS decided_at, o.sent_at
    FROM message m JOIN conversation c ON c.id = m.conversation_id JOIN decision d ON d.message_id = m.id
        JOIN outbox o ON o.decision_id = d.id
    WHERE m.subject LIKE 'Beside %%'
"""


@pytest.fixture
def both(google, settings, workspace, other_workspace, servers):
    """Two shops, and the settings of the processes that work for them."""
    settings = replace(
        pipeline.settings_over(settings, google),
        redis_url=servers.empty_valkey(),
        listen_seconds=1.0,
        poll_seconds=POLL,
    )
    google.account(RIVAL, "Desk", "shop")
    services = pipeline.TestServices(settings)
    shop = Shop(google, services, workspace, pipeline.connect_mailbox(google, services, workspace))
    rival = Shop(google, services, other_workspace, pipeline.connect_mailbox(google, services, other_workspace, RIVAL))
    yield settings, shop, rival
    services.close()


def seconds_to_answer(shop: Shop, to: str, name: str) -> float:
    """From the arrival of one mail at Gmail to the answer that Gmail confirmed."""
    answered = "SELECT count(*) FROM outbox WHERE state = 'sent'"
    before, began = shop.one(answered), time.monotonic()
    shop.write("question: when does my parcel come?", name, sender=f"{name.lower().replace(' ', '.')}@b.example", to=to)
    until(lambda: shop.one(answered) > before, 300)
    return time.monotonic() - began


def waiting(shop: Shop) -> dict[str, int]:
    return {row.state: row.n for row in shop.rows("SELECT state, count(*) AS n FROM message GROUP BY state")}


def test_a_flood_in_one_workspace_delays_no_mail_of_another_by_more_than_its_poll(both, tmp_path):
    settings, shop, rival = both
    shop.write("other: what is this?", "The first", to=SHOP)
    with program(settings, tmp_path):
        until(lambda: shop.one("SELECT count(*) FROM decision") == 1, 60)
        until(lambda: rival.one("SELECT last_ok_at FROM mailbox") is not None, 60)
        alone = [seconds_to_answer(rival, RIVAL, f"Alone {number}") for number in range(MAILS)]
        for number in range(FLOOD):
            shop.write("question: when does my parcel come?", f"Flood {number}", f"c{number}@a.example", SHOP)
        shop.change(_READ_ALREADY, FLOOD)
        shop.change("UPDATE mailbox SET next_sync_at = now()")
        until(lambda: waiting(shop).get("discovered", 0) > FLOOD // 4, 120)
        beside = [seconds_to_answer(rival, RIVAL, f"Beside {number}") for number in range(MAILS)]
        left = waiting(shop)
    alone_s, beside_s = statistics.mean(alone), max(beside)
    print(f"fair: flood {FLOOD} alone_s {alone_s:.2f} beside_s {beside_s:.2f} poll_s {POLL:.0f} left {left}")
    # The flood was there from the first to the last moment, in the io worker's line and in the brain's.
    assert left["discovered"] > 0
    assert left["fetched"] > 0
    # At each step: first come, first served would be nearly all of the flood. A slow machine is slow with both.
    mails = rival.rows(_STEPS)
    assert len(mails) == MAILS
    for mail in mails:
        assert shop.one(_FETCHED, mail.discovered_at, mail.fetched_at) <= FLOOD // 4
        assert shop.one(_DECIDED, mail.fetched_at, mail.decided_at) <= FLOOD // 4
        assert shop.one(_SENT, mail.decided_at, mail.sent_at) <= FLOOD // 4
    if "FLOOD" in os.environ:
        assert beside_s - alone_s <= POLL + LONGEST_BATCH
