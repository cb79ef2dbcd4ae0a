"""`python -m deploy.licences`: write docs/licences.md, the packages of the run time and their terms."""

import re
import sys
from importlib import metadata
from importlib.metadata import PackageMetadata
from itertools import groupby

from deploy.locks import ROOT, RUN_TIME, Locked, read_lock

PAGE = ROOT / "docs" / "licences.md"

# Read in the packages' own licence files, since their metadata says no more than "BSD" or a whole text.
READ_BY_HAND = {
    "flask-wtf": "BSD-3-Clause",
    "itsdangerous": "BSD-3-Clause",
    "jinja2": "BSD-3-Clause",
    "pyasn1-modules": "BSD-2-Clause",
    "pystemmer": "MIT AND BSD-3-Clause",
    "python-stdnum": "LGPL-2.1-or-later",
    "segno": "BSD-3-Clause",
    "tiktoken": "MIT",
    "wtforms": "BSD-3-Clause",
    # Never installed on Linux with a new Python, so that there is no metadata to ask.
    "async-timeout": "Apache-2.0",
    "colorama": "BSD-3-Clause",
    "httpx2-jsfetch": "BSD-3-Clause",
}

# How packages without a licence expression name one, in SPDX's words.
SPDX = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 3-Clause OR Apache-2.0": "BSD-3-Clause OR Apache-2.0",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}

# What may be shipped by anybody who keeps the notices. MPL asks for the source of its own files alone, unchanged here.
_PERMISSIVE = {
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "CNRI-Python",
    "MIT",
    "MIT-0",
    "PSF-2.0",
}
WELCOME = _PERMISSIVE | {"PSF-2.0", "Zlib", "MPL-2.0"}

# Terms that ask for more, taken for one package each, and why.
DECIDED = {
    "psycopg": ("LGPL-3.0-only", "used unchanged; who runs the image can put another version in its place"),
    "psycopg-binary": ("LGPL-3.0-only", "psycopg's compiled half: the same"),
    "python-stdnum": (
        "LGPL-2.1-or-later",
        "used unchanged; who runs the image can put another version in its place",
    ),
}

HEAD = """# Licences

Made by `make licences` from what the packages say of themselves: everything in `requirements.lock`, which is what the
image installs beside Python. Where a package comes compiled, libraries that it was built with lie in it; their texts
come with the package. Set-up, tests and checks use more, which is not shipped. `NOTICE` names what is no package.

`deploy/licences.py` lists the terms that are welcome. AGPL and GPL are not among them, and a test fails where a package
comes on terms that nobody has decided on. Decided one by one:

"""


def licence(name: str) -> str:
    """The SPDX expression of a package; raises LookupError where it cannot be told."""
    return READ_BY_HAND.get(name) or expression_of(metadata.metadata(name))


def expression_of(said: PackageMetadata) -> str:
    """What a package's metadata says, in SPDX's words; raises LookupError where that says too little."""
    if "License-Expression" in said:
        return str(said["License-Expression"])
    classifiers = [line for line in said.get_all("Classifier") or [] if line.startswith("License ::")]
    for words in (*(said.get_all("License") or []), *classifiers[:1]):
        last = str(words).split(" :: ")[-1]
        expression = SPDX.get(last, last)
        if expression and terms(expression) <= WELCOME:
            return expression
    raise LookupError(f"{said['Name']} names no licence that is known here: read its file, then READ_BY_HAND.")


def terms(expression: str) -> set[str]:
    """The licences that an expression names."""
    return set(re.findall(r"[\w.-]+", expression)) - {"AND", "OR", "WITH"}


def may_be_shipped(name: str, expression: str) -> bool:
    return terms(expression) <= WELCOME or DECIDED.get(name, ("", ""))[0] == expression


def page(entries: tuple[Locked, ...]) -> str:
    """The page as it stands in docs. A package that is locked in two versions, for two machines, has one line."""
    lines = [f"- {name} ({expression}): {why}." for name, (expression, why) in DECIDED.items()]
    lines += ["", "| package | version | licence |", "|---|---|---|"]
    for name, versions in groupby(entries, lambda entry: entry.name):
        lines.append(f"| {name} | {', '.join(entry.version for entry in versions)} | {licence(name)} |")
    return HEAD + "\n".join(lines) + "\n"


def main() -> int:
    PAGE.write_text(page(read_lock(RUN_TIME)), encoding="utf-8")
    print(f"licences: {PAGE.relative_to(ROOT)} is written.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
