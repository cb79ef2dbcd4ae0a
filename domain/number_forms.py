"""The forms that a tenant's own numbers have."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NumberForms:
    """Forms like `LO-#####`, in which `#` is a digit and `@` a letter, of orders, tickets and purchase orders."""

    orders: tuple[str, ...] = ()
    tickets: tuple[str, ...] = ()
    purchases: tuple[str, ...] = ()
