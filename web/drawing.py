"""What every drawing that the server makes has: marks along its edges."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the grid, or a word beside it: `at` in the units of the drawing."""

    at: float
    label: str
