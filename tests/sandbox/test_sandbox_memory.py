"""Seeds, arrivals after connecting, the state on disk, and the process itself."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests

from sandbox.google import Google, main, serve
from sandbox.seed import read_seed
from tests.sandbox.clients import ANNA, SHOP, Shop, letter
from tests.sandbox.consent import code_of, exchange

ACCOUNTS = [
    {"email": SHOP, "name": "The Shop", "role": "shop"},
    {"email": ANNA, "name": "Anna", "role": "customer"},
]


def until(condition, seconds=60.0):
    """Wait for a condition, with a deadline."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        pause.wait(0.01)


@pytest.fixture
def seed(tmp_path) -> Path:
    folder = tmp_path / "shop"
    (folder / "mails").mkdir(parents=True)
    (folder / "accounts.json").write_text(json.dumps(ACCOUNTS))
    return folder


def write(seed, name, **fields):
    mail = {"to": SHOP, "from": ANNA, "from_name": "Anna", "subject": "Kettle", "text": "It leaks.", **fields}
    (seed / "mails" / name).write_text(json.dumps(mail))


def test_a_seed_lays_old_mail_into_the_mailbox_at_its_time(google, seed, clock):
    write(seed, "001_question.json", minutes_ago=90)
    assert google.load_seed(seed) == 1
    mail = next(google.mailbox(SHOP).newest_first("INBOX"))
    assert mail.internal_ms == int((clock.now - 90 * 60) * 1000)
    assert "dmarc=pass" in mail.letter.first("authentication-results")


def test_a_seeded_mail_may_answer_an_earlier_one(google, seed):
    write(seed, "001_question.json", minutes_ago=90)
    write(seed, "002_more.json", minutes_ago=80, subject="Re: Kettle", reply_to_previous="001_question")
    google.load_seed(seed)
    assert len(google.mailbox(SHOP).threads) == 1


def test_a_seeded_mail_may_carry_headers_html_attachments_and_a_failed_verdict(google, seed):
    files = [{"name": "a.txt", "content_type": "text/plain", "text": "x"}]
    write(
        seed, "001.json", minutes_ago=1, html="<p>x</p>", headers={"List-Id": "<l.x>"}, attachments=files, auth="fail"
    )
    google.load_seed(seed)
    parsed = next(google.mailbox(SHOP).newest_first("INBOX")).letter
    assert parsed.first("list-id") == "<l.x>"
    assert "dmarc=fail" in parsed.first("authentication-results")
    assert b"text/html" in parsed.raw
    assert b"a.txt" in parsed.raw


def test_a_raw_seed_lies_there_byte_for_byte(google, seed):
    raw = b"From: <\nSubject: odd\n\n\xff\x00"
    (seed / "mails" / "001_odd.eml").write_bytes(b"X-Sandbox-Minutes-Ago: 5\n" + raw)
    google.load_seed(seed)
    assert next(google.mailbox(SHOP).newest_first("INBOX")).letter.raw == raw


def test_a_raw_seed_may_be_steered_by_headers_that_never_arrive(google, seed):
    steering = b"X-Sandbox-Arrives-After-Connect-S: 7\nX-Sandbox-Auth: none\nX-Sandbox-To: anna@customer.example\n"
    (seed / "mails" / "001_late.eml").write_bytes(steering + b"Subject: late\n\nX-Sandbox-Auth: in the body\n")
    mail = read_seed(seed).mails[0]
    assert (mail.to, mail.auth, mail.minutes_ago, mail.after_connect_s) == (ANNA, "none", None, 7.0)
    assert mail.raw == b"Subject: late\n\nX-Sandbox-Auth: in the body\n"


def test_a_raw_seed_goes_to_the_account_in_its_to_header_else_to_the_first_shop(seed):
    (seed / "mails" / "001_a.eml").write_bytes(b"To: Anna <anna@customer.example>\n\n")
    (seed / "mails" / "002_b.eml").write_bytes(b"To: undisclosed\n\n")
    assert [mail.to for mail in read_seed(seed).mails] == [ANNA, SHOP]


def test_html_without_text_is_a_mail_of_html_only(google, seed):
    write(seed, "001.json", minutes_ago=1, html="<p>only</p>", text="")
    google.load_seed(seed)
    raw = next(google.mailbox(SHOP).newest_first("INBOX")).letter.raw
    assert b"text/html" in raw
    assert b"text/plain" not in raw


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("001.json", "{"),
        ("001.json", "[]"),
        ("001.json", '{"to": "support@shop.example"}'),
        ("001.json", '{"to": "support@shop.example", "from": "a@b.example", "minutes_ago": "soon"}'),
        ("001.json", '{"to": "support@shop.example", "from": "a@b.example", "auth": "perhaps"}'),
        ("001.json", '{"to": "nobody@x.example", "from": "a@b.example", "minutes_ago": 1}'),
    ],
)
def test_a_wrong_seed_names_its_file(google, seed, name, text):
    (seed / "mails" / name).write_text(text)
    with pytest.raises(ValueError, match="001"):
        google.load_seed(seed)


