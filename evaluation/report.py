"""`make evaluate`: how well mail is understood, on our own examples and on the data beside the project."""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import settings as settings_module
from adapters import logs
from bootstrap import Services, build
from domain.category import Category
from domain.earned import Earned, NotEnough
from domain.errors import MailwrightError, Unreadable
from domain.message import Address, Message
from domain.understanding import Understanding
from evaluation import answers, claims, refund, speed
from settings import ROOT
from understanding.automatic import automatic_sign
from understanding.calibration import calibration_error
from understanding.language import language_of
from understanding.mass_mail import suspicion_of
from understanding.quotes import split
from understanding.thresholds import choose
from understanding.train import EXAMPLES, read_examples

DATA = ROOT.parent / "shared" / "data"
BATCH = 64
TIMED = 1000
WORDS_OF_A_MAIL = 40
CUSTOMER = Address("customer@mail.example")


@dataclass(frozen=True, slots=True)
class Scores:
    """Of one group of labelled texts: shares from 0 to 1. `macro_f1` is over the categories that occur in the group."""

    n: int
    accuracy: float
    macro_f1: float
    refund_precision: float
    refund_recall: float
    other_recall: float


def scores(pairs: Sequence[tuple[str, str]]) -> Scores:
    """Of (expected, found) category names."""
    occurring = sorted({expected for expected, _ in pairs})
    f1 = [_f1(pairs, name) for name in occurring]
    right = sum(expected == found for expected, found in pairs)
    precision, recall = _precision_recall(pairs, Category.REFUND)
    _, other = _precision_recall(pairs, Category.OTHER)
    return Scores(len(pairs), right / len(pairs), sum(f1) / len(f1), precision, recall, other)


