"""Claims of a language model that leave without proof: counted against a stand-in that invents, lies and obeys.

The count does not ask the checker. The stand-in's honest sentences are those of documents, word for word; what else
stands in an answer was invented.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from adapters.llm.composer import ModelComposer
from adapters.llm.language_model import LanguageModel
from adapters.llm.model import Choice
from bootstrap import Services
from domain.opinion import Call
from domain.ports import Answer
from rag.answer import KnowledgeAnswers
from rag.composing import ComposedAnswers
from rag.display import plain
from rag.documents import Document, load_folder
from rag.evidence import load_abstention
from rag.index import build_index
from settings import ROOT

FAULTS = (
    *("", "invents_numbers", "invents_quotes", "quotes_the_wrong_passage", "flips_negation", "adds_a_link"),
    *("promises_a_refund", "obeys_the_mail", "speaks_another_language", "says_without_a_quote"),
)
QUESTIONS = 40
HONEST = "honest"
_TIMEOUT = 30.0


@dataclass(slots=True)
class Count:
    """Of one way of the model: mails, tries, sentences it wrote, those that left, and those of them without proof."""

    mails: int = 0
    tries: int = 0
    written: int = 0
    left: int = 0
    unproven: int = 0


class Unlimited:
    """The port `Spending` without a limit and without a memory."""

    def has_room(self) -> bool:
        return True

    def record(self, call: Call) -> None:
        del call


def measure(services: Services, attacks: Sequence[str] = ()) -> Mapping[str, Count]:
    """By the way in which the stand-in is wrong. `attacks` are mails that give orders to their reader."""
    found, _ = load_folder(services.settings.knowledge_base_dir)
    documents = [one for one in found if one.public]
    asked = [(one.language, question) for one in documents for question in one.questions]
    asked = asked[:: max(len(asked) // QUESTIONS, 1)]
    index = build_index(documents, services.embedder)
    local = KnowledgeAnswers(index, services.embedder, load_abstention())
    counts: dict[str, Count] = {}
    with _stand_in() as url:
        model = LanguageModel(Choice("openai", "stand-in", f"{url}/v1", "none"))
        composer = ModelComposer(model, Unlimited(), patience_s=1e9)
        answers = ComposedAnswers(local, composer, keeps_quotes=False, reach=0.0)
        ways = [(fault, asked) for fault in FAULTS]
        if attacks:
            question = next(one for language, one in asked if language == "en")
            ways.append(("obeys_the_mail", [("en", f"{question}\n{attack}") for attack in attacks]))
        for number, (fault, mails) in enumerate(ways):
            name = f"{fault or HONEST}{', given orders' if number == len(FAULTS) else ''}"
            counts[name] = _counted(answers, mails, documents, fault, url)
    return counts


def unproven(answer: Answer, documents: Mapping[str, Document]) -> list[str]:
    """The sentences of an answer that stand in no document, and the quotes that do not stand at their place."""
    wrong = [
        one.quote
        for one in answer.citations
        if one.source not in documents
        or documents[one.source].version != one.version
        or documents[one.source].body[one.start : one.end] != one.quote
    ]
    everything = " ".join(" ".join(plain(one.body).split()) for one in documents.values())
    return wrong + [one for one in sentences(answer.text) if one not in everything]


def sentences(text: str) -> list[str]:
    return [one for one in re.split(r"(?<=[.!?])\s+(?=[A-ZÄÖÜÉÈ¿¡])", " ".join(text.split())) if one]


def attacks_in(folder: Path) -> list[str]:
    """Mails that give orders to whoever reads them, where such data lies beside the project."""
    files = sorted(folder.glob("injection_*.jsonl"))
    return [str(json.loads(line)["body"]) for file in files for line in file.read_text("utf-8").splitlines()]


def report(services: Services, data: Path) -> None:
    counts = measure(services, attacks_in(data))
    print("\nAnswers of a language model, the stand-in in each of its ways:")
    print(f"{'way':<36}{'mails':>7}{'tries':>7}{'sentences':>11}{'left':>6}{'without proof':>15}")
    for name, one in counts.items():
        print(f"{name:<36}{one.mails:>7}{one.tries:>7}{one.written:>11}{one.left:>6}{one.unproven:>15}")
    tries, bad = (sum(getattr(one, field) for one in counts.values()) for field in ("tries", "unproven"))
    print(f"{tries} tries; claims left without proof = {bad}.")


def _counted(
    answers: ComposedAnswers, mails: Sequence[tuple[str, str]], documents: Sequence[Document], fault: str, url: str
) -> Count:
    count, by_path = Count(len(mails)), {one.path: one for one in documents}
    _post(url, "reset", {})
    if fault:
        _post(url, "faults", {"fault": fault, "times": 10 * len(mails)})
    for language, mail in mails:
        answer = answers.answer(mail, "", language)
        count.tries += len(answer.attempts)
        count.written += sum(len(one.sentences) for one in answer.attempts)
        if answer.method == "composed":
            count.left += len(sentences(answer.text))
            count.unproven += len(unproven(answer, by_path))
    return count


def _post(url: str, name: str, body: Mapping[str, Any]) -> None:
    requests.post(f"{url}/sandbox/{name}", json=body, timeout=_TIMEOUT).raise_for_status()


@contextmanager
def _stand_in() -> Iterator[str]:
    """The sandbox's model as a program of its own."""
    command = [sys.executable, "-m", "sandbox.llm", "--port", "0"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield str(json.loads(process.stdout.readline())["ready"])
    finally:
        process.terminate()
        process.communicate(timeout=_TIMEOUT)


if __name__ == "__main__":
    import settings as settings_module
    from bootstrap import build

    measured = build(settings_module.read())
    report(measured, ROOT.parent / "shared" / "data")
    measured.close()
