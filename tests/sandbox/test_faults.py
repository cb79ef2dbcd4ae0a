import json

import pytest
import requests
from googleapiclient.errors import HttpError

from sandbox.faults import KINDS
from tests.sandbox.clients import ANNA, SHOP, letter, sendable, status_of
from tests.support.waiting import until


def sent_mails(google):
    return list(google.mailbox(SHOP).newest_first("SENT"))


def send_with(google, shop, fault, timeout=60, **more):
    """A drafts.send that suffers the fault, of a caller who waits for `timeout` seconds; returns the error."""
    draft = shop.draft(letter())
    google.fault("drafts.send", fault, **more)
    shop.http.timeout = timeout
    with pytest.raises((HttpError, requests.RequestException)) as failed:
        shop.send_draft(draft["id"])
    return failed.value


@pytest.mark.parametrize("code", ["503", "500"])
@pytest.mark.parametrize(("when", "sent"), [("before", 0), ("after", 1)])
def test_a_server_error_comes_before_or_after_the_effect(google, shop, code, when, sent):
    error = send_with(google, shop, f"{code}_{when}")
    assert status_of(error) == int(code)
    assert len(sent_mails(google)) == sent


@pytest.mark.parametrize(("when", "sent"), [("before", 0), ("after", 1)])
def test_the_connection_drops_before_or_after_the_effect(google, shop, when, sent):
    error = send_with(google, shop, f"drop_{when}")
    assert isinstance(error, requests.ConnectionError)
    assert len(sent_mails(google)) == sent
    assert google.calls("drafts.send")[-1].status == 0


def test_a_dropped_call_leaves_the_next_one_alone(google, shop):
    send_with(google, shop, "drop_before")
    assert shop.profile()["emailAddress"] == SHOP


def test_429_names_the_seconds_to_wait(google, shop):
    error = send_with(google, shop, "429", retry_after=17)
    assert status_of(error) == 429
    assert error.resp["retry-after"] == "17"
    assert error.error_details[0]["reason"] == "rateLimitExceeded"
    assert not sent_mails(google)


def test_403_rate_limit_exceeded_is_told_by_its_reason(google, shop):
    error = send_with(google, shop, "403_rate")
    assert status_of(error) == 403
    assert error.error_details[0]["reason"] == "rateLimitExceeded"
    assert not sent_mails(google)


def test_a_slow_answer_comes_after_the_effect(google, shop):
    error = send_with(google, shop, "slow", timeout=0.2, seconds=600)
    assert isinstance(error, requests.ReadTimeout)
    until(lambda: len(sent_mails(google)) == 1)


def test_a_slow_call_may_take_effect_after_the_caller_has_gone(google, shop):
    error = send_with(google, shop, "slow_before", timeout=0.2, seconds=600)
    assert isinstance(error, requests.ReadTimeout)
    assert not sent_mails(google)
    google.stopping.set()  # ends the wait
    until(lambda: len(sent_mails(google)) == 1)


def test_broken_json_comes_after_the_effect(google, shop):
    draft = shop.draft(letter())
    google.fault("drafts.send", "malformed_json")
    answer = shop.send_draft(draft["id"])
    assert isinstance(answer, str)  # the client swallows the error and hands over the text
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer)
    assert len(sent_mails(google)) == 1


def test_a_short_read_ends_within_the_body_after_the_effect(google, shop):
    assert isinstance(send_with(google, shop, "short_read"), requests.exceptions.ChunkedEncodingError)
    assert len(sent_mails(google)) == 1


def test_a_404_without_reason_does_nothing(google, shop):
    assert status_of(send_with(google, shop, "404")) == 404
    assert not sent_mails(google)


def test_an_access_token_that_is_refused_once_is_refreshed_and_the_call_repeated(google, shop):
    google.fault("getProfile", "401")
    assert shop.profile()["emailAddress"] == SHOP
    assert [call.status for call in google.calls("getProfile")] == [401, 200]
    assert len(google.calls("oauth.token")) == 1


def test_a_message_may_be_deleted_before_it_is_read(google, shop):
    mail = google.deliver(SHOP, ANNA, "Hi", "x")
    google.fault("messages.get", "delete_message")
    with pytest.raises(HttpError) as gone:
        shop.get(mail.id)
    assert status_of(gone.value) == 404
    assert mail.id not in google.mailbox(SHOP).messages


def test_a_draft_may_be_deleted_before_it_is_sent(google, shop):
    assert status_of(send_with(google, shop, "delete_message")) == 404
    assert not google.mailbox(SHOP).drafts


