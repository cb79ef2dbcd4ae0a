"""Every table that leaves as CSV opens in a spreadsheet as words and numbers, whatever strangers put into it."""

import ast
import csv
import re
from io import StringIO

import pytest

from parts.finance import safe_cell
from settings import ROOT
from tests.test_architecture import product_files

FORMULAS = (
    "=1+1", "=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\uff1d1+1",
    "\uff20SUM(1)",
    'x";=HYPERLINK("http://evil.example")', "x;=1+1", 'x;"=1+1', "x\t=1+1", "x|@SUM(1)", "x\n=1", ";;;-1+1", "'=1",
)  # fmt: skip
# How a spreadsheet may take a line apart: by where it is, or by what its user chose in the moment.
SEPARATORS = (",", ";", "\t", "|")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def runs(cell: str) -> bool:
    """Whether a spreadsheet would calculate this cell instead of showing it. A number is no formula."""
    begins = cell.lstrip(' \xa0\u3000\u200b"')
    return begins.startswith(tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")) and not NUMBER.fullmatch(cell)


def cells_of(table: str) -> list[str]:
    """Each cell as somebody may come to see it."""
    return [
        cell for one in SEPARATORS for row in csv.reader(StringIO(table, newline=""), delimiter=one) for cell in row
    ]


def written(*cells: str) -> str:
    file = StringIO(newline="")
    csv.writer(file).writerow(cells)
    return file.getvalue()


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_formula_survives_in_any_way_of_taking_the_line_apart(formula):
    assert not [cell for cell in cells_of(written("a", safe_cell(formula), "b")) if runs(cell)]


def test_the_eye_sees_a_formula_that_nobody_made_safe():
    assert all(
        any(map(runs, cells_of(written("a", formula, "b")))) for formula in FORMULAS if not formula.startswith("'")
    )


@pytest.mark.parametrize(
    "plain", ["49.90", "4990", "LO-10001", "2026-11-02T10:00:00Z", "anna@example.org", "EUR", "a-b", ""]
)
def test_what_is_no_formula_stays_as_it_is(plain):
    assert safe_cell(plain) == plain


def test_whoever_writes_a_table_makes_each_cell_safe():
    """A new export cannot forget it: the one writer of CSV in the product is the one that was looked at above."""
    writers = {
        str(file.relative_to(ROOT))
        for file in product_files()
        if "csv" in file.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr in {"writer", "DictWriter"}
        and ast.unparse(node.value) == "csv"
    }
    assert writers == {"parts/finance.py"}
