"""The client against the stand-in over real HTTP: every rule of the contract, and every fault of every call."""

from datetime import UTC, datetime

import pytest
import requests

from adapters.ticketing import Connection, Ticketing
from adapters.ticketing import session as calls
from adapters.ticketing.client import decimal_thread, entrance_date, references
from adapters.ticketing.reading import moment, tickets
from domain.errors import BadInput, NeedsPerson, NotDone, TryAgain, Unclear
from domain.ticket import File, NewTicket, Side, Ticket, TicketText, TicketType
from sandbox.ticketing import TicketingSystem, serve
from tests.support.waiting import until

ORDER = "306-0000001-0000001"
NEW = NewTicket(
    ORDER, TicketType.RETURN, "Erika Muster", body="Where is it?", subject="My order", sender="erika@mail.example",
    sent_at=datetime(2025, 10, 23, 21, 56, 11, tzinfo=UTC), thread_id="199fbb1c2d3e4f50",
)  # fmt: skip
WORDS = TicketText("We answered. [MW-K7F3Q2]", "MW-K7F3Q2", recipient="erika@mail.example")


@pytest.fixture
def system():
    found = TicketingSystem()
    found.desk.know_order(ORDER, customerName="Erika Muster")
    return found


@pytest.fixture
def url(system):
    with serve(system) as base:
        yield base


@pytest.fixture
def client(url):
    found = Ticketing(Connection(url, "agent", "secret"))
    yield found
    found.close()


@pytest.fixture
def ticket(client) -> Ticket:
    return client.get(client.create(NEW))


def test_a_ticket_is_made_found_and_written_on(system, client, ticket):
    client.note(ticket, WORDS)
    client.write_to_customer(ticket, WORDS)
    client.write_to_supplier(
        ticket, TicketText("Any news?", "MW-2", recipient="s@supplier.example", copy_to="b@b.example")
    )
    assert [(one["call"], one["ticket"]) for one in system.desk.effects] == [
        ("upsert", ticket.id), ("internal", ticket.id), ("customer", ticket.id), ("supplier", ticket.id),
    ]  # fmt: skip
    (found,) = client.by_order(ORDER)
    assert [one.is_internal for one in found.entries] == [False, True, False, False]
    assert [one.source for one in found.entries] == [Side.CUSTOMER, *[Side.OPERATOR] * 3]
    assert system.desk.effects[0]["thread"] == str(int(NEW.thread_id, 16))
    assert client.by_number(found.number) == client.by_order(ORDER)


def test_the_doubled_path_is_used_and_can_be_set(system, url, client):
    client.by_order(ORDER)
    Ticketing(Connection(url, "agent", "secret", path_prefix="/tickets/")).by_order(ORDER)
    assert [one["doubled"] for one in system.desk.calls if one["route"] == "by_order"] == [True, False]


@pytest.mark.parametrize("not_found", ["404", "empty"])
def test_nothing_found_is_no_error(system, client, not_found):
    system.desk.not_found = not_found
    assert client.by_order("302-0000009-0000009") == ()
    assert client.by_purchase_order("D400000001") == ()
    assert client.get(99) is None


READS = {
    "by_order": lambda client: client.by_order(ORDER),
    "by_number": lambda client: client.by_number("DE25000315"),
    "by_purchase": lambda client: client.by_purchase_order("D400000001"),
    "get": lambda client: client.get(2476),
}
BROKEN = ("500_before", "502_before", "503_before", "429", "drop_before", "html_before", "html_500", "malformed_json",
          "short_read")  # fmt: skip


@pytest.mark.parametrize("fault", BROKEN)
@pytest.mark.parametrize("call", READS)
def test_an_error_is_never_taken_for_not_found(system, client, ticket, call, fault):
    system.order(fault, call)
    with pytest.raises(TryAgain):
        READS[call](client)
    READS[call](client)


ACTS = {
    "upsert": lambda client, _: client.create(NEW),
    "customer": lambda client, ticket: client.write_to_customer(ticket, WORDS),
    "supplier": lambda client, ticket: client.write_to_supplier(ticket, WORDS),
    "internal": lambda client, ticket: client.note(ticket, WORDS),
}
# What each fault means, and how often the call took effect.
MEANS = {
    "429": (NotDone, 0), "unsuccessful": (NotDone, 0), "404": (NotDone, 0), "500_before": (Unclear, 0),
    "502_before": (Unclear, 0), "503_before": (Unclear, 0), "drop_before": (Unclear, 0), "html_before": (Unclear, 0),
    "html_500": (Unclear, 0), "500_after": (Unclear, 1), "503_after": (Unclear, 1), "drop_after": (Unclear, 1),
    "html_after": (Unclear, 1), "malformed_json": (Unclear, 1), "short_read": (Unclear, 1),
}  # fmt: skip


