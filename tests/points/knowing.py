"""What scenarios with documents share: services that answer from them, and the documents."""

from domain.category import Category
from storage import documents, reclassify
from storage.documents import StoredDocument
from tests.points.people import decision_on
from tests.points.world import DoomedServices, World
from tests.support.indexed_worker import IndexedServices

RETURNS = b"# Returns\n\nYou can return a lamp within thirty days.\n\n## Costs\nReturning it is free."
DELIVERY = b'---\nquestions: ["How long does a parcel take?"]\n---\n# Delivery\n\nA parcel takes three days.'
UNREADABLE = StoredDocument("unread.md", "v", "---\nvisibility: intern\n---\nText")


class DoomedIndexed(DoomedServices, IndexedServices):
    """It answers from the documents that were indexed, with an index on the disk."""


def store(world: World, path: str, content: bytes) -> None:
    stored = world.services.read_document(path, content)
    with world.services.database.transaction(world.shop.tenant) as db:
        documents.put(db, world.shop.tenant, stored)


def documents_come(world: World) -> None:
    """One of them cannot be read, and is left out."""
    store(world, "en/returns.md", RETURNS)
    store(world, "en/delivery.md", DELIVERY)
    with world.services.database.transaction(world.shop.tenant) as db:
        documents.put(db, world.shop.tenant, UNREADABLE)
    world.shop.settle()


def a_question_is_answered_from_them(world: World) -> None:
    world.shop.write("question: can I return a lamp within thirty days?", "Lamp")
    world.shop.sync_and_settle()


def a_mail_is_held(world: World) -> None:
    world.shop.write("other: hello", "Hello")
    world.shop.sync_and_settle()


def say(world: World, subject: str = "Hello") -> None:
    """A member says that the mail is about a refund, and that it shall be learned."""
    decision = decision_on(world, subject)
    with world.services.database.transaction(world.shop.tenant) as db:
        reclassify.correct(
            db, world.shop.tenant, decision, member=world.shop.workspace.owner, category=Category.REFUND,
            sub_intent="return", learn=True,
        )  # fmt: skip
