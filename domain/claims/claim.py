"""One claim: what a text says was done, and in which words."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from domain.claims.amounts import Amount
from domain.order_action import Action

_SAYS: Mapping[Action, str] = MappingProxyType({
    Action.REFUND: "money was paid back",
    Action.RETURN: "goods came back",
    Action.CANCEL: "an order was cancelled",
    Action.EXCHANGE: "something was exchanged",
    Action.REPLACEMENT: "a replacement was sent",
})  # fmt: skip

# As many characters as one reads at a glance.
_GLANCE = 90


@dataclass(frozen=True, slots=True)
class Claim:
    """`words` stand in the text from `start` to `end`, in characters; `amounts` are named in the same sentence."""

    kind: Action
    words: str
    start: int
    end: int
    amounts: tuple[Amount, ...] = ()

    @property
    def says(self) -> str:
        """What it comes to, as the end of "it says that"."""
        amounts = " and ".join(map(str, self.amounts))
        return _SAYS[self.kind] + (f", {amounts}" if amounts else "")

    @property
    def shown(self) -> str:
        """Its words on one line."""
        words = " ".join(self.words.split())
        return words if len(words) <= _GLANCE else f"{words[: _GLANCE - 1]}…"
