"""The sandbox's status page in the demo, with one incident open, watched by the shop's workspace."""

import sys
from collections.abc import Callable, Mapping
from uuid import UUID

from bootstrap import Services
from settings import ROOT
from storage import incidents
from worker.supervisor import Command


def watch_page(services: Services, tenant: UUID, port: int) -> None:
    """The workspace reads the page on this port from now on."""
    with services.database.transaction(tenant) as db:
        incidents.watch(db, tenant, f"http://127.0.0.1:{port}")


def status_page_command(port: int, env: Mapping[str, str], answers: Callable[[str], bool]) -> Command:
    """The program that plays the page."""
    words = (sys.executable, "-m", "sandbox.status_page", "--port", str(port))
    return Command("status-page", words, dict(env), ROOT, lambda: answers(f"http://127.0.0.1:{port}/sandbox/state"))
