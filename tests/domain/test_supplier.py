import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import BadInput
from domain.message import Address
from domain.supplier import Directory, Purpose, Supplier, checked_supplier

ACME = Supplier("Acme", ("acme.example",), ("jo@gmail.com",), {Purpose.RETURNS: "returns@acme.example"})
BOLT = Supplier("Bolt", ("bolt.example",), ("desk@acme.example",))
DIRECTORY = Directory((ACME, BOLT))


@pytest.mark.parametrize(
    ("sender", "found"),
    [
        ("returns@acme.example", ACME),
        ("anybody@acme.example", ACME),
        ("anybody@mail.acme.example", ACME),
        ("desk@acme.example", BOLT),
        ("jo@gmail.com", ACME),
        ("jo+orders@gmail.com", ACME),
        ("other@gmail.com", None),
        ("a@notacme.example", None),
        ("a@acme.example.evil.example", None),
    ],
)
def test_a_supplier_is_known_by_address_then_by_domain(sender, found):
    assert DIRECTORY.of(Address(sender)) is found
    assert DIRECTORY.knows(sender) is (found is not None)


def test_a_display_name_says_nothing():
    assert DIRECTORY.of(Address("eve@stranger.example", "returns@acme.example")) is None
    assert DIRECTORY.of(None) is None


def test_where_two_claim_one_domain_nobody_is_believed():
    assert Directory((ACME, Supplier("Twin", ("acme.example",)))).of(Address("a@acme.example")) is None


def test_a_free_mail_domain_is_never_a_suppliers_even_if_it_stands_in_the_table():
    assert Directory((Supplier("Sly", ("gmail.com",)),)).of(Address("a@gmail.com")) is None


def test_the_general_contact_stands_in():
    supplier = Supplier("A", contacts={Purpose.GENERAL: "a@a.example", Purpose.TRACKING: "t@a.example"})
    assert supplier.contact_for(Purpose.TRACKING) == "t@a.example"
    assert supplier.contact_for(Purpose.RETURNS) == "a@a.example"
    assert Supplier("B").contact_for(Purpose.RETURNS) == ""


def test_a_supplier_is_kept_in_one_form():
    kept = checked_supplier(
        Supplier("  Acme \n Ltd ", ("@Acme.Example", "acme.example."), (" Jo@Gmail.com ",), {Purpose.GENERAL: ""}, "DE")
    )
    assert kept == Supplier("Acme Ltd", ("acme.example",), ("jo@gmail.com",), {}, "de")


@pytest.mark.parametrize(
    ("supplier", "says"),
    [
        (Supplier(" ", ("a.example",)), "needs a name"),
        (Supplier("x" * 201, ("a.example",)), "at most 200"),
        (Supplier("A"), "needs a domain or an address"),
        (Supplier("A", ("gmail.com",)), "Anybody can have an address at gmail.com"),
        (Supplier("A", ("mail.gmx.de",)), "Anybody"),
        (Supplier("A", ("localhost",)), "is no domain"),
        (Supplier("A", ("shop.example",)), "this workspace's own"),
        (Supplier("A", ("example.shop",)), "this workspace's own"),
        (Supplier("A", ("co.uk",)), "shared by many"),
        (Supplier("A", ("com.br",)), "shared by many"),
        (Supplier("A", (), ("hello+acme@shop.example",)), "a mailbox of this workspace"),
        (Supplier("A", (), ("sh.op+x@googlemail.com",)), "a mailbox of this workspace"),
        (Supplier("A", (), ("hello@shop.example",)), "a mailbox of this workspace"),
        (Supplier("A", (), ("no address",)), "is no mail address"),
        (Supplier("A", (), ("a@b.example, c@d.example",)), "is no mail address"),
        (Supplier("A", (), ("a@b.example",), language="english"), "no language code"),
    ],
)
def test_what_cannot_be_kept_says_what_to_correct(supplier, says):
    with pytest.raises(BadInput, match=says):
        checked_supplier(supplier, ("hello@shop.example", "us@mail.example.shop", "shop@gmail.com"))


@given(st.text(), st.text(), st.text())
def test_any_text_is_kept_or_refused(name, domain, address):
    try:
        kept = checked_supplier(Supplier(name, (domain,), (address,)))
    except BadInput:
        return
    assert checked_supplier(kept) == kept
    assert not Directory((kept,)).knows("a@gmail.com")
