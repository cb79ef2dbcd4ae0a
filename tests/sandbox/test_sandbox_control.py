import socket
from http.client import HTTPConnection

import pytest
import requests

from sandbox import drop
from sandbox.google import Google, serve
from tests.sandbox.clients import ANNA, SHOP


@pytest.fixture
def control(base):
    def call(name, body=None, method="POST", **params):
        return requests.request(method, f"{base}/sandbox/{name}", json=body, params=params, timeout=60)

    return call


def test_faults_can_be_ordered_seen_and_withdrawn(control):
    assert control("faults", {"route": "drafts.send", "fault": "503_after", "times": 2}).status_code == 200
    assert control("faults", method="GET").json()["waiting"][0]["times"] == 2
    control("faults", method="DELETE")
    assert control("faults", method="GET").json() == {"waiting": []}


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("faults", {"route": "drafts.send", "fault": "explode"}),
        ("faults", {"route": "drafts.send", "fault": "404", "colour": "red"}),
        ("faults", {"fault": "404"}),
        ("faults", [1]),
        ("settings", {"token_life": 3}),
        ("settings", {"token_life_s": "soon"}),
        ("settings", {"enforce_quota": 1}),
        ("accounts", {"email": "not an address"}),
        ("accounts", {}),
        ("mail", {"to": SHOP}),
        ("mail", {"to": SHOP, "from": "a@b.example", "subject": "x", "headers": {"X-A": "b\nc"}}),
        ("mail", {"to": SHOP, "raw": "***"}),
        ("expire", {"what": "everything"}),
    ],
)
def test_bad_input_gets_one_clear_sentence(control, name, body):
    answer = control(name, body)
    assert answer.status_code == 400
    assert len(answer.json()["error"]) > 5


def test_mail_for_a_mailbox_that_is_not_here_is_404(control):
    assert control("mail", {"to": "nobody@x.example", "from": ANNA}).status_code == 404


def test_a_mail_is_delivered_from_its_fields(google, control):
    answer = control("mail", {"to": SHOP, "from": ANNA, "subject": "Hi", "text": "x", "from_name": "Anna"}).json()
    mail = google.mailbox(SHOP).message(answer["id"])
    assert mail.letter.first("from") == "Anna <anna@customer.example>"
    assert mail.letter.message_id == answer["messageId"]


def test_a_mail_may_answer_another_by_message_id_or_thread(google, control):
    first = google.deliver(SHOP, ANNA, "Kettle", "x")
    by_id = {"to": SHOP, "from": ANNA, "subject": "Re: Kettle", "text": "y", "in_reply_to": first.letter.message_id}
    assert control("mail", by_id).json()["threadId"] == first.thread_id
    by_thread = {"to": SHOP, "from": ANNA, "text": "z", "thread": first.thread_id}
    assert control("mail", by_thread).json()["threadId"] == first.thread_id


def test_settings_change_together_or_not_at_all(google, control):
    assert control("settings", {"token_life_s": 5, "strip_x_headers": True}).json()["token_life_s"] == 5
    assert control("settings", {"token_life_s": 9, "nonsense": 1}).status_code == 400
    assert google.settings.token_life_s == 5


def test_accounts_can_be_opened_and_are_listed(control):
    sub = control("accounts", {"email": "New@X.example", "role": "supplier"}).json()["sub"]
    assert sub.isdigit()
    assert len(sub) == 21
    assert "new@x.example" in [row["email"] for row in control("accounts", method="GET").json()["accounts"]]


def test_the_record_and_the_quota_can_be_read_and_emptied(google, shop, control):
    shop.profile()
    assert control("calls", method="GET", route="getProfile").json()["calls"][0]["units"] == 1
    assert control("quota", method="GET").json()[SHOP]["total"] == 1
    control("calls", method="DELETE")
    assert control("calls", method="GET").json()["count"] == 0


def test_history_and_tokens_can_be_made_too_old(google, shop, control):
    start = shop.profile()["historyId"]
    assert int(control("expire", {"what": "history", "user": SHOP}).json()["floor"]) > int(start)
    assert control("expire", {"what": "access_tokens"}).json()["expired"] >= 1
    assert control("revoke", {"user": SHOP}).json()["ended"] == 1


def test_a_token_can_be_had_without_a_browser(base, control):
    token = control("authorize", {"user": ANNA}).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    profile = requests.get(f"{base}/gmail/v1/users/me/profile", headers=headers, timeout=60).json()
    assert profile["emailAddress"] == ANNA


