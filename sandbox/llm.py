"""A stand-in for language models: OpenAI's chat completions, and the little that we ask of Anthropic's and Google's.

Start it with `python -m sandbox.llm --port 8035`. It sorts mail by simple words, answers it with sentences of the
passages that it is given, plays faults on demand, and shows what it was sent. Nothing here is a language model.
"""

import argparse
import contextlib
import json
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from sandbox.faults import Fault, Faults
from sandbox.http_server import Cut, HttpServer, Request, Response, json_response
from sandbox.llm_answers import WRONG, asks_for_an_answer, honest, wrong
from sandbox.llm_dialects import DIALECTS, Dialect, asked_for
from sandbox.llm_words import obeyed, sorted_by_words

CONTROL = "/sandbox/"
ROUTE = "llm"
KEPT = 10_000


class LanguageModels:
    """The server's state: the faults that wait, the requests that came, and how long `slow` may last."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.requests: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self.base_url = ""
        self.json_schema = True
        """False: every request with a JSON schema is refused, as many servers of one's own do."""
        self.sorts: Callable[[str], dict[str, str]] = sorted_by_words
        """What it thinks of a mail."""
        self.composes: Callable[[str], dict[str, Any]] = honest
        """What it answers to a mail with the passages it is given."""
        self.stopping = threading.Event()

    def order(self, fault: str, **more: Any) -> None:
        """The next call suffers this fault; `times`, `seconds` and `retry_after` as in `Fault`."""
        self.faults.add(Fault(ROUTE, fault, **more))

    def reset(self) -> None:
        """Forget what was ordered and asked; what is slow still ends."""
        self.faults.clear()
        self.requests.clear()
        self.stopping.set()
        self.stopping = threading.Event()
        self.json_schema = True
        self.sorts = sorted_by_words
        self.composes = honest

    def answer(self, request: Request) -> Response:
        if request.path.startswith(CONTROL):
            return self._control(request)
        dialect = next((one for one in DIALECTS if one.is_spoken_at(request.path)), None)
        known = dialect is not None and request.method == "POST"
        body = json.loads(request.body or b"{}") if known else {}
        stopping, fault = self.stopping, self.faults.take(ROUTE) if known else None
        self.requests.append({"at": time.time(), "path": request.path, "body": body})
        if fault is not None and fault.fault == "slow":
            stopping.wait(fault.seconds)
        if dialect is None or not known:
            return json_response({"error": {"message": f"there is no {request.method} {request.path}"}}, 404)
        if fault is not None and (suffered := self._before(fault, dialect)):
            return suffered
        if asked_for(body) == "json_schema" and (not self.json_schema or (fault and fault.fault == "no_json_schema")):
            return dialect.error(400, "'response_format' of type 'json_schema' is not supported by this server")
        words = (
            self._answer(fault, dialect.data(body))
            if asks_for_an_answer(json.dumps(body))
            else self._words(fault, dialect.mail(body))
        )
        return dialect.said(body, words, fault.fault if fault else "")

    def _before(self, fault: Fault, dialect: Dialect) -> Response | None:
        """What ends the call before anything was thought of."""
        match fault.fault:
            case "429":
                answer = dialect.error(429, "Rate limit reached")
                answer.headers = (("Retry-After", str(fault.retry_after)),)
                return answer
            case "500_before" | "503_before" | "401" | "404":
                return dialect.error(int(fault.fault[:3]), "as it was ordered")
            case "drop_before":
                return Response(cut=Cut.DROP)
            case "malformed_json":
                return Response(200, b'{"id": "chatcmpl-1", "choices": [{"mess')
        return None

    def _words(self, fault: Fault | None, mail: str) -> str:
        """The answer as the model writes it."""
        match fault.fault if fault else "":
            case "malformed_answer":
                return '{"category": "refu'
            case "empty_answer" | "no_tool_call":
                return ""
            case "refusal":
                return "I cannot help with that."
            case "outside_enum":
                return json.dumps({"category": "lottery", "sub_intent": "none", "language": "en"})
            case "obeys_the_mail":
                return json.dumps({"category": obeyed(mail), "sub_intent": "none", "language": "en"})
        return json.dumps(self.sorts(mail))

    def _answer(self, fault: Fault | None, data: str) -> str:
        """An answer to the mail as the model writes it."""
        match fault.fault if fault else "":
            case "malformed_answer":
                return '{"abstain": false, "reason": "", "sentences": [{"text": "You wi'
            case "empty_answer" | "no_tool_call" | "refusal" | "outside_enum" as same:
                return self._words(fault, "") if same != "outside_enum" else '{"abstain": "perhaps"}'
            case name if name in WRONG:
                return json.dumps(wrong(name, data))
        return json.dumps(self.composes(data))

    def _control(self, request: Request) -> Response:
        """POST /sandbox/faults, GET and DELETE /sandbox/requests, POST /sandbox/reset. Loopback only."""
        match request.method, request.path.removeprefix(CONTROL):
            case "POST", "faults":
                try:
                    self.faults.add(Fault(ROUTE, **json.loads(request.body)))
                except (ValueError, TypeError) as error:
                    return json_response({"error": str(error)}, 400)
                return json_response({"waiting": self.faults.waiting()})
            case "GET", "requests":
                return json_response({"requests": list(self.requests)})
            case "DELETE", "requests":
                self.requests.clear()
                return json_response({})
            case "POST", "reset":
                self.reset()
                return json_response({})
        return json_response({"error": f"there is no {request.method} {request.path}"}, 404)


@contextlib.contextmanager
def serve(models: LanguageModels, port: int = 0) -> Iterator[str]:
    """Serve on 127.0.0.1 within the block; gives the base URL, without `/v1`."""
    server = HttpServer(models.answer, port)
    models.base_url = f"http://127.0.0.1:{server.port}"
    models.stopping.clear()
    server.start()
    try:
        yield models.base_url
    finally:
        models.stopping.set()
        server.stop()


def main(words: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; prints one JSON line with the base URL when it is ready."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.llm", description=__doc__)
    parser.add_argument("--port", type=int, default=8035, help="0 = any free port (default 8035)")
    options = parser.parse_args(words)
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    try:
        with serve(LanguageModels(), options.port) as url:
            print(json.dumps({"ready": url}), flush=True)
            over.wait()
    except OSError as error:
        print(f"sandbox llm: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
