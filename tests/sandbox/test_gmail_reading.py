from tests.sandbox.clients import ANNA, SHOP


def test_a_delivered_mail_is_listed_and_read_byte_for_byte(google, shop):
    mail = google.deliver(SHOP, ANNA, "Where is my order?", "It has not come.")
    listed = shop.messages(q="in:inbox")
    assert listed["messages"] == [{"id": mail.id, "threadId": mail.thread_id}]
    assert shop.raw(mail.id) == mail.letter.raw
