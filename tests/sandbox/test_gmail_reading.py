import base64
from itertools import pairwise

import pytest
from googleapiclient.errors import HttpError

from tests.sandbox.clients import ANNA, SHOP, Shop, letter, status_of


def test_a_delivered_mail_is_listed_and_read_byte_for_byte(google, shop):
    mail = google.deliver(SHOP, ANNA, "Where is my order?", "It has not come.")
    listed = shop.messages(q="in:inbox")
    assert listed["messages"] == [{"id": mail.id, "threadId": mail.thread_id}]
    assert shop.raw(mail.id) == mail.letter.raw


def test_raw_bytes_of_hostile_mail_come_back_unchanged(google, shop):
    raw = b"From: <\nSubject: =?rot13?q?\xff?=\nContent-Type: multipart/mixed\n\nno parts \x00\xff here"
    mail = google.deliver_raw(SHOP, raw)
    assert shop.raw(mail.id) == raw
    full = shop.get(mail.id, "full")
    assert full["payload"]["mimeType"]
    assert shop.get(mail.id, "metadata")["payload"]["headers"][0] == {"name": "From", "value": "<"}


def test_ids_are_hexadecimal_and_the_date_is_a_text_of_epoch_milliseconds(google, shop):
    mail = google.deliver(SHOP, ANNA, "Hi", "Hi", at=1_789_000_000.25)
    shown = shop.get(mail.id, "minimal")
    assert len(shown["id"]) == 16
    assert int(shown["id"], 16) > 0
    assert shown["internalDate"] == "1789000000250"
    assert isinstance(shown["historyId"], str)


def test_history_ids_pass_the_signed_64_bit_range_and_rise_with_gaps(google, shop):
    ids = [int(shop.profile()["historyId"])]
    for _ in range(20):
        google.deliver_some(SHOP, 1)
        ids.append(int(shop.profile()["historyId"]))
    assert ids[0] > 2**63
    assert ids == sorted(set(ids))
    assert any(later - earlier > 1 for earlier, later in pairwise(ids))


def test_an_empty_list_has_no_messages_key(shop):
    assert shop.messages(q="in:inbox") == {"resultSizeEstimate": 0}
    assert "drafts" not in shop.me.drafts().list(userId="me").execute()
    assert "threads" not in shop.me.threads().list(userId="me").execute()


def test_a_message_without_labels_has_no_label_key(google, shop):
    mail = google.deliver(SHOP, ANNA, "Hi", "Hi")
    body = {"removeLabelIds": ["INBOX", "UNREAD"]}
    answer = shop.me.messages().modify(userId="me", id=mail.id, body=body).execute()
    assert answer == {"id": mail.id, "threadId": mail.thread_id}
    assert "labelIds" not in shop.get(mail.id, "minimal")


def test_listing_goes_on_at_the_page_token_newest_first(google, shop):
    mails = [google.deliver(SHOP, ANNA, f"Mail {n}", "x", at=1_789_000_000 + n) for n in range(7)]
    first = shop.messages(maxResults=3)
    second = shop.messages(maxResults=3, pageToken=first["nextPageToken"])
    third = shop.messages(maxResults=3, pageToken=second["nextPageToken"])
    found = [row["id"] for page in (first, second, third) for row in page["messages"]]
    assert found == [mail.id for mail in reversed(mails)]
    assert "nextPageToken" not in third


def test_a_page_has_at_most_500_entries_and_100_unless_asked(google, shop):
    google.deliver_some(SHOP, 501)
    assert len(shop.messages()["messages"]) == 100
    assert len(shop.messages(maxResults=600)["messages"]) == 500


def test_a_foreign_page_token_is_refused(shop):
    with pytest.raises(HttpError) as refused:
        shop.messages(pageToken="nonsense")
    assert status_of(refused.value) == 400


def test_after_bounds_the_list_to_the_second(google, shop):
    google.deliver(SHOP, ANNA, "Old", "x", at=1_789_000_000)
    new = google.deliver(SHOP, ANNA, "New", "x", at=1_789_000_001)
    assert [row["id"] for row in shop.messages(q="in:inbox after:1789000001")["messages"]] == [new.id]


def test_searches_by_place_words_sender_and_message_id(google, shop):
    mail = google.deliver(SHOP, ANNA, "A broken kettle", "It leaks.", message_id="<k1@customer.example>")
    google.deliver(SHOP, "bob@other.example", "Invoice", "Please pay.")
    sent = shop.send(letter())
    for q, found in {
        "rfc822msgid:k1@customer.example": mail.id,
        "kettle leaks": mail.id,
        '"broken kettle"': mail.id,
        "from:anna in:inbox": mail.id,
        "-invoice in:inbox": mail.id,
        "in:sent": sent["id"],
    }.items():
        assert [row["id"] for row in shop.messages(q=q)["messages"]] == [found], q


def test_a_search_term_that_is_not_played_is_refused_and_not_ignored(shop):
    with pytest.raises(HttpError) as refused:
        shop.messages(q="larger:10M")
    assert status_of(refused.value) == 400


def test_spam_and_trash_are_left_out_unless_asked_for(google, shop):
    spam = google.deliver(SHOP, ANNA, "Win", "x", spam=True)
    assert "messages" not in shop.messages()
    assert shop.messages(labelIds=["SPAM"])["messages"][0]["id"] == spam.id
    assert shop.messages(includeSpamTrash=True)["messages"][0]["id"] == spam.id


