"""The machine of a ticket: found or made once, its texts in order and each at most once; what is unknown a person's."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from domain.bridging import Mode
from domain.decision import WordsFor
from domain.supplier import Supplier
from storage import suppliers, ticket_ends, ticket_work, ticketing, tickets, tickets_waiting
from tests.support.ticketing import ORDER, Bridged, running_ticketing
from worker import tickets as stage
from worker.ticket_words import HIDDEN, UNKNOWN
from worker.tickets import LEASE, LOOKS, NEVER, SEVERAL


def test_the_ticket_is_made_once_and_keeps_the_words_in_their_order(bridge):
    markers = [bridge.words(text=f"Note {number}.") for number in range(3)]
    assert bridge.run() == 1
    assert bridge.calls() == ["upsert", "internal", "internal", "internal"]
    assert [bridge.state(marker) for marker in markers] == ["done"] * 3
    texts = [one["text"] for one in bridge.desk.effects[1:]]
    assert texts == [f"Note {number}.\n\n[{marker}]" for number, marker in enumerate(markers)]
    ticket = bridge.ticket()
    assert (ticket.state, ticket.external_id, ticket.next_at) == ("known", 2476, None)
    bridge.words(text="One more.")
    bridge.run()
    assert bridge.made() == 1


def test_the_newest_ticket_of_the_order_is_used_where_there_is_one(bridge):
    fields = {"TicketTypeId": "2", "ContactName": "Anna"}
    made = [bridge.desk.make_ticket(ORDER, fields, 0) for _ in range(3)]
    marker = bridge.words()
    bridge.run()
    assert (bridge.made(), bridge.ticket().external_id) == (3, made[-1])
    assert bridge.times(marker) == 1


def test_a_ticket_that_is_hidden_at_first_is_waited_for(bridge):
    bridge.desk.hidden_for = 3600
    marker = bridge.words()
    bridge.run()
    assert (bridge.state(marker), bridge.calls(), bridge.ticket().state) == ("pending", ["upsert"], "known")
    bridge.later(2)
    bridge.desk.visible_at.clear()
    bridge.desk.visible_at.update(dict.fromkeys(bridge.desk.tickets, 0.0))
    bridge.later()
    assert (bridge.state(marker), bridge.calls()) == ("done", ["upsert", "internal"])


def test_a_ticket_that_stays_hidden_is_a_persons(bridge):
    bridge.desk.hidden_for = 3600
    marker = bridge.words()
    bridge.run()
    bridge.later(len(LOOKS))
    assert (bridge.state(marker), bridge.error(marker)) == ("needs_person", HIDDEN)
    assert bridge.calls() == ["upsert"]


def test_after_an_unclear_making_the_ticket_is_looked_for_and_adopted_by_our_marker(bridge):
    bridge.fault("upsert", "drop_after")
    marker = bridge.words()
    bridge.run()
    assert bridge.ticket().state == "uncertain"
    bridge.desk.make_ticket(ORDER, {"TicketTypeId": "2", "ContactName": "Somebody else"}, 0)
    bridge.later()
    assert (bridge.ticket().external_id, bridge.state(marker)) == (2476, "done")
    assert bridge.made() == 2


def test_a_hidden_ticket_of_an_unclear_making_is_never_made_twice(bridge):
    """The visibility delay lasts longer than the first looks: nothing is made, and the last look finds it."""
    bridge.desk.hidden_for = 3600
    bridge.fault("upsert", "500_after")
    marker = bridge.words()
    bridge.run()
    bridge.later(len(LOOKS) - 1)
    assert (bridge.ticket().state, bridge.made()) == ("uncertain", 1)
    bridge.desk.visible_at.update(dict.fromkeys(bridge.desk.tickets, 0.0))
    bridge.later()
    assert (bridge.state(marker), bridge.made()) == ("done", 1)


def test_what_no_look_finds_is_a_persons_and_nothing_is_made_again(bridge):
    bridge.fault("upsert", "500_before")
    marker = bridge.words()
    bridge.run()
    bridge.later(len(LOOKS))
    assert (bridge.ticket().state, bridge.state(marker), bridge.error(marker)) == (
        "needs_person",
        "needs_person",
        NEVER,
    )
    assert bridge.calls() == []
    bridge.later(3)
    assert [one["route"] for one in bridge.desk.calls].count("upsert") == 1


def test_a_person_who_looked_says_that_there_is_none_or_which_it_is(bridge):
    bridge.fault("upsert", "500_before")
    marker = bridge.words()
    bridge.run()
    bridge.later(len(LOOKS))
    with bridge.shop.services.database.transaction(bridge.shop.tenant) as db:
        assert tickets_waiting.every(db, bridge.shop.tenant)[0].order_number == ORDER
        assert ticket_ends.look_again(db, bridge.shop.tenant, ORDER, external_id=None, actor="test")
        assert not ticket_ends.look_again(db, bridge.shop.tenant, ORDER, external_id=None, actor="test")
    bridge.run()
    assert (bridge.state(marker), bridge.made()) == ("done", 1)


def test_several_tickets_that_could_be_ours_are_a_persons(bridge):
    bridge.shop.write("question: boats?", "Boats")
    bridge.shop.sync_and_settle()
    row = bridge.shop.rows("SELECT id, thread_id FROM message")[0]
    bridge.fault("upsert", "500_before")
    marker = bridge.words(message=row.id)
    bridge.run()
    thread = {"TicketTypeId": "2", "ContactName": "Anna", "EntranceGmailThreadId": str(int(row.thread_id, 16))}
    for _ in range(2):
        bridge.desk.make_ticket(ORDER, thread, 0)
    bridge.later()
    assert (bridge.state(marker), bridge.error(marker)) == ("needs_person", SEVERAL)


def test_an_order_that_the_system_does_not_know_is_a_persons_with_that_reason(bridge):
    bridge.desk.orders.clear()
    note, reply = bridge.words(), bridge.words(WordsFor.CUSTOMER)
    bridge.run()
    assert "no such sales order" in bridge.error(note)
    assert (bridge.state(note), bridge.state(reply), bridge.ticket().next_at) == ("needs_person", "held", None)
    later = bridge.words()
    assert bridge.state(later) == "needs_person"


def test_an_order_is_found_under_a_suffix_of_its_number(bridge):
    bridge.is_known = False
    number = "306-0000001-0000001"
    bridge.order(number)
    bridge.desk.know_order(f"{number}-1")
    bridge.words(number=number)
    bridge.run()
    bridge.shop.change("UPDATE ticket SET state = 'wanted', external_id = NULL")
    marker = bridge.words(number=number)
    bridge.run()
    assert (bridge.state(marker), bridge.made()) == ("done", 1)


def test_the_owner_of_the_ticket_is_passed_back_as_it_is_now(bridge):
    bridge.words()
    bridge.run()
    bridge.desk.tickets[2476]["ownerId"] = 7
    marker = bridge.words(WordsFor.CUSTOMER)
    bridge.run()
    assert bridge.state(marker) == "done"
    assert bridge.desk.effects[-1]["to"] == "anna@customer.example"


def test_a_refusal_without_a_reason_is_tried_with_the_ticket_as_it_stands_then_and_ends_with_a_person(bridge):
    bridge.fault("internal", "unsuccessful", times=2)
    tried = bridge.words()
    bridge.run()
    bridge.later(2)
    assert bridge.state(tried) == "done"
    bridge.fault("customer", "unsuccessful", times=9)
    refused = bridge.words(WordsFor.CUSTOMER)
    bridge.later(3)
    assert (bridge.state(refused), bridge.times(refused)) == ("refused", 0)
    assert "gave no reason" in bridge.error(refused)


@pytest.mark.parametrize("side", WordsFor)
def test_what_is_found_on_the_ticket_after_an_unclear_answer_is_not_repeated(bridge, side):
    bridge.fault({"note": "internal"}.get(side, side), "drop_after")
    marker = bridge.words(side)
    bridge.run()
    assert bridge.state(marker) == "uncertain"
    bridge.later()
    assert (bridge.state(marker), bridge.times(marker)) == ("done", 1)


@pytest.mark.parametrize("side", [WordsFor.CUSTOMER, WordsFor.SUPPLIER])
def test_what_is_for_somebody_outside_and_is_not_found_is_a_persons_and_never_repeated(bridge, side):
    bridge.fault(side, "500_before")
    marker = bridge.words(side)
    bridge.run()
    bridge.later(len(LOOKS) + 3)
    assert (bridge.state(marker), bridge.error(marker), bridge.times(marker)) == ("needs_person", UNKNOWN, 0)
    assert [one["route"] for one in bridge.desk.calls].count(side) == 1


def test_a_note_that_the_last_look_does_not_show_goes_once_more(bridge):
    bridge.fault("internal", "500_before")
    marker = bridge.words()
    bridge.run()
    bridge.later(len(LOOKS) - 1)
    assert (bridge.state(marker), bridge.times(marker)) == ("uncertain", 0)
    bridge.later()
    assert (bridge.state(marker), bridge.times(marker)) == ("done", 1)


def test_a_look_that_shows_no_entries_proves_nothing(bridge):
    bridge.fault("internal", "500_after")
    marker = bridge.words()
    bridge.run()
    bridge.desk.tickets[2476]["ticketDetails"] = None
    bridge.later(len(LOOKS))
    assert (bridge.state(marker), bridge.times(marker)) == ("needs_person", 1)


def test_the_looks_for_a_ticket_outlast_a_delay_of_a_quarter_of_an_hour(bridge):
    bridge.desk.hidden_for = 3600
    bridge.fault("upsert", "drop_after")
    bridge.words()
    waits = []
    for _ in range(len(LOOKS)):
        bridge.later()
        waits.append(round(bridge.one("SELECT next_at - now() FROM ticket").total_seconds() / 60))
    assert waits == [1, 5, 15, 30]


def test_new_words_do_not_hasten_the_looks(bridge):
    bridge.fault("upsert", "drop_after")
    bridge.words()
    bridge.run()
    bridge.words()
    assert bridge.run() == 0


def test_the_kill_switch_holds_what_nobody_approved_and_notes_wait(bridge):
    bridge.shop.change("UPDATE tenant SET answering = false")
    note, reply = bridge.words(), bridge.words(WordsFor.CUSTOMER)
    bridge.run()
    assert (bridge.state(note), bridge.state(reply), bridge.calls()) == ("pending", "held", [])
    bridge.shop.change("UPDATE tenant SET answering = true")
    bridge.later()
    assert (bridge.state(note), bridge.state(reply)) == ("done", "held")


def test_the_kill_switch_stops_nothing_that_a_person_approved(bridge):
    bridge.shop.change("UPDATE tenant SET answering = false")
    marker = bridge.words(WordsFor.CUSTOMER, automatic=False)
    bridge.run()
    assert bridge.state(marker) == "done"


def test_the_kill_switch_is_seen_between_the_ticket_and_its_words(bridge):
    bridge.words()
    bridge.run()
    bridge.shop.change("UPDATE tenant SET answering = false")
    note, reply = bridge.words(), bridge.words(WordsFor.CUSTOMER)
    bridge.run()
    bridge.later()
    assert (bridge.state(note), bridge.state(reply)) == ("pending", "pending")
    bridge.shop.change("UPDATE tenant SET answering = true")
    bridge.later()
    assert (bridge.state(note), bridge.state(reply)) == ("done", "done")


@pytest.mark.parametrize(
    ("text", "recipient", "reason"),
    [
        ("Our supplier Secret Sauces sends it.", "anna@customer.example", "names the supplier Secret Sauces"),
        ("Ask returns@secret.example for it.", "anna@customer.example", "shows"),
        ("It is order D400000001.", "anna@customer.example", "purchase order D400000001"),
        ("Hello.", "returns@secret.example", "is a supplier's address"),
        ("Hello.", "", "not known to whom"),
    ],
)
def test_nothing_of_a_supplier_reaches_a_customer(bridge, text, recipient, reason):
    with bridge.shop.services.database.transaction(bridge.shop.tenant) as db:
        suppliers.save(db, bridge.shop.tenant, Supplier("Secret Sauces", ("secret.example",)), actor="test")
    bridge.desk.know_order(ORDER, purchaseOrders=[{"orderNumber": "D400000001"}])
    marker = bridge.words(WordsFor.CUSTOMER, text, recipient=recipient)
    bridge.run()
    assert bridge.state(marker) == "held"
    assert reason in bridge.error(marker)
    assert bridge.calls() == ["upsert"]


def test_nothing_of_a_customer_reaches_a_supplier(bridge):
    bridge.desk.make_ticket(ORDER, {"TicketTypeId": "2", "ContactName": "Erika Muster"}, 0)
    marker = bridge.words(WordsFor.SUPPLIER, "Erika Muster waits for it.", recipient="returns@secret.example")
    bridge.run()
    assert (bridge.state(marker), bridge.error(marker)) == ("held", "It names the customer Erika Muster.")


def test_two_workers_never_have_the_same_ticket(bridge):
    bridge.words()
    services, tenant = bridge.shop.services, bridge.shop.tenant
    with services.database.transaction(tenant) as one, services.database.transaction(tenant) as two:
        assert ticket_work.claim(one, tenant, LEASE) is not None
        assert ticket_work.claim(two, tenant, LEASE) is None


def test_two_workers_at_once_make_each_ticket_once_and_put_each_text_there_once(bridge):
    numbers = [f"LO-{60000 + place}" for place in range(8)]
    for number in numbers:
        bridge.order(number)
    markers = [bridge.words(side, number=number) for number in numbers for side in (WordsFor.NOTE, WordsFor.CUSTOMER)]
    with ThreadPoolExecutor(2) as threads:
        assert sum(threads.map(lambda _: bridge.run(), range(2))) == len(numbers)
    assert [bridge.times(marker) for marker in markers] == [1] * len(markers)
    assert bridge.made() == len(numbers)


def test_a_worker_whose_lease_ran_out_changes_nothing_any_more(bridge):
    marker = bridge.words()
    services, tenant = bridge.shop.services, bridge.shop.tenant
    with services.database.transaction(tenant) as db:
        late = ticket_work.claim(db, tenant, LEASE)
    bridge.later()
    with services.database.transaction(tenant) as db:
        assert ticket_work.begin_creating(db, late, "x", LEASE) is ticket_work.Gate.LOST
        assert not ticket_ends.ticket_to_person(db, late, "x")
    assert (bridge.state(marker), bridge.made()) == ("done", 1)


def test_a_refused_login_makes_everything_wait_and_says_so(bridge):
    bridge.connect(password="wrong")
    marker = bridge.words()
    bridge.run()
    bridge.later(3)
    assert (bridge.state(marker), bridge.calls()) == ("pending", [])
    with bridge.shop.services.database.transaction(bridge.shop.tenant) as db:
        assert "check its user and password" in ticketing.last_error(db, bridge.shop.tenant)
    bridge.connect()
    bridge.later()
    assert bridge.state(marker) == "done"


def test_a_system_that_is_away_for_hours_leaves_the_replies_to_people_and_for_days_everything(bridge):
    bridge.connect(url="http://127.0.0.1:9/api")
    note, reply = bridge.words(), bridge.words(WordsFor.CUSTOMER)
    bridge.run()
    assert (bridge.state(note), bridge.state(reply)) == ("pending", "pending")
    bridge.shop.change("UPDATE ticket SET due_since = now() - interval '3 hours'")
    bridge.later(2)
    assert (bridge.state(note), bridge.state(reply)) == ("pending", "held")
    bridge.shop.change("UPDATE ticket SET due_since = now() - interval '73 hours'")
    bridge.later()
    assert (bridge.state(note), bridge.ticket().state) == ("needs_person", "needs_person")


def test_a_system_that_was_disconnected_is_asked_nothing(bridge):
    note, reply = bridge.words(), bridge.words(WordsFor.CUSTOMER)
    bridge.shop.change("DELETE FROM ticketing")
    bridge.run()
    assert (bridge.state(note), bridge.state(reply), bridge.calls()) == ("cancelled", "held", [])
    assert bridge.ticket().next_at is None


def test_what_was_perhaps_made_at_one_system_is_not_made_at_another(bridge):
    bridge.fault("upsert", "drop_after")
    marker = bridge.words()
    bridge.run()
    with running_ticketing() as other:
        other.system.desk.know_order(ORDER)
        bridge.connect(url=other.url)
        bridge.later()
        assert (bridge.state(marker), other.system.desk.effects) == ("needs_person", [])


def test_a_ticket_of_another_system_is_looked_for_anew(bridge):
    bridge.words()
    bridge.run()
    with running_ticketing() as other:
        other.system.desk.know_order(ORDER)
        bridge.connect(url=other.url)
        marker = bridge.words()
        bridge.run()
        assert [one["call"] for one in other.system.desk.effects] == ["upsert", "internal"]
    assert bridge.state(marker) == "done"


def test_the_connection_of_another_tenant_is_never_used(bridge, rival):
    theirs = Bridged(rival, bridge.outside)
    with theirs.shop.services.open_ticketing(rival.tenant) as system:
        assert system is None
    bridge.words()
    assert theirs.run() == 0
    assert bridge.calls() == []


def test_without_a_system_no_ticket_is_written_down(shop, unbridged):
    with shop.services.database.transaction(shop.tenant) as db:
        assert tickets.open_one(db, shop.tenant, ORDER, None, None, about=0) is None
    assert unbridged.run() == 0


def test_a_ticket_that_kills_its_worker_a_thousand_times_ends(bridge):
    marker = bridge.words()
    bridge.shop.change("UPDATE ticket SET attempts = 1000")
    bridge.run()
    assert (bridge.state(marker), bridge.calls()) == ("needs_person", [])


def test_a_slow_system_makes_the_others_of_its_tenant_wait(bridge, monkeypatch):
    monkeypatch.setattr(stage, "SLOW", 0.1)
    bridge.fault("by_order", "slow", seconds=2)
    bridge.order("LO-77702")
    bridge.words()
    bridge.words(number="LO-77702")
    assert bridge.run() == 1


def test_every_mode_is_kept(bridge):
    for mode in Mode:
        bridge.connect(mode, shadow=True)
        with bridge.shop.services.database.transaction(bridge.shop.tenant) as db:
            rules = ticketing.rules(db, bridge.shop.tenant)
        assert (rules.mode, rules.shadow) == (mode, True)
