"""`flask suppliers import`: good rows are stored each on its own, bad ones are named by their line."""

import threading

import pytest

from domain.errors import BadInput
from domain.supplier import Purpose, Supplier
from storage import suppliers, tenants
from tests.commands.test_upkeep import flask

HEADING = "name,domains,addresses,general,returns,tracking,language\n"


@pytest.fixture
def imported(settings, workspace, tmp_path):
    def run(text: str, encoding: str = "utf-8"):
        file = tmp_path / "suppliers.csv"
        file.write_bytes(text.encode(encoding))
        return flask(settings, "suppliers", "import", str(file), "--tenant", workspace.slug)

    return run


def listed(services, workspace) -> tuple[Supplier, ...]:
    with services.database.transaction(workspace.id) as db:
        return suppliers.directory(db, workspace.id).suppliers


def test_good_rows_are_stored_and_bad_ones_are_named_by_line(imported, services, workspace):
    done = imported(
        f"{HEADING}Acme,acme.example acme2.example,,desk@acme.example,returns@acme.example,,de\n"
        'Bolt,gmail.com,,,,,\n"Two\nlines",two.example,,,,,\n\n,nobody.example,,,,,\nThief,acme.example,,,,,\n'
        "Free,,jo@gmail.com,,,,\n"
    )
    assert done.stdout == "3 suppliers imported, 3 rows left out.\n", done.stderr
    assert done.stderr.splitlines() == [
        "line 3: Anybody can have an address at gmail.com: enter the supplier's addresses instead.",
        "line 7: A supplier needs a name of at most 200 characters.",
        "line 8: acme.example belongs to Acme already.",
    ]
    acme, free, two = listed(services, workspace)
    assert (acme.domains, acme.language) == (("acme.example", "acme2.example"), "de")
    assert acme.contacts == {Purpose.GENERAL: "desk@acme.example", Purpose.RETURNS: "returns@acme.example"}
    assert (free.addresses, two.name) == (("jo@gmail.com",), "Two lines")


def test_the_same_name_again_brings_it_up_to_date(imported, services, workspace):
    imported("name;domains\nAcme;acme.example\n")
    done = imported("\ufeffName;Domains\nACME;new.example\n")
    assert done.stdout == "1 suppliers imported, 0 rows left out.\n", done.stderr
    (acme,) = listed(services, workspace)
    assert (acme.name, acme.domains) == ("ACME", ("new.example",))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "lacks the column name"),
        ("domains\na.example\n", "lacks the column name"),
        (f"{HEADING}{'x' * 200_000}\n", "Line 2 is no CSV"),
        (f"{'x' * 200_000}\n", "Line 1 is no CSV"),
        ("name,phone\nA,1\n", "mean nothing here: phone"),
    ],
)
def test_what_is_no_such_file_changes_nothing_and_says_why(imported, services, workspace, text, says):
    done = imported(text)
    assert (done.returncode, says in done.stderr) == (2, True), done.stderr
    assert listed(services, workspace) == ()


def test_a_file_in_another_encoding_says_so(imported):
    assert "save it as CSV in UTF-8" in imported("name\nMüller\n", "latin-1").stderr


def test_two_who_enter_one_address_at_once_do_not_both_get_it(services, workspace):
    ready, outcomes = threading.Barrier(2), []

    def enter(name: str) -> None:
        ready.wait()
        try:
            with services.database.transaction(workspace.id) as db:
                suppliers.save(db, workspace.id, Supplier(name, ("one.example",)), actor="test")
            outcomes.append("saved")
        except BadInput as error:
            outcomes.append(error.field)

    threads = [threading.Thread(target=enter, args=(name,)) for name in ("A", "B")]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(outcomes) == ["contacts", "saved"]


def test_a_removed_supplier_is_known_no_more_and_makes_room(services, workspace):
    with services.database.transaction(workspace.id) as db:
        first = suppliers.save(db, workspace.id, Supplier("Acme", ("acme.example",)), actor="test")
        assert suppliers.remove(db, workspace.id, first, actor="test")
        assert not suppliers.remove(db, workspace.id, first, actor="test")
        assert suppliers.directory(db, workspace.id).suppliers == ()
        with pytest.raises(BadInput, match="removed meanwhile"):
            suppliers.save(db, workspace.id, Supplier("Acme", ("acme.example",), id=first), actor="test")
        assert suppliers.save(db, workspace.id, Supplier("Acme", ("acme.example",)), actor="test") != first


def test_drafts_for_customers_are_switched_off_and_on(settings, services, workspace):
    for state, drafted in (("off", False), ("on", True)):
        done = flask(settings, "suppliers", "drafts", state, "--tenant", workspace.slug)
        assert done.stdout == f"Drafts for customers from suppliers' answers: {state}.\n", done.stderr
        with services.database.transaction(workspace.id) as db:
            assert tenants.get(db, workspace.id).drafts_supplier_news is drafted
