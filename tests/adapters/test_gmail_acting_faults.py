"""Acting in a mailbox while Gmail misbehaves: a mail leaves at most once, and what is unclear is said to be unclear."""

from datetime import timedelta

import pytest

from domain.delivery import DraftState, Signs
from domain.errors import AuthLost, DraftGone, NotSent, RateLimited, ScopeMissing, TryAgain, Unclear
from tests.adapters.conftest import CUSTOMER, HELD_BACK_S, IMPATIENT, PATIENT, SHOP
from tests.support.letters import letter
from tests.support.waiting import let_go

QUESTION_ID = "<question-1@example.org>"
SIGNS = Signs("K7F3Q2", QUESTION_ID, CUSTOMER)
REPLY = letter(SHOP, CUSTOMER, "Re: Question 1", "On its way.\n\nRef: K7F3Q2\n", answers=QUESTION_ID)

# fault -> (what comes out, whether it took effect)
UNCLEAR_FAULTS = {
    "503_before": False,
    "500_before": False,
    "drop_before": False,
    "503_after": True,
    "500_after": True,
    "drop_after": True,
    "short_read": True,
    "malformed_json": True,
    "slow": True,
    "slow_before": True,
}


@pytest.fixture
def thread_id(google):
    raw = letter(CUSTOMER, SHOP, "Question 1", "Where is it?", message_id=QUESTION_ID)
    return google.deliver_raw(SHOP, raw).thread_id


@pytest.fixture
def hasty(connections, fault):
    """A mailbox that waits no longer than it must to see this fault."""
    return connections.open(limits=IMPATIENT if "slow" in fault else PATIENT)


def received(google) -> int:
    return len(google.mailbox(CUSTOMER).messages)


def settled(google, route):
    """A slow call is recorded when it is over."""
    let_go(google.stopping, lambda: google.calls(route))


# -- drafts.send


@pytest.mark.parametrize("fault", UNCLEAR_FAULTS)
def test_a_send_without_a_clear_answer_is_unclear_and_is_not_repeated(google, hasty, gmail, thread_id, fault):
    start = gmail.source.profile().history_id
    draft = gmail.outgoing.create_draft(REPLY, thread_id)
    google.fault("drafts.send", fault, seconds=HELD_BACK_S)
    with pytest.raises(Unclear):
        hasty.outgoing.send_draft(draft.draft_id)
    settled(google, "drafts.send")

    left = UNCLEAR_FAULTS[fault]
    assert len(google.calls("drafts.send")) == 1
    assert received(google) == left
    found = gmail.outgoing.find_sent(thread_id, SIGNS, start)
    assert (found is not None) == left
    assert gmail.outgoing.draft_state(draft.draft_id) is (DraftState.GONE if left else DraftState.DRAFT)
    if left:
        with pytest.raises(DraftGone):
            gmail.outgoing.send_draft(draft.draft_id)
    else:
        gmail.outgoing.send_draft(draft.draft_id)
    assert received(google) == 1


@pytest.mark.parametrize(("fault", "wait_s"), [("429", 77), ("403_rate", 30)])
def test_a_send_that_must_wait_was_not_sent(google, gmail, thread_id, fault, wait_s):
    draft = gmail.outgoing.create_draft(REPLY, thread_id)
    google.fault("drafts.send", fault, retry_after=77)
    with pytest.raises(NotSent) as raised:
        gmail.outgoing.send_draft(draft.draft_id)
    assert timedelta(seconds=wait_s - 2) < raised.value.after <= timedelta(seconds=wait_s)
    assert received(google) == 0
    gmail.outgoing.send_draft(draft.draft_id)
    assert received(google) == 1


def test_a_send_refused_for_its_token_is_asked_once_more_and_leaves_once(google, connections, thread_id):
    row = connections.grant()
    gmail = connections.open(row)
    draft = gmail.outgoing.create_draft(REPLY, thread_id)
    google.fault("drafts.send", "401")
    gmail.outgoing.send_draft(draft.draft_id)
    assert received(google) == 1
    assert row.refreshes == 1


def test_a_send_after_the_grant_was_withdrawn_says_so_and_nothing_leaves(google, gmail, thread_id):
    draft = gmail.outgoing.create_draft(REPLY, thread_id)
    google.revoke(SHOP)
    with pytest.raises(AuthLost):
        gmail.outgoing.send_draft(draft.draft_id)
    assert received(google) == 0


