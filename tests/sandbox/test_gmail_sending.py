import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from googleapiclient.errors import HttpError
from googleapiclient.http import MediaInMemoryUpload

from tests.sandbox.clients import ANNA, SHOP, Shop, letter, reply_to, sendable, status_of


def inbox_of(google, address):
    return list(google.mailbox(address).newest_first("INBOX"))


def over_http(request):
    """The client replaces only host and port of its upload address by those of `api_endpoint`, and keeps https."""
    request.uri = request.uri.replace("https://", "http://")
    return request


@pytest.fixture
def question(google):
    return google.deliver(SHOP, ANNA, "Where is my order?", "It has not come.")


def test_a_sent_mail_arrives_in_the_customers_mailbox(google, shop):
    shop.send(letter(subject="Your order", text="It is on its way."))
    arrived = inbox_of(google, ANNA)[0].letter
    assert arrived.first("subject") == "Your order"
    assert arrived.addresses("from") == (SHOP,)
    assert "on its way" in arrived.text


def test_local_delivery_puts_googles_verdict_on_top(google, shop):
    shop.send(letter())
    names = [name for name, _ in inbox_of(google, ANNA)[0].letter.headers]
    results = inbox_of(google, ANNA)[0].letter.first("authentication-results")
    assert names.index("Authentication-Results") < names.index("From")
    assert re.fullmatch(
        r"mx\.google\.com; dkim=pass header\.i=@shop\.example .*; spf=pass \(google\.com: .*\) "
        r"smtp\.mailfrom=support@shop\.example; dmarc=pass \(p=NONE\) header\.from=shop\.example",
        results,
    )
    assert {"Received", "Return-Path", "Delivered-To"} <= set(names)


def test_a_forged_verdict_in_the_mail_stays_below_googles(google, shop):
    forged = "mx.google.com; dmarc=pass header.from=bank.example"
    headers = {"Authentication-Results": forged}
    mail = google.deliver(SHOP, ANNA, "Hi", "x", headers=headers, auth="fail")
    found = [value for name, value in mail.letter.headers if name == "Authentication-Results"]
    assert "dmarc=fail" in found[0]
    assert found[1] == forged


def test_a_mail_may_arrive_without_a_verdict(google, shop):
    mail = google.deliver(SHOP, ANNA, "Hi", "x", auth="none")
    assert not mail.letter.first("authentication-results")


def test_the_message_id_is_rewritten_on_send(google, shop):
    sent = shop.send(letter(Message_ID="<ours@shop.example>"))
    own = google.mailbox(SHOP).message(sent["id"]).letter.message_id
    assert own != "<ours@shop.example>"
    assert own.endswith("@mail.gmail.com>")
    assert inbox_of(google, ANNA)[0].letter.message_id == own


def test_x_headers_are_stripped_on_demand(google, shop):
    raw = letter(X_Our_Sign="K7F3Q2")
    assert b"X-Our-Sign" in google.mailbox(SHOP).message(shop.send(raw)["id"]).letter.raw
    google.settings.strip_x_headers = True
    assert b"X-Our-Sign" not in google.mailbox(SHOP).message(shop.send(raw)["id"]).letter.raw


def test_a_foreign_from_is_replaced_by_the_own_address(google, shop):
    shop.send(letter(sender="ceo@bank.example"))
    assert inbox_of(google, ANNA)[0].letter.addresses("from") == (SHOP,)


def test_blind_copies_are_delivered_but_not_shown(google, shop):
    google.account("bob@other.example")
    shop.send(letter(Bcc="bob@other.example"))
    assert b"Bcc" not in inbox_of(google, "bob@other.example")[0].letter.raw
    assert b"Bcc" not in inbox_of(google, ANNA)[0].letter.raw


def test_a_mail_without_recipient_is_refused(shop):
    with pytest.raises(HttpError) as refused:
        shop.send(letter(to=""))
    assert status_of(refused.value) == 400
    assert "Recipient address required" in str(refused.value)


def test_bytes_that_are_no_base64_are_refused(shop):
    with pytest.raises(HttpError) as refused:
        shop.me.messages().send(userId="me", body={"raw": "*"}).execute()
    assert status_of(refused.value) == 400


