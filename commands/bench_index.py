"""How fast documents are indexed beside the bare model, and loaded: `python -m commands.bench_index`."""

import argparse
import dataclasses
import random
import resource
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np

import settings as settings_module
from adapters import logs
from adapters.embedded.postgres import start_postgres
from adapters.embedding.onnx import DIMENSIONS, OnnxEmbedder
from bootstrap import Services
from rag.documents import parse_document
from rag.embedded import embed_documents
from storage import documents, indexing, migrate, tenants
from storage.documents import StoredDocument
from worker import index


class Noise:
    """An embedder that costs nothing, to fill a table with vectors of the right size."""

    engine = "noise"

    def __init__(self) -> None:
        self._random = np.random.default_rng(0)

    def embed(self, texts: Sequence[str]) -> Any:
        vectors = self._random.standard_normal((len(texts), DIMENSIONS)).astype(np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


class Bench(Services):
    """The services with an embedder of the bench's own."""

    embedder: Any = None


def main() -> None:
    logs.configure("WARNING")
    parser = argparse.ArgumentParser()
    parser.add_argument("--sections", type=int, default=1500, help="that the real model embeds")
    parser.add_argument("--loaded", type=int, default=100_000, help="passages that are loaded")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        Path(place).chmod(0o711)
        postgres = stack.enter_context(start_postgres(Path(place) / "postgres"))
        settings = dataclasses.replace(
            settings_module.read(),
            database_owner_url=postgres.create_database("bench"),
            database_url=postgres.url("bench", "bench_app", "bench"),
            database_listener_url=postgres.url("bench", "bench_listen", "bench"),
        )
        migrate.upgrade(
            settings.database_owner_url, app_url=settings.database_url, listener_url=settings.database_listener_url
        )
        services = stack.enter_context(closing(Bench(settings)))
        _speed(services, arguments.sections)
        _load(services, arguments.loaded)


def _speed(services: Bench, sections: int) -> None:
    """The worker's rounds between two runs of the bare model over the same texts."""
    written = _documents(sections, 12)
    bare = [_bare(services, written)]
    services.embedder = _model(services)
    tenant = _tenant(services, written)
    seconds, rounds = _index(services, tenant)
    bare.append(_bare(services, written))
    ratio = sum(bare) / 2 / seconds
    model = f"bare model {bare[0]:.1f} s before, {bare[1]:.1f} s after"
    print(f"indexing {sections} sections: {seconds:.1f} s in {rounds} rounds; {model}")
    print(f"share of the bare model's speed: {ratio:.2f} (aim 0.8); a round takes about {seconds / rounds:.2f} s")


def _bare(services: Bench, written: list[StoredDocument]) -> float:
    model = _model(services)
    wanted: list[str] = []

    class Collector:
        engine = "none"

        def embed(self, texts: Sequence[str]) -> Any:
            wanted.extend(texts)
            return np.zeros((len(texts), DIMENSIONS), dtype=np.float32)

    parsed = [parse_document(one.path, one.source.encode()) for one in written]
    for _ in embed_documents(parsed, Collector()):
        pass
    begun = time.perf_counter()
    model.embed(wanted)
    return time.perf_counter() - begun


def _load(services: Bench, passages: int) -> None:
    services.embedder = Noise()
    begun = time.perf_counter()
    tenant = _tenant(services, _documents(passages, 20))
    print(f"storing {passages} sections: {time.perf_counter() - begun:.1f} s")
    seconds, rounds = _index(services, tenant)
    print(f"indexing them without a model: {seconds:.1f} s in {rounds} rounds, {1000 * seconds / passages:.2f} ms each")
    for _ in range(3):
        begun, cpu = time.perf_counter(), time.process_time()
        found = services.load_published(tenant, "noise")
        taken = f"{time.perf_counter() - begun:.2f} s ({time.process_time() - cpu:.2f} s of this process)"
        print(f"loading {sum(len(one.passages) for one in found)} passages: {taken}")
    print(f"peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


def _model(services: Bench) -> OnnxEmbedder:
    known = services.settings
    return OnnxEmbedder(known.models_dir, known.embedding_precision, known.model_threads)


def _tenant(services: Bench, written: list[StoredDocument]) -> UUID:
    tenant = uuid4()
    with services.database.transaction(tenant) as db:
        tenants.create(db, tenant, slug=f"bench-{tenant.hex[:8]}", name="Bench")
        documents.put_all(db, tenant, written)
    return tenant


def _index(services: Bench, tenant: UUID) -> tuple[float, int]:
    begun, rounds = time.perf_counter(), 0
    while index.work(services, tenant):
        rounds += 1
    with services.database.transaction(tenant) as db:
        if not indexing.is_settled(db, tenant):
            raise RuntimeError(indexing.progress(db, tenant))
    return time.perf_counter() - begun, rounds


def _documents(sections: int, each: int) -> list[StoredDocument]:
    """Documents of made-up words with `each` sections of 30 to 120 words."""
    chance = random.Random(7)  # noqa: S311  # made-up words
    words = ["".join(chance.choices("abcdefghilmnoprstuvw", k=chance.randint(2, 9))) for _ in range(4000)]
    made = []
    for number in range(0, sections, each):
        parts = [
            f"## {' '.join(chance.choices(words, k=5))}\n\n"
            f"{' '.join(chance.choices(words, k=chance.randint(30, 120)))}."
            for _ in range(min(each, sections - number))
        ]
        source = f"---\ntitle: Document {number}\nlanguage: en\n---\n" + "\n\n".join(parts)
        one = parse_document(f"en/{number:06}.md", source.encode())
        made.append(StoredDocument(one.path, one.version, source, body=one.body, title=one.title, language="en"))
    return made


if __name__ == "__main__":
    main()