def test_a_send_whose_token_cannot_be_refreshed_just_now_was_not_sent(google, gmail, thread_id):
    draft = gmail.outgoing.create_draft(REPLY, thread_id)
    google.expire_access_tokens()
    google.fault("oauth.token", "503_before")
    with pytest.raises(TryAgain):
        gmail.outgoing.send_draft(draft.draft_id)
    assert received(google) == 0
    gmail.outgoing.send_draft(draft.draft_id)
    assert received(google) == 1


def test_a_draft_that_its_owner_deleted_is_gone(google, gmail, thread_id):
    draft = gmail.outgoing.create_draft(REPLY, thread_id)
    google.fault("drafts.send", "delete_message")
    with pytest.raises(DraftGone):
        gmail.outgoing.send_draft(draft.draft_id)
    assert received(google) == 0


def test_a_draft_that_stays_around_its_sent_mail_counts_as_sent_and_is_not_deleted(google, gmail, thread_id):
    google.settings.draft_wrapper_stays = True
    draft = gmail.outgoing.create_draft(REPLY, thread_id)
    sent = gmail.outgoing.send_draft(draft.draft_id)
    assert gmail.outgoing.draft_state(draft.draft_id) is DraftState.SENT
    assert gmail.outgoing.find_draft(SIGNS, thread_id) is None
    gmail.outgoing.delete_draft(draft.draft_id)
    assert gmail.source.fetch(sent.gmail_id).labels == ("SENT",)


# -- drafts.create


@pytest.mark.parametrize("fault", UNCLEAR_FAULTS)
def test_a_draft_without_a_clear_answer_is_looked_for_before_another_is_made(google, hasty, gmail, thread_id, fault):
    google.fault("drafts.create", fault, seconds=HELD_BACK_S)
    with pytest.raises(Unclear):
        hasty.outgoing.create_draft(REPLY, thread_id)
    settled(google, "drafts.create")
    assert len(google.calls("drafts.create")) == 1
    found = gmail.outgoing.find_draft(SIGNS, thread_id)
    assert (found is not None) == UNCLEAR_FAULTS[fault]


@pytest.mark.parametrize("fault", ["429", "403_rate"])
def test_a_draft_that_must_wait_is_rate_limited(google, gmail, thread_id, fault):
    google.fault("drafts.create", fault)
    with pytest.raises(RateLimited):
        gmail.outgoing.create_draft(REPLY, thread_id)
    assert gmail.outgoing.find_draft(SIGNS, thread_id) is None


def test_a_grant_without_the_mail_permission_drafts_nothing(connections):
    gmail = connections.open(connections.grant(scopes=("openid", "email")))
    with pytest.raises(ScopeMissing):
        gmail.outgoing.create_draft(REPLY, "")


# -- looking


@pytest.mark.parametrize("route", ["threads.get", "history.list"])
@pytest.mark.parametrize("fault", ["503_before", "drop_before", "malformed_json", "429"])
def test_an_error_while_looking_is_never_read_as_not_sent(google, gmail, thread_id, route, fault):
    start = gmail.source.profile().history_id
    google.fault(route, fault)
    with pytest.raises(TryAgain):
        gmail.outgoing.find_sent(thread_id, SIGNS, start)


def test_our_mail_is_known_by_its_text_when_gmail_rewrote_its_headers(google, gmail, thread_id):
    google.settings.strip_x_headers = True
    google.settings.search_lag_s = 3600
    start = gmail.source.profile().history_id
    sent = gmail.outgoing.send_draft(gmail.outgoing.create_draft(REPLY, thread_id).draft_id)
    assert gmail.outgoing.find_sent(thread_id, SIGNS, start) == sent


def test_a_sent_mail_outside_the_thread_is_found_on_a_later_page_of_the_history(google, gmail, thread_id):
    start = gmail.source.profile().history_id
    stray = letter(SHOP, CUSTOMER, "Question 1", "Ref: K7F3Q2")
    for _ in range(4):
        google.send_as(SHOP, letter(SHOP, CUSTOMER, "Other", "by hand"))
    sent = google.send_as(SHOP, stray)
    google.settings.page_cap = 2
    google.fault("history.list", "empty_page", page=2)
    found = gmail.outgoing.find_sent(thread_id, SIGNS, start)
    assert found is not None
    assert found.gmail_id == sent.id


