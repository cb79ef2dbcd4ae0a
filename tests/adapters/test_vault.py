"""What the vault seals opens only where it was sealed, and never shows itself."""

import base64
import itertools

import pytest

from adapters.vault import CannotOpen, KeyRing, Vault, new_key
from domain.errors import BadInput
from domain.sealed import Sealed

ROW = {"tenant": "t1", "mailbox": "m1", "field": "refresh_token"}


@pytest.fixture
def ring() -> KeyRing:
    return KeyRing.parse(new_key("2026a"))


def test_what_was_sealed_opens_again(ring):
    vault = Vault(ring)
    assert vault.open(vault.seal(b"1//secret", **ROW), **ROW) == b"1//secret"


def test_an_empty_and_a_large_secret_survive(ring):
    vault = Vault(ring)
    for secret in (b"", bytes(100_000)):
        assert vault.open(vault.seal(secret, **ROW), **ROW) == secret


def test_the_same_secret_never_looks_the_same_twice(ring):
    vault = Vault(ring)
    assert len({vault.seal(b"secret", **ROW).value for _ in range(100)}) == 100


@pytest.mark.parametrize(("name", "other"), [("tenant", "t2"), ("mailbox", "m2"), ("field", "access_token")])
def test_a_secret_moved_to_another_row_does_not_open(ring, name, other):
    sealed = Vault(ring).seal(b"secret", **ROW)
    with pytest.raises(CannotOpen, match="not sealed for this row"):
        Vault(ring).open(sealed, **{**ROW, name: other})


def test_shifting_a_letter_between_tenant_and_mailbox_does_not_open(ring):
    vault = Vault(ring)
    sealed = vault.seal(b"secret", tenant="ab", mailbox="c", field="f")
    with pytest.raises(CannotOpen):
        vault.open(sealed, tenant="a", mailbox="bc", field="f")


def test_every_changed_byte_is_noticed(ring):
    vault = Vault(ring)
    whole = vault.seal(b"secret", **ROW).value
    for position in range(len(whole)):
        changed = bytearray(whole)
        changed[position] ^= 1
        with pytest.raises(CannotOpen):
            vault.open(Sealed(bytes(changed)), **ROW)


def test_every_truncation_is_noticed(ring):
    vault = Vault(ring)
    whole = vault.seal(b"secret", **ROW).value
    for length in range(len(whole)):
        with pytest.raises(CannotOpen):
            vault.open(Sealed(whole[:length]), **ROW)


def test_a_new_first_key_seals_and_the_old_one_still_opens():
    old, new = new_key("old"), new_key("new")
    sealed = Vault(KeyRing.parse(old)).seal(b"secret", **ROW)
    vault = Vault(KeyRing.parse(f"{new},{old}"))
    assert vault.open(sealed, **ROW) == b"secret"
    assert vault.needs_rotation(sealed)

    resealed = vault.reseal(sealed, **ROW)
    assert not vault.needs_rotation(resealed)
    assert Vault(KeyRing.parse(new)).open(resealed, **ROW) == b"secret"


def test_a_missing_key_is_named_in_the_error(ring):
    sealed = Vault(ring).seal(b"secret", **ROW)
    with pytest.raises(CannotOpen, match="'2026a', which is not among the keys"):
        Vault(KeyRing.parse(new_key("other"))).open(sealed, **ROW)


def test_nothing_shows_the_key_or_the_secret(ring):
    sealed = Vault(ring).seal(b"secret", **ROW)
    assert repr(sealed) == str(sealed) == "Sealed(...)"
    assert repr(ring) == "KeyRing(current='2026a')"


def test_url_safe_base64_is_a_key_too():
    key = bytes(itertools.islice(itertools.cycle((0xFB, 0xFF)), 32))
    assert KeyRing.parse(f"a:{base64.urlsafe_b64encode(key).decode()}").keys["a"] == key


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "There is no key"),
        (" , ", "There is no key"),
        ("justakey", "Entry 1 must read name:key"),
        (":abcd", "Entry 1 must read name:key"),
        ("bad name:abcd", "Entry 1 must read name:key"),
        ("a:!!!!", "'a' is not base64"),
        ("a:kéy=", "'a' is not base64"),
        ("a:c2hvcnQ=", "'a' has 5 bytes"),
        (f"a:{base64.b64encode(bytes(32)).decode()},a:{base64.b64encode(bytes(32)).decode()}", "stands there twice"),
    ],
)
def test_a_malformed_key_ring_gets_one_sentence(text, sentence):
    with pytest.raises(BadInput, match=sentence) as raised:
        KeyRing.parse(text, "TOKEN_KEYS")
    assert raised.value.field == "TOKEN_KEYS"
    assert "c2hvcnQ" not in str(raised.value)
