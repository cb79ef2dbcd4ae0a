"""How a workspace wants facts to be told."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class FactRules:
    """An order that is still to move is told of while the shop told us of it within `orders_current_for`.

    `incident_replies` lets the machine tell of an open incident by itself; otherwise a person does. `web_search` allows
    to ask the web about questions that nothing of ours answers, where the server can.
    """

    orders_current_for: timedelta = timedelta(hours=24)
    incident_replies: bool = False
    web_search: bool = True
