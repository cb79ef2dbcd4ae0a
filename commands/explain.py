"""`flask explain`: what would happen to these mails; nothing is sent, and without --tenant no database is asked."""

import json
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import click

from bootstrap import Services
from commands.importing import tenant_of
from commands.settings_of import services_for
from domain.errors import BadInput
from domain.triage import MAX_BYTES
from domain.understanding import Understanding
from parts.trying import Bench, Explained, in_words

BATCH = 32


@click.command("explain")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--tenant", "slug", default="", help="Explain with this workspace's documents, orders and policy.")
@click.argument("files", nargs=-1, required=True)
def explain(files: tuple[str, ...], slug: str, *, as_json: bool) -> None:
    """Say what would happen to FILES: .eml files, folders of them, or - for standard input."""
    with services_for("database" if slug else "explain") as services:
        _check_names(files)
        bench = _bench_of(services, slug)
        named = _mails(files)
        done = 0
        while batch := list(islice(named, BATCH)):
            explained = services.explained(bench, [raw for _, raw in batch])
            for (name, _), one in zip(batch, explained, strict=True):
                line = _line(name, one)
                click.echo(json.dumps(line, ensure_ascii=False) if as_json else _in_words(line, one.understanding))
            done += len(batch)
            if sys.stderr.isatty():
                click.echo(f"\r{done} mails explained", err=True, nl=False)
    if sys.stderr.isatty():
        click.echo("", err=True)


def _bench_of(services: Services, slug: str) -> Bench:
    return services.tenant_bench(tenant_of(services, slug)) if slug else services.plain_bench()


def _check_names(names: Sequence[str]) -> None:
    """Before anything is read: a slip in the last name must not cost the answers for all the others."""
    for name in names:
        if name != "-" and not Path(name).exists():
            raise BadInput("file", f"{name} is neither a file nor a folder.")


def _mails(names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each mail; a folder gives its .eml files, in order, with those of its folders."""
    for name in names:
        path = Path(name)
        if name == "-":
            yield "-", sys.stdin.buffer.read(MAX_BYTES + 1)
        elif path.is_dir():
            for file in sorted(path.rglob("*.eml")):
                yield str(file), _bytes(file)
        else:
            yield name, _bytes(path)


def _bytes(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(MAX_BYTES + 1)


def _line(name: str, one: Explained) -> dict[str, Any]:
    """The fields that DESIGN.md fixes: tools are built on them."""
    understanding, decision = one.understanding, one.decision
    return {
        "file": name,
        # Proven or suspected; the disposition tells which: what is only suspected is held, never ignored.
        "automatic": bool(understanding.automatic or understanding.suspicion),
        "automatic_reason": understanding.automatic or understanding.suspicion,
        "text": understanding.sent_text,
        "language": understanding.language,
        "category": understanding.category.value,
        "sub_intent": understanding.sub_intent,
        "confidence": round(understanding.confidence, 4),
        "importance": understanding.importance,
        "order_numbers": list(understanding.order_numbers),
        "disposition": decision.disposition.value,
        "reason": decision.reason,
        "effects": [in_words(effect) for effect in decision.effects],
        "citations": [
            {"source": one.source, "heading": one.heading, "start": one.start, "end": one.end, "quote": one.quote}
            for one in decision.citations
        ],
    }


def _in_words(line: dict[str, Any], understanding: Understanding) -> str:
    what = (
        f"automatic: {understanding.automatic}"
        if understanding.automatic
        else (
            f"{line['category']} ({line['confidence']:.0%} sure), {line['language']}, importance {line['importance']}"
        )
    )
    read = "".join(f"\n  {name}: {words}" for name, words in _more(understanding) if words)
    said = "".join(f"\n  {effect['kind']} to {effect['to']}:\n    " + effect["text"].replace("\n", "\n    ")
                   for effect in line["effects"])  # fmt: skip
    return f"{line['file']}\n  {what}{read}\n  {line['disposition']}: {line['reason']}{said}\n"


def _more(read: Understanding) -> Iterator[tuple[str, str]]:
    """What a person is told beyond the fields of the JSON form."""
    if not read.automatic:
        yield "wanted", f"{read.priority} priority, {read.sentiment}"
        yield "issues", "; ".join(read.key_issues)
        yield "threat", read.threat
        yield "asks for a person", "yes" if read.asks_for_person else ""
    for name in ("order_numbers", "ticket_numbers", "purchase_orders", "error_codes"):
        numbers: tuple[str, ...] = getattr(read, name)
        yield name.replace("_", " "), f"{', '.join(numbers)} ({read.place_of(name) or 'text'})" if numbers else ""
    yield "forwarded", f"{len(read.forwarded.splitlines())} lines" if read.forwarded else ""