def test_what_was_seen_in_the_thread_is_not_fetched_again(google, gmail, thread_id):
    start = gmail.source.profile().history_id
    google.send_as(SHOP, letter(SHOP, CUSTOMER, "Re: Question 1", "By hand.", answers=QUESTION_ID), thread_id)
    assert gmail.outgoing.find_sent(thread_id, SIGNS, start) is None
    assert google.calls("messages.get") == []


def test_a_sent_mail_deleted_while_we_look_is_passed_over(google, gmail, thread_id):
    start = gmail.source.profile().history_id
    google.send_as(SHOP, letter(SHOP, CUSTOMER, "Other", "Ref: K7F3Q2"))
    google.fault("messages.get", "delete_message")
    assert gmail.outgoing.find_sent(thread_id, SIGNS, start) is None


@pytest.mark.parametrize("fault", ["503_before", "drop_before"])
def test_a_draft_that_cannot_be_looked_at_is_not_called_gone(google, gmail, thread_id, fault):
    draft = gmail.outgoing.create_draft(REPLY, thread_id)
    google.fault("drafts.get", fault)
    with pytest.raises(TryAgain):
        gmail.outgoing.draft_state(draft.draft_id)
    assert gmail.outgoing.draft_state(draft.draft_id) is DraftState.DRAFT


def test_a_draft_deleted_by_its_owner_just_before_us_is_deleted(google, gmail, thread_id):
    draft = gmail.outgoing.create_draft(REPLY, thread_id)
    google.fault("drafts.delete", "delete_message")
    gmail.outgoing.delete_draft(draft.draft_id)
    assert gmail.outgoing.draft_state(draft.draft_id) is DraftState.GONE


# -- labels


@pytest.mark.parametrize("fault", ["503_after", "drop_after", "malformed_json"])
def test_a_label_made_without_a_clear_answer_is_found(google, gmail, fault):
    google.fault("labels.create", fault)
    label = gmail.outgoing.ensure_label("AI/Answered")
    assert google.mailbox(SHOP).labels == {label: "AI/Answered"}


@pytest.mark.parametrize("fault", ["503_before", "drop_before", "429"])
def test_a_label_that_was_not_made_is_tried_again(google, gmail, fault):
    google.fault("labels.create", fault)
    with pytest.raises(TryAgain):
        gmail.outgoing.ensure_label("AI/Answered")
    gmail.outgoing.ensure_label("AI/Answered")
    assert len(google.mailbox(SHOP).labels) == 1


@pytest.mark.parametrize(("count", "route"), [(1, "messages.modify"), (12, "messages.batchModify")])
@pytest.mark.parametrize("fault", ["503_before", "503_after", "drop_before", "drop_after", "429", "403_rate", "slow"])
def test_relabelling_may_be_repeated_after_any_fault(google, hasty, gmail, count, route, fault):
    label = gmail.outgoing.ensure_label("AI/Answered")
    mails = [google.deliver_raw(SHOP, letter(CUSTOMER, SHOP, f"Q{n}", "x")) for n in range(count)]
    google.fault(route, fault, seconds=HELD_BACK_S)
    ids = tuple(mail.id for mail in mails)
    with pytest.raises(TryAgain):
        hasty.outgoing.relabel(ids, (label,), ("UNREAD",))
    settled(google, route)
    gmail.outgoing.relabel(ids, (label,), ("UNREAD",))
    assert all(mail.labels == {"INBOX", label} for mail in mails)


def test_an_answered_mail_stays_within_its_quota(google, gmail):
    label = gmail.outgoing.ensure_label("AI/Answered")
    question = google.deliver_raw(SHOP, letter(CUSTOMER, SHOP, "Question 1", "?", message_id=QUESTION_ID))
    start = gmail.source.profile().history_id
    before = google.quota()[SHOP]["total"]
    gmail.source.changes(start)
    gmail.source.fetch(question.id)
    gmail.outgoing.send_draft(gmail.outgoing.create_draft(REPLY, question.thread_id).draft_id)
    gmail.outgoing.relabel((question.id,), (label,))
    assert google.quota()[SHOP]["total"] - before == 137
