"""Play an ordered fault on a Gmail call: before its effect, after it, or instead of it."""

from collections.abc import Callable
from dataclasses import dataclass

from sandbox import gmail_drafts as drafts
from sandbox.faults import Fault
from sandbox.gmail_call import GmailCall, Route
from sandbox.gmail_errors import GmailError, invalid, not_found
from sandbox.http_server import Cut, Response, json_response

BEFORE_THE_FIRST_PAGE = (2**63, 0)


@dataclass(frozen=True, slots=True)
class Play:
    """A call that was let in and the fault it suffers. `deliver(address, n)` lets n mails arrive, `pause(s)` waits."""

    fault: Fault
    route: Route
    call: GmailCall
    deliver: Callable[[str, int], None]
    pause: Callable[[float], None]

    def act(self) -> Response:
        """Do what the call asks for, as without a fault."""
        return self.route.answer(self.call)


def suffer(play: Play) -> Response:
    """The answer that the fault wants; raises GmailError for a plain refusal."""
    acted = _ACTS.get(play.fault.fault)
    if acted is None:
        raise invalid(f"The fault {play.fault.fault} is not played on {play.route.name}")
    return acted(play)


def _refuse(code: int, reason: str, message: str) -> Callable[[Play], Response]:
    def refuse(_: Play) -> Response:
        raise GmailError(code, reason, message)

    return refuse


def _act_then(refuse: Callable[[Play], Response]) -> Callable[[Play], Response]:
    def act_and_refuse(play: Play) -> Response:
        play.act()
        return refuse(play)

    return act_and_refuse


def _not_delegated(play: Play) -> Response:
    """Google's own words for it name who was asked about."""
    raise GmailError(403, "forbidden", f"Delegation denied for {play.call.mailbox.address}")


def _drop(_: Play) -> Response:
    return Response(cut=Cut.DROP)


def _too_many(play: Play) -> Response:
    error = GmailError(429, "rateLimitExceeded", "Too many concurrent requests for user")
    return error.response((("Retry-After", str(play.fault.retry_after)),))


def _slow(play: Play) -> Response:
    response = play.act()
    play.pause(play.fault.seconds)
    return response


def _slow_before(play: Play) -> Response:
    play.pause(play.fault.seconds)
    return play.act()


def _malformed(play: Play) -> Response:
    whole = play.act().body
    return Response(200, whole[: max(1, len(whole) // 2)])


def _short(play: Play) -> Response:
    response = play.act()
    response.cut = Cut.SHORT
    return response


def _empty_page(play: Play) -> Response:
    """A page with a token and nothing else; the next page goes on where this one should have begun."""
    call = play.call
    if play.route.name == "history.list":
        place = call.cursor or (call.number("startHistoryId", 0), 0)
        return json_response({"historyId": str(call.mailbox.history_id), "nextPageToken": call.next_page(place)})
    place = call.cursor or BEFORE_THE_FIRST_PAGE
    return json_response({"resultSizeEstimate": 0, "nextPageToken": call.next_page(place)})


def _delete_first(play: Play) -> Response:
    with play.call.world.lock:
        _owner_deletes(play.route, play.call)
    return play.act()


def _owner_deletes(route: Route, call: GmailCall) -> None:
    """The mailbox's owner deletes what this call is about to ask for."""
    if route.name == "drafts.send":
        drafts.discard(call.mailbox, str(call.json().get("id", "")))
    elif not call.ids:
        raise not_found()
    elif route.name.startswith("drafts."):
        drafts.discard(call.mailbox, call.ids[0])
    elif route.name.startswith("threads."):
        for mail in call.mailbox.thread(call.ids[0]):
            call.mailbox.remove(mail.id)
    else:
        call.mailbox.remove(call.ids[0])


def _mail_arrives(play: Play) -> Response:
    play.deliver(play.call.mailbox.address, play.fault.count)
    return play.act()


_UNAVAILABLE = _refuse(503, "backendError", "The service is currently unavailable.")
_INTERNAL = _refuse(500, "backendError", "Internal error encountered.")
_ACTS: dict[str, Callable[[Play], Response]] = {
    "503_before": _UNAVAILABLE,
    "503_after": _act_then(_UNAVAILABLE),
    "500_before": _INTERNAL,
    "500_after": _act_then(_INTERNAL),
    "drop_before": _drop,
    "drop_after": _act_then(_drop),
    "429": _too_many,
    "403_rate": _refuse(403, "rateLimitExceeded", "Rate Limit Exceeded"),
    "403_delegation": _not_delegated,
    "404": _refuse(404, "notFound", "Requested entity was not found."),
    "401": _refuse(401, "authError", "Invalid Credentials"),
    "slow": _slow,
    "slow_before": _slow_before,
    "malformed_json": _malformed,
    "short_read": _short,
    "empty_page": _empty_page,
    "delete_message": _delete_first,
    "mail_arrives": _mail_arrives,
}
