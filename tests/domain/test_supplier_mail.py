"""Whose a mail is: each rule, and which of two that apply has the word."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.message import Address
from domain.supplier import Supplier
from domain.supplier_mail import KnownBy, Signs, can_answer, known_by
from domain.supplier_request import SupplierRequest

ACME = Supplier("Acme", ("acme.example",))
ASKED = datetime(2026, 11, 2, 10, tzinfo=UTC)
REQUEST = SupplierRequest(UUID(int=1), UUID(int=2), "D400000001", "desk@acme.example", asked_at=ASKED)
SOMEBODY = Address("hall7@parcels.example", "Acme")


@pytest.mark.parametrize(
    ("signs", "by"),
    [
        ({}, None),
        ({"listed": ACME}, KnownBy.SENDER),
        ({"listed": ACME, "refuted": True}, KnownBy.FORGED),
        ({"listed": ACME, "is_customer": True}, KnownBy.SENDER),
        ({"threads": (REQUEST,)}, KnownBy.THREAD),
        ({"threads": (REQUEST,), "named": (REQUEST,)}, KnownBy.THREAD),
        ({"threads": (REQUEST,), "is_answered": True}, KnownBy.THREAD),
        ({"threads": (REQUEST,), "refuted": True}, KnownBy.FORGED),
        ({"threads": (REQUEST,), "is_customer": True}, None),
        ({"threads": (REQUEST,), "is_customer": True, "refuted": True}, None),
        ({"threads": (REQUEST,), "is_ours": True}, None),
        ({"named": (REQUEST,)}, KnownBy.PURCHASE_ORDER),
        ({"named": (REQUEST,), "refuted": True}, KnownBy.PURCHASE_ORDER),
        ({"named": (REQUEST,), "is_answered": True}, None),
        ({"named": (REQUEST,), "is_customer": True}, None),
        ({"refuted": True}, None),
    ],
)
def test_the_first_rule_that_applies_has_the_word(signs, by):
    assert known_by(Signs(SOMEBODY, **signs)) is by


def test_a_mail_that_names_nobody_is_nobodys():
    assert known_by(Signs(None, listed=ACME, threads=(REQUEST,), named=(REQUEST,))) is None


@given(st.booleans(), st.booleans(), st.booleans(), st.booleans(), st.booleans(), st.booleans())
def test_nobody_is_believed_whom_a_server_refutes(ours, listed, customer, answered, thread, named):
    signs = Signs(
        SOMEBODY, refuted=True, is_ours=ours, listed=ACME if listed else None, is_customer=customer,
        is_answered=answered, threads=(REQUEST,) if thread else (), named=(REQUEST,) if named else (),
    )  # fmt: skip
    assert known_by(signs) not in {KnownBy.SENDER, KnownBy.THREAD}


@pytest.mark.parametrize(
    ("by", "after", "automatic", "answers"),
    [
        (KnownBy.SENDER, timedelta(), False, True),
        (KnownBy.THREAD, timedelta(days=30), False, True),
        (KnownBy.SENDER, timedelta(minutes=-2), False, True),
        (KnownBy.SENDER, timedelta(minutes=-3), False, False),
        (KnownBy.SENDER, timedelta(1), True, False),
        (KnownBy.PURCHASE_ORDER, timedelta(1), False, False),
        (KnownBy.FORGED, timedelta(1), False, False),
    ],
)
def test_what_ends_a_request(by, after, automatic, answers):
    assert can_answer(REQUEST, by, ASKED + after, automatic=automatic) is answers


def test_a_question_that_has_not_left_is_not_answered():
    unsent = SupplierRequest(UUID(int=1), UUID(int=2), "D1", "a@acme.example")
    assert not can_answer(unsent, KnownBy.SENDER, ASKED, automatic=False)
    assert not can_answer(REQUEST, KnownBy.SENDER, None, automatic=False)
