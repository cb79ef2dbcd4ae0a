"""The send machine of GMAIL.md 5.4: whatever Gmail answers, a reply arrives once or ends at a person."""

from dataclasses import replace
from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest

from domain.delivery import EffectState, Gate, SentRef
from domain.errors import BadInput
from domain.message import Address
from sandbox.letter import Letter
from storage import desk, disconnecting, gate, outbox
from storage.due import Kind
from storage.references import new_reference
from tests.support import pipeline
from tests.support.letters import letter
from tests.support.pipeline import CUSTOMER, SHOP
from worker import deliver as stage
from worker import sending

PARCEL = "question: when does my parcel come?"
LOOK_INTO_SENT = "Gmail never confirmed whether this reply left."


def decided(shop, text: str = PARCEL, subject: str = "Parcel", **more):
    """A mail came in and its reply waits in the outbox."""
    shop.settle()
    mail = shop.write(text, subject, **more)
    shop.change("UPDATE mailbox SET next_sync_at = now()")
    for kind in (Kind.SYNC, Kind.FETCH, Kind.PROCESS):
        while shop.run(kind):
            pass
    assert shop.one("SELECT count(*) FROM outbox WHERE state = 'pending'") == 1
    return mail


def deliver(shop) -> None:
    shop.run(Kind.DELIVER)


def row(shop):
    (found,) = shop.rows("SELECT * FROM outbox")
    return found


def is_held(shop) -> bool:
    return shop.one("SELECT count(*) FROM decision WHERE disposition = 'hold' AND settled_at IS NULL") == 1


def drafts(shop) -> int:
    return len(shop.google.mailbox(SHOP).drafts)


def change_draft(shop, ours: bytes, theirs: bytes) -> None:
    """The owner opens the draft in Gmail and changes it."""
    box = shop.google.mailbox(SHOP)
    mail = box.messages[box.drafts[row(shop).draft_id]]
    assert ours in mail.letter.raw
    mail.letter = Letter(mail.letter.raw.replace(ours, theirs))


def move_on(shop) -> None:
    """Let the time pass for replies alone."""
    shop.change("UPDATE outbox SET next_at = now(), lease_until = NULL, sending_at = sending_at - interval '2 minutes'")
    shop.change("UPDATE mailbox SET blocked_until = NULL")
    deliver(shop)


# Whether the mail has left after the fault and nothing else: what must be found out, not assumed.
FAULTS = (
    "503_before", "503_after", "500_before", "500_after", "drop_before", "drop_after", "429", "403_rate",
    "malformed_json", "short_read", "401", "404",
)  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("route", ["drafts.create", "drafts.send"])
def test_a_reply_arrives_once_whatever_gmail_answers(shop, route, fault):
    decided(shop)
    shop.google.fault(route, fault, retry_after=5)
    deliver(shop)
    assert len(shop.google.calls(route)) >= 1
    shop.settle_over_time(6)
    state = row(shop).state
    if (route, fault) == ("drafts.create", "404"):
        # The conversation is gone, says Gmail: a person looks.
        assert (state, len(shop.received())) == (EffectState.FAILED, 0)
        assert is_held(shop)
    else:
        assert (state, len(shop.received())) == (EffectState.SENT, 1)
    assert drafts(shop) == 0


@pytest.mark.parametrize("fault", ["slow", "slow_before"])
@pytest.mark.parametrize("route", ["drafts.create", "drafts.send"])
def test_a_reply_arrives_once_when_gmail_answers_too_late(shop, route, fault):
    decided(shop)
    patient = shop.services.settings
    with pipeline.slow(shop.google, route, fault) as goes_on:
        shop.services.settings = replace(patient, google_timeout_seconds=0.5)
        deliver(shop)
        assert shop.received() == [] or fault == "slow"
        goes_on()
        shop.services.settings = patient
        shop.settle_over_time(4)
    assert (row(shop).state, len(shop.received())) == (EffectState.SENT, 1)


@pytest.mark.parametrize("fault", ["503_before", "drop_before", "drop_after", "429", "malformed_json"])
@pytest.mark.parametrize("route", ["threads.get", "history.list", "drafts.get"])
def test_an_error_while_looking_is_no_answer(shop, route, fault):
    decided(shop)
    shop.google.fault("drafts.send", "drop_before")
    deliver(shop)
    shop.google.fault(route, fault, times=3)
    for _ in range(8):
        move_on(shop)
    assert (row(shop).state, len(shop.received())) == (EffectState.SENT, 1)


