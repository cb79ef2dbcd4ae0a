"""`flask evaluate` as a program: the fixed fields, the input's order, bad lines named."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def evaluate(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it as a person does, without any setting that names a database."""
    clean = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    return subprocess.run(
        [sys.executable, "-m", "flask", "evaluate", *arguments],
        cwd=ROOT, env=clean, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def test_each_text_is_given_its_category_in_the_order_of_the_file(tmp_path):
    rows = [
        {"id": 7, "text": "I want my money back for order LO-48213, the lamp came broken."},
        {
            "id": "b",
            "text": "Wie lange dauert die Lieferung nach Wien?",
            "subject": "Frage",
            "sender": "Jo@Mail.example",
        },
        {"id": None, "text": ""},
    ]
    given, answers = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    lines = [json.dumps(row) for row in rows]
    given.write_text("\n".join([lines[0], "not json", "", lines[1], '{"id": 1}', '{"id": 2, "text": 3}', lines[2]]))
    done = evaluate("classify", str(given), "--output", str(answers))
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in answers.read_text().splitlines()]
    assert [list(row) for row in found] == [["id", "category", "sub_intent", "confidence", "language"]] * 3
    assert [(row["id"], row["category"], row["language"]) for row in found[:2]] == [
        (7, "refund", "en"),
        ("b", "question", "de"),
    ]
    assert all(0 <= row["confidence"] <= 1 for row in found)
    assert found[2]["id"] is None
    assert done.stderr.splitlines() == [
        'line 2: is no JSON object with "id" and "text".',
        'line 5: is no JSON object with "id" and "text".',
        'line 6: "text", "subject" and "sender" must be strings.',
    ]
    assert done.stdout.startswith("3 texts classified in ")
    assert done.stdout.endswith("3 lines left out.\n")


def test_what_a_machine_wrote_is_given_its_category_as_any_other_text(tmp_path):
    given, answers = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    row = {"id": 1, "text": "I want my money back for order LO-48213.", "subject": "Automatic reply: my order"}
    given.write_text(json.dumps(row | {"sender": "no-reply@shop.example"}) + "\n")
    assert evaluate("classify", str(given), "--output", str(answers)).returncode == 0
    found = json.loads(answers.read_text())
    assert found["category"] == "refund"
    assert found["confidence"] > 0.5


def test_more_texts_than_one_batch_keep_their_order(tmp_path):
    given, answers = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    given.write_text("".join(json.dumps({"id": number, "text": "hello"}) + "\n" for number in range(150)))
    assert evaluate("classify", str(given), "--output", str(answers)).returncode == 0
    assert [json.loads(line)["id"] for line in answers.read_text().splitlines()] == list(range(150))


def test_half_a_character_in_an_id_goes_back_as_it_came(tmp_path):
    given, answers = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    given.write_text('{"id": "\\ud800", "text": "half \\ud800 a pair"}\n{"id": 2, "text": "hello"}\n')
    assert evaluate("classify", str(given), "--output", str(answers)).returncode == 0
    assert [json.loads(line)["id"] for line in answers.read_text().splitlines()] == ["\ud800", 2]


def test_the_input_is_never_overwritten(tmp_path):
    given = tmp_path / "in.jsonl"
    given.write_text('{"id": 1, "text": "hello"}\n')
    done = evaluate("classify", str(given), "--output", str(given))
    assert done.returncode == 2
    assert "choose another name" in done.stderr
    assert given.read_text() == '{"id": 1, "text": "hello"}\n'


def test_an_output_that_cannot_be_written_is_said_in_one_sentence(tmp_path):
    given = tmp_path / "in.jsonl"
    given.write_text('{"id": 1, "text": "hello"}\n')
    done = evaluate("classify", str(given), "--output", str(tmp_path / "missing" / "out.jsonl"))
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1].endswith("cannot be written: No such file or directory.")
