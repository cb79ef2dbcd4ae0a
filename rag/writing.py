"""A document as a file: what is said about it as front matter, and its text."""

from collections.abc import Sequence

import yaml

from domain.errors import BadInput
from rag.formats import front_matter


def written(
    body: str,
    *,
    title: str,
    language: str = "",
    visibility: str = "public",
    url: str = "",
    questions: Sequence[str] = (),
    before: str = "",
) -> str:
    """The whole text of the file. What the front matter of the file `before` says beyond these stays in it."""
    said: dict[str, object] = {
        "title": title, "language": language, "visibility": visibility, "url": url, "questions": list(questions),
    }  # fmt: skip
    kept = {name: value for name, value in _said(before).items() if name not in {*said, "lang", "link"}}
    # A misspelt or missing "internal" must never become public: it always stands there.
    meta = {name: value for name, value in said.items() if value} | kept
    head = yaml.safe_dump(meta, allow_unicode=True, sort_keys=False, width=1000)
    return f"---\n{head}---\n\n{body.strip()}\n"


def body_of(source: str) -> str:
    """The text of a file without its front matter."""
    try:
        return front_matter.split("", source)[1]
    except BadInput:
        return source


def _said(source: str) -> dict[str, object]:
    try:
        return dict(front_matter.split("", source)[0])
    except BadInput:
        return {}