def test_a_draft_that_still_waits_is_sent_though_gmail_no_longer_tells_what_was_sent_since(shop):
    decided(shop)
    shop.google.fault("drafts.send", "drop_before")
    deliver(shop)
    shop.google.expire_history(SHOP)
    for _ in range(4):
        move_on(shop)
    assert (row(shop).state, len(shop.received())) == (EffectState.SENT, 1)


def test_a_draft_that_is_gone_is_a_persons_where_gmail_no_longer_tells_what_was_sent_since(shop):
    decided(shop)
    shop.google.fault("drafts.send", "drop_before")
    deliver(shop)
    shop.google.expire_history(SHOP)
    shop.google.delete_draft(SHOP, row(shop).draft_id)
    for _ in range(4):
        move_on(shop)
    assert (row(shop).state, shop.received()) == (EffectState.NEEDS_PERSON, [])


def test_every_answer_being_lost_still_sends_one_mail(shop):
    decided(shop)
    for route in ("drafts.create", "drafts.send", "drafts.list", "threads.get", "history.list", "drafts.get"):
        shop.google.fault(route, "drop_after", times=3)
    shop.settle_over_time(20)
    assert len(shop.received()) == 1
    assert row(shop).state == EffectState.SENT


def test_an_unclear_answer_is_looked_up_before_anything_else(shop):
    decided(shop)
    shop.google.fault("drafts.send", "drop_after")
    deliver(shop)
    assert row(shop).state == EffectState.UNCERTAIN
    move_on(shop)
    assert row(shop).state == EffectState.SENT
    assert len(shop.google.calls("drafts.send")) == 1
    sent = [mail.id for mail in shop.google.mailbox(SHOP).messages.values() if "SENT" in mail.labels]
    assert [row(shop).sent_gmail_id] == sent


def test_a_draft_that_is_still_there_is_left_alone_for_a_minute_and_then_sent_once(shop):
    decided(shop)
    shop.google.fault("drafts.send", "drop_before")
    deliver(shop)
    shop.change("UPDATE outbox SET next_at = now(), lease_until = NULL")
    shop.change("UPDATE mailbox SET blocked_until = NULL")
    deliver(shop)
    assert row(shop).state == EffectState.UNCERTAIN
    assert len(shop.google.calls("drafts.send")) == 1
    move_on(shop)
    move_on(shop)
    assert row(shop).state == EffectState.SENT
    assert len(shop.google.calls("drafts.send")) == 2
    assert len(shop.received()) == 1


def test_a_draft_that_the_user_deleted_ends_at_a_person(shop):
    decided(shop)
    shop.google.fault("drafts.send", "429", retry_after=1)
    deliver(shop)
    shop.google.delete_draft(SHOP, row(shop).draft_id)
    for _ in range(6):
        move_on(shop)
    assert row(shop).state == EffectState.NEEDS_PERSON
    assert shop.one("SELECT reason FROM decision").startswith(LOOK_INTO_SENT)
    assert is_held(shop)
    assert shop.received() == []


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(b"To: " + CUSTOMER.encode(), b"To: eve@elsewhere.example"), (b"three days", b"three weeks")],
)
def test_a_draft_that_the_user_changed_is_neither_sent_nor_deleted(shop, ours, theirs):
    shop.google.account("eve@elsewhere.example", "Eve")
    decided(shop)
    shop.google.fault("drafts.send", "429", retry_after=1)
    deliver(shop)
    change_draft(shop, ours, theirs)
    for _ in range(6):
        move_on(shop)
    assert row(shop).state == EffectState.NEEDS_PERSON
    assert "Somebody changed its draft in Gmail" in shop.one("SELECT reason FROM decision")
    assert is_held(shop)
    assert (shop.received(), shop.received("eve@elsewhere.example"), drafts(shop)) == ([], [], 1)


def test_a_draft_that_was_changed_before_it_was_found_again_is_not_sent(shop):
    shop.google.account("eve@elsewhere.example", "Eve")
    decided(shop)
    shop.google.fault("drafts.create", "drop_after")
    deliver(shop)
    (draft,) = shop.google.mailbox(SHOP).drafts.values()
    mail = shop.google.mailbox(SHOP).messages[draft]
    mail.letter = Letter(mail.letter.raw.replace(CUSTOMER.encode(), b"eve@elsewhere.example"))
    move_on(shop)
    assert row(shop).state == EffectState.NEEDS_PERSON
    assert (shop.received(), shop.received("eve@elsewhere.example"), drafts(shop)) == ([], [], 1)


def test_a_draft_that_waited_for_its_turn_is_looked_at_before_it_leaves(shop):
    decided(shop)
    shop.change("UPDATE mailbox SET last_ok_at = now() - interval '2 days'")
    deliver(shop)
    assert row(shop).state == EffectState.DRAFTED
    change_draft(shop, b"Subject: ", b"Subject: Fwd: ")
    shop.settle_over_time(2)
    assert (row(shop).state, shop.received()) == (EffectState.NEEDS_PERSON, [])