def main() -> int:
    """Print every table that can be measured here."""
    logs.configure("WARNING")
    services = build(settings_module.read())
    try:
        _card(services.settings.models_dir)
        claims.report(services, DATA)
        if not DATA.is_dir():
            print(f"\n{DATA} is not here: the tables below it are left out.")
            return 0
        rows = _rows(DATA / "intents_dev.jsonl")
        _intents(services, rows)
        replies = _rows(DATA / "reply_dev.jsonl")
        _speed(services, rows[:: len(rows) // TIMED], replies)
        _replies(replies)
        _automatic(services, _rows(DATA / "eml" / "labels.jsonl"))
        answers.report(DATA / "kb" / "login_gov", services.embedder, language_of)
        refund.report(services, DATA)
    except MailwrightError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        services.close()
    return 0


def _card(models: Path) -> None:
    """What training measured on our own examples, each judged by a model that had not seen it."""
    file = models / "classifier.card.json"
    if file.is_file():
        print("Our own examples, out of fold (the classifier's card):")
        print(json.dumps(json.loads(file.read_text(encoding="utf-8")), indent=1)[:2000])


def _intents(services: Services, rows: Iterable[dict[str, object]]) -> None:
    strict = [row for row in rows if row["strict"] and row["category"]]
    found: list[Understanding] = []
    for start in range(0, len(strict), BATCH):
        messages = [Message(sender=None, text=str(row["text"])) for row in strict[start : start + BATCH]]
        found += services.plain_reader().read(messages)
        if sys.stderr.isatty():
            print(f"\r{len(found)} of {len(strict)} texts", end="", file=sys.stderr)
    pairs = [(str(row["category"]), one.category.value) for row, one in zip(strict, found, strict=True)]
    print("\nCategories, strict rows of intents_dev.jsonl, trained on our own examples only:")
    print(f"{'source':<22}{'n':>6}{'accuracy':>10}{'macro-F1':>10}{'refund P':>10}{'refund R':>10}{'other R':>9}")
    groups = {"all": pairs}
    for row, one, pair in zip(strict, found, pairs, strict=True):
        groups.setdefault(str(row["source"]), []).append(pair)
        groups.setdefault(f"read as {one.language}" if one.language == "en" else "read as no English", []).append(pair)
    for name, group in groups.items():
        got = scores(group)
        print(
            f"{name:<22}{got.n:>6}{got.accuracy:>10.3f}{got.macro_f1:>10.3f}{got.refund_precision:>10.3f}"
            f"{got.refund_recall:>10.3f}{got.other_recall:>9.3f}"
        )
    _calibration([(one.confidence, expected == said) for one, (expected, said) in zip(found, pairs, strict=True)])


def _calibration(verdicts: Sequence[tuple[float, bool]]) -> None:
    """How far confidence and truth are apart, and how much may be believed at 2 errors in 100."""
    sure, right = np.array(verdicts, dtype=float).T
    error = calibration_error(sure, right)
    print(f"Calibration of the same rows: expected error {error:.3f}.")
    for target in (0.02, 0.05):
        match choose(verdicts, target):
            case Earned() as earned:
                print(
                    f"At most {target:.0%} wrong: {earned.coverage:.1%} of them, from a confidence of "
                    f"{earned.threshold} on ({earned.errors} of {earned.accepted} wrong, "
                    f"at most {earned.upper_bound:.1%} at 90 %)."
                )
            case NotEnough(n=n, needed=needed):
                print(f"At most {target:.0%} wrong: not enough to prove it ({n} of {needed}).")


def _speed(services: Services, short: Sequence[dict[str, Any]], replies: Sequence[dict[str, Any]]) -> None:
    """Two sets: the short texts, and mails of some length: replies with what they quote, and our own examples."""
    ours = [example.text for example in read_examples(EXAMPLES)]
    long = [Message(CUSTOMER, text=str(row["text"])) for row in replies]
    long += [Message(CUSTOMER, subject=one.subject, text=one.text) for one in ours]
    sets = {
        "short texts": [Message(CUSTOMER, text=str(row["text"])) for row in short],
        "mails": [mail for mail in long if len(mail.text.split()) >= WORDS_OF_A_MAIL],
    }
    got = speed.measure(services.settings, sets)
    print("\nSpeed, the whole understanding beside the bare model on the same texts in the same run:")
    print(
        f"{'':<12}{'n':>6}{'words':>7}{'mails/s':>9}{'model/s':>9}{'ratio':>7}{'one ms':>9}{'model ms':>11}{'times':>7}"
    )
    for name, one in got.speeds.items():
        print(
            f"{name:<12}{one.n:>6}{one.words:>7.0f}{one.understanding:>9.0f}{one.model:>9.0f}{one.ratio:>7.2f}"
            f"{one.whole_ms:>9.2f}{one.alone_ms:>11.2f}{one.one_mail:>7.2f}"
        )
    print(f"Loaded in {got.start_s:.1f} s; {got.memory_mb:.0f} MB at the peak of this process.")


def _replies(rows: Sequence[dict[str, Any]]) -> None:
    """Rows without an exact text say what the new text must and must not hold: those are counted on their own."""
    exact = [row for row in rows if row["expected"] is not None]
    right = sum(_folded(_sent(row)) == _folded(row["expected"]) for row in exact)
    others = [row for row in rows if row["expected"] is None]
    holding = sum(
        all(words in _sent(row) for words in row["must_contain"])
        and not any(words in _sent(row) for words in row["must_not_contain"])
        for row in others
    )
    print(
        f"\nNew text of replies, reply_dev.jsonl: {right} of {len(exact)} exact ({right / len(exact):.2f}); "
        f"of {len(others)} without an exact text {holding} hold what they must and nothing that they must not."
    )


def _sent(row: dict[str, Any]) -> str:
    return split(str(row["text"])).sent_text


def _automatic(services: Services, rows: Sequence[dict[str, object]]) -> None:
    """Ignored is what a machine wrote for certain; held is what has a sign in its words alone, or cannot be read."""
    fates = [(row, _fate(services, DATA / str(row["file"]))) for row in rows]
    never = Counter(fate for row, fate in fates if row["auto_answer"] == "never")
    people = Counter(fate for row, fate in fates if row["kind"] in {"human", "human_reply"})
    print(
        f"\nMail that must never be answered, eml/labels.jsonl: {never['ignored'] + never['held']} of {never.total()} "
        f"recognised ({never['ignored']} ignored, {never['held']} held); of {people.total()} written by people "
        f"{people['ignored']} ignored, {people['held']} held as suspect."
    )


def _fate(services: Services, file: Path) -> str:
    try:
        message = services.jail.read(file.read_bytes())
    except Unreadable:
        return "held"
    if automatic_sign(message, frozenset()):
        return "ignored"
    return "held" if suspicion_of(message) else "read"


def _rows(file: Path) -> list[dict[str, Any]]:
    def lines() -> Iterator[dict[str, Any]]:
        with file.open(encoding="utf-8") as stream:
            for line in stream:
                yield json.loads(line)

    return list(lines())


def _precision_recall(pairs: Sequence[tuple[str, str]], name: str) -> tuple[float, float]:
    right = sum(expected == found == name for expected, found in pairs)
    said = sum(found == name for _, found in pairs)
    there = sum(expected == name for expected, _ in pairs)
    return right / said if said else float("nan"), right / there if there else float("nan")


def _f1(pairs: Sequence[tuple[str, str]], name: str) -> float:
    right = sum(expected == found == name for expected, found in pairs)
    wrong = sum((expected == name) != (found == name) for expected, found in pairs)
    return 2 * right / (2 * right + wrong)


def _folded(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


if __name__ == "__main__":
    sys.exit(main())
