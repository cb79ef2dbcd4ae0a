"""The labelled mail of the demonstration shop, and what it earns: the policy for nobody in particular."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from domain.category import Category
from domain.earned import USUAL_TARGET, Earned, NotEnough, Standing
from domain.errors import BadInput
from understanding.classifier import MODEL
from understanding.learner import Learner, earned

LABELLED = Path(__file__).with_name("checked") / "lumen-oak.jsonl"
STANDINGS = "standings.json"


@dataclass(frozen=True, slots=True)
class LabelledMail:
    """One mail of the set. `id` is its own and stays when the text is mended."""

    id: str
    text: str
    subject: str
    language: str
    category: Category
    sub_intent: str


def labelled_mails(file: Path = LABELLED) -> list[LabelledMail]:
    """The whole set in its order. Raises BadInput that names the line that is wrong."""
    found = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            row = json.loads(line)
            found.append(LabelledMail(**{**row, "category": Category(row["category"])}))
        except (ValueError, KeyError, TypeError) as error:
            raise BadInput(f"{file.name}:{number}", "is no labelled mail.") from error
    return found


def model_of(models: Path, engine: str) -> str:
    """Names the shared model: two that could say different things have different names."""
    return hashlib.sha256(engine.encode() + b"\0" + (models / MODEL).read_bytes()).hexdigest()[:16]


def earn_standings(models: Path, engine: str, learner: Callable[[], Learner], say: Callable[[str], None]) -> None:
    """Read the labelled set with the models and keep what it earns beside the classifier's card."""
    about = {"model": model_of(models, engine), "labelled": hashlib.sha256(LABELLED.read_bytes()).hexdigest()}
    known = _kept(models)
    if known is not None and {name: known.get(name) for name in about} == about:
        return
    mails = labelled_mails()
    read = learner().read([(mail.text, mail.subject) for mail in mails])
    found = earned([mail.category for mail in mails], read, USUAL_TARGET)
    rows = {category.value: {**asdict(standing), "wrong": wrong} for category, (standing, wrong) in found.items()}
    content = {**about, "target": USUAL_TARGET, "mails": len(mails), "standings": rows}
    (models / STANDINGS).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    say(f"Read {len(mails)} labelled mails of the demonstration shop: {_in_words(found)}.")


def shipped_standings(models: Path, engine: str) -> dict[Category, Standing]:
    """What the labelled set earned under the models that are there; nothing when it was not read with them."""
    known = _kept(models)
    if known is None or known.get("model") != model_of(models, engine):
        return {}
    return {Category(name): _standing(row) for name, row in known["standings"].items()}


def _kept(models: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads((models / STANDINGS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found


def _standing(row: dict[str, Any]) -> Standing:
    kind = Earned if "threshold" in row else NotEnough
    return kind(**{name: value for name, value in row.items() if name != "wrong"})


def _in_words(found: dict[Category, tuple[Standing, int]]) -> str:
    return ", ".join(
        f"{category} from {standing.threshold:.0%} on (wrong at most {standing.upper_bound:.1%})"
        if isinstance(standing, Earned)
        else f"{category} not by itself ({standing.n} of {standing.needed})"
        for category, (standing, _) in found.items()
    )
