"""The knowledge bases and questions on which abstention is trained, each in several lights."""

import json
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rag.documents import Document, load_folder

# Questions of other trades that are put to each knowledge base, which hardly ever holds their answer.
FROM_OTHERS = 60
# What counts for how much: the same question without any heading is a view of it more, one from elsewhere is far easier
# than the near misses but comes often.
PLAIN, BARE, MERGED, ELSEWHERE = 1.0, 0.5, 1.0, 2.0
# Words of what every shop explains: a question with one of them may be answered by another trade's documents, too.
_EVERYWHERE = (
    "pay card cash account password address invoice receipt discount student mail number deliver ship return cancel",
    "open",
    "bezahl zahl karte konto passwort kennwort adress rechnung liefer kündig rabatt geöffnet",
    "paie carte compte facture adresse livr remise passe retour ouvr ouvert",
    "pag tarjeta cuenta factura dirección correo enví descuento devol abr abiert horario",
)


@dataclass(frozen=True, slots=True)
class Example:
    """A question; `document` is the path of the one that answers it, or None; `section` counts its passages from 1."""

    question: str
    language: str
    document: str | None = None
    section: int | None = None


@dataclass(frozen=True, slots=True)
class Lesson:
    """Documents, and what they are asked. `trades` says of which knowledge base each example is, `weight` what it
    counts; `plain` marks the view that is judged: as customers and staff see it.
    """

    documents: tuple[Document, ...]
    examples: tuple[Example, ...]
    trades: tuple[str, ...]
    weight: float
    view: str


@dataclass(frozen=True, slots=True)
class Trade:
    name: str
    documents: tuple[Document, ...]
    examples: tuple[Example, ...]


def read_trade(name: str, folder: Path, questions: Path) -> Trade:
    documents, _ = load_folder(folder)
    return Trade(name, tuple(one for one in documents if one.public), tuple(read_examples(questions)))


def read_trades(folder: Path) -> list[Trade]:
    """Each folder under `folder` with the questions in the file of its name beside it."""
    return [
        read_trade(place.name, place, folder / f"{place.name}.jsonl")
        for place in sorted(folder.iterdir())
        if place.is_dir()
    ]


def read_examples(file: Path) -> Iterator[Example]:
    for line in file.read_text(encoding="utf-8").splitlines():
        row: dict[str, Any] = json.loads(line)
        yield Example(row["question"], row["language"], row.get("document"), row.get("section"))


def lessons(trades: Sequence[Trade], elsewhere: Sequence[Example]) -> Iterator[Lesson]:
    """Every trade as it is, without headings, all of them in one knowledge base, and asked what it cannot know."""
    for trade in trades:
        own = (trade.name,) * len(trade.examples)
        yield Lesson(trade.documents, trade.examples, own, PLAIN, "plain")
        yield _bare(trade, own)
        foreign = tuple(_from_elsewhere(trade, trades, elsewhere))
        yield Lesson(trade.documents, foreign, (trade.name,) * len(foreign), ELSEWHERE, "elsewhere")
    if len(trades) > 1:
        yield _merged(trades)


def _bare(trade: Trade, own: tuple[str, ...]) -> Lesson:
    paths = {one.path: f"{one.language}/{number}.md" for number, one in enumerate(trade.documents)}
    documents = tuple(
        replace(one, path=paths[one.path], title=str(number), body=_without_headings(one.body), questions=())
        for number, one in enumerate(trade.documents)
    )
    examples = (replace(one, document=paths.get(one.document or ""), section=None) for one in trade.examples)
    return Lesson(documents, tuple(examples), own, BARE, "bare")


def _without_headings(body: str) -> str:
    return "\n".join(line for line in body.splitlines() if not line.startswith("#")).strip()


def _merged(trades: Sequence[Trade]) -> Lesson:
    documents = (replace(one, path=f"{trade.name}/{one.path}") for trade in trades for one in trade.documents)
    asked = [
        (trade.name, replace(one, document=one.document and f"{trade.name}/{one.document}"))
        for trade in trades
        for one in trade.examples
    ]
    return Lesson(tuple(documents), tuple(one for _, one in asked), tuple(name for name, _ in asked), MERGED, "merged")


def _from_elsewhere(trade: Trade, trades: Sequence[Trade], elsewhere: Sequence[Example]) -> Iterator[Example]:
    spoken = {one.language for one in trade.documents}
    others: dict[str, list[Example]] = defaultdict(list)
    for other in trades:
        if other.name != trade.name:
            others[other.name] += [one for one in other.examples if not _said_everywhere(one.question)]
    asked = [one for examples in others.values() for one in examples if one.language in spoken]
    # The same choice in every run, so that training can be repeated.
    random.Random(5).shuffle(asked)  # noqa: S311 (no secret is drawn)
    for one in (*asked[:FROM_OTHERS], *(one for one in elsewhere if one.language in spoken)):
        yield replace(one, document=None, section=None)


def _said_everywhere(question: str) -> bool:
    return any(word in question.lower() for words in _EVERYWHERE for word in words.split())