@pytest.mark.parametrize("keeps_reference", [True, False])
def test_a_draft_that_the_user_edited_and_sent_is_never_sent_again(shop, keeps_reference):
    decided(shop)
    shop.google.fault("drafts.send", "429", retry_after=1)
    deliver(shop)
    before = row(shop)
    box = shop.google.mailbox(SHOP)
    own = box.messages[box.drafts[before.draft_id]]
    raw = own.letter.raw if keeps_reference else own.letter.raw.replace(before.reference.encode(), b"mine")
    shop.google.send_as(SHOP, raw, own.thread_id)
    shop.google.delete_draft(SHOP, before.draft_id)
    for _ in range(6):
        move_on(shop)
    assert len(shop.received()) == 1
    assert row(shop).state == (EffectState.SENT if keeps_reference else EffectState.NEEDS_PERSON)


def test_rewritten_ids_and_stripped_headers_do_not_hide_our_mail(shop):
    shop.google.settings.change({"rewrite_message_id": True, "strip_x_headers": True})
    decided(shop)
    shop.google.fault("drafts.create", "drop_after")
    shop.google.fault("drafts.send", "drop_after")
    shop.settle_over_time(5)
    assert (row(shop).state, len(shop.received()), drafts(shop)) == (EffectState.SENT, 1, 0)
    assert len(shop.google.calls("drafts.create")) == 1


def test_a_sent_copy_that_is_not_visible_for_a_while_is_waited_for(shop):
    shop.google.settings.change({"sent_copy_lag_s": 10_000.0})
    decided(shop)
    shop.google.fault("drafts.send", "drop_after")
    deliver(shop)
    move_on(shop)
    assert (row(shop).state, row(shop).looks) == (EffectState.UNCERTAIN, 1)
    shop.google.settings.change({"sent_copy_lag_s": 0.0})
    box = shop.google.mailbox(SHOP)
    box.coming = [(0.0, mail) for _, mail in box.coming]
    box.settle()
    move_on(shop)
    assert (row(shop).state, len(shop.received())) == (EffectState.SENT, 1)


def test_a_draft_kept_around_a_sent_message_is_not_sent_again(shop):
    shop.google.settings.change({"draft_wrapper_stays": True})
    decided(shop)
    shop.google.fault("drafts.send", "drop_after")
    shop.settle_over_time(5)
    assert (row(shop).state, len(shop.received())) == (EffectState.SENT, 1)


def test_what_is_never_confirmed_ends_at_a_person_after_three_looks(shop):
    decided(shop)
    shop.google.settings.change({"sent_copy_lag_s": 10_000.0})
    shop.google.fault("drafts.send", "drop_after")
    deliver(shop)
    for _ in range(6):
        move_on(shop)
    assert (row(shop).state, row(shop).looks) == (EffectState.NEEDS_PERSON, 2)
    assert is_held(shop)
    assert len(shop.received()) == 1
    assert len(shop.google.calls("drafts.send")) == 1


def test_an_unclear_reply_that_was_tried_too_often_is_never_called_unsent(shop):
    decided(shop)
    shop.google.fault("drafts.send", "drop_after")
    deliver(shop)
    shop.change("UPDATE outbox SET attempts = 60")
    move_on(shop)
    assert row(shop).state == EffectState.NEEDS_PERSON
    assert shop.one("SELECT reason FROM decision").startswith(LOOK_INTO_SENT)


def test_an_answer_by_hand_calls_the_reply_off(shop):
    mail = decided(shop)
    shop.google.fault("drafts.send", "429", retry_after=1)
    deliver(shop)
    by_hand = letter(SHOP, CUSTOMER, "Re: Parcel", "By hand.", answers=mail.letter.message_id)
    shop.google.send_as(SHOP, by_hand, mail.thread_id)
    shop.settle_over_time(2)
    assert row(shop).state == EffectState.CANCELLED
    assert drafts(shop) == 0
    assert len(shop.received()) == 1


def test_an_answer_by_hand_counts_though_it_was_known_before_the_decision(shop):
    shop.settle()
    mail = shop.write(PARCEL, "Parcel")
    by_hand = letter(SHOP, CUSTOMER, "Re: Parcel", "By hand.", answers=mail.letter.message_id)
    shop.google.send_as(SHOP, by_hand, mail.thread_id)
    shop.sync_and_settle()
    assert row(shop).state == EffectState.CANCELLED
    assert len(shop.received()) == 1


