"""Reading a mailbox while Gmail misbehaves: nothing is lost, nothing is asked twice unseen."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from adapters.gmail.transport import Limits
from domain.delivery import Signs
from domain.errors import Gone, HistoryExpired, RateLimited, ScopeMissing, TryAgain
from domain.mailbox import RawMail
from tests.adapters.conftest import CUSTOMER, HELD_BACK_S, IMPATIENT, PATIENT, SHOP
from tests.support.letters import letter
from tests.support.waiting import let_go

# Each asks exactly one question of its route; `start` is a history id.
READS = {
    "getProfile": lambda gmail, mail_id, start: gmail.source.profile(),
    "history.list": lambda gmail, mail_id, start: gmail.source.changes(start),
    "messages.list": lambda gmail, mail_id, start: gmail.source.list_since(datetime.now(UTC) - timedelta(days=1)),
    "messages.get": lambda gmail, mail_id, start: gmail.source.fetch(mail_id),
    "drafts.list": lambda gmail, mail_id, start: gmail.outgoing.find_draft(NOBODY, ""),
    "threads.get": lambda gmail, mail_id, start: gmail.outgoing.find_sent(mail_id, NOBODY, start),
    "labels.list": lambda gmail, mail_id, start: gmail.outgoing.ensure_label("INBOX"),
}
FAULTS = {
    "503_before": TryAgain,
    "500_before": TryAgain,
    "503_after": TryAgain,
    "drop_before": TryAgain,
    "drop_after": TryAgain,
    "short_read": TryAgain,
    "malformed_json": TryAgain,
    "slow": TryAgain,
    "slow_before": TryAgain,
    "429": RateLimited,
    "403_rate": RateLimited,
}


NOBODY = Signs("NOBODY", "", "")


@pytest.fixture
def mail_id(google):
    return arrives(google)


@pytest.fixture
def start(google, mail_id):
    return google.mailbox(SHOP).history_id


def arrives(google, number=1):
    return google.deliver_raw(SHOP, letter(CUSTOMER, SHOP, f"Question {number}", "Where is it?")).id


@pytest.mark.parametrize("route", READS)
@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_of_a_read_comes_out_once_and_the_next_read_succeeds(
    google, connections, mail_id, start, route, fault
):
    gmail = connections.open(limits=IMPATIENT if "slow" in fault else PATIENT)
    google.fault(route, fault, seconds=HELD_BACK_S, retry_after=77)
    with pytest.raises(TryAgain) as raised:
        READS[route](gmail, mail_id, start)
    assert type(raised.value) is FAULTS[fault]
    if fault == "429":
        assert timedelta(seconds=75) < raised.value.after <= timedelta(seconds=77)
    let_go(google.stopping, lambda: google.calls(route))  # a slow call is recorded when it ends
    assert len(google.calls(route)) == 1
    READS[route](connections.open(), mail_id, start)


@pytest.mark.parametrize("route", READS)
def test_a_withdrawn_access_token_is_refreshed_and_the_read_succeeds(google, connections, mail_id, start, route):
    row = connections.grant()
    google.fault(route, "401")
    READS[route](connections.open(row), mail_id, start)
    assert row.refreshes == 1
    assert [call.status for call in google.calls(route)] == [401, 200]


@pytest.mark.parametrize("route", READS)
def test_a_grant_without_the_mail_permission_lacks_the_scope(connections, mail_id, start, route):
    row = connections.grant(scopes=("openid", "email"))
    with pytest.raises(ScopeMissing):
        READS[route](connections.open(row), mail_id, start)


def test_the_time_that_gmail_names_in_its_sentence_is_kept(google, gmail, mail_id):
    google.settings.enforce_quota = True
    google.settings.units_per_minute = 20
    gmail.source.fetch(mail_id)
    with pytest.raises(RateLimited) as raised:
        gmail.source.fetch(mail_id)
    # Without it, it would be half a minute.
    assert timedelta(seconds=30) < raised.value.after <= timedelta(seconds=60)


# -- history


def test_all_pages_are_read_from_the_same_start(google, gmail):
    start = gmail.source.profile().history_id
    wanted = [arrives(google, number) for number in range(7)]
    google.settings.page_cap = 2
    changes = gmail.source.changes(start)
    assert [added.gmail_id for added in changes.added] == wanted
    calls = [parse_qs(urlsplit(call.path).query) for call in google.calls("history.list")]
    assert len(calls) == 4
    assert {call["startHistoryId"][0] for call in calls} == {str(start)}


def test_a_page_without_history_is_not_the_end(google, gmail):
    start = gmail.source.profile().history_id
    wanted = [arrives(google, number) for number in range(3)]
    google.settings.page_cap = 2
    google.fault("history.list", "empty_page")
    google.fault("history.list", "empty_page", page=3)
    assert [added.gmail_id for added in gmail.source.changes(start).added] == wanted


def test_a_404_in_the_middle_of_the_pages_is_an_expired_history(google, gmail):
    start = gmail.source.profile().history_id
    for number in range(5):
        arrives(google, number)
    google.settings.page_cap = 2
    google.fault("history.list", "404", page=2)
    with pytest.raises(HistoryExpired):
        gmail.source.changes(start)


def test_a_fault_in_the_middle_of_the_pages_gives_no_half_answer(google, gmail):
    start = gmail.source.profile().history_id
    for number in range(5):
        arrives(google, number)
    google.settings.page_cap = 2
    google.fault("history.list", "503_before", page=2)
    with pytest.raises(TryAgain):
        gmail.source.changes(start)


def test_mail_that_arrives_while_paging_is_seen_again_and_never_missed(google, gmail):
    start = gmail.source.profile().history_id
    for number in range(5):
        arrives(google, number)
    google.settings.page_cap = 2
    google.fault("history.list", "mail_arrives", page=2, count=3)
    first = gmail.source.changes(start)
    later = gmail.source.changes(first.history_id)
    everything = {added.gmail_id for added in (*first.added, *later.added)}
    assert everything == set(google.mailbox(SHOP).messages)


def test_a_history_id_beyond_63_bits_survives(google, gmail):
    assert gmail.source.profile().history_id > 2**63


def test_idle_polling_costs_two_units(google, gmail):
    start = gmail.source.profile().history_id
    before = google.quota()[SHOP]["total"]
    gmail.source.changes(start)
    assert google.quota()[SHOP]["total"] - before == 2


# -- messages


def test_a_mail_that_its_owner_deletes_at_that_moment_is_gone(google, gmail, mail_id):
    google.fault("messages.get", "delete_message")
    with pytest.raises(Gone):
        gmail.source.fetch(mail_id)


def test_base64_without_padding_is_read(google, gmail):
    google.settings.raw_padding = False
    for length in range(4):
        raw = letter(CUSTOMER, SHOP, "Hi", "x") + b"y" * length
        assert gmail.source.fetch(google.deliver_raw(SHOP, raw).id).raw == raw


def test_a_mail_costs_twenty_units_and_one_that_is_too_large_forty(google, connections, mail_id):
    gmail = connections.open(limits=Limits(answer_bytes=100_000))
    gmail.source.fetch(mail_id)
    assert google.quota()[SHOP]["total"] == 20
    large = google.deliver_raw(SHOP, letter(CUSTOMER, SHOP, "Hi", "x") + b"z" * 80_000)
    assert gmail.source.fetch(large.id) == RawMail(
        large.id, large.id, ("INBOX", "UNREAD"), gmail.source.fetch(large.id).received_at, b"", len(large.letter.raw)
    )
    assert google.quota()[SHOP]["total"] == 100


# -- many at once


@pytest.fixture
def mail_ids(google):
    return [arrives(google, number) for number in range(6)]


def fates(gmail, mail_ids):
    return ["mail" if isinstance(fate, RawMail) else type(fate).__name__ for fate in gmail.source.fetch_many(mail_ids)]


@pytest.mark.parametrize(
    ("fault", "fate"),
    [
        ("503_before", "TryAgain"),
        ("429", "RateLimited"),
        ("403_rate", "RateLimited"),
        ("404", "Gone"),
        ("delete_message", "Gone"),
        ("malformed_json", "TryAgain"),
        ("401", "mail"),
    ],
)
def test_one_part_in_trouble_leaves_the_others_alone(google, gmail, mail_ids, fault, fate):
    google.fault("messages.get", fault, skip=2)
    assert fates(gmail, mail_ids) == ["mail", "mail", fate, "mail", "mail", "mail"]


def test_a_connection_lost_in_the_middle_is_everyones_fate(google, gmail, mail_ids):
    google.fault("messages.get", "drop_before", skip=3)
    with pytest.raises(TryAgain):
        gmail.source.fetch_many(mail_ids)


def test_a_stale_token_is_refreshed_before_the_batch(google, connections, mail_ids):
    row = connections.grant()
    row.tokens = type(row.tokens)(row.tokens.refresh, row.tokens.access, datetime.now(UTC) - timedelta(minutes=1))
    assert fates(connections.open(row), mail_ids) == ["mail"] * 6
    assert row.refreshes == 1
    assert {call.status for call in google.calls("messages.get")} == {200}


def test_a_token_withdrawn_before_the_batch_costs_a_refresh_and_no_mail(google, connections, mail_ids):
    row = connections.grant()
    google.expire_access_tokens()
    assert fates(connections.open(row), mail_ids) == ["mail"] * 6
    assert row.refreshes == 1


def test_mails_too_large_to_come_together_come_alone(google, connections, mail_ids):
    gmail = connections.open(limits=Limits(answer_bytes=100_000))
    for _ in range(2):
        mail_ids.append(google.deliver_raw(SHOP, letter(CUSTOMER, SHOP, "Hi", "x") + b"z" * 60_000).id)
    assert fates(gmail, mail_ids) == ["mail"] * 8


def test_a_batch_goes_to_gmail_in_one_request_of_twenty_parts_at_most(google, gmail):
    ids = [arrives(google, number) for number in range(45)]
    gmail.source.fetch_many(ids)
    calls = google.calls("messages.get")
    assert len(calls) == 45
    assert all(call.batch for call in calls)
