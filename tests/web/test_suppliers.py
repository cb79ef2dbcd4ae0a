"""The suppliers: what stands in the list, and the form that never loses what was typed."""

import pytest

from domain.supplier import Purpose, Supplier
from storage import suppliers
from tests.web.conftest import seen

ACME = {"name": "Acme", "domains": "acme.example\r\nacme2.example", "general": "desk@acme.example", "language": "de"}


@pytest.fixture
def listed(filler):
    def read() -> tuple[Supplier, ...]:
        with filler.database.transaction(filler.tenant) as db:
            return suppliers.directory(db, filler.tenant).suppliers

    return read


def test_an_empty_list_says_what_it_is_good_for(browser):
    assert "No supplier yet" in seen(browser.page("/suppliers"))


def test_a_supplier_is_added_changed_and_removed(browser, listed):
    assert "Mail from Acme is known by its sender" in seen(browser.press("/suppliers/new", ACME))
    (acme,) = listed()
    assert (acme.domains, acme.contacts) == (
        ("acme.example", "acme2.example"),
        {Purpose.GENERAL: "desk@acme.example"},
    )
    page = browser.page(f"/suppliers/{acme.id}/change")
    assert 'value="desk@acme.example"' in page
    assert "acme.example\nacme2.example" in page
    browser.press(f"/suppliers/{acme.id}/change", {**ACME, "name": "Acme Lamps", "returns": "r@acme.example"})
    (changed,) = listed()
    assert (changed.id, changed.name) == (acme.id, "Acme Lamps")
    assert "For returns r@acme.example" in seen(browser.page("/suppliers"))
    browser.press(f"/suppliers/{acme.id}/remove")
    assert listed() == ()
    assert "It was removed from the directory" in seen(browser.page(f"/suppliers/{acme.id}"))
    assert browser.get(f"/suppliers/{acme.id}/change").status_code == 404
    assert browser.post(f"/suppliers/{acme.id}/remove").status_code == 404


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"domains": "gmail.com"}, "Anybody can have an address at gmail.com"),
        ({"general": "no address"}, "is no mail address"),
        ({"name": ""}, "needs a name"),
        ({"language": "xyz"}, "no language code"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(browser, listed, typed, says):
    page = browser.press("/suppliers/new", {**ACME, "tracking": "kept@acme.example", **typed})
    assert says in seen(page)
    assert 'value="kept@acme.example"' in page
    assert listed() == ()


def test_a_supplier_by_whom_no_mail_is_known_is_none(browser, listed):
    assert "needs a domain or an address" in seen(browser.press("/suppliers/new", {"name": "A", "language": "en"}))
    assert listed() == ()


def test_a_name_or_a_domain_belongs_to_one_supplier(browser, listed):
    browser.press("/suppliers/new", ACME)
    assert "There is a supplier called ACME already" in seen(browser.press("/suppliers/new", {**ACME, "name": "ACME"}))
    assert "acme.example belongs to Acme already" in seen(browser.press("/suppliers/new", {**ACME, "name": "Bolt"}))
    assert len(listed()) == 1


def test_the_list_is_searched_by_name_domain_and_address(browser):
    browser.press("/suppliers/new", ACME)
    browser.press("/suppliers/new", {"name": "Bolt", "domains": "bolt.example"})
    for words in ("BOLT", "bolt.ex"):
        assert "Acme" not in seen(browser.page(f"/suppliers?q={words}"))
    assert "No supplier fits" in seen(browser.page("/suppliers?q=<b>nobody"))


def test_a_name_full_of_markup_is_only_a_name(browser):
    browser.press("/suppliers/new", {**ACME, "name": "<script>alert(1)</script>\u202e"})
    assert "<script>alert" not in browser.page("/suppliers")


@pytest.mark.parametrize("role", ["agent", "viewer"])
def test_only_who_manages_may_change_the_list(browser, listed, join, role):
    browser.press("/suppliers/new", ACME)
    other, (acme,) = join(role), listed()
    page = other.page("/suppliers")
    assert "Acme" in seen(page)
    assert "Add a supplier" not in page
    for path in ("/suppliers/new", f"/suppliers/{acme.id}/change", f"/suppliers/{acme.id}/remove"):
        assert other.post(path, ACME).status_code == 403
    assert other.get("/suppliers/new").status_code == 403
    assert len(listed()) == 1