def test_a_reply_joins_the_thread_when_all_three_conditions_hold(google, shop, question):
    sent = shop.send(reply_to(shop, question), question.thread_id)
    assert sent["threadId"] == question.thread_id
    assert sent["labelIds"] == ["SENT"]


@pytest.mark.parametrize("broken", [{"In_Reply_To": "<x@y>", "References": "<x@y>"}, {"subject": "Something else"}])
def test_a_reply_without_reference_or_subject_gets_a_thread_of_its_own(shop, question, broken):
    sent = shop.send(reply_to(shop, question, **broken), question.thread_id)
    assert sent["threadId"] == sent["id"] != question.thread_id


def test_a_reply_without_thread_id_gets_a_thread_of_its_own(shop, question):
    assert shop.send(reply_to(shop, question))["threadId"] != question.thread_id


def test_a_thread_of_another_mailbox_is_refused(google, shop, question):
    theirs = google.deliver(ANNA, "carl@x.example", "Private", "x")
    for call in (shop.send, shop.draft):
        with pytest.raises(HttpError) as refused:
            call(reply_to(shop, question), theirs.thread_id)
        assert status_of(refused.value) == 404


def test_the_reply_joins_the_customers_own_thread(google, base, shop):
    anna = Shop(google, base, user=ANNA)
    asked = anna.send(letter(to=SHOP, sender=ANNA, subject="Where?"))
    question = inbox_of(google, SHOP)[0]
    shop.send(reply_to(shop, question), question.thread_id)
    assert inbox_of(google, ANNA)[0].thread_id == asked["threadId"]
    anna.close()


def test_media_upload_sends_the_mail(google, shop):
    upload = MediaInMemoryUpload(letter(subject="Uploaded"), mimetype="message/rfc822")
    over_http(shop.me.messages().send(userId="me", media_body=upload)).execute()
    assert inbox_of(google, ANNA)[0].letter.first("subject") == "Uploaded"


def test_media_upload_with_metadata_joins_the_thread(google, shop, question):
    upload = MediaInMemoryUpload(reply_to(shop, question), mimetype="message/rfc822")
    body = {"threadId": question.thread_id}
    sent = over_http(shop.me.messages().send(userId="me", body=body, media_body=upload)).execute()
    assert sent["threadId"] == question.thread_id


# -- drafts


def test_a_draft_is_consumed_by_its_send(google, shop, question):
    draft = shop.draft(reply_to(shop, question), question.thread_id)
    sent = shop.send_draft(draft["id"])
    assert sent["id"] != draft["message"]["id"]
    assert sent["labelIds"] == ["SENT"]
    assert sent["threadId"] == question.thread_id
    with pytest.raises(HttpError) as gone:
        shop.send_draft(draft["id"])
    assert status_of(gone.value) == 404
    assert len(inbox_of(google, ANNA)) == 1


def test_a_draft_has_the_label_draft_and_is_seen_in_history(shop, question):
    start = shop.profile()["historyId"]
    draft = shop.draft(reply_to(shop, question), question.thread_id)
    added = shop.history(start)["history"][0]["messagesAdded"][0]["message"]
    assert added == {"id": draft["message"]["id"], "threadId": question.thread_id, "labelIds": ["DRAFT"]}


def test_sending_a_draft_shows_as_a_deletion_and_an_addition(shop, question):
    draft = shop.draft(reply_to(shop, question), question.thread_id)
    start = shop.profile()["historyId"]
    sent = shop.send_draft(draft["id"])
    records = shop.history(start)["history"]
    assert [row["message"]["id"] for record in records for row in record.get("messagesAdded", [])] == [sent["id"]]
    gone = [row["message"]["id"] for record in records for row in record.get("messagesDeleted", [])]
    assert gone == [draft["message"]["id"]]


