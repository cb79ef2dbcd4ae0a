"""`python -m deploy.audit`: ask the database of PyPI whether what we install has known holes.

Holes fail the check. A database that cannot be reached does not: it says so, since nobody can work offline otherwise.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from deploy.locks import EVERYTHING, ROOT, read_lock

PIP_AUDIT = Path(sys.executable).with_name("pip-audit")
# Seconds for each address of the database (it has several), and for everything. An answer usually takes a tenth of one.
CONNECTION, WHOLE = 3, 300
OPTIONS = ("--no-deps", "--disable-pip", "--format", "json", "--progress-spinner", "off")
# pip-audit ends with 1 for holes, for our mistakes and for a network without answers: only its words tell them apart.
NETWORK = ("requests.exceptions.", "ServiceError", "vulnerability feed", "PyPI is not redirecting")


def main() -> int:
    try:
        ran = subprocess.run(
            [PIP_AUDIT, "--requirement", "/dev/stdin", *OPTIONS, "--timeout", str(CONNECTION)],
            input=pins(),
            capture_output=True,
            text=True,
            timeout=WHOLE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        print(f"audit: not done, since the database took more than {WHOLE} seconds.")
        return 0
    sentence, passes = verdict(ran.returncode, ran.stdout, ran.stderr)
    print(f"audit: {sentence}", file=sys.stdout if passes else sys.stderr)
    return 0 if passes else 1


def pins() -> str:
    """Everything that is locked, and torch, which no lock holds; without hashes, since pip-audit wants all or none."""
    locked = [
        f"{entry.name}=={entry.version}" + (f" ; {entry.marker}" if entry.marker else "")
        for entry in read_lock(EVERYTHING)
    ]
    named = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return "\n".join([*locked, *(line for line in named if line.startswith("torch=="))]) + "\n"


def verdict(code: int, output: str, errors: str) -> tuple[str, bool]:
    """What pip-audit found, from its exit code, its JSON and its words; and whether the check passes with that."""
    try:
        packages: list[dict[str, Any]] = json.loads(output)["dependencies"]
    except (ValueError, KeyError, TypeError):
        if any(words in errors for words in NETWORK):
            return "not done, since the database of known holes cannot be reached.", True
        last = errors.strip().splitlines()[-1:] or ["it said nothing"]
        return f"pip-audit failed with code {code}: {last[0]}", False
    holes = [
        f"  {package['name']} {package['version']}: {hole['id']}, mended in {', '.join(hole['fix_versions']) or 'none'}"
        for package in packages
        for hole in package.get("vulns", [])
    ]
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    if holes:
        return "\n".join([f"{len(holes)} known holes in what is installed:", *holes]), False
    if unknown and len(unknown) == len(packages):
        # An index that stands in for PyPI knows no package when it is asked for holes; pip-audit says "none found".
        return "not done, since the index that answers here has no database of known holes.", True
    if unknown:
        return f"the database knows no such version of {', '.join(unknown)}: were they taken away?", False
    return f"no known holes in {len(packages)} packages.", True


if __name__ == "__main__":
    sys.exit(main())
