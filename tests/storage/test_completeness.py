"""Nothing is lost: each mail that came in is in exactly one place, and what no stage accounts for is called missing."""

import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise, product
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from domain.completeness import Whereabouts, days, today
from domain.decision import Decision, Disposition
from domain.delivery import EffectState
from domain.settlement import Settlement
from storage import completeness, desk, disconnecting, erasure, gmail_drafts, reconciliation
from tests.web.filling import MESSAGE, UNDERSTANDING, Filler

W = Whereabouts
ZONE = "Europe/Berlin"


@pytest.fixture
def filler(database, workspace) -> Filler:
    return Filler(database, workspace.id, workspace.owner)


@pytest.fixture
def mailbox(filler):
    return filler.mailbox()


def counts(filler, mailbox) -> Counter[W]:
    """Over the last days, so that no midnight matters."""
    asked = days(ZONE, today(ZONE, datetime.now(UTC)), 2)
    with filler.database.transaction(filler.tenant) as db:
        found = completeness.counted(db, filler.tenant, mailbox, asked)
    return sum((Counter(one.counts) for one in found), Counter())


def discovered(filler, mailbox, state="discovered", direction="in") -> None:
    with filler.database.transaction(filler.tenant) as db:
        db.execute(
            text("""
                INSERT INTO message (tenant_id, id, mailbox_id, gmail_id, thread_id, direction, state)
                VALUES (:tenant, gen_random_uuid(), :mailbox, :gmail, 'thread', :direction, :state)
            """),
            {"tenant": filler.tenant, "mailbox": mailbox, "gmail": uuid4().hex, "direction": direction, "state": state},
        )


def to_gmail(filler, held) -> None:
    with filler.database.transaction(filler.tenant) as db:
        assert gmail_drafts.save(
            db, filler.tenant, held.decision, member=filler.member, text_to_send="In Gmail.", reference="GML234"
        )


def one_of_each(filler, mailbox) -> None:
    """Made by the functions that make them, as far as these end here."""
    filler.released(mailbox)  # answered
    filler.released(mailbox, "uncertain")  # still worked on
    filler.released(mailbox, "cancelled")  # somebody answered by hand in Gmail
    filler.held(mailbox)
    filler.answered_by_hand(mailbox)
    dismissed = filler.held(mailbox)
    with filler.database.transaction(filler.tenant) as db:
        assert desk.dismiss(db, filler.tenant, dismissed.decision, member=filler.member)
    to_gmail(filler, filler.held(mailbox))
    filler.decide(filler.store(mailbox, MESSAGE), Decision.ignore("A machine wrote it."), UNDERSTANDING)
    filler.decide(filler.store(mailbox, MESSAGE), Decision.release("A thank you."), UNDERSTANDING)  # needs no reply
    unread = filler.store(mailbox, None, state="unreadable", error="It cannot be read.")
    filler.decide(unread, Decision.hold("It cannot be read."), None, state="unreadable")
    filler.store(mailbox, MESSAGE)  # fetched
    filler.store(mailbox, MESSAGE, state="noted", direction="out")  # sent by hand: none of these counts
    discovered(filler, mailbox)
    discovered(filler, mailbox, "gone")


EACH = {
    W.ANSWERED: 2, W.WORKING: 3, W.PEOPLE: 4, W.HELD: 1, W.IGNORED: 1, W.UNREADABLE: 1, W.GONE: 1,
}  # fmt: skip


def test_one_of_each_is_counted_where_it_is(filler, mailbox):
    one_of_each(filler, mailbox)
    assert counts(filler, mailbox) == EACH


def test_the_mails_behind_the_numbers_are_those_that_were_counted(filler, mailbox):
    one_of_each(filler, mailbox)
    span = days("UTC", today("UTC", datetime.now(UTC)), 2)
    with filler.database.transaction(filler.tenant) as db:

        def listed(day, place) -> list:
            found, after = [], None
            while page := completeness.mails(db, filler.tenant, mailbox, day, place, after=after, limit=2):
                found += page
                after = page[-1].id
            return found

        every = [one for day in span for one in listed(day, None)]
        parts = [one for day in span for place in W for one in listed(day, place)]
    assert len(every) == sum(EACH.values()) == len({one.id for one in every})
    assert sorted(parts, key=lambda one: one.id) == sorted(every, key=lambda one: one.id)
    assert Counter(one.whereabouts for one in parts) == EACH


