"""The transport sends once, keeps its connection, follows nobody, and takes in no more than it may."""

import gzip
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from adapters.gmail.transport import AnswerTooLarge, Limits, NotConnected, RequestsHttp, settled


class Answers(BaseHTTPRequestHandler):
    """Answers by path, and remembers the connections and requests that it saw."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self):
        self.server.connections += 1
        super().setup()

    def log_message(self, *args):
        pass

    def do_GET(self):
        self.server.paths.append(self.path)
        getattr(self, f"answer_{self.path.strip('/')}")()

    def send(self, body, *headers, status=200):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer_plain(self):
        self.send(b"hello", ("X-Kept", "yes"))

    def answer_gzip(self):
        self.send(gzip.compress(b"a" * 5000), ("Content-Encoding", "gzip"))

    def answer_away(self):
        self.send(b"", ("Location", "/plain"), status=302)

    def answer_large(self):
        self.send(b"x" * 20_000)

    def answer_endless(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        piece = b"400\r\n" + b"x" * 0x400 + b"\r\n"
        try:
            while not self.server.over.wait(self.server.beat):
                self.wfile.write(piece)
        except OSError:
            pass  # the reader has had enough
        self.close_connection = True


@pytest.fixture
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.daemon_threads = True
    server.connections, server.paths, server.beat, server.over = 0, [], 0.0, threading.Event()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.over.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def ask(server):
    opened = []

    def ask(path, **limits):
        if not opened:
            opened.append(settled(requests.Session(), "http://127.0.0.1"))
        http = RequestsHttp(opened[0], Limits(**limits))
        return http.request(f"http://127.0.0.1:{server.server_port}/{path}")

    yield ask
    for session in opened:
        session.close()


def test_calls_share_one_tcp_connection(server, ask):
    for _ in range(5):
        response, content = ask("plain")
        assert (response.status, content, response["x-kept"]) == (200, b"hello", "yes")
    assert server.connections == 1


def test_compressed_answers_are_unpacked_within_the_limit(ask):
    assert ask("gzip")[1] == b"a" * 5000
    with pytest.raises(AnswerTooLarge):
        ask("gzip", answer_bytes=4000)


def test_a_redirect_is_an_answer_and_not_followed(server, ask):
    assert ask("away")[0].status == 302
    assert server.paths == ["/away"]


@pytest.mark.parametrize("path", ["large", "endless"])
def test_an_answer_over_the_limit_is_not_taken_in(ask, path):
    with pytest.raises(AnswerTooLarge):
        ask(path, answer_bytes=10_000)


def test_an_answer_that_trickles_is_given_up(server, ask):
    server.beat = 0.01
    with pytest.raises(requests.ReadTimeout):
        ask("endless", total_s=0.2)


def test_nobody_listening_is_a_network_error(server, ask):
    server.server_close()
    with pytest.raises(requests.ConnectionError):
        ask("plain")


def test_proxies_come_from_the_environment_and_a_netrc_never_does(monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine gmail.googleapis.com login someone password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    with settled(requests.Session(), "https://gmail.googleapis.com") as session:
        prepared = session.prepare_request(requests.Request("GET", "https://gmail.googleapis.com/x"))
    assert "Authorization" not in prepared.headers
    assert session.proxies["https"] == "http://proxy.example:3128"


def test_a_request_without_its_mailboxs_transport_goes_nowhere():
    with pytest.raises(RuntimeError, match="not given its mailbox's transport"):
        NotConnected().request("http://127.0.0.1/")
