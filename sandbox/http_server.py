"""Speak HTTP/1.1 on a loopback socket: one thread per kept-alive connection, one write per answer."""

import contextlib
import enum
import json
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

LARGEST_BODY = 50_000_000
LARGEST_HEAD = 65_536
LOOPBACK_NAMES = ("127.0.0.1", "localhost")
REASONS = {status.value: status.phrase for status in HTTPStatus}


class BadRequestError(Exception):
    """The bytes are no request that can be answered; the text says why."""


class Cut(enum.Enum):
    """How much of the answer reaches the caller."""

    NO = "whole answer"
    DROP = "nothing, the connection ends"
    SHORT = "half of the promised body, then the connection ends"


@dataclass(slots=True)
class Request:
    """One request; header names are lower case, `query` is the undecoded text after the question mark."""

    method: str
    path: str
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def params(self) -> dict[str, list[str]]:
        return parse_qs(self.query, keep_blank_values=True, max_num_fields=5000) if self.query else {}

    def form(self) -> dict[str, list[str]]:
        return parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=500)


@dataclass(slots=True)
class Response:
    """One answer; `cut` lets a fault end the connection early, after whatever effect the call had."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json; charset=UTF-8"
    headers: tuple[tuple[str, str], ...] = ()
    cut: Cut = Cut.NO


def json_response(value: Any, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    return Response(status, json.dumps(value).encode(), headers=headers)


def _read_body(reader: Any, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        chunks: list[bytes] = []
        while size := int(reader.readline(LARGEST_HEAD).split(b";")[0], 16):
            if size + sum(map(len, chunks)) > LARGEST_BODY:
                raise BadRequestError("the body is too large")
            chunks.append(reader.read(size))
            reader.readline(LARGEST_HEAD)
        while reader.readline(LARGEST_HEAD).strip():
            pass
        return b"".join(chunks)
    length = int(headers.get("content-length") or 0)
    if not 0 <= length <= LARGEST_BODY:
        raise BadRequestError("the body is too large")
    body: bytes = reader.read(length) if length else b""
    if len(body) < length:
        raise ConnectionError("the caller went away")
    return body


def parse_head(lines: list[bytes]) -> Request:
    """Request line and header lines to a request without its body; raises `BadRequestError`."""
    try:
        method, target, _ = lines[0].decode("latin-1").split(None, 2)
    except ValueError:
        raise BadRequestError("the request line is malformed") from None
    headers = {}
    for line in lines[1:]:
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    # A web page elsewhere may point its own name at this machine (DNS rebinding); it cannot use these.
    if headers.get("host", "127.0.0.1").partition(":")[0] not in LOOPBACK_NAMES:
        raise BadRequestError("the sandbox answers only under a loopback name")
    path, _, query = target.partition("?")
    return Request(method, path, query, headers)


class HttpServer:
    """Serve `answer` on `host:port` (0 = any free port) until `stop`; `answer` may be called from many threads."""

    def __init__(self, answer: Callable[[Request], Response], port: int = 0, host: str = "127.0.0.1") -> None:
        self._answer = answer
        self._listener = socket.create_server((host, port), backlog=128)
        self._host = host
        self.port: int = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._stopping = False
        self._acceptor = threading.Thread(target=self._accept, name="sandbox-accept", daemon=True)

    def start(self) -> None:
        self._acceptor.start()

    def stop(self) -> None:
        """End every connection and wait for the threads; a call in progress is cut off."""
        self._stopping = True
        with socket.socket() as wake:  # accept() has no portable way to be interrupted but a connection
            wake.settimeout(1)
            wake.connect_ex((self._host, self.port))
        self._acceptor.join(5)
        self._listener.close()
        with self._lock:
            for connection in self._open:
                _shut(connection)

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self._stopping:
                connection.close()
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), name="sandbox-call", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, connection.makefile("rb", 65_536) as reader:
                while self._exchange(connection, reader):
                    pass
        except (OSError, ValueError):
            pass  # the caller went away or spoke no HTTP; there is nobody to tell
        finally:
            with self._lock:
                self._open.discard(connection)

    def _exchange(self, connection: socket.socket, reader: Any) -> bool:
        """Answer one request; False when the connection is to end."""
        lines: list[bytes] = []
        size = 0
        while (line := reader.readline(LARGEST_HEAD)) not in (b"\r\n", b"\n"):
            size += len(line)
            if not line or size > LARGEST_HEAD:
                return False
            lines.append(line)
        if not lines:
            return True
        try:
            request = parse_head(lines)
            request.body = _read_body(reader, request.headers)
        except BadRequestError as error:
            _send(connection, Response(400, str(error).encode(), "text/plain"), keep=False, head=False)
            return False
        response = self._answer(request)
        keep = request.headers.get("connection", "").lower() != "close" and not self._stopping
        return _send(connection, response, keep=keep, head=request.method == "HEAD")


def _send(connection: socket.socket, response: Response, *, keep: bool, head: bool) -> bool:
    if response.cut is Cut.DROP:
        # A reset, not a polite end: the caller must not take it for an idle connection that may be tried again.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False
    extra = "".join(f"{name}: {value}\r\n" for name, value in response.headers)
    text = (
        f"HTTP/1.1 {response.status} {REASONS.get(response.status, 'Unknown')}\r\n"
        f"Content-Type: {response.content_type}\r\nContent-Length: {len(response.body)}\r\n"
        f"{'' if keep else 'Connection: close' + chr(13) + chr(10)}{extra}\r\n"
    )
    body = b"" if head else response.body
    if response.cut is Cut.SHORT:
        connection.sendall(text.encode("latin-1") + body[: len(body) // 2])
        return False
    connection.sendall(text.encode("latin-1") + body)
    return keep


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it may have ended by itself in the meantime
        connection.shutdown(socket.SHUT_RDWR)