def test_a_draft_keeps_its_id_when_it_is_changed(shop, question):
    draft = shop.draft(reply_to(shop, question), question.thread_id)
    body = {"message": sendable(reply_to(shop, question, text="Better."), question.thread_id)}
    changed = shop.me.drafts().update(userId="me", id=draft["id"], body=body).execute()
    assert changed["id"] == draft["id"]
    assert changed["message"]["id"] != draft["message"]["id"]
    assert [row["id"] for row in shop.me.drafts().list(userId="me").execute()["drafts"]] == [draft["id"]]
    shown = shop.me.drafts().get(userId="me", id=draft["id"], format="full").execute()
    assert shown["message"]["snippet"] == "Better."


def test_a_deleted_draft_cannot_be_sent(shop):
    draft = shop.draft(letter())
    shop.me.drafts().delete(userId="me", id=draft["id"]).execute()
    with pytest.raises(HttpError) as gone:
        shop.send_draft(draft["id"])
    assert status_of(gone.value) == 404


def test_a_draft_without_recipient_stays_when_its_send_is_refused(shop):
    draft = shop.draft(letter(to=""))
    with pytest.raises(HttpError) as refused:
        shop.send_draft(draft["id"])
    assert status_of(refused.value) == 400
    assert shop.me.drafts().get(userId="me", id=draft["id"]).execute()["message"]["labelIds"] == ["DRAFT"]


def test_on_demand_a_draft_wrapper_stays_around_the_sent_mail_and_sends_again(google, shop):
    google.settings.draft_wrapper_stays = True
    draft = shop.draft(letter())
    sent = shop.send_draft(draft["id"])
    left = shop.me.drafts().get(userId="me", id=draft["id"], format="minimal").execute()["message"]
    assert (left["id"], left["labelIds"]) == (sent["id"], ["SENT"])
    assert shop.send_draft(draft["id"])["id"] != sent["id"]
    assert len(inbox_of(google, ANNA)) == 2


def test_deleting_a_leftover_wrapper_does_not_delete_the_sent_mail(google, shop):
    google.settings.draft_wrapper_stays = True
    draft = shop.draft(letter())
    sent = shop.send_draft(draft["id"])
    shop.me.drafts().delete(userId="me", id=draft["id"]).execute()
    assert shop.get(sent["id"])["labelIds"] == ["SENT"]


def test_a_draft_stays_in_its_thread_when_it_is_sent(shop):
    draft = shop.draft(letter())
    assert shop.send_draft(draft["id"])["threadId"] == draft["message"]["threadId"]


def test_a_draft_that_breaks_the_conditions_shows_it_at_once_by_its_thread(shop, question):
    draft = shop.draft(reply_to(shop, question, subject="Something else"), question.thread_id)
    assert draft["message"]["threadId"] != question.thread_id


def test_on_demand_the_sent_copy_is_found_nowhere_for_a_while(google, shop, question, clock):
    google.settings.sent_copy_lag_s = 30.0
    draft = shop.draft(reply_to(shop, question), question.thread_id)
    start = shop.profile()["historyId"]
    sent = shop.send_draft(draft["id"])
    assert len(inbox_of(google, ANNA)) == 1
    assert "messagesAdded" not in str(shop.history(start))
    assert [row["id"] for row in shop.thread(question.thread_id)["messages"]] == [question.id]
    assert "messages" not in shop.messages(q="in:sent")
    with pytest.raises(HttpError) as unseen:
        shop.get(sent["id"])
    assert status_of(unseen.value) == 404
    between = shop.profile()["historyId"]
    clock.now += 31
    assert shop.history(between)["history"][0]["messagesAdded"][0]["message"]["id"] == sent["id"]
    assert [row["id"] for row in shop.thread(question.thread_id)["messages"]] == [question.id, sent["id"]]


def test_of_many_sends_of_one_draft_at_the_same_time_one_wins(google, base, shop):
    draft = shop.draft(letter())
    programs = [Shop(google, base) for _ in range(6)]

    def send(program):
        try:
            return program.send_draft(draft["id"])["labelIds"]
        except HttpError as error:
            return status_of(error)

    with ThreadPoolExecutor(6) as threads:
        outcomes = list(threads.map(send, programs))
    assert sorted(map(str, outcomes)) == ["404"] * 5 + ["['SENT']"]
    assert len(inbox_of(google, ANNA)) == 1
    for program in programs:
        program.close()
