"""Our own replies come back from Gmail, at times before anybody knows that they left: each is shown once."""

from uuid import uuid4

from domain.delivery import EffectState
from storage import own_copies, thread
from storage.due import Kind
from tests.support.pipeline import SHOP
from tests.worker.test_deliver import change_draft, decided, deliver, move_on, row


def come_back(shop) -> None:
    """The copy of what left is read, whether or not it is known to be ours by now."""
    shop.change("UPDATE mailbox SET next_sync_at = now(), blocked_until = NULL")
    shop.run(Kind.SYNC)
    shop.change("UPDATE message SET next_at = now()")
    shop.run(Kind.FETCH)
    assert shop.one("SELECT count(*) FROM message WHERE direction = 'out' AND parsed IS NOT NULL") == 1


def shown(shop) -> list[tuple[str, list[str]]]:
    """Each mail of the conversation as its page shows it, with what became of its replies."""
    conversation = shop.one("SELECT conversation_id FROM outbox")
    with shop.services.database.transaction(shop.tenant) as db:
        found = thread.find(db, shop.tenant, conversation)
    return [(one.direction, [draft.state for draft in one.drafts]) for one in found.messages]


def test_a_reply_that_came_back_before_it_was_known_to_have_left_is_not_shown_as_sent_by_hand_too(shop):
    decided(shop)
    shop.google.fault("drafts.send", "drop_after")
    deliver(shop)
    come_back(shop)
    move_on(shop)
    assert row(shop).state == EffectState.SENT
    assert shown(shop) == [("in", ["sent"])]
    assert shop.one("SELECT count(*) FROM raw_mail") == 1


def test_what_its_owner_changed_and_sent_stays_beside_our_draft_of_it(shop):
    decided(shop)
    shop.google.fault("drafts.send", "429", retry_after=1)
    deliver(shop)
    change_draft(shop, b"three days", b"three weeks")
    box = shop.google.mailbox(SHOP)
    own = box.messages[box.drafts[row(shop).draft_id]]
    shop.google.send_as(SHOP, own.letter.raw, own.thread_id)
    shop.google.delete_draft(SHOP, row(shop).draft_id)
    move_on(shop)
    come_back(shop)
    move_on(shop)
    assert row(shop).state == EffectState.SENT
    assert shown(shop) == [("in", ["sent"]), ("out", [])]


def test_what_one_workspace_sent_is_never_taken_for_anothers(shop, rival):
    rival.change(
        "INSERT INTO message (tenant_id, id, mailbox_id, gmail_id, thread_id, direction)"
        " VALUES (%s, %s, %s, 'g-1', 'g-1', 'out')",
        *(rival.tenant, uuid4(), rival.mailbox),
    )

    def taken(by, tenant) -> bool:
        with by.services.database.transaction(by.tenant) as db:
            own_copies.take_for_ours(db, tenant, rival.mailbox, "g-1", "")
        return rival.one("SELECT state FROM message WHERE gmail_id = 'g-1'") == "noted"

    assert not taken(shop, shop.tenant)
    assert not taken(shop, rival.tenant)
    assert taken(rival, rival.tenant)
