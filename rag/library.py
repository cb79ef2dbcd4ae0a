"""The documents and passages of an index, kept as bytes and made into values when they are asked for."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from functools import lru_cache
from typing import Any

import numpy as np

from rag.documents import Document
from rag.lists import Arrays
from rag.passages import Passage
from rag.terms import Terms, Texts, hashes_of

# An answer quotes a few documents and a page lists ten.
REMEMBERED = 64
_OF_DOCUMENT = tuple(field.name for field in fields(Document) if field.name != "body")
_OF_PASSAGE = tuple(field.name for field in fields(Passage) if field.name != "document")
# A file that was written when documents had other fields is of no use.
SHAPE = ",".join((*_OF_DOCUMENT, "|", *_OF_PASSAGE))


class Documents(Mapping[str, Document]):
    """The documents by their path."""

    def __init__(self, arrays: Arrays) -> None:
        self._meta, self._bodies = Texts.read(arrays, "documents.meta"), Texts.read(arrays, "documents.bodies")
        self._paths, self._order = Terms(arrays["documents.paths"]), arrays["documents.order"]
        self.numbered = lru_cache(REMEMBERED)(self._read)

    def _read(self, number: int) -> Document:
        return Document(**_values(_OF_DOCUMENT, self._meta[number]), body=self._bodies[number])

    def __getitem__(self, path: str) -> Document:
        place = self._paths.number(path) if isinstance(path, str) else None
        if place is None:
            raise KeyError(path)
        return self.numbered(int(self._order[place]))

    def __iter__(self) -> Iterator[str]:
        return (self._read(number).path for number in range(len(self)))

    def __len__(self) -> int:
        return len(self._meta)


class Passages(Sequence[Passage]):
    """The passages by their number."""

    def __init__(self, arrays: Arrays, documents: Documents) -> None:
        self._meta, self._owners = Texts.read(arrays, "passages.meta"), arrays["passages.documents"]
        self._documents = documents

    def __len__(self) -> int:
        return len(self._meta)

    def __getitem__(self, number: Any) -> Any:
        if isinstance(number, slice):
            return tuple(self[at] for at in range(*number.indices(len(self))))
        at = range(len(self))[int(number)]
        document = self._documents.numbered(int(self._owners[at]))
        return Passage(document, **_values(_OF_PASSAGE, self._meta[at]))


def library_arrays(documents: Sequence[Document], passages: Sequence[Sequence[Passage]]) -> dict[str, Any]:
    """What both are read from; `passages` are those of each document."""
    paths = hashes_of(document.path for document in documents)
    order = np.argsort(paths, kind="stable")
    owners = np.repeat(np.arange(len(documents), dtype=np.int32), [len(of_one) for of_one in passages])
    return {
        **Texts.of([_row(_OF_DOCUMENT, document) for document in documents]).named("documents.meta"),
        **Texts.of([document.body for document in documents]).named("documents.bodies"),
        "documents.paths": paths[order],
        "documents.order": order,
        **Texts.of([_row(_OF_PASSAGE, passage) for of_one in passages for passage in of_one]).named("passages.meta"),
        "passages.documents": owners,
    }


def _row(names: Sequence[str], value: object) -> str:
    return json.dumps([getattr(value, name) for name in names])


def _values(names: Sequence[str], row: str) -> dict[str, Any]:
    values = dict(zip(names, json.loads(row), strict=True))
    for name, value in values.items():
        if value.__class__ is list:
            values[name] = tuple(value)
    return values
