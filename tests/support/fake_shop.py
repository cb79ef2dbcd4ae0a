"""A shop in memory behind our own port: it does something once for one key, and loses answers on demand."""

from dataclasses import dataclass, field
from uuid import UUID

from domain.delivery import ShopDone, ShopTask
from domain.errors import NotDone, TryAgain, Unclear


@dataclass
class FakeShop:
    """The port `Shop`. `lose` holds what the next calls suffer: "before" or "after" their effect, or a "look"."""

    totals: dict[str, int] = field(default_factory=dict)
    kept: dict[UUID, tuple[ShopTask, ShopDone | NotDone]] = field(default_factory=dict)
    lose: list[str] = field(default_factory=list)
    asked: int = 0

    def carry_out(self, task: ShopTask) -> ShopDone:
        self.asked += 1
        if self._loses("before"):
            raise Unclear("The answer was lost.")
        known, outcome = self.kept.setdefault(task.key, (task, self._do(task)))
        if self._loses("after"):
            raise Unclear("The answer was lost.")
        if known != task:
            raise Unclear("This key means something else.")
        return self._said(outcome)

    def look(self, key: UUID) -> ShopDone | None:
        if self._loses("look"):
            raise TryAgain("The shop does not answer.")
        return self._said(self.kept[key][1]) if key in self.kept else None

    def effects(self, key: UUID) -> int:
        return int(key in self.kept and isinstance(self.kept[key][1], ShopDone))

    def _do(self, task: ShopTask) -> ShopDone | NotDone:
        if task.key in self.kept:
            return self.kept[task.key][1]
        amount = task.amount.minor if task.amount else 0
        if amount > self.totals.get(task.order_number, 0):
            return NotDone("More than was paid would be paid back.")
        self.totals[task.order_number] -= amount
        return ShopDone(f"FAKE-{len(self.kept) + 1}")

    def _said(self, outcome: ShopDone | NotDone) -> ShopDone:
        if isinstance(outcome, NotDone):
            raise outcome
        return outcome

    def _loses(self, what: str) -> bool:
        if self.lose[:1] != [what]:
            return False
        self.lose.pop(0)
        return True
