"""Which passwords are taken, how they are kept, and what recovery codes are worth."""

import math
import re
import time
from datetime import timedelta

import pytest
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from domain.errors import BadInput
from domain.sealed import Sealed
from storage import members, resets, second_factor
from tests.conftest import PASSWORD, Workspace
from tests.web.conftest import Browser, seen, signed_in
from tests.web.filling import Filler
from tests.web.test_isolation import Rows
from tests.web.walking import full_workspace, ways
from web import passwords
from web.session import OPEN

GUESSED = (
    "password1234", "123456789012", "qwertyuiopas", "Passw0rd!Passw0rd!", "letmeinletmein", "aaaaaaaaaaaaaaaaaa",
    "princess123456", "1qaz2wsx3edc", "drowssap1234", "Mailwright2026", "iloveyou1234", "11/11/2011!!",
    "mailwright mailwright", "admin@mailwright",
)  # fmt: skip
TAKEN = (PASSWORD, "correct horse battery", "übermäßig schöne Lampen", "只有我知道这个非常长的句子", "zq8Kd0-mmWx2")


def test_a_password_has_twelve_characters_at_least_and_as_many_as_one_likes() -> None:
    """Of any signs, none demanded; compared to the last one, in their case, with the blanks around them."""
    for chosen in (*TAKEN, "longer than it is looked at " * 40, "lower case letters only", "    with blanks around   "):
        kept = passwords.hashed(chosen)
        assert passwords.matches(kept, chosen)
        for other in (chosen[:-1], chosen + " ", chosen.swapcase(), chosen.strip()[1:], chosen[:72]):
            assert other == chosen or not passwords.matches(kept, other), other
    with pytest.raises(BadInput, match="at least 12"):
        passwords.hashed("elevenchars")


def test_no_leaked_password_of_the_list_is_taken() -> None:
    """All of thirty thousand that are long enough; and each of the 3000 usual ones with itself behind it."""
    leaked = FREQUENCY_LISTS["passwords"]
    assert len(leaked) == 30_000
    long_enough = [one for one in leaked if len(one) >= passwords.SHORTEST]
    assert len(long_enough) > 200
    doubled = [one * math.ceil(passwords.SHORTEST / len(one)) for one in leaked[:3000:20]]
    assert [one for one in (*long_enough, *doubled) if not passwords.is_guessable(one)] == []


def test_an_easily_guessed_password_is_refused_wherever_one_is_chosen(
    app, stranger: Browser, browser: Browser, workspace: Workspace, filler: Filler
) -> None:
    """Also one made of what others know: the address, the name, the shop. Nothing is kept of it."""
    for one in GUESSED:
        assert passwords.is_guessable(one), one
    for one in TAKEN:
        assert not passwords.is_guessable(one), one
    for one in ("Lampe2026!lampe", "lea@lampe.example", "LEA-LAMPE-SÖHNE", "support@Lampe1"):
        assert passwords.is_guessable(one, about=("Lampe & Söhne", "lea@lampe.example")), one
    assert not passwords.is_guessable("my Lampe stands on three legs", about=("Lampe & Söhne", "lea@lampe.example"))
    paths = {way.endpoint: way.path for way in ways(app, full_workspace(filler), ("POST",))}
    form = {"shop": "Lampe", "name": "Lea", "email": "lea@lampe.example", "password": "password1234", "old": PASSWORD}
    for endpoint in ("sign_up.sign_up", "invitation.accept", "new_password.save"):
        assert "easily guessed" in seen(stranger.post(paths[endpoint], form).text), endpoint
    assert "easily guessed" in seen(browser.press("/account/password", form))
    assert signed_in(app, workspace.email)
    assert not members_called(filler, "Lea")


def members_called(filler: Filler, name: str) -> list:
    return filler.rows("SELECT 1 FROM member WHERE tenant_id = :tenant AND name = :name", name=name)


