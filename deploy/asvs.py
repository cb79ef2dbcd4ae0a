"""Write docs/asvs.md: what the OWASP ASVS asks at levels 1 and 2, how it stands here, and what shows it."""

import sys
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
LIST, PAGE = ROOT / "docs" / "asvs.toml", ROOT / "docs" / "asvs.md"

STATUSES = ("met", "operator", "open", "not applicable")

HEAD = """# What the ASVS asks, and how it stands

OWASP's Application Security Verification Standard 5.0.0 (its text is OWASP's, under CC BY-SA 4.0; the words here are
ours, and short) has 70 requirements of level 1 and 183 of level 2. This page is made by `python -m deploy.asvs` from
`docs/asvs.toml`; `tests/test_asvs.py` holds that none is missing and that every test named here exists. *operator*: it
depends on whoever runs this. *open*: it is not met, and the line says how far. Nobody but ourselves has verified it.

"""


@dataclass(frozen=True, slots=True)
class Requirement:
    """`proof` names tests as file::function, files of ours, and sections of pages as file#heading."""

    id: str
    level: int
    words: str
    status: str
    proof: tuple[str, ...]
    why: str


def read() -> dict[str, list[Requirement]]:
    """The requirements by their chapter, in the list's order."""
    chapters = tomllib.loads(LIST.read_text("utf-8"))
    return {
        chapter: [
            Requirement(
                name, row["level"], row["words"], row["status"], tuple(row.get("proof", ())), row.get("why", "")
            )
            for name, row in rows.items()
        ]
        for chapter, rows in chapters.items()
    }


def page(chapters: dict[str, list[Requirement]]) -> str:
    counted = Counter(row.status for rows in chapters.values() for row in rows)
    lines = ["| " + " | ".join(STATUSES) + " |", "|---" * len(STATUSES) + "|"]
    lines += ["| " + " | ".join(str(counted[status]) for status in STATUSES) + " |"]
    for chapter, rows in chapters.items():
        lines += ["", f"## {chapter}", "", "| | level | asked | status | shown by |", "|---|---|---|---|---|"]
        lines += [f"| {row.id} | {row.level} | {row.words} | {row.status} | {_shown(row)} |" for row in rows]
    return HEAD + "\n".join(lines) + "\n"


def _shown(row: Requirement) -> str:
    named = [_named(one) for one in row.proof]
    return " ".join(filter(None, [row.why, ", ".join(named)]))


def _named(proof: str) -> str:
    """A test by its file and its name, each as code; a section as a link."""
    if "::" in proof:
        file, _, test = proof.partition("::")
        return f"`tests/{file}`: `{test}`"
    file, _, heading = proof.partition("#")
    return f"`{file}`, *{heading}*" if heading else f"`{file}`"


def main() -> int:
    PAGE.write_text(page(read()), encoding="utf-8")
    print(f"asvs: {PAGE.relative_to(ROOT)} is written.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
