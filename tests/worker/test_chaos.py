"""The program itself, with its workers killed at random while Gmail fails at random: nothing is lost or doubled."""

import hashlib
import io
import os
import random
import signal
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace

import pytest

from bootstrap import build
from commands.demo import environment
from sandbox.mix import demonstration_mix
from settings import ROOT
from storage import documents, gate
from storage.documents import StoredDocument
from tests.support import pipeline
from tests.support.earning import earn
from tests.support.pipeline import SHOP, Shop
from tests.support.processes import BRAIN, IO, LISTENER
from worker.supervisor import Command, Patience, Supervisor

# The long one is `make chaos`, which CI runs, too.
MAILS, CUSTOMERS, KILLS, SECONDS = 100, 25, 20, 33.0
# It goes on for longer where the machine has not come to enough by then.
ENOUGH_KILLS = 15
KNOWLEDGE = ROOT / "knowledge_base"
REAL_BRAIN = ("-m", "worker.run", "brain")
ROUTES = (
    "drafts.create", "drafts.send", "drafts.list", "drafts.get", "threads.get", "history.list", "messages.get",
    "messages.modify",
)  # fmt: skip
FAULTS = ("503_before", "503_after", "drop_before", "drop_after", "429", "malformed_json", "short_read")
AUTOMATIC = {"Auto-Submitted": "auto-replied"}

# The real models read the demonstration's mails where `make setup` left them; else a plain reader reads plain ones.
MODELS = ROOT / "var" / "models"
REAL = (MODELS / "embedder.json").exists()


def mails() -> list[dict]:
    if REAL:
        return list(demonstration_mix(MAILS))
    return [plain_mail(number) for number in range(MAILS)]


def plain_mail(number: int) -> dict:
    """Seven of ten are answered, two are held, one was written by a machine."""
    words = "question: do you sell boats?" if number % 5 == 2 else "question: when does my parcel come?"
    headers = AUTOMATIC if number % 10 == 9 else {}
    sender = f"c{number % CUSTOMERS}@customer.example"
    return {"from": sender, "subject": f"Mail {number}", "text": words, "headers": headers, "auth": "pass"}


def written(mail: dict, number: int) -> dict:
    """As the sandbox takes it, with an id of its own by which its answers are known."""
    more = {name: mail[name] for name in ("html", "headers", "auth", "from_name") if name in mail}
    return {**more, "text": mail["text"], "subject": mail["subject"], "message_id": f"<mail-{number}@customer.example>"}


@dataclass
class Chaos:
    """Called ten times a second while the processes run: mail comes, Gmail fails, workers die, time passes."""

    shop: Shop
    chance: random.Random
    mails: list[dict]
    began: float = field(default_factory=time.monotonic)
    written: int = 0
    kills: Counter = field(default_factory=Counter)
    faults: int = 0
    next_kill: float = 3.0
    next_leap: float = 4.0
    supervisor: Supervisor | None = None

    def __call__(self) -> None:
        now = time.monotonic() - self.began
        if self.written < MAILS:
            self._write()
        if now >= self.next_kill and self.kills.total() < KILLS:
            self._kill()
            self.next_kill = now + self.chance.uniform(0.6, 1.6)
        if now >= self.next_leap:
            # Leases end, under living workers too, as if each had been asleep for minutes.
            self.shop.due_again()
            self.next_leap = now + self.chance.uniform(2.0, 4.0)
        if self.chance.random() < 0.2 and self.kills.total() < KILLS:
            self.shop.google.fault(self.chance.choice(ROUTES), self.chance.choice(FAULTS), retry_after=1)
            self.faults += 1
        if now >= 10 * SECONDS or (self.written == MAILS and self._is_enough(now)):
            self.supervisor.stop()

    def _is_enough(self, now: float) -> bool:
        kills = self.kills.total()
        return (now >= SECONDS and kills >= ENOUGH_KILLS) or (kills >= KILLS and self._all_ended())

    def _all_ended(self) -> bool:
        """After the last kill the processes themselves may finish what is left, as long as there is time."""
        waiting = "SELECT count(*) FROM message WHERE state IN ('discovered', 'fetched') AND direction = 'in'"
        leaving = "SELECT count(*) FROM outbox WHERE state IN ('pending', 'drafted', 'sending', 'uncertain')"
        known = self.shop.one("SELECT count(*) FROM message WHERE direction = 'in'")
        return known == MAILS and self.shop.one(waiting) == self.shop.one(leaving) == 0

    def _write(self) -> None:
        mail = self.mails[self.written]
        self.shop.write(**written(mail, self.written), sender=mail["from"])
        self.written += 1

    def _kill(self) -> None:
        pids = self.supervisor.pids
        # Loading the models takes seconds: killed as often as the others, it would never come to work.
        name = self.chance.choices(list(pids), [1 if name in ("brain", "listener") else 3 for name in pids])[0]
        pid = pids[name]
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
            self.kills[name] += 1


