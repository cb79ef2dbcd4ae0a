"""The ladder of reminders and alerts: which rung is next, and when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.business_time import later
from domain.supplier_request import Rung, RungKind, SupplierRules


@dataclass(frozen=True, slots=True)
class NextRung:
    """`position` counts from 0 within a round; `due_at` is UTC."""

    position: int
    rung: Rung
    due_at: datetime


def next_rung(rules: SupplierRules, asked_at: datetime | None, rungs_done: int) -> NextRung | None:
    """None before our message has left, at the end of the ladder, and where the tenant reminds nobody."""
    if asked_at is None or not rules.reminding or rungs_done >= len(rules.ladder):
        return None
    rung = rules.ladder[rungs_done]
    return NextRung(rungs_done, rung, later(asked_at, rung.after, rules.days))


def resumed(ladder: Sequence[Rung], climbed: Mapping[RungKind, int]) -> int:
    """How many rungs of a ladder that has changed count as done, by how many of each kind were climbed on the old one.

    The next is the first rung that nothing of its kind stands for yet: who shortens the ladder loses no alert by it.
    """
    left = dict(climbed)
    for position, rung in enumerate(ladder):
        if not left.get(rung.kind, 0):
            return position
        left[rung.kind] -= 1
    return len(ladder)


def not_before(rules: SupplierRules, position: int, reminded_at: datetime | None) -> datetime | None:
    """When a reminder may leave at the earliest, by when the one before it left; None where nothing stands against it.

    What was held back for days must not be followed by the next one within the hour.
    """
    rung = rules.ladder[position]
    earlier = [one for one in rules.ladder[:position] if one.kind is RungKind.REMIND]
    if reminded_at is None or rung.kind is not RungKind.REMIND or not earlier:
        return None
    return later(reminded_at, (rung.after - earlier[-1].after) / 2, rules.days)
