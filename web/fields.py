"""What a request carries, made fit to store and to compare: lines, texts, ids, and ways back to our own pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import current_app, request, url_for
from werkzeug.exceptions import HTTPException

from domain.category import Category

LONGEST_LINE = 200
# Rows on one page of a list.
PAGE = 50

# Postgres stores no NUL in text; the others can stand in no line that a person writes.
_CONTROLS = {code: None for code in (*range(32), 127) if chr(code) not in "\t\n"}


def line(text: str, longest: int = LONGEST_LINE) -> str:
    """One line without control characters, at most 200 characters unless a field takes more."""
    return " ".join(text.translate(_CONTROLS).split())[:longest]


def letter(text: str) -> str:
    """Several lines with Unix line ends, without control characters, nothing empty around them."""
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_CONTROLS).strip()


def row_id(name: str) -> UUID | None:
    """A row's id from the address bar; nonsense is as good as none."""
    return _id(request.args.get(name, ""))


@dataclass(frozen=True, slots=True)
class Listing:
    """Which rows of a list are asked for: of one category or all, with these words, after that row."""

    category: str
    words: str
    after: UUID | None

    def shown(self, rows: Sequence[object]) -> dict[str, Any]:
        """What a template says of the list, from up to PAGE + 1 rows: the last only tells that there is more."""
        asked = {"category": self.category, "words": self.words, "after": self.after}
        return {"rows": rows[:PAGE], "more": len(rows) > PAGE, **asked}


def listing() -> Listing:
    """What the address bar asks for; nonsense is as good as none."""
    category = request.args.get("category", "")
    known = category if category in set(Category) else ""
    return Listing(known, line(request.args.get("q", "")), row_id("after"))


def own_page(path: str) -> str:
    """`path` when it is a page of ours that can be looked at, else the queue: never another site."""
    plain = path.startswith("/") and not path.startswith(("//", "/\\")) and line(path) == path
    if plain:
        try:
            current_app.url_map.bind("").match(path.partition("?")[0], method="GET")
        except HTTPException:
            plain = False
    return path if plain else url_for("queue.page")


def picks() -> list[str]:
    """The ids of the rows that were ticked on a list, each once, in their order; nonsense is left out."""
    return list(dict.fromkeys(str(one) for value in request.form.getlist("pick") if (one := _id(value)) is not None))


def one_of(number: int, one: str, many: str) -> str:
    """A number with its noun: "1 mail", "2 mails"."""
    return f"{number:,} {one if number == 1 else many}"


def _id(value: str) -> UUID | None:
    try:
        return UUID(value)
    except ValueError:
        return None
