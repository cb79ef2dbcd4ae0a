"""Phases in plain words, for the page and the command line: what happens to a mail, and what answering it needs."""

from collections.abc import Mapping, Sequence

from domain.category import Category
from domain.earned import Earned, NotEnough
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


def switch_word(phases: Mapping[Category, Phase], *, by_bridge: bool = False) -> str:
    """What the switch that is on means: "on" would promise answers where nothing is automatic.

    Nothing is drafted of suppliers' mail, so that its phase makes no difference. `by_bridge`: the ticketing bridge is
    in shadow, which holds everything whatever its phase.
    """
    if by_bridge:
        return "in shadow"
    found = {phase for category, phase in phases.items() if category is not Category.SUPPLIER}
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
    read = _needs(reading, "Sure enough of what it is about", ("checked mail", "checked mails"), "mail of this kind")
    if category is not Category.QUESTION:
        return (read,)
    judged: list[answer_standings.Row | None] = [one for one in answers if one.standing.n]
    what = ("verdict on an answer", "verdicts on answers")
    return (read, *(_needs(one, "Sure enough of an answer", what, "answer") for one in judged or [None]))


def is_earned(category: Category, reading: standings.Row | None, answers: Sequence[answer_standings.Row]) -> bool:
    """Whether anything of it would leave by itself today."""
    read = reading is not None and reading.is_earned
    return read and (category is not Category.QUESTION or any(one.is_earned for one in answers))


def told(category: Category, counts: Counts) -> tuple[str, ...]:
    """What the machine did, and what it would have done but for the phase, in the last 30 days."""
    period = f"In the last {DAYS} days"
    if category not in ANSWERABLE or not counts.mails:
        came = "none" if not counts.mails else f"{counts.mails} mail{'s' if counts.mails > 1 else ''}"
        return (f"{period} {came} of this kind came.",)
    if counts.sent:
        more = f", and would have sent {counts.would} more but for the phase" if counts.would else ""
        first = f"{period} it answered {counts.sent} of {counts.mails} by itself{more}."
    else:
        first = f"{period} it would have sent {counts.would} of {counts.mails} by itself."
    if not counts.would:
        return (first,)
    if not counts.looked_at:
        return (first, "None of those that it would have sent has been settled by one of you yet.")
    ends = [f"{counts.as_written} left as written", f"{counts.edited} in other words"]
    ends += [f"{counts.dismissed} {'was' if counts.dismissed == 1 else 'were'} dismissed"]
    ends += [f"{counts.to_gmail} went to Gmail"] if counts.to_gmail else []
    *some, last = ends
    return (first, f"Of the {counts.looked_at} of those that one of you has settled, {', '.join(some)}, and {last}.")


def preview(category: Category, phase: Phase, counts: Counts) -> str:
    """What the other way would mean, by the newest mails; nothing where there are none."""
    if category not in ANSWERABLE or not counts.newest:
        return ""
    newest = f"the last {counts.newest} such mails" if counts.newest > 1 else "the one such mail so far"
    if phase is Phase.AUTOMATIC:
        return f"If it were assisted, of {newest} the {counts.would_newest} that it may answer would wait for you, too."
    return f"If it were automatic: of {newest}, {counts.would_newest} would have left before you saw them."


def _needs(row: standings.Row | answer_standings.Row | None, sure: str, counted: tuple[str, str], nothing: str) -> str:
    standing = row.standing if row is not None else None
    match standing:
        case Earned(threshold=threshold, upper_bound=bound):
            return (
                f"{sure}: from {threshold * 100:.4g} % on. Earned: wrong at most {bound * 100:.1f} in 100 (90 % sure)."
            )
        case NotEnough(n=n) if n:
            return f"Not yet: {standing.missing} more {counted[standing.missing != 1]}."
        case _:
            return f"Not yet: no {nothing} has been checked."
