"""The sandbox's ticketing system in the demo: it knows the shop's orders, and gets a note of each exchange."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from uuid import UUID

from adapters.ticketing import Connection
from bootstrap import Services
from commands.demo_shop import SHOP
from domain.bridging import BridgeRules, Mode
from settings import ROOT
from storage import ticketing
from worker.supervisor import Command

# The stand-in's own: it listens on loopback alone.
USER, PASSWORD = "agent", "secret"


def connect_ticketing(services: Services, tenant: UUID, port: int) -> None:
    """The workspace writes to the system on this port from now on; what a person chose for it before stays."""
    connection = Connection(f"http://127.0.0.1:{port}/api/sdt/1", USER, PASSWORD)
    connected = services.sealed_ticketing(tenant, connection)
    with services.database.transaction(tenant) as db:
        ticketing.put(db, tenant, connected, BridgeRules(Mode.GMAIL_WITH_NOTE), actor="demo")


def ticketing_command(port: int, folder: Path, env: Mapping[str, str], answers: Callable[[str], bool]) -> Command:
    """The program that plays it; its tickets stay in the demo's folder."""
    words = (
        *(sys.executable, "-m", "sandbox.ticketing", "--port", str(port)),
        *("--orders", str(SHOP / "orders.csv"), "--data", str(folder / "tickets.json")),
    )
    return Command("tickets", words, dict(env), ROOT, lambda: answers(f"http://127.0.0.1:{port}/sandbox/tickets"))
