"""The docs hold: what they name exists, and each decision record has its three parts."""

import re
from pathlib import Path

import click
import pytest

from app import create_app
from settings import Settings

ROOT = Path(__file__).parents[1]
DOCS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("deploy/*.md")])
RECORDS = sorted((ROOT / "docs" / "adr").glob("*.md"))

# Made by a run of the program, not part of the repository.
MADE = ("var/",)


def quoted(text: str) -> set[str]:
    """What stands between backticks, blocks of code left out."""
    return set(re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL)))


def paths(text: str) -> set[str]:
    names = {
        name.rstrip("/") for name in quoted(text) if re.fullmatch(r"[\w.@-]+(/[\w.@-]*)+|[\w-]+\.(py|md|yml)", name)
    }
    return {name for name in names if not name.startswith(MADE)}


@pytest.mark.parametrize("file", DOCS, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_file_that_the_docs_name_exists(file):
    places = (ROOT, file.parent, ROOT / "migrations" / "versions")
    lost = [name for name in paths(file.read_text()) if not any((place / name).exists() for place in places)]
    assert lost == []


def test_every_test_that_the_docs_name_exists():
    named = {name for file in DOCS for name in quoted(file.read_text()) if name.startswith("test_")}
    written = "\n".join(file.read_text() for file in ROOT.glob("tests/**/*.py"))
    assert named
    assert not [name for name in named if f"def {name}(" not in written]


def test_every_command_that_the_docs_name_exists():
    text = "\n".join(re.sub(r"[`\n]", " ", file.read_text()) for file in DOCS)
    known = set(commands_of_flask())
    for words in re.findall(
        r"\bflask ((?:audit|customer|db|kb|member|orders|retention|tenant) [a-z-]+|[a-z]+-[a-z]+|explain|demo)\b", text
    ):
        assert words in known, f"flask {words}"


def commands_of_flask() -> list[str]:
    app = create_app(Settings(secret_key="x" * 32, public_url="http://localhost"))
    groups = [command for command in app.cli.commands.values() if isinstance(command, click.Group)]
    return [*app.cli.commands, *(f"{group.name} {name}" for group in groups for name in group.commands)]


def test_every_target_that_the_docs_name_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {words.split()[1] for file in DOCS for words in quoted(file.read_text()) if re.match(r"make [a-z]", words)}
    assert named
    assert named <= targets


def test_every_decision_record_has_its_number_and_its_three_parts():
    numbers = [record.name[:4] for record in RECORDS]
    assert numbers == [f"{number:04}" for number in range(1, len(RECORDS) + 1)]
    for record in RECORDS:
        text = record.read_text()
        assert text.startswith(f"# {record.name[:4]} ")
        assert re.findall(r"^\*\*(\w+)\.\*\*", text, re.MULTILINE) == ["Context", "Decision", "Price"], record.name


def test_the_libraries_in_the_record_are_those_of_the_requirement_files():
    record = (ROOT / "docs" / "adr" / "0009-libraries.md").read_text()
    rows = {
        name.strip().lower() for row in re.findall(r"^\| ([^|]+) \|", record, re.MULTILINE) for name in row.split(",")
    }
    files = ("requirements.txt", "requirements-embedded.txt")
    listed = {line.split("==")[0].split("[")[0].lower() for file in files for line in lines(file)}
    assert listed == rows - {"package", "---"}


def lines(file: str) -> list[str]:
    return [line for line in (ROOT / file).read_text().splitlines() if "==" in line and not line.startswith("#")]


def test_the_readme_says_first_what_it_is_and_how_to_try_it():
    text = (ROOT / "README.md").read_text()
    assert text.index("make demo") < text.index("make test") < text.index("## Connect a real Google project")
    assert "docs/pictures/queue.png" in text
    assert "docs/pictures/conversation.png" in text
