"""Hold the faults that were ordered per route, and hand each to the call that is to suffer it."""

import threading
from dataclasses import asdict, dataclass, replace
from typing import Any

KINDS = {
    "503_before": "503, nothing was done",
    "503_after": "503, but the call took effect",
    "500_before": "500, nothing was done",
    "500_after": "500, but the call took effect",
    "drop_before": "the connection is reset, nothing was done",
    "drop_after": "the connection is reset, but the call took effect",
    "429": "429 rateLimitExceeded with Retry-After (`retry_after` seconds), nothing was done",
    "403_rate": "403 rateLimitExceeded, nothing was done",
    "slow": "the call takes effect at once, its answer comes `seconds` later",
    "slow_before": "the call waits `seconds`, then takes effect, even when the caller has gone",
    "malformed_json": "200 with broken JSON; the call took effect",
    "short_read": "200, but the connection ends in the middle of the body; the call took effect",
    "empty_page": "history.list or a list: a page with a nextPageToken and none of its entries",
    "404": "404, nothing was done",
    "403_delegation": "403 with a sentence that names the mailbox, nothing was done",
    "delete_message": "the message that is asked for is deleted first, as by its owner",
    "mail_arrives": "`count` mails arrive in the mailbox just before the call is answered",
    "401": "401, as if the access token had just been withdrawn",
    "no_id_token": "oauth.token: the answer has no id_token",
    "bad_nonce": "oauth.token: an id_token with another nonce",
    "bad_audience": "oauth.token: an id_token for another client",
    "bad_signature": "oauth.token: an id_token signed with another key",
    "refusal": "llm: the model refuses to answer",
    "empty_answer": "llm: 200 without a word in it",
    "no_tool_call": "llm: 200, but the function that was asked for is not called",
    "malformed_answer": "llm: 200, but what the model wrote breaks off in the middle",
    "no_json_schema": "llm: 400 when a JSON schema is asked for",
    "outside_enum": "llm: a category that is none of those asked for",
    "huge": "status page: 200 with 5 MB",
    "stale": "status page: 200 with what it said before its last change, as a cache would",
    "redirect": "status page: 302 to another address",
    "html": "order shop: 200 with a page for people, nothing was done",
    "accepted": "order shop: 202, the call took effect and the shop does not say so yet",
    "unknown": "order shop: 200, and the shop does not know yet what became of it",
    "other_key": "order shop: 200, with what became of another key",
    "obeys_the_mail": "llm: the model answers as the mail tells it to",
    "invents_numbers": "llm: an answer with other numbers than its quotes",
    "invents_quotes": "llm: an answer with a quote that stands nowhere",
    "quotes_the_wrong_passage": "llm: an answer whose quotes stand in another passage than it says",
    "flips_negation": "llm: an answer that says no where its quote says yes, and the other way round",
    "adds_a_link": "llm: an answer with a link of its own",
    "promises_a_refund": "llm: an answer that says that money was paid back",
    "speaks_another_language": "llm: an answer in another language",
    "502_before": "502, nothing was done",
    "html_before": "200 with an HTML error page, nothing was done",
    "html_after": "200 with an HTML error page; the call took effect",
    "html_500": "500 with an HTML error page, nothing was done",
    "unsuccessful": "ticketing: 200 with succeeded false and no reason, nothing was done",
    "nulls": "ticketing: a ticket whose nested objects are null",
    "says_without_a_quote": "llm: an answer with a sentence that has no quote",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One order: on `route` ("*" = every one), after `skip` calls, `times` times, for one user or page if named."""

    route: str
    fault: str
    times: int = 1
    user: str = ""
    page: int = 0
    skip: int = 0
    seconds: float = 1.0
    retry_after: int = 30
    count: int = 1

    def __post_init__(self) -> None:
        if self.fault not in KINDS:
            raise ValueError(f"unknown fault {self.fault!r}; known are: {', '.join(KINDS)}")


class Faults:
    """The faults that still wait, in the order they were given."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._waiting.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()

    def waiting(self) -> list[dict[str, Any]]:
        return [asdict(fault) for fault in self._waiting]

    def take(self, route: str, user: str = "", page: int = 1) -> Fault | None:
        """The fault that this call plays, counted as played; call it only when the call was let in."""
        if not self._waiting:
            return None
        with self._lock:
            for place, fault in enumerate(self._waiting):
                if fault.route not in (route, "*") or fault.user not in ("", user) or fault.page not in (0, page):
                    continue
                if fault.skip:
                    self._waiting[place] = replace(fault, skip=fault.skip - 1)
                    continue
                if fault.times > 1:
                    self._waiting[place] = replace(fault, times=fault.times - 1)
                else:
                    del self._waiting[place]
                return fault
        return None
