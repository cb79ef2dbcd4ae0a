"""A stranger who named somebody else's order asks for their data: the copy tells them no more than our replies did."""

import io
import json
import re
import zipfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from domain.category import Category
from domain.decision import WordsFor
from domain.errors import BadInput
from domain.message import Address
from domain.order import Order, OrderItem
from domain.refund_policy import RefundPolicy
from handlers.refund import RefundHandler
from parts.customer_copy import copy_of
from storage import decisions, erasure, kept_replies, notes, tickets
from storage import desk as storage_desk
from storage.kept_replies import Seen
from storage.tickets import Words
from tests.commands.test_upkeep import flask
from tests.support.refund_table import KnownOrders, KnownRefunds
from tests.web.conftest import Browser
from tests.web.filling import MESSAGE, UNDERSTANDING, Filler, Held
from tests.web.refunding import Till

VERA, SAM, SUE = "vera@home.example", "sam@elsewhere.example", "sue@elsewhere.example"
NUMBER, OTHER, NOT_THERE, NEITHER = "LO-1234", "LO-5678", "LO-9876", "LO-8765"
LAMP = OrderItem("TIFFANY-7", "Tiffany lamp", 1, 12_900)
# What only the order's own customer and members may know.
OF_VERA = (
    VERA,
    "Vera Vogel",
    "129.00",
    "12900",
    "Found order",
    "delivered on",
    "2026-01-0",
    "Tiffany",
    "did not verify",
)


@dataclass
class Desk:
    """Mail that the handler for refunds decides, over the orders that stand in the tables."""

    filler: Filler
    mailbox: UUID
    orders: dict[str, Order]

    def asks(self, sender: str, words: str, *numbers: str, thread: str = "", verified: bool = True) -> Held:
        mail = replace(
            MESSAGE, sender=Address(sender, ""), subject="My money", text=words, html="", attachments=(),
            sender_verified=verified, rfc_message_id=f"<{words}-{sender}>",
        )  # fmt: skip
        read = replace(UNDERSTANDING, text=words, quoted="", category=Category.REFUND, order_numbers=numbers)
        raw = f"From: {sender}\r\n\r\n{words}".encode()
        claim = self.filler.store(self.mailbox, mail, thread=thread or sender, raw=raw)
        handler = RefundHandler(KnownOrders(self.orders), KnownRefunds(), RefundPolicy(version=1))
        with self.filler.database.transaction(self.filler.tenant) as db:
            conversation = decisions.conversations(db, self.filler.tenant, [claim.id])[claim.id]
        decision = handler.decide(mail, read, conversation)
        return Held(self.filler.decide(claim, decision, read), claim.conversation, claim.id)


@pytest.fixture
def desk(filler: Filler) -> Desk:
    till, placed = Till(filler), datetime(2026, 1, 1, tzinfo=UTC)
    ordered = {"email": VERA, "name": "Vera Vogel", "items": (LAMP,), "total": 12_900, "placed_at": placed}
    orders = {number: till.order(number, **ordered) for number in (NUMBER, OTHER)}
    return Desk(filler, filler.mailbox(), orders)


def asked_in_vain(desk: Desk, sender: str, first: str, second: str) -> Held:
    """Two mails of one conversation, each with a number; a member answers the second, and begins once more."""
    desk.asks(sender, f"I want a refund for {first}.", first)
    held = desk.asks(sender, f"Then I want a refund for {second}.", second)
    member, tenant = desk.filler.member, desk.filler.tenant
    with desk.filler.database.transaction(tenant) as db:
        notes.write(db, tenant, held.conversation, member=member, words="Ask for a telephone number.")
        kept_replies.keep(db, tenant, held.decision, "Dear writer,", member=member, seen=Seen())
    return held


def unpacked(content: bytes) -> tuple[dict, str]:
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return json.loads(file.read("data.json")), "".join(file.read(name).decode() for name in file.namelist())


def copied(desk: Desk, address: str) -> tuple[dict, str]:
    return unpacked(copy_of(desk.filler.database, desk.filler.tenant, address, actor="test")[0])


