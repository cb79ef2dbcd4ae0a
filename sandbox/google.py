"""Run the sandbox Google on one loopback origin: `serve` for tests, `python -m sandbox.google` for people."""

import argparse
import contextlib
import json
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from sandbox.control import PREFIX as CONTROL_PREFIX
from sandbox.control import Control
from sandbox.gmail_api import BATCH_PATHS, PREFIX, UPLOAD_PREFIX, GmailApi
from sandbox.http_server import HttpServer, Request, Response, json_response
from sandbox.mail_pages import PREFIX as MAIL_PREFIX
from sandbox.mail_pages import MailPages
from sandbox.oauth_pages import OAuthPages
from sandbox.oauth_records import MODIFY
from sandbox.origin import DEMO_CLIENT, Google
from sandbox.page_frame import redirect
from sandbox.persistence import Store
from sandbox.seed import read_accounts

Answer = Callable[[Request], Response]
__all__ = ["DEMO_CLIENT", "MODIFY", "Google", "serve"]


class FrontDoor:
    """Lead each request to the part of the sandbox that answers it."""

    def __init__(self, google: Google) -> None:
        gmail = GmailApi(google.world, google.grants, google.deliver_some, google.pause)
        oauth = OAuthPages(google)
        self._exact: dict[str, Answer] = dict.fromkeys(OAuthPages.PATHS, oauth.answer)
        self._exact |= dict.fromkeys(BATCH_PATHS, gmail.answer_batch)
        self._exact |= dict.fromkeys(("/", "/mail"), lambda _: redirect(MAIL_PREFIX))
        self._below: tuple[tuple[str, Answer], ...] = (
            (PREFIX, gmail.answer),
            (UPLOAD_PREFIX, gmail.answer),
            (MAIL_PREFIX, MailPages(google).answer),
            (CONTROL_PREFIX, Control(google).answer),
        )

    def answer(self, request: Request) -> Response:
        for prefix, answer in self._below:
            if request.path.startswith(prefix):
                return answer(request)
        exact = self._exact.get(request.path)
        return exact(request) if exact else json_response({"error": f"there is no {request.path}"}, 404)


@contextlib.contextmanager
def serve(google: Google, port: int = 0, *, data: Path | None = None) -> Iterator[str]:
    """Serve on 127.0.0.1 within the block; gives the base URL, which is also the issuer. `data` keeps the state."""
    store = Store(google, data) if data else None
    server = HttpServer(FrontDoor(google).answer, port)
    google.base_url = f"http://127.0.0.1:{server.port}"
    google.stopping.clear()
    if store is not None:
        store.start()
    google.arrivals.start()
    server.start()
    try:
        yield google.base_url
    finally:
        google.stopping.set()
        server.stop()
        google.arrivals.stop()
        if store is not None:
            store.stop()


def _arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.google", description=__doc__)
    parser.add_argument("--port", type=int, default=8025, help="0 = any free port (default 8025)")
    parser.add_argument("--data", type=Path, help="directory that keeps the state over a restart")
    parser.add_argument("--accounts", type=Path, help="JSON file with accounts")
    parser.add_argument("--seed", type=Path, help="folder with accounts.json and mails/")
    parser.add_argument("--client-id", default=DEMO_CLIENT.id)
    parser.add_argument("--client-secret", default=DEMO_CLIENT.secret)
    parser.add_argument(
        "--redirect-uri", action="append", default=[], help="may be repeated; none = any loopback address"
    )
    parser.add_argument("--arrival-every", type=float, default=3.0, help="seconds between held mails after connecting")
    parser.add_argument("--die-with-stdin", action="store_true", help="stop when the parent closes our standard input")
    return parser.parse_args(words)


def _until_stdin_ends(over: threading.Event) -> None:
    sys.stdin.buffer.read()
    over.set()


def main(words: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; prints one JSON line with the base URL when it is ready."""
    options = _arguments(sys.argv[1:] if words is None else words)
    google = Google()
    google.client(options.client_id, options.client_secret, options.redirect_uri)
    google.settings.arrival_every_s = options.arrival_every
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    if options.die_with_stdin:
        threading.Thread(target=_until_stdin_ends, args=(over,), daemon=True).start()
    try:
        accounts = read_accounts(options.accounts) if options.accounts else ()
        with serve(google, options.port, data=options.data) as url:
            for account in accounts:
                google.world.add_account(account)
            if options.seed:
                google.load_seed(options.seed)
            print(json.dumps({"ready": url, "mail": f"{url}/mail/"}), flush=True)
            over.wait()
    except (ValueError, OSError) as error:
        print(f"sandbox google: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
