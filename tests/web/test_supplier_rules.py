"""The reminders' form: saved as read, steps added and taken away without a script, nothing that was typed lost."""

from datetime import date, timedelta

import pytest

from domain.supplier_request import LADDER, BusinessDays, Rung, RungKind, SupplierRules
from storage import supplier_rules
from tests.web.conftest import seen
from web.supplier_rules_form import rules_of, typed_of

PATH = "/suppliers/reminders"
USUAL = {**typed_of(SupplierRules()), "act": "save"}


@pytest.fixture
def kept(filler):
    def read() -> SupplierRules:
        with filler.database.transaction(filler.tenant) as db:
            return supplier_rules.get(db, filler.tenant)

    return read


def test_the_usual_rules_are_said_in_one_sentence(browser):
    page = seen(browser.page(PATH))
    assert (
        "After 24 hours on business days we remind; after 48 hours we remind; and after 72 hours we tell oper" in page
    )
    assert "Monday, Tuesday, Wednesday, Thursday and Friday in the zone Europe/Berlin" in page


def test_what_is_saved_is_what_was_typed(browser, kept):
    typed = {
        **USUAL, "hours-0": "12", "zone": "Europe/Madrid", "day-6": "yes", "holidays": "2026-12-25\r\n2026-12-24",
        "address": "Ops@Lumen.example", "kind-1": "alert",
    }  # fmt: skip
    page = seen(browser.press(PATH, typed))
    assert "Saved. What is open already" in page
    assert "After 12 hours" in page
    hour = timedelta(hours=1)
    assert kept() == SupplierRules(
        ladder=(Rung(RungKind.REMIND, 12 * hour), Rung(RungKind.ALERT, 48 * hour), Rung(RungKind.ALERT, 72 * hour)),
        days=BusinessDays(
            "Europe/Madrid", frozenset({1, 2, 3, 4, 5, 6}), frozenset({date(2026, 12, 24), date(2026, 12, 25)})
        ),
        operations_address="ops@lumen.example",
    )


def test_a_form_that_nobody_changed_saves_what_it_was_made_from():
    rules, problems = rules_of(typed_of(SupplierRules()))
    assert (rules, problems) == (SupplierRules(), {})
    assert rules.ladder == LADDER


def test_steps_are_added_and_taken_away_and_nothing_is_saved_by_that(browser, kept):
    page = browser.press(PATH, {**USUAL, "act": "add", "zone": "Nowhere/Yet"})
    assert 'name="hours-3"' in page
    assert 'value="Nowhere/Yet"' in page
    assert "Nothing is saved yet" in seen(page)
    page = browser.press(PATH, {**USUAL, "act": "remove-1"})
    assert 'name="hours-2"' not in page
    assert 'value="72"' in page
    assert 'value="48"' not in page
    full = {**USUAL, **{f"hours-{n}": str(10 + n) for n in range(8)}, **{f"kind-{n}": "remind" for n in range(8)}}
    assert "At most 8 steps are kept." in seen(browser.press(PATH, {**full, "act": "add"}))
    assert kept() == SupplierRules()


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"hours-0": "soon"}, "Write whole hours from 1 to 2160."),
        ({"hours-0": "0"}, "Write whole hours from 1 to 2160."),
        ({"hours-0": "99999"}, "Write whole hours from 1 to 2160."),
        ({"hours-1": "24"}, "Each step comes later than the one before it."),
        ({"kind-0": "shout"}, "Choose what is done."),
        ({"zone": "Europe"}, "Write the name of a zone"),
        ({"zone": "../../etc/passwd"}, "Write the name of a zone"),
        ({"zone": ""}, "Write the name of a zone"),
        ({"holidays": "25.12.2026"}, "is no day"),
        ({"address": "nobody"}, "is no mail address"),
        ({f"day-{day}": "" for day in range(1, 8)}, "Tick one day at least"),
        ({name: None for name in USUAL if name.startswith(("hours", "kind"))}, "Add a step. Who wants"),
        ({f"{what}-{n}": {"hours": f"{n + 1}", "kind": "remind"}[what] for n in range(9) for what in ("hours", "kind")},
         "At most 8 steps"),
    ],
    ids=[
        "words", "none", "too long", "not later", "kind", "folder", "path", "no zone", "holiday", "address", "no day",
        "no step", "too many",
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_one_sentence(typed, says):
    form = {name: value for name, value in {**USUAL, **typed}.items() if value is not None}
    _, problems = rules_of(form)
    assert [says in sentence for sentence in problems.values()] == [True]


def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost_or_saved(browser, kept):
    typed = {**USUAL, "hours-0": "soon", "zone": "Nowhere", "address": "kept@lumen.example"}
    page = browser.press(PATH, typed)
    assert "Nothing was saved. Write whole hours from 1 to 2160." in seen(page)
    assert 'aria-describedby="zone-note problem-zone"' in page
    assert 'value="soon"' in page
    assert 'value="kept@lumen.example"' in page
    assert kept() == SupplierRules()


def test_alerts_go_to_nobody_who_is_a_supplier_and_to_no_mailbox_that_is_read_here(browser, kept, filler):
    filler.mailbox("support@lumen.example")
    browser.press("/suppliers/new", {"name": "Acme", "domains": "acme.example", "language": "en"})
    assert "a supplier’s address" in seen(browser.press(PATH, {**USUAL, "address": "boss@acme.example"}))
    assert "would come back as a mail" in seen(browser.press(PATH, {**USUAL, "address": "support@lumen.example"}))
    assert kept() == SupplierRules()


def test_reminders_can_be_switched_off_and_their_steps_are_kept(browser, kept):
    form = {name: value for name, value in USUAL.items() if name != "reminding"}
    assert "Reminders are switched off" in seen(browser.press(PATH, form))
    assert (kept().reminding, kept().ladder) == (False, LADDER)


@pytest.mark.parametrize("role", ["agent", "viewer"])
def test_others_read_the_rules_and_cannot_change_them(join, kept, role):
    other = join(role)
    page = other.page(PATH)
    assert "After 24 hours" in seen(page)
    assert "Save the reminders" not in page
    assert other.post(PATH, USUAL).status_code == 403
    assert kept() == SupplierRules()