@pytest.mark.parametrize("fault", MEANS)
@pytest.mark.parametrize("call", ACTS)
def test_what_was_perhaps_done_is_unclear_and_never_repeated(system, client, ticket, call, fault):
    error, effects = MEANS[fault]
    before = len(system.desk.effects)
    system.order(fault, call)
    with pytest.raises(error):
        ACTS[call](client, ticket)
    assert len(system.desk.effects) - before == effects
    assert sum(one["route"] == call for one in system.desk.calls) == 1 + (call == "upsert")


def test_a_call_that_hangs_after_it_was_accepted_is_unclear(system, client, ticket):
    system.order("slow", "internal", seconds=60)
    # It has signed in already, as patiently as ever.
    client._session._seconds = 0.2
    with pytest.raises(Unclear):
        client.note(ticket, WORDS)
    until(lambda: len(system.desk.effects) == 2)
    assert [one["call"] for one in system.desk.effects] == ["upsert", "internal"]


def test_a_token_that_expires_early_costs_one_login_and_doubles_nothing(system, client, ticket):
    system.desk.tokens.clear()
    client.note(ticket, WORDS)
    system.order("401", "customer")
    client.write_to_customer(ticket, WORDS)
    system.desk.tokens.clear()
    assert client.by_order(ORDER)
    assert [one["call"] for one in system.desk.effects] == ["upsert", "internal", "customer"]


def test_a_login_is_renewed_at_four_fifths_of_its_life(url, system):
    now = [0.0]
    session = calls.Session(Connection(url, "agent", "secret"), clock=lambda: now[0])
    for seconds in (0, 1199, 1200, 1201):
        now[0] = seconds
        session.read("/tickets/tickets/1", {})
    assert [one["route"] for one in system.desk.calls].count("login") == 2


def test_a_refusal_after_a_fresh_login_is_a_persons(system, client, ticket):
    system.order("401", "internal", times=2)
    with pytest.raises(NeedsPerson, match="check its user and password"):
        client.note(ticket, WORDS)


@pytest.mark.parametrize("fault", ["500_before", "429", "drop_before", "html_before"])
def test_a_login_in_trouble_is_tried_again_later(system, client, fault):
    system.order(fault, "login")
    with pytest.raises(TryAgain):
        client.by_order(ORDER)
    system.order(fault, "login")
    with pytest.raises(TryAgain):
        client.create(NEW)
    assert system.desk.effects == []


def test_bad_credentials_are_a_persons_and_are_never_shown(url):
    connection = Connection(url, "agent", "wrong")
    with pytest.raises(NeedsPerson, match="check its user and password"):
        Ticketing(connection).by_order(ORDER)
    assert "wrong" not in repr(connection)


def test_a_system_that_is_away_was_never_asked():
    client = Ticketing(Connection("http://127.0.0.1:9/api", "agent", "secret"))
    with pytest.raises(TryAgain):
        client.by_order(ORDER)
    with pytest.raises(TryAgain):
        client.create(NEW)


def test_an_order_is_tried_in_the_forms_in_which_it_may_be_known(system, client):
    assert references(f"{ORDER}-2") == (f"{ORDER}-2", ORDER, f"{ORDER}-1", f"{ORDER}_1")
    assert references(ORDER) == (ORDER, f"{ORDER}-1", f"{ORDER}_1")
    system.desk.orders = {f"{ORDER}_1": {"reference": f"{ORDER}_1", "orderNumber": f"{ORDER}_1"}}
    assert client.create(NEW) == 2476
    with pytest.raises(NotDone, match="no such sales order"):
        client.create(NewTicket("302-1111111-1111111", TicketType.RETURN, "Erika"))
    assert len(system.desk.effects) == 1


def test_no_ticket_is_made_without_an_order_number(client, system):
    with pytest.raises(BadInput, match="number of a real order"):
        client.create(NewTicket("  ", TicketType.RETURN, "Erika"))
    assert system.desk.calls == []


def test_files_go_with_it_and_empty_ones_do_not(system, client):
    files = (File("a.png", "image/png", b"png"), File("empty.txt", "text/plain", b""))
    client.create(NewTicket(ORDER, TicketType.RETURN, "Erika", files=files))
    assert system.desk.effects[0]["files"] == 1


def test_the_owner_is_passed_back_as_it_was_read(system, client, ticket):
    system.desk.tickets[ticket.id]["ownerId"] = 7
    with pytest.raises(NotDone, match="gave no reason"):
        client.note(ticket, WORDS)
    client.note(client.get(ticket.id), WORDS)
    assert [one["call"] for one in system.desk.effects] == ["upsert", "internal"]


def test_of_several_tickets_in_any_order_the_newest_comes_first(client):
    ids = [client.create(NEW) for _ in range(5)]
    for _ in range(5):
        assert [one.id for one in client.by_order(ORDER)] == sorted(ids, reverse=True)


