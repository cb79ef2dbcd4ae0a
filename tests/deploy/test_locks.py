"""The locks hold what the requirement files pin, by hashes, and what is installed here."""

import re
import subprocess
import sys
from collections import defaultdict
from importlib import metadata

import pytest

from deploy.locks import EVERYTHING, ROOT, RUN_TIME, asked_for, read_lock

LOCKS = (RUN_TIME, EVERYTHING)
MAKEFILE = (ROOT / "Makefile").read_text()


def pinned(text: str) -> dict[str, str]:
    found = re.findall(r"^([\w.-]+)(?:\[\w+\])?==(\S+)", text, re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in found}


def versions(file) -> dict[str, set[str]]:
    """The versions of each package: several, where different machines get different ones."""
    found = defaultdict(set)
    for entry in read_lock(file):
        found[entry.name].add(entry.version)
    return found


def test_each_lock_names_the_versions_that_the_requirement_files_pin():
    first, set_up = (ROOT / "requirements.txt").read_text().split("# --- Set-up only")
    rest = (ROOT / "requirements-dev.txt").read_text() + (ROOT / "requirements-embedded.txt").read_text()
    for file, text in ((RUN_TIME, first), (EVERYTHING, first + set_up + rest)):
        locked = versions(file)
        for name, version in pinned(text).items():
            assert name == "torch" or locked[name] == {version}, f"{name} in {file.name}: run `make lock`"
    assert set(pinned(first)) == asked_for()


@pytest.mark.parametrize("file", LOCKS, ids=lambda file: file.name)
def test_nothing_stands_in_a_lock_that_nobody_asks_for_any_more(file):
    ours = {name for listed in ROOT.glob("requirements*.txt") for name in pinned(listed.read_text())}
    assert [entry.name for entry in read_lock(file) if not entry.asked_by and entry.name not in ours] == []


@pytest.mark.parametrize("file", LOCKS, ids=lambda file: file.name)
def test_every_package_of_a_lock_has_hashes_and_no_option_loosens_them(file):
    assert [entry.name for entry in read_lock(file) if not entry.hashes] == []
    text = file.read_text()
    assert text.count("--hash=sha256:") == sum(len(entry.hashes) for entry in read_lock(file))
    assert set(re.findall(r"(?<![\w-])-{1,2}[a-z][a-z-]*", re.sub(r"#.*", "", text))) == {"--hash"}


@pytest.mark.parametrize("file", LOCKS, ids=lambda file: file.name)
def test_no_registry_address_stands_in_a_lock(file):
    assert "://" not in file.read_text()


@pytest.mark.parametrize("file", LOCKS, ids=lambda file: file.name)
def test_what_is_installed_here_is_what_the_lock_names(file):
    """What `make lock` would find: the same names in the same versions, those for other machines alone left out."""
    everywhere = {entry.name for entry in read_lock(file) if not entry.marker}
    for name, locked in versions(file).items():
        try:
            assert metadata.version(name) in locked, f"{name}: run `make setup`"
        except metadata.PackageNotFoundError:
            assert name not in everywhere, f"{name} is locked and not installed: run `make setup`"


def test_nothing_is_missing_although_pip_was_told_to_look_for_nothing_more():
    ran = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False)
    assert ran.stdout.strip() == "No broken requirements found."


def test_the_run_time_is_part_of_everything():
    everything = {(entry.name, entry.version): entry.hashes for entry in read_lock(EVERYTHING)}
    for entry in read_lock(RUN_TIME):
        assert everything[entry.name, entry.version] == entry.hashes


def test_neither_torch_nor_what_it_brings_for_graphics_cards_is_locked():
    for file in LOCKS:
        assert not [name for name in versions(file) if re.match(r"(torch|triton|nvidia|cuda)(-|$)", name)]


def test_set_up_takes_the_lock_with_hashes_and_without_looking_for_more():
    recipe = MAKEFILE.split("$(VENV)/installed: requirements-dev.lock")[1].split("\n\n")[0]
    installs = re.findall(r"-m pip install (.+)", recipe)
    assert "--no-deps --require-hashes -r requirements-dev.lock" in installs[0]
    assert installs[1].endswith(f"torch=={pinned((ROOT / 'requirements.txt').read_text())['torch']}")
    assert len(installs) == 2


def test_a_line_of_another_form_is_not_passed_over(tmp_path):
    file = tmp_path / "requirements.lock"
    file.write_text("flask>=3\n    --hash=sha256:" + "0" * 64 + "\n")
    with pytest.raises(ValueError, match="make lock"):
        read_lock(file)
