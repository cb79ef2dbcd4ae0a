"""Turn texts into sentence vectors with ONNX Runtime: no torch, one small process."""

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import numpy as np

from adapters.embedding.build import FP32, INT8, MANIFEST, RECIPE, TOKENIZER, sha256_of
from domain.errors import BadInput

Precision = Literal["fp32", "int8"]
FILES: dict[Precision, str] = {"fp32": FP32, "int8": INT8}
DIMENSIONS = 384
MAX_TOKENS = 256
# Mail that is read and then answered, and the sentences of the passages that answer most of it: 6 MB.
REMEMBERED = 4096
# Tokens in one run of the model. Larger runs are slower on a CPU: they fall out of its cache.
TOKENS_AT_ONCE = 256


class OnnxEmbedder:
    """Implements `domain.ports.Embedder`. Texts are cut at 256 tokens (about 200 English words).

    With int8 a text gives the same vector, bit for bit, in whatever company it is embedded: that arithmetic scales its
    numbers by the largest in a run, so each text is a run of its own (measured: mails lose no speed by it). Its cosine
    to the reference engine is .99 on mails, .97 on a single word; that of fp32 is 1. Runs are small, so `threads` of
    them go on side by side: one run spread over two cores is hardly quicker than on one. Raises BadInput when the model
    is not in `directory` or is not what its manifest says.
    """

    def __init__(self, directory: Path, precision: Precision = "int8", threads: int = 1) -> None:
        self._engine = f"all-minilm-l6-v2/onnx-{precision}-{RECIPE}"
        self._precision = precision
        model, tokenizer = _checked(directory, FILES[precision], TOKENIZER)
        self._session = _session(model, threads)
        self._side_by_side = ThreadPoolExecutor(threads, thread_name_prefix="embed") if threads > 1 else None
        self._tokenizer = _tokenizer(tokenizer)
        self._memo: OrderedDict[bytes, Any] = OrderedDict()
        self._memo_lock = threading.Lock()

    @property
    def engine(self) -> str:
        return self._engine

    def embed(self, texts: Sequence[str]) -> Any:
        """A float32 array of shape (len(texts), 384), each row of length 1, in the order of `texts`."""
        vectors = np.empty((len(texts), DIMENSIONS), dtype=np.float32)
        # Half a character, as broken mail has it, is embedded as "?".
        encoded = [text.encode("utf-8", "replace") for text in texts]
        keys = [hashlib.blake2b(each, digest_size=16).digest() for each in encoded]
        wanted: dict[bytes, list[int]] = {}
        for position, key in enumerate(keys):
            known = self._recall(key)
            if known is None:
                wanted.setdefault(key, []).append(position)
            else:
                vectors[position] = known
        if wanted:
            new = self._run([encoded[positions[0]].decode() for positions in wanted.values()])
            for (key, positions), vector in zip(wanted.items(), new, strict=True):
                vectors[positions] = vector
                self._remember(key, vector)
        return vectors

    def _run(self, texts: list[str]) -> Any:
        encodings = self._tokenizer.encode_batch(texts)
        out = np.empty((len(texts), DIMENSIONS), dtype=np.float32)

        def run(batch: list[int]) -> None:
            tokens = [encodings[index].ids for index in batch]
            width = max(map(len, tokens))
            ids = np.zeros((len(batch), width), dtype=np.int64)
            mask = np.zeros((len(batch), width), dtype=np.int64)
            for row, of_one in enumerate(tokens):
                ids[row, : len(of_one)] = of_one
                mask[row, : len(of_one)] = 1
            out[batch] = self._session.run(None, {"input_ids": ids, "attention_mask": mask})[0]

        # The longest first, so that no core waits for the other at the end.
        batches = list(self._batches([len(encoding.ids) for encoding in encodings]))[::-1]
        spread = self._side_by_side.map if self._side_by_side is not None and len(batches) > 1 else map
        for _ in spread(run, batches):
            pass
        return out

    def _batches(self, lengths: list[int]) -> Iterator[list[int]]:
        """Indexes in runs of similar length, so that little is padded."""
        room = TOKENS_AT_ONCE if self._precision == "fp32" else 0
        batch: list[int] = []
        for index in sorted(range(len(lengths)), key=lengths.__getitem__):
            if batch and (len(batch) + 1) * lengths[index] > room:
                yield batch
                batch = []
            batch.append(index)
        if batch:
            yield batch

    def _recall(self, key: bytes) -> Any:
        with self._memo_lock:
            if key not in self._memo:
                return None
            self._memo.move_to_end(key)
            return self._memo[key]

    def _remember(self, key: bytes, vector: Any) -> None:
        with self._memo_lock:
            self._memo[key] = vector.copy()
            if len(self._memo) > REMEMBERED:
                self._memo.popitem(last=False)


def _checked(directory: Path, *names: str) -> tuple[Path, ...]:
    """The paths of the files, after comparing them with the manifest."""
    how = f"run `python -m adapters.embedding.build {directory}`."
    try:
        manifest = json.loads((directory / MANIFEST).read_text())
        known = dict(manifest["files"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput("embedding model", f"is not in {directory}; {how}") from error
    if manifest.get("recipe") != RECIPE:
        raise BadInput("embedding model", f"in {directory} is of another version; {how}")
    for name in names:
        path = directory / name
        if not path.is_file() or sha256_of(path) != known.get(name):
            raise BadInput("embedding model", f"{path} is missing or damaged; {how}")
    return tuple(directory / name for name in names)


def _session(path: Path, threads: int) -> Any:
    onnxruntime = import_module("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Runs side by side wait for each other at the one arena: without it two are twice as fast as one.
    options.enable_cpu_mem_arena = threads == 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _tokenizer(path: Path) -> Any:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    # The file comes with truncation at 128 and every text padded to 128 (MODELS.md section 2).
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer
