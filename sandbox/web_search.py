"""A stand-in for Tavily's search: what it was asked, what it finds, and how it fails on demand."""

import contextlib
import json
import threading
from collections import deque
from collections.abc import Iterator
from typing import Any

from sandbox.faults import Fault, Faults
from sandbox.http_server import Cut, HttpServer, Request, Response, json_response

ROUTE = "web_search"


class Web:
    """The server's state: what is found for every question, the requests that came, the faults that wait."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.results: list[Any] = []
        self.requests: deque[dict[str, Any]] = deque(maxlen=1000)
        self.base_url = ""
        self.stopping = threading.Event()

    def order(self, fault: str, **more: Any) -> None:
        self.faults.add(Fault(ROUTE, fault, **more))

    def reset(self) -> None:
        self.faults.clear()
        self.results = []
        self.requests.clear()

    def answer(self, request: Request) -> Response:
        if (request.method, request.path) != ("POST", "/search"):
            return json_response({"detail": {"error": "there is no such page"}}, 404)
        body = json.loads(request.body)
        self.requests.append({"body": body, "key": request.headers.get("authorization", "")})
        match fault := self.faults.take(ROUTE):
            case Fault(fault="500_before" | "401"):
                return json_response({"detail": {"error": "as it was ordered"}}, int(fault.fault[:3]))
            case Fault(fault="429"):
                return json_response({"detail": {"error": "too many"}}, 429)
            case Fault(fault="malformed_json"):
                return Response(200, b'{"results": [{"ti')
            case Fault(fault="drop_before"):
                return Response(cut=Cut.DROP)
            case Fault(fault="slow_before"):
                self.stopping.wait(fault.seconds)
        return json_response({"query": body.get("query"), "results": self.results, "response_time": 0.1})


@contextlib.contextmanager
def serve(web: Web, port: int = 0) -> Iterator[str]:
    """Serve on 127.0.0.1 within the block; gives the base URL."""
    server = HttpServer(web.answer, port)
    web.base_url = f"http://127.0.0.1:{server.port}"
    web.stopping.clear()
    server.start()
    try:
        yield web.base_url
    finally:
        web.stopping.set()
        server.stop()