def test_an_earlier_answer_by_hand_does_not_silence_a_later_question(shop):
    shop.settle()
    mail = shop.write("other: hello", "Parcel")
    by_hand = letter(SHOP, CUSTOMER, "Re: Parcel", "By hand.", answers=mail.letter.message_id)
    shop.google.send_as(SHOP, by_hand, mail.thread_id)
    shop.sync_and_settle()
    again = letter(CUSTOMER, SHOP, "Re: Parcel", PARCEL, answers=mail.letter.message_id)
    shop.google.deliver_raw(SHOP, again, auth="pass")
    shop.sync_and_settle()
    assert len(shop.received()) == 2


def test_a_mailbox_that_was_not_read_for_a_while_is_read_before_anything_leaves(shop):
    mail = decided(shop)
    by_hand = letter(SHOP, CUSTOMER, "Re: Parcel", "By hand.", answers=mail.letter.message_id)
    shop.google.send_as(SHOP, by_hand, mail.thread_id)
    shop.change("UPDATE mailbox SET last_ok_at = now() - interval '2 days'")
    deliver(shop)
    assert row(shop).state == EffectState.DRAFTED
    shop.settle_over_time(2)
    assert row(shop).state == EffectState.CANCELLED
    assert len(shop.received()) == 1


def test_the_kill_switch_between_decision_and_sending_holds_the_reply(shop):
    decided(shop)
    shop.change("UPDATE tenant SET answering = false")
    deliver(shop)
    assert (row(shop).state, drafts(shop)) == (EffectState.HELD, 0)
    assert is_held(shop)
    shop.change("UPDATE tenant SET answering = true")
    shop.settle_over_time(3)
    assert shop.received() == []


def test_what_a_machine_wrote_gets_no_reply_though_it_was_released_by_mistake(shop):
    decided(shop)
    shop.change("UPDATE decision SET understanding = jsonb_set(understanding, '{automatic}', '\"a newsletter\"')")
    deliver(shop)
    assert (row(shop).state, drafts(shop)) == (EffectState.HELD, 0)
    assert is_held(shop)
    assert shop.received() == []


def test_the_kill_switch_does_not_hold_what_may_have_left(shop):
    decided(shop)
    shop.google.fault("drafts.send", "drop_after")
    deliver(shop)
    # Somebody took it for unsent, and it is about to be sent again, when the kill switch is thrown.
    shop.change("UPDATE outbox SET state = 'drafted', sending_at = now() - interval '5 minutes'")
    shop.change("UPDATE tenant SET answering = false")
    move_on(shop)
    assert row(shop).state == EffectState.UNCERTAIN
    move_on(shop)
    assert (row(shop).state, len(shop.received())) == (EffectState.SENT, 1)


def test_two_workers_on_one_row_send_one_mail(shop):
    decided(shop)
    (first,) = shop.claim_outbox()
    assert shop.claim_outbox() == []
    shop.change("UPDATE outbox SET lease_until = now() - interval '1 second'")
    deliver(shop)
    assert row(shop).state == EffectState.SENT
    with shop.services.database.transaction(shop.tenant) as db:
        gate, _ = outbox.begin_sending(db, first, sight=timedelta(hours=1))
        assert gate is Gate.LOST
        assert not outbox.move(db, first, EffectState.PENDING)
        assert not outbox.sent(db, first, SentRef("0", "0"))
    assert len(shop.received()) == 1


def test_a_worker_that_was_frozen_before_its_call_sends_nothing_more(shop):
    """Its lease ended, another one sent the draft; then it wakes up and makes the call that it was about to make."""
    decided(shop)
    (frozen,) = shop.claim_outbox()
    with shop.services.open_mailbox(shop.tenant, shop.mailbox) as gmail:
        draft_id = sending.draft(shop.services, gmail.outgoing, frozen)
        with shop.services.database.transaction(shop.tenant) as db:
            assert outbox.begin_sending(db, frozen, sight=timedelta(hours=1))[0] is Gate.OPEN
        for _ in range(3):
            move_on(shop)
        assert row(shop).state == EffectState.SENT
        sending.hand_over(shop.services, gmail.outgoing, frozen, draft_id)
    assert row(shop).state == EffectState.SENT
    assert len(shop.received()) == 1


def test_a_batch_is_given_back_before_its_lease_ends_and_not_blamed(shop, monkeypatch):
    decided(shop)
    monkeypatch.setattr(stage, "LEASE", stage.SLOWEST_DRAFT)
    calls = len(shop.google.calls())
    deliver(shop)
    assert (row(shop).state, row(shop).attempts) == (EffectState.PENDING, 0)
    assert len(shop.google.calls()) == calls


