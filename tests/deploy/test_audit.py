"""What an audit says of what pip-audit 2.10 said: the JSON and the words are recorded ones, shortened."""

import json
import os
import subprocess
import sys

import pytest

from deploy.audit import pins, verdict
from deploy.locks import ROOT

NONE = {"dependencies": [{"name": "idna", "version": "3.20", "vulns": []}], "fixes": []}
HOLE = {"id": "PYSEC-2024-230", "fix_versions": ["2024.7.4"], "aliases": ["CVE-2024-39689"], "description": "..."}
UNMENDED = {"id": "GHSA-xxxx", "fix_versions": [], "aliases": [], "description": "..."}
NOT_FOUND = "Dependency not found on PyPI and could not be audited"


def dependencies(*packages: dict) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


def test_without_a_hole_the_check_passes_and_says_how_much_was_asked_about():
    sentence, passes = verdict(0, json.dumps(NONE), "No known vulnerabilities found\n")
    assert passes
    assert sentence == "no known holes in 1 packages."


def test_a_hole_fails_the_check_and_is_named_with_the_version_that_mends_it():
    found = dependencies(*NONE["dependencies"], {"name": "certifi", "version": "2023.7.22", "vulns": [HOLE, UNMENDED]})
    sentence, passes = verdict(1, found, "Found 2 known vulnerabilities in 1 package\n")
    assert not passes
    assert "certifi 2023.7.22: PYSEC-2024-230, mended in 2024.7.4" in sentence
    assert "certifi 2023.7.22: GHSA-xxxx, mended in none" in sentence


@pytest.mark.parametrize(
    "words",
    [
        "requests.exceptions.ProxyError: HTTPSConnectionPool(port=443): Max retries exceeded",
        "requests.exceptions.ConnectionError: Failed to establish a new connection: Name or service not known",
        "ERROR:pip_audit._cli:Could not connect to PyPI's vulnerability feed\nERROR:pip_audit._cli:Tip: ...",
        "ERROR:pip_audit._cli:PyPI is not redirecting properly",
        "pip_audit._service.interface.ServiceError",
    ],
)
def test_a_database_that_cannot_be_reached_is_said_in_one_sentence_and_does_not_fail(words):
    sentence, passes = verdict(1, "", f"Traceback (most recent call last):\n{words}\n")
    assert passes
    assert sentence == "not done, since the database of known holes cannot be reached."


def test_an_index_that_knows_no_package_is_not_taken_for_one_that_knows_no_hole():
    """pip-audit ends with 0 and says that nothing was found: it was never told of anything."""
    found = dependencies(*({"name": name, "skip_reason": f"{NOT_FOUND}: {name}"} for name in ("idna", "flask")))
    sentence, passes = verdict(0, found, "No known vulnerabilities found\n")
    assert passes
    assert sentence.startswith("not done")


def test_a_version_that_was_taken_away_fails_the_check():
    found = dependencies(*NONE["dependencies"], {"name": "flask", "skip_reason": f"{NOT_FOUND}: flask (3.1.3)"})
    sentence, passes = verdict(0, found, "No known vulnerabilities found\n")
    assert not passes
    assert "flask" in sentence


@pytest.mark.parametrize("output", ["", "null", "[]", "{}", "not json"])
def test_a_mistake_of_ours_is_not_taken_for_a_network_that_is_away(output):
    sentence, passes = verdict(1, output, "WARNING: ...\nERROR:pip_audit._cli:requirement has no hash\n")
    assert not passes
    assert "requirement has no hash" in sentence


def test_everything_that_is_installed_is_asked_about_torch_included():
    lines = pins().splitlines()
    assert [line for line in lines if line.startswith("torch==")]
    assert [line for line in lines if line.startswith("colorama==") and line.endswith("sys_platform == 'win32'")]
    assert len(lines) > 150


def test_pip_audit_itself_is_run_and_a_network_that_is_away_fails_nothing():
    """The real program, with a proxy at which nobody listens."""
    nowhere = dict.fromkeys(("HTTPS_PROXY", "https_proxy"), "http://127.0.0.1:9")
    ran = subprocess.run(
        [sys.executable, "-m", "deploy.audit"],
        cwd=ROOT,
        env={**os.environ, **nowhere},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.stdout == "audit: not done, since the database of known holes cannot be reached.\n"
    assert (ran.returncode, ran.stderr) == (0, "")
