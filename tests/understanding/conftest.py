"""The models, built once per checkout where set-up puts them."""

import subprocess
import sys
from pathlib import Path

import pytest

from adapters.embedding.onnx import OnnxEmbedder

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "var" / "models"


@pytest.fixture(scope="session")
def models():
    """A process of its own, as set-up does it: quick when they are there already."""
    subprocess.run([sys.executable, "-m", "commands.setup_models", str(MODELS)], cwd=ROOT, check=True, timeout=600)
    return MODELS


@pytest.fixture(scope="session")
def embedder(models):
    return OnnxEmbedder(models)
