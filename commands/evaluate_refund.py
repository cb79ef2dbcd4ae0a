"""`flask evaluate refund`: play the mails of a file through the refund machine, over the orders of a file, and write
what came of each; no database is asked.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import click

from commands.evaluate_refund_rows import Mailed, mailed, moment_of, ordered
from commands.json_lines import BadLine, as_line, opened, read_lines
from commands.settings_of import services_for
from domain.errors import BadInput
from domain.order import Order, normal_number
from domain.policy_document import policy_from_json
from domain.ports import Reads
from domain.refund_policy import RefundPolicy
from evaluation.refund_play import Did, Play, Played
from evaluation.refund_shop import Shop, number_forms
from understanding.context import Context
from understanding.reader import TenantReader

BATCH = 64
JSON_LINES = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("refund")
@click.option(
    "--orders",
    "orders_file",
    required=True,
    type=JSON_LINES,
    help="The shop's orders, a JSON object a line; docs/refunds.md names the fields.",
)
@click.option(
    "--requests", "file", required=True, metavar="IN.jsonl", type=JSON_LINES, help="The mails, a JSON object a line."
)
@click.option("--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Where the answers go.")
@click.option("--policy", "policy_file", type=JSON_LINES, help="A refund policy as JSON; without it the usual one.")
@click.option("--now", "moment", default="", metavar="TIME", help="The moment at which it happens (ISO 8601).")
def refund(orders_file: Path, file: Path, output: Path, policy_file: Path | None, moment: str) -> None:
    """Play the mails ({id, conversation, sender, authenticated, subject?, text} a line) through, in their order.

    Writes {id, state, action, order_number, amount_minor, reply, reason} a line. What one person may approve counts as
    approved and carried out at once; what needs two, and what the machine has a doubt about, is held.
    """
    if output.resolve() in {one.resolve() for one in (file, orders_file, policy_file) if one is not None}:
        raise click.UsageError("--output names an input file: choose another name, nothing was written.")
    now = _moment(moment)
    with services_for("explain") as services:
        policy = _policy(policy_file)
        orders, left_out = _orders(orders_file)
        context = Context.of(number_forms(orders))
        shop = Shop(orders, now)
        with opened(output) as out:
            _play_all(TenantReader(services.reader, context), Play(shop, policy, now), file, out, left_out)


def _play_all(reader: Reads, play: Play, file: Path, out: TextIO, left_out: int) -> None:
    begun, did = time.monotonic(), Counter[Did]()
    lines = _mails(file)
    while batch := list(islice(lines, BATCH)):
        for problem in (one for one in batch if isinstance(one, BadLine)):
            _name(file, problem)
            left_out += 1
        mails = [one for one in batch if isinstance(one, Mailed)]
        for one, understood in zip(mails, reader.read([one.message for one in mails]), strict=True):
            played = play.play(one.conversation, one.message, understood)
            did[played.did] += 1
            out.write(as_line(_fields(one.id, played)))
        _progress(f"{did.total()} mails played")
    _progress("")
    counts = ", ".join(f"{did[one]} {one}" for one in Did)
    click.echo(f"{did.total()} mails in {time.monotonic() - begun:.1f} s: {counts}; {left_out} lines left out.")


def _fields(identity: Any, played: Played) -> dict[str, Any]:
    """One line with the fields that DESIGN.md fixes: tools are built on them."""
    case = played.case
    return {
        "id": identity,
        "state": case.state.value if case is not None else None,
        "action": played.did.value,
        "order_number": (case.order_number or None) if case is not None else None,
        "amount_minor": played.amount_minor,
        "reply": played.reply,
        "reason": played.reason,
    }


def _orders(file: Path) -> tuple[list[Order], int]:
    """The orders in their order, and how many lines are none; each number once."""
    known: dict[str, Order] = {}
    bad = 0
    for row in read_lines(file, "order_number", "status", "total_minor", "currency", "placed_at"):
        order = row if isinstance(row, BadLine) else ordered(row)
        if isinstance(order, Order) and normal_number(order.number) in known:
            order = BadLine(row["line"] if isinstance(row, dict) else 0, "names an order that stands above already.")
        if isinstance(order, BadLine):
            _name(file, order)
            bad += 1
        else:
            known[normal_number(order.number)] = order
    return list(known.values()), bad


def _mails(file: Path) -> Iterator[Mailed | BadLine]:
    for row in read_lines(file, "id", "conversation", "sender", "authenticated", "text"):
        yield row if isinstance(row, BadLine) else mailed(row)


def _policy(file: Path | None) -> RefundPolicy:
    if file is None:
        return RefundPolicy()
    try:
        document = json.loads(file.read_bytes())
    except (ValueError, RecursionError) as error:
        raise BadInput("--policy", f"{file} is no JSON.") from error
    return policy_from_json(document)


def _moment(said: str) -> datetime:
    if not said:
        return datetime.now(UTC)
    try:
        return moment_of(said)
    except ValueError as error:
        raise click.BadParameter(f"{said!r} is no time like 2026-03-01T12:00:00Z.", param_hint="--now") from error


def _name(file: Path, problem: BadLine) -> None:
    click.echo(f"{file.name}, line {problem.number}: {problem.reason}", err=True)


def _progress(words: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r\033[K{words}", err=True, nl=False)
