"""Phases on the way of a mail: what is kept back and remembered, and what a lowered phase stops before it leaves."""

import pytest

from domain.bridging import Mode
from domain.category import Category
from domain.phase import Phase
from storage import phase_counts, phases
from storage.due import Kind
from tests.support.acting import Acting, running_shop
from tests.support.ticketing import ORDER, TRACKING, Bridged, running_ticketing
from tests.worker.test_bridging import texts
from tests.worker.test_deliver import PARCEL, decided, deliver, row

SHADOW = "Mail of the kind question is in shadow here: a person writes the reply."
ASSISTED = "Mail of the kind question is assisted here: a person approves each reply."


def put(shop, phase: Phase, category: Category = Category.QUESTION) -> None:
    with shop.services.database.transaction(shop.tenant) as db:
        phases.change(db, shop.tenant, category, phase, actor="command")


def reason(shop) -> tuple[str, str]:
    return tuple(shop.rows("SELECT disposition, reason FROM decision WHERE is_current")[0])


def test_in_shadow_nothing_leaves_and_what_would_have_left_is_remembered(shop):
    shop.settle()
    put(shop, Phase.SHADOW)
    shop.write(PARCEL, "Parcel")
    shop.write("question: boats?", "Boats")
    shop.sync_and_settle()
    found = shop.rows("SELECT reason, would_release, handled_as FROM decision ORDER BY would_release")
    assert [tuple(one)[1:] for one in found] == [(False, "question"), (True, "question")]
    assert found[1].reason == SHADOW
    assert {one.state for one in shop.rows("SELECT state FROM outbox WHERE kind = 'reply'")} == {"held"}
    assert shop.received() == []
    with shop.services.database.transaction(shop.tenant) as db:
        counts = phase_counts.every(db, shop.tenant)[Category.QUESTION]
    assert (counts.mails, counts.sent, counts.would, counts.newest, counts.would_newest) == (2, 0, 1, 2, 1)


def test_what_a_person_said_it_is_about_would_not_have_left_by_itself(shop):
    shop.settle()
    put(shop, Phase.SHADOW)
    shop.write("other: when does my parcel come?", "Parcel")
    shop.sync_and_settle()
    shop.change(
        "INSERT INTO correction (tenant_id, id, message_id, text, subject, language, category, sub_intent,"
        " said_category, said_confidence, scope, author, sender_hash, expires_at)"
        " SELECT tenant_id, gen_random_uuid(), message_id, '', '', 'en', 'question', '', 'other', 1, 'mail', %s, '',"
        " now() + interval '1 day' FROM decision",
        shop.workspace.owner,
    )
    shop.change("UPDATE decision SET is_current = false")
    shop.change("UPDATE message SET state = 'fetched', next_at = now()")
    shop.settle()
    [found] = shop.rows("SELECT disposition, would_release, handled_as FROM decision WHERE is_current")
    assert tuple(found) == ("hold", False, "question")


@pytest.mark.parametrize(("phase", "words"), [(Phase.SHADOW, SHADOW), (Phase.ASSISTED, ASSISTED)])
def test_a_phase_that_is_lowered_stops_what_has_not_left_yet(shop, phase, words):
    decided(shop)
    put(shop, phase)
    deliver(shop)
    assert row(shop).state == "held"
    assert reason(shop) == ("hold", words)
    put(shop, Phase.AUTOMATIC)
    shop.settle_over_time(3)
    assert shop.received() == []


def test_the_phase_of_another_category_stops_nothing(shop):
    decided(shop)
    put(shop, Phase.SHADOW, Category.REFUND)
    deliver(shop)
    assert row(shop).state == "sent"


def test_what_an_earlier_release_decided_is_stopped_by_the_phase_of_what_it_was_read_as(shop):
    decided(shop)
    shop.change("UPDATE decision SET handled_as = ''")
    put(shop, Phase.SHADOW)
    deliver(shop)
    assert row(shop).state == "held"


def test_what_may_have_left_is_looked_for_and_not_held(shop):
    decided(shop)
    shop.google.fault("drafts.send", "drop_after")
    deliver(shop)
    put(shop, Phase.SHADOW)
    shop.settle_over_time(4)
    assert (row(shop).state, len(shop.received())) == ("sent", 1)


def test_what_a_person_approved_leaves_in_every_phase(shop):
    decided(shop)
    put(shop, Phase.SHADOW)
    shop.change("UPDATE outbox SET automatic = false")
    deliver(shop)
    assert row(shop).state == "sent"


def test_a_lowered_phase_stops_a_reply_that_waits_for_its_ticket(shop):
    with running_ticketing() as outside:
        bridge = Bridged(shop, outside)
        bridge.connect(Mode.TICKET_ONLY)
        bridge.fault("login", "500_before", times=3)
        shop.write(f"question: Where is the parcel of {ORDER} ?", "My order")
        shop.sync_and_settle()
        [before] = shop.rows("SELECT state, text FROM outbox WHERE kind = 'reply'")
        assert (before.state, TRACKING in before.text) == ("waiting", True)
        put(shop, Phase.SHADOW)
        bridge.later(4)
        assert texts(bridge, "customer") == []
    assert reason(shop) == ("hold", SHADOW)
    assert shop.one("SELECT state FROM outbox WHERE kind = 'reply'") == "held"


def test_a_lowered_phase_stops_an_order_action_that_nobody_approved(shop):
    with running_shop() as outside:
        acting = Acting(shop, outside)
        acting.connect()
        found = acting.approved()
        category = Category(acting.decision(found).category)
        put(shop, Phase.ASSISTED, category)
        acting.run()
        assert outside.posts == 0
        assert (acting.state(found.act), acting.ledger(found.act)) == ("cancelled", ["promised", "released"])
    assert "is assisted here" in acting.decision(found).reason
    assert shop.run(Kind.ACT) == 0
