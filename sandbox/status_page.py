"""A stand-in for a public status page, in the JSON form that Statuspage made common.

Start it with `python -m sandbox.status_page --port 8045`: one incident is open there. It plays faults on demand, knows
ETags, and counts how often it was asked. POST /sandbox/incidents opens one, DELETE resolves all.
"""

import argparse
import contextlib
import hashlib
import json
import signal
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.faults import Fault, Faults
from sandbox.http_server import Cut, HttpServer, Request, Response, json_response

CONTROL = "/sandbox/"
SUMMARY = "/api/v2/summary.json"
ROUTE = "status_page"
HUGE = 5_000_000


class StatusPage:
    """The server's state: what is open, the faults that wait, and how often it was asked."""

    def __init__(self, name: str = "Lumen & Oak") -> None:
        self.name = name
        self.faults = Faults()
        self.base_url = ""
        self.asked = 0
        self.not_modified = 0
        self.incidents: list[dict[str, Any]] = []
        self.maintenances: list[dict[str, Any]] = []
        self.changed_at = datetime.now(UTC)
        self._old: bytes = b""
        self.stopping = threading.Event()

    def order(self, fault: str, **more: Any) -> None:
        """The next call suffers this fault; `times` and `seconds` as in `Fault`."""
        self.faults.add(Fault(ROUTE, fault, **more))

    def reset(self) -> None:
        self.faults.clear()
        self.incidents, self.maintenances = [], []
        self.asked = self.not_modified = 0
        self._old, self.changed_at = b"", datetime.now(UTC)

    def open(self, name: str, *, body: str = "", components: tuple[str, ...] = (), **more: Any) -> str:
        """Open an incident; `more` goes into its JSON as it stands. Returns its id."""
        self._changes()
        key = f"inc{len(self.incidents) + 1:04}"
        at = self.changed_at.isoformat().replace("+00:00", "Z")
        self.incidents.append({
            "id": key, "name": name, "status": "investigating", "impact": "minor", "created_at": at, "updated_at": at,
            "resolved_at": None, "shortlink": f"https://status.lumen-oak.example/incidents/{key}",
            "incident_updates": [{"body": body, "status": "investigating", "created_at": at}],
            "components": [{"id": f"c-{one}", "name": one, "status": "degraded_performance"} for one in components],
            **more,
        })  # fmt: skip
        return key

    def resolve(self, key: str = "") -> None:
        """The incident, or every one, is over: like the real pages the summary then names it no more."""
        self._changes()
        self.incidents = [one for one in self.incidents if key and one["id"] != key]

    def answer(self, request: Request) -> Response:
        if request.path.startswith(CONTROL):
            return self._control(request)
        if request.method != "GET" or request.path != SUMMARY:
            return json_response({"error": f"there is no {request.method} {request.path}"}, 404)
        self.asked += 1
        body = self._summary()
        fault = self.faults.take(ROUTE)
        if fault is not None and (suffered := self._suffered(fault, body)):
            return suffered
        etag = f'W/"{hashlib.sha256(body).hexdigest()[:16]}"'
        if request.headers.get("if-none-match") == etag:
            self.not_modified += 1
            return Response(304, headers=(("ETag", etag),))
        return Response(200, body, headers=(("ETag", etag),))

    def _suffered(self, fault: Fault, body: bytes) -> Response | None:
        if fault.fault == "slow_before":
            self.stopping.wait(fault.seconds)
            return None
        answers = {
            "500_before": Response(500),
            "503_before": Response(503),
            "404": Response(404),
            "429": Response(429, headers=(("Retry-After", str(fault.retry_after)),)),
            "malformed_json": Response(200, body[: len(body) // 2]),
            "drop_before": Response(cut=Cut.DROP),
            "short_read": Response(200, body, cut=Cut.SHORT),
            "stale": Response(200, self._old or body),
            "redirect": Response(302, headers=(("Location", "http://127.0.0.1:9/elsewhere"),)),
        }
        if fault.fault == "huge":
            return Response(200, b'{"incidents": [], "padding": "' + b"x" * HUGE + b'"}')
        return answers.get(fault.fault)

    def _summary(self) -> bytes:
        found = {
            "page": {
                "id": "lumenoak", "name": self.name, "url": "https://status.lumen-oak.example", "time_zone": "Etc/UTC",
                "updated_at": self.changed_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            },
            "status": {"indicator": "minor" if self.incidents else "none", "description": ""},
            "components": [],
            "incidents": self.incidents,
            "scheduled_maintenances": self.maintenances,
        }  # fmt: skip
        return json.dumps(found).encode()

    def _changes(self) -> None:
        """What was said until now is what a cache may still hand out."""
        self._old = self._summary()
        self.changed_at = max(datetime.now(UTC), self.changed_at + timedelta(milliseconds=1))

    def _control(self, request: Request) -> Response:
        """POST faults, POST and DELETE incidents, GET state. Loopback only."""
        asked = request.method, request.path.removeprefix(CONTROL)
        try:
            wanted = json.loads(request.body or b"{}")
            if asked == ("POST", "faults"):
                self.faults.add(Fault(ROUTE, **wanted))
            elif asked == ("POST", "incidents"):
                self.open(**{**wanted, "components": tuple(wanted.get("components", ()))})
            elif asked == ("DELETE", "incidents"):
                self.resolve()
            elif asked != ("GET", "state"):
                return json_response({"error": f"there is no {request.method} {request.path}"}, 404)
        except (ValueError, TypeError) as error:
            return json_response({"error": str(error)}, 400)
        return json_response({"asked": self.asked, "not_modified": self.not_modified, "open": len(self.incidents)})


@contextlib.contextmanager
def serve(page: StatusPage, port: int = 0) -> Iterator[str]:
    """Serve on 127.0.0.1 within the block; gives the base URL."""
    server = HttpServer(page.answer, port)
    page.base_url = f"http://127.0.0.1:{server.port}"
    page.stopping.clear()
    server.start()
    try:
        yield page.base_url
    finally:
        page.stopping.set()
        server.stop()


def main(words: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT, with one incident open; prints one JSON line with the base URL when ready."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.status_page", description=__doc__)
    parser.add_argument("--port", type=int, default=8045, help="0 = any free port (default 8045)")
    options = parser.parse_args(words)
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    page = StatusPage()
    # Close enough to the shop to be believed, and explaining none of the mails that lie there already.
    page.open(
        "Coupon codes are rejected at checkout",
        body="Some coupon codes are refused with error E-4021. A fix is on its way.",
        components=("Coupon codes",),
        status="identified",
    )
    try:
        with serve(page, options.port) as url:
            print(json.dumps({"ready": url}), flush=True)
            over.wait()
    except OSError as error:
        print(f"sandbox status page: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