def told(everything: str) -> list[str]:
    return [one for one in OF_VERA if one in everything]


def test_nothing_of_whose_order_it_is_stands_in_a_strangers_copy_and_their_own_does(
    browser: Browser, desk: Desk
) -> None:
    asked_in_vain(desk, SAM, NUMBER, OTHER)
    rows = desk.filler.rows(
        "SELECT kind, recipient FROM outbox WHERE tenant_id = :tenant ORDER BY created_at, position"
    )
    assert rows == [("reply", SAM), ("identity", VERA)], "the link went to whose order it is"
    [(checks,)] = desk.filler.rows(
        "SELECT checks::text FROM decision WHERE tenant_id = :tenant AND disposition = 'hold'"
    )
    assert "Found order LO-5678, delivered on" in checks
    answer = browser.post("/data/copy", {"address": SAM})
    data, everything = unpacked(answer.data)
    assert told(everything) == []
    assert [(one["kind"], one["recipient"]) for one in data["replies"]] == [("reply", SAM)]
    assert "look there" in data["replies"][0]["text"]
    assert (data["orders"], data["order_actions"], data["payments"], data["links"]) == ([], [], [], [])
    assert [one["number"] for one in data["attempts"]] == [NUMBER, OTHER]
    assert all("known" not in one for one in data["attempts"])
    assert [one["parsed"]["text"] for one in data["messages"]] == data["cases"][0]["words"]
    assert [one["understanding"]["text"] for one in data["decisions"]] == data["cases"][0]["words"]
    assert (data["cases"][0]["writer"], data["cases"][0]["order_number"]) == (SAM, None)
    assert (data["notes"][0]["text"], data["kept_replies"][0]["text"]) == (
        "Ask for a telephone number.",
        "Dear writer,",
    )
    assert everything.count("Then I want a refund") >= 3


def test_the_copy_of_whose_order_it_is_holds_what_is_theirs(desk: Desk) -> None:
    """A control for the test above: these words are in a copy where they belong."""
    asked_in_vain(desk, SAM, NUMBER, OTHER)
    desk.asks(VERA, "Perhaps I want a refund.", NUMBER)
    data, everything = copied(desk, VERA)
    assert {"Found order", "Tiffany", "129.00", VERA, "Vera Vogel"} <= set(told(everything))
    assert "delivered on 2026-01-03, 129.00 EUR" in json.dumps(data["decisions"])
    assert all(one["reason"] for one in data["decisions"])
    assert [one["order_number"] for one in data["cases"]] == [NUMBER]
    assert len(data["links"]) == 1
    assert [one["recipient"] for one in data["replies"] if one["kind"] == "identity"] == [VERA]
    assert "I want a refund for LO-1234." not in everything, "what the stranger wrote"


def test_a_copy_is_the_same_whether_there_is_such_an_order_or_not(desk: Desk) -> None:
    asked_in_vain(desk, SAM, NUMBER, OTHER)
    asked_in_vain(desk, SUE, NOT_THERE, NEITHER)

    def alike(data: dict) -> str:
        """Without what differs between any two people: ids, moments, places in the tables, names, numbers, words."""
        rows = {name: [sorted(one.items()) for one in part] for name, part in data.items() if isinstance(part, list)}
        said = json.dumps(rows)
        said = re.sub(r'\["(?:seq|id|reference|gmail_id|thread_id)", [^]]*\]', "", said)
        said = re.sub(
            r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[\d:.]+\+00:00|\d{13}|'[^']+'", "", said
        )
        for one, other in (("sam@", "sue@"), (NUMBER, NOT_THERE), (OTHER, NEITHER)):
            said = said.replace(one, other)
        return said

    (sam, _), (sue, _) = copied(desk, SAM), copied(desk, SUE)
    assert alike(sam) == alike(sue)


