import pytest
from googleapiclient.errors import HttpError
from googleapiclient.http import BatchHttpRequest

from tests.sandbox.clients import ANNA, SHOP, letter, status_of


def all_pages(shop, start, **asked):
    token, pages = None, []
    while True:
        page = shop.history(start, pageToken=token, **asked)
        pages.append(page)
        token = page.get("nextPageToken")
        if not token:
            return pages


def test_history_tells_what_came_after_the_start_and_nothing_before(google, shop):
    google.deliver_some(SHOP, 1)
    start = shop.profile()["historyId"]
    mail = google.deliver(SHOP, ANNA, "Hi", "x")
    page = shop.history(start)
    assert page["history"][0]["messagesAdded"] == [
        {"message": {"id": mail.id, "threadId": mail.thread_id, "labelIds": ["INBOX", "UNREAD"]}}
    ]
    assert len(page["history"]) == 1
    assert page["historyId"] == shop.profile()["historyId"]


def test_history_without_news_has_no_history_key(shop):
    start = shop.profile()["historyId"]
    assert shop.history(start) == {"historyId": start}


def test_history_goes_on_page_by_page_from_the_same_start(google, shop):
    start = shop.profile()["historyId"]
    google.deliver_some(SHOP, 7)
    pages = all_pages(shop, start, maxResults=3)
    ids = [row["messagesAdded"][0]["message"]["id"] for page in pages for row in page["history"]]
    assert [len(page["history"]) for page in pages] == [3, 3, 1]
    assert len(set(ids)) == 7


def test_a_page_cap_makes_many_pages_of_few_records(google, shop):
    google.settings.page_cap = 1
    start = shop.profile()["historyId"]
    google.deliver_some(SHOP, 3)
    assert len(all_pages(shop, start)) == 3


def test_history_tells_every_kind_of_change_and_filters_by_kind(google, shop):
    mail = google.deliver(SHOP, ANNA, "Hi", "x")
    start = shop.profile()["historyId"]
    body = {"addLabelIds": ["STARRED"], "removeLabelIds": ["UNREAD"]}
    shop.me.messages().modify(userId="me", id=mail.id, body=body).execute()
    google.delete_message(SHOP, mail.id)
    records = shop.history(start)["history"]
    assert records[0]["labelsAdded"][0]["labelIds"] == ["STARRED"]
    assert records[1]["labelsRemoved"][0]["labelIds"] == ["UNREAD"]
    assert records[2]["messagesDeleted"][0]["message"]["id"] == mail.id
    only = shop.history(start, historyTypes=["messageDeleted"])["history"]
    assert [list(record) for record in only] == [["id", "messages", "messagesDeleted"]]


def test_history_below_the_floor_is_404_and_a_fresh_profile_works_again(google, shop):
    start = shop.profile()["historyId"]
    google.expire_history(SHOP)
    with pytest.raises(HttpError) as expired:
        shop.history(start)
    assert status_of(expired.value) == 404
    assert "history" not in shop.history(shop.profile()["historyId"])


def test_a_history_id_that_was_never_given_out_is_404_and_none_is_400(shop):
    with pytest.raises(HttpError) as unknown:
        shop.history(str(int(shop.profile()["historyId"]) + 10_000))
    assert status_of(unknown.value) == 404
    with pytest.raises(HttpError) as malformed:
        shop.history("minus one")
    assert status_of(malformed.value) == 400


def test_a_label_can_be_made_once(shop):
    made = shop.me.labels().create(userId="me", body={"name": "AI/Answered"}).execute()
    for name in ("AI/Answered", "ai/answered", "INBOX"):
        with pytest.raises(HttpError) as exists:
            shop.me.labels().create(userId="me", body={"name": name}).execute()
        assert status_of(exists.value) == 409
    listed = {label["name"]: label["id"] for label in shop.me.labels().list(userId="me").execute()["labels"]}
    assert listed["AI/Answered"] == made["id"]
    assert listed["INBOX"] == "INBOX"


def test_a_label_counts_its_mail(google, shop):
    google.deliver_some(SHOP, 2)
    assert shop.me.labels().get(userId="me", id="INBOX").execute()["messagesUnread"] == 2


def test_an_unknown_label_and_the_labels_sent_and_draft_are_refused(google, shop):
    mail = google.deliver(SHOP, ANNA, "Hi", "x")
    for label in ("Label_99", "SENT", "DRAFT"):
        with pytest.raises(HttpError) as refused:
            shop.me.messages().modify(userId="me", id=mail.id, body={"addLabelIds": [label]}).execute()
        assert status_of(refused.value) == 400