def test_a_new_ticket_may_be_hidden_for_a_while(system, client):
    system.desk.hidden_for = 60
    made = client.create(NEW)
    assert client.get(made) is None
    assert client.by_order(ORDER) == ()


def test_nested_objects_may_be_null(system, client, ticket):
    system.order("nulls", "by_order")
    (found,) = client.by_order(ORDER)
    assert (found.id, found.entries, found.purchase_orders, found.order_number) == (ticket.id, (), (), "")
    system.order("nulls", "get", times=2)
    assert client.get(ticket.id).entries == ()
    assert client.get(99) is None


@pytest.mark.parametrize("row", [{}, {"id": None}, {"id": "7"}, {"id": True, "ticketDetails": 3}, [], "text", 7, None])
def test_what_is_no_ticket_is_none_and_breaks_nothing(row):
    assert [one.number for one in tickets([row], "Europe/Berlin")] in ([], [""])


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("2025-10-16T11:51:04.3271702+02:00", datetime(2025, 10, 16, 9, 51, 4, 327170, tzinfo=UTC)),
        ("2025-10-16T11:51:04.32717", datetime(2025, 10, 16, 9, 51, 4, 327170, tzinfo=UTC)),
        ("2025-01-16T11:51:04", datetime(2025, 1, 16, 10, 51, 4, tzinfo=UTC)),
        ("2025-01-16T11:51:04Z", datetime(2025, 1, 16, 11, 51, 4, tzinfo=UTC)),
        ("0001-01-01T00:00:00", None),
        ("yesterday", None),
        (None, None),
        (7, None),
    ],
)
def test_times_are_read_in_every_form_they_come_in(said, read):
    assert moment(said, "Europe/Berlin") == read


def test_the_first_parcel_with_a_trace_is_where_the_order_is():
    parcels = [{"traceUrl": None}, {"traceUrl": "  "}, {"traceUrl": "https://carrier.example/2"}, None]
    purchase = {"orderNumber": "D400000001", "supplierName": None, "deliveries": [None, {"deliveryParcels": parcels}]}
    (found,) = tickets({"id": 1, "salesOrder": {"purchaseOrders": [None, purchase]}}, "UTC")
    assert found.tracking_url == "https://carrier.example/2"
    assert found.purchase_orders[0].supplier_name == ""


def test_the_reply_goes_to_the_contact_and_not_to_the_billing_address():
    billing = {"customerEmail": "x@y.example"}
    (found,) = tickets({"id": 1, "contactEmail": "A@mail.example", "salesOrder": billing}, "UTC")
    assert found.contact_email == "a@mail.example"


def test_dates_and_threads_have_the_forms_that_the_system_takes():
    assert entrance_date(datetime(2025, 10, 23, 21, 56, 11, 5, tzinfo=UTC)) == "2025-10-23 21:56:11.000005 +00:00"
    assert (decimal_thread("ff"), decimal_thread(""), decimal_thread("x")) == ("255", "", "")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"data": {}}, 400),
        ({"files": {"SalesOrderReference": (None, ORDER), "TicketTypeId": (None, "1")}}, 400),
        ({"files": {"SalesOrderReference": (None, ORDER), "TicketTypeId": (None, "1"), "ContactName": (None, "E"),
                    "Attachments": ("a.txt", b"")}}, 400),
        ({"files": {"SalesOrderReference": (None, ORDER), "TicketTypeId": (None, "1"), "ContactName": (None, "E"),
                    "EntranceEmailDate": (None, "2025-10-23 21:56:11.000 +00:00")}}, 400),
        ({"files": {"SalesOrderReference": (None, ORDER), "TicketTypeId": (None, "1"),
                    "ContactName": (None, "E")}}, 200),
    ],
)  # fmt: skip
def test_the_stand_in_refuses_what_the_real_one_refuses(url, body, status):
    token = requests.post(f"{url}/Account/login", json={"username": "agent", "password": "secret"}, timeout=60).json()
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    answer = requests.post(f"{url}/tickets/tickets/UpsertTicket", headers=headers, timeout=60, **body)
    assert answer.status_code == status


def test_the_stand_in_shows_what_was_done_and_takes_orders_and_answers(url, system):
    control = url.replace("/api/sdt/1", "/sandbox")
    requests.post(f"{control}/orders", json={"reference": "306-2-2"}, timeout=60)
    client = Ticketing(Connection(url, "agent", "secret"))
    made = client.create(NEW)
    requests.post(f"{control}/entries", json={"ticket": made, "text": "Done.", "side": "supplier"}, timeout=60)
    assert client.get(made).entries[-1].source is Side.SUPPLIER
    assert [one["call"] for one in requests.get(f"{control}/effects", timeout=60).json()] == ["upsert"]
    assert requests.post(f"{control}/faults", json={"fault": "no such"}, timeout=60).status_code == 400
