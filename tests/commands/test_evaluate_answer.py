"""`flask evaluate answer` as a program: the fixed fields, the input's order, what was left out named."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
KNOWLEDGE = {
    "en/delivery.md": "# Delivery\n\nWe deliver lamps to Norway and Switzerland within three working days.\n",
    "en/returns.md": "# Returns\n\nYou can send any lamp back within 30 days of delivery.\n",
    "en/goodwill.md": "---\nvisibility: internal\n---\n# Goodwill\n\nWe may give 20 percent goodwill on lamps.\n",
}


def folder(tmp_path: Path) -> Path:
    for name, text in KNOWLEDGE.items():
        file = tmp_path / "kb" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (tmp_path / "kb" / "en" / "broken.md").write_bytes(b"\xff\xfe\x00")
    return tmp_path / "kb"


def run(kb: Path, questions: Path, output: Path) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    return subprocess.run(
        [sys.executable, "-m", "flask", "evaluate", "answer", "--kb", str(kb), "--questions", str(questions),
         "--output", str(output)],
        cwd=ROOT, env=clean, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def test_each_question_gets_an_answer_or_none_and_always_the_passages(tmp_path):
    asked = [
        {"id": 7, "question": "Within how many days can I send a lamp back?"},
        {"id": "b", "question": "Which orchestra plays tonight?"},
        {"id": None, "question": ""},
        {"id": 9, "question": "Hello and thanks"},
    ]
    lines = [json.dumps(row) for row in asked]
    given, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    given.write_text("\n".join([lines[0], "no json", lines[1], '{"id": 1}', '{"id": 2, "question": 3}', *lines[2:]]))
    done = run(folder(tmp_path), given, output)
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in output.read_text().splitlines()]
    assert [row["id"] for row in found] == [7, "b", None, 9]
    for row in found:
        assert list(row) == ["id", "answered", "answer", "confidence", "citations", "passages"]
        assert 0 <= row["confidence"] <= 1
        assert {passage["path"] for passage in row["passages"]} == {"en/delivery.md", "en/returns.md"}
        assert [list(passage) for passage in row["passages"]] == [["path", "heading", "score"]] * 2
        if not row["answered"]:
            assert (row["answer"], row["citations"]) == ("", [])
    assert found[0]["passages"][0]["path"] == "en/returns.md"
    assert found[0]["confidence"] > found[1]["confidence"]
    assert not found[1]["answered"]
    assert done.stderr.splitlines() == [
        "en/broken.md: is not UTF-8 text, and no whole UTF-16 either; save it as UTF-8. It was left out.",
        'line 2: is no JSON object with "id" and "question".',
        'line 4: is no JSON object with "id" and "question".',
        'line 5: "question" must be a string.',
    ]
    assert done.stdout.startswith("4 questions in ")
    assert "3 lines left out" in done.stdout


def test_the_input_is_never_overwritten(tmp_path):
    given = tmp_path / "in.jsonl"
    given.write_text('{"id": 1, "question": "hello"}\n')
    done = run(folder(tmp_path), given, given)
    assert done.returncode == 2
    assert "choose another name" in done.stderr
    assert given.read_text() == '{"id": 1, "question": "hello"}\n'