def test_erased_mail_is_gone_and_not_missing(filler, mailbox):
    filler.released(mailbox)
    filler.answered_by_hand(mailbox)
    with filler.database.transaction(filler.tenant) as db:
        erasure.erase(db, filler.tenant, MESSAGE.sender.address, actor="x")
    assert counts(filler, mailbox) == {W.GONE: 2}


def test_a_mailbox_that_is_disconnected_leaves_nothing_in_no_place(filler, mailbox):
    one_of_each(filler, mailbox)
    filler.released(mailbox, "pending")
    with filler.database.transaction(filler.tenant) as db:
        disconnecting.disconnect(db, filler.tenant, mailbox)
    found = counts(filler, mailbox)
    assert found[W.MISSING] == 0
    assert sum(found.values()) == sum(EACH.values()) + 1
    assert found[W.GONE] == 2  # what was still to be fetched


@pytest.mark.parametrize(
    "lost",
    [
        "UPDATE decision SET is_current = false WHERE message_id = :id",
        "UPDATE message SET state = 'noted' WHERE id = :id",
        "UPDATE decision SET disposition = 'release', settled_at = NULL WHERE message_id = :id",
        "UPDATE decision SET disposition = 'something new' WHERE message_id = :id",
    ],
)
def test_what_no_stage_accounts_for_is_called_missing(filler, mailbox, lost):
    held = filler.held(mailbox)
    with filler.database.transaction(filler.tenant) as db:
        db.execute(text(lost), {"id": held.message})
    assert counts(filler, mailbox) == {W.MISSING: 1}


def allowed(owner, check: str) -> list[str]:
    """What a check of the tables allows: a word that is added comes here by itself."""
    found = owner.execute(
        text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = :check"), {"check": check}
    ).scalar_one()
    return re.findall(r"'(\w+)'", found)


def test_the_table_allows_the_settlements_that_the_code_knows(owner):
    assert set(allowed(owner, "decision_settlement_check")) == set(Settlement)


# What the code writes of an incoming mail: its state, with a disposition and a settlement where it has a decision.
WRITTEN = {
    *(("discovered", None, None), ("fetched", None, None), ("gone", None, None)),
    *product(("decided",), Disposition, (None,)),
    *product(("decided", "unreadable"), (Disposition.HOLD, Disposition.RELEASE), Settlement),
    ("unreadable", Disposition.HOLD, None),
}
# Of a release that nobody settled, those states in which a reply is left: in all others its decision is held, or was
# settled by a person.
LEFT = {None, *EffectState} - {
    EffectState.HELD, EffectState.NEEDS_PERSON, EffectState.FAILED, EffectState.LEFT_AS_DRAFT,
}  # fmt: skip


def test_every_state_of_the_code_is_in_exactly_one_place_and_none_that_it_writes_is_missing(filler, mailbox, owner):
    states, settlements = allowed(owner, "message_state_check"), allowed(owner, "decision_settlement_check")
    assert {"discovered", "decided"} <= set(states)
    combinations = list(product(states, (None, *Disposition), (None, *settlements), (None, *EffectState)))
    with filler.database.transaction(filler.tenant) as db:
        conversation = filler.store(mailbox, MESSAGE, state="noted", direction="out").conversation
        for state, disposition, settlement, reply in combinations:
            write(db, filler, mailbox, conversation, (state, disposition, settlement, reply))
        day = [days("UTC", date(2026, 6, 1), 1)[0]]
        (found,) = completeness.counted(db, filler.tenant, mailbox, day)
        mails = completeness.mails(db, filler.tenant, mailbox, day[0], limit=10_000)
        missing = completeness.mails(db, filler.tenant, mailbox, day[0], W.MISSING, limit=10_000)
    assert found.fetched == len(combinations) == len(mails)
    assert Counter(one.whereabouts for one in mails) == found.counts
    assert set(found.counts) == set(W)
    for one in missing:
        state, disposition, settlement, reply = one.subject.split("/")
        mail = (state, Disposition(disposition) if disposition else None, settlement or None)
        left = disposition != "release" or settlement or (EffectState(reply) if reply else None) in LEFT
        assert mail not in WRITTEN or not left, one.subject


