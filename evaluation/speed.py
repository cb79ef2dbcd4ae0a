"""How fast mail is understood, beside the bare embedding model on the same texts in the same run."""

import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from adapters.embedding.onnx import OnnxEmbedder
from domain.message import Address, Message
from settings import Settings
from understanding.classifier import load_classifier
from understanding.context import Context
from understanding.features import embedded_text
from understanding.reader import Reader

BATCH = 32
ROUNDS = 3
SINGLE = 100


@dataclass(frozen=True, slots=True)
class Speed:
    """Texts a second of the model alone and of the whole understanding; `alone_ms` and `whole_ms` of one text asked by
    itself; `start_s` to load everything, `memory_mb` at the peak of this process.
    """

    model: float
    understanding: float
    alone_ms: float
    whole_ms: float
    start_s: float
    memory_mb: float

    @property
    def ratio(self) -> float:
        return self.understanding / self.model

    @property
    def one_mail(self) -> float:
        return self.whole_ms / self.alone_ms


def measure(settings: Settings, texts: Sequence[str]) -> Speed:
    """The median of a few rounds, each with models that have not seen the texts; the two take turns."""
    begun = time.perf_counter()
    _reader(settings).read([_mail("Hello, where is my parcel?")], Context())
    start = time.perf_counter() - begun
    rounds = [_round(settings, texts) for _ in range(ROUNDS)]
    singles = [_single(settings, texts[:SINGLE]) for _ in range(ROUNDS)]
    model, understanding = sorted(rounds, key=lambda pair: pair[1] / pair[0])[ROUNDS // 2]
    alone, whole = sorted(singles, key=lambda pair: pair[1] / pair[0])[ROUNDS // 2]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Speed(model, understanding, 1000 * alone, 1000 * whole, start, memory)


def _round(settings: Settings, texts: Sequence[str]) -> tuple[float, float]:
    """Texts a second, in batches: of the model alone, and of the reader."""
    model, reader = _embedder(settings), _reader(settings)
    model.embed(["warm"])
    reader.read([_mail("warm")], Context())
    batches = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
    alone = _seconds(lambda: [model.embed([embedded_text(text, "") for text in batch]) for batch in batches])
    whole = _seconds(lambda: [reader.read([_mail(text) for text in batch], Context()) for batch in batches])
    return len(texts) / alone, len(texts) / whole


def _single(settings: Settings, texts: Sequence[str]) -> tuple[float, float]:
    """Seconds for one text asked by itself: of the model alone, and of the reader."""
    model, reader = _embedder(settings), _reader(settings)
    alone = _seconds(lambda: [model.embed([embedded_text(text, "")]) for text in texts])
    whole = _seconds(lambda: [reader.read([_mail(text)], Context()) for text in texts])
    return alone / len(texts), whole / len(texts)


def _embedder(settings: Settings) -> OnnxEmbedder:
    return OnnxEmbedder(settings.models_dir, settings.embedding_precision, settings.model_threads)


def _reader(settings: Settings) -> Reader:
    return Reader(_embedder(settings), load_classifier(settings.models_dir))


def _mail(text: str) -> Message:
    return Message(sender=Address("customer@mail.example"), text=text)


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
