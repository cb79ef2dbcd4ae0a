"""The shop's orders: the list, one order with all that became of it, and a list of them brought in as CSV."""

from io import BytesIO, TextIOWrapper
from typing import Any

from flask import Blueprint, abort, g, render_template, request

from adapters.order_csv import BadRow, GoodRow, read_orders
from domain.errors import BadInput
from domain.order import ORDER_STATUSES, normal_number
from storage import conversations, events, members, orders, orders_list
from web.fields import PAGE, line
from web.limits import limited
from web.session import Page, allowed, look_at_cookie, may, member, services, signed_in

pages = Blueprint("orders", __name__, url_prefix="/orders")

MB = 1024 * 1024
MOST_BYTES = 5 * MB
BATCH = 500
# Of the rows that were left out, so many are named.
MOST_SHOWN = 200

_TOO_LITTLE = (
    "More than this total, or in another currency, was paid back or set aside already: the order stays as it was."
)


@pages.url_value_preprocessor
def _take_more(*_: Any) -> None:
    """A list of orders is larger than a form: from those who may bring one, and said before anything is read."""
    look_at_cookie()
    if g.member is not None and may("manage") and request.endpoint == "orders.bring":
        request.max_content_length = MOST_BYTES + 64 * 1024


@pages.get("")
@signed_in
def page() -> Page:
    tenant, words, status = member().tenant, line(request.args.get("q", "")), request.args.get("status", "")
    status = status if status in ORDER_STATUSES else ""
    after = line(request.args.get("after", ""))
    with services().database.transaction(tenant) as db:
        rows = orders_list.page(db, tenant, words=words, status=status, after=after, limit=PAGE + 1)
    return render_template(
        "orders/page.html", rows=rows[:PAGE], more=len(rows) > PAGE, words=words, status=status, after=after,
        statuses=ORDER_STATUSES,
    )  # fmt: skip


@pages.get("/<path:number>")
@signed_in
def order(number: str) -> Page:
    """One order with its ledger, what was asked for and done with it, and who wrote about it."""
    tenant, number = member().tenant, normal_number(line(number))
    with services().database.transaction(tenant) as db:
        found = orders_list.one(db, tenant, number)
        if found is None:
            abort(404)
        people = members.names(db, tenant)
        written = conversations.from_address(db, tenant, found.order.customer_email)
    return render_template("orders/order.html", found=found, order=found.order, people=people, conversations=written)


@pages.get("/upload")
@allowed("manage")
def upload() -> Page:
    return _form()


@pages.post("/upload")
@allowed("manage")
@limited("reading")
def bring() -> Page:
    """Store the good rows of a list, and name the bad ones by their line."""
    file = request.files.get("file")
    if file is None or not file.filename:
        return _form("Choose a file.")
    with file.stream as stream:  # On disk where it is large, and left there until it is closed.
        content = stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        return _form(f"The file is larger than {MOST_BYTES // MB} MB: split it.")
    try:
        rows = list(read_orders(TextIOWrapper(BytesIO(content), encoding="utf-8-sig", newline="")))
    except BadInput as error:
        return _form(error.reason)
    tenant = member().tenant
    good, bad = [row for row in rows if isinstance(row, GoodRow)], [row for row in rows if isinstance(row, BadRow)]
    with services().database.transaction(tenant) as db:
        for start in range(0, len(good), BATCH):
            batch = good[start : start + BATCH]
            refused = orders.save(db, tenant, [row.order for row in batch])
            bad += [BadRow(row.line, _TOO_LITTLE) for row in batch if row.order in refused]
        stored = len(rows) - len(bad)
        events.record(db, tenant, actor=str(member().id), kind="orders_brought", n=stored, left_out=len(bad))
    bad.sort(key=lambda row: row.line)
    return render_template("orders/brought.html", good=stored, bad=bad, most_shown=MOST_SHOWN)


def _form(problem: str = "") -> Page:
    return render_template("orders/upload.html", problem=problem, most_mb=MOST_BYTES // MB, statuses=ORDER_STATUSES)
