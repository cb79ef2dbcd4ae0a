"""A reply that a person takes to Gmail lies there once, in its thread, and nothing of ours ever sends it."""

from contextlib import suppress
from email import message_from_bytes
from email.policy import default
from itertools import count

import pytest
from sqlalchemy.exc import IntegrityError

from domain.delivery import EffectState
from sandbox.letter import Letter
from storage import disconnecting, draft_numbers, gate, gmail_drafts
from storage.due import Kind
from storage.references import new_reference
from tests.support import pipeline
from tests.support.kills import Killed, MortalServices
from tests.support.letters import letter
from tests.support.pipeline import CUSTOMER, SHOP, Shop
from worker import deliver as stage

WORDS = "Dear Anna, I look into it."
QUOTED = "On Fri, 5 Jun 2026 at 10:00, Anna <a@b.ex> wrote:\n> Boats?\n"


def asked(shop) -> None:
    shop.settle()
    shop.write("question: do you sell boats?", "Boats")
    shop.sync_and_settle()


def take_to_gmail(shop, words: str = WORDS, **reasons: str) -> bool:
    with shop.services.database.transaction(shop.tenant) as db:
        decision = db.exec_driver_sql("SELECT id FROM decision WHERE is_current").scalar()
        return gmail_drafts.save(
            db, shop.tenant, decision, member=shop.workspace.owner, text_to_send=words, reference=new_reference(),
            **reasons,
        )  # fmt: skip


def row(shop):
    (found,) = shop.rows("SELECT * FROM outbox")
    return found


def drafts(shop) -> list:
    box = shop.google.mailbox(SHOP)
    return [box.messages[message] for message in box.drafts.values()]


def is_held(shop) -> bool:
    return shop.one("SELECT count(*) FROM decision WHERE disposition = 'hold' AND settled_at IS NULL") == 1


def test_it_is_laid_down_in_its_thread_and_not_sent(shop):
    asked(shop)
    assert take_to_gmail(shop)
    shop.settle()
    [draft] = drafts(shop)
    assert WORDS in draft.letter.raw.decode()
    assert draft.thread_id == row(shop).thread_id
    assert "Auto-Submitted" not in draft.letter.raw.decode()
    assert (row(shop).state, row(shop).sent_gmail_id) == (EffectState.LEFT_AS_DRAFT, None)
    assert not is_held(shop)
    shop.settle_over_time(6)
    assert (shop.received(), len(drafts(shop)), shop.google.calls("drafts.send")) == ([], 1, [])
    kinds = [one.kind for one in shop.rows("SELECT kind FROM event ORDER BY id")]
    assert kinds[-2:] == ["reply_taken_to_gmail", "reply_left_as_draft"]


def test_it_is_taken_once(shop):
    asked(shop)
    assert [take_to_gmail(shop), take_to_gmail(shop)] == [True, False]


@pytest.mark.parametrize("fault", ["503_before", "503_after", "drop_before", "drop_after", "429", "403_rate", "401"])
def test_it_lies_there_once_whatever_gmail_answers(shop, fault):
    asked(shop)
    take_to_gmail(shop)
    shop.google.fault("drafts.create", fault, retry_after=5)
    shop.settle_over_time(4)
    assert (row(shop).state, len(drafts(shop)), shop.received()) == (EffectState.LEFT_AS_DRAFT, 1, [])


@pytest.mark.parametrize("state", ["drafted", "sending", "uncertain", "sent", "waiting", "needs_person"])
def test_no_state_leads_from_it_to_sending(shop, state):
    """The table itself refuses each state from which the send machine sends, or after which it looks for what left."""
    asked(shop)
    take_to_gmail(shop)
    with pytest.raises(IntegrityError):
        shop.change("UPDATE outbox SET state = %s", state)
    shop.run(Kind.DELIVER)
    with pytest.raises(IntegrityError):
        shop.change("UPDATE outbox SET state = %s", state)


