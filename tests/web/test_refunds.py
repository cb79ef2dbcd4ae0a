"""The list of what is done with orders, what finance takes over, and the numbers that were named in vain."""

import csv
import re
from dataclasses import replace
from io import StringIO

import pytest

from domain.message import Address
from domain.order_action import Action
from parts.finance import safe_cell
from tests.web.conftest import Browser, seen
from tests.web.filling import Filler, Held
from tests.web.refunding import REFUND, Till


@pytest.fixture
def till(filler: Filler) -> Till:
    made = Till(filler)
    made.order(total=100_000)
    return made


def rows_of(html: str) -> list[str]:
    """What each row says, but for its age."""
    return [re.sub(r" \d+ \w+ ago$", "", seen(row.split("</tr>")[0])) for row in html.split("<tr data-row>")[1:]]


def approve(browser: Browser, held: Held) -> None:
    browser.press(f"/decisions/{held.decision}/approve", {"text": "Dear Anna,\n\nthank you.", "sure": "yes"})


def test_an_empty_list_says_what_will_stand_there(browser: Browser) -> None:
    page = seen(browser.page("/refunds"))
    assert "Nothing was asked for yet" in page
    assert "Paid back this month nothing" in page


def test_the_list_says_of_each_how_far_it_is(browser: Browser, filler: Filler, till: Till, join) -> None:
    mailbox, tom = filler.mailbox(), join("agent")
    alone, two, cancel = (
        till.wanted(mailbox),
        till.wanted(mailbox, approvals=2, minor=30_000),
        till.wanted(mailbox, action=Action.CANCEL, minor=None),
    )
    approve(tom, two)
    assert rows_of(browser.page("/refunds")) == [
        "Cancellation LO-1 anna @example.org no money waits for approval Approved by: nobody yet",
        (
            "Refund LO-1 anna @example.org 300.00 EUR waits for a second person One more member has to approve it."
            " Approved by: Tom two are needed"
        ),
        "Refund LO-1 anna @example.org 49.90 EUR waits for approval Approved by: nobody yet",
    ]
    for held in (alone, two, cancel):
        approve(browser, held)
    assert [row.split(" EUR ")[-1] for row in rows_of(browser.page("/refunds"))[1:]] == [
        "being done Approved by: Tom, Olivia Owner",
        "being done Approved by: Olivia Owner",
    ]
    assert f"/conversations/{two.conversation}" in browser.page("/refunds")


@pytest.mark.parametrize(
    ("state", "error", "said"),
    [
        ("done", "", "done Approved by: Olivia Owner"),
        ("refused", "The card is closed.", "refused by the shop The card is closed. Approved by: Olivia Owner"),
        ("uncertain", "", "uncertain The shop did not say whether it did it."),
        ("needs_person", "", "needs a person The shop never said whether it did it. Look there first, under the key"),
    ],
)
def test_each_state_has_its_word_and_its_filter(
    browser: Browser, filler: Filler, till: Till, state: str, error: str, said: str
) -> None:
    mailbox = filler.mailbox()
    one, _ = till.wanted(mailbox), till.wanted(mailbox, minor=100)
    approve(browser, one)
    till.became(one, state, error)
    [row] = rows_of(browser.page(f"/refunds?state={state}"))
    assert said in row
    [row] = rows_of(browser.page("/refunds?state=approval"))
    assert "1.00 EUR waits for approval" in row
    assert "Nothing here fits" in browser.page("/refunds?state=doing")
    assert len(rows_of(browser.page("/refunds?state=nonsense"))) == 2


def test_what_waits_for_a_second_person_can_be_asked_for(browser: Browser, filler: Filler, till: Till) -> None:
    mailbox = filler.mailbox()
    till.wanted(mailbox)
    approve(browser, till.wanted(mailbox, approvals=2, minor=30_000))
    [row] = rows_of(browser.page("/refunds?state=second"))
    assert "300.00 EUR waits for a second person" in row


def test_the_list_pages_by_key_and_both_states_of_being_done_are_one(
    browser: Browser, filler: Filler, till: Till
) -> None:
    mailbox, many = filler.mailbox(), []
    for number in range(52):
        held = till.wanted(mailbox, minor=100 + number)
        many.append(held)
    filler.rows(
        "UPDATE order_act SET state = CASE WHEN amount_minor % 2 = 0 THEN 'pending' ELSE 'sending' END"
        " WHERE tenant_id = :tenant RETURNING 1"
    )
    html = browser.page("/refunds?state=doing")
    first = rows_of(html)
    assert len(first) == 50
    assert "1.51 EUR" in first[0]
    last = till.act(many[2])
    assert f"after={last}" in html
    rest = rows_of(browser.page(f"/refunds?state=doing&after={last}"))
    assert ["1.01 EUR" in rest[0], "1.00 EUR" in rest[1], len(rest)] == [True, True, 2]


