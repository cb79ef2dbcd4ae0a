"""A tenant's rules of reminding in the form that is kept."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from zoneinfo import available_timezones

from domain.errors import BadInput
from domain.message import Address
from domain.supplier import mail_address
from domain.supplier_request import BusinessDays, SupplierRules

MOST_RUNGS = 10
MOST_HOLIDAYS = 400
SHORTEST, LONGEST = timedelta(hours=1), timedelta(days=90)


def checked_rules(rules: SupplierRules, own_addresses: Sequence[str] = ()) -> SupplierRules:
    """The rules in the form that is kept. Raises BadInput with one sentence that says what to correct."""
    _check_ladder(rules)
    _check_days(rules.days)
    address = rules.operations_address.strip()
    if address:
        address = mail_address(address)
        if Address(address).reaches in {Address(own).reaches for own in own_addresses}:
            raise BadInput("operations_address", f"{address} is a mailbox that is read here: an alert would come back.")
    return replace(rules, operations_address=address)


def _check_ladder(rules: SupplierRules) -> None:
    if not 1 <= len(rules.ladder) <= MOST_RUNGS:
        raise BadInput("ladder", f"The ladder needs one to {MOST_RUNGS} steps.")
    waits = [rung.after for rung in rules.ladder]
    if not all(SHORTEST <= wait <= LONGEST for wait in waits):
        raise BadInput("ladder", "Each step comes at least one hour after we asked, and at most 90 days after.")
    if waits != sorted(set(waits)):
        raise BadInput("ladder", "Each step has to come later than the one before it.")


def _check_days(days: BusinessDays) -> None:
    if days.zone not in available_timezones():
        raise BadInput("zone", f"{days.zone[:60]!r} is no time zone, such as Europe/Berlin.")
    if not days.weekdays or not days.weekdays <= frozenset(range(1, 8)):
        raise BadInput("weekdays", "Name at least one weekday, from 1 for Monday to 7 for Sunday.")
    if len(days.holidays) > MOST_HOLIDAYS:
        raise BadInput("holidays", f"At most {MOST_HOLIDAYS} holidays can be kept: leave out those that are over.")
