"""What a request carries, made fit to store and to compare: lines, texts, ids, and ways back to our own pages."""

from uuid import UUID

from flask import current_app, request, url_for
from werkzeug.exceptions import HTTPException

LONGEST_LINE = 200

# Postgres stores no NUL in text; the others can stand in no line that a person writes.
_CONTROLS = {code: None for code in (*range(32), 127) if chr(code) not in "\t\n"}


def line(text: str) -> str:
    """One line without control characters, at most 200 characters."""
    return " ".join(text.translate(_CONTROLS).split())[:LONGEST_LINE]


def letter(text: str) -> str:
    """Several lines with Unix line ends, without control characters, nothing empty around them."""
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_CONTROLS).strip()


def row_id(name: str) -> UUID | None:
    """A row's id from the address bar; nonsense is as good as none."""
    try:
        return UUID(request.args.get(name, ""))
    except ValueError:
        return None


def own_page(path: str) -> str:
    """`path` when it is a page of ours that can be looked at, else the queue: never another site."""
    plain = path.startswith("/") and not path.startswith(("//", "/\\")) and line(path) == path
    if plain:
        try:
            current_app.url_map.bind("").match(path.partition("?")[0], method="GET")
        except HTTPException:
            plain = False
    return path if plain else url_for("queue.page")
