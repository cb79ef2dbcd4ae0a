"""The wall over whole mailboxes: `python -m evaluation.wall [--mix COUNT] [--seed N] [FOLDER...]`.

The demonstration mailbox, a mix of it and folders of hostile mail (.eml, or .jsonl with a text in each line) are read,
understood and decided as `flask explain` does, with the suppliers of the demonstration as the directory. Every text for
a customer is looked into for anything of a supplier's, and every question to a supplier for anything of a customer's.

The count does not ask the wall what a leak is: it takes a text's letters and digits alone and looks for those of each
name, address, domain and number. A leak is what is found so and what the wall lets pass.
"""

import argparse
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from email.policy import SMTP
from itertools import islice
from pathlib import Path
from typing import Any

from bootstrap import Services, build
from domain.category import Category
from domain.conversation import Conversation
from domain.decision import Decision, IdentityMail, Reply, TicketMessage, WordsFor
from domain.errors import Unreadable
from domain.message import Message
from domain.ports import Handler, Reads
from domain.supplier import Directory, Purpose, Supplier
from domain.supplier_mail import KnownBy, SupplierMail
from domain.triage import MAX_BYTES, Policy, triage
from domain.understanding import Understanding
from domain.wall import Customer, told_to_customer, told_to_supplier
from handlers.asking_words import languages, question
from settings import ROOT, read

SHOP = ROOT / "demonstration_shop"
OURS = "support@lumen-oak.example"
BATCH = 32
SHORTEST = 5


@dataclass(slots=True)
class Count:
    """`stopped` are texts that the wall objects to, `caught` those of `controls` texts with a supplier's name added."""

    mails: int = 0
    texts: int = 0
    stopped: int = 0
    controls: int = 0
    caught: int = 0
    questions: int = 0
    leaks: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Known:
    """What the mailbox knows of both sides, gathered before anything is looked into."""

    directory: Directory
    told: Callable[[str, Directory, Sequence[str]], str]
    customers: dict[str, str] = field(default_factory=dict)
    purchases: set[str] = field(default_factory=set)


def suppliers_of_the_demonstration() -> Directory:
    """Those who have a mailbox at the sandbox, and those who write in the mix."""
    listed = [
        (one["name"], one["email"])
        for one in json.loads((SHOP / "accounts.json").read_text())
        if one["role"] == "supplier"
    ]
    for file in sorted((ROOT / "sandbox" / "mix_texts").glob("*.toml")):
        listed += [(name, email) for name, email in tomllib.loads(file.read_text())["suppliers"]]
    return Directory(
        tuple(Supplier(name, (mail.partition("@")[2],), (), {Purpose.GENERAL: mail}) for name, mail in listed)
    )


def measured(
    mails: Iterable[Message],
    reader: Reads,
    handlers: Mapping[Category, Handler],
    policy: Policy,
    directory: Directory,
    *,
    told: Callable[[str, Directory, Sequence[str]], str] = told_to_customer,
) -> Count:
    """Decide about all of them, then look into what would be said to whom; `told` is the wall that is tried."""
    count, known = Count(), Known(directory, told)
    decided: list[tuple[Message, Decision]] = []
    waiting = iter(mails)
    while batch := list(islice(waiting, BATCH)):
        for message, understanding in zip(batch, reader.read(batch), strict=True):
            supplier = directory.of(message.sender)
            _gather(known, message, understanding, is_supplier=supplier is not None)
            theirs = SupplierMail(KnownBy.SENDER, supplier) if supplier is not None else None
            decision = triage(message, Conversation(supplier_mail=theirs), understanding, handlers, policy)
            decided.append((message, decision))
            count.mails += 1
    for message, decision in decided:
        for said in _for_customers(message, decision, directory):
            _look(count, known, said)
    for language in languages():
        for number in sorted(known.purchases):
            for purpose in Purpose:
                words = question(language, purpose, number)
                _ask(count, known, f"{words.subject}\n{words.text}")
    return count


def _gather(known: Known, message: Message, understanding: Understanding, *, is_supplier: bool) -> None:
    if is_supplier:
        known.purchases.update(understanding.purchase_orders)
    elif message.sender is not None and message.sender.address != OURS:
        known.customers[message.sender.address] = message.sender.name


def _for_customers(message: Message, decision: Decision, directory: Directory) -> Iterator[str]:
    """Every text that a customer would read, also of drafts that wait for a person."""
    for effect in decision.effects:
        match effect:
            case Reply() | IdentityMail() if not directory.knows(effect.to.address):
                own = message.sender is not None and effect.to.address == message.sender.address
                yield effect.text if own else f"{effect.subject}\n{effect.text}"
            case TicketMessage(side=WordsFor.CUSTOMER):
                yield effect.text
            case _:
                pass