def test_mail_may_arrive_while_a_list_is_read(google, shop):
    google.deliver_some(SHOP, 4)
    google.fault("messages.list", "mail_arrives", page=2, count=3)
    first = shop.messages(maxResults=2)
    second = shop.messages(maxResults=2, pageToken=first["nextPageToken"])
    assert len(google.mailbox(SHOP).messages) == 7
    ids = [row["id"] for row in first["messages"] + second["messages"]]
    assert len(set(ids)) == 4


def test_a_history_page_may_have_a_token_and_no_history_key(google, shop):
    start = shop.profile()["historyId"]
    google.deliver_some(SHOP, 2)
    google.fault("history.list", "empty_page")
    empty = shop.history(start)
    assert "history" not in empty
    assert len(shop.history(start, pageToken=empty["nextPageToken"])["history"]) == 2


def test_an_empty_page_in_the_middle_loses_nothing(google, shop):
    start = shop.profile()["historyId"]
    google.deliver_some(SHOP, 4)
    google.fault("history.list", "empty_page", page=2)
    first = shop.history(start, maxResults=2)
    empty = shop.history(start, maxResults=2, pageToken=first["nextPageToken"])
    last = shop.history(start, maxResults=2, pageToken=empty["nextPageToken"])
    assert "history" not in empty
    assert len(first["history"]) == len(last["history"]) == 2


def test_a_list_page_may_be_empty_too(google, shop):
    google.deliver_some(SHOP, 2)
    google.fault("messages.list", "empty_page")
    empty = shop.messages()
    assert "messages" not in empty
    assert len(shop.messages(pageToken=empty["nextPageToken"])["messages"]) == 2


def test_history_may_expire_between_two_pages(google, shop):
    start = shop.profile()["historyId"]
    google.deliver_some(SHOP, 4)
    google.fault("history.list", "404", page=2)
    first = shop.history(start, maxResults=2)
    with pytest.raises(HttpError) as expired:
        shop.history(start, maxResults=2, pageToken=first["nextPageToken"])
    assert status_of(expired.value) == 404


def test_a_fault_is_played_as_often_as_ordered_after_the_calls_it_skips(google, shop):
    google.fault("getProfile", "404", times=2, skip=1)
    seen = []
    for _ in range(4):
        try:
            shop.profile()
            seen.append(200)
        except HttpError as error:
            seen.append(status_of(error))
    assert seen == [200, 404, 404, 200]
    assert [call.fault for call in google.calls("getProfile")] == ["", "404", "404", ""]


def test_a_fault_for_one_user_leaves_the_others_alone(google, shop):
    google.fault("getProfile", "404", user=ANNA)
    assert shop.profile()
    assert len(google.world.faults.waiting()) == 1


def test_a_fault_is_not_counted_as_played_when_a_stale_token_eats_the_call(google, shop):
    google.expire_access_tokens(SHOP)
    google.fault("getProfile", "503_before")
    with pytest.raises(HttpError) as failed:
        shop.profile()
    assert status_of(failed.value) == 503
    assert [(call.status, call.fault) for call in google.calls("getProfile")] == [(401, ""), (503, "503_before")]


def test_a_fault_inside_a_batch_strikes_one_call(google, base, shop):
    google.deliver_some(SHOP, 2)
    google.fault("messages.get", "503_before")
    answers = []
    batch = shop.api.new_batch_http_request(lambda _, answer, error: answers.append(error or answer))
    batch._batch_uri = f"{base}/batch"
    for row in shop.messages()["messages"]:
        batch.add(shop.me.messages().get(userId="me", id=row["id"]))
    batch.execute(http=shop.new_http())
    assert status_of(answers[0]) == 503
    assert "payload" in answers[1]


def test_an_unknown_fault_is_refused_with_the_known_ones(google):
    with pytest.raises(ValueError, match="503_after"):
        google.fault("drafts.send", "explode")


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"no_id_token", "bad_nonce", "bad_audience", "bad_signature"}))
def test_every_fault_can_be_played_on_a_plain_call(google, base, shop, kind):
    mail = google.deliver(SHOP, ANNA, "Hi", "x")
    google.fault("messages.get", kind, seconds=0)
    headers = {"Authorization": f"Bearer {shop.tokens['access_token']}"}
    try:
        requests.get(f"{base}/gmail/v1/users/me/messages/{mail.id}", headers=headers, timeout=60)
    except requests.RequestException:
        assert kind.startswith(("drop", "short"))
    assert [call.fault for call in google.calls("messages.get")] == [kind]


def test_the_record_of_a_call_names_user_route_status_and_units(google, shop):
    shop.me.drafts().create(userId="me", body={"message": sendable(letter())}).execute()
    call = google.calls("drafts.create")[0]
    assert (call.user, call.method, call.status, call.units, call.fault) == (SHOP, "POST", 200, 10, "")
    assert call.path.startswith("/gmail/v1/users/me/drafts")
