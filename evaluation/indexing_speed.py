"""How fast sections are cut and embedded for an index, beside the bare model on the same texts in the same run."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from adapters.embedding.onnx import OnnxEmbedder
from domain.ports import Embedder
from evaluation.made_up import MadeUp
from rag.documents import Document
from rag.embedded import Embedded, embed_documents
from settings import Settings

ROUNDS, BATCH = 3, 64


class Listening:
    """Passes texts on to a model and remembers them, so that the bare model gets the same."""

    def __init__(self, model: Embedder) -> None:
        self._model = model
        self.texts: list[str] = []

    @property
    def engine(self) -> str:
        return self._model.engine

    def embed(self, texts: Sequence[str]) -> Any:
        self.texts.extend(texts)
        return self._model.embed(texts)


def measure(settings: Settings, sections: int) -> str:
    """One line; the median of a few rounds, in which the two take turns."""
    made = MadeUp()
    rounds = sorted(
        _round(settings, [_sections(one) for one in made.knowledge_base(max(sections // ROUNDS, 1))])
        for _ in range(ROUNDS)
    )
    wall, busy, speed = rounds[ROUNDS // 2]
    return f"indexing: {speed:.0f} texts/s, {wall:.2f} of the bare model's speed, {busy:.2f} by processor time"


def _round(settings: Settings, documents: Sequence[Document]) -> tuple[float, float, float]:
    """The speed of indexing as a share of the bare model's, by the clock and by processor time; and texts a second."""
    # A model remembers texts: each side gets one that has seen none.
    listening, bare = Listening(_model(settings)), _model(settings)
    whole = _seconds(lambda: list(embed_documents(documents, listening)))
    texts = listening.texts
    alone = _seconds(lambda: [bare.embed(texts[start : start + BATCH]) for start in range(0, len(texts), BATCH)])
    return alone[0] / whole[0], alone[1] / whole[1], len(texts) / whole[0]


def _sections(one: Embedded) -> Document:
    body = "\n\n".join(f"## {passage.section}\n\n{passage.text}" for passage in one.passages)
    return replace(one.document, body=body)


def _model(settings: Settings) -> OnnxEmbedder:
    model = OnnxEmbedder(settings.models_dir, settings.embedding_precision, settings.model_threads)
    model.embed(["warm"])
    return model


def _seconds(work: Callable[[], object]) -> tuple[float, float]:
    begun, worked = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - begun, time.process_time() - worked
