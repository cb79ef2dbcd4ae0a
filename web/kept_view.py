"""What of a reply was typed and not sent, as the conversation's page shows it: kept, overtaken, or left behind."""

from dataclasses import dataclass
from uuid import UUID

from flask import request

from domain.errors import TryAgain
from storage import claims, kept_replies, presence, walls
from storage.kept_replies import LONGEST_WRITER, Kept, Seen
from web.differences import Line, differences
from web.fields import line
from web.session import member, services

# Versions are Postgres bigints.
_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Unsettled:
    """Two texts for one decision: `mine` is not kept, `theirs` is, and nothing happens until their reader chooses.

    `changed` leads from theirs to mine. `claim_reason` and `wall_reason` are what was typed beside mine. `is_draft`:
    nobody typed mine, it is the machine's draft that a person takes.
    """

    decision: UUID
    mine: str
    theirs: Kept
    changed: tuple[Line, ...]
    claim_reason: str = ""
    wall_reason: str = ""
    is_draft: bool = False


def seen_in_form() -> Seen:
    """Which version the page that was sent shows; a form that says none has seen none."""
    return _seen(request.form.get("version", 0, type=int))


def seen_if_said() -> Seen | None:
    """As above; None where the form says nothing of versions, because it takes no text."""
    return seen_in_form() if "version" in request.form else None


def _seen(version: int) -> Seen:
    return Seen(version if 0 <= version <= _LARGEST else 0, line(request.form.get("writer", ""))[:LONGEST_WRITER])


def unsettled(mine: str, theirs: Kept) -> Unsettled:
    why = line(request.form.get("claim_reason", ""), claims.LONGEST_REASON)
    over = line(request.form.get("wall_reason", ""), walls.LONGEST_REASON)
    return Unsettled(theirs.decision, mine, theirs, differences(theirs.text, mine), why, over)


def beside_draft(draft: str, kept: Kept | None) -> Unsettled | None:
    """A draft that is taken beside what was kept for the same reply; None where there is nothing to choose."""
    if kept is None or kept.text == draft:
        return None
    return Unsettled(kept.decision, draft, kept, differences(kept.text, draft), is_draft=True)


def whose(theirs: Kept) -> str:
    """Who kept something else, as a sentence."""
    if theirs.member == member().id:
        return "You kept another text meanwhile, in another window."
    return f"{theirs.by} kept another text meanwhile."


def keep(decision: UUID, text: str, seen: Seen) -> int:
    """Keep what a member typed, in a transaction of its own; its version. Raises as `kept_replies.keep` does."""
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        return kept_replies.keep(db, tenant, decision, text, member=member().id, seen=seen)


def kept_view(conversation: UUID) -> dict[str, object]:
    """What the templates need beside the texts that are kept: those of decisions made anew, and who else is there."""
    tenant, me = member().tenant, member().id
    with services().database.transaction(tenant) as db:
        left_behind = kept_replies.left_behind(db, tenant, conversation)
        colleagues = presence.others(db, tenant, conversation, me)
    return {"left_behind": left_behind, "colleagues": colleagues}


def note_presence(conversation: UUID, *, writing: bool = False) -> None:
    """A notice to colleagues: the page goes on without it where the database is slow or busy."""
    tenant, me = member().tenant, member().id
    try:
        with services().database.transaction(tenant) as db:
            presence.note(db, tenant, conversation, me, writing=writing)
    except TryAgain:
        return
