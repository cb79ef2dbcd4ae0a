"""The arrays of an index, made of documents that were cut and embedded."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from rag.codes import code_arrays
from rag.embedded import Embedded, rows
from rag.lexical_building import character_arrays, word_arrays
from rag.library import library_arrays
from rag.links import link_share, names_by_links
from rag.names import name_arrays
from rag.near import near_arrays

# So few passages are all scored as quickly as candidates among them are found, and every order is exact.
EXACT_UP_TO = 2_000


def arrays_of(embedded: Sequence[Embedded]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The arrays that `rag.index.Index` views, and the languages of its parts in their order."""
    passages = [passage for one in embedded for passage in one.passages]
    count = len(passages)
    titles, owners, samples = _titles(embedded, count)
    bodies = rows([one.bodies for one in embedded])
    names = names_by_links([one.document for one in embedded])
    heads = [
        " ".join([passage.heading.replace(" > ", ": "), *samples[at], *names.get(passage.document.path, ())])
        for at, passage in enumerate(passages)
    ]
    called = [
        [*passage.heading.split(" > "), *samples[at], *names.get(passage.document.path, ())]
        for at, passage in enumerate(passages)
    ]
    fields = [(head, passage.text) for head, passage in zip(heads, passages, strict=True)]
    spoken = [passage.document.language for passage in passages]
    languages = tuple(dict.fromkeys(spoken))
    parts = np.array([languages.index(language) for language in spoken], dtype=np.int16)
    arrays = {
        **library_arrays([one.document for one in embedded], [one.passages for one in embedded]),
        **code_arrays([" ".join(field) for field in fields], "codes"),
        **name_arrays(called, spoken, "names"),
        "titles": titles,
        "titles.starts": np.searchsorted(owners, np.arange(count + 1)).astype(np.int64),
        "bodies": bodies,
        "passages.parts": parts,
        "passages.links": np.array([link_share(passage.text) for passage in passages], dtype=np.float32),
    }
    if count > EXACT_UP_TO:
        arrays |= near_arrays(titles, owners, bodies, np.arange(count), "near")
    for number, language in enumerate(languages):
        name, of_part = f"part{number}", np.flatnonzero(parts == number)
        own = [fields[at] for at in of_part]
        arrays[f"{name}.numbers"] = of_part.astype(np.int32)
        arrays |= word_arrays(own, arrays["passages.documents"][of_part], language, f"{name}.words")
        arrays |= character_arrays([" ".join(field) for field in own], f"{name}.characters")
        if EXACT_UP_TO < len(of_part) < count:
            mine = np.flatnonzero(parts[owners] == number)
            arrays |= near_arrays(titles[mine], owners[mine], bodies[of_part], of_part, f"{name}.near")
    return arrays, languages


def _titles(embedded: Sequence[Embedded], count: int) -> tuple[Any, Any, dict[int, list[str]]]:
    """Vectors of headings and sample questions with the number of the passage of each, ascending; and the questions."""
    samples: dict[int, list[str]] = defaultdict(list)
    asked_by: list[int] = []
    first = 0
    for one in embedded:
        for question, owner in zip(one.document.questions, one.owners, strict=False):
            samples[first + owner].append(question)
            asked_by.append(first + owner)
        first += len(one.passages)
    vectors = rows([*(one.titles for one in embedded), *(one.questions for one in embedded)])
    owners = np.concatenate((np.arange(count), np.array(asked_by, dtype=np.int64)))
    order = np.argsort(owners, kind="stable")
    return vectors[order], owners[order], samples