def test_reset_forgets_everything_or_only_the_traffic(google, shop, control):
    google.deliver_some(SHOP, 1)
    shop.profile()
    control("reset", {"only": "traffic"})
    assert not google.calls()
    assert google.mailbox(SHOP).messages
    control("reset")
    assert not google.world.accounts


def test_another_sites_page_cannot_steer_the_sandbox(base):
    headers = {"Origin": "http://evil.example"}
    assert requests.post(f"{base}/sandbox/reset", json={}, headers=headers, timeout=60).status_code == 403


def test_only_a_loopback_name_is_answered(base):
    assert requests.get(f"{base}/mail/", headers={"Host": "evil.example"}, timeout=60).status_code == 400
    assert requests.get(base.replace("127.0.0.1", "localhost"), timeout=60).status_code == 200


def test_what_is_not_played_is_404(base, control):
    assert requests.get(f"{base}/nonsense", timeout=60).status_code == 404
    assert control("nonsense").status_code == 404
    headers = {"Authorization": "Bearer x"}
    assert requests.get(f"{base}/gmail/v1/users/me/settings/sendAs", headers=headers, timeout=60).status_code == 404


def test_bytes_that_are_no_http_end_only_their_own_connection(base):
    port = int(base.rpartition(":")[2])
    for noise in (b"\x16\x03\x01\x00\n\r\n\r\n", b"GET\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            connection.sendall(noise)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(1000):
                pass
    assert requests.get(base, timeout=60).status_code == 200


def test_a_chunked_body_is_read(google, base):
    def chunks():
        yield b'{"email": "chunk'
        yield b'ed@x.example"}'

    assert requests.post(f"{base}/sandbox/accounts", data=chunks(), timeout=60).status_code == 200
    assert "chunked@x.example" in google.world.accounts


def test_one_connection_carries_many_calls(base):
    connection = HTTPConnection(base.removeprefix("http://"), timeout=60)
    connection.connect()
    port = connection.sock.getsockname()
    for _ in range(3):
        connection.request("GET", "/sandbox/settings")
        assert connection.getresponse().read()
        assert connection.sock.getsockname() == port
    connection.close()


def test_a_second_sandbox_on_the_same_port_is_refused(base):
    with pytest.raises(OSError, match="in use"), serve(Google(), int(base.rpartition(":")[2])):
        pass


# -- the command


def test_the_drop_command_delivers_fields_and_files(google, base, tmp_path, capsys):
    words = ["--url", base, "--from", ANNA, "--to", SHOP, "--subject", "Hi", "--text", "Hello"]
    assert drop.main(words) == 0
    raw = b"From: x@y.example\r\nTo: Support <support@shop.example>\r\nSubject: File\r\n\r\nBody"
    (tmp_path / "x.eml").write_bytes(raw)
    assert drop.main(["--url", base, "--file", str(tmp_path / "x.eml")]) == 0
    mails = list(google.mailbox(SHOP).messages.values())
    assert mails[0].letter.first("subject") == "Hi"
    assert mails[1].letter.raw == raw
    assert mails[0].id in capsys.readouterr().out


@pytest.mark.parametrize(
    "words", [[], ["--from", ANNA, "--to", "nobody@x.example"], ["--file", "/nowhere.eml"], ["--url", "ftp://x"]]
)
def test_the_drop_command_says_what_is_wrong(base, capsys, words):
    assert drop.main(["--url", base, *words]) == 2
    assert capsys.readouterr().err.startswith("sandbox drop: ")


def test_the_drop_command_says_when_nobody_listens(capsys):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert drop.main(["--url", f"http://127.0.0.1:{port}", "--from", ANNA, "--to", SHOP]) == 2
    assert "refused" in capsys.readouterr().err


def test_what_was_sent_can_be_counted_with_what_it_answers(control, google):
    head = f"From: {SHOP}\r\nTo: {ANNA}\r\nSubject: Re: x\r\nIn-Reply-To: <q@x>\r\nAuto-Submitted: auto-replied\r\n"
    raw = f"{head}\r\nRef: AAAA\r\n"
    google.send_as(SHOP, raw.encode())
    [said] = control("letters", method="GET", user=SHOP, text="yes").json()
    assert (said["in_reply_to"], said["automatic"], said["to"]) == ("<q@x>", True, [ANNA])
    assert "Ref: AAAA" in said["text"]
    assert control("letters", method="GET", user=ANNA, label="INBOX").json()[0]["in_reply_to"] == "<q@x>"
    assert control("letters", method="GET", user="nobody@x.example").status_code == 400
