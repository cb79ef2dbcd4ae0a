"""Ask the shop what became of each act, and say where it says another thing than we do. It repeats nothing."""

from collections.abc import Iterator
from datetime import datetime
from typing import assert_never
from uuid import UUID

from bootstrap import Services
from domain.delivery import ActState, Shop, ShopDone
from domain.errors import MailwrightError, NotDone
from storage import refund_export
from storage.refund_export import Asked

MOVED = "It was asked at another address than today's: look there."


def differences(services: Services, tenant: UUID, since: datetime) -> Iterator[tuple[Asked, str]]:
    """Each act since then that the shop may have been asked for, with what is different in words, or nothing."""
    shop = services.shop(tenant)
    after = refund_export.FIRST
    while True:
        with services.database.transaction(tenant) as db:
            page = refund_export.asked(db, tenant, since=since, after=after)
        for act in page:
            yield act, difference(act, shop.port) if act.sent_to == shop.address else MOVED
        if len(page) < refund_export.PAGE:
            return
        after = page[-1].key


def difference(act: Asked, shop: Shop) -> str:
    """Why both sides do not agree, in words; empty where they do."""
    refusal = ""
    try:
        found = shop.look(act.key)
    except NotDone as error:
        found, refusal = None, f"The shop refused it: {error.reason}"
    except MailwrightError as error:
        return f"The shop does not tell: {error}"
    not_done = refusal or "The shop never took it."
    match act.state:
        case ActState.DONE:
            return _of_done(act, found, not_done)
        case ActState.REFUSED | ActState.CANCELLED | ActState.HELD | ActState.PENDING:
            return f"It is given up here, and the shop did it as {found.reference!r}." if found else ""
        case ActState.NEEDS_PERSON:
            done = f"It waits for a person here; the shop did it as {found.reference!r}." if found else ""
            return done or f"It waits for a person here. {not_done}"
        case ActState.SENDING | ActState.UNCERTAIN:
            # A worker looks at it.
            return ""
        case _:
            assert_never(act.state)


def _of_done(act: Asked, found: ShopDone | None, not_done: str) -> str:
    if found is None:
        return f"It is booked as done here. {not_done}"
    if found.reference != act.reference:
        return f"It is booked as {act.reference!r} here, and the shop calls it {found.reference!r}."
    return ""
