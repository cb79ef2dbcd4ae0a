"""The words of suppliers' mail, read once from their file."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from domain.supplier_news import Status


@dataclass(frozen=True, slots=True)
class SupplierWords:
    """Expressions over one sentence in small letters. `months` are names of the twelve, joined by `|`."""

    statuses: dict[Status, tuple[re.Pattern[str], ...]]
    doubts: dict[Status, re.Pattern[str]]
    doubts_day: re.Pattern[str]
    arrival: re.Pattern[str]
    departure: re.Pattern[str]
    tracking: re.Pattern[str]
    telling: re.Pattern[str]
    months: tuple[str, ...]


@cache
def words() -> SupplierWords:
    read = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    status, stock = re.compile(read["doubts_status"]), re.compile(read["doubts_stock"])
    return SupplierWords(
        statuses={one: tuple(re.compile(each) for each in read[one.value]) for one in Status},
        doubts={one: stock if one is Status.UNAVAILABLE else status for one in Status},
        doubts_day=re.compile(read["doubts_day"]),
        arrival=re.compile(read["arrival"]),
        departure=re.compile(read["departure"]),
        tracking=re.compile(read["tracking"]),
        telling=re.compile(read["telling"]),
        months=tuple(read["months"]),
    )
