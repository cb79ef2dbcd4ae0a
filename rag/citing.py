"""Quotes: which words of a passage are shown, and the proof that they stand in the stored document."""

import itertools
import re
from collections.abc import Mapping

from domain.decision import Citation
from rag.documents import Document
from rag.index import Index
from rag.passages import Passage
from rag.ranking import Hit, part_of
from rag.words import stems

WHOLE_UP_TO = 120
MOST_SENTENCES = 3
# Sentences of a passage that are compared with a question; each costs a run of the model.
MOST_COMPARED = 10
# A sentence ends at a stop before a space, unless what stands before the stop is a short abbreviation or a number.
_END = re.compile(r"(?<!\b\w\.\w)(?<!\b\w)(?<!\b\d\d)[.!?。！？][)\"'»”*_]*(?=\s|$)|\n[ \t]*\n|[。！？]")


def cite(hit: Hit, asked: str, index: Index) -> Citation:
    """Quote the whole passage, or of a long one the up to three sentences that hold most of the question's words."""
    passage = hit.passage
    start, end = passage.start, passage.end
    if len(passage.text.split()) > WHOLE_UP_TO:
        start, end = _best_window(hit, asked, index)
    return Citation(
        source=passage.document.path,
        heading=passage.heading,
        start=start,
        end=end,
        quote=passage.document.body[start:end],
        version=passage.document.version,
        url=passage.document.url,
    )


def verified(citation: Citation, documents: Mapping[str, Document]) -> bool:
    """Whether the quote stands literally, at its place, in that version of a document that customers may read."""
    document = documents.get(citation.source)
    return (
        document is not None
        and document.public
        and document.version == citation.version
        and 0 <= citation.start < citation.end <= len(document.body)
        and document.body[citation.start : citation.end] == citation.quote
        and bool(citation.quote.strip())
    )


def _best_window(hit: Hit, asked: str, index: Index) -> tuple[int, int]:
    body, language = hit.passage.document.body, hit.passage.document.language
    spans = sentence_spans(body, hit.passage.start, hit.passage.end)
    words = part_of(index, hit).words
    wanted = set(stems(asked, language))

    def worth(first: int) -> float:
        window = spans[first : first + MOST_SENTENCES]
        held = set(stems(body[window[0][0] : window[-1][1]], language))
        return sum(words.idf(stem) for stem in wanted & held)

    first = max(range(max(len(spans) - MOST_SENTENCES + 1, 1)), key=worth)
    window = spans[first : first + MOST_SENTENCES]
    return window[0][0], window[-1][1]


def sentences_of(passage: Passage) -> list[str]:
    """The first sentences of a passage, as its document has them."""
    body = passage.document.body
    return [body[start:end] for start, end in sentence_spans(body, passage.start, passage.end)[:MOST_COMPARED]]


def sentence_spans(body: str, start: int, end: int) -> list[tuple[int, int]]:
    """The sentences of a stretch of text, without the space around them; at least one for text with a word in it."""
    cuts = [start, *(match.end() for match in _END.finditer(body, start, end)), end]
    spans = []
    for low, high in itertools.pairwise(cuts):
        text = body[low:high]
        if re.search(r"\w", text):
            spans.append((low + len(text) - len(text.lstrip()), high - (len(text) - len(text.rstrip()))))
    return spans
