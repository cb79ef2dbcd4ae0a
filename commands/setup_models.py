"""Make the models that the program runs with: build the embedding model, then train the classifier with it."""

import argparse
import os
import sys
from pathlib import Path

from adapters.embedding.build import build
from adapters.embedding.onnx import OnnxEmbedder
from domain.errors import BadInput
from understanding.train import EXAMPLES, train


def set_up(directory: Path, threads: int = 2) -> None:
    """Leave both models in `directory`, printing progress; quick when they are there already. Raises BadInput."""
    build(directory)
    train(EXAMPLES, directory, OnnxEmbedder(directory, threads=threads))


def main(arguments: list[str] | None = None) -> int:
    """`python -m commands.setup_models [DIR]`; DIR is `$DATA_DIR/models` unless given (DATA_DIR: `var`)."""
    parser = argparse.ArgumentParser(prog="python -m commands.setup_models", description=__doc__)
    usual = Path(os.environ.get("DATA_DIR") or "var") / "models"
    parser.add_argument("directory", nargs="?", type=Path, default=usual, help=f"where to put them ({usual})")
    try:
        set_up(parser.parse_args(arguments).directory)
    except BadInput as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