def write(db, filler, mailbox, conversation, combination) -> None:
    """One mail of 1 June 2026, whose subject says what it is."""
    state, disposition, settlement, reply = combination
    values = {
        "tenant": filler.tenant, "mailbox": mailbox, "conversation": conversation, "message": uuid4(),
        "decision": uuid4(), "state": state, "disposition": disposition, "settlement": settlement, "reply": reply,
        "subject": "/".join(one or "" for one in combination), "at": datetime(2026, 6, 1, 12, tzinfo=UTC),
    }  # fmt: skip
    statements = [
        """
        INSERT INTO message (tenant_id, id, mailbox_id, conversation_id, gmail_id, thread_id, direction, state, subject,
            received_at)
        VALUES (:tenant, :message, :mailbox, :conversation, CAST(:message AS text), 'thread', 'in', :state, :subject,
            :at)"""
    ]
    if disposition:
        statements.append("""
            INSERT INTO decision (tenant_id, id, message_id, conversation_id, disposition, reason, settlement,
                settled_at)
            VALUES (:tenant, :decision, :message, :conversation, :disposition, '', :settlement,
                CASE WHEN CAST(:settlement AS text) IS NOT NULL THEN now() END)""")
    if disposition and reply:
        statements.append("""
            INSERT INTO outbox (tenant_id, id, decision_id, position, kind, message_id, mailbox_id, thread_id,
                automatic, recipient, subject, text, draft_text, reference, state, as_draft)
            VALUES (:tenant, gen_random_uuid(), :decision, 0, 'reply', :message, :mailbox, 'thread', false, 'x', '', '',
                '', CAST(:message AS text), :reply, :reply = 'left_as_draft')""")
    for statement in statements:
        db.execute(text(statement), values)


def test_a_mail_belongs_to_the_day_on_which_it_came_in_the_zone_of_the_workspace(filler, mailbox):
    late = datetime(2026, 6, 1, 22, 30, tzinfo=UTC)  # half past midnight in Berlin
    filler.held(mailbox, at=late)

    def of(zone: str) -> list[int]:
        with filler.database.transaction(filler.tenant) as db:
            found = completeness.counted(db, filler.tenant, mailbox, days(zone, date(2026, 6, 2), 2))
        return [one.fetched for one in found]

    assert of("Europe/Berlin") == [1, 0]
    assert of("UTC") == [0, 1]


@given(
    st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "UTC"]),
    st.dates(date(2025, 1, 1), date(2027, 12, 31)),
)
def test_days_follow_one_another_without_a_gap_also_where_clocks_are_changed(zone, last):
    found = days(zone, last, 3)
    assert all(later.begins == earlier.ends for later, earlier in pairwise(found))
    assert all(timedelta(hours=23) <= one.ends - one.begins <= timedelta(hours=25) for one in found)
    assert today(zone, found[0].begins) == last


def test_mail_of_another_mailbox_is_not_counted(filler, mailbox):
    filler.held(filler.mailbox("sales@lumen.example"))
    assert counts(filler, mailbox) == {}


def test_a_second_comparison_of_a_day_forgets_nothing_that_the_first_found_missing(filler, mailbox):
    day = date(2026, 6, 1)
    with filler.database.transaction(filler.tenant) as db:
        reconciliation.keep(db, filler.tenant, mailbox, day=day - timedelta(days=1), at_gmail=9, missing=0)
        reconciliation.keep(db, filler.tenant, mailbox, day=day, at_gmail=4, missing=1)
        reconciliation.keep(db, filler.tenant, mailbox, day=day, at_gmail=5, missing=0)
        newest = reconciliation.newest(db, filler.tenant)[mailbox]
        of_days = reconciliation.of_days(db, filler.tenant, mailbox, [day])
    assert (newest.day, newest.at_gmail, newest.here, newest.missing) == (day, 5, 5, 1)
    assert of_days == {day: newest}


def test_a_day_is_counted_and_listed_by_the_index(filler, mailbox):
    one_of_each(filler, mailbox)
    day = days("UTC", today("UTC", datetime.now(UTC)), 1)[0]
    with filler.database.transaction(filler.tenant) as db:
        db.exec_driver_sql("SET LOCAL enable_seqscan = off")
        db.exec_driver_sql("SET LOCAL enable_bitmapscan = off")
        plan = db.execute(
            text("EXPLAIN SELECT count(*) FROM message WHERE tenant_id = :t AND mailbox_id = :m AND direction = 'in'"
                 " AND came_at >= :b AND came_at < :e"),
            {"t": filler.tenant, "m": mailbox, "b": day.begins, "e": day.ends},
        ).scalars()  # fmt: skip
        assert "message_by_day" in " ".join(plan)
