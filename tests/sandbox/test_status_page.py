import json
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from sandbox.status_page import StatusPage, serve
from tests.test_architecture import ROOT

SUMMARY = "/api/v2/summary.json"


def call(url, body=None, method=None):
    request = urllib.request.Request(url, json.dumps(body).encode() if body is not None else None, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as error:
        return error.code, {}


@pytest.fixture
def url():
    with serve(StatusPage()) as address:
        yield address


def test_an_incident_is_opened_and_resolved_over_http(url):
    assert call(f"{url}/sandbox/incidents", {"name": "Card payments fail", "components": ["Cards"]})[0] == 200
    _, found = call(url + SUMMARY)
    (one,) = found["incidents"]
    assert (one["name"], one["components"][0]["name"]) == ("Card payments fail", "Cards")
    call(f"{url}/sandbox/incidents", method="DELETE")
    assert call(url + SUMMARY)[1]["incidents"] == []


def test_a_fault_is_ordered_over_http_and_played_once(url):
    call(f"{url}/sandbox/faults", {"fault": "500_before"})
    assert [call(url + SUMMARY)[0] for _ in range(2)] == [500, 200]
    assert call(f"{url}/sandbox/faults", {"fault": "nonsense"})[0] == 400


def test_there_is_nothing_else(url):
    assert call(f"{url}/api/v2/status.json")[0] == 404
    assert call(f"{url}/sandbox/nothing")[0] == 404


def test_it_runs_as_a_program_with_one_open_incident_and_stops_when_told():
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox.status_page", "--port", "0"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    url = json.loads(process.stdout.readline())["ready"]
    assert len(call(url + SUMMARY)[1]["incidents"]) == 1
    assert call(f"{url}/sandbox/state")[1]["asked"] == 1
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 0
