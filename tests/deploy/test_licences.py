"""What the image ships stands in docs/licences.md, and on terms that were decided."""

from email.message import Message

import pytest

from deploy.licences import DECIDED, PAGE, READ_BY_HAND, expression_of, licence, may_be_shipped, page
from deploy.locks import ROOT, RUN_TIME, read_lock

ENTRIES = read_lock(RUN_TIME)


def test_the_page_is_what_the_lock_and_the_packages_say():
    assert PAGE.read_text() == page(ENTRIES), "run `make licences`"


@pytest.mark.parametrize("name", sorted({entry.name for entry in ENTRIES}))
def test_every_package_of_the_run_time_may_be_shipped(name):
    assert may_be_shipped(name, licence(name)), f"{name} comes under {licence(name)}: decide in deploy/licences.py"


@pytest.mark.parametrize(
    "expression",
    ["AGPL-3.0-or-later", "GPL-2.0-only", "GPL-3.0-only WITH GCC-exception-3.1", "MIT AND GPL-3.0-only", "SSPL-1.0"],
)
def test_what_was_not_decided_may_not_be_shipped(expression):
    assert not may_be_shipped("flask", expression)


def test_a_decision_ends_where_the_package_changes_its_terms():
    assert may_be_shipped("psycopg", "LGPL-3.0-only")
    assert not may_be_shipped("psycopg", "GPL-3.0-only")
    assert not may_be_shipped("flask", "LGPL-3.0-only")


def test_no_decision_is_kept_for_a_package_that_is_gone():
    assert {*DECIDED, *READ_BY_HAND} <= {entry.name for entry in ENTRIES}


@pytest.mark.parametrize(
    ("field", "expression"),
    [("Apache License, Version 2.0", "Apache-2.0"), ("MIT OR Apache-2.0", "MIT OR Apache-2.0"), ("MIT License", "MIT")],
)
def test_older_ways_of_naming_a_licence_are_understood(field, expression):
    said = Message()
    said["License"] = field
    assert expression_of(said) == expression


@pytest.mark.parametrize("field", ["", "BSD", "see LICENSE", "GPL", "All rights reserved"])
def test_a_package_whose_licence_cannot_be_told_is_not_passed_over(field):
    said = Message()
    said["Name"] = "a-new-one"
    said["License"] = field
    said["Classifier"] = "License :: OSI Approved :: BSD License"
    with pytest.raises(LookupError, match="a-new-one"):
        expression_of(said)


def test_the_page_agrees_with_the_record_of_the_libraries_where_terms_were_decided():
    record = (ROOT / "docs" / "adr" / "0009-libraries.md").read_text()
    for name in ("psycopg", "python-stdnum"):
        row = next(line for line in record.splitlines() if line.startswith(f"| {name} |"))
        assert f"{DECIDED[name][0]}, used unchanged" in row
