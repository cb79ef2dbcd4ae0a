"""What ticketing system and shop did outlives their end, for an interrupted run to count; faults can be withdrawn."""

import json
import signal
import subprocess
import sys
from contextlib import contextmanager

import requests

from tests.sandbox.test_order_shop import SECRET, call, signed
from tests.test_architecture import ROOT


@contextmanager
def running(program, data, *more):
    """The stand-in as a program; gives the address of its control, and ends it as its parent's end would."""
    argv = [sys.executable, "-m", f"sandbox.{program}", "--port", "0", "--data", str(data), *more]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        url = json.loads(process.stdout.readline())["ready"]
        yield url.removesuffix("/api/sdt/1")
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


def test_orders_tickets_and_effects_of_the_ticketing_system_are_found_again(tmp_path):
    data = tmp_path / "tickets.json"
    with running("ticketing", data) as url:
        requests.post(f"{url}/sandbox/orders", json={"reference": "LO-1"}, timeout=60).raise_for_status()
        token = requests.post(
            f"{url}/api/sdt/1/Account/login", json={"username": "agent", "password": "secret"}, timeout=60
        ).json()["access_token"]
        form = {
            "SalesOrderReference": "LO-1",
            "TicketTypeId": "1",
            "ContactName": "Anna",
            "Comment": "Hello [MW-AAAAAA]",
        }
        made = requests.post(
            f"{url}/api/sdt/1/tickets/tickets/UpsertTicket",
            files={name: (None, value) for name, value in form.items()},
            headers={"Authorization": f"Bearer {token}"}, timeout=60,
        ).json()  # fmt: skip
        assert made["succeeded"]
    with running("ticketing", data) as url:
        [effect] = requests.get(f"{url}/sandbox/effects", timeout=60).json()
        assert effect["text"] == "Hello [MW-AAAAAA]"
        [ticket] = requests.get(f"{url}/sandbox/tickets", timeout=60).json()
        assert str(ticket["id"]) == made["serviceResult"]


def test_what_the_shop_did_for_a_key_is_found_again_and_done_no_second_time(tmp_path):
    data, key = tmp_path / "shop.json", "0b0e2f6c-5f5a-4f38-9e7e-6f1f3b1d2c3a"
    body = json.dumps(
        {
            "id": key, "type": "refund", "order_number": "LO-1", "amount_minor": 100, "currency": "EUR", "items": [],
            "reason": "", "created_at": "2026-01-01T00:00:00+00:00",
        }
    ).encode()  # fmt: skip
    for _ in range(2):
        with running("order_shop", data, "--secret", SECRET) as url:
            call(f"{url}/sandbox/orders", json.dumps({"number": "LO-1", "total_minor": 5000}).encode())
            assert call(url + "/", body, signed(key, body))[0] == 200
            state = call(f"{url}/sandbox/state")[1]
            assert state["kept"][key]["effects"] == 1
            assert json.loads(state["kept"][key]["body"])["order_number"] == "LO-1"


def test_faults_of_both_can_be_seen_and_withdrawn(tmp_path):
    for program, more in (("ticketing", ()), ("order_shop", ("--secret", SECRET))):
        with running(program, tmp_path / program, *more) as url:
            faults = f"{url}/sandbox/faults"
            requests.post(faults, json={"route": "*", "fault": "429"}, timeout=60).raise_for_status()
            assert requests.get(faults, timeout=60).json()["waiting"][0]["fault"] == "429"
            requests.delete(faults, timeout=60).raise_for_status()
            assert requests.get(faults, timeout=60).json() == {"waiting": []}