def test_totals_count_this_month_by_currency_and_what_is_set_aside(
    browser: Browser, filler: Filler, till: Till
) -> None:
    mailbox = filler.mailbox()
    paid, old, promised = till.wanted(mailbox), till.wanted(mailbox, minor=1000), till.wanted(mailbox, minor=200)
    for held in (paid, old, promised):
        approve(browser, held)
    till.became(paid, "done")
    till.became(old, "done")
    assert "49.90 EUR" in seen(browser.page("/refunds"))
    page = seen(browser.page("/refunds"))
    assert "Paid back this month, and 2.00 EUR set aside 59.90 EUR" in page


def test_finance_gets_every_payment_as_csv(browser: Browser, filler: Filler, till: Till) -> None:
    mailbox = filler.mailbox()
    paid, promised = till.wanted(mailbox), till.wanted(mailbox, minor=100)
    approve(browser, paid)
    approve(browser, promised)
    till.became(paid, "done", reference='=HYPERLINK("http://evil.example")')
    answer = browser.get("/refunds/export.csv")
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=refunds-20")
    heading, row = csv.reader(StringIO(answer.text))
    found = dict(zip(heading, row, strict=True))
    assert (found["order_number"], found["amount"], found["currency"]) == ("LO-1", "49.90", "EUR")
    assert found["amount_minor"] == "4990"
    assert found["key"] == str(till.act(paid))
    assert found["reference"] == '\'=HYPERLINK("http://evil.example")'
    assert (
        len(list(csv.reader(StringIO(browser.get("/refunds/export.csv?since=2019-01-01&until=2020-01-01").text)))) == 1
    )
    assert len(list(csv.reader(StringIO(browser.get("/refunds/export.csv?since=nonsense").text)))) == 2


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("LO-1", "LO-1"), ("=1+1", "'=1+1"), ("+49", "'+49"), ("-1", "'-1"), ("@SUM(A1)", "'@SUM(A1)"),
        ("  =1", "'  =1"), ("\t=1", "'\t'=1"), ("\r=1", "'\r'=1"), ("", ""), ("a=b", "a=b"), ("\tx", "'\tx"),
        ("\uff1d1", "'\uff1d1"), ("a;=1", "a;'=1"), ('a; "=1', 'a; "\'=1'), ("a|@b;c", "a|'@b;c"), ("a;b", "a;b"),
    ],
)  # fmt: skip
def test_no_cell_is_a_formula(cell: str, written: str) -> None:
    assert safe_cell(cell) == written


def test_wrong_numbers_stand_by_sender_with_what_only_members_may_know(
    browser: Browser, filler: Filler, till: Till
) -> None:
    mailbox = filler.mailbox()
    mallory = replace(REFUND, sender=Address("mallory@example.org", "Mallory"))
    first = till.tried(mailbox, ("LO-7", False), ("LO-8", True), message=mallory)
    till.tried(mailbox, ("LO-9<b>", False))
    second = till.tried(mailbox, ("LO-8", True), message=mallory)
    html = browser.page("/refunds/attempts")
    groups = [seen(one.split("</ul>")[0]) for one in html.split('<li class="gap" data-row>')[1:]]
    assert groups[0].startswith("mallory @example.org 3 wrong numbers 2 are somebody else’s orders · the last ")
    assert "LO-8 somebody else’s order" in groups[0]
    assert "LO-7 no such order" in groups[0]
    assert groups[1].startswith("anna @example.org 1 wrong number · the last ")
    assert "LO-9<b> no such order" in groups[1]
    assert "LO-9<b>" not in html
    assert f"/conversations/{first.conversation}" in html
    assert f"/conversations/{second.conversation}" in html


def test_senders_page_by_key(browser: Browser, filler: Filler, till: Till) -> None:
    assert "Nobody named a wrong number" in browser.page("/refunds/attempts")
    mailbox = filler.mailbox()
    for number in range(51):
        sender = Address(f"a{number}@example.org")
        till.tried(mailbox, ("LO-7", False), message=replace(REFUND, sender=sender))
    html = browser.page("/refunds/attempts")
    assert html.count('<li class="gap" data-row>') == 50
    after = html.split("after=")[1].split('"')[0]
    html = browser.page(f"/refunds/attempts?after={after}")
    assert "a0 @example.org" in seen(html)
    assert html.count('<li class="gap" data-row>') == 1
    for nonsense in ("x", "-1", str(2**63), "1.5"):
        assert browser.page(f"/refunds/attempts?after={nonsense}").count('<li class="gap" data-row>') == 50


def test_every_role_may_look(filler: Filler, till: Till, join) -> None:
    till.wanted(filler.mailbox())
    for role in ("admin", "agent", "viewer"):
        other = join(role)
        assert len(rows_of(other.page("/refunds"))) == 1
        assert other.get("/refunds/attempts").status_code == 200
        assert other.get("/refunds/export.csv").status_code == 200
