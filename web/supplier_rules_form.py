"""The form of the reminders: the rules as texts in fields, and the rules that texts make, or what is wrong where."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.supplier_request import BusinessDays, Rung, RungKind, SupplierRules
from web.fields import letter, line

MOST_RUNGS, MOST_HOURS, MOST_HOLIDAYS = 8, 2160, 200
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HOUR = timedelta(hours=1)

_WHOLE = re.compile(r"[0-9]{1,5}")
_ADDRESS = re.compile(r"[^\s@<>,;\"()\[\]\\]{1,64}@(?:[a-z0-9-]{1,63}\.)+[a-z][a-z0-9-]{1,62}")

Typed = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the form, as it was typed."""

    kind: str
    hours: str


@dataclass(slots=True)
class Reading:
    """`problems` has one sentence for each field that cannot be used."""

    typed: Typed
    problems: dict[str, str] = field(default_factory=dict)

    def line(self, name: str) -> str:
        return line(self.typed.get(name, ""))


def typed_of(rules: SupplierRules) -> dict[str, str]:
    """The rules as the form's fields hold them."""
    steps = {
        key: text
        for number, rung in enumerate(rules.ladder)
        for key, text in ((f"kind-{number}", rung.kind.value), (f"hours-{number}", _hours(rung.after)))
    }
    return {
        **steps,
        **{f"day-{day}": "yes" for day in rules.days.weekdays},
        "reminding": "yes" if rules.reminding else "",
        "zone": rules.days.zone,
        "holidays": "\n".join(day.isoformat() for day in sorted(rules.days.holidays)),
        "address": rules.operations_address,
    }


def steps_of(typed: Typed) -> list[Step]:
    """The lines of the ladder, in the order of their numbers; one more than may be is kept, so that it can be said."""
    known = [number for number in range(MOST_RUNGS + 1) if f"hours-{number}" in typed or f"kind-{number}" in typed]
    return [Step(typed.get(f"kind-{number}", ""), typed.get(f"hours-{number}", "")) for number in known]


def with_steps(typed: Typed, steps: list[Step]) -> dict[str, str]:
    """The same form with these lines as its ladder."""
    kept = {name: text for name, text in typed.items() if not name.startswith(("kind-", "hours-"))}
    for number, step in enumerate(steps):
        kept |= {f"kind-{number}": step.kind, f"hours-{number}": step.hours}
    return kept


def rules_of(typed: Typed) -> tuple[SupplierRules, dict[str, str]]:
    """The rules that the fields make, and a sentence for each field that could not be used: none is kept then."""
    read = Reading(typed)
    reminding = bool(read.line("reminding"))
    ladder = _ladder(read)
    if not ladder and not read.problems:
        read.problems["steps"] = "Add a step. Who wants to remind nobody switches reminders off."
    weekdays = frozenset(day for day in range(1, 8) if read.line(f"day-{day}"))
    if not weekdays:
        read.problems["days"] = "Tick one day at least: time passes on those alone."
    days = BusinessDays(_zone(read), weekdays, _holidays(read))
    address = read.line("address").lower()
    if address and not _ADDRESS.fullmatch(address):
        read.problems["address"] = f"“{address[:100]}” is no mail address."
    return SupplierRules(reminding, ladder, days, address), read.problems


def _ladder(read: Reading) -> tuple[Rung, ...]:
    found: list[Rung] = []
    steps = steps_of(read.typed)
    if len(steps) > MOST_RUNGS:
        read.problems["steps"] = f"At most {MOST_RUNGS} steps are kept."
    for number, step in enumerate(steps):
        name, hours = f"hours-{number}", line(step.hours)
        if step.kind not in set(RungKind):
            read.problems[f"kind-{number}"] = "Choose what is done."
        elif not _WHOLE.fullmatch(hours) or not 1 <= int(hours) <= MOST_HOURS:
            read.problems[name] = f"Write whole hours from 1 to {MOST_HOURS}."
        elif found and int(hours) * HOUR <= found[-1].after:
            read.problems[name] = "Each step comes later than the one before it."
        else:
            found.append(Rung(RungKind(step.kind), int(hours) * HOUR))
    return tuple(found)


def _zone(read: Reading) -> str:
    zone = read.line("zone")
    try:
        return ZoneInfo(zone).key
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder of zones.
        read.problems["zone"] = "Write the name of a zone, such as Europe/Berlin."
        return BusinessDays().zone


def _holidays(read: Reading) -> frozenset[date]:
    found: set[date] = set()
    for text in filter(None, map(line, letter(read.typed.get("holidays", "")).splitlines())):
        try:
            found.add(date.fromisoformat(text))
        except ValueError:
            read.problems["holidays"] = f"“{text[:40]}” is no day. Write each as 2026-12-25."
    if len(found) > MOST_HOLIDAYS:
        read.problems["holidays"] = f"At most {MOST_HOLIDAYS} holidays are kept."
    return frozenset(found)


def _hours(after: timedelta) -> str:
    return f"{after / HOUR:g}"
