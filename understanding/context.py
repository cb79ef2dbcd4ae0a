"""What is a tenant's own about reading mail."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from understanding.head import Head


@dataclass(frozen=True, slots=True)
class Context:
    """`own_addresses` are all addresses of the tenant's mailboxes, in lower case. `order_patterns` come from
    `entities.shape`; `supplier_domains` are in lower case. `head` is what was learned from the tenant's corrections.
    The defaults are those of nobody in particular.
    """

    own_addresses: frozenset[str] = frozenset()
    order_patterns: Sequence[re.Pattern[str]] = ()
    supplier_domains: frozenset[str] = frozenset()
    head: Head | None = None
