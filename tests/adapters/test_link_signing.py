"""The token of a link: the same for the same row, and nothing else is one."""

from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from adapters.link_signing import LinkIds, signed, unsigned

SECRET = "a secret of at least thirty-two characters"
IDS = LinkIds(UUID(int=1), UUID(int=2))
TOKEN = signed(IDS, SECRET)


@given(st.uuids(), st.uuids())
def test_what_was_signed_is_read_again_and_is_always_the_same(tenant, link):
    ids = LinkIds(tenant, link)
    assert signed(ids, SECRET) == signed(ids, SECRET)
    assert unsigned(signed(ids, SECRET), SECRET) == ids


def test_another_secret_signs_another_token():
    other = signed(IDS, SECRET + "!")
    assert other != TOKEN
    assert unsigned(other, SECRET) is None


@given(st.text() | st.text(alphabet="0123456789abcdef", min_size=90, max_size=100))
def test_what_nobody_signed_is_no_token(token):
    assert unsigned(token, SECRET) is None


@given(st.integers(0, len(TOKEN) - 1), st.characters())
def test_one_other_letter_makes_it_no_token(place, letter):
    changed = TOKEN[:place] + letter + TOKEN[place + 1 :]
    assert unsigned(changed, SECRET) == (IDS if changed == TOKEN else None)


@given(st.integers(0, len(TOKEN) - 1))
def test_a_cut_token_is_none(length):
    assert unsigned(TOKEN[:length], SECRET) is None
    assert unsigned(TOKEN + TOKEN[:length] if length else TOKEN + "\n", SECRET) is None


def test_the_ids_of_one_token_do_not_go_with_the_code_of_another():
    other = signed(LinkIds(uuid4(), IDS.link), SECRET)
    assert unsigned(other[:64] + TOKEN[64:], SECRET) is None


def test_a_token_may_stand_in_an_address_and_in_no_form_but_one():
    assert TOKEN.isalnum()
    assert TOKEN.lower() == TOKEN
    assert unsigned(TOKEN.upper(), SECRET) is None
