"""What was earned, as the columns of a row: thresholds of categories and of answers are kept alike."""

from typing import Any

from domain.earned import Earned, NotEnough, Standing

_COLUMNS = ("threshold", "n", "accepted", "errors", "upper_bound", "coverage")


def columns_of(found: Standing) -> dict[str, object]:
    """Every column, with no threshold where there is not enough."""
    match found:
        case Earned():
            return {"needed": 0, **{name: getattr(found, name) for name in _COLUMNS}}
        case NotEnough(n, needed):
            nothing = {"threshold": None, "accepted": 0, "errors": 0, "upper_bound": 1.0, "coverage": 0.0}
            return {"n": n, "needed": needed, **nothing}


def standing_of(row: Any) -> Standing:
    """From a row with these columns."""
    return NotEnough(row.n, row.needed) if row.threshold is None else Earned(*(getattr(row, name) for name in _COLUMNS))
