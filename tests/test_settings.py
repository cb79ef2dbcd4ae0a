"""Settings: everything that is missing or malformed is named in one message, and no program starts with it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import settings as settings_module
from settings import NEEDS, BadSettings

ROOT = Path(__file__).parents[1]
PYTHON = sys.executable
MESSAGE = "These settings need your attention"

# Each program of a server, and what it reads its settings for.
PROGRAMS = {
    "run_listener.py": "listener",
    "-m worker.run io": "worker",
    "-m worker.run brain": "worker",
    "-m flask db upgrade": "migrate",
    "-m flask rotate-keys": "rotate",
    "-m gunicorn --bind 127.0.0.1:0 app:create_app()": "web",
}

MALFORMED = {
    "DATABASE_URL": "mysql://somewhere",
    "DATABASE_OWNER_URL": "postgres:here",
    "DATABASE_LISTENER_URL": "localhost:5432",
    "REDIS_URL": "http://localhost",
    "SECRET_KEY": "too short",
    "KEY_RING": "k1:too-short",
    "PUBLIC_URL": "desk.example.com",
    "GOOGLE_METADATA_URL": "accounts.google.com",
    "GMAIL_API_ENDPOINT": "ftp://gmail",
    "EMBEDDING_PRECISION": "int4",
    "MODEL_THREADS": "two",
    "LISTEN_SECONDS": "0",
    "POLL_SECONDS": "nan",
    "BACKFILL_DAYS": "-1",
    "GOOGLE_TIMEOUT_SECONDS": "forever",
    "TRUSTED_PROXIES": "9",
    "LOG_LEVEL": "loud",
}


def run(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The program in an environment that holds nothing but this."""
    return subprocess.run(
        [PYTHON, *program.split(" ")],
        cwd=ROOT,
        env={"PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("purpose", NEEDS)
def test_all_that_is_missing_is_named_at_once(purpose):
    needed = NEEDS[purpose]
    if not needed:
        settings_module.read({}, purpose=purpose)
        return
    with pytest.raises(BadSettings) as caught:
        settings_module.read({}, purpose=purpose)
    assert caught.value.problems == [f"{name.upper()} is missing." for name in ordered(needed)]


def ordered(names: tuple[str, ...]) -> list[str]:
    return [name for name in settings_module.Settings.__slots__ if name in names]


def test_all_that_is_malformed_is_named_at_once_with_what_it_should_be():
    with pytest.raises(BadSettings) as caught:
        settings_module.read(MALFORMED)
    assert {problem.split()[0] for problem in caught.value.problems} == set(MALFORMED)
    assert all("must" in problem and problem.endswith(".") for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgresql://user:hunter2@host:port/mailwright"),
        ("REDIS_URL", "redis://host:99999/0"),
        ("PUBLIC_URL", "https://"),
        ("PUBLIC_URL", "https://[half"),
        ("KEY_RING", "k1"),
        ("KEY_RING", "k1:hunter2"),
    ],
)
def test_an_address_or_a_key_that_cannot_be_one_is_refused_without_showing_it(name, value):
    with pytest.raises(BadSettings) as caught:
        settings_module.read({name: value})
    assert caught.value.problems[0].startswith(f"{name} must")
    assert "hunter2" not in str(caught.value)


def test_missing_and_malformed_settings_stand_in_one_message():
    with pytest.raises(BadSettings) as caught:
        settings_module.read({"REDIS_URL": "http://localhost"}, purpose="listener")
    assert len(caught.value.problems) == 2
    assert MESSAGE in caught.value.reason
    assert "DATABASE_LISTENER_URL is missing." in caught.value.reason
    assert "REDIS_URL must be a URL" in caught.value.reason


@pytest.mark.parametrize("secret", ["a value that nobody may see", "postgresql://user:hunter2@host/db"])
def test_no_message_and_no_repr_shows_a_secret(secret):
    with pytest.raises(BadSettings) as caught:
        settings_module.read({"SECRET_KEY": secret[:30], "REDIS_URL": secret})
    assert secret[:20] not in str(caught.value)
    assert secret not in repr(settings_module.read({"GOOGLE_CLIENT_SECRET": secret}))


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_without_its_settings_leaves_with_one_message(program):
    needed = NEEDS[PROGRAMS[program]]
    ended = run(program)
    assert ended.returncode == 2
    assert ended.stderr.count(MESSAGE) == 1
    assert "Traceback" not in ended.stderr
    assert [line.split()[0] for line in ended.stderr.splitlines() if line.endswith(" is missing.")] == [
        name.upper() for name in ordered(needed)
    ]


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_with_malformed_settings_leaves_with_one_message(program):
    ended = run(program, **MALFORMED)
    assert ended.returncode == 2
    assert ended.stderr.count(MESSAGE) == 1
    assert "Traceback" not in ended.stderr
    assert not [name for name in MALFORMED if f"{name} must" not in ended.stderr]


@pytest.mark.parametrize("half", [{"LLM_PROVIDER": "openai"}, {"LLM_MODEL": "some-model"}])
def test_a_language_model_is_named_wholly_or_not_at_all(half):
    with pytest.raises(BadSettings) as caught:
        settings_module.read(half)
    assert caught.value.problems == ["LLM_PROVIDER and LLM_MODEL go together: set both, or neither."]
    assert settings_module.read({"LLM_PROVIDER": "openai", "LLM_MODEL": "some-model"}).llm_model == "some-model"


def test_a_process_started_with_the_settings_of_another_has_the_same(settings):
    assert settings.index_dir is None  # an unset folder became one called "None"
    known = settings_module.read(settings_module.as_environment(settings), purpose="explain")
    assert known == settings
