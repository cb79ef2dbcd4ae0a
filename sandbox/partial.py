"""Cut a JSON answer down to what the `fields` parameter asks for (`a,b(c,d),e/f`, `*`), as Google's APIs do."""

import re
from typing import Any

from sandbox.gmail_errors import invalid

Wanted = dict[str, "Wanted"]
_TOKEN = re.compile(r"[A-Za-z*][\w]*|[(),/]")


def read_fields(text: str) -> Wanted:
    """The tree of names in a fields text; an empty branch means everything below. Raises GmailError 400."""
    tokens = _TOKEN.findall(text)
    if "".join(tokens) != text:
        raise invalid(f"Invalid field selection {text}")
    wanted, rest = _list(tokens)
    if rest:
        raise invalid(f"Invalid field selection {text}")
    return wanted


def only(value: Any, wanted: Wanted) -> Any:
    """The part of a JSON value that is wanted; lists are cut item by item."""
    if not wanted or "*" in wanted:
        return value
    if isinstance(value, list):
        return [only(item, wanted) for item in value]
    if isinstance(value, dict):
        return {name: only(item, wanted[name]) for name, item in value.items() if name in wanted}
    return value


def _list(tokens: list[str]) -> tuple[Wanted, list[str]]:
    wanted: Wanted = {}
    while True:
        name, tokens = _name(tokens)
        branch: Wanted = {}
        wanted[name] = branch
        while tokens[:1] == ["/"]:
            name, tokens = _name(tokens[1:])
            branch[name] = {}
            branch = branch[name]
        if tokens[:1] == ["("]:
            below, tokens = _list(tokens[1:])
            if tokens[:1] != [")"]:
                raise invalid("Invalid field selection: a bracket is open")
            branch.update(below)
            tokens = tokens[1:]
        if tokens[:1] != [","]:
            return wanted, tokens
        tokens = tokens[1:]


def _name(tokens: list[str]) -> tuple[str, list[str]]:
    if not tokens or tokens[0] in "(),/":
        raise invalid("Invalid field selection: a name is missing")
    return tokens[0], tokens[1:]
