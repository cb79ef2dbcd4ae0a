"""`.env.example` and `settings.py` name the same settings, and a filled copy is read without a problem."""

import re
import secrets
from dataclasses import fields
from pathlib import Path

import pytest

import settings as settings_module
from adapters.vault import KeyRing, new_key
from settings import NEEDS, BadSettings, Settings

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / ".env.example").read_text()
OF_COMPOSE = "POSTGRES_PASSWORD"

# What a person fills in: everything that has no safe example.
FILLED = {
    "DATABASE_OWNER_URL": "postgresql://mailwright_owner:abc@postgres:5432/mailwright",
    "DATABASE_URL": "postgresql://mailwright_web:abc@postgres:5432/mailwright",
    "DATABASE_LISTENER_URL": "postgresql://mailwright_listen:abc@postgres:5432/mailwright",
    "SECRET_KEY": secrets.token_hex(32),
    "KEY_RING": new_key("k1"),
    "GOOGLE_CLIENT_ID": "1-a.apps.googleusercontent.com",
    "GOOGLE_CLIENT_SECRET": "a secret",
    "POSTGRES_PASSWORD": "abc",
}


def lines() -> list[tuple[str, str]]:
    """Name and example value of each setting, in the file's order."""
    return [(name, value) for name, _, value in (line.partition("=") for line in TEXT.splitlines() if is_setting(line))]


def is_setting(line: str) -> bool:
    return bool(line) and not line.startswith("#")


def test_every_setting_has_a_line_and_every_line_is_a_setting():
    known = [field.name.upper() for field in fields(Settings)]
    assert sorted(name for name, _ in lines()) == sorted([*known, OF_COMPOSE])


def test_what_stands_there_beyond_the_settings_is_used_by_the_compose_file():
    assert f"${{{OF_COMPOSE}:?" in (ROOT / "docker-compose.yml").read_text()


def test_every_setting_is_explained_above_its_line():
    blocks = re.split(r"\n\s*\n", TEXT)
    settings = [block for block in blocks if any(is_setting(line) for line in block.splitlines())]
    assert all(block.startswith("#") for block in settings)


@pytest.mark.parametrize("purpose", NEEDS)
def test_a_filled_copy_is_read_without_a_problem(purpose):
    settings_module.read({**dict(lines()), **FILLED}, purpose=purpose)


def test_a_copy_that_was_not_filled_in_is_refused_by_name():
    everything = {name for needed in NEEDS.values() for name in needed}
    missing = {name.upper() for name in everything} & set(FILLED)
    named = set()
    for purpose in NEEDS:
        try:
            settings_module.read(dict(lines()), purpose=purpose)
        except BadSettings as error:
            named |= {problem.split()[0] for problem in error.problems}
    assert named == missing


def test_the_example_shows_the_usual_values():
    """Where a value stands in the file, it is what the program takes by itself, or it names what is yours to choose."""
    read, usual = settings_module.read(dict(lines())), Settings()
    yours = {"public_url", "redis_url", "trusted_proxies"}
    differing = {field.name for field in fields(Settings) if getattr(read, field.name) != getattr(usual, field.name)}
    assert differing == yours


def test_the_example_holds_no_secret():
    assert not [name for name, value in lines() if value and name in FILLED]
    with pytest.raises(Exception, match="no key"):
        KeyRing.parse(dict(lines())["KEY_RING"])
