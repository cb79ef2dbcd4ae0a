"""`flask train` as a program."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
MODELS = ROOT / "var" / "models"
TEXTS = {
    ("refund", "refund_request"): ["my money back please", "refund the lamp", "i want a refund", "refund me now"],
    ("question", "shipping"): [
        "do you ship to Oslo?",
        "how long is delivery?",
        "what is postage?",
        "when do you ship?",
    ],
    ("supplier", "invoice"): ["our invoice 12 is due", "invoice attached", "terms are net 30", "statement of account"],
    ("other", "praise"): ["lovely shop", "you are great", "best lamp ever", "thank you all, wonderful"],
}


def train(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    return subprocess.run(
        [sys.executable, "-m", "flask", "train", *arguments],
        cwd=ROOT, env={**clean, "DATA_DIR": str(data)}, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def test_the_classifier_is_trained_anew_and_its_card_told(tmp_path):
    examples, models = tmp_path / "examples", tmp_path / "models"
    examples.mkdir()
    models.mkdir()
    for part in MODELS.iterdir():
        if part.is_dir() or not part.name.startswith("classifier"):
            (models / part.name).symlink_to(part)
    for (category, sub_intent), texts in TEXTS.items():
        rows = [{"text": text, "language": "en", "category": category, "sub_intent": sub_intent} for text in texts]
        (examples / f"{category}.en.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    first = train(tmp_path, "--examples", str(examples))
    assert first.returncode == 0, first.stderr
    told = json.loads(first.stdout[first.stdout.index("\n{") :])
    assert told == json.loads((models / "classifier.card.json").read_text())
    assert told["per_category"] == dict.fromkeys(["other", "question", "refund", "supplier"], 4)
    written = (models / "classifier.npz").read_bytes()
    assert "Training the classifier on 16 examples" in train(tmp_path, "--examples", str(examples)).stdout
    assert (models / "classifier.npz").read_bytes() == written


def test_without_the_embedding_model_one_sentence_says_what_to_run(tmp_path):
    done = train(tmp_path)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "run `python -m adapters.embedding.build" in done.stderr
