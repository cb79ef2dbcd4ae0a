"""Phases in plain words, for the page and the command line: what happens to a mail, and what answering it needs."""

from collections.abc import Mapping, Sequence

from domain.category import Category
from domain.earned import Earned, Standing
from domain.phase import ANSWERABLE, Phase
from storage import answer_standings, standings
from storage.phase_counts import DAYS, Counts

NAMES: Mapping[Phase, str] = {Phase.SHADOW: "In shadow", Phase.ASSISTED: "Assisted", Phase.AUTOMATIC: "Automatic"}

KINDS: Mapping[Category, str] = {
    Category.QUESTION: "Questions",
    Category.REFUND: "Refund requests",
    Category.SUPPLIER: "Suppliers’ mail",
    Category.OTHER: "Other mail",
}

_HAPPENS: Mapping[Phase, str] = {
    Phase.SHADOW: (
        "It is read, and what the machine would have written stands beside it as a suggestion. "
        "One of you writes the reply, or takes the suggestion."
    ),
    Phase.ASSISTED: "The machine drafts the reply. It leaves when one of you approves it.",
    Phase.AUTOMATIC: "The machine answers by itself what it is sure enough of. Everything else waits as a draft.",
}

# A handler drafts little or nothing here: a person reads it in each phase.
_SELDOM: Mapping[tuple[Category, Phase], str] = {
    (Category.OTHER, Phase.SHADOW): (
        "One of you answers it. Where a document may answer it, that stands beside it as a suggestion."
    ),
    (Category.OTHER, Phase.ASSISTED): "One of you answers it. Where a document may answer it, that is drafted.",
    (Category.SUPPLIER, Phase.SHADOW): "One of you answers it. Nothing is drafted to a supplier here.",
    (Category.SUPPLIER, Phase.ASSISTED): "One of you answers it. Nothing is drafted to a supplier here.",
}

NEVER = "Mail of this kind is never answered without a person."


def switch_word(phases: Mapping[Category, Phase]) -> str:
    """What the switch that is on means: "on" would promise answers where nothing is automatic."""
    found = set(phases.values())
    if Phase.AUTOMATIC in found:
        return "on"
    return "in shadow" if found == {Phase.SHADOW} else "with approval"


def happens(category: Category, phase: Phase) -> str:
    """What happens to a mail of this category in this phase, in one or two sentences."""
    return _SELDOM.get((category, phase), _HAPPENS[phase])


def needs(
    category: Category, reading: standings.Row | None, answers: Sequence[answer_standings.Row]
) -> tuple[str, ...]:
    """What answering by itself has earned, or still needs: of reading the mail and, for questions, of the answers."""
    if category not in ANSWERABLE:
        return (NEVER,)
    read = _needs(
        reading.standing if reading else None, "It answers by itself what it is at least {} % sure of.",
        ("checked mail", "checked mails"), "No mail of this kind has been checked yet.",
    )  # fmt: skip
    if category is not Category.QUESTION:
        return (read,)
    found = [one for one in answers if one.standing.n] or [None]
    return (read, *(_of_answers(one) for one in found))


def told(counts: Counts) -> tuple[str, ...]:
    """What the machine did, and what it would have done but for the phase, in the last 30 days."""
    if not counts.mails:
        return (f"No mail of this kind came in the last {DAYS} days.",)
    lines = []
    if counts.sent:
        lines.append(f"In the last {DAYS} days it answered {counts.sent} of {counts.mails} by itself.")
    if counts.would or not counts.sent:
        lines.append(f"In the last {DAYS} days it would have sent {counts.would} of {counts.mails} by itself.")
    if counts.looked_at:
        lines.append(
            f"Of the {counts.looked_at} of those that one of you has settled, {counts.as_written} left as written, "
            f"{counts.edited} in other words, and {counts.dismissed} {_was(counts.dismissed)} dismissed."
        )
    elif counts.would:
        lines.append("None of those has been settled by one of you yet.")
    return tuple(lines)


def preview(counts: Counts) -> str:
    """What automatic would mean, by the newest mails."""
    if not counts.newest:
        return ""
    newest = f"the last {counts.newest} such mails" if counts.newest > 1 else "the one such mail so far"
    return f"Of {newest}, {counts.would_newest} would have gone out by themselves; you would have had the others."


def _of_answers(row: answer_standings.Row | None) -> str:
    return _needs(
        row.standing if row else None, "Of an answer it must be at least {} % sure.", ("verdict", "verdicts"),
        "No answer has been judged yet.",
    )  # fmt: skip


def _needs(standing: Standing | None, sure: str, what: tuple[str, str], nothing: str) -> str:
    if standing is None or not standing.n:
        return f"Not yet: {nothing[0].lower()}{nothing[1:]}"
    if isinstance(standing, Earned):
        bound = f"Earned: wrong at most {standing.upper_bound * 100:.1f} in 100 (90 % sure)."
        return f"{sure.format(f'{standing.threshold * 100:.4g}')} {bound}"
    about = " on answers" if what[0] == "verdict" else ""
    return f"Not yet: {standing.missing} more {what[standing.missing != 1]}{about}."


def _was(number: int) -> str:
    return "was" if number == 1 else "were"
