"""Deciding: in the order of each thread, and whatever one mail does, the others do not suffer."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.case import Case
from domain.decision import Decision, EffectKind, Reply
from domain.errors import TryAgain
from domain.message import Address
from domain.money import Money
from domain.order import Order
from domain.understanding import Understanding
from storage import cases, decisions, desk, messages, orders
from storage.due import Kind
from tests.support.letters import letter
from tests.support.little_models import PlainReader
from tests.support.pipeline import CUSTOMER, SHOP, TestServices
from worker import process

PARCEL = "question: when does my parcel come?"
LEASE = timedelta(minutes=2)


class MoodyReader(PlainReader):
    """Does what the mail says: raises, ends the process, or lets something happen meanwhile."""

    def __init__(self):
        self.meanwhile = lambda: None
        self.batches = []

    def read(self, batch, context):
        texts = [message.text for message in batch]
        self.batches.append(len(texts))
        self.meanwhile()
        if any("explode" in text for text in texts):
            raise ValueError("this mail explodes")
        if any("killer" in text for text in texts):
            raise SystemExit("killed")
        return super().read(batch, context)


class MoodyServices(TestServices):
    moody: MoodyReader

    @property
    def reader(self):
        return self.moody


@pytest.fixture
def moody(shop):
    shop.services.__class__ = MoodyServices
    shop.services.moody = MoodyReader()
    shop.settle()
    return shop


def arrive(shop) -> None:
    """Sync and fetch, so that everything waits for its decision."""
    shop.change("UPDATE mailbox SET next_sync_at = now()")
    shop.run(Kind.SYNC)
    while shop.run(Kind.FETCH):
        pass


def claim(shop):
    with shop.services.database.transaction(shop.tenant) as db:
        return messages.claim_fetched(db, shop.tenant, limit=32, lease=LEASE)


def reasons(shop) -> list[str]:
    return [row.reason for row in shop.rows("SELECT reason FROM decision ORDER BY created_at")]


def test_within_a_thread_nothing_overtakes_an_earlier_mail(shop):
    shop.settle()
    first = shop.write(PARCEL, "Parcel")
    for number in range(2):
        shop.google.deliver_raw(
            SHOP, letter(CUSTOMER, SHOP, "Re: Parcel", f"other: more {number}", answers=first.letter.message_id)
        )
    elsewhere = shop.write("other: hello", "Elsewhere")
    arrive(shop)
    assert [one.claim.gmail_id for one in claim(shop)] == [first.id, elsewhere.id]
    assert claim(shop) == []
    shop.change("UPDATE message SET lease_until = NULL, attempts = 0")
    sizes = [shop.run(Kind.PROCESS) for _ in range(4)]
    assert sizes == [2, 1, 1, 0]


def test_a_mail_that_raises_spoils_nobody_else(moody):
    moody.write("this will explode")
    for _ in range(3):
        moody.write(PARCEL)
    moody.sync_and_settle()
    assert len(moody.received()) == 3
    moody.settle_over_time(4)
    assert [reason for reason in reasons(moody) if "3 times in vain" in reason] == [
        "It was tried 3 times in vain: an unexpected ValueError."
    ]
    assert len(moody.received()) == 3


def test_a_mail_that_kills_the_process_is_held_after_three_times_and_takes_no_other_with_it(moody):
    moody.write("a killer mail")
    for _ in range(3):
        moody.write(PARCEL)
    arrive(moody)
    kills = 0
    for _ in range(8):
        moody.due_again()
        try:
            while moody.run(Kind.PROCESS):
                pass
        except SystemExit:
            kills += 1
    moody.settle()
    assert kills == 3
    held = [reason for reason in reasons(moody) if "in vain" in reason]
    assert held == ["It was tried 3 times in vain: the program ended each time."]
    assert len(moody.received()) == 3
    assert moody.services.moody.batches[0] == 4
    assert set(moody.services.moody.batches[1:]) == {1}


def test_a_mail_that_failed_is_not_put_off_by_new_mail_for_ever(moody):
    moody.write(PARCEL)
    arrive(moody)
    moody.change("UPDATE message SET attempts = 1, next_at = now() - interval '5 minutes'")
    for _ in range(3):
        moody.write("other: new mail")
    arrive(moody)
    assert [one.claim.attempts for one in claim(moody)] == [2]
    assert len(claim(moody)) == 3


def test_the_kill_switch_holds_everything(shop):
    shop.settle()
    shop.change("UPDATE tenant SET answering = false")
    shop.write(PARCEL)
    shop.sync_and_settle()
    assert reasons(shop) == ["Answering by itself is paused."]
    assert shop.one("SELECT state FROM outbox") == "held"
    assert shop.received() == []


def test_a_paused_mailbox_decides_nothing_by_itself(shop):
    shop.settle()
    shop.write(PARCEL)
    arrive(shop)
    shop.change("UPDATE mailbox SET status = 'paused'")
    shop.settle()
    assert reasons(shop) == ["Answering by itself is paused."]
    assert shop.received() == []


def test_a_thread_gets_three_automatic_replies_at_most(shop):
    shop.settle()
    first = shop.write("refund: please", "Parcel")
    shop.sync_and_settle()
    (decision,) = shop.rows("SELECT id, message_id, conversation_id FROM decision")
    for number in range(2):
        shop.change(
            "INSERT INTO outbox (tenant_id, id, decision_id, position, kind, message_id, mailbox_id, conversation_id,"
            " thread_id, automatic, recipient, subject, text, draft_text, reference, state)"
            " SELECT tenant_id, gen_random_uuid(), decision_id, %s, 'note', message_id, mailbox_id, conversation_id,"
            " thread_id, true, recipient, subject, text, draft_text, %s, 'sent' FROM outbox WHERE decision_id = %s"
            " AND position = 0",
            number + 1, f"TEST{number}", decision.id,
        )  # fmt: skip
    shop.google.deliver_raw(
        SHOP, letter(CUSTOMER, SHOP, "Re: Parcel", "refund: LO-1", answers=first.letter.message_id), auth="pass"
    )
    shop.sync_and_settle()
    assert len(shop.received()) == 1
    assert any("3 automatic replies in this conversation" in reason for reason in reasons(shop))


def test_a_sender_gets_five_automatic_replies_a_day_at_most(shop):
    shop.settle()
    for number in range(8):
        shop.write(PARCEL, f"Parcel {number}")
    shop.sync_and_settle()
    assert len(shop.received()) == 5
    assert shop.one("SELECT count(*) FROM decision WHERE disposition = 'hold'") == 3
    assert shop.one("SELECT count(*) FROM outbox WHERE state = 'held'") == 3
    assert not shop.google.mailbox(SHOP).drafts
    shop.write(PARCEL, "One more")
    shop.sync_and_settle()
    assert len(shop.received()) == 5


def test_mail_that_a_machine_wrote_is_ignored(shop):
    shop.settle()
    shop.write(PARCEL, headers={"Auto-Submitted": "auto-replied"})
    shop.write(PARCEL, headers={"List-Unsubscribe": "<mailto:x@y.example>"})
    shop.write(PARCEL, sender=SHOP)
    shop.sync_and_settle()
    assert {row.disposition for row in shop.rows("SELECT disposition FROM decision")} == {"ignore"}
    assert shop.one("SELECT count(*) FROM outbox") == 0


def test_two_workers_at_once_decide_each_mail_once(shop):
    shop.settle()
    for number in range(40):
        shop.write("other: hello", f"Subject {number}")
    arrive(shop)
    taken = []

    def work() -> None:
        while rows := process.work(shop.services, shop.tenant):
            taken.append(rows)

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(taken) == 40
    assert shop.one("SELECT count(*) FROM decision") == 40
    assert shop.one("SELECT count(DISTINCT message_id) FROM decision") == 40


def test_a_lost_lease_writes_no_decision(shop):
    shop.settle()
    shop.write(PARCEL)
    arrive(shop)
    (stale,) = claim(shop)
    shop.change("UPDATE message SET lease_until = now() - interval '1 second'")
    claim(shop)
    services, tenant = shop.services, shop.tenant
    with services.database.transaction(tenant) as db:
        assert not decisions.record(db, stale.claim, Decision.hold("too late"), None)
    assert reasons(shop) == []
    shop.settle_over_time(2)
    assert len(shop.received()) == 1


def test_a_case_that_somebody_moved_meanwhile_is_read_anew(moody):
    first = moody.write("refund: please", "Refund")
    moody.sync_and_settle()
    assert len(moody.received()) == 1
    conversation = moody.one("SELECT id FROM conversation")
    moody.google.deliver_raw(
        SHOP, letter(CUSTOMER, SHOP, "Re: Refund", "refund: LO-404", answers=first.letter.message_id), auth="pass"
    )
    arrive(moody)
    moved = []

    def meanwhile() -> None:
        if not moved:
            moved.append(True)
            case = Case("refund", "order_wanted", "", ("order_number",), ("LO-1",), version=1)
            with moody.services.database.transaction(moody.tenant) as db:
                cases.move(db, moody.tenant, conversation, case)

    moody.services.moody.meanwhile = meanwhile
    moody.run(Kind.PROCESS)
    assert moody.one("SELECT last_error FROM message WHERE state = 'fetched'").startswith("The case was moved")
    assert moody.one("SELECT version FROM support_case") == 2
    moody.settle_over_time(2)
    assert moody.one("SELECT wrong_numbers FROM support_case") == ["LO-1", "LO-404"]
    assert moody.one("SELECT count(*) FROM message WHERE state = 'fetched'") == 0


def test_two_cannot_move_one_case_from_the_same_version(moody):
    moody.write("refund: please", "Refund")
    moody.sync_and_settle()
    conversation = moody.one("SELECT id FROM conversation")
    case = Case("refund", "order_wanted", "", ("order_number",), (), version=1)
    with moody.services.database.transaction(moody.tenant) as db:
        cases.move(db, moody.tenant, conversation, case)
        with pytest.raises(TryAgain):
            cases.move(db, moody.tenant, conversation, case)
        with pytest.raises(TryAgain):
            cases.move(db, moody.tenant, conversation, replace(case, version=0))


def an_order(shop, number: str = "LO-48213") -> None:
    order = Order(number, CUSTOMER, "delivered", Money(4990, "EUR"), Money(0, "EUR"), datetime.now(UTC))
    with shop.services.database.transaction(shop.tenant) as db:
        orders.save(db, shop.tenant, [order])


def answer(shop, first, text: str) -> None:
    """The customer answers in the same thread."""
    shop.google.deliver_raw(
        SHOP, letter(CUSTOMER, SHOP, "Re: Refund", text, answers=first.letter.message_id), auth="pass"
    )
    shop.sync_and_settle()


def test_whoever_asks_for_news_of_a_case_with_a_person_is_not_asked_for_the_order_number(shop):
    an_order(shop)
    shop.settle()
    first = shop.write("refund: please, my order is LO-48213", "Refund")
    shop.sync_and_settle()
    assert shop.rows("SELECT state, is_open FROM support_case") == [("eligible", True)]
    answer(shop, first, "refund: any news?")
    assert reasons(shop)[1] == "Its refund is with a person already (eligible)."
    assert shop.received() == []
    assert shop.one("SELECT count(*) FROM support_case") == 1


def test_a_month_after_a_person_had_a_case_a_new_one_begins(shop):
    an_order(shop)
    shop.settle()
    first = shop.write("refund: please, my order is LO-48213", "Refund")
    shop.sync_and_settle()
    shop.change("UPDATE support_case SET opened_at = opened_at - interval '40 days'")
    shop.change("UPDATE support_case SET moved_at = moved_at - interval '31 days'")
    answer(shop, first, "refund: something else, please")
    assert len(shop.received()) == 1
    assert [row.state for row in shop.rows("SELECT state FROM support_case ORDER BY opened_at")] == [
        "expired",
        "order_wanted",
    ]


def test_the_record_of_a_decision_holds_ids_and_no_word_of_the_mail(shop):
    an_order(shop)
    shop.settle()
    shop.write("refund: please, my order is LO-48213", "Refund")
    shop.sync_and_settle()
    assert "LO-48213" in reasons(shop)[0]
    (event,) = shop.rows("SELECT detail, subject FROM event WHERE kind = 'message_hold'")
    (decision,) = shop.rows("SELECT id, message_id FROM decision")
    assert event.subject == decision.message_id
    # The record names who decided: the models, how sure they were, and nothing that the mail says.
    assert {**event.detail, "confidence": 1.0} == {
        "decision": str(decision.id), "by": "local models", "category": "refund", "confidence": 1.0,
    }  # fmt: skip


def held_at_the_gate(shop) -> None:
    """What was released is held before it leaves: answering was paused in between."""
    shop.run(Kind.PROCESS)
    shop.change("UPDATE tenant SET answering = false")
    shop.run(Kind.DELIVER)
    shop.change("UPDATE tenant SET answering = true")
    assert shop.one("SELECT count(*) FROM outbox WHERE state = 'held'") == 1


def approve(shop) -> None:
    decision = shop.one("SELECT id FROM decision WHERE disposition = 'hold' AND settled_at IS NULL")
    with shop.services.database.transaction(shop.tenant) as db:
        member = shop.workspace.owner
        assert desk.send(db, shop.tenant, decision, member=member, text_to_send="Which one?", reference="ABCDEF")
    shop.settle()


def test_what_was_not_asked_after_all_is_not_remembered_as_asked(shop):
    shop.settle()
    shop.write("refund: please", "Refund")
    arrive(shop)
    held_at_the_gate(shop)
    assert shop.one("SELECT count(*) FROM support_case") == 0
    approve(shop)
    assert len(shop.received()) == 1
    assert shop.one("SELECT asked FROM support_case") == ["order_number"]


def test_a_second_question_that_was_not_asked_leaves_the_first_one_as_it_was(shop):
    shop.settle()
    first = shop.write("refund: please", "Refund")
    shop.sync_and_settle()
    raw = letter(CUSTOMER, SHOP, "Re: Refund", "refund: LO-404", answers=first.letter.message_id)
    shop.google.deliver_raw(SHOP, raw, auth="pass")
    arrive(shop)
    held_at_the_gate(shop)
    case = "SELECT asked, wrong_numbers, is_open, version FROM support_case"
    assert shop.rows(case) == [(["order_number"], [], True, 3)]
    approve(shop)
    assert shop.rows(case) == [(["order_number", "order_number_again"], ["LO-404"], True, 4)]


def test_a_case_that_something_else_moved_since_is_not_put_back(shop):
    shop.settle()
    shop.write("refund: please", "Refund")
    arrive(shop)
    shop.run(Kind.PROCESS)
    shop.change("UPDATE support_case SET version = version + 1, state = 'person', is_open = false")
    shop.change("UPDATE tenant SET answering = false")
    shop.run(Kind.DELIVER)
    assert shop.rows("SELECT state, version FROM support_case") == [("person", 2)]


def test_an_effect_that_nobody_can_write_is_refused_and_not_dropped(shop):
    shop.settle()
    shop.write(PARCEL)
    arrive(shop)
    (one,) = claim(shop)
    with pytest.raises(AssertionError), shop.services.database.transaction(shop.tenant) as db:
        decisions.record(db, one.claim, Decision.release("Answered.", object()), None)
    assert reasons(shop) == []


def test_a_claimed_effect_says_of_which_kind_it_is(shop):
    shop.settle()
    shop.write(PARCEL)
    arrive(shop)
    shop.run(Kind.PROCESS)
    assert [effect.kind for effect in shop.claim_outbox()] == [EffectKind.REPLY]


BOTH = f"{SHOP}, sales@shop.example"


def copies(shop, sales, text: str) -> None:
    """One mail to two mailboxes of the workspace."""
    for one, address in ((shop, SHOP), (sales, "sales@shop.example")):
        raw = letter(CUSTOMER, BOTH, "Parcel", text, message_id="<one@customer.example>")
        one.google.deliver_raw(address, raw, auth="pass")


@pytest.mark.parametrize(("text", "replies"), [(PARCEL, 1), ("other: hello", 0)])
def test_a_mail_to_two_mailboxes_is_dealt_with_in_one_of_them(shop, sales, text, replies):
    shop.settle()
    copies(shop, sales, text)
    shop.sync_and_settle()
    shop.settle_over_time(2)
    assert len(shop.received()) == replies
    assert sorted(row.disposition for row in shop.rows("SELECT disposition FROM decision")) == [
        *(["hold"] * (1 - replies)), "ignore", *(["release"] * replies),
    ]  # fmt: skip
    assert "It came to another mailbox here too, and is dealt with there." in reasons(shop)


def test_of_two_workers_with_a_copy_each_one_answers(shop, sales):
    shop.settle()
    copies(shop, sales, PARCEL)
    shop.change("UPDATE mailbox SET next_sync_at = now()")
    shop.run(Kind.SYNC)
    shop.run(Kind.SYNC)
    while shop.run(Kind.FETCH):
        pass
    one, other = claim(shop)
    reply = Decision.release("Answered.", Reply(Address(CUSTOMER), "Parcel", "Three days."))
    database, read = shop.services.database, Understanding(text=PARCEL, language="en")
    with database.transaction(shop.tenant) as first, database.transaction(shop.tenant) as second:
        assert decisions.record(first, one.claim, reply, read)
        with pytest.raises(TryAgain):
            decisions.record(second, other.claim, reply, read)
    assert shop.one("SELECT count(*) FROM outbox") == 1


def test_a_message_id_that_comes_twice_to_one_mailbox_does_not_swallow_a_mail(shop):
    shop.settle()
    for number in range(2):
        raw = letter(CUSTOMER, SHOP, f"Parcel {number}", PARCEL, message_id="<form@customer.example>")
        shop.google.deliver_raw(SHOP, raw, auth="pass")
    shop.sync_and_settle()
    assert [row.disposition for row in shop.rows("SELECT disposition FROM decision")] == ["release", "release"]


def test_no_transaction_is_open_while_the_models_think(moody):
    open_then = []

    def meanwhile() -> None:
        open_then.append(
            moody.one("SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%%'"
                      " AND datname = current_database()")
        )  # fmt: skip

    moody.services.moody.meanwhile = meanwhile
    moody.write(PARCEL)
    moody.sync_and_settle()
    assert open_then == [0]