def test_a_batch_that_was_claimed_too_slowly_does_one_row_all_the_same(shop, monkeypatch):
    monkeypatch.setattr(stage, "LONGEST_BATCH", 0.0)
    decided(shop)
    deliver(shop)
    assert row(shop).state == "sent"


def test_stopping_gives_back_what_was_not_begun(shop):
    decided(shop)
    shop.services.stopping.set()
    deliver(shop)
    assert (row(shop).state, row(shop).attempts, row(shop).lease_until) == (EffectState.PENDING, 0, None)


def test_waiting_for_another_reply_of_the_conversation_is_no_failed_attempt(shop):
    decided(shop)
    shop.change(
        "INSERT INTO outbox (tenant_id, id, decision_id, position, kind, message_id, mailbox_id, conversation_id,"
        " thread_id, automatic, recipient, subject, text, draft_text, reference, state, next_at)"
        " SELECT tenant_id, gen_random_uuid(), decision_id, 1, 'note', message_id, mailbox_id, conversation_id,"
        " thread_id, false, recipient, subject, text, draft_text, 'OTHER1', 'uncertain', now() + interval '9 hours'"
        " FROM outbox"
    )
    for _ in range(60):
        shop.change("UPDATE outbox SET next_at = now() WHERE position = 0")
        deliver(shop)
    (waiting,) = shop.rows("SELECT state, attempts FROM outbox WHERE position = 0")
    assert waiting.state == EffectState.DRAFTED
    assert waiting.attempts <= 1


def test_being_refused_for_a_while_is_counted_against_the_sender_once(shop):
    decided(shop)
    shop.google.fault("drafts.send", "429", times=7, retry_after=1)
    for _ in range(9):
        move_on(shop)
    assert (row(shop).state, len(shop.received())) == (EffectState.SENT, 1)
    assert shop.one("SELECT n FROM reply_counter WHERE scope = 'sender'") == 1


def reasons(shop) -> list[str]:
    return [one.reason for one in shop.rows("SELECT reason FROM decision WHERE disposition = 'hold' ORDER BY reason")]


def test_tags_of_one_address_count_as_one_sender(shop):
    shop.settle()
    local, _, domain = CUSTOMER.partition("@")
    for number in range(7):
        shop.write(PARCEL, f"Parcel {number}", sender=f"{local}+{number}@{domain}")
    shop.sync_and_settle()
    assert shop.one("SELECT count(*) FROM outbox WHERE state = 'sent'") == 5
    assert shop.rows("SELECT key, n FROM reply_counter WHERE scope = 'sender'") == [(CUSTOMER, 5)]
    assert reasons(shop) == ["Too many automatic replies to this sender today; a person decides."] * 2


@pytest.mark.parametrize(
    ("per_day", "per_hour", "words"), [(2, 60, "from this mailbox today"), (400, 2, "from this mailbox within an hour")]
)
def test_what_is_too_much_for_one_mailbox_goes_to_a_person(shop, per_day, per_hour, words):
    shop.settle()
    with shop.services.database.transaction(shop.tenant) as db:
        gate.set_limits(db, shop.tenant, per_day=per_day, per_hour=per_hour)
    for number in range(4):
        shop.write(PARCEL, f"Parcel {number}", sender=f"customer{number}@customer.example")
    shop.sync_and_settle()
    assert shop.one("SELECT count(*) FROM outbox WHERE state = 'sent'") == 2
    assert reasons(shop) == [f"Too many automatic replies {words}; a person decides."] * 2
    assert drafts(shop) == 0


def test_the_next_hour_is_counted_anew(shop):
    with shop.services.database.transaction(shop.tenant) as db:
        gate.set_limits(db, shop.tenant, per_day=400, per_hour=1)
    decided(shop)
    deliver(shop)
    assert row(shop).state == EffectState.SENT
    shop.change("UPDATE reply_counter SET key = key || ' an hour ago' WHERE scope = 'mailbox_hour'")
    shop.write(PARCEL, "Another")
    shop.sync_and_settle()
    assert len(shop.received()) == 2


def test_without_limits_of_its_own_a_mailbox_stays_below_what_gmail_allows(shop):
    """300 within an hour; 400 of the 500 that a private account may send a day."""
    decided(shop)
    shop.change(
        "INSERT INTO reply_counter (tenant_id, scope, key, day, n)"
        " SELECT tenant_id, 'mailbox', id::text, current_date, 400 FROM mailbox"
    )
    deliver(shop)
    assert (row(shop).state, shop.received()) == (EffectState.HELD, [])
    shop.change("UPDATE reply_counter SET n = 0")
    shop.change(
        "INSERT INTO reply_counter (tenant_id, scope, key, day, n)"
        " SELECT tenant_id, 'mailbox_hour', id::text || to_char(now(), '/HH24'), current_date, 300 FROM mailbox"
    )
    shop.write(PARCEL, "Another")
    shop.sync_and_settle()
    assert shop.received() == []


