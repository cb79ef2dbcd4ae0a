"""`python -m deploy.sbom`: write var/sbom.json, what the run time is made of, as CycloneDX 1.6."""

import json
import sys
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

from deploy.licences import licence
from deploy.locks import ROOT, RUN_TIME, Locked, asked_for, read_lock

FILE = ROOT / "var" / "sbom.json"
OURS = "mailwright"


def bill(entries: tuple[Locked, ...], at: datetime) -> dict[str, Any]:
    """The bill of materials: a component for each entry, and who asks for whom as the lock says it."""
    asking = {OURS: [_reference(entry) for entry in entries if entry.name in asked_for()]}
    for one in entries:
        asking[_reference(one)] = [_reference(entry) for entry in entries if one.name in entry.asked_by]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": at.isoformat(timespec="seconds"),
            "component": {"type": "application", "bom-ref": OURS, "name": OURS},
        },
        "components": [_component(entry) for entry in entries],
        "dependencies": [{"ref": reference, "dependsOn": others} for reference, others in asking.items()],
    }


def _reference(entry: Locked) -> str:
    """The package's name in a form that scanners know (purl)."""
    return f"pkg:pypi/{entry.name}@{entry.version}"


def _component(entry: Locked) -> dict[str, Any]:
    return {
        "type": "library",
        "bom-ref": _reference(entry),
        "name": entry.name,
        "version": entry.version,
        # What is locked for other machines alone is not in the image.
        "scope": "required" if _is_here(entry) else "optional",
        "licenses": [{"expression": licence(entry.name)}],
        "purl": _reference(entry),
    }


def _is_here(entry: Locked) -> bool:
    try:
        return metadata.version(entry.name) == entry.version
    except metadata.PackageNotFoundError:
        return False


def main() -> int:
    FILE.parent.mkdir(exist_ok=True)
    entries = read_lock(RUN_TIME)
    FILE.write_text(json.dumps(bill(entries, datetime.now(UTC)), indent=1) + "\n", encoding="utf-8")
    print(f"sbom: {FILE.relative_to(ROOT)} names {len(entries)} packages.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
