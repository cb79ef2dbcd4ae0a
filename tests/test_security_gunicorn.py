"""What gunicorn, as we start it, makes of requests that two readers could read in two ways, or that never end."""

import socket
from collections.abc import Iterator

import pytest

from tests.support.waiting import until
from tests.test_deploy_programs import free_address, migrate, running, values  # noqa: F401  # a fixture

HOST = b"Host: desk.example.com\r\n"
PLAIN = b"GET /healthz HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
REFUSED = (b"HTTP/1.1 400", b"HTTP/1.1 414", b"HTTP/1.1 431", b"HTTP/1.1 501")
TWO_WAYS = {
    "length and chunks": b"POST /sign-in HTTP/1.1\r\n"
    + HOST
    + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"0\r\n\r\nGET /healthz HTTP/1.1\r\n" + HOST + b"\r\n",
    "two lengths": b"POST /sign-in HTTP/1.1\r\n" + HOST + b"Content-Length: 4\r\nContent-Length: 0\r\n\r\nabcd",
    "a length with a sign": b"POST /sign-in HTTP/1.1\r\n" + HOST + b"Content-Length: +4\r\n\r\nabcd",
    "a blank before the colon": b"POST /sign-in HTTP/1.1\r\n" + HOST + b"Content-Length : 4\r\n\r\nabcd",
    "an unknown coding": b"POST /sign-in HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked, hidden": b"POST /sign-in HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "a folded header": b"GET /healthz HTTP/1.1\r\n" + HOST + b"X: a\r\n b: c\r\n\r\n",
    "a line feed alone": b"GET /healthz HTTP/1.1\r\n" + HOST + b"X: a\nTransfer-Encoding: chunked\r\n\r\n",
    "a NUL in a header": b"GET /healthz HTTP/1.1\r\n" + HOST + b"X: a\0b\r\n\r\n",
    "an endless line": b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "an endless header": b"GET /healthz HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 9000 + b"\r\n\r\n",
    "endless headers": b"GET /healthz HTTP/1.1\r\n" + HOST + b"X: a\r\n" * 200 + b"\r\n",
}


@pytest.fixture
def address(values, tmp_path) -> Iterator[str]:  # noqa: F811  # the fixture of that name
    assert migrate(values).returncode == 0
    found = free_address()
    with running("web", values, tmp_path / "log", found):
        until(
            lambda: b"alive" in asked(found, PLAIN),
            within=60,
        )
        yield found


def asked(address: str, raw: bytes) -> bytes:
    """All that comes back until the other side closes, or says nothing for two seconds after it has begun."""
    host, _, port = address.partition(":")
    found = b""
    try:
        with socket.create_connection((host, int(port)), timeout=60) as connection:
            connection.sendall(raw)
            while piece := connection.recv(65536):
                found += piece
                connection.settimeout(2)
    except (TimeoutError, ConnectionError):
        pass
    return found


def test_a_message_whose_end_can_be_read_in_two_ways_is_refused(address: str) -> None:
    """One refusal each, and what was hidden behind is answered by nobody. Other requests are served all the while."""
    for name, raw in TWO_WAYS.items():
        answer = asked(address, raw)
        assert answer.startswith(REFUSED), f"{name}: {answer[:60]!r}"
        assert b"alive" not in answer, name
        assert answer.count(b"HTTP/1.1 ") == 1, name
        assert b"Traceback" not in answer, name
    assert asked(address, PLAIN).startswith(b"HTTP/1.1 200")
