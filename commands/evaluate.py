"""`flask evaluate`, and its `classify`: read texts from a file, and write what was understood of each."""

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import click
from flask.cli import AppGroup

from commands.evaluate_answer import answer
from commands.evaluate_refund import refund
from commands.settings_of import services_for
from domain.errors import BadInput
from domain.message import Address, Message
from domain.ports import Reads
from domain.understanding import Understanding
from understanding.context import Context
from understanding.reader import TenantReader

evaluate = AppGroup("evaluate", help="Measure on files of your own; nothing is sent, no database is asked.")
evaluate.add_command(answer)
evaluate.add_command(refund)

BATCH = 64
JSON_LINES = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the input: `id` is given back as it came."""

    id: Any
    message: Message


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that was left out. `number` counts from 1."""

    number: int
    reason: str


@evaluate.command("classify", with_appcontext=False)
@click.argument("file", metavar="IN.jsonl", type=JSON_LINES)
@click.option("--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Where the answers go.")
def classify(file: Path, output: Path) -> None:
    """Say the category of each text in IN.jsonl ({id, text, subject?, sender?} a line).

    Writes {id, category, sub_intent, confidence, language} a line, in the order of the input. Lines that are none
    are named and left out.
    """
    if output.resolve() == file.resolve():
        raise click.UsageError("--output names the input file: choose another name, nothing was written.")
    with services_for("explain") as services, _opened(output) as out:
        # Who measures categories wants that of a machine's mail too, which is passed over where mail is answered.
        _classify(TenantReader(services.reader, Context(passes_over_machines=False)), file, out)


def _classify(reader: Reads, file: Path, out: TextIO) -> None:
    begun, done, bad = time.monotonic(), 0, 0
    lines = _lines(file)
    while batch := list(islice(lines, BATCH)):
        for problem in (one for one in batch if isinstance(one, BadLine)):
            click.echo(f"line {problem.number}: {problem.reason}", err=True)
            bad += 1
        rows = [one for one in batch if isinstance(one, Row)]
        understood = reader.read([row.message for row in rows])
        out.writelines(map(_answer, rows, understood))
        done += len(rows)
        if sys.stderr.isatty():
            click.echo(f"\r{done} texts classified", err=True, nl=False)
    took = time.monotonic() - begun
    click.echo(f"{done} texts classified in {took:.1f} s, {bad} lines left out.")


def _opened(output: Path) -> TextIO:
    try:
        # Half a character of a pair, which JSON can write and UTF-8 cannot, goes back as the escape that it came as.
        return output.open("w", encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise BadInput("--output", f"{output} cannot be written: {error.strerror}.") from error


def _lines(file: Path) -> Iterator[Row | BadLine]:
    with file.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield _row(line, number)


def _row(line: bytes, number: int) -> Row | BadLine:
    try:
        fields = json.loads(line)
        identity, text = fields["id"], fields["text"]
        subject, sender = fields.get("subject") or "", fields.get("sender") or ""
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return BadLine(number, 'is no JSON object with "id" and "text".')
    if not (isinstance(text, str) and isinstance(subject, str) and isinstance(sender, str)):
        return BadLine(number, '"text", "subject" and "sender" must be strings.')
    return Row(identity, Message(sender=_address(sender), subject=subject, text=text))


def _address(sender: str) -> Address | None:
    """`jo@mail.example`, or `Jo <jo@mail.example>` as mail programs write it."""
    name, _, rest = sender.rpartition("<")
    address = rest.partition(">")[0].strip().lower()
    return Address(address, name.strip()) if "@" in address else None


def _answer(row: Row, understanding: Understanding) -> str:
    """One line with the fields that DESIGN.md fixes: tools are built on them."""
    fields = {
        "id": row.id,
        "category": understanding.category.value,
        "sub_intent": understanding.sub_intent,
        "confidence": round(understanding.confidence, 4),
        "language": understanding.language,
    }
    return json.dumps(fields, ensure_ascii=False) + "\n"
