"""Addresses that a tenant chooses lead nowhere but to the public internet, however they are written.

Behind each of them stands a canary: a server on loopback that counts every connection.
"""

import ast
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from adapters.pinned_http import PinnedHttp, resolved
from adapters.shop_webhook import shop_address, way_to_shops
from adapters.status_page import page_address
from domain.errors import MailwrightError, NeedsPerson, TryAgain
from tests.support.waiting import PATIENT, until

ROOT = Path(__file__).parents[2]
HURRIED = replace(PATIENT, total_s=1.0)

# Whoever may open a connection, and whose word the address is that they open it to. An address of a tenant's goes
# through `adapters/pinned_http.py`; all others are the word of whoever runs the server.
OPENS: dict[str, str] = {
    "adapters/pinned_http.py": "a tenant's word: what this file tests",
    "adapters/held_line.py": "the connections of pinned_http, ended from outside",
    "adapters/embedded/valkey.py": "a socket in our own folder",
    "adapters/gmail/client.py": "GMAIL_API_ENDPOINT",
    "adapters/gmail/errors.py": "names the library's errors, and opens nothing",
    "adapters/gmail/transport.py": "GMAIL_API_ENDPOINT, and the token address of Google's metadata",
    "adapters/google_grants.py": "GOOGLE_METADATA_URL and the addresses in it",
    "adapters/google_sign_in.py": "GOOGLE_METADATA_URL and the addresses in it",
    "adapters/llm/model.py": "LLM_BASE_URL, or the provider's own",
    "adapters/system_mail.py": "MAIL_HOST",
    "adapters/ticketing/session.py": "TICKETING_BASE_URL of `flask ticketing connect`: mostly within the own network",
    "adapters/web_search.py": "WEB_SEARCH_BASE_URL, or the provider's own",
    "commands/demo.py": "looks for a free port, and at its own pages",
    "commands/demo_mail.py": "a free port",
    "web/google_sign_in.py": "names the client of adapters/google_sign_in.py",
    "web/mailboxes.py": "names the client of adapters/google_sign_in.py",
}
CLIENTS = (
    "aiohttp", "anthropic", "authlib.integrations", "ftplib", "google.auth.transport", "googleapiclient.discovery",
    "googleapiclient.http", "http.client",
    "httplib2", "httpx", "imaplib", "langchain", "langchain_anthropic", "langchain_google_genai", "langchain_openai",
    "langchain_tavily", "openai", "poplib", "requests", "smtplib", "socket", "telnetlib", "urllib.request", "urllib3",
    "websockets", "xmlrpc",
)  # fmt: skip
OURS = ("adapters", "parts", "storage", "web", "worker", "handlers", "rag", "understanding", "domain", "commands")
AT_THE_ROOT = ("app.py", "bootstrap.py", "run_listener.py", "settings.py", "gunicorn.conf.py")

# Every column that holds an address of the web, and who asks it.
KEPT: dict[str, str] = {
    "status_page.url": "PinnedHttp",
    "shop_webhook.url": "PinnedHttp",
    "ticketing.base_url": "set by `flask ticketing connect` alone",
    "document.url": "stands in answers; nobody asks it",
    "incident.link": "stands in answers; nobody asks it",
    "shop_order.tracking_url": "stands in answers; nobody asks it",
}


