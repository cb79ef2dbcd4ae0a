"""A claim leaves only with its proof: an act of its kind, and for money the very amount that the ledger paid."""

import pytest

from domain.claims import Done, Proven, claims_in, unproven
from domain.money import Money
from domain.order_action import Action

REFUNDED = "We refunded you."
TWENTY = Done(Action.REFUND, Money(2000, "EUR"))
FIVE = Done(Action.REFUND, Money(500, "EUR"))


def stays(text, *done):
    return [claim.kind.value for claim in unproven(claims_in(text), Proven(done))]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (REFUNDED, "refund"),
        ("We have cancelled your order.", "cancel"),
        ("We have exchanged the lamp.", "exchange"),
        ("A replacement has been sent.", "replacement"),
    ],
)
def test_nothing_done_proves_nothing(text, kind):
    assert stays(text) == [kind]


@pytest.mark.parametrize(
    ("text", "done"),
    [
        (REFUNDED, TWENTY),
        (REFUNDED, Done(Action.CANCEL, Money(2000, "EUR"))),
        ("We have cancelled your order.", Done(Action.CANCEL)),
        ("We have exchanged the lamp.", Done(Action.EXCHANGE)),
        ("A replacement has been sent.", Done(Action.REPLACEMENT)),
        ("A new lamp has been sent.", Done(Action.EXCHANGE)),
    ],
)
def test_an_act_proves_its_own_words(text, done):
    assert stays(text, done) == []


@pytest.mark.parametrize(
    ("text", "done"),
    [
        (REFUNDED, Done(Action.RETURN)),
        (REFUNDED, Done(Action.EXCHANGE)),
        (REFUNDED, Done(Action.REFUND)),
        (REFUNDED, Done(Action.CANCEL)),
        ("We have cancelled your order.", TWENTY),
        ("A replacement has been sent.", TWENTY),
    ],
)
def test_another_act_or_one_that_paid_nothing_does_not(text, done):
    assert len(stays(text, done)) == 1


@pytest.mark.parametrize(
    "named",
    ["20 EUR", "20.00 EUR", "20,00 €", "€20", "$20", "5 EUR", "25 EUR", "20 EUR and 5 EUR", "15 EUR and 10 EUR"],
)
def test_an_amount_is_proven_literally_alone_or_together(named):
    assert stays(f"We refunded {named} today.", TWENTY, FIVE) == []


@pytest.mark.parametrize(
    "named", ["20.01 EUR", "2000 EUR", "20 GBP", "24 EUR", "20 EUR and 6 EUR", "0.20 EUR", "200 EUR"]
)
def test_another_amount_or_currency_is_not(named):
    assert stays(f"We refunded {named} today.", TWENTY, FIVE) == ["refund"]


def test_money_of_a_currency_without_cents_is_whole():
    yen = Done(Action.REFUND, Money(1200, "JPY"))
    assert stays("We refunded ¥1200.", yen) == []
    assert stays("We refunded ¥12.", yen) == ["refund"]


def test_of_two_claims_the_false_one_stays():
    assert stays("Your order has been cancelled and the amount has been refunded.", Done(Action.CANCEL)) == ["refund"]
