import pytest
import requests

from tests.sandbox.clients import ANNA, SHOP

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture
def browser(base):
    with requests.Session() as session:
        yield session


def test_a_person_writes_to_the_shop_and_reads_the_reply(google, base, browser, shop):
    form = {"to": SHOP, "subject": "Kettle", "text": "It leaks.\r\nWhat now?", "answers": ""}
    answer = browser.post(f"{base}/mail/{ANNA}/send", data=form, headers={"Origin": base}, timeout=60)
    assert "It leaks." in answer.text
    question = next(google.mailbox(SHOP).newest_first("INBOX"))
    assert question.letter.text == "It leaks.\nWhat now?\n"
    reply = {"to": ANNA, "subject": "Re: Kettle", "text": "Send it back.", "answers": question.id}
    browser.post(f"{base}/mail/{SHOP}/send", data=reply, timeout=60)
    inbox = browser.get(f"{base}/mail/{ANNA}/", timeout=60).text
    assert "Send it back." in inbox
    received = next(google.mailbox(ANNA).newest_first("INBOX"))
    page = browser.get(f"{base}/mail/{ANNA}/m/{received.id}", timeout=60).text
    assert "It leaks." in page
    assert "Send it back." in page


def test_a_reply_from_the_page_joins_the_thread_on_both_sides(google, base, browser):
    first = google.deliver(SHOP, ANNA, "Kettle", "It leaks.")
    form = {"to": ANNA, "subject": "Re: Kettle", "text": "Send it back.", "answers": first.id}
    browser.post(f"{base}/mail/{SHOP}/send", data=form, timeout=60)
    assert len(google.mailbox(SHOP).thread(first.thread_id)) == 2


def test_hostile_mail_is_shown_as_text(google, base, browser):
    mail = google.deliver(ANNA, SHOP, HOSTILE, HOSTILE, from_name=HOSTILE, html=f"<p>{HOSTILE}</p>")
    for path in ("", "all", f"m/{mail.id}"):
        text = browser.get(f"{base}/mail/{ANNA}/{path}", timeout=60).text
        assert "alert(1)" in text
        assert "<script" not in text
        assert "<img" not in text


def test_mail_that_cannot_be_parsed_still_has_a_page(google, base, browser):
    for raw in (b"", b"\xff\xfe", b"Content-Type: text/plain; charset=rot13\nFrom: <\n\nabc", b"Subject: a\n" * 3000):
        mail = google.deliver_raw(ANNA, raw)
        assert browser.get(f"{base}/mail/{ANNA}/m/{mail.id}", timeout=60).status_code == 200


def test_every_page_carries_a_policy_without_scripts(google, base, browser):
    mail = google.deliver(ANNA, SHOP, "Hi", "x")
    for path in ("/mail/", f"/mail/{ANNA}/", f"/mail/{ANNA}/sent", f"/mail/{ANNA}/write", f"/mail/{ANNA}/m/{mail.id}"):
        answer = browser.get(base + path, timeout=60)
        assert answer.status_code == 200
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'")
        assert "script-src" not in policy
        assert "<script" not in answer.text


def test_the_style_comes_from_the_own_origin(base, browser):
    assert browser.get(f"{base}/mail/style.css", timeout=60).headers["Content-Type"].startswith("text/css")


def test_a_mail_that_cannot_be_sent_keeps_what_was_written(base, browser):
    form = {"to": "no address", "subject": "Kettle", "text": "A long story.", "answers": ""}
    answer = browser.post(f"{base}/mail/{ANNA}/send", data=form, timeout=60)
    assert answer.status_code == 400
    assert "A long story." in answer.text
    assert "not sent" in answer.text


def test_a_header_cannot_be_smuggled_in_through_a_field(google, base, browser):
    form = {"to": SHOP, "subject": "Hi\r\nBcc: carl@x.example", "text": "x", "answers": ""}
    browser.post(f"{base}/mail/{ANNA}/send", data=form, timeout=60)
    assert not next(google.mailbox(SHOP).newest_first("INBOX")).letter.first("bcc")


def test_a_form_sent_by_another_site_sends_nothing(google, base, browser):
    form = {"to": SHOP, "subject": "Hi", "text": "x", "answers": ""}
    headers = {"Origin": "http://evil.example"}
    assert browser.post(f"{base}/mail/{ANNA}/send", data=form, headers=headers, timeout=60).status_code == 403
    assert not google.mailbox(SHOP).messages


def test_an_unknown_mailbox_or_mail_is_a_clear_page(base, browser):
    for path in ("/mail/nobody@x.example/", f"/mail/{ANNA}/m/123", f"/mail/{ANNA}/cellar"):
        assert browser.get(base + path, timeout=60).status_code == 404


def test_the_root_leads_to_the_mailboxes(base, browser):
    assert "Mailboxes" in browser.get(base, timeout=60).text