def imported(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{one.name}" for one in node.names)


def opens(source: str) -> bool:
    return any(name == client or name.startswith(f"{client}.") for name in imported(source) for client in CLIENTS)


def test_who_may_open_a_connection_is_named_with_whose_word_the_address_is():
    files = [*(path for folder in OURS for path in (ROOT / folder).rglob("*.py")), *(ROOT / one for one in AT_THE_ROOT)]
    found = {str(path.relative_to(ROOT)) for path in files if opens(path.read_text())}
    assert found == set(OPENS)


def test_a_client_is_found_however_it_is_imported():
    for source in ("import requests", "from urllib import request", "def f():\n    import httpx as x", "import socket"):
        assert opens(source), source
    assert not opens("from urllib.parse import urlsplit\nimport requestsx")


def test_every_address_that_is_kept_is_named_with_who_asks_it(owner):
    columns = owner.execute(text("""
        SELECT table_name || '.' || column_name FROM information_schema.columns
        WHERE table_schema = 'public' AND (column_name LIKE '%url%' OR column_name LIKE '%host%'
            OR column_name LIKE '%endpoint%' OR column_name LIKE '%link%' AND data_type = 'text')
    """)).scalars()  # fmt: skip
    assert set(columns) == set(KEPT)


class Canary:
    """Listens on every address of this machine; `heard` counts who came, and what they said first."""

    def __init__(self, says: bytes = b"", *, drips: bytes = b"") -> None:
        self._says, self._drips = says, drips
        self.heard = 0
        self.ended = threading.Event()
        self._socket = socket.create_server(("", 0), backlog=32)
        self.port = self._socket.getsockname()[1]
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            with connection:
                if self._stopping.is_set():
                    return
                self.heard += 1
                connection.recv(65536)
                connection.sendall(self._says)
                self._drip(connection)

    def _drip(self, connection: socket.socket) -> None:
        """A byte now and then, for as long as anybody reads."""
        try:
            while self._drips and not self._stopping.wait(0.05):
                connection.sendall(self._drips)
        except OSError:
            self.ended.set()

    def close(self) -> None:
        self._stopping.set()
        with socket.create_connection(("127.0.0.1", self.port)):
            self._thread.join()
        self._socket.close()


@contextmanager
def canary(says: bytes = b"", **more: bytes) -> Iterator[Canary]:
    made = Canary(says, **more)
    try:
        yield made
    finally:
        made.close()


# Ways to write this machine, its network and the metadata of clouds. A name that resolves nowhere is refused too.
WRITTEN = [
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001", "0",
    "0.0.0.0",  # noqa: S104  # nobody binds there
    "localhost", "LOCALHOST", "localhost.", "localhost.localdomain", "127.0.0.1.", "127.0.0.1.nip.io",
    "[::1]", "[0:0:0:0:0:0:0:1]", "[::]", "[::127.0.0.1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
    "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2001:0:7f00:1::]", "[fe80::1%25lo]", "[fec0::1]",
    "[fd00:ec2::254]", "169.254.169.254", "0xa9fea9fe", "2852039166", "metadata.google.internal",
    "\u2460\u2461\u2466.\u24ea.\u24ea.\u2460", "127\u30020\u30020\u30021",
    "\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3",
    "a@127.0.0.1", "status.example@127.0.0.1", "127.0.0.1#.status.example", "127.0.0.1?.status.example",
    "127.0.0.1\\.status.example", ".127.0.0.1", "127.0.0.1%2f.status.example", "127.0.0.1\t", "[::1",
]  # fmt: skip


@pytest.mark.parametrize("host", WRITTEN)
def test_no_way_of_writing_it_leads_to_this_machine_or_its_network(host):
    with canary() as here:
        for way in (PinnedHttp(limits=PATIENT), way_to_shops(private_allowed=False)):
            for url in (f"https://{host}:{here.port}", f"https://{host}:{here.port}/a/b"):
                with pytest.raises(MailwrightError):
                    way.get(url, {})
        assert here.heard == 0


def test_the_canary_hears_who_is_let_through():
    """The control: where private addresses are allowed, the same question arrives."""
    with canary() as here:
        with pytest.raises(MailwrightError):
            PinnedHttp(private_allowed=True, limits=PATIENT).get(f"https://127.0.0.1:{here.port}", {})
        assert here.heard == 1


@pytest.mark.parametrize("address", ["::7f00:1", "fec0::1", "5f00::1", "64:ff9b:1::1", "192.88.99.1", "3fff::1"])
def test_an_address_of_the_wrong_part_of_the_net_is_refused_whatever_name_leads_there(address):
    http = PinnedHttp(resolve=lambda host, port: ["93.184.216.34", address], limits=PATIENT)
    with pytest.raises(MailwrightError, match="private network"):
        http.get("https://status.example", {})


@pytest.mark.parametrize("port", [22, 25, 5432, 6379])
def test_a_port_of_another_service_gains_nothing_since_we_only_speak_tls(port):
    """Over https the first bytes are no command to anybody; who hears them hears nothing of what we ask."""
    sent: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hear() -> None:
            connection, _ = server.accept()
            with connection:
                sent.append(connection.recv(65536))

        thread = threading.Thread(target=hear)
        thread.start()
        http = PinnedHttp(private_allowed=True, limits=PATIENT, resolve=lambda host, wanted: ["127.0.0.1"])
        with pytest.raises(TryAgain):
            http.post(f"https://status.example:{server.getsockname()[1]}/x", {"X-Said": "canary"}, b"FLUSHALL canary")
        thread.join()
    assert sent[0][:1] == b"\x16", port
    assert b"canary" not in sent[0]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["get", "post"])
