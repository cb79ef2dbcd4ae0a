"""The state of a refund or order action over several mails."""

from dataclasses import dataclass, replace

ENDED = frozenset({"refused", "executed", "confirmed", "expired", "withdrawn"})


@dataclass(frozen=True, slots=True)
class Case:
    """`asked` remembers what was asked for, so that nothing is asked twice; `wrong_numbers` what was tried in vain.

    `version` rises with every move: two mails, or a worker and a member, cannot both move one case.
    """

    kind: str
    state: str = "requested"
    order_number: str = ""
    asked: tuple[str, ...] = ()
    wrong_numbers: tuple[str, ...] = ()
    version: int = 0

    @property
    def is_open(self) -> bool:
        """Whether the machine still asks; otherwise a person has it, or it has ended."""
        return self.state in {"requested", "order_wanted"}

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED

    def asking(self, what: str, state: str) -> "Case":
        return replace(self, state=state, asked=(*self.asked, what))

    def moved_to(self, state: str, *, order_number: str = "") -> "Case":
        return replace(self, state=state, order_number=order_number or self.order_number)

    def with_wrong_numbers(self, *numbers: str) -> "Case":
        new = tuple(number for number in numbers if number not in self.wrong_numbers)
        return replace(self, wrong_numbers=(*self.wrong_numbers, *new))

    def onto(self, now: "Case | None") -> "Case | None":
        """Take this step, decided earlier, only now; None where there is no step to take any more.

        What was asked and tried meanwhile is kept. A case that a person has by now, or that has ended, stays so.
        """
        if now is None:
            return replace(self, version=0)
        if now.has_ended and self.version == 0:
            return self
        if not now.is_open or now.kind != self.kind:
            return None
        if now.version == self.version:
            return self
        return replace(
            self,
            order_number=self.order_number or now.order_number,
            asked=tuple(dict.fromkeys((*now.asked, *self.asked))),
            wrong_numbers=tuple(dict.fromkeys((*now.wrong_numbers, *self.wrong_numbers))),
            version=now.version,
        )
