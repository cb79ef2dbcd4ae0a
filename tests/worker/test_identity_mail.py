"""The mail that carries a link: a mail of its own that arrives once, is never kept, and leads to a second look."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from adapters.link_signing import LinkIds, signed
from domain.case import CaseState
from domain.category import Category
from domain.delivery import EffectState, Gate
from storage import desk, gate, identity_links, outbox, reclassify
from storage.due import Kind
from tests.support.kills import Killed
from tests.support.letters import letter
from tests.support.pipeline import SHOP
from tests.support.proof import (
    ASKED,
    NOT_THERE,
    NUMBER,
    OWNER,
    STRANGER,
    an_order,
    ask,
    confirm,
    has_orders,
    link_in,
    mailed,
    proving_shop,
    text_of,
    token_in,
)
from worker import letters

CONFIRMED = "The customer confirmed by the link that was mailed to them; a person approves."


@pytest.fixture
def shop(settings, workspace):
    with proving_shop(settings, workspace) as shop:
        yield shop


def decided(shop, number: str = NUMBER) -> None:
    """Somebody asked, and the reply and the mail with the link wait in the outbox."""
    shop.write(f"refund: for {number} SECRET-WORDS", "My money", sender=STRANGER)
    shop.change("UPDATE mailbox SET next_sync_at = now()")
    for kind in (Kind.SYNC, Kind.FETCH, Kind.PROCESS):
        while shop.run(kind):
            pass


def row(shop):
    (found,) = shop.rows("SELECT * FROM outbox WHERE kind = 'identity'")
    return found


def reply(shop):
    return shop.rows("SELECT * FROM outbox WHERE kind = 'reply' ORDER BY created_at")[0]


def only_the_link(shop) -> None:
    """The reply has left: what happens now happens to the mail with the link alone."""
    shop.change("UPDATE outbox SET next_at = now() + interval '1 hour' WHERE kind = 'identity'")
    shop.settle()
    assert reply(shop).state == EffectState.SENT
    shop.change("UPDATE outbox SET next_at = now()")


def move_on(shop) -> None:
    shop.change(
        "UPDATE outbox SET next_at = now(), lease_until = NULL, sending_at = sending_at - interval '2 minutes'"
        " WHERE kind = 'identity'"
    )
    shop.change("UPDATE mailbox SET blocked_until = NULL")
    shop.run(Kind.DELIVER)


def test_it_is_a_mail_of_its_own_and_says_nothing_of_the_strangers(shop):
    ask(shop)
    (mail,) = mailed(shop)
    ours = mail.letter
    assert ours.first("subject") == "Did you write to us?"
    assert ours.addresses("to") == (OWNER,)
    assert ours.first("auto-submitted") == "auto-generated"
    assert not {"in-reply-to", "references", "cc", "bcc", "reply-to"} & {name.lower() for name, _ in ours.headers}
    assert "SECRET-WORDS" not in ours.raw.decode()
    assert STRANGER not in ours.raw.decode()
    assert "My money" not in ours.raw.decode()
    sent = [one for one in shop.google.mailbox(SHOP).messages.values() if "SENT" in one.labels]
    assert len({one.thread_id for one in sent}) == 2
    assert row(shop).state == EffectState.SENT


def test_the_same_row_is_the_same_mail_and_the_outbox_holds_no_link(shop):
    decided(shop)
    (effect,) = [one for one in shop.claim_outbox() if not one.answers]
    settings = shop.services.settings
    assert letters.mime(settings, effect) == letters.mime(settings, effect)
    token = signed(LinkIds(shop.tenant, effect.id), settings.secret_key)
    assert letters.link(settings, effect) == f"http://localhost/confirm/{token}"
    assert effect.text == "Open {link} if so."
    assert letters.mime(replace(settings, secret_key="another secret"), effect) != letters.mime(settings, effect)


def test_the_strangers_reply_is_the_same_and_alone_whether_the_order_exists_or_not(shop):
    ask(shop)
    other = "other@elsewhere.example"
    ask(shop, NOT_THERE, other)
    heard = [[text_of(mail).split("Ref:")[0].strip() for mail in shop.received(one)] for one in (STRANGER, other)]
    assert heard == [[ASKED], [ASKED]]
    assert len(mailed(shop)) == 1


def test_the_copy_in_our_sent_folder_opens_no_conversation_and_is_kept_nowhere(shop):
    ask(shop)
    shop.settle_over_time(2)
    assert shop.one("SELECT count(*) FROM conversation") == 1
    copies = shop.rows("SELECT state, parsed FROM message WHERE direction = 'out'")
    assert copies == [("noted", None)] * 2


@pytest.mark.parametrize("fault", ["drop_after", "503_after"])
def test_a_copy_that_comes_back_before_we_know_its_id_is_known_by_its_reference(shop, fault):
    decided(shop)
    only_the_link(shop)
    shop.google.fault("drafts.send", fault)
    shop.run(Kind.DELIVER)
    assert row(shop).state == EffectState.UNCERTAIN
    # It is read before anybody looks what became of it.
    shop.change("UPDATE mailbox SET next_sync_at = now()")
    shop.run(Kind.SYNC)
    shop.change("UPDATE message SET next_at = now()")
    shop.run(Kind.FETCH)
    assert shop.one("SELECT count(*) FROM conversation") == 1
    assert {found.parsed is None for found in shop.rows("SELECT parsed FROM message WHERE direction = 'out'")} == {True}
    token = token_in(mailed(shop)[0])
    assert not [one for (one,) in shop.rows("SELECT raw FROM raw_mail") if token.encode() in bytes(one)]
    move_on(shop)
    assert row(shop).state == EffectState.SENT
    assert len(mailed(shop)) == 1


FAULTS = ("503_before", "503_after", "drop_before", "drop_after", "429", "malformed_json", "short_read", "401")


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("route", ["drafts.create", "drafts.send"])
def test_it_arrives_once_whatever_gmail_answers(shop, route, fault):
    decided(shop)
    only_the_link(shop)
    shop.google.fault(route, fault, retry_after=5)
    shop.run(Kind.DELIVER)
    shop.settle_over_time(5)
    assert (row(shop).state, len(mailed(shop))) == (EffectState.SENT, 1)
    assert not shop.google.mailbox(SHOP).drafts


def test_a_draft_that_an_unclear_answer_left_behind_is_adopted(shop):
    decided(shop)
    only_the_link(shop)
    shop.google.fault("drafts.create", "drop_after")
    shop.run(Kind.DELIVER)
    assert len(shop.google.mailbox(SHOP).drafts) == 1
    move_on(shop)
    assert (row(shop).state, len(mailed(shop))) == (EffectState.SENT, 1)
    # One for the reply, one for the mail with the link.
    assert len(shop.google.calls("drafts.create")) == 2


def test_what_gmail_never_confirmed_ends_at_a_person_and_is_not_sent_again(shop):
    decided(shop)
    only_the_link(shop)
    shop.google.fault("drafts.send", "drop_after")
    shop.run(Kind.DELIVER)
    box = shop.google.mailbox(SHOP)
    (copy,) = [one for one in box.messages.values() if "SENT" in one.labels and "confirm" in text_of(one)]
    shop.google.delete_message(SHOP, copy.id)
    for _ in range(5):
        move_on(shop)
    assert row(shop).state == EffectState.NEEDS_PERSON
    assert len(mailed(shop)) == 1
    assert shop.one("SELECT disposition FROM decision") == "hold"
    # It may have left, and its reader may yet confirm.
    assert shop.one("SELECT state FROM support_case") == "identity_wanted"


def test_a_mail_that_gmail_refuses_is_a_persons_and_what_the_stranger_heard_stays(shop):
    has_orders(shop, an_order(email="no address at all"))
    decided(shop)
    shop.settle_over_time(2)
    assert row(shop).state == EffectState.FAILED
    assert reply(shop).state == EffectState.SENT
    assert shop.one("SELECT disposition FROM decision") == "hold"
    assert shop.one("SELECT state FROM support_case") == "identity_wanted"
    assert len(shop.received(STRANGER)) == 1


def test_a_person_who_answers_then_writes_to_the_stranger_and_sends_no_link(shop):
    has_orders(shop, an_order(email="no address at all"))
    decided(shop)
    shop.settle_over_time(2)
    with shop.services.database.transaction(shop.tenant) as db:
        decision = shop.one("SELECT id FROM decision")
        words = {"text_to_send": "Please write from the other address.", "reference": "ABC234"}
        assert desk.send(db, shop.tenant, decision, member=shop.workspace.owner, **words)
    shop.settle()
    assert [text_of(mail).splitlines()[0] for mail in shop.received(STRANGER)] == [ASKED, words["text_to_send"]]
    assert mailed(shop) == []


def test_two_links_of_two_customers_do_not_wait_for_each_other(shop):
    has_orders(shop, an_order(), an_order("LO-2", "second@home.example"))
    shop.google.account("second@home.example", "Second")
    decided(shop)
    decided(shop, "LO-2")
    shop.change("UPDATE outbox SET state = 'sending', sending_at = now(), lease_until = now() + interval '1 hour'"
                " WHERE recipient = %s", "second@home.example")  # fmt: skip
    shop.settle()
    assert len(mailed(shop)) == 1


def at_the_gate(shop) -> tuple[Gate, str]:
    """What stands between the mail with the link and its sending, asked of a draft."""
    shop.change("UPDATE outbox SET state = 'drafted', draft_id = id::text WHERE kind = 'identity'")
    (effect,) = [one for one in shop.claim_outbox() if not one.answers]
    with shop.services.database.transaction(shop.tenant) as db:
        return outbox.begin_sending(db, effect, sight=timedelta(hours=1))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("UPDATE decision SET disposition = 'hold'", "A person has it by now."),
        ("UPDATE decision SET is_current = false", "A person has it by now."),
        ("UPDATE identity_link SET replaced_at = now()", "Its link does not work any more."),
        ("UPDATE identity_link SET expires_at = now()", "Its link does not work any more."),
        ("UPDATE shop_order SET customer_email = 'new@home.example'", "Its link does not work any more."),
    ],
)
def test_a_link_that_is_not_wanted_any_more_does_not_leave(shop, change, says):
    decided(shop)
    shop.change(change)
    assert at_the_gate(shop) == (Gate.CANCEL, says)


def test_a_wanted_link_may_leave(shop):
    decided(shop)
    assert at_the_gate(shop) == (Gate.OPEN, "")


def test_whoever_answered_the_stranger_by_hand_has_it_in_hand(shop):
    decided(shop)
    only_the_link(shop)
    asked = next(one for one in shop.google.mailbox(SHOP).messages.values() if "INBOX" in one.labels)
    by_hand = letter(SHOP, STRANGER, "Re: My money", "I look at it myself.", answers=asked.letter.message_id)
    shop.google.send_as(SHOP, by_hand, asked.thread_id)
    shop.change("UPDATE outbox SET next_at = now() + interval '1 hour'")
    shop.sync_and_settle()
    shop.change("UPDATE message SET next_at = now()")
    shop.settle()
    shop.change("UPDATE outbox SET next_at = now()")
    shop.settle()
    assert row(shop).state == EffectState.CANCELLED
    assert mailed(shop) == []


def test_while_answering_is_paused_no_link_leaves_and_no_person_can_send_it_later(shop):
    decided(shop)
    shop.change("UPDATE tenant SET answering = false")
    shop.settle()
    assert row(shop).state == EffectState.CANCELLED
    with shop.services.database.transaction(shop.tenant) as db:
        desk.send(db, shop.tenant, shop.one("SELECT id FROM decision"), member=shop.workspace.owner,
                  text_to_send="Hello.", reference="ABC234")  # fmt: skip
    shop.change("UPDATE tenant SET answering = true")
    shop.settle()
    assert mailed(shop) == []
    assert len(shop.received(STRANGER)) == 1


def test_links_count_against_the_mailboxs_limits_and_not_against_the_customers_own(shop):
    with shop.services.database.transaction(shop.tenant) as db:
        gate.set_limits(db, shop.tenant, per_day=1, per_hour=100)
    decided(shop)
    only_the_link(shop)
    shop.run(Kind.DELIVER)
    assert row(shop).state == EffectState.CANCELLED
    assert shop.one("SELECT reason FROM decision") == (
        "Too many automatic replies from this mailbox today; a person decides."
    )
    counted = shop.rows("SELECT key FROM reply_counter WHERE scope = 'sender'")
    assert counted == [(STRANGER,)]


def test_links_do_not_use_up_the_replies_that_a_customer_may_get(shop):
    for number in range(3):
        ask(shop, NUMBER, f"stranger{number}@elsewhere.example", f"My money {number}")
    assert len(mailed(shop)) == 3
    shop.google.account(OWNER, "Owner")
    for number in range(3):
        shop.write("question: when does my parcel come?", f"Parcel {number}", sender=OWNER)
    shop.sync_and_settle()
    assert (
        shop.one("SELECT count(*) FROM outbox WHERE kind = 'reply' AND recipient = %s AND state = 'sent'", OWNER) == 3
    )


def test_what_was_confirmed_is_decided_again_and_waits_for_a_person(shop):
    ask(shop)
    link = link_in(shop, mailed(shop)[0])
    assert confirm(shop, link)
    shop.settle()
    old, new = shop.rows("SELECT disposition, reason, is_current FROM decision ORDER BY created_at")
    assert (old.disposition, old.is_current) == ("release", False)
    assert (new.disposition, new.reason, new.is_current) == ("hold", CONFIRMED, True)
    assert shop.rows("SELECT kind, state FROM outbox ORDER BY created_at, position") == [
        ("reply", "sent"), ("identity", "sent"), ("reply", "held"),
    ]  # fmt: skip
    assert len(shop.received(STRANGER)) == 1
    assert shop.one("SELECT state FROM support_case") == CaseState.CHECKING


def decided_again(shop) -> UUID:
    """Somebody asked and confirmed by the link, and their mail waits for a person; returns its decision."""
    ask(shop)
    assert confirm(shop, link_in(shop, mailed(shop)[0]))
    shop.settle()
    found: UUID = shop.one("SELECT id FROM decision WHERE is_current")
    return found


def test_a_person_who_approves_then_answers_the_stranger_and_moves_the_case(shop):
    decision = decided_again(shop)
    with shop.services.database.transaction(shop.tenant) as db:
        assert desk.send(db, shop.tenant, decision, member=shop.workspace.owner,
                         text_to_send="We look at it now.", reference="ABC234")  # fmt: skip
    shop.settle()
    assert len(shop.received(STRANGER)) == 2
    assert shop.one("SELECT state FROM support_case") == CaseState.ELIGIBLE


def test_a_person_who_dismisses_it_then_withdraws_the_case_that_waited_for_its_draft(shop):
    decision = decided_again(shop)
    with shop.services.database.transaction(shop.tenant) as db:
        assert desk.dismiss(db, shop.tenant, decision, member=shop.workspace.owner)
    shop.settle()
    assert shop.one("SELECT state FROM support_case") == CaseState.WITHDRAWN
    assert len(shop.received(STRANGER)) == 1


def test_a_member_who_says_that_it_was_about_something_else_then_withdraws_the_case(shop):
    decision, other = decided_again(shop), Category.QUESTION
    with shop.services.database.transaction(shop.tenant) as db:
        said = reclassify.correct(
            db, shop.tenant, decision, member=shop.workspace.owner, category=other, sub_intent="", learn=False
        )
    assert said is reclassify.Outcome.AGAIN
    assert shop.one("SELECT state FROM support_case") == CaseState.WITHDRAWN


def test_a_mail_of_few_words_is_about_its_case_once_its_writer_is_confirmed(shop):
    """Alone, it would have been read as something else: the case waits no more, so nothing else says so."""
    ask(shop)
    shop.change("""UPDATE message SET parsed = jsonb_set(parsed, '{text}', '"hello again"') WHERE direction = 'in'""")
    assert confirm(shop, link_in(shop, mailed(shop)[0]))
    shop.settle()
    assert shop.rows("SELECT category, reason FROM decision WHERE is_current") == [("refund", CONFIRMED)]


def test_a_kill_anywhere_while_deciding_and_sending_mails_one_link_and_one_reply(shop):
    with shop.services.database.transaction(shop.tenant) as db:
        gate.set_limits(db, shop.tenant, per_day=1_000_000, per_hour=1_000_000)
    for number in range(1, 200):
        stranger, order, email = f"s{number}@elsewhere.example", f"LO-{number}", f"owner{number}@home.example"
        shop.google.account(stranger, "S")
        shop.google.account(email, "O")
        has_orders(shop, an_order(order, email))
        shop.write(f"refund: for {order}", "My money", sender=stranger)
        shop.due_again()
        shop.services.dying_at(0)
        for kind in (Kind.SYNC, Kind.FETCH):
            while shop.run(kind):
                pass
        plan, was_killed = shop.services.dying_at(number), False
        try:
            for kind in (Kind.PROCESS, Kind.DELIVER):
                while shop.run(kind):
                    pass
        except Killed:
            was_killed = True
        shop.services.dying_at(0)
        shop.settle_over_time(3)
        told = f"killed at place {number}: {plan.places[-1:]}"
        assert (len(shop.received(stranger)), len(mailed(shop, email))) == (1, 1), told
        assert not shop.google.mailbox(SHOP).drafts, told
        if not was_killed:
            break
    assert not was_killed
    assert number > 20


def test_no_log_holds_a_token_or_an_address(shop, capfd):
    decided(shop)
    shop.google.fault("drafts.send", "503_before")
    shop.google.fault("drafts.create", "drop_after")
    shop.settle_over_time(4)
    (mail,) = mailed(shop)
    token = token_in(mail)
    confirm(shop, link_in(shop, mail))
    shop.settle()
    said = "".join(capfd.readouterr())
    assert "attempt_failed" in said
    for secret in (token, token[64:], OWNER, STRANGER):
        assert secret not in said


def test_a_confirmation_while_the_mail_is_decided_again_changes_nothing_twice(shop):
    """The link of a case that is being decided cannot be used again, nor does the mail open a second time."""
    ask(shop)
    link = link_in(shop, mailed(shop)[0])
    assert confirm(shop, link)
    with shop.services.database.transaction(shop.tenant) as db:
        assert identity_links.look(db, shop.tenant, link) is None
    shop.settle()
    assert not confirm(shop, link)
    assert shop.one("SELECT state FROM message WHERE direction = 'in'") == "decided"
