"""Links to the address on an order: whom they reach, how many there are, and that one works once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from uuid import uuid4

import pytest

from domain.case import Case, CaseState, Identity
from domain.decision import IdentityMail
from domain.message import Address
from storage import approvals, cases, desk, identity_links
from storage.due import Kind, kinds_due
from storage.messages import Claimed
from tests.support.pipeline import SHOP
from tests.support.proof import (
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
from tests.support.waiting import until


@pytest.fixture
def shop(settings, workspace):
    with proving_shop(settings, workspace) as shop:
        yield shop


def links(shop, what: str = "*") -> list:
    return shop.rows(f"SELECT {what} FROM identity_link ORDER BY created_at")  # noqa: S608  # our own words


def case(shop) -> Case:
    found = shop.one("SELECT id FROM support_case")
    with shop.services.database.transaction(shop.tenant) as db:
        return cases.get(db, shop.tenant, found)


def the_link(shop):
    """Somebody asked, the mail came, and this is the link in it."""
    ask(shop)
    (mail,) = mailed(shop)
    return link_in(shop, mail)


def test_the_mail_goes_to_the_address_on_the_order_whatever_the_decision_says(shop):
    the_link(shop)
    assert links(shop, "address, order_number") == [(OWNER, NUMBER)]
    assert shop.rows("SELECT recipient, thread_id FROM outbox WHERE kind = 'identity'") == [(OWNER, "")]


def test_no_table_holds_a_token(shop):
    ask(shop)
    (mail,) = mailed(shop)
    token = token_in(mail)
    names = (
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
    )
    for (name,) in shop.rows(names):
        if name != "alembic_version" and shop.one("SELECT has_table_privilege(%s, 'SELECT')", name):
            rows = shop.rows(f'SELECT t::text FROM "{name}" t')  # noqa: S608  # a name of our own schema
            assert not [row for row in rows if token in row[0] or token[64:] in row[0]], name


def test_confirming_moves_the_case_on_and_opens_the_mail_again(shop):
    link = the_link(shop)
    assert case(shop).state is CaseState.IDENTITY_WANTED
    assert confirm(shop, link)
    moved = case(shop)
    assert (moved.state, moved.identity, moved.order_number) == (CaseState.CHECKING, Identity.LINK, NUMBER)
    assert shop.rows("SELECT actor, from_state, to_state FROM case_event ORDER BY id")[-1] == (
        "customer", "identity_wanted", "checking",
    )  # fmt: skip
    assert shop.rows("SELECT actor, detail ->> 'link' FROM event WHERE kind = 'identity_confirmed'") == [
        ("customer", str(link))
    ]
    assert shop.one("SELECT state FROM message WHERE direction = 'in'") == "fetched"
    assert shop.one("SELECT count(*) FROM decision WHERE is_current") == 0


def test_a_link_works_once(shop):
    link = the_link(shop)
    assert confirm(shop, link)
    assert not confirm(shop, link)
    assert shop.one("SELECT count(*) FROM event WHERE kind = 'identity_confirmed'") == 1


def test_of_many_who_press_at_once_one_confirms(shop):
    link = the_link(shop)
    together, outcomes = threading.Barrier(4), []

    def press() -> None:
        together.wait()
        outcomes.append(confirm(shop, link))

    people = [threading.Thread(target=press) for _ in range(4)]
    for one in people:
        one.start()
    for one in people:
        one.join()
    assert sorted(outcomes) == [False, False, False, True]
    assert case(shop).version == 2
    assert shop.one("SELECT count(*) FROM event WHERE kind = 'identity_confirmed'") == 1


def test_an_expired_link_does_not_work(shop):
    link = the_link(shop)
    assert shop.one("SELECT expires_at - created_at = interval '24 hours' FROM identity_link")
    shop.change("UPDATE identity_link SET expires_at = now() - interval '1 second'")
    assert not confirm(shop, link)
    assert case(shop).state is CaseState.IDENTITY_WANTED


def test_a_link_is_dead_once_another_address_stands_on_the_order(shop):
    link = the_link(shop)
    has_orders(shop, an_order(email="new@home.example"))
    assert not confirm(shop, link)
    assert case(shop).identity is Identity.UNKNOWN
    has_orders(shop)
    assert confirm(shop, link), "it was the address alone"


def test_a_newer_link_of_the_case_replaces_the_earlier_one(shop):
    ask(shop)
    first = link_in(shop, mailed(shop)[0])
    claim, decision, case_id = the_claim(shop)
    with shop.services.database.transaction(shop.tenant) as db:
        identity_links.write(db, claim, decision, case_id, a_mail(), position=2)
    assert [row.replaced_at is not None for row in links(shop)] == [True, False]
    assert not confirm(shop, first)
    assert confirm(shop, links(shop)[1].id)


def the_claim(shop):
    """What a worker holds that writes another decision about the mail."""
    row = shop.rows("SELECT id, fence, thread_id, conversation_id FROM message WHERE direction = 'in'")[0]
    claim = Claimed(shop.tenant, row.id, shop.mailbox, "g", row.thread_id, "in", 1, row.fence, "", row.conversation_id)
    return claim, shop.one("SELECT id FROM decision"), shop.one("SELECT id FROM support_case")


def a_mail(number: str = NUMBER):
    return IdentityMail(Address("x@nobody.example"), "Did you write to us?", "Open {link} if so.", number)


def test_a_used_link_is_not_replaced(shop):
    link = the_link(shop)
    claim, decision, case_id = the_claim(shop)
    assert confirm(shop, link)
    with shop.services.database.transaction(shop.tenant) as db:
        identity_links.write(db, claim, decision, case_id, a_mail(), position=2)
    assert [(row.used_at is None, row.replaced_at is None) for row in links(shop)] == [(False, True), (True, True)]


def test_a_case_that_moved_on_stays_as_it_is_and_members_see_the_event(shop):
    link = the_link(shop)
    with shop.services.database.transaction(shop.tenant) as db:
        conversation = shop.one("SELECT conversation_id FROM support_case")
        cases.move(db, shop.tenant, conversation, case(shop).moved_to(CaseState.PERSON))
    before = case(shop)
    assert confirm(shop, link)
    assert case(shop) == before
    assert shop.one("SELECT count(*) FROM event WHERE kind = 'identity_confirmed'") == 1
    assert shop.one("SELECT state FROM message WHERE direction = 'in'") == "decided"


def held(shop):
    """Gmail never said whether the mail with the link left: a person has the decision, and the link works still."""
    link = the_link(shop)
    shop.change("UPDATE decision SET disposition = 'hold', reason = 'Gmail never said.'")
    return link, shop.one("SELECT id FROM decision")


def dismiss(shop, db, decision) -> bool:
    return desk.dismiss(db, shop.tenant, decision, member=shop.workspace.owner)


def send(shop, db, decision) -> bool:
    words = {"text_to_send": "Please open the link in that mail.", "reference": "ABC234"}
    return desk.send(db, shop.tenant, decision, member=shop.workspace.owner, **words)


def act_on(shop, decision, act=dismiss) -> bool:
    with shop.services.database.transaction(shop.tenant) as db:
        return act(shop, db, decision)


@pytest.mark.parametrize("settle", [dismiss, send])
def test_what_a_person_settled_is_not_decided_again_and_waits_for_a_person_with_its_case(shop, settle):
    link, decision = held(shop)
    assert act_on(shop, decision, settle)
    assert case(shop).state is CaseState.IDENTITY_WANTED
    assert confirm(shop, link)
    assert not confirm(shop, link)
    assert shop.one("SELECT state FROM message WHERE direction = 'in'") == "decided"
    [row] = shop.rows("SELECT id, is_current, disposition, reason, settled_at, settled_by, settlement FROM decision")
    assert row == (decision, True, "hold", identity_links.CONFIRMED_LATE, None, None, None)
    moved = case(shop)
    assert (moved.state, moved.identity, moved.order_number) == (CaseState.PERSON, Identity.LINK, NUMBER)
    with shop.services.database.transaction(shop.tenant) as db:
        assert desk.waiting(db, shop.tenant) == 1
    shop.settle()
    assert shop.one("SELECT count(*) FROM outbox WHERE kind = 'reply' AND automatic AND state = 'sent'") == 1


def test_what_was_dismissed_and_confirmed_and_is_dismissed_again_leaves_no_case_behind(shop):
    link, decision = held(shop)
    act_on(shop, decision)
    confirm(shop, link)
    assert act_on(shop, decision)
    assert case(shop).state is CaseState.WITHDRAWN


def test_a_person_may_refuse_what_was_confirmed_after_they_had_settled_it(shop):
    link, decision = held(shop)
    act_on(shop, decision, send)
    confirm(shop, link)
    with shop.services.database.transaction(shop.tenant) as db:
        words = {"text_to_send": "No, sorry.", "reference": "ABC235"}
        words |= {"rule_or_reason": "Worn.", "member": shop.workspace.owner}
        assert approvals.refuse(db, shop.tenant, decision, **words)
    assert case(shop).state is CaseState.REFUSED


def test_a_draft_that_was_dismissed_comes_back_with_its_decision(shop):
    link, decision = held(shop)
    shop.change("UPDATE outbox SET state = 'held' WHERE kind = 'reply'")
    act_on(shop, decision)
    confirm(shop, link)
    assert shop.one("SELECT state FROM outbox WHERE kind = 'reply'") == "held"


def side_by_side(shop, first, second):
    """`second` begins while `first` has not ended; returns what both said."""
    with ThreadPoolExecutor(1) as pool:
        with shop.services.database.transaction(shop.tenant) as db:
            said = first(db)
            other = pool.submit(second)
            until(lambda: shop.one("SELECT count(*) FROM pg_locks WHERE NOT granted"))
        return said, other.result()


def test_who_confirms_while_a_person_dismisses_is_heard_after_them(shop):
    link, decision = held(shop)
    assert side_by_side(shop, lambda db: dismiss(shop, db, decision), lambda: confirm(shop, link)) == (True, True)
    assert shop.rows("SELECT reason, settled_at FROM decision") == [(identity_links.CONFIRMED_LATE, None)]
    assert case(shop).state is CaseState.PERSON


def test_who_dismisses_while_the_customer_confirms_comes_too_late(shop):
    link, decision = held(shop)
    confirming = partial(identity_links.confirm, tenant=shop.tenant, link=link)
    assert side_by_side(shop, confirming, lambda: act_on(shop, decision)) == (True, False)
    assert shop.one("SELECT state FROM message WHERE direction = 'in'") == "fetched"
    assert case(shop).state is CaseState.CHECKING


def test_another_tenant_confirms_nothing(shop, other_workspace):
    link = the_link(shop)
    assert not confirm(shop, link, other_workspace.id)
    assert not confirm(shop, uuid4())
    with shop.services.database.transaction(other_workspace.id) as db:
        assert identity_links.look(db, shop.tenant, link) is None
        assert identity_links.look(db, other_workspace.id, link) is None
    assert confirm(shop, link)


def test_for_an_order_that_is_not_there_nothing_is_written(shop):
    ask(shop, NOT_THERE)
    assert links(shop) == []
    assert shop.one("SELECT count(*) FROM outbox WHERE kind = 'identity'") == 0


def test_no_link_goes_to_a_mailbox_of_ours(shop):
    has_orders(shop, an_order(email=SHOP))
    ask(shop)
    assert links(shop) == []


def asked_by_many(shop, times: int, *, numbers, senders) -> int:
    """So many ask in conversations of their own; returns how many mails with a link came."""
    for turn in range(times):
        ask(shop, numbers[turn % len(numbers)], senders[turn % len(senders)], f"My money {turn}")
    return shop.one("SELECT count(*) FROM identity_link")


SENDERS = [f"stranger{number}@elsewhere.example" for number in range(8)]
NUMBERS = [f"LO-{number}" for number in range(1, 9)]


def test_at_most_three_mails_a_day_are_about_one_order(shop):
    assert asked_by_many(shop, 5, numbers=[NUMBER], senders=SENDERS) == identity_links.PER_ORDER == 3
    assert len(mailed(shop)) == 3


def test_at_most_three_mails_a_day_go_to_one_address_tags_aside(shop):
    has_orders(shop, *(an_order(number, f"owner+{number.lower()}@home.example") for number in NUMBERS))
    assert asked_by_many(shop, 5, numbers=NUMBERS, senders=SENDERS) == identity_links.PER_ADDRESS == 3


def test_one_sender_makes_us_write_five_mails_a_day_at_most(shop):
    has_orders(shop, *(an_order(number, f"owner{number.lower()}@home.example") for number in NUMBERS))
    tagged = [STRANGER.replace("@", f"+{number}@") for number in range(8)]
    assert asked_by_many(shop, 7, numbers=NUMBERS, senders=tagged) == identity_links.PER_SENDER == 5


def test_a_day_later_the_limits_begin_anew(shop):
    asked_by_many(shop, 4, numbers=[NUMBER], senders=SENDERS)
    shop.change("UPDATE reply_counter SET day = day - 1")
    ask(shop, NUMBER, SENDERS[7], "My money, next day")
    assert len(links(shop)) == 4


def test_the_writer_gets_the_same_with_and_without_an_order_and_over_every_limit(shop):
    """One mail each, of the same words; what else happens, happens elsewhere."""
    asked_by_many(shop, 5, numbers=[NUMBER], senders=SENDERS[:5])
    ask(shop, NOT_THERE, SENDERS[5], "My money 5")
    heard = [[text_of(mail).split("Ref:")[0] for mail in shop.received(sender)] for sender in SENDERS[:6]]
    assert heard == [heard[0]] * 6
    assert len(heard[0]) == 1
    assert len(links(shop)) == 3


def test_only_confirmed_messages_count_as_confirmed(shop):
    link = the_link(shop)
    message = shop.one("SELECT id FROM message WHERE direction = 'in'")
    with shop.services.database.transaction(shop.tenant) as db:
        assert identity_links.confirmed(db, shop.tenant, [message]) == frozenset()
        identity_links.confirm(db, shop.tenant, link)
        assert identity_links.confirmed(db, shop.tenant, [message, uuid4()]) == {message}


def test_what_was_opened_again_is_due_by_itself(shop):
    link = the_link(shop)
    shop.settle()
    confirm(shop, link)
    with shop.services.listener_database.without_tenant() as db:
        assert Kind.PROCESS in kinds_due(db)
