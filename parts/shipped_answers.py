"""What the demonstration shop's question set earns answers, made at set-up: for nobody in particular."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from domain.earned import Earned, NotEnough
from domain.ports import Embedder
from parts.judging import ask, learn
from rag.answer import KnowledgeAnswers
from rag.checked import QUESTIONS, WRONG_ANSWERS, checked_questions
from rag.documents import load_folder
from rag.evidence import DRAFT, load_abstention
from rag.index import build_index
from rag.refit import name_of
from storage.answer_standings import Row

ANSWERS = "answers.json"


@dataclass(frozen=True, slots=True)
class ShippedAnswers:
    """`weights` are what the question set made of the shipped abstention, `rows` how each way of answering stands."""

    weights: Mapping[str, object]
    rows: tuple[Row, ...]


def earn_answers(models: Path, knowledge: Path, embedder: Embedder, say: Callable[[str], None]) -> None:
    """Ask the question set of the knowledge base, and keep what that earns beside the models."""
    about = {
        "target": str(WRONG_ANSWERS),
        "model": name_of(embedder.engine),
        "asked": _hash_of(QUESTIONS, *sorted(knowledge.rglob("*.md"))),
    }
    known = _kept(models)
    if known is not None and {name: known.get(name) for name in about} == about:
        return
    documents, _ = load_folder(knowledge)
    prior = replace(load_abstention(), threshold=DRAFT)
    answers = KnowledgeAnswers(build_index(documents, embedder), embedder, prior)
    verdicts = ask(answers, checked_questions())
    lesson = learn(prior, verdicts)
    rows = lesson.rows(about["model"], WRONG_ANSWERS)
    content = {**about, "questions": len(verdicts), "weights": lesson.weights, "rows": [_as_json(row) for row in rows]}
    (models / ANSWERS).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    say(f"Asked {len(verdicts)} questions of the demonstration shop: {_in_words(rows)}.")


def shipped_answers(models: Path, model: str) -> ShippedAnswers | None:
    """What was earned under this abstention, or None where nothing was."""
    known = _kept(models)
    if known is None or known.get("model") != model:
        return None
    rows = tuple(
        Row(row["method"], model, row["target"], row["wrong"], _standing(row["standing"])) for row in known["rows"]
    )
    return ShippedAnswers(known["weights"], rows)


def _kept(models: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads((models / ANSWERS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found


def _hash_of(*files: Path) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _as_json(row: Row) -> dict[str, object]:
    return {"method": row.method, "target": row.target, "wrong": row.wrong, "standing": asdict(row.standing)}


def _standing(fields: dict[str, Any]) -> Earned | NotEnough:
    return Earned(**fields) if "threshold" in fields else NotEnough(**fields)


def _in_words(rows: list[Row]) -> str:
    return ", ".join(
        f"{row.method} from {row.standing.threshold:.1%} on, {row.standing.accepted} of {row.standing.n} drafts "
        f"(wrong at most {row.standing.upper_bound:.1%}, allowed {row.target:.0%})"
        if isinstance(row.standing, Earned)
        else f"{row.method} not by itself ({row.standing.n} of {row.standing.needed})"
        for row in rows
    )
