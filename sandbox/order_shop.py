"""A shop that carries out refunds and order actions over a signed webhook, stricter than real ones, faults on demand.

Start it with `python -m sandbox.order_shop --secret whsec_...`. POST / does something once for one key; GET /KEY says
what became of it. GET /sandbox/state counts what it did for each key; POST /sandbox/orders and /sandbox/faults prepare.
"""

import argparse
import contextlib
import json
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from sandbox.faults import Fault, Faults
from sandbox.http_server import Cut, HttpServer, Request, Response, json_response
from sandbox.order_shop_rules import Order, is_signed, objection, orders_of

CONTROL = "/sandbox/"
ACT, LOOK = "act", "look"
PAGE = Response(200, b"<!doctype html><title>Welcome</title>", "text/html; charset=utf-8")


@dataclass
class Kept:
    """What became of one key: the bytes that were asked, the answer for ever, and how often the shop did it."""

    body: bytes
    status: int
    answer: dict[str, Any]
    effects: int = 0
    asked: int = 1


@dataclass
class OrderShop:
    """The shop's state. A `forgetful` one does what it is asked each time: it shows what keys are good for."""

    secret: str
    forgetful: bool = False
    clock: Callable[[], float] = time.time
    orders: dict[str, Order] = field(default_factory=dict)
    kept: dict[str, Kept] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    stopping: threading.Event = field(default_factory=threading.Event)
    base_url: str = ""
    posts: int = 0
    looks: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def order(self, number: str, total_minor: int, currency: str = "EUR", **more: Any) -> Order:
        self.orders[number] = Order(number, total_minor, currency, **more)
        return self.orders[number]

    def fault(self, route: str, fault: str, **more: Any) -> None:
        """The next call on `act` or `look` suffers this; `times`, `skip` and `seconds` as in `Fault`."""
        self.faults.add(Fault(route, fault, **more))

    def reset(self) -> None:
        self.faults.clear()
        self.orders, self.kept, self.posts, self.looks, self.forgetful = {}, {}, 0, 0, False

    def saved(self) -> dict[str, Any]:
        """What outlives a restart: the orders and what became of each key; as `restore` takes it."""
        with self._lock:
            kept = {key: {**asdict(one), "body": one.body.decode("latin-1")} for key, one in self.kept.items()}
            return {"orders": [asdict(one) for one in self.orders.values()], "kept": kept}

    def restore(self, saved: dict[str, Any]) -> None:
        with self._lock:
            self.orders = {one["number"]: Order(**one) for one in saved["orders"]}
            self.kept = {
                key: Kept(**{**one, "body": one["body"].encode("latin-1")}) for key, one in saved["kept"].items()
            }

    def effects(self, key: UUID | str) -> int:
        """How often the shop did what was asked under this key."""
        kept = self.kept.get(str(key))
        return kept.effects if kept else 0

    def answer(self, request: Request) -> Response:
        if request.path.startswith(CONTROL):
            return self._control(request)
        if request.method == "POST" and request.path == "/":
            self.posts += 1
            return self._suffering(ACT, lambda: self._guarded(request, self._act))
        if request.method == "GET" and request.path.count("/") == 1:
            self.looks += 1
            return self._suffering(LOOK, lambda: self._guarded(request, self._look))
        return json_response({"error": f"there is no {request.method} {request.path}"}, 405)

    def _suffering(self, route: str, take: Callable[[], Response]) -> Response:
        """The answer, after the fault that waits for this call; those called "after" come when it took effect."""
        fault = self.faults.take(route)
        if fault is None:
            return take()
        later = (("Retry-After", str(fault.retry_after)),)
        before = {
            "500_before": Response(500),
            "503_before": Response(503, headers=later),
            "429": Response(429, headers=later),
            "404": Response(404, b"<h1>Not found</h1>", "text/html"),
            "401": json_response({"error": "who are you?"}, 401),
            "drop_before": Response(cut=Cut.DROP),
            "html": PAGE,
            "redirect": Response(302, headers=(("Location", "http://127.0.0.1:9/elsewhere"),)),
            "unknown": json_response({"state": "unknown"}),
        }
        if fault.fault in before:
            return before[fault.fault]
        if fault.fault == "slow_before":
            self.stopping.wait(fault.seconds)
        answer = take()
        if fault.fault == "slow":
            self.stopping.wait(fault.seconds)
        after = {
            "500_after": Response(500),
            "503_after": Response(503, headers=later),
            "drop_after": Response(cut=Cut.DROP),
            "html_after": PAGE,
            "malformed_json": Response(200, answer.body[: len(answer.body) // 2]),
            "short_read": Response(200, answer.body, cut=Cut.SHORT),
            "huge": Response(200, b'{"state": "done", "padding": "' + b"x" * 2_000_000 + b'"}'),
            "accepted": json_response({"state": "accepted"}, 202),
            "other_key": json_response({"id": "00000000-0000-4000-8000-000000000000", "state": "done"}),
        }
        return after.get(fault.fault, answer)

    def _guarded(self, request: Request, then: Callable[[str, Request], Response]) -> Response:
        """Only what was signed with our secret, for this body, within five minutes."""
        if not is_signed(request, self.secret, self.clock()):
            return json_response({"state": "unsigned", "reason": "The signature or its time is wrong."}, 401)
        with self._lock:
            return then(request.headers["webhook-id"], request)

    def _act(self, key: str, request: Request) -> Response:
        known = self.kept.get(key)
        if known is not None and not self.forgetful:
            known.asked += 1
            if known.body != request.body:
                return json_response({"id": key, "state": "conflict", "reason": "This key means something else."}, 409)
            return json_response(known.answer, known.status)
        try:
            asked = json.loads(request.body)
        except ValueError:
            asked = None
        order = self.orders.get(asked.get("order_number", "")) if isinstance(asked, dict) else None
        status, reason = objection(key, request, asked, order)
        if self.forgetful and status == 422:
            status = 0
        if status or order is None:
            refusal = {"id": key, "state": "refused", "reason": reason}
            self.kept[key] = Kept(request.body, status, refusal)
            return json_response(refusal, status)
        done = {"id": key, "state": "done", "reference": f"SHOP-{len(self.kept) + 1:05}"}
        self.kept[key] = Kept(request.body, 200, done, 1 + (known.effects if known else 0))
        order.refunded_minor += asked["amount_minor"] or 0
        if asked["type"] == "cancel":
            order.status = "cancelled"
        return json_response(done)

    def _look(self, key: str, request: Request) -> Response:
        kept = self.kept.get(key)
        if kept is None or request.path != f"/{key}":
            return json_response({"id": key, "state": "never"}, 404)
        return json_response(kept.answer)

    def _control(self, request: Request) -> Response:
        """POST orders and faults, GET state and faults, DELETE faults. Loopback only."""
        asked = request.method, request.path.removeprefix(CONTROL)
        try:
            wanted = json.loads(request.body or b"{}")
            if asked == ("GET", "faults"):
                return json_response({"waiting": self.faults.waiting()})
            if asked == ("DELETE", "faults"):
                self.faults.clear()
            elif asked == ("POST", "faults"):
                self.faults.add(Fault(**wanted))
            elif asked == ("POST", "orders"):
                self.order(**wanted)
            elif asked != ("GET", "state"):
                return json_response({"error": f"there is no {request.method} {request.path}"}, 404)
        except (ValueError, TypeError) as error:
            return json_response({"error": str(error)}, 400)
        kept = {
            key: {"effects": one.effects, "asked": one.asked, "body": one.body.decode(errors="replace"), **one.answer}
            for key, one in self.kept.items()
        }
        return json_response({"posts": self.posts, "looks": self.looks, "kept": kept, "orders": len(self.orders)})


@contextlib.contextmanager
def serve(shop: OrderShop, port: int = 0) -> Iterator[str]:
    """Serve on 127.0.0.1 within the block; gives the base URL."""
    server = HttpServer(shop.answer, port)
    shop.base_url = f"http://127.0.0.1:{server.port}"
    shop.stopping.clear()
    server.start()
    try:
        yield shop.base_url
    finally:
        shop.stopping.set()
        server.stop()


def main(words: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; prints one JSON line with the base URL when ready."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.order_shop", description=__doc__)
    parser.add_argument("--port", type=int, default=8046, help="0 = any free port (default 8046)")
    parser.add_argument("--secret", required=True, help="whsec_ and base64, as the sender signs")
    parser.add_argument("--orders", type=Path, help="a CSV file with the shop's orders")
    parser.add_argument("--data", type=Path, help="a file that keeps what was done, from one end to the next start")
    options = parser.parse_args(words)
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    shop = OrderShop(options.secret)
    try:
        shop.orders = {one.number: one for one in orders_of(options.orders)} if options.orders else {}
        if options.data and options.data.exists():
            shop.restore(json.loads(options.data.read_text(encoding="utf-8")))
        with serve(shop, options.port) as url:
            print(json.dumps({"ready": url}), flush=True)
            over.wait()
        if options.data:
            options.data.write_text(json.dumps(shop.saved()), encoding="utf-8")
    except OSError as error:
        print(f"sandbox order shop: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
