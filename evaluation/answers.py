"""How well questions are answered from a help centre: recall, answerable or not, and the risk–coverage curve."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from domain.ports import Embedder
from evaluation.curve import Point, curve, picture, table, widest
from rag.answer import KnowledgeAnswers
from rag.documents import Document, load_folder, parse_document
from rag.evidence import load_abstention
from rag.index import Asked, Index, build_index
from rag.tongue import language_among

FIGURE = Path(__file__).resolve().parent.parent / "docs" / "risk-coverage.svg"
SHOWN = 10
_FRONT_MATTER = re.compile(r"\A---\n.*?^---\n", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Query:
    """A question with the paths of the documents that answer it, in its own language; none where nothing does."""

    text: str
    language: str
    gold: frozenset[str]
    answerable: bool


@dataclass(frozen=True, slots=True)
class Ranking:
    """The paths found for one question, best first, and how sure the first of them is."""

    paths: tuple[str, ...]
    confidence: float = 0.0


def report(folder: Path, embedder: Embedder, language_of: Callable[[str], str], figure: Path = FIGURE) -> None:
    """Print every table of one help centre, and draw the curve; `language_of` is what tells a question's language."""
    queries = read_queries(folder / "queries.jsonl")
    print(
        f"\nAnswers, {folder.name}, {len(queries)} questions, {sum(one.answerable for one in queries)} answerable. A"
        " passage counts as found when it is of a gold document in the question's own language, among the first (five)"
        " passages. The language of a question is detected, for all three alike."
    )
    bare = without_front_matter(folder / "docs")
    whole, _ = load_folder(folder / "docs")
    for name, documents in (("without front matter, which holds titles that are asked for", bare), ("whole", whole)):
        index = build_index(documents, embedder)

        def spoken(text: str, index: Index = index) -> str:
            return language_among(index.parts, text, language_of(text))

        ours = rank_ours(index, embedder, queries, spoken)
        alone = rank_alone(index, embedder, queries, spoken)
        print(f"\nDocuments {name}, {len(index.passages)} passages:\n{_recalls(queries, ours, *alone)}")
        print(f"Answerable or not, by the confidence: AUROC {auroc(ours, queries):.4f}.")
        # Some questions of a help centre are answered by more pages than its labels name: both readings of "wrong".
        _covered("the document is not the labelled one", curve(_verdicts(ours, queries)))
        _covered(
            "nothing answers the question",
            curve([(one.confidence, query.answerable) for one, query in zip(ours, queries, strict=True)]),
        )
        if documents is bare:
            points = curve(_verdicts(ours, queries))
            print(table(points))
            figure.write_text(picture(points, f"Risk and coverage, {folder.name}"), encoding="utf-8")


def _verdicts(ours: Sequence[Ranking], queries: Sequence[Query]) -> list[tuple[float, bool]]:
    """(confidence, whether the first passage is of the labelled document)."""
    return [
        (one.confidence, not query.gold.isdisjoint(one.paths[:1])) for one, query in zip(ours, queries, strict=True)
    ]


def _covered(meaning: str, points: Sequence[Point]) -> None:
    for risk in (0.02, 0.05):
        point = widest(points, risk)
        found = (
            f"{point.coverage:.1%} of all questions, from a confidence of {point.threshold:.4f} on ({point.wrong} of "
            f"{point.accepted} wrong, at most {point.bound:.1%} at 90 %)"
            if point
            else "no question"
        )
        print(f"At most {risk:.0%} wrong, where wrong means that {meaning}: {found}.")


def read_queries(file: Path) -> list[Query]:
    """Gold names `folder/name.language`; the document of the question's own language is the one to be found."""

    def query(row: dict[str, Any]) -> Query:
        own = (gold.rpartition(".") for gold in row["gold"])
        paths = frozenset(f"{row['lang']}/{name}.md" for name, _, language in own if language == row["lang"])
        return Query(row["query"], row["lang"], paths, row["answerable"])

    return [query(json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines()]


def without_front_matter(folder: Path) -> tuple[Document, ...]:
    return tuple(
        parse_document(
            file.relative_to(folder).as_posix(), _FRONT_MATTER.sub("", file.read_text(encoding="utf-8"), 1).encode()
        )
        for file in sorted(folder.rglob("*.md"))
    )


def rank_ours(
    index: Index, embedder: Embedder, queries: Sequence[Query], spoken: Callable[[str], str]
) -> list[Ranking]:
    answers = KnowledgeAnswers(index, embedder, load_abstention())
    found = (answers.answer(one.text, "", spoken(one.text)) for one in queries)
    return [Ranking(tuple(passage.path for passage in one.passages), one.confidence) for one in found]


def rank_alone(
    index: Index, embedder: Embedder, queries: Sequence[Query], spoken: Callable[[str], str]
) -> tuple[list[Ranking], list[Ranking]]:
    """By meaning alone, and by BM25 alone."""
    dense: list[Ranking] = []
    lexical: list[Ranking] = []
    for query in queries:
        found = index.signals([Asked(query.text, embedder.embed([query.text])[0])], spoken(query.text))
        for scores, rankings in ((found.titles[0] + found.bodies[0], dense), (found.words[0], lexical)):
            best = np.argsort(-(scores - 10 * found.foreign), kind="stable")[:SHOWN]
            rankings.append(Ranking(tuple(index.passages[found.numbers[at]].document.path for at in best)))
    return dense, lexical


def recall(rankings: Sequence[Ranking], queries: Sequence[Query], within: int) -> float:
    """The share of answerable questions with a gold document among the first `within` passages."""
    found = [
        not query.gold.isdisjoint(one.paths[:within])
        for one, query in zip(rankings, queries, strict=True)
        if query.answerable
    ]
    return sum(found) / len(found)


def auroc(rankings: Sequence[Ranking], queries: Sequence[Query]) -> float:
    """The probability that an answerable question gets more confidence than one that is not; ties count half."""
    sure = np.array([one.confidence for one in rankings])
    answerable = np.array([one.answerable for one in queries])
    difference = sure[answerable][:, None] - sure[~answerable][None, :]
    return float(((difference > 0) + 0.5 * (difference == 0)).mean())


def _recalls(
    queries: Sequence[Query], ours: Sequence[Ranking], dense: Sequence[Ranking], lexical: Sequence[Ranking]
) -> str:
    lines = [f"{'':<6}{'n':>5}{'ours @1':>10}{'@5':>7}{'dense @1':>11}{'@5':>7}{'BM25 @1':>10}{'@5':>7}"]
    languages = sorted({one.language for one in queries if one.answerable})
    for name in ("all", *languages):
        chosen = [at for at, one in enumerate(queries) if one.answerable and name in {"all", one.language}]
        asked = [queries[at] for at in chosen]
        shares = [
            recall([ranking[at] for at in chosen], asked, within)
            for ranking in (ours, dense, lexical)
            for within in (1, 5)
        ]
        widths = (10, 7, 11, 7, 10, 7)
        cells = "".join(f"{share:>{width}.3f}" for share, width in zip(shares, widths, strict=True))
        lines.append(f"{name:<6}{len(asked):>5}{cells}")
    return "\n".join(lines)
