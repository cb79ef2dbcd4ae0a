"""Gmail's own verdict on who sent a mail (DMARC), read so strictly that nobody else can write it (GMAIL.md 4.2)."""

import re
from collections.abc import Sequence

from adapters.mime.headers import addresses, scan

_SERVER = "mx.google.com"
_PASS = re.compile(r"dmarc=pass((?:\s+[a-z.]+=[^\s=]+)*)", re.ASCII)
_FROM = re.compile(r"\sheader\.from=([^\s=]+)", re.ASCII)


def is_verified(headers: Sequence[tuple[str, str]]) -> bool:
    """Whether Gmail found DMARC to pass for the domain of the one From address.

    `headers` are (lower-case name, value on one line, words still encoded) from the top of the mail down. The
    receiver puts its results above everything that came with the mail, so only the very first one can be Gmail's.
    """
    writers = [value for name, value in headers if name == "from"]
    results = next((value for name, value in headers if name == "authentication-results"), "")
    if len(writers) != 1 or not results:
        return False
    named = addresses(writers[0])
    return named.only is not None and not named.fragments and _passes(results, named.only.domain)


def _passes(results: str, domain: str) -> bool:
    bare = _without_comments(results)
    if bare is None or not bare.isascii():
        return False
    server, *clauses = (clause.strip() for clause in bare.split(";"))
    about_dmarc = [clause for clause in clauses if "dmarc" in clause.lower().partition("=")[0]]
    if server != _SERVER or len(about_dmarc) != 1:
        return False
    verdict = _PASS.fullmatch(about_dmarc[0])
    return verdict is not None and [found.lower() for found in _FROM.findall(verdict[1])] == [domain]


def _without_comments(value: str) -> str | None:
    """The value without comments and quoted strings, where others' words stand; None when they do not close.

    A string leaves a mark behind, so that what it stood in cannot be read as if it had not been there.
    """
    kept: list[str] = []
    place = "text"
    for letter, place in scan(value):
        if place == "text" and letter in {"\\", ")"}:
            return None
        kept.append(letter if place == "text" else " " if place == "comment" else "=")
    return "".join(kept) if place == "text" else None