def test_batch_modify_passes_over_unknown_ids_and_refuses_more_than_1000(google, shop):
    mail = google.deliver(SHOP, ANNA, "Hi", "x")
    body = {"ids": [mail.id, "00000000deadbeef"], "removeLabelIds": ["UNREAD"]}
    shop.me.messages().batchModify(userId="me", body=body).execute()
    assert mail.labels == {"INBOX"}
    with pytest.raises(HttpError) as refused:
        shop.me.messages().batchModify(userId="me", body={**body, "ids": [mail.id] * 1001}).execute()
    assert status_of(refused.value) == 400


def test_a_thread_is_relabelled_as_a_whole(google, shop):
    first = google.deliver(SHOP, ANNA, "Kettle", "x")
    second = google.deliver(SHOP, ANNA, "Kettle", "y", references=[first.letter.message_id])
    shop.me.threads().modify(userId="me", id=first.thread_id, body={"removeLabelIds": ["INBOX"]}).execute()
    assert "INBOX" not in first.labels | second.labels


def test_a_trashed_mail_leaves_the_inbox_and_can_come_back_from_the_trash(google, shop):
    mail = google.deliver(SHOP, ANNA, "Hi", "x")
    assert "TRASH" in shop.me.messages().trash(userId="me", id=mail.id).execute()["labelIds"]
    assert "TRASH" not in shop.me.messages().untrash(userId="me", id=mail.id).execute()["labelIds"]


def test_one_watch_at_a_time_until_it_is_stopped(shop):
    shop.me.watch(userId="me", body={"topicName": "projects/a/topics/t"}).execute()
    with pytest.raises(HttpError) as refused:
        shop.me.watch(userId="me", body={"topicName": "projects/b/topics/t"}).execute()
    assert status_of(refused.value) == 400
    shop.me.stop(userId="me").execute()
    assert shop.me.watch(userId="me", body={"topicName": "projects/b/topics/t"}).execute()["historyId"]


@pytest.mark.parametrize("path", ["/batch", "/batch/gmail/v1"])
def test_a_batch_answers_each_call_by_itself(google, base, shop, path):
    mail = google.deliver(SHOP, ANNA, "Hi", "x")
    answers = {}
    batch = BatchHttpRequest(lambda key, answer, error: answers.update({key: answer or error}), base + path)
    batch.add(shop.me.messages().get(userId="me", id=mail.id, format="raw"), request_id="known")
    batch.add(shop.me.messages().get(userId="me", id="00000000deadbeef"), request_id="unknown")
    batch.add(shop.me.drafts().create(userId="me", body={"message": {"raw": ""}}), request_id="empty")
    batch.execute(http=shop.new_http())
    assert answers["known"]["id"] == mail.id
    assert status_of(answers["unknown"]) == 404
    assert status_of(answers["empty"]) == 400
    assert [call.batch for call in google.calls("messages.get")] == [True, True]
    assert google.quota()[SHOP]["by_method"]["messages.get"] == 40


def test_a_batch_of_more_than_100_calls_is_refused(base, shop):
    parts = "".join(
        f"--b\r\nContent-Type: application/http\r\nContent-ID: <{n}>\r\n\r\n"
        "GET /gmail/v1/users/me/profile HTTP/1.1\r\n\r\n"
        for n in range(101)
    )
    headers = {"Content-Type": "multipart/mixed; boundary=b"}
    answer = shop.http.session.post(f"{base}/batch", data=f"{parts}--b--", headers=headers, timeout=60)
    assert answer.status_code == 400


def test_units_are_counted_by_the_table(google, shop):
    mail = google.deliver(SHOP, ANNA, "Hi", "x")
    shop.profile()
    shop.history(shop.profile()["historyId"])
    shop.get(mail.id)
    shop.send_draft(shop.draft(letter())["id"])
    assert google.quota()[SHOP]["by_method"] == {
        "getProfile": 2, "history.list": 2, "messages.get": 20, "drafts.create": 10, "drafts.send": 100,
    }  # fmt: skip
    assert google.quota()[SHOP]["total"] == 134


def test_on_demand_the_minute_has_a_limit_and_frees_itself(google, shop, clock):
    google.settings.enforce_quota = True
    google.settings.units_per_minute = 6
    start = shop.profile()["historyId"]
    clock.now += 10
    shop.history(start)
    shop.history(start)
    with pytest.raises(HttpError) as refused:
        shop.history(start)
    assert status_of(refused.value) == 429
    assert refused.value.error_details[0]["reason"] == "rateLimitExceeded"
    assert "Retry after 2026-" in str(refused.value)
    clock.now += 61
    assert shop.history(start)
