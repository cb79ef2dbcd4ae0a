"""Every table of the desk, found among its routes, opens in a spreadsheet as words and numbers."""

import csv
import re
from dataclasses import replace
from io import StringIO

import pytest

from tests.hostile.test_tables import FORMULAS, cells_of, runs
from tests.web.conftest import signed_in
from tests.web.filling import Filler
from tests.web.refunding import REFUND, Till
from tests.web.test_isolation import TAKES, _filled
from tests.web.test_refunds import approve

# Every kind of them: each is approved and paid on its way into the table.
SOME = FORMULAS[::3]


def tables(app, browser, rows) -> dict[str, str]:
    """Every answer of the desk that is a table, from the app's own list of routes."""
    adapter = app.url_map.bind("localhost")
    found = {}
    for rule in app.url_map.iter_rules():
        if "GET" in rule.methods and (rule.endpoint in TAKES or not rule.arguments):
            path = adapter.build(
                rule.endpoint, dict.fromkeys(rule.arguments, rows.ids.get(TAKES.get(rule.endpoint, ""), ""))
            )
            answer = browser.get(path)
            told = answer.mimetype + answer.headers.get("Content-Disposition", "") + rule.rule
            if re.search(r"csv|tab-separated|tsv|spreadsheet|xlsx?\b", told):
                found[rule.endpoint] = answer.text
            answer.close()
    return found


def test_every_table_of_the_desk_is_safe_and_its_numbers_are_numbers(app, workspace, filler: Filler):
    rows, till, mailbox = _filled(filler, "OWN"), Till(filler), filler.mailbox()
    browser = signed_in(app, workspace.email)
    for place, formula in enumerate(SOME):
        # As a shop's own file brings them in: what is imported is exported again.
        number = f"{formula}{place}"
        till.order(number, email=f"{formula.strip()}@evil.example")
        mail = replace(REFUND, rfc_message_id=f"<{place}@customer.example>")
        held = till.wanted(mailbox, number=number, minor=100 + place, message=mail)
        approve(browser, held)
        till.became(held, "done", reference=formula)
    found = tables(app, browser, rows)
    assert set(found) == {"refunds.export"}
    for table in found.values():
        assert not [cell for cell in cells_of(table) if runs(cell)]
    paid = list(csv.DictReader(StringIO(found["refunds.export"], newline="")))
    brought = [row for row in paid if row["customer_email"].endswith("@evil.example")]
    assert [int(row["amount_minor"]) for row in brought] == [100 + place for place in range(len(SOME))]
    assert all(float(row["amount"]) * 100 == pytest.approx(int(row["amount_minor"])) for row in paid)