def test_a_reply_that_cannot_be_written_goes_to_a_person_at_once(shop):
    decided(shop)
    shop.change("UPDATE outbox SET recipient = 'not an address'")
    deliver(shop)
    assert row(shop).state == EffectState.FAILED
    assert is_held(shop)


def test_a_recipient_that_gmail_refuses_goes_to_a_person(shop):
    decided(shop)
    (effect,) = shop.claim_outbox()
    with shop.services.open_mailbox(shop.tenant, shop.mailbox) as gmail:
        draft_id = sending.draft(shop.services, gmail.outgoing, effect)
        change_draft(shop, b"To: ", b"X-To: ")
        with shop.services.database.transaction(shop.tenant) as db:
            outbox.begin_sending(db, effect, sight=timedelta(hours=1))
        sending.hand_over(shop.services, gmail.outgoing, effect, draft_id)
    assert (row(shop).state, drafts(shop)) == (EffectState.FAILED, 1)
    assert "Recipient address required" in shop.one("SELECT reason FROM decision")
    assert is_held(shop)


def test_a_reply_that_was_tried_too_often_leaves_no_draft_behind(shop):
    decided(shop)
    shop.google.fault("drafts.send", "429", retry_after=1)
    deliver(shop)
    assert drafts(shop) == 1
    shop.change("UPDATE outbox SET attempts = 60")
    move_on(shop)
    assert (row(shop).state, drafts(shop)) == (EffectState.FAILED, 0)
    assert is_held(shop)


def test_a_draft_that_cannot_be_cleared_away_keeps_no_failed_reply_from_its_person(shop):
    decided(shop)
    shop.google.fault("drafts.send", "429", retry_after=1)
    deliver(shop)
    shop.change("UPDATE outbox SET attempts = 60")
    shop.google.fault("drafts.delete", "503_before", times=5)
    move_on(shop)
    assert (row(shop).state, drafts(shop)) == (EffectState.FAILED, 1)
    assert is_held(shop)


def test_a_conversation_that_is_gone_goes_to_a_person(shop):
    mail = decided(shop)
    shop.google.delete_message(SHOP, mail.id)
    deliver(shop)
    assert row(shop).state == EffectState.FAILED
    assert is_held(shop)
    assert drafts(shop) == 0


def disconnect(shop) -> None:
    with shop.services.database.transaction(shop.tenant) as db:
        assert disconnecting.disconnect(db, shop.tenant, shop.mailbox)


def test_disconnecting_brings_what_has_not_left_to_a_person(shop):
    decided(shop)
    shop.google.fault("drafts.send", "429", retry_after=1)
    deliver(shop)
    disconnect(shop)
    shop.settle_over_time(3)
    assert row(shop).state == EffectState.HELD
    assert shop.one("SELECT reason FROM decision") == "The mailbox was disconnected before this reply left."
    assert is_held(shop)
    assert shop.received() == []


def test_what_a_person_approved_before_the_disconnecting_is_theirs_again_and_leaves_after_the_next_connecting(shop):
    shop.settle()
    shop.write("question: do you sell boats?")
    shop.sync_and_settle()
    decision = shop.one("SELECT id FROM decision")

    def approve() -> bool:
        with shop.services.database.transaction(shop.tenant) as db:
            return desk.send(
                db, shop.tenant, decision, member=shop.workspace.owner, text_to_send="We do.",
                reference=new_reference(),
            )  # fmt: skip

    assert approve()
    disconnect(shop)
    assert is_held(shop)
    with pytest.raises(BadInput):
        approve()
    shop.settle_over_time(2)
    assert pipeline.connect_mailbox(shop.google, shop.services, shop.workspace) == shop.mailbox
    assert approve()
    shop.settle_over_time(2)
    (mail,) = shop.received()
    assert "We do." in mail.letter.raw.decode()


def test_a_mailbox_that_comes_back_answers_nothing_of_the_time_between(shop):
    shop.settle()
    shop.write(PARCEL, "Before")
    shop.change("UPDATE mailbox SET next_sync_at = now()")
    shop.run(Kind.SYNC)
    disconnect(shop)
    shop.settle_over_time(2)
    shop.write(PARCEL, "Between")
    assert pipeline.connect_mailbox(shop.google, shop.services, shop.workspace) == shop.mailbox
    shop.settle_over_time(2)
    told = "SELECT m.subject, d.disposition FROM message m LEFT JOIN decision d ON d.message_id = m.id ORDER BY m.seq"
    assert shop.rows(told) == [("Before", "ignore"), ("Between", "ignore")]
    assert shop.received() == []
    shop.write(PARCEL, "After")
    shop.sync_and_settle()
    assert [mail.letter.first("subject") for mail in shop.received()] == ["Re: After"]


