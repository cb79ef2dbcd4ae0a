"""`flask explain` as a program: the fixed fields, no database, clear errors."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
FIELDS = [
    "file", "automatic", "automatic_reason", "text", "language", "category", "sub_intent", "confidence", "importance",
    "order_numbers", "disposition", "reason", "effects", "citations",
]  # fmt: skip

QUESTION = b"""From: Tom <tom@customer.example>
To: support@lumen-oak.example
Subject: A question
Message-ID: <q1@customer.example>
Authentication-Results: mx.google.com; dmarc=pass header.from=customer.example

Hello,

could you tell me how long delivery within Germany usually takes?

Tom

On Mon, 2 Nov 2026 at 10:00, Lumen & Oak <support@lumen-oak.example> wrote:
> here is your invoice
"""

BOUNCE = b"""From: Mail Delivery System <MAILER-DAEMON@mx.example>
To: support@lumen-oak.example
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
Return-Path: <>

I'm sorry to have to inform you that your message could not be delivered.
"""


SUSPECT = b"""From: Ana <ana@customer.example>
To: support@lumen-oak.example
Subject: Auto: Ersatzteil

Wie lange dauert die Lieferung nach Deutschland normalerweise?
"""


def explain(*arguments: str, stdin: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run it as a person does, without any setting that names a database."""
    clean = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    return subprocess.run(
        [sys.executable, "-m", "flask", "explain", *arguments],
        cwd=ROOT, env={**clean, **environment}, input=stdin, capture_output=True, check=False, timeout=120,
    )  # fmt: skip


@pytest.fixture(scope="module")
def explained(tmp_path_factory) -> dict[str, dict]:
    folder = tmp_path_factory.mktemp("mails")
    (folder / "question.eml").write_bytes(QUESTION)
    (folder / "sub").mkdir()
    (folder / "sub" / "bounce.eml").write_bytes(BOUNCE)
    (folder / "empty.eml").write_bytes(b"")
    (folder / "suspect.eml").write_bytes(SUSPECT)
    done = explain("--json", str(folder))
    assert done.returncode == 0, done.stderr.decode()
    lines = [json.loads(line) for line in done.stdout.decode().splitlines()]
    return {Path(line["file"]).name: line for line in lines}


def test_every_mail_has_one_line_with_exactly_the_fixed_fields(explained):
    assert set(explained) == {"question.eml", "bounce.eml", "empty.eml", "suspect.eml"}
    for line in explained.values():
        assert list(line) == FIELDS


def test_a_question_is_answered_with_a_citation_that_is_a_span_of_its_source(explained):
    line = explained["question.eml"]
    assert (line["category"], line["language"], line["automatic"]) == ("question", "en", False)
    assert "here is your invoice" not in line["text"]
    assert line["disposition"] == "release", line["reason"]
    (effect,) = line["effects"]
    assert (effect["kind"], effect["to"]) == ("reply", "tom@customer.example")
    from rag.documents import parse_document

    for citation in line["citations"]:
        file = ROOT / "knowledge_base" / citation["source"]
        document = parse_document(citation["source"], file.read_bytes())
        assert document.body[citation["start"] : citation["end"]] == citation["quote"]


def test_what_a_machine_wrote_is_ignored_with_its_sign(explained):
    line = explained["bounce.eml"]
    assert (line["automatic"], line["disposition"], line["effects"]) == (True, "ignore", [])
    assert line["automatic_reason"]


def test_what_a_machine_perhaps_wrote_is_held_with_its_sign_and_read_like_any_mail(explained):
    line = explained["suspect.eml"]
    assert (line["automatic"], line["disposition"], line["category"]) == (True, "hold", "question")
    assert line["automatic_reason"] in line["reason"]


def test_an_empty_file_is_held_and_stops_nobody(explained):
    assert explained["empty.eml"]["disposition"] == "hold"


def test_standard_input_is_explained_in_words():
    done = explain("-", stdin=BOUNCE)
    assert done.returncode == 0, done.stderr.decode()
    assert "ignore" in done.stdout.decode()


def test_a_name_that_is_nothing_gets_one_sentence():
    done = explain("/nowhere/mail.eml")
    assert done.returncode == 2
    assert done.stderr.decode().strip().splitlines()[-1] == "file: /nowhere/mail.eml is neither a file nor a folder."


def test_missing_models_get_one_sentence_that_names_the_command(tmp_path):
    (tmp_path / "mail.eml").write_bytes(QUESTION)
    done = explain(str(tmp_path / "mail.eml"), DATA_DIR=str(tmp_path / "data"))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr.decode()
    assert "run `python -m adapters.embedding.build" in done.stderr.decode()


def test_with_a_tenant_a_database_is_needed_and_its_setting_is_named(tmp_path):
    (tmp_path / "mail.eml").write_bytes(QUESTION)
    done = explain("--tenant", "lumen-oak", str(tmp_path / "mail.eml"))
    assert done.returncode == 2
    assert "DATABASE_URL is missing." in done.stderr.decode()


def test_a_slip_in_one_name_is_found_before_anything_is_read(tmp_path):
    (tmp_path / "mail.eml").write_bytes(QUESTION)
    done = explain(str(tmp_path / "mail.eml"), "/nowhere/typo.eml")
    assert (done.returncode, done.stdout) == (2, b"")
