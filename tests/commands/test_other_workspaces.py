"""Each command that is run for one workspace, beside another that is full of canary words: none of them comes out."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from app import COMMANDS
from commands.demo import environment
from tests.web.filling import Filler
from tests.web.test_exports import contents
from tests.web.test_isolation import CANARY, Rows, foreign, own

__all__ = ["foreign", "own"]

# For every workspace, or for none: they name none. `tests/commands/test_upkeep.py` and their own tests try them.
OF_NOBODY = {
    "db upgrade": "the tables", "demo": "a machine of its own", "evaluate answer": "files alone",
    "evaluate classify": "files alone", "evaluate refund": "files alone", "new-key": "a key",
    "rotate-keys": "every mailbox, and prints their number", "retention run": "every workspace, and prints a number",
    "train": "files alone", "tenant create": "makes one", "tenant join": "names the one it joins",
}  # fmt: skip

MAIL = "From: Anna <anna@customer.example>\nTo: support@shop.example\nSubject: Hello\n\nWhere is my parcel?\n"
ORDERS = "order_number,customer_email,status,currency,total_minor,placed_at,items\n"
SUPPLIERS = "name,domains,addresses\n"


def commands() -> Iterator[tuple[str, click.Command]]:
    def within(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[str, click.Command]]:
        if isinstance(command, click.Group):
            for name, one in command.commands.items():
                yield from within(one, (*path, name))
        else:
            yield " ".join(path), command

    for command in COMMANDS:
        yield from within(command, (str(command.name),))


NAMED = dict(commands())
OF_ONE = sorted(
    name for name, command in NAMED.items() if "--tenant" in {said for one in command.params for said in one.opts}
)

# What is said to each beside `--tenant`: their addresses, ids and numbers wherever a command takes one.
SAID = {
    "customer export": [f"{CANARY}@customer.example", "{folder}/copy.zip"],
    "customer erase": [f"{CANARY}@customer.example", "--yes"],
    "explain": ["{folder}/mail.eml"],
    "incidents watch": ["https://status.example"],
    "kb import": ["{folder}/kb"],
    "member reset-link": ["{their_email}"],
    "member second-factor-off": ["{their_email}"],
    "orders import": ["{folder}/orders.csv"],
    "phases set": ["question", "shadow"],
    "refunds export": [],
    "refunds settle": ["{act}", "--done", "--reference", "x", "--by", "{their_email}"],
    "refunds webhook clear": ["--by", "{their_email}"],
    "refunds webhook set": ["https://shop.example/hook", "--by", "{their_email}"],
    "suppliers drafts": ["on"],
    "suppliers import": ["{folder}/suppliers.csv"],
    "suppliers requests": ["--json"],
    "ticketing look-again": ["SHARED-1"],
    "ticketing mode": ["gmail_only"],
}


@pytest.fixture
def filler(database, workspace) -> Filler:
    return Filler(database, workspace.id, workspace.owner)


@pytest.fixture
def rival(database, other_workspace) -> Filler:
    return Filler(database, other_workspace.id, other_workspace.owner)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "mail.eml").write_text(MAIL)
    (tmp_path / "orders.csv").write_text(ORDERS)
    (tmp_path / "suppliers.csv").write_text(SUPPLIERS)
    (tmp_path / "kb").mkdir()
    (tmp_path / "kb" / "one.md").write_text("# Returns\n\nWithin thirty days.\n")
    return tmp_path


def test_every_command_is_of_one_workspace_or_says_why_not() -> None:
    assert set(NAMED) - set(OF_ONE) == set(OF_NOBODY)
    assert set(SAID) <= set(OF_ONE)


def test_no_command_for_one_workspace_shows_or_changes_another(
    settings, own: Rows, foreign: Rows, other_workspace, files: Path
) -> None:
    before, runner = foreign.snapshot(), CliRunner()
    words = {"folder": str(files), "their_email": other_workspace.email, "act": str(foreign.ids["act"])}
    said = {}
    for name in OF_ONE:
        arguments = [re.sub(r"\{(\w+)\}", lambda found: words[found[1]], one) for one in SAID.get(name, [])]
        done = runner.invoke(
            NAMED[name], ["--tenant", "lumen", *arguments], env=environment(settings), input="a password of ours\n" * 3
        )
        said[name] = done.output + str(done.exception or "")
        assert CANARY.lower() not in said[name].lower(), name
        assert foreign.snapshot() == before, name
    for file in files.rglob("*"):
        if file.is_file():
            assert CANARY.lower().encode() not in contents(file.read_bytes()).lower(), file.name
    # The control: they ran, and told of our own.
    assert "OWN" in said["suppliers requests"], json.dumps(said, indent=1)
    assert "OWN reference" in said["refunds export"]


def test_a_copy_of_our_own_customer_is_ours(settings, own: Rows, foreign: Rows, files: Path) -> None:
    copy = files / "copy.zip"
    asked = ["own@customer.example", str(copy), "--tenant", "lumen"]
    assert CliRunner().invoke(NAMED["customer export"], asked, env=environment(settings)).exit_code == 0
    held = contents(copy.read_bytes())
    assert b"OWN" in held
    assert CANARY.encode() not in held