def test_no_redirect_is_followed(status, method):
    with canary() as elsewhere:
        says = f"HTTP/1.1 {status} Moved\r\nLocation: http://127.0.0.1:{elsewhere.port}/\r\nContent-Length: 0\r\n\r\n"
        with canary(says.encode()) as here:
            http = PinnedHttp(private_allowed=True, limits=PATIENT)
            more = (b"{}",) if method == "post" else ()
            answer = getattr(http, method)(f"http://127.0.0.1:{here.port}", {}, *more)
            assert (answer.status, here.heard, elsewhere.heard) == (status, 1, 0)


def test_no_proxy_of_the_environment_and_no_login_of_a_netrc_has_a_say(monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login canary password canary")
    says = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    with canary() as proxy, canary(says) as here:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", os.devnull)
        assert PinnedHttp(private_allowed=True, limits=PATIENT).get(f"http://127.0.0.1:{here.port}", {}).body == b"{}"
        assert (here.heard, proxy.heard) == (1, 0)


HEADERS = b"HTTP/1.1 200 OK\r\nX-Long: "
BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n"


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("says", [HEADERS, BODY], ids=["in its headers", "in its body"])
def test_a_server_that_drips_holds_no_thread_of_ours_beyond_the_deadline(says, scheme):
    """Each byte comes in time, and all of them together would take days."""
    before = threading.active_count()
    with canary(says, drips=b"x") as slow:
        began = time.monotonic()
        with pytest.raises(MailwrightError):
            PinnedHttp(private_allowed=True, limits=HURRIED).get(f"{scheme}://127.0.0.1:{slow.port}", {})
        # Without a deadline it would last for ever; a machine that stands still for seconds is none of ours.
        assert time.monotonic() - began < HURRIED.total_s + 30
        assert slow.ended.wait(60), "we hung up"
    until(lambda: threading.active_count() <= before, within=60)


def test_an_answer_without_end_is_given_up():
    with canary(b"HTTP/1.1 200 OK\r\n\r\n", drips=b"x" * 500_000) as huge:
        with pytest.raises(NeedsPerson, match="larger"):
            PinnedHttp(private_allowed=True, limits=PATIENT).get(f"http://127.0.0.1:{huge.port}", {})
        assert huge.ended.wait(60)


@pytest.mark.parametrize("kept", [page_address, shop_address])
@pytest.mark.parametrize(
    "url", ["http://a.example", "https://a@b.example", "https://a.example/?u=1", "file:///etc", "gopher://a"]
)
def test_what_is_no_plain_https_address_is_not_even_kept(kept, url):
    with pytest.raises(MailwrightError):
        kept(url)


def test_a_name_that_is_none_is_not_found_and_raises_nothing_else():
    for name in ("no.such.name.invalid", "a" * 70 + ".example", ""):
        with pytest.raises(TryAgain):
            resolved(name, 443)
