"""The program itself, with its workers killed at random while Gmail fails at random: nothing is lost or doubled."""

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

from commands.demo import environment
from settings import ROOT
from tests.support import pipeline
from tests.support.pipeline import SHOP, Shop
from tests.support.processes import BRAIN, IO, LISTENER
from worker.supervisor import Command, Patience, Supervisor

MAILS, CUSTOMERS, KILLS, SECONDS = 200, 50, 40, 75.0
ROUTES = (
    "drafts.create", "drafts.send", "drafts.list", "drafts.get", "threads.get", "history.list", "messages.get",
    "messages.modify",
)  # fmt: skip
FAULTS = ("503_before", "503_after", "drop_before", "drop_after", "429", "malformed_json", "short_read")
AUTOMATIC = {"Auto-Submitted": "auto-replied"}


@dataclass
class Chaos:
    """Called ten times a second while the processes run: mail comes, Gmail fails, workers die, time passes."""

    shop: Shop
    chance: random.Random
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
            self.next_kill = now + self.chance.uniform(0.8, 2.2)
        if now >= self.next_leap:
            # Leases end, under living workers too, as if each had been asleep for minutes.
            self.shop.due_again()
            self.next_leap = now + self.chance.uniform(2.0, 4.0)
        if self.chance.random() < 0.2:
            self.shop.google.fault(self.chance.choice(ROUTES), self.chance.choice(FAULTS), retry_after=1)
            self.faults += 1
        if now >= SECONDS or (self.kills.total() >= KILLS and self.written == MAILS):
            self.supervisor.stop()

    def _write(self) -> None:
        number = self.written
        words, headers = ("question: when does my parcel come?", {})
        if number % 10 == 7:
            words = "question: do you sell boats?"
        if number % 10 == 9:
            headers = AUTOMATIC
        self.shop.write(words, f"Mail {number}", sender=f"c{number % CUSTOMERS}@customer.example", headers=headers)
        self.written += 1

    def _kill(self) -> None:
        name, pid = self.chance.choice(list(self.supervisor.pids.items()))
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
            self.kills[name] += 1


@pytest.mark.slow
def test_random_kills_and_faults_lose_and_double_nothing(google, settings, workspace, servers, capsys):
    seed = random.SystemRandom().randrange(10**6)
    for number in range(CUSTOMERS):
        google.account(f"c{number}@customer.example", "Customer")
    settings = replace(
        pipeline.settings_over(settings, google), redis_url=servers.empty_valkey(), listen_seconds=0.2, poll_seconds=0.5
    )
    with_env = environment(settings)
    commands = [
        Command(name, (sys.executable, *argv), with_env, ROOT)
        for name, argv in (("listener", LISTENER), ("io-1", IO), ("io-2", IO), ("brain", BRAIN))
    ]
    services = pipeline.TestServices(settings)
    shop = Shop(google, services, workspace, pipeline.connect_mailbox(google, services, workspace))
    chaos = Chaos(shop, random.Random(seed))
    patience = Patience(first_pause=0.05, longest_pause=0.1, stop_within=20, last_grace=10)
    chaos.supervisor = Supervisor(commands, log=io.StringIO(), tick=chaos, patience=patience)
    chaos.supervisor.run()
    seconds = time.monotonic() - chaos.began

    google.world.faults.clear()
    shop.settle_over_time(10)

    arrived = Counter(
        mail.letter.first("subject").removeprefix("Re: ")
        for number in range(CUSTOMERS)
        for mail in shop.received(f"c{number}@customer.example")
    )
    fates = {
        row.subject: (row.disposition, row.reply)
        for row in shop.rows(
            "SELECT m.subject, d.disposition, o.state AS reply FROM message m LEFT JOIN decision d"
            " ON d.message_id = m.id AND d.is_current LEFT JOIN outbox o ON o.decision_id = d.id"
            " WHERE m.direction = 'in'"
        )
    }
    services.close()
    doubled = [subject for subject, copies in arrived.items() if copies > 1]
    lost = [f"Mail {number}" for number in range(chaos.written) if not ended(fates.get(f"Mail {number}"))]
    unsent = [subject for subject, fate in fates.items() if fate == ("release", "sent") and subject not in arrived]
    with capsys.disabled():
        print(
            f"\nchaos: seed {seed} seconds {seconds:.0f} mails {chaos.written} kills {chaos.kills.total()}"
            f" {dict(chaos.kills)} faults {chaos.faults} answered {len(arrived)}"
            f" held {sum(disposition == 'hold' for disposition, _ in fates.values())}"
            f" ignored {sum(disposition == 'ignore' for disposition, _ in fates.values())}"
            f" lost {len(lost)} doubled {len(doubled)} drafts left {len(google.mailbox(SHOP).drafts)}"
        )
    assert (lost, doubled, unsent) == ([], [], [])
    assert chaos.written == MAILS
    assert chaos.kills.total() >= 15
    assert len(arrived) > MAILS / 2


def ended(fate: tuple[str | None, str | None] | None) -> bool:
    """Ignored, waiting for a person, or sent: nothing else is an end."""
    return fate is not None and (fate[0] in ("ignore", "hold") or fate == ("release", "sent"))