def test_search_lags_behind_on_demand_and_get_does_not(google, shop, clock):
    google.settings.search_lag_s = 60.0
    mail = google.deliver(SHOP, ANNA, "Hi", "x")
    assert "messages" not in shop.messages(q="in:inbox")
    assert shop.get(mail.id)["id"] == mail.id
    clock.now += 61
    assert shop.messages(q="in:inbox")["messages"][0]["id"] == mail.id


def test_raw_may_come_without_padding_on_demand(google, shop):
    mails = [google.deliver_raw(SHOP, b"Subject: x\n\n" + b"y" * n) for n in range(3)]
    assert any(shop.get(mail.id)["raw"].endswith("=") for mail in mails)
    google.settings.raw_padding = False
    assert not any(shop.get(mail.id)["raw"].endswith("=") for mail in mails)


def test_metadata_shows_the_headers_that_were_asked_for(google, shop):
    mail = google.deliver(SHOP, ANNA, "Grüße", "x")
    shown = shop.get(mail.id, "metadata", metadataHeaders=["Subject"])
    assert shown["payload"]["headers"] == [{"name": "Subject", "value": "Grüße"}]
    assert "raw" not in shown


def test_full_names_an_attachment_that_can_be_fetched(google, shop):
    files = [{"name": "notes.txt", "content_type": "text/plain", "text": "two\nlines"}]
    mail = google.deliver(SHOP, ANNA, "With a file", "See below.", attachments=files)
    part = shop.get(mail.id, "full")["payload"]["parts"][1]
    assert part["filename"] == "notes.txt"
    asked = shop.me.messages().attachments().get(userId="me", messageId=mail.id, id=part["body"]["attachmentId"])
    assert base64.urlsafe_b64decode(asked.execute()["data"]).decode().splitlines() == ["two", "lines"]


def test_an_unknown_message_is_404_and_no_id_at_all_is_400(shop):
    for wrong, status in {"00000000deadbeef": 404, "not-an-id": 400}.items():
        with pytest.raises(HttpError) as refused:
            shop.get(wrong)
        assert status_of(refused.value) == status


def test_an_unknown_thread_is_404(shop):
    with pytest.raises(HttpError) as refused:
        shop.thread("00000000deadbeef")
    assert status_of(refused.value) == 404
    assert refused.value.error_details[0]["reason"] == "notFound"


def test_a_customers_answer_joins_the_thread_by_references_and_subject(google, shop):
    first = google.deliver(SHOP, ANNA, "Kettle", "It leaks.")
    same = google.deliver(SHOP, ANNA, "RE: Kettle", "And hisses.", references=[first.letter.message_id])
    other = google.deliver(SHOP, ANNA, "Teapot", "Also.", references=[first.letter.message_id])
    assert same.thread_id == first.thread_id
    assert other.thread_id != first.thread_id
    assert [mail["id"] for mail in shop.thread(first.thread_id)["messages"]] == [first.id, same.id]


def test_threads_are_listed_once_each_also_over_pages(google, shop):
    first = google.deliver(SHOP, ANNA, "Kettle", "It leaks.")
    google.deliver_some(SHOP, 3)
    google.deliver(SHOP, ANNA, "Re: Kettle", "And hisses.", references=[first.letter.message_id])
    found, token = [], None
    while True:
        page = shop.me.threads().list(userId="me", maxResults=2, pageToken=token).execute()
        found += [row["id"] for row in page["threads"]]
        token = page.get("nextPageToken")
        if not token:
            break
    assert len(found) == len(set(found)) == 4
    assert found[0] == first.thread_id


def test_another_mailbox_cannot_be_read(google, base, shop):
    with pytest.raises(HttpError) as refused:
        shop.me.getProfile(userId=ANNA).execute()
    assert status_of(refused.value) == 403
    assert shop.me.getProfile(userId=SHOP).execute()["emailAddress"] == SHOP


def test_a_mail_of_one_mailbox_does_not_exist_in_another(google, base, shop):
    mail = google.deliver(SHOP, ANNA, "Hi", "x")
    anna = Shop(google, base, user=ANNA)
    with pytest.raises(HttpError) as refused:
        anna.get(mail.id)
    assert status_of(refused.value) == 404
    anna.close()


@pytest.mark.parametrize(
    ("fields", "keys"),
    [("id,threadId", {"id", "threadId"}), ("payload(headers/name,mimeType)", {"payload"}), ("*", None)],
)
def test_only_the_fields_asked_for_come_back(google, shop, fields, keys):
    mail = google.deliver(SHOP, ANNA, "Hi", "x")
    shown = shop.get(mail.id, "full", fields=fields)
    assert set(shown) == (keys or set(shop.get(mail.id, "full")))
    if "payload" in fields:
        assert set(shown["payload"]) == {"headers", "mimeType"}
        assert set(shown["payload"]["headers"][0]) == {"name"}


@pytest.mark.parametrize("fields", ["id,", "payload(", "id)", "a b", "/id"])
def test_a_malformed_field_selection_is_refused(google, shop, fields):
    mail = google.deliver(SHOP, ANNA, "Hi", "x")
    with pytest.raises(HttpError) as refused:
        shop.get(mail.id, "full", fields=fields)
    assert status_of(refused.value) == 400


def test_mail_nested_deeper_than_any_honest_mail_can_be_shown(google, shop):
    raw = b"Subject: deep\n"
    for level in range(300):
        raw += b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (level, level)
    mail = google.deliver_raw(SHOP, raw + b"Content-Type: text/plain\n\nbottom\n")
    assert shop.get(mail.id, "full")["payload"]["parts"]
    with pytest.raises(HttpError):
        shop.me.messages().attachments().get(userId="me", messageId=mail.id, id="AAAA").execute()
