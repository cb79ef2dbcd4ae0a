"""Links between documents: what the others call a document, and how much of a passage is nothing but links."""

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import PurePosixPath

from rag.documents import Document

_LINK = re.compile(r"(?<!!)\[([^\]\[\n]{1,200})\]\(\s*<?([^)\s>]{1,500})[^)\n]{0,200}\)")
_ADDRESS = re.compile(r"https?://[^\s<>)\"']+")
_LETTER = re.compile(r"\w")
# Names of one document that are kept, the most frequent first.
MOST_NAMES = 4


def link_share(text: str) -> float:
    """The share, 0 to 1, of a text's letters that stand in links: what mostly points elsewhere answers nothing."""
    if "](" not in text and "://" not in text:
        return 0.0
    shown = _LINK.sub(lambda link: link.group(1), text)
    letters = len(_LETTER.findall(_ADDRESS.sub("", shown)))
    linked = sum(len(_LETTER.findall(link.group(1))) for link in _LINK.finditer(text))
    bare = len(_LETTER.findall("".join(_ADDRESS.findall(shown))))
    return (linked + bare) / (letters + bare) if letters + bare else 0.0


def names_by_links(documents: Sequence[Document]) -> dict[str, tuple[str, ...]]:
    """For a document's path what other documents of its language call it where they link to it.

    Of several names those count that two documents use, since one may only say "here".

    A link names its target by the last part of its address: `/help/returns/` and `returns.md#how` are `returns.md`.
    """
    paths: dict[tuple[str, str], list[str]] = defaultdict(list)
    for document in documents:
        paths[document.language, _place(document.path)].append(document.path)
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for document in documents:
        if "](" not in document.body:
            continue
        for link in _LINK.finditer(document.body):
            targets = paths.get((document.language, _place(link.group(2))), [])
            # Two documents of one name: the link may mean either.
            if len(targets) == 1 and targets[0] != document.path:
                found[targets[0]][" ".join(link.group(1).split())].add(document.path)
    return {path: _most_frequent(names) for path, names in found.items()}


def _place(address: str) -> str:
    bare = re.split(r"[?#]", address)[0].rstrip("/")
    return PurePosixPath(bare).stem.casefold()


def _most_frequent(names: dict[str, set[str]]) -> tuple[str, ...]:
    ordered = sorted(names, key=lambda name: (-len(names[name]), name))
    return tuple(name for name in ordered if len(names[name]) >= 2 or len(names) == 1)[:MOST_NAMES]