def test_disconnecting_leaves_no_reply_in_the_dark(shop):
    decided(shop)
    shop.google.fault("drafts.send", "drop_after")
    deliver(shop)
    unread = shop.write("other: hello")
    shop.change("UPDATE mailbox SET next_sync_at = now(), blocked_until = NULL")
    shop.run(Kind.SYNC)
    with shop.services.database.transaction(shop.tenant) as db:
        disconnecting.disconnect(db, shop.tenant, shop.mailbox)
    assert row(shop).state == EffectState.NEEDS_PERSON
    assert is_held(shop)
    assert shop.one("SELECT state FROM message WHERE gmail_id = %s", unread.id) == "gone"
    shop.settle_over_time(3)
    assert len(shop.received()) == 1


def test_disconnecting_while_the_mail_leaves_still_notes_that_it_left(shop):
    decided(shop)
    (effect,) = shop.claim_outbox()
    with shop.services.open_mailbox(shop.tenant, shop.mailbox) as gmail:
        draft_id = sending.draft(shop.services, gmail.outgoing, effect)
        with shop.services.database.transaction(shop.tenant) as db:
            outbox.begin_sending(db, effect, sight=timedelta(hours=1))
        with shop.services.database.transaction(shop.tenant) as db:
            disconnecting.disconnect(db, shop.tenant, shop.mailbox)
        sending.hand_over(shop.services, gmail.outgoing, effect, draft_id)
    assert row(shop).state == EffectState.SENT
    assert shop.one("SELECT reason FROM decision") == disconnecting.LEFT


def test_a_revoked_grant_keeps_the_reply_until_the_mailbox_is_connected_again(shop):
    decided(shop)
    shop.google.revoke(SHOP)
    shop.settle_over_time(3)
    assert row(shop).state == EffectState.PENDING
    shop.change("UPDATE mailbox SET last_send_error = 'Reconnect it.'")
    pipeline.connect_mailbox(shop.google, shop.services, shop.workspace)
    assert shop.one("SELECT last_send_error FROM mailbox") == "", "what was mended is trouble no more"
    shop.settle_over_time(2)
    assert (row(shop).state, len(shop.received())) == (EffectState.SENT, 1)


def test_a_grant_that_ends_between_draft_and_sending_loses_and_doubles_nothing(shop, monkeypatch):
    decided(shop)
    drafted = sending.draft

    def and_revoked(*given):
        draft = drafted(*given)
        shop.google.revoke(SHOP)
        return draft

    with monkeypatch.context() as patched:
        patched.setattr(sending, "draft", and_revoked)
        deliver(shop)
    assert row(shop).state == EffectState.SENDING
    pipeline.connect_mailbox(shop.google, shop.services, shop.workspace)
    shop.settle_over_time(4)
    assert (row(shop).state, len(shop.received()), drafts(shop)) == (EffectState.SENT, 1, 0)


def test_a_sending_whose_renewed_access_is_refused_too_is_begun_again_by_itself(shop):
    decided(shop)
    shop.google.fault("drafts.send", "401", times=2)
    deliver(shop)
    assert row(shop).state == EffectState.DRAFTED
    assert shop.one("SELECT status FROM mailbox WHERE address = %s", SHOP) == "active"
    shop.settle_over_time(4)
    assert (row(shop).state, len(shop.received()), drafts(shop)) == (EffectState.SENT, 1, 0)


def test_one_mailbox_in_trouble_does_not_keep_the_others_from_sending(shop, sales):
    decided(shop)
    sales.write(PARCEL, "Parcel", to="sales@shop.example")
    shop.google.fault("drafts.create", "503_before", times=50, user=SHOP)
    shop.change("UPDATE mailbox SET next_sync_at = now()")
    shop.settle()
    assert len(shop.received()) == 1


def test_gmail_being_out_of_order_rests_the_mailbox(shop):
    shop.settle()
    for number in range(5):
        shop.write(PARCEL, f"Parcel {number}")
    shop.change("UPDATE mailbox SET next_sync_at = now()")
    for kind in (Kind.SYNC, Kind.FETCH, Kind.PROCESS):
        shop.run(kind)
    shop.google.fault("drafts.create", "503_before", times=50)
    before = shop.one("SELECT now()")
    deliver(shop)
    assert len(shop.google.calls("drafts.create")) == 3
    assert shop.one("SELECT count(*) FROM mailbox WHERE blocked_until > %s", before + timedelta(seconds=1)) == 1
    assert sorted(one.attempts for one in shop.rows("SELECT attempts FROM outbox")) == [0, 0, 1, 1, 1]


