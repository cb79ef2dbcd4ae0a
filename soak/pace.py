"""How fast mail comes in a run: half of what the machine does at full pace, or less where that is asked for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """Mails a minute: at full pace, with the cores which that took, and in the run."""

    full: float
    cores: float
    mails: float

    @property
    def is_half(self) -> bool:
        return self.mails >= self.full / 2


def half_of(full: float, cores: float, at_most: float) -> Pace:
    return Pace(full, cores, min(full / 2, at_most))
