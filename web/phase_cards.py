"""What the page of phases shows of each kind of mail, and the limits that hold in every phase."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.category import Category
from domain.phase import ANSWERABLE, Phase
from domain.triage import Policy
from storage import answer_standings, gate, phase_counts, phases, standings, tenants
from web import phase_words
from web.curve import Drawing, draw


@dataclass(frozen=True, slots=True)
class Choice:
    phase: Phase
    name: str
    happens: str
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Card:
    """One category. `shares` is how many of 100 may be wrong, by the names of the form: see `accepted`."""

    category: Category
    kind: str
    phase: Phase
    choices: tuple[Choice, ...]
    told: tuple[str, ...]
    preview: str
    is_earned: bool
    shares: Mapping[str, float]
    reading: standings.Row | None
    drawing: Drawing | None

    @property
    def now(self) -> Choice:
        return next((one for one in self.choices if one.phase is self.phase), self.choices[-1])

    @property
    def has_choice(self) -> bool:
        """Whether the phases differ at all: what nothing is drafted of is the same in each."""
        return len({one.happens for one in self.choices}) > 1


def cards(db: Any, tenant: UUID) -> dict[Category, Card]:
    """One for each category, in their order."""
    now, counts = phases.of(db, tenant), phase_counts.every(db, tenant)
    reading = {row.category: row for row in standings.every(db, tenant)}
    answers = answer_standings.every(db, tenant)
    found = {}
    for category in Category:
        row, answerable = reading.get(category), category in ANSWERABLE
        found[category] = Card(
            category=category,
            kind=phase_words.KINDS[category],
            phase=now[category],
            choices=_choices(category, phase_words.needs(category, row, answers)),
            told=phase_words.told(category, counts[category]),
            preview=phase_words.preview(category, now[category], counts[category]),
            is_earned=phase_words.is_earned(category, row, answers),
            shares=accepted(db, tenant, category) if answerable else {},
            reading=row,
            drawing=draw(row) if row and answerable else None,
        )
    return found


def accepted(db: Any, tenant: UUID, category: Category) -> dict[str, float]:
    """How many of 100 may be wrong today: `share` of mails read, and for questions `answers_share` of the answers."""
    found = {"share": standings.targets(db, tenant)[category]}
    if category is Category.QUESTION:
        found["answers_share"] = answer_standings.target(db, tenant)
    return {name: round(share * 100, 4) for name, share in found.items()}


def limits(db: Any, tenant: UUID) -> dict[str, int]:
    """What holds in every phase, in numbers; `hours` is how old a mail may be."""
    usual, own = Policy(), tenants.get(db, tenant).settings
    return {
        "in_thread": usual.max_replies_per_thread,
        "to_sender": usual.max_replies_per_sender_and_day,
        "hours": int(usual.oldest_answered.total_seconds() // 3600),
        "per_day": own.get("replies_per_mailbox_and_day") or gate.REPLIES_PER_MAILBOX_AND_DAY,
        "per_hour": own.get("replies_per_mailbox_and_hour") or gate.REPLIES_PER_MAILBOX_AND_HOUR,
    }


def _choices(category: Category, needs: Sequence[str]) -> tuple[Choice, ...]:
    return tuple(
        Choice(
            phase,
            phase_words.NAMES[phase],
            phase_words.happens(category, phase),
            tuple(needs) if phase is Phase.AUTOMATIC else (),
        )
        for phase in Phase
        if phase is not Phase.AUTOMATIC or category in ANSWERABLE
    )
