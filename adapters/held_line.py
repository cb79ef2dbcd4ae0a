"""End a question over HTTP from outside: a server that sends a byte now and then would hold its thread for ever."""

import contextlib
import socket
import threading
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import ConnectionPool, HTTPConnectionPool


class Line:
    """The connections of one question. Once it is cut, whoever still reads from one of them is told that it ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: list[socket.socket] = []
        self._is_cut = False

    def hold(self, connection: socket.socket) -> None:
        # A second handle of the same connection: TLS takes the first one over, and its reader closes it.
        handle = connection.dup()
        with self._lock:
            self._held.append(handle)
            if self._is_cut:
                self._end_all()

    def cut(self) -> None:
        """End every connection, now and from now on."""
        with self._lock:
            self._is_cut = True
            self._end_all()

    def _end_all(self) -> None:
        for handle in self._held:
            with contextlib.suppress(OSError):  # the other side ended it already
                handle.shutdown(socket.SHUT_RDWR)
            handle.close()
        self._held.clear()


class Held(HTTPAdapter):
    """Asks once, and hands every connection that it makes to a line."""

    def __init__(self, line: Line) -> None:
        self._line = line
        super().__init__(max_retries=0)

    def get_connection_with_tls_context(self, *args: Any, **options: Any) -> ConnectionPool:
        pool = super().get_connection_with_tls_context(*args, **options)
        if isinstance(pool, HTTPConnectionPool):  # both kinds are
            pool.ConnectionCls = self._connection_of(pool.scheme)
        return pool

    def _connection_of(self, scheme: str | None) -> Any:
        line = self._line

        class Plain(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                made = super()._new_conn()
                line.hold(made)
                return made

        class Encrypted(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                made = super()._new_conn()
                line.hold(made)
                return made

        return Encrypted if scheme == "https" else Plain
