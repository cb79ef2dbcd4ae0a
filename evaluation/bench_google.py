"""The sandbox Google of the bench: a process of its own, filled with the demonstration mix and asked over HTTP."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from settings import ROOT

SHOP = "support@lumen-oak.example"
# The client that the sandbox knows from the start, and that a consent without a browser is given to.
CLIENT_ID, CLIENT_SECRET = "sandbox-client.apps.googleusercontent.com", "sandbox-client-key"
# So long after the consent do the mails arrive: by then the mailbox is connected, and they are all new.
ARRIVE_AFTER = 2.0
READY = '"ready"'
_TIMEOUT = 30.0


def mix(count: int, seed: int, *, orders: bool = False) -> list[dict[str, Any]]:
    """The mails of the demonstration mix, or the orders they speak of, from the sandbox's own program."""
    command = [sys.executable, "-m", "sandbox.mix", str(count), str(seed), *(["--orders"] if orders else [])]
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in printed.splitlines()]


def write_seed(folder: Path, mails: list[dict[str, Any]]) -> None:
    """The folder that `sandbox.google --seed` reads: the shop's account and mails that arrive after its consent."""
    (folder / "mails").mkdir(parents=True)
    (folder / "accounts.json").write_text(json.dumps([{"email": SHOP, "name": "Lumen & Oak", "role": "shop"}]))
    for number, mail in enumerate(mails):
        fields = {name: value for name, value in mail.items() if name != "expected"}
        fields["arrives_after_connect_s"] = ARRIVE_AFTER
        (folder / "mails" / f"{number:06d}.json").write_text(json.dumps(fields))


def command(seed: Path, port: int) -> tuple[str, ...]:
    return (sys.executable, "-m", "sandbox.google", "--port", str(port), "--seed", str(seed))


@dataclass(frozen=True, slots=True)
class Control:
    """What the sandbox tells and does beside being Google, at `url`."""

    url: str

    def _get(self, name: str) -> Any:
        return requests.get(f"{self.url}/sandbox/{name}", timeout=_TIMEOUT).json()

    def _post(self, name: str, body: dict[str, Any]) -> Any:
        answer = requests.post(f"{self.url}/sandbox/{name}", json=body, timeout=_TIMEOUT)
        answer.raise_for_status()
        return answer.json()

    def authorize(self) -> dict[str, Any]:
        """The shop's consent without a browser: the token answer."""
        answer: dict[str, Any] = self._post("authorize", {"user": SHOP})
        return answer

    def waiting(self) -> int:
        """How many mails have not arrived yet."""
        return int(self._get("arrivals")["waiting"])

    def units(self) -> dict[str, int]:
        """The quota units that the shop's mailbox has cost, by method."""
        methods: dict[str, int] = self._get("quota").get(SHOP, {}).get("by_method", {})
        return methods
