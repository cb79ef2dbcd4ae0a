"""A mail server that takes every mail, keeps it, and passes it to nobody."""

import argparse
import signal
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes, policy
from email.message import EmailMessage


class _Talk(socketserver.StreamRequestHandler):
    """One connection: RFC 5321 as far as a client that sends mail needs it."""

    server: "_Server"

    def handle(self) -> None:
        # Who only looks whether somebody listens here goes away at once.
        with suppress(ConnectionError):
            self._talk()

    def _talk(self) -> None:
        self._say("220 sandbox")
        while line := self.rfile.readline(1000):
            word = line.split(b" ")[0].strip().upper()
            if word == b"QUIT":
                self._say("221 bye")
                return
            if word == b"DATA":
                self._say("354 go on")
                self._take()
            elif word in {b"EHLO", b"HELO", b"MAIL", b"RCPT", b"RSET", b"NOOP"}:
                self._say("250 ok" if self.server.accepts or word != b"RCPT" else "550 nobody here")
            else:
                self._say("502 not known")

    def _take(self) -> None:
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append((line[1:] if line.startswith(b"..") else line).replace(b"\r\n", b"\n"))
        mail = message_from_bytes(b"".join(lines), policy=policy.default)
        self._say("250 taken")
        self.server.taken(mail)

    def _say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    accepts = True
    taken: Callable[[EmailMessage], None]


@contextmanager
def running_smtp(taken: Callable[[EmailMessage], None], *, port: int = 0, accepts: bool = True) -> Iterator[int]:
    """A server on a port of this machine, a free one for 0; `taken` is called with each mail. Yields the port."""
    with _Server(("127.0.0.1", port), _Talk) as server:
        server.taken, server.accepts = taken, accepts
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def main() -> None:
    """Print every mail that comes, until the program is asked to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    with running_smtp(_show, port=parser.parse_args().port):
        stopped.wait()


def _show(mail: EmailMessage) -> None:
    print(f"A mail to {mail['To']}: {mail['Subject']}\n{mail.get_content()}", flush=True)


if __name__ == "__main__":
    main()
