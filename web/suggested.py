"""Which drafts of a conversation are suggestions only, and which of them a person has taken as their reply."""

from collections.abc import Mapping, Sequence
from typing import TypedDict
from uuid import UUID

from flask import request

from domain.category import Category
from domain.phase import Phase
from storage.thread import Shown


class Suggested(TypedDict):
    """`in_shadow` are the decisions whose kind of mail is in shadow at this moment; `only_suggested` those of them
    whose draft is not loaded into the editor. `take` in the address names the one to load, which is `taken` then; "yes"
    is the mail at hand.
    """

    in_shadow: list[UUID]
    only_suggested: list[UUID]
    taken: UUID | None


def suggested_view(waiting: Sequence[Shown], phases: Mapping[Category, Phase]) -> Suggested:
    """What of the mails that wait is a suggestion, and what was taken, for the page."""
    in_shadow = [
        one.decision
        for one in waiting
        if one.decision is not None and one.handled_as in set(Category)
        if phases[Category(one.handled_as)] is Phase.SHADOW
    ]
    taken = next((one for one in in_shadow if one == _taken(waiting)), None)
    return {"in_shadow": in_shadow, "only_suggested": [one for one in in_shadow if one != taken], "taken": taken}


def _taken(waiting: Sequence[Shown]) -> UUID | None:
    word = request.args.get("take", "")
    if word == "yes":
        return next((one.decision for one in waiting), None)
    try:
        return UUID(word)
    except ValueError:
        return None
