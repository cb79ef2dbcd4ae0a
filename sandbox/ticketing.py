"""A stand-in for the merchant's ticketing system, by the contract that the bridge follows, and stricter.

Start it with `python -m sandbox.ticketing --port 8046`. It plays faults on demand, keeps what it did in a list for
tests to count, and answers on both forms of the path. `/sandbox/effects` shows what was done, POST `/sandbox/orders`
makes an order known, POST `/sandbox/entries` lets a customer or a supplier write on a ticket.
"""

import argparse
import contextlib
import csv
import json
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sandbox.faults import Fault
from sandbox.http_server import HttpServer, Request, Response, json_response
from sandbox.ticketing_api import answer
from sandbox.ticketing_store import CUSTOMER, SUPPLIER, Desk

CONTROL = "/sandbox/"


class TicketingSystem:
    """The server: a desk with its tickets, and the way to order faults and to look at what was done."""

    def __init__(self) -> None:
        self.desk = Desk()

    def order(self, fault: str, route: str = "*", **more: Any) -> None:
        """A later call of the route (login, by_order, by_number, by_purchase, get, upsert, customer, supplier,
        internal) suffers this fault; `times`, `skip` and `seconds` as in `Fault`.
        """
        self.desk.faults.add(Fault(route, fault, **more))

    def answer(self, request: Request) -> Response:
        if request.path.startswith(CONTROL):
            return self._control(request)
        return answer(self.desk, request)

    def _control(self, request: Request) -> Response:
        """Loopback only, as everything here."""
        name = request.path.removeprefix(CONTROL)
        shown: dict[str, Any] = {
            "effects": self.desk.effects,
            "tickets": list(self.desk.tickets.values()),
            "calls": self.desk.calls,
            "faults": {"waiting": self.desk.faults.waiting()},
        }
        if request.method == "GET" and name in shown:
            return json_response(shown[name])
        try:
            if not self._changed(request.method, name, json.loads(request.body or b"{}")):
                return json_response({"error": f"there is no {request.method} {request.path}"}, 404)
        except (ValueError, TypeError, KeyError) as error:
            return json_response({"error": str(error)}, 400)
        return json_response({"tickets": len(self.desk.tickets), "effects": len(self.desk.effects)})

    def _changed(self, method: str, name: str, wanted: dict[str, Any]) -> bool:
        match method, name:
            case "POST", "faults":
                self.order(**wanted)
            case "DELETE", "faults":
                self.desk.faults.clear()
            case "POST", "orders":
                self.desk.know_order(**wanted)
            case "POST", "entries":
                side = {"customer": CUSTOMER, "supplier": SUPPLIER}[wanted.pop("side")]
                self.desk.writes(side=side, **wanted)
            case "POST", "reset":
                self.desk.reset()
            case _:
                return False
        return True


@contextlib.contextmanager
def serve(system: TicketingSystem, port: int = 0) -> Iterator[str]:
    """Serve on 127.0.0.1 within the block; gives the base URL of the API."""
    server = HttpServer(system.answer, port)
    system.desk.stopping.clear()
    server.start()
    try:
        yield f"http://127.0.0.1:{server.port}/api/sdt/1"
    finally:
        system.desk.stopping.set()
        server.stop()


def main(words: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; prints one JSON line with the base URL when ready."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.ticketing", description=__doc__)
    parser.add_argument("--port", type=int, default=8046, help="0 = any free port (default 8046)")
    parser.add_argument("--orders", type=Path, help="a CSV of orders that it knows, as of shop/orders.csv")
    parser.add_argument("--data", type=Path, help="a file that keeps what was done, from one end to the next start")
    options = parser.parse_args(words)
    system = TicketingSystem()
    if options.orders is not None:
        with options.orders.open(encoding="utf-8", newline="") as rows:
            for row in csv.DictReader(rows):
                system.desk.know_order(row["order_number"], customerName=row["customer_name"])
    if options.data is not None and options.data.exists():
        system.desk.restore(json.loads(options.data.read_text(encoding="utf-8")))
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    try:
        with serve(system, options.port) as url:
            print(json.dumps({"ready": url}), flush=True)
            over.wait()
        if options.data is not None:
            options.data.write_text(json.dumps(system.desk.kept()), encoding="utf-8")
    except OSError as error:
        print(f"sandbox ticketing: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
