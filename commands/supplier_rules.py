"""`flask suppliers rules`: how a workspace reminds its suppliers, shown or changed."""

from datetime import date, timedelta
from typing import Any

import click

from commands.importing import tenant_of
from commands.settings_of import services_for
from domain.errors import BadInput
from domain.supplier_request import BusinessDays, Rung, RungKind, SupplierRules
from storage import supplier_rules as rows

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@click.command("rules")
@click.option("--tenant", "slug", required=True, help="The workspace's short name.")
@click.option("--reminding/--no-reminding", default=None, help="Whether suppliers are reminded at all.")
@click.option("--remind", "reminders", multiple=True, type=float, help="Remind so many business hours after we asked.")
@click.option("--alert", "alerts", multiple=True, type=float, help="Tell operations so many business hours after.")
@click.option("--weekdays", help="Business days, such as 1-5 or 1,2,4: 1 is Monday.")
@click.option("--zone", help="The time zone of the business days, such as Europe/Berlin.")
@click.option("--holidays", help="Days that do not count, such as 2026-12-25,2026-12-26; empty for none.")
@click.option("--operations", help="Where alerts go by mail; empty for the page alone.")
def rules(slug: str, **said: Any) -> None:
    """Show how suppliers are reminded, or change what is named. --remind and --alert together replace the ladder."""
    with services_for("database") as services:
        tenant = tenant_of(services, slug)
        with services.database.transaction(tenant) as db:
            now = rows.get(db, tenant)
            try:
                wanted = _changed(now, **said)
                if wanted != now:
                    now = rows.put(db, tenant, wanted, actor="command")
            except BadInput as error:
                raise click.ClickException(error.reason) from None
    click.echo(told(now))


def _changed(
    now: SupplierRules,
    *,
    reminding: bool | None,
    reminders: tuple[float, ...],
    alerts: tuple[float, ...],
    weekdays: str | None,
    zone: str | None,
    holidays: str | None,
    operations: str | None,
) -> SupplierRules:
    return SupplierRules(
        reminding=now.reminding if reminding is None else reminding,
        ladder=_ladder(reminders, alerts) or now.ladder,
        days=BusinessDays(
            zone or now.days.zone,
            now.days.weekdays if weekdays is None else _weekdays(weekdays),
            now.days.holidays if holidays is None else _holidays(holidays),
        ),
        operations_address=now.operations_address if operations is None else operations,
    )


def told(now: SupplierRules) -> str:
    """The rules in plain lines."""
    lines = [] if now.reminding else ["Suppliers are not reminded."]
    for rung in now.ladder:
        what = "we remind the supplier" if rung.kind is RungKind.REMIND else "operations is told"
        lines.append(f"After {rung.after / timedelta(hours=1):g} business hours {what}.")
    lines.append(f"Business days: {', '.join(DAYS[day - 1] for day in sorted(now.days.weekdays))} ({now.days.zone}).")
    if now.days.holidays:
        lines.append(f"Not counted: {', '.join(day.isoformat() for day in sorted(now.days.holidays))}.")
    lines.append(f"Alerts go to {now.operations_address}." if now.operations_address else "Alerts stand on their page.")
    return "\n".join(lines)


def _ladder(reminders: tuple[float, ...], alerts: tuple[float, ...]) -> tuple[Rung, ...]:
    named = [(hours, RungKind.REMIND) for hours in reminders] + [(hours, RungKind.ALERT) for hours in alerts]
    try:
        return tuple(Rung(kind, timedelta(hours=hours)) for hours, kind in sorted(named))
    except (OverflowError, ValueError):
        raise BadInput("ladder", "That many hours cannot be counted.") from None


def _weekdays(said: str) -> frozenset[int]:
    days: set[int] = set()
    try:
        for part in filter(None, said.replace(" ", "").split(",")):
            first, _, last = part.partition("-")
            days.update(range(int(first), int(last or first) + 1) if int(last or first) <= len(DAYS) else [0])
    except ValueError:
        raise BadInput("weekdays", f"{said!r} names no weekdays: write 1-5, or 1,2,4.") from None
    return frozenset(days)


def _holidays(said: str) -> frozenset[date]:
    try:
        return frozenset(date.fromisoformat(one) for one in filter(None, said.replace(" ", "").split(",")))
    except ValueError:
        raise BadInput("holidays", f"{said!r} names no days: write 2026-12-25,2026-12-26.") from None