def test_a_crash_anywhere_leaves_one_draft_and_sends_nothing(google, settings, workspace):
    services = MortalServices(pipeline.settings_over(settings, google))
    shop = Shop(google, services, workspace, pipeline.connect_mailbox(google, services, workspace))
    with services.database.transaction(shop.tenant) as db:
        gate.set_limits(db, shop.tenant, per_day=1_000_000, per_hour=1_000_000)
    shop.settle()
    for number in count(1):
        services.dying_at(0)
        shop.change("DELETE FROM outbox")
        shop.change("UPDATE decision SET is_current = false")
        shop.google.mailbox(SHOP).drafts.clear()
        shop.write("question: do you sell boats?", f"Boats {number}")
        shop.sync_and_settle()
        take_to_gmail(shop)
        plan = services.dying_at(number)
        with suppress(Killed):
            stage.work(services, shop.tenant)
        survived = len(plan.places) < number
        services.dying_at(0)
        shop.settle_over_time(2)
        assert (row(shop).state, len(drafts(shop))) == (EffectState.LEFT_AS_DRAFT, 1), plan.places
        if survived:
            break
    assert number > 5
    assert shop.received() == []
    assert shop.google.calls("drafts.send") == []
    services.close()


def send_in_gmail(shop, words: str = "") -> None:
    """The merchant opens the draft and sends it there, perhaps in other words."""
    if words:
        [draft] = drafts(shop)
        mail = message_from_bytes(draft.letter.raw, policy=default)
        mail.set_content(words)
        draft.letter = Letter(mail.as_bytes())
    [draft_id] = shop.google.mailbox(SHOP).drafts
    with shop.services.open_mailbox(shop.tenant, shop.mailbox) as gmail:
        gmail.outgoing.send_draft(draft_id)


def test_what_its_owner_sends_is_a_mail_by_hand_in_the_thread(shop):
    asked(shop)
    take_to_gmail(shop)
    shop.settle()
    send_in_gmail(shop)
    shop.settle_over_time(2)
    (mail,) = shop.received()
    assert WORDS in mail.letter.raw.decode()
    assert (row(shop).state, row(shop).sent_gmail_id) == (EffectState.LEFT_AS_DRAFT, None)
    out = shop.rows("SELECT direction, state, conversation_id FROM message ORDER BY seq")
    assert [(one.direction, one.state) for one in out] == [("in", "decided"), ("out", "noted")]
    assert out[0].conversation_id == out[1].conversation_id
    shop.settle_over_time(3)
    assert len(shop.received()) == 1


def known(shop) -> tuple:
    """What became of the draft, as *Drafts* counts it, with how much of it was changed."""
    shop.settle_over_time(2)
    with shop.services.database.transaction(shop.tenant) as db:
        [found] = draft_numbers.listed(db, shop.tenant)
    return found.fate, found.changed


def drafted(shop, draft: str = WORDS) -> None:
    """A reply that the machine drafted lies in Gmail."""
    asked(shop)
    take_to_gmail(shop)
    shop.change("UPDATE outbox SET draft_text = %s", draft)
    shop.settle()


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("", ("as_written", 0)),
        ("Dear Anna, I look into\nit.\n\nRef: {ref}\n\n" + QUOTED, ("as_written", 0)),
        ("Dear Anna, I look into this.\n\nRef: {ref}\n", ("little", 17)),
        ("Dear Anna, I look into this.\n", ("little", 17)),
        ("We sell none.\n-- \nLumen\n", ("rewritten", 100)),
    ],
)
def test_what_its_owner_really_sent_is_noted_with_its_difference(shop, words, found):
    drafted(shop)
    assert known(shop) == ("gmail", None)
    send_in_gmail(shop, words.format(ref=row(shop).reference))
    assert known(shop) == found
    reply = row(shop)
    assert (reply.state, reply.draft_text, reply.sent_gmail_id) == (EffectState.LEFT_AS_DRAFT, WORDS, None)
    assert "Ref:" not in reply.text
    assert reply.sent_at == shop.one("SELECT received_at FROM message WHERE direction = 'out'")
    assert "reply_sent_from_gmail" in [one.kind for one in shop.rows("SELECT kind FROM event")]