def _look(count: Count, known: Known, said: str) -> None:
    numbers = sorted(known.purchases)
    objection = known.told(said, known.directory, numbers)
    items = [*numbers]
    for one in known.directory.suppliers:
        items += [one.name, *one.every_address, *one.domains]
    count.texts += 1
    count.stopped += bool(objection)
    if not objection:
        count.leaks += [f"a customer reads {item!r}" for item in _found(said, items)]
    for one in known.directory.suppliers[:: max(len(known.directory.suppliers) // 3, 1)]:
        count.controls += 1
        count.caught += bool(known.told(f"{said}\n{one.name.upper()} sends it.", known.directory, numbers))


def _ask(count: Count, known: Known, said: str) -> None:
    names = tuple(name for name in known.customers.values() if name)
    objection = told_to_supplier(said, Customer(names, tuple(known.customers)))
    count.questions += 1
    if not objection:
        full = [name for name in names if len(name.split()) > 1]
        count.leaks += [f"a supplier reads {item!r}" for item in _found(said, [*known.customers, *full])]
    else:
        count.stopped += 1


def _found(said: str, items: Iterable[str]) -> list[str]:
    """What is shorter than this stands in other words by chance."""
    squeezed = _squeezed(said)
    return [one for one in items if len(_squeezed(one)) > SHORTEST and _squeezed(one) in squeezed]


def _squeezed(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())


def demonstration(services: Services, mix: int, seed: int) -> Iterator[Message]:
    """The mails of the demonstration shop, then so many of the mix."""
    for file in sorted([*(SHOP / "mails").glob("*.json"), *(SHOP / "mails").glob("*.eml")]):
        if file.suffix == ".eml":
            yield from _read(services, file.read_bytes())
        else:
            yield from _read(services, _letter(json.loads(file.read_text())))
    command = [sys.executable, "-m", "sandbox.mix", str(mix), str(seed)]
    dealt = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for line in dealt.splitlines():
        yield from _read(services, _letter(json.loads(line)))


def hostile(services: Services, folder: Path) -> Iterator[Message]:
    """Every .eml below a folder, and each line of its .jsonl files as a mail of somebody unknown."""
    for file in sorted(folder.rglob("*.eml")):
        with file.open("rb") as stream:
            yield from _read(services, stream.read(MAX_BYTES))
    for file in sorted(folder.glob("injection*.jsonl")):
        for line in file.read_text().splitlines():
            row = json.loads(line)
            said = next((row[name] for name in ("text", "prompt", "question", "body") if row.get(name)), "")
            mail = {"from": "stranger@hostile.example", "from_name": "A Stranger", "subject": "A question"}
            yield from _read(services, _letter({**mail, "text": str(said)}))


def _letter(mail: Mapping[str, Any]) -> bytes:
    made = EmailMessage(policy=SMTP)
    made["From"] = f"{json.dumps(mail.get('from_name', ''))} <{mail['from']}>"
    made["To"], made["Subject"] = mail.get("to", OURS), " ".join(str(mail.get("subject", "")).split())
    made.set_content(mail["text"], cte="base64")
    raw = bytes(made)
    if mail.get("auth", "pass") == "pass":
        domain = mail["from"].partition("@")[2]
        raw = f"Authentication-Results: mx.google.com; dmarc=pass header.from={domain}\r\n".encode() + raw
    return raw


def _read(services: Services, raw: bytes) -> Iterator[Message]:
    try:
        yield services.jail.read(raw)
    except Unreadable:
        return


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m evaluation.wall")
    parser.add_argument("--mix", type=int, default=200, help="how many mails of the mix")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("folders", nargs="*", type=Path, help="folders of hostile mail")
    options = parser.parse_args(words)
    services = build(read(purpose="explain"))
    try:
        mails = list(demonstration(services, options.mix, options.seed))
        for folder in options.folders:
            mails += hostile(services, folder)
        policy = replace(services.plain_policy(), own_addresses=frozenset())
        count = measured(
            mails, services.plain_reader(), services.folder_handlers(), policy, suppliers_of_the_demonstration()
        )
    finally:
        services.close()
    for leak in count.leaks[:20]:
        print(leak)
    print(f"wall: mails {count.mails} texts {count.texts} leaks {len(count.leaks)} stopped {count.stopped}")
    print(f"wall: questions to suppliers {count.questions}; controls caught {count.caught} of {count.controls}")
    return 1 if count.leaks or count.caught != count.controls else 0


if __name__ == "__main__":
    sys.exit(main())
