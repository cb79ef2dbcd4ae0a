"""The habits of the house that no linter knows."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
THIS = Path(__file__).name

# What may stand nowhere, and why.
FORBIDDEN = {
    r"\bmock\.patch|\bfrom unittest import mock": "doubles stand at our own ports",
    r"pytest\.mark\.(skip|xfail)|pytest\.xfail\(": "a test that does not run says nothing",
    r"\bNotImplementedError\b|\bTODO\b|\bFIXME\b": "what is there is done",
    r"verify\s*=\s*False": "certificates are checked",
    r"""\btext\(\s*f["']""": "SQL takes parameters",
    r"\bpickle\b|\byaml\.load\(|(?<![.\w])(eval|exec)\(": "data is never run",
    r"https?://(pypi|files\.pythonhosted|registry\.npmjs|deb\.debian|download\.pytorch)": "no registry's address",
}

CODE = [
    file
    for pattern in (
        "*.py",
        "*/**/*.py",
        "*.toml",
        "Makefile",
        "Dockerfile",
        "docker-compose.yml",
        "templates/**/*.html",
    )
    for file in sorted(ROOT.glob(pattern))
    if not {".venv", "var", "node_modules"} & set(file.relative_to(ROOT).parts) and file.name != THIS
]


@pytest.mark.parametrize("pattern", FORBIDDEN)
def test_nothing_forbidden_stands_in_the_code(pattern):
    found = [
        f"{file.relative_to(ROOT)}:{number}"
        for file in CODE
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(pattern, line)
    ]
    assert not found, f"{FORBIDDEN[pattern]}: {found}"


def test_no_test_sleeps():
    found = [
        f"{file.relative_to(ROOT)}:{number}"
        for file in CODE
        if file.is_relative_to(ROOT / "tests")
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if re.match(r"\s*time\.sleep\(", line)
    ]
    assert not found, f"a test waits for a condition or an event, with a deadline: {found}"


def test_every_waiver_of_linter_or_types_says_why():
    waiver = re.compile(r"#\s*(noqa|type:\s*ignore)(?P<codes>[:\[][\w\s,\-\[\]]*)?(?P<rest>.*)$")
    silent = []
    for file in CODE:
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            found = waiver.search(line)
            if file.suffix == ".py" and found and not re.search(r"[a-z]{3}", found["rest"]):
                silent.append(f"{file.relative_to(ROOT)}:{number}")
    assert not silent


def test_no_name_says_nothing():
    empty = {"utils", "util", "helpers", "helper", "manager", "common", "misc", "data"}
    assert not [str(file.relative_to(ROOT)) for file in CODE if file.stem in empty]