def test_held_mail_arrives_after_the_consent_one_by_one(google, base, seed, clock):
    write(seed, "001_old.json", minutes_ago=5)
    write(seed, "002_first.json", subject="First")
    write(seed, "003_second.json", subject="Second", minutes_ago=0)
    write(seed, "004_late.json", subject="Late", arrives_after_connect_s=60)
    google.load_seed(seed)
    box = google.mailbox(SHOP)
    assert len(box.messages) == 1
    google.arrivals.mailbox_connected(SHOP)
    for seconds, count in ((3, 2), (6, 3), (60, 4)):
        clock.now = 1_790_000_000.0 + seconds
        google.arrivals.look_now()
        until(lambda count=count: len(box.messages) == count)
    subjects = [mail.letter.first("subject") for mail in box.newest_first("INBOX")]
    assert subjects[:3] == ["Late", "Second", "First"]


def test_a_token_exchange_counts_as_connecting(google, base, seed):
    write(seed, "001_first.json", arrives_after_connect_s=0)
    google.load_seed(seed)
    assert google.arrivals.waiting() == 1
    exchange(base, code_of(base))
    until(lambda: google.arrivals.waiting() == 0)
    until(lambda: len(google.mailbox(SHOP).messages) == 1)


def test_the_state_survives_a_restart(tmp_path):
    data = tmp_path / "data"
    before = Google()
    before.account(SHOP, "The Shop", "shop")  # laid in before it serves
    with serve(before, data=data) as url:
        before.account(ANNA)
        first = before.deliver(SHOP, ANNA, "Kettle", "It leaks.")
        deleted = before.deliver(SHOP, ANNA, "Gone", "x")
        shop = Shop(before, url)
        label = shop.me.labels().create(userId="me", body={"name": "AI/Answered"}).execute()["id"]
        shop.me.messages().modify(userId="me", id=first.id, body={"addLabelIds": [label]}).execute()
        draft = shop.draft(letter())
        start = str(first.history_id - 1)
        before.delete_message(SHOP, deleted.id)
        history, profile, tokens = shop.history(start)["history"], shop.profile(), shop.tokens
        shop.close()
    after = Google()
    with serve(after, data=data) as url:
        shop = Shop(after, url)
        shop.credentials._refresh_token = tokens["refresh_token"]
        shop.credentials.token = None
        assert shop.profile() == profile
        assert shop.history(start)["history"] == history
        assert shop.raw(first.id) == first.letter.raw
        assert shop.get(first.id)["labelIds"] == sorted({label, "INBOX", "UNREAD"})
        assert shop.send_draft(draft["id"])["labelIds"] == ["SENT"]
        assert after.world.accounts[SHOP].role == "shop"
        new = after.deliver(SHOP, ANNA, "Re: Kettle", "y", references=[first.letter.message_id])
        assert new.thread_id == first.thread_id
        assert int(new.id, 16) > int(draft["message"]["id"], 16)
        shop.close()


def test_a_seed_is_laid_in_once_and_held_mail_comes_after_a_restart(tmp_path, seed):
    write(seed, "001_old.json", minutes_ago=5)
    write(seed, "002_new.json")
    data = tmp_path / "data"
    before = Google()
    with serve(before, data=data):
        assert before.load_seed(seed) == 1
        before.settings.arrival_every_s = 3600
        before.arrivals.mailbox_connected(SHOP)
    after = Google()
    with serve(after, data=data):
        after.settings.arrival_every_s = 0
        assert after.load_seed(seed) == 0
        until(lambda: len(after.mailbox(SHOP).messages) == 2)


def test_the_command_serves_until_it_is_told_to_stop(tmp_path, seed):
    write(seed, "001_old.json", minutes_ago=5)
    words = [sys.executable, "-m", "sandbox.google", "--port", "0", "--seed", str(seed), "--data", str(tmp_path / "d")]
    for number in (signal.SIGTERM, signal.SIGINT):
        with subprocess.Popen(words, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": "."}) as process:
            url = json.loads(process.stdout.readline())["ready"]
            accounts = requests.get(f"{url}/sandbox/accounts", timeout=60).json()["accounts"]
            assert [row["messages"] for row in accounts] == [1, 0]
            process.send_signal(number)
            assert process.wait(60) == 0


def test_the_command_ends_with_its_parent_only_when_told_so(tmp_path):
    words = [sys.executable, "-m", "sandbox.google", "--port", "0", "--die-with-stdin"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stdin=subprocess.PIPE) as process:
        assert json.loads(process.stdout.readline())["ready"]
        process.stdin.close()
        assert process.wait(60) == 0


def test_the_command_names_what_is_wrong_and_exits_2(tmp_path, capsys):
    assert main(["--port", "0", "--accounts", str(tmp_path / "none.json")]) == 2
    assert "none.json" in capsys.readouterr().err
