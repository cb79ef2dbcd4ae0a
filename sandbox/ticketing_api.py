"""The stand-in ticketing system's calls: what each wants, how it refuses, and the faults it plays."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from email.parser import BytesParser
from email.policy import HTTP
from functools import partial
from typing import Any

from sandbox.faults import Fault
from sandbox.http_server import Cut, Request, Response, json_response
from sandbox.ticketing_store import CUSTOMER, OPERATOR, PASSWORD, SUPPLIER, USER, Desk

BASE = "/api/sdt/1"
_PREFIX = re.compile(r"/tickets(?P<doubled>/tickets)?/(?P<rest>.+)")
_READS = {
    "GetTicketsByAmazonOrderNumber": ("by_order", "amazonOrderNumber"),
    "GetTicketsByTicketNumber": ("by_number", "ticketNumber"),
    "GetTicketsByPurchaseOrderNumber": ("by_purchase", "purchaseOrderNumber"),
}
_MESSAGES = {
    "SendMessageToCustomer": ("customer", CUSTOMER),
    "SendMessageToSupplier": ("supplier", SUPPLIER),
    "SendInternalMessage": ("internal", OPERATOR),
}
_REQUIRED = ("SalesOrderReference", "TicketTypeId", "ContactName")
_DATE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6} \+00:00")
_HTML = Response(200, b"<!doctype html><title>Error</title><h1>Something went wrong</h1>", "text/html")
DONE = {"succeeded": True, "messages": []}


@dataclass(slots=True)
class Form:
    fields: dict[str, str]
    files: list[tuple[str, bytes]]
    urlencoded: bool


def answer(desk: Desk, request: Request) -> Response:
    if request.path == f"{BASE}/Account/login":
        return _login(desk, request)
    match = _PREFIX.fullmatch(request.path.removeprefix(BASE))
    if match is None or not request.path.startswith(BASE):
        return json_response({"error": "no such path"}, 404)
    found = _route(desk, request, match["rest"])
    if found is None:
        return json_response({"error": "no such call"}, 404)
    route, effect = found
    desk.calls.append({"route": route, "doubled": bool(match["doubled"])})
    if not desk.knows(request.headers.get("authorization", "").removeprefix("Bearer ")):
        return json_response({"error": "unauthorized"}, 401)
    return _with_fault(desk, desk.faults.take(route), effect)


def _route(desk: Desk, request: Request, rest: str) -> tuple[str, Callable[[], Response]] | None:
    call, _, key = rest.partition("/")
    match request.method, call:
        case "GET", _ if call in _READS:
            route, parameter = _READS[call]
            return route, partial(_by, desk, request, parameter)
        case "GET", _ if call.isdecimal() and not key:
            return "get", partial(_one, desk, int(call))
        case "POST", "UpsertTicket":
            return "upsert", partial(_upsert, desk, request)
        case "POST", _ if call in _MESSAGES and key.isdecimal():
            route, target = _MESSAGES[call]
            return route, partial(_message, desk, request, route, int(key), target)
        case _:
            return None


def _login(desk: Desk, request: Request) -> Response:
    desk.calls.append({"route": "login", "doubled": False})
    fault = desk.faults.take("login")
    if fault is not None:
        return _with_fault(desk, fault, lambda: json_response({"access_token": desk.sign_in()}))
    try:
        said = json.loads(request.body)
    except ValueError:
        return json_response({"error": "bad JSON"}, 400)
    if (said.get("username"), said.get("password")) != (USER, PASSWORD):
        return json_response({"error": "bad credentials"}, 401)
    return json_response({"access_token": desk.sign_in()})


def _with_fault(desk: Desk, fault: Fault | None, effect: Callable[[], Response]) -> Response:
    """Before the effect, after it, or instead of it."""
    if fault is None:
        return effect()
    wait = (("Retry-After", str(fault.retry_after)),)
    instead = {
        "401": json_response({"error": "expired"}, 401),
        "500_before": json_response({"error": "internal"}, 500),
        "502_before": Response(502, b"Bad gateway", "text/plain"),
        "503_before": Response(503),
        "429": json_response({"error": "slow down"}, 429, wait),
        "drop_before": Response(cut=Cut.DROP),
        "html_before": _HTML,
        "html_500": Response(500, _HTML.body, "text/html"),
        "unsuccessful": json_response({"succeeded": False, "messages": []}),
        "404": json_response({"error": "no such path"}, 404),
    }
    if fault.fault in instead:
        if fault.fault == "401":
            desk.tokens.clear()
        return instead[fault.fault]
    done = effect()
    after = {
        "500_after": json_response({"error": "internal"}, 500),
        "503_after": Response(503),
        "drop_after": Response(cut=Cut.DROP),
        "short_read": Response(done.status, done.body, cut=Cut.SHORT),
        "malformed_json": Response(200, done.body[: len(done.body) // 2]),
        "html_after": _HTML,
    }
    if fault.fault == "slow":
        desk.stopping.wait(fault.seconds)
    if fault.fault == "nulls" and done.status == 200:
        found = json.loads(done.body)
        return json_response([_emptied(one) for one in found] if isinstance(found, list) else _emptied(found))
    return after.get(fault.fault, done)


def _by(desk: Desk, request: Request, parameter: str) -> Response:
    wanted = request.params().get(parameter, [""])[0]
    if not wanted:
        return json_response({"error": f"{parameter} is missing"}, 400)
    found = [_shown(one) for one in desk.visible() if wanted in _names(one, parameter)]
    if found:
        return json_response(found)
    return json_response([]) if desk.not_found == "empty" else json_response({"error": "not found"}, 404)


def _names(ticket: dict[str, Any], parameter: str) -> set[str]:
    order = ticket["salesOrder"]
    if parameter == "amazonOrderNumber":
        return {order["reference"], order["orderNumber"]}
    if parameter == "ticketNumber":
        return {ticket["ticketNumber"]}
    return {one["orderNumber"] for one in order.get("purchaseOrders") or ()}


def _one(desk: Desk, key: int) -> Response:
    found = next((one for one in desk.visible() if one["id"] == key), None)
    return json_response(_shown(found)) if found else json_response({"error": "not found"}, 404)


def _shown(ticket: dict[str, Any]) -> dict[str, Any]:
    """With fields that nobody knows: there are always some."""
    return {**ticket, "rowVersion": "AAAAAAAB", "customFields": {"colour": None}}


def _emptied(ticket: dict[str, Any]) -> dict[str, Any]:
    return {**ticket, "salesOrder": None, "ticketDetails": None, "contactEmail": None, "ownerId": None}


def _upsert(desk: Desk, request: Request) -> Response:
    form = _form(request)
    missing = [name for name in _REQUIRED if not form.fields.get(name)]
    date = form.fields.get("EntranceEmailDate")
    thread = form.fields.get("EntranceGmailThreadId", "0")
    problems = (
        (form.urlencoded, "multipart/form-data is wanted"),
        (bool(missing), f"missing: {', '.join(missing)}"),
        (any(not content for _, content in form.files), "an attachment is empty"),
        (date is not None and not _DATE.fullmatch(date), "the date has another form"),
        (not thread.isdecimal(), "the thread id is not decimal"),
        (form.fields.get("TicketTypeId", "") not in set("01234567"), "no such ticket type"),
    )
    for applies, problem in problems:
        if applies:
            return json_response({"error": problem}, 400)
    order = form.fields["SalesOrderReference"]
    if order not in desk.orders:
        said = {"messageCode": "SalesOrder_Not_Found", "messageDescription": "There is no such sales order."}
        return json_response({"succeeded": False, "messages": [said]})
    key = desk.make_ticket(order, form.fields, len(form.files))
    return json_response({**DONE, "serviceResult": str(key), "id": None, "viewString": "", "dataItems": []})


def _message(desk: Desk, request: Request, call: str, ticket: int, target: int) -> Response:
    form = _form(request)
    if form.urlencoded and form.files:
        return json_response({"error": "multipart/form-data is wanted"}, 400)
    if any(not content for _, content in form.files) or not form.fields.get("Message"):
        return json_response({"error": "a part is empty or missing"}, 400)
    if ticket not in desk.tickets:
        return json_response({"error": "not found"}, 404)
    owner = desk.tickets[ticket]["ownerId"]
    given = form.fields.get("ownerId", "")
    if given != ("" if owner is None else str(owner)) or (call == "internal" and "EmailAddress" in form.fields):
        return json_response({"succeeded": False, "messages": []})
    desk.message(call, ticket, target, form.fields, len(form.files))
    return json_response(DONE)


def _form(request: Request) -> Form:
    kind = request.headers.get("content-type", "")
    if not kind.startswith("multipart/form-data"):
        return Form({name: values[-1] for name, values in request.form().items()}, [], urlencoded=True)
    mail = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + request.body)
    form = Form({}, [], urlencoded=False)
    for part in mail.iter_parts():
        name = str(part.get_param("name", "", "content-disposition"))
        content = part.get_payload(decode=True)
        content = content if isinstance(content, bytes) else b""
        if part.get_filename() is not None:
            form.files.append((part.get_filename() or "", content))
        else:
            form.fields[name] = content.decode("utf-8", "replace")
    return form
