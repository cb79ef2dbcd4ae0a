"""Make what the program reads with: the embedding model, the classifier, and what labelled mail earns them."""

import argparse
import os
import sys
from pathlib import Path

from adapters.embedding.build import build
from adapters.embedding.onnx import OnnxEmbedder, Precision
from domain.errors import BadInput
from settings import ROOT
from understanding.classifier import load_classifier
from understanding.learner import Learner
from understanding.shipped import earn_standings
from understanding.train import EXAMPLES, train


def set_up(directory: Path, precision: Precision = "int8", threads: int = 2) -> None:
    """Leave all of it in `directory`, printing progress; quick when it is there already. Raises BadInput."""
    # The demo is set up here too, as one of the commands that load no index before they need one.
    from parts.shipped_answers import earn_answers

    build(directory)
    embedder = OnnxEmbedder(directory, precision, threads)
    train(EXAMPLES, directory, embedder)
    earn_standings(directory, embedder.engine, lambda: Learner(embedder, load_classifier(directory)), print)
    earn_answers(directory, ROOT / "knowledge_base", embedder, print)


def main(arguments: list[str] | None = None) -> int:
    """`python -m commands.setup_models [DIR]`; needs no other setting than DATA_DIR and EMBEDDING_PRECISION."""
    parser = argparse.ArgumentParser(prog="python -m commands.setup_models", description=__doc__)
    usual = Path(os.environ.get("DATA_DIR") or "var") / "models"
    precision = "fp32" if os.environ.get("EMBEDDING_PRECISION") == "fp32" else "int8"
    parser.add_argument("directory", nargs="?", type=Path, default=usual, help=f"where to put them ({usual})")
    parser.add_argument("--precision", choices=("int8", "fp32"), default=precision, help=f"arithmetic ({precision})")
    given = parser.parse_args(arguments)
    try:
        set_up(given.directory, given.precision)
    except BadInput as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