def test_a_look_at_a_password_takes_no_time_that_would_harm() -> None:
    """All twenty signs that may stand for letters: five seconds, before their kinds were counted."""
    signs = "4@8({[<369!1|70$5+%2" * 50
    began = time.thread_time()
    passwords.is_guessable(signs)
    passwords.is_guessable("x" * 900_000)
    assert time.thread_time() - began < 1.5


def test_every_field_for_a_password_hides_it_and_takes_what_is_pasted(
    app, stranger: Browser, browser: Browser, filler: Filler
) -> None:
    full: Rows = full_workspace(filler)
    fields = []
    pages = {one.path for one in ways(app, full, ("GET",)) if one.endpoint in OPEN and "static" not in one.endpoint}
    for one, paths in ((stranger, pages), (browser, {"/account"})):
        for path in sorted(paths):
            fields += re.findall(r'<input[^>]*name="(?:password|old)"[^>]*>', one.get(path).text)
    assert len(fields) >= 6
    for field in fields:
        assert 'type="password"' in field
        assert re.search(r'autocomplete="(new|current)-password"', field)
        assert not re.search(r"maxlength|onpaste|readonly|pattern=", field)


def test_an_old_password_signs_in_for_ever(app, workspace: Workspace, filler: Filler) -> None:
    filler.rows(
        "UPDATE member SET created_at = now() - :years WHERE tenant_id = :tenant RETURNING 1",
        years=timedelta(days=3650),
    )
    assert signed_in(app, workspace.email).get("/").status_code == 200


def test_a_password_that_was_chosen_before_the_rule_still_signs_in(
    app, workspace: Workspace, filler: Filler, database
) -> None:
    """Also where its hash is renewed at that moment: nobody is locked out by a rule that came later."""
    weak = passwords._HASHER.__class__(time_cost=1, memory_cost=8, parallelism=1).hash("short")
    with database.transaction(workspace.id) as db:
        members.set_password_hash(db, workspace.id, workspace.owner, weak)
    assert Browser(app.test_client()).sign_in(workspace.email, "short").status_code == 302
    [row] = filler.rows("SELECT password_hash FROM member WHERE tenant_id = :tenant")
    assert not passwords.is_outdated(row.password_hash)


def test_passwords_are_hashed_as_owasp_says(password_hash: str) -> None:
    assert password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.hashed_anew(PASSWORD) != password_hash, "each has a salt of its own"


def test_a_new_database_has_no_member(owner) -> None:
    assert owner.exec_driver_sql("SELECT count(*) FROM member").scalar() == 0
    assert owner.exec_driver_sql("SELECT count(*) FROM tenant").scalar() == 0


def test_a_new_password_by_a_link_does_not_go_round_the_second_factor(
    stranger: Browser, workspace: Workspace, database
) -> None:
    with database.transaction(workspace.id) as db:
        assert second_factor.begin(db, workspace.id, workspace.owner, Sealed(b"x"))
        assert second_factor.confirm(db, workspace.id, workspace.owner, 1)
        token = resets.make(db, workspace.id, workspace.owner, by_mail=True)
    link = f"/new-password/{workspace.id.hex}{token}"
    assert stranger.post(link, {"password": "a quite different sentence"}).headers["Location"] == "/sign-in"
    answer = stranger.sign_in(workspace.email, "a quite different sentence")
    assert answer.headers["Location"] == "/sign-in/code"
    assert stranger.get("/").status_code == 302


def test_recovery_codes_have_enough_bits_for_a_plain_hash(database, workspace: Workspace) -> None:
    with database.transaction(workspace.id) as db:
        second_factor.begin(db, workspace.id, workspace.owner, Sealed(b"x"))
        codes = second_factor.confirm(db, workspace.id, workspace.owner, 1)
    assert len(set(codes)) == 10
    signs = {sign for code in codes for sign in code} - {"-"}
    for code in codes:
        assert len(code.replace("-", "")) * math.log2(32) >= 112
    assert len(signs) > 25