def test_a_mail_by_hand_after_they_wrote_again_is_not_taken_for_the_draft(shop):
    drafted(shop)
    [first] = shop.google.mailbox(SHOP).threads.values()
    mail = shop.google.mailbox(SHOP).messages[first[0]]
    again = letter(CUSTOMER, SHOP, "Re: Boats", "question: are you there?", answers=mail.letter.message_id)
    shop.google.deliver_raw(SHOP, again, auth="pass")
    shop.sync_and_settle()
    by_hand = letter(SHOP, CUSTOMER, "Re: Boats", "We are.", answers=mail.letter.message_id)
    shop.google.send_as(SHOP, by_hand, mail.thread_id)
    shop.settle_over_time(2)
    assert row(shop).sent_at is None


def test_a_reply_of_ours_in_the_thread_is_not_taken_for_the_draft(shop):
    drafted(shop)
    shop.change(
        "INSERT INTO outbox (tenant_id, id, decision_id, position, kind, message_id, mailbox_id, thread_id, automatic,"
        " recipient, subject, text, draft_text, reference, state) SELECT tenant_id, gen_random_uuid(), decision_id, 1,"
        " 'reply', message_id, mailbox_id, thread_id, false, recipient, subject, 'Ours.', '', 'ANX234', 'needs_person'"
        " FROM outbox"
    )
    ours = letter(SHOP, CUSTOMER, "Re: Boats", "Ours.\n\nRef: ANX234\n")
    shop.google.send_as(SHOP, ours, shop.one("SELECT thread_id FROM outbox LIMIT 1"))
    shop.settle_over_time(2)
    assert shop.one("SELECT count(*) FROM outbox WHERE sent_at IS NOT NULL") == 0
    send_in_gmail(shop)
    shop.settle_over_time(2)
    assert shop.one("SELECT text FROM outbox WHERE sent_at IS NOT NULL") == WORDS


def test_what_its_owner_sent_before_we_knew_of_the_draft_is_not_laid_down_again(shop):
    asked(shop)
    take_to_gmail(shop)
    shop.google.fault("drafts.create", "drop_after")
    shop.run(Kind.DELIVER)
    assert row(shop).state == EffectState.PENDING
    send_in_gmail(shop)
    shop.settle_over_time(3)
    assert (row(shop).state, drafts(shop), len(shop.received())) == (EffectState.LEFT_AS_DRAFT, [], 1)
    assert (row(shop).text, row(shop).sent_at is None) == (WORDS, False)


def test_what_was_not_done_is_not_laid_down_and_waits_for_a_person(shop):
    asked(shop)
    take_to_gmail(shop, "We have refunded 20.00 EUR.")
    shop.settle()
    assert (row(shop).state, drafts(shop)) == (EffectState.HELD, [])
    assert is_held(shop)
    assert take_to_gmail(shop, "We have refunded 20.00 EUR.", claim_reason="Paid by hand.")
    shop.settle()
    assert (row(shop).state, len(drafts(shop))) == (EffectState.LEFT_AS_DRAFT, 1)


def test_what_gmail_refuses_for_good_is_a_persons_again(shop):
    asked(shop)
    take_to_gmail(shop)
    shop.google.fault("drafts.create", "404")
    shop.settle_over_time(2)
    assert row(shop).state == EffectState.FAILED
    assert is_held(shop)


def test_a_paused_mailbox_keeps_it_until_it_is_resumed(shop):
    asked(shop)
    take_to_gmail(shop)
    shop.change("UPDATE mailbox SET status = 'paused'")
    shop.settle_over_time(2)
    assert (row(shop).state, drafts(shop)) == (EffectState.PENDING, [])
    shop.change("UPDATE mailbox SET status = 'active'")
    shop.settle_over_time(2)
    assert len(drafts(shop)) == 1


def test_a_disconnected_mailbox_gives_it_back_to_a_person(shop):
    asked(shop)
    take_to_gmail(shop)
    with shop.services.database.transaction(shop.tenant) as db:
        disconnecting.disconnect(db, shop.tenant, shop.mailbox)
    assert row(shop).state == EffectState.HELD
    assert is_held(shop)
