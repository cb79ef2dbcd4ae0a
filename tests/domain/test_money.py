import pytest

from domain.money import Money


@pytest.mark.parametrize(
    ("minor", "currency", "shown"),
    [(4990, "EUR", "49.90 EUR"), (-5, "USD", "-0.05 USD"), (500, "JPY", "500 JPY"), (1500, "KWD", "1.500 KWD")],
)
def test_money_is_shown_in_its_currencys_own_digits(minor, currency, shown):
    assert str(Money(minor, currency)) == shown