@pytest.mark.slow
def test_random_kills_and_faults_lose_and_double_nothing(google, settings, workspace, servers, capsys):
    seed = random.SystemRandom().randrange(10**6)
    wanted = mails()
    customers = {mail["from"] for mail in wanted}
    for customer in customers:
        google.account(customer, "Customer")
    settings = replace(
        pipeline.settings_over(settings, google), redis_url=servers.empty_valkey(), listen_seconds=0.2, poll_seconds=0.5
    )
    if REAL:
        settings = replace(settings, data_dir=MODELS.parent)
    with_env = environment(settings)
    commands = [
        Command(name, (sys.executable, *argv), with_env, ROOT)
        for name, argv in (("listener", LISTENER), ("io-1", IO), ("io-2", IO), ("brain", REAL_BRAIN if REAL else BRAIN))
    ]
    services = build(settings) if REAL else pipeline.TestServices(settings)
    with services.database.transaction(workspace.id) as db:
        earn(db, workspace.id, model=services.model, answers=services.answer_model)
    shop = Shop(google, services, workspace, pipeline.connect_mailbox(google, services, workspace))
    stored = [
        StoredDocument(
            path.relative_to(KNOWLEDGE).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest(), path.read_text()
        )
        for path in sorted(KNOWLEDGE.rglob("*.md"))
    ]
    with services.database.transaction(shop.tenant) as db:
        documents.replace_all(db, shop.tenant, stored)
        gate.set_limits(db, shop.tenant, per_day=1_000_000, per_hour=1_000_000)
    chaos = Chaos(shop, random.Random(seed), wanted)
    patience = Patience(first_pause=0.05, longest_pause=0.1, stop_within=60, last_grace=10)
    chaos.supervisor = Supervisor(commands, log=io.StringIO(), tick=chaos, patience=patience)
    chaos.supervisor.run()
    seconds = time.monotonic() - chaos.began

    google.world.faults.clear()
    shop.settle_over_time(10)

    # What came back, by the mail that it answers.
    arrived = Counter(
        mail.letter.first("in-reply-to")
        for customer in customers
        for mail in shop.received(customer)
        if mail.letter.addresses("from") == (SHOP,)
    )
    fates = {
        row.answers: (row.disposition, row.reply)
        for row in shop.rows(
            "SELECT m.parsed ->> 'rfc_message_id' AS answers, d.disposition, o.state AS reply FROM message m"
            " LEFT JOIN decision d ON d.message_id = m.id AND d.is_current LEFT JOIN outbox o ON o.decision_id = d.id"
            " WHERE m.direction = 'in'"
        )
    }
    services.close()
    doubled = [mail for mail, copies in arrived.items() if copies > 1]
    sent_in = [f"<mail-{number}@customer.example>" for number in range(chaos.written)]
    lost = [mail for mail in sent_in if not ended(fates.get(mail))]
    unsent = [mail for mail, fate in fates.items() if fate == ("release", "sent") and mail not in arrived]
    with capsys.disabled():
        print(
            f"\nchaos: {'real models' if REAL else 'plain reader'} seed {seed} seconds {seconds:.0f}"
            f" mails {chaos.written} kills {chaos.kills.total()}"
            f" {dict(chaos.kills)} faults {chaos.faults} answered {len(arrived)}"
            f" held {sum(disposition == 'hold' for disposition, _ in fates.values())}"
            f" ignored {sum(disposition == 'ignore' for disposition, _ in fates.values())}"
            f" lost {len(lost)} doubled {len(doubled)} drafts left {len(google.mailbox(SHOP).drafts)}"
        )
    assert (lost, doubled, unsent) == ([], [], [])
    assert chaos.written == MAILS
    assert chaos.kills.total() >= ENOUGH_KILLS
    assert len(arrived) > MAILS / 20  # on a slow machine the models come to few


def ended(fate: tuple[str | None, str | None] | None) -> bool:
    """Ignored, waiting for a person, or sent: nothing else is an end."""
    return fate is not None and (fate[0] in ("ignore", "hold") or fate == ("release", "sent"))
