"""What is a tenant's own about reading mail."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from domain.number_forms import NumberForms
from understanding.entities import shape
from understanding.head import Head


@dataclass(frozen=True, slots=True)
class Context:
    """`own_addresses` are all addresses of the tenant's mailboxes, in lower case. The patterns come from
    `entities.shape`; `supplier_domains` are in lower case. `head` is what was learned from the tenant's corrections.
    The defaults are those of nobody in particular. What a machine wrote is not classified, unless
    `passes_over_machines` is false, as where categories are measured.
    """

    own_addresses: frozenset[str] = frozenset()
    order_patterns: Sequence[re.Pattern[str]] = ()
    supplier_domains: frozenset[str] = frozenset()
    head: Head | None = None
    ticket_patterns: Sequence[re.Pattern[str]] = ()
    purchase_patterns: Sequence[re.Pattern[str]] = ()
    passes_over_machines: bool = True

    @classmethod
    def of(
        cls, forms: NumberForms, *, own_addresses: frozenset[str] = frozenset(),
        supplier_domains: frozenset[str] = frozenset(), head: Head | None = None,
    ) -> "Context":  # fmt: skip
        """With a tenant's forms of numbers. Raises BadInput where one is none."""
        return cls(
            own_addresses=own_addresses,
            head=head,
            supplier_domains=supplier_domains,
            order_patterns=tuple(shape(form, "order number") for form in forms.orders),
            ticket_patterns=tuple(shape(form, "ticket number") for form in forms.tickets),
            purchase_patterns=tuple(shape(form, "purchase order number") for form in forms.purchases),
        )
