import subprocess
import sys
from pathlib import Path

import pytest

import settings
from domain.message import Address, Message
from evaluation.speed import Speed, measure

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "var" / "models"


@pytest.fixture(scope="module")
def with_models(tmp_path_factory):
    """A process of its own, as set-up does it: quick when they are there already."""
    subprocess.run([sys.executable, "-m", "commands.setup_models", str(MODELS)], cwd=ROOT, check=True, timeout=600)
    return settings.read({"DATA_DIR": str(MODELS.parent)})


def test_ratio_and_one_mail_compare_the_whole_with_the_model_alone():
    speed = Speed(n=10, words=8, model=500.0, understanding=400.0, alone_ms=2.0, whole_ms=3.0)
    assert (speed.ratio, speed.one_mail) == (0.8, 1.5)


def test_each_set_is_measured_beside_the_model_on_the_texts_that_it_was_asked(with_models):
    texts = [f"Where is my parcel number {number}, and when will it be here?" for number in range(6)]
    written = [Message(Address("jo@mail.example"), text=text) for text in texts]
    by_machines = [Message(Address("no-reply@shop.example"), text=text) for text in texts]
    got = measure(
        with_models,
        {"people": written, "both": [one for pair in zip(written, by_machines, strict=True) for one in pair]},
    )
    assert list(got.speeds) == ["people", "both"]
    assert (got.speeds["people"].n, got.speeds["people"].words) == (6, 12)
    assert all(speed.understanding > 0 and speed.whole_ms > 0 for speed in got.speeds.values())
    assert got.speeds["people"].ratio > 0
    assert got.start_s > 0
    assert got.memory_mb > 50
