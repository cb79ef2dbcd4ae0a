"""`flask suppliers rules`: shown as they are, changed by what is named, refused in one sentence."""

from datetime import date, timedelta

from domain.supplier_request import RungKind
from storage import supplier_rules
from tests.commands.test_upkeep import flask


def rules(settings, workspace, *options):
    return flask(settings, "suppliers", "rules", "--tenant", workspace.slug, *options)


def test_the_usual_rules_are_shown_and_what_is_named_is_changed(settings, services, workspace):
    shown = rules(settings, workspace).stdout.splitlines()
    assert shown[0] == "After 24 business hours we remind the supplier."
    assert shown[-1] == "Alerts stand on their page."

    changed = rules(
        settings, workspace, "--remind", "12", "--alert", "36.5", "--weekdays", "1-4,6", "--holidays", "2026-12-25",
        "--operations", "Ops@Merchant.example",
    )  # fmt: skip
    assert changed.stdout.splitlines() == [
        "After 12 business hours we remind the supplier.",
        "After 36.5 business hours operations is told.",
        "Business days: Monday, Tuesday, Wednesday, Thursday, Saturday (Europe/Berlin).",
        "Not counted: 2026-12-25.",
        "Alerts go to ops@merchant.example.",
    ], changed.stderr
    with services.database.transaction(workspace.id) as db:
        kept = supplier_rules.get(db, workspace.id)
    assert [(rung.kind, rung.after) for rung in kept.ladder] == [
        (RungKind.REMIND, timedelta(hours=12)), (RungKind.ALERT, timedelta(hours=36.5)),
    ]  # fmt: skip
    assert kept.days.holidays == {date(2026, 12, 25)}

    refused = rules(settings, workspace, "--weekdays", "9")
    assert refused.returncode == 1
    assert "Name at least one weekday" in refused.stderr
    assert rules(settings, workspace, "--no-reminding").stdout.startswith("Suppliers are not reminded.\nAfter 12 ")
