"""How fast mail is understood, beside the bare embedding model on the same texts in the same run."""

import resource
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any

from adapters.embedding.onnx import OnnxEmbedder
from domain.message import Message
from domain.ports import Embedder
from settings import Settings
from understanding.classifier import load_classifier
from understanding.context import Context
from understanding.reader import Reader

BATCH = 32
ROUNDS = 3
SINGLE = 100
# Long enough for every model that is loaded late to be asked.
FIRST = Message(None, text="My parcel should have been here on Tuesday, and I am waiting. Can you tell me where it is?")


@dataclass(frozen=True, slots=True)
class Speed:
    """Of `n` mails of `words` words, at the median: mails a second, in batches, of the model alone and of the whole
    understanding; `alone_ms` and `whole_ms` of one mail asked by itself.
    """

    n: int
    words: float
    model: float
    understanding: float
    alone_ms: float
    whole_ms: float

    @property
    def ratio(self) -> float:
        return self.understanding / self.model

    @property
    def one_mail(self) -> float:
        return self.whole_ms / self.alone_ms


@dataclass(frozen=True, slots=True)
class Measured:
    """The speed of each set; `start_s` to load everything, `memory_mb` at the peak of this process."""

    speeds: Mapping[str, Speed]
    start_s: float
    memory_mb: float


class _Kept:
    """An embedder that keeps what it was given last: the model alone is measured on that, and on nothing else."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.engine = embedder.engine
        self.texts: Sequence[str] = ()

    def embed(self, texts: Sequence[str]) -> Any:
        self.texts = texts
        return self._embedder.embed(texts)


def measure(settings: Settings, sets: Mapping[str, Sequence[Message]]) -> Measured:
    """The median of a few rounds for each set, each with models that have not seen the mails.

    A set needs ROUNDS mails or more, and nowhere a long row of mail by machines, about which no model is asked.
    """
    begun = time.perf_counter()
    Reader(_embedder(settings), load_classifier(settings.models_dir)).read([FIRST], Context())
    start = time.perf_counter() - begun
    speeds = {name: _speed(settings, mails) for name, mails in sets.items()}
    return Measured(speeds, start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _speed(settings: Settings, mails: Sequence[Message]) -> Speed:
    in_batches = [_turns(settings, mails, BATCH) for _ in range(ROUNDS)]
    # Other mails in each round: what a mail left behind in the caches of words is no help to the next round.
    share = min(SINGLE, len(mails) // ROUNDS)
    singly = [_turns(settings, mails[at * share : (at + 1) * share], 1) for at in range(ROUNDS)]
    model, understanding = sorted(in_batches, key=lambda pair: pair[1] / pair[0])[ROUNDS // 2]
    alone, whole = sorted(singly, key=lambda pair: pair[1] / pair[0])[ROUNDS // 2]
    words = median(len(mail.text.split()) for mail in mails)
    return Speed(len(mails), words, 1 / model, 1 / understanding, 1000 * alone, 1000 * whole)


def _turns(settings: Settings, mails: Sequence[Message], size: int) -> tuple[float, float]:
    """Seconds for one mail, asked in batches of `size`: of the model alone, and of the reader. They take turns batch by
    batch, so that whatever else the machine does slows both.
    """
    model, kept = _embedder(settings), _Kept(_embedder(settings))
    reader = Reader(kept, load_classifier(settings.models_dir))
    reader.read([FIRST], Context())
    model.embed(kept.texts)
    alone = whole = 0.0
    for start in range(0, len(mails), size):
        kept.texts, batch = (), mails[start : start + size]
        whole += _seconds(partial(reader.read, batch, Context()))
        alone += _seconds(partial(model.embed, kept.texts)) if kept.texts else 0.0
    return alone / len(mails), whole / len(mails)


def _embedder(settings: Settings) -> OnnxEmbedder:
    return OnnxEmbedder(settings.models_dir, settings.embedding_precision, settings.model_threads)


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
