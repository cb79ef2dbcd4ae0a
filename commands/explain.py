"""`flask explain`: what would happen to these mails; nothing is sent, and without --tenant no database is asked."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, assert_never

import click

from bootstrap import Services
from commands.importing import tenant_of
from commands.settings_of import services_for
from domain.category import Category
from domain.conversation import Conversation
from domain.decision import Decision, Effect, IdentityMail, InternalNote, OrderAct, Reply, TicketMessage
from domain.errors import BadInput, Unreadable
from domain.message import Message
from domain.ports import Handler, Reads
from domain.supplier import Directory
from domain.supplier_mail import KnownBy, SupplierMail
from domain.triage import MAX_BYTES, Policy, triage
from domain.understanding import Understanding
from storage import mailboxes, standings, suppliers

BATCH = 32


@dataclass(frozen=True, slots=True)
class Bench:
    """What a mail is held against: a tenant's own documents, orders, suppliers and policy, or the folder and what is
    shipped.
    """

    reader: Reads
    handlers: Mapping[Category, Handler]
    policy: Policy
    suppliers: Directory = field(default_factory=Directory)


@dataclass(frozen=True, slots=True)
class _Explained:
    """What was understood, and the line of the JSON form."""

    understanding: Understanding
    line: dict[str, Any]


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
            for one in _explained(services, bench, batch):
                click.echo(json.dumps(one.line, ensure_ascii=False) if as_json else _in_words(one))
            done += len(batch)
            if sys.stderr.isatty():
                click.echo(f"\r{done} mails explained", err=True, nl=False)
    if sys.stderr.isatty():
        click.echo("", err=True)


def _bench_of(services: Services, slug: str) -> Bench:
    if not slug:
        return Bench(services.plain_reader(), services.folder_handlers(), services.plain_policy())
    tenant = tenant_of(services, slug)
    with services.database.transaction(tenant) as db:
        policy = standings.policy(db, tenant, services.model, services.answer_model)
        policy = replace(policy, own_addresses=mailboxes.own_addresses(db, tenant))
        known = suppliers.directory(db, tenant)
    return Bench(services.tenant_reader(tenant), services.handlers(tenant), policy, known)


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


def _explained(services: Services, bench: Bench, batch: list[tuple[str, bytes]]) -> Iterator["_Explained"]:
    read = [_read(services, raw) for _, raw in batch]
    messages = [one for one in read if isinstance(one, Message)]
    understood = iter(bench.reader.read(messages))
    for (name, _), one in zip(batch, read, strict=True):
        if isinstance(one, Message):
            understanding = next(understood)
            supplier = bench.suppliers.of(one.sender)
            known = SupplierMail(KnownBy.SENDER, supplier) if supplier is not None else None
            conversation = Conversation(supplier_mail=known)
            decision = triage(one, conversation, understanding, bench.handlers, bench.policy)
            yield _Explained(understanding, _line(name, understanding, decision))
        else:
            nothing = Understanding("")
            yield _Explained(nothing, _line(name, nothing, Decision.hold(one)))


def _read(services: Services, raw: bytes) -> Message | str:
    if len(raw) > MAX_BYTES:
        return "It is larger than 25 MB."
    try:
        return services.jail.read(raw)
    except Unreadable as error:
        return f"It cannot be read as a mail: {error}"


def _line(name: str, understanding: Understanding, decision: Decision) -> dict[str, Any]:
    """The fields that DESIGN.md fixes: tools are built on them."""
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
        "effects": [_effect(effect) for effect in decision.effects],
        "citations": [
            {"source": one.source, "heading": one.heading, "start": one.start, "end": one.end, "quote": one.quote}
            for one in decision.citations
        ],
    }


def _effect(effect: Effect) -> dict[str, str]:
    match effect:
        case Reply() | IdentityMail() | TicketMessage():
            return {"kind": effect.kind, "to": effect.to.address, "text": effect.text}
        case InternalNote():
            return {"kind": effect.kind, "to": effect.order_number, "text": effect.text}
        case OrderAct():
            amount = f" {effect.amount}" if effect.amount else ""
            return {"kind": effect.kind, "to": effect.order_number, "text": f"{effect.action}{amount}"}
        case _:
            assert_never(effect)


def _in_words(one: _Explained) -> str:
    line = one.line
    what = (
        f"automatic: {one.understanding.automatic}"
        if one.understanding.automatic
        else (
            f"{line['category']} ({line['confidence']:.0%} sure), {line['language']}, importance {line['importance']}"
        )
    )
    read = "".join(f"\n  {name}: {words}" for name, words in _more(one.understanding) if words)
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
