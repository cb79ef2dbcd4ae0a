"""The front matter of a text: YAML between two lines of dashes, understood and never part of the text."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

import yaml

from domain.errors import BadInput
from rag.formats.decoding import visible
from rag.words import LANGUAGES

_FENCE = re.compile(r"---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
# More is no front matter of a document, and YAML can be made slow.
MAX_FRONT_MATTER = 50_000
MAX_QUESTIONS = 100


class _WithoutReferences(yaml.SafeLoader):
    """Ten short lines of references to references would become gigabytes."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("a reference")
        return super().compose_node(parent, index)


def split(path: str, text: str) -> tuple[Mapping[str, Any], str]:
    """What the front matter says, and the text after it. Raises BadInput with one sentence."""
    # An editor may have left an empty line above it: what says "internal" must not be lost for that.
    text = text.lstrip()
    # A file that opens with a line of dashes but no "key:" after it uses them as a rule, not as front matter.
    if not re.match(r"---[ \t]*\n(?:[ \t]*\n|#.*\n)*(?:[\w-]+[ \t]*:|---)", text):
        return {}, text.strip()
    fenced = _FENCE.match(text)
    if fenced is None:
        raise BadInput(path, "opens a front matter with --- and does not close it.")
    if len(fenced.group(1)) > MAX_FRONT_MATTER:
        raise BadInput(path, f"has a front matter of more than {MAX_FRONT_MATTER} characters.")
    try:
        meta = _WithoutReferences(fenced.group(1)).get_single_data() or {}
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", 0) + 2
        raise BadInput(path, f"has a front matter that is not YAML (line {line}).") from error
    except (ValueError, RecursionError) as error:  # a date that is none, or a thousand brackets
        raise BadInput(path, "has a front matter that cannot be read.") from error
    if not isinstance(meta, dict):
        raise BadInput(path, "has a front matter that is not a list of names and values.")
    return {str(name).strip().lower(): value for name, value in meta.items()}, text[fenced.end() :].strip()


def title(meta: Mapping[str, Any]) -> str:
    return _line(meta.get("title"))


def language(path: str, meta: Mapping[str, Any]) -> str:
    """The language that the front matter or a folder names, or an empty string."""
    named = meta.get("language", meta.get("lang"))
    if named is False:  # YAML 1.1 reads Norwegian's bare `no` as a boolean.
        return "no"
    if named is not None:
        code = re.split(r"[-_]", str(named).strip().lower())[0]
        if code not in LANGUAGES:
            raise BadInput(path, f"names the language {str(named)[:40]!r}; use a code such as en, de, fr, es.")
        return code
    folders = (part.lower() for part in reversed(PurePosixPath(path).parts[:-1]))
    return next((folder for folder in folders if folder in LANGUAGES), "")


def visibility(path: str, named: object) -> str:
    # A misspelt "internal" must never become public.
    found = str(named).strip().lower()
    if found not in {"public", "internal"}:
        raise BadInput(path, f"has the visibility {found[:40]!r}; it can be public or internal.")
    return found


def questions(path: str, meta: Mapping[str, Any]) -> tuple[str, ...]:
    found = meta.get("questions") or []
    if not isinstance(found, list) or not all(isinstance(question, str) for question in found):
        raise BadInput(path, "has sample questions that are not a list of sentences.")
    if len(found) > MAX_QUESTIONS:
        raise BadInput(path, f"has {len(found)} sample questions; {MAX_QUESTIONS} at most are read.")
    return tuple(_line(question) for question in found if _line(question))


def url(path: str, meta: Mapping[str, Any]) -> str:
    found = str(meta.get("url") or meta.get("link") or "").strip()
    if found and not re.fullmatch(r"https://[^\s<>\"']+", found):
        raise BadInput(path, "has a link that does not begin with https://.")
    return found


def _line(value: object) -> str:
    """On one line, without what Postgres cannot store and nobody can see."""
    plain = "" if value is None else str(value).encode("utf-8", "replace").decode()
    return " ".join(visible(plain).split())
