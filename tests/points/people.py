"""What a person does at the desk with the reply to one mail."""

from collections.abc import Callable
from uuid import UUID

from storage import desk, gmail_drafts, undo
from storage.references import new_reference
from tests.points.world import World


def decision_on(world: World, subject: str) -> UUID:
    asked = (
        "SELECT d.id FROM decision d JOIN message m ON m.id = d.message_id"
        " WHERE m.subject = %s AND d.is_current ORDER BY d.created_at DESC LIMIT 1"
    )
    found: UUID = world.shop.one(asked, subject)
    return found


def release(world: World, subject: str, words: str = "We do.") -> bool:
    """False where somebody else settled it before."""
    return _written(desk.send, world, subject, words)


def take_back(world: World, subject: str) -> bool:
    """False where it is too late."""
    decision = decision_on(world, subject)
    with world.services.database.transaction(world.shop.tenant) as db:
        return undo.take_back(db, world.shop.tenant, decision, member=world.shop.workspace.owner)


def take_to_gmail(world: World, subject: str, words: str = "Dear Anna, I look into it.") -> bool:
    """The owner finishes it there. False where somebody else settled it before."""
    return _written(gmail_drafts.save, world, subject, words)


def _written(save: Callable[..., bool], world: World, subject: str, words: str) -> bool:
    decision = decision_on(world, subject)
    with world.services.database.transaction(world.shop.tenant) as db:
        return save(
            db, world.shop.tenant, decision, member=world.shop.workspace.owner, text_to_send=words,
            reference=new_reference(),
        )  # fmt: skip