def test_an_order_that_a_stranger_names_beside_their_own_mail_takes_nothing_else_from_them(desk: Desk) -> None:
    asked_in_vain(desk, SAM, NUMBER, OTHER)
    desk.orders["LO-1"] = Till(desk.filler).order("LO-1", email=SAM, name="Sam")
    desk.asks(SAM, "I want a refund for LO-1.", "LO-1", thread="another")
    data, everything = copied(desk, SAM)
    assert [bool(one["reason"]) for one in data["decisions"]] == [False, False, True]
    assert [one["order_number"] for one in data["cases"]] == [None, "LO-1"]
    assert "Found order LO-1," in everything
    assert [one for one in told(everything) if one not in {"Found order", "2026-01-0", "delivered on"}] == []


def test_who_goes_on_in_a_strangers_thread_proves_nothing_for_the_stranger(desk: Desk) -> None:
    desk.asks(SAM, "I want a refund.", NUMBER, thread="shared")
    desk.asks(VERA, "It was me, from my own address now.", thread="shared")
    [(identity,)] = desk.filler.rows("SELECT identity FROM support_case WHERE tenant_id = :tenant")
    assert identity == "sender"
    data, _ = copied(desk, SAM)
    assert [one["reason"] for one in data["decisions"]] == [None, None]
    assert [(one["order_number"], one["amount_minor"], one["writer"]) for one in data["cases"]] == [(None, None, SAM)]
    assert "129.00" not in json.dumps([data["decisions"], data["cases"]])


def test_who_answered_in_somebody_elses_thread_is_erased_once_their_refund_waits_for_nobody(desk: Desk) -> None:
    desk.asks(SAM, "I want a refund.", NUMBER, thread="shared")
    proven = desk.asks(VERA, "It was me, from my own address now.", thread="shared")
    tenant, member = desk.filler.tenant, desk.filler.member
    desk.filler.rows("UPDATE outbox SET state = 'sent' WHERE tenant_id = :tenant AND state = 'pending' RETURNING 1")
    with pytest.raises(BadInput, match="a person has settled it"), desk.filler.database.transaction(tenant) as db:
        erasure.erase(db, tenant, VERA, actor="test")
    with desk.filler.database.transaction(tenant) as db:
        assert storage_desk.dismiss(db, tenant, proven.decision, member=member)
        assert erasure.erase(db, tenant, VERA, actor="test")["messages"] == 1
    assert desk.filler.rows("SELECT state FROM support_case WHERE tenant_id = :tenant") == [("withdrawn",)]


def test_a_note_on_the_ticket_of_an_order_is_of_whose_order_it_is(desk: Desk) -> None:
    held = desk.asks(SAM, "I want a refund.", NUMBER)
    vera = desk.asks(VERA, "I want a refund.", NUMBER)
    filler = desk.filler
    filler.rows("""
        INSERT INTO ticketing (tenant_id, base_url, username, secret_sealed, path_prefix, zone, mode)
        VALUES (:tenant, 'https://tickets.example', 'x', 'x', '', 'UTC', 'gmail_with_note') RETURNING 1
    """)
    with filler.database.transaction(filler.tenant) as db:
        ticket = tickets.open_one(db, filler.tenant, NUMBER, vera.conversation, vera.message, about=1)
        for one in (held, vera):
            words = Words(WordsFor.NOTE, "Vera Vogel asked.", message=one.message, conversation=one.conversation)
            tickets.write(db, filler.tenant, ticket, words)
    assert [one["text"] for one in copied(desk, SAM)[0]["ticket_words"]] == [None]
    assert [one["text"] for one in copied(desk, VERA)[0]["ticket_words"]] == ["Vera Vogel asked."]


def test_the_command_writes_the_same_copy(settings, desk: Desk, tmp_path) -> None:
    asked_in_vain(desk, SAM, NUMBER, OTHER)
    done = flask(settings, "customer", "export", SAM, str(tmp_path / "sam.zip"), "--tenant", "lumen")
    assert "rows written" in done.stdout, done.stderr
    _, everything = unpacked((tmp_path / "sam.zip").read_bytes())
    assert "Then I want a refund" in everything
    assert told(everything) == []
