"""`flask evaluate answer`: put the questions of a file to the documents of a folder, and write what they answer."""

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from commands.json_lines import BadLine, as_line, opened, read_lines
from commands.settings_of import services_for
from domain.ports import Answer, Converts, Embedder

if TYPE_CHECKING:
    from rag.documents import Document
    from rag.index import Index

SHOWN = 10
NO_TEXT = '"question" must be a string.'
JSON_LINES = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@dataclass(slots=True)
class Count:
    """How many questions were read, answered and left out so far."""

    asked: int = 0
    answered: int = 0
    bad: int = 0


@click.command("answer")
@click.option("--kb", "folder", required=True, type=FOLDER, help="The folder with the documents.")
@click.option("--questions", "file", required=True, metavar="IN.jsonl", type=JSON_LINES, help="{id, question} a line.")
@click.option("--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Where the answers go.")
def answer(folder: Path, file: Path, output: Path) -> None:
    """Answer each question in IN.jsonl from the documents of a folder, or abstain.

    Writes {id, answered, answer, confidence, citations, passages} a line, in the order of the input; the passages are
    the ten best, also where it abstains. Files that cannot be read and lines that are no question are named and left
    out.
    """
    if output.resolve() == file.resolve():
        raise click.UsageError("--output names the input file: choose another name, nothing was written.")
    with services_for("explain") as services, opened(output) as out:
        begun = time.monotonic()
        index = _index(folder, services.embedder, services.converter)
        ready = time.monotonic()
        count = _answer_all(index, services.embedder, file, out)
        ended = time.monotonic()
    click.echo(
        f"{count.asked} questions in {ended - ready:.1f} s, {count.answered} answered, "
        f"{count.asked - count.answered} not, {count.bad} lines left out; "
        f"the documents were read in {ready - begun:.1f} s."
    )


def _index(folder: Path, embedder: Embedder, converter: Converts) -> "Index":
    # The libraries that search are loaded by the command that needs them, not with the command line.
    from rag.documents import load_folder
    from rag.embedded import Embedded, embed_documents
    from rag.index import assemble

    documents, problems = load_folder(folder, convert=converter)
    for problem in problems:
        click.echo(f"{problem.path}: {problem.reason} It was left out.", err=True)
    public: list[Document] = [document for document in documents if document.public]
    embedded: list[Embedded] = []
    for number, one in enumerate(embed_documents(public, embedder), start=1):
        embedded.append(one)
        _progress(f"{number} of {len(public)} documents read")
    return assemble(embedded, embedder.engine)


def _answer_all(index: "Index", embedder: Embedder, file: Path, out: TextIO) -> Count:
    from rag.answer import KnowledgeAnswers
    from rag.evidence import load_abstention
    from rag.tongue import language_among
    from understanding.language import language_of

    knowledge, count = KnowledgeAnswers(index, embedder, load_abstention()), Count()
    for row in read_lines(file, "id", "question"):
        if isinstance(row, BadLine) or not isinstance(row["question"], str):
            number, reason = (row.number, row.reason) if isinstance(row, BadLine) else (row["line"], NO_TEXT)
            click.echo(f"line {number}: {reason}", err=True)
            count.bad += 1
            continue
        question = row["question"]
        found = knowledge.answer(question, "", language_among(index.parts, question, language_of(question)))
        out.write(as_line(_fields(row["id"], found)))
        count.asked += 1
        count.answered += found.answered
        _progress(f"{count.asked} questions answered or not")
    return count


def _fields(identity: Any, found: Answer) -> dict[str, Any]:
    """One line with the fields that DESIGN.md fixes: tools are built on them."""
    return {
        "id": identity,
        "answered": found.answered,
        "answer": found.text,
        "confidence": round(found.confidence, 6),
        "citations": [
            {"source": one.source, "heading": one.heading, "start": one.start, "end": one.end, "quote": one.quote}
            for one in found.citations
        ],
        "passages": [
            {"path": one.path, "heading": one.heading, "score": one.score} for one in found.passages[:SHOWN]
        ],
    }  # fmt: skip


def _progress(words: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r\033[K{words}", err=True, nl=False)