def test_what_a_person_approved_carries_no_mark_of_a_machine_and_threads_at_the_customers_side(shop):
    shop.settle()
    asked = shop.google.send_as(CUSTOMER, letter(CUSTOMER, SHOP, "A boat", "question: do you sell boats?"))
    shop.sync_and_settle()
    decision = shop.one("SELECT id FROM decision")
    with shop.services.database.transaction(shop.tenant) as db:
        assert desk.send(
            db, shop.tenant, decision, member=shop.workspace.owner, text_to_send="We do.", reference=new_reference()
        )
    shop.settle()
    (mail,) = shop.received()
    raw = mail.letter.raw.decode()
    assert "We do." in raw
    assert "Auto-Submitted" not in raw
    assert "Subject: Re: A boat" in raw
    assert mail.thread_id == asked.thread_id
    assert shop.google.mailbox(CUSTOMER).messages[asked.id].letter.message_id in mail.letter.references


def test_what_a_person_approved_is_dated_by_the_approval(shop):
    shop.settle()
    shop.change("UPDATE tenant SET answering = false")
    shop.write(PARCEL)
    shop.sync_and_settle()
    shop.change("UPDATE outbox SET created_at = now() - interval '3 days'")
    with shop.services.database.transaction(shop.tenant) as db:
        desk.send(
            db, shop.tenant, shop.one("SELECT id FROM decision"), member=shop.workspace.owner, text_to_send="Soon.",
            reference=new_reference(),
        )  # fmt: skip
    shop.settle()
    (mail,) = shop.received()
    assert parsedate_to_datetime(mail.letter.first("date")) == row(shop).released_at.replace(microsecond=0)


def test_a_person_may_answer_though_the_kill_switch_is_thrown_and_too_many_left_today(shop):
    shop.settle()
    shop.write("question: do you sell boats?")
    shop.sync_and_settle()
    shop.change("UPDATE tenant SET answering = false")
    with shop.services.database.transaction(shop.tenant) as db:
        desk.send(
            db, shop.tenant, shop.one("SELECT id FROM decision"), member=shop.workspace.owner, text_to_send="We do.",
            reference=new_reference(),
        )  # fmt: skip
    shop.settle()
    assert len(shop.received()) == 1


def test_an_answer_after_a_lost_one_is_a_persons_own_and_leaves_once(shop):
    """A reply whose fate nobody knows is in the queue; the person answers anew, and only that leaves."""
    decided(shop)
    shop.google.fault("drafts.send", "429", retry_after=1)
    deliver(shop)
    shop.google.delete_draft(SHOP, row(shop).draft_id)
    for _ in range(6):
        move_on(shop)
    with shop.services.database.transaction(shop.tenant) as db:
        assert desk.send(
            db, shop.tenant, row(shop).decision_id, member=shop.workspace.owner, text_to_send="Three days.",
            reference=new_reference(),
        )  # fmt: skip
    shop.settle_over_time(3)
    (mail,) = shop.received()
    assert "Three days." in mail.letter.raw.decode()


def test_references_chain_through_the_whole_conversation(shop):
    shop.settle()
    first = shop.google.send_as(CUSTOMER, letter(CUSTOMER, SHOP, "Parcel", PARCEL))
    shop.sync_and_settle()
    (reply,) = shop.received()
    again = letter(CUSTOMER, SHOP, "Re: Parcel", "refund: please", answers=reply.letter.message_id)
    shop.google.send_as(CUSTOMER, again, first.thread_id)
    shop.sync_and_settle()
    assert {mail.thread_id for mail in shop.google.mailbox(CUSTOMER).messages.values()} == {first.thread_id}
    assert len({mail.thread_id for mail in shop.google.mailbox(SHOP).messages.values()}) == 1


def test_an_answered_mail_costs_145_units_at_most(shop):
    shop.settle()
    shop.write(PARCEL)
    since = len(shop.google.calls())
    shop.sync_and_settle()
    shop.settle_over_time(1)
    polls = sum(call.units for call in shop.google.calls()[since:] if call.route == "history.list")
    first_time = sum(call.units for call in shop.google.calls()[since:] if call.route.startswith("labels."))
    assert sum(call.units for call in shop.google.calls()[since:]) - polls - first_time <= 145
    assert row(shop).recipient == Address(CUSTOMER).address
