"""What a conversation's page shows of suppliers: what they were asked, what waits for its ticket, and the form."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from domain.message import Address
from domain.supplier import Directory, Purpose, Supplier
from storage import requests_shown, suppliers, ticket_release, walls
from storage.requests_shown import Asked, Ground
from storage.thread import Conversation, Shown
from storage.ticket_release import HeldWords
from web.session import may, member, services

PURPOSES = {
    Purpose.GENERAL: "a general question",
    Purpose.RETURNS: "a return",
    Purpose.TRACKING: "where a delivery is",
}


@dataclass(frozen=True, slots=True)
class Asking:
    """What stands in the form. `prepared` is the supplier and the purpose that the text was written for, empty before
    there is one; `problem` what is wrong with `field`, `wall` what of a customer's the supplier would learn.
    """

    supplier: UUID | None = None
    purpose: Purpose = Purpose.GENERAL
    purchase_order: str = ""
    order_number: str = ""
    subject: str = ""
    text: str = ""
    by_ticket: bool = False
    prepared: str = ""
    problem: str = ""
    field: str = ""
    wall: str = ""

    @property
    def chosen(self) -> str:
        return f"{self.supplier}/{self.purpose}"


@dataclass(frozen=True, slots=True)
class Held:
    """Words that wait for a person before they go onto a ticket, with what the wall says of them now."""

    words: HeldWords
    wall: str


@dataclass(frozen=True, slots=True)
class SupplierBlock:
    """`known` are the suppliers that can be asked; `asking` is None where nobody can be, `is_open` whether the form is
    to be seen at once. `has_ticket`: it can go by the order's ticket, too.
    """

    asked: Sequence[Asked] = ()
    held: Sequence[Held] = ()
    known: Sequence[Supplier] = ()
    asking: Asking | None = None
    is_open: bool = False
    has_ticket: bool = False
    purposes: dict[Purpose, str] = field(default_factory=lambda: PURPOSES)

    @property
    def chosen(self) -> Supplier | None:
        return next((one for one in self.known if self.asking and one.id == self.asking.supplier), None)

    @property
    def address(self) -> str:
        """Where it would go."""
        return self.chosen.contact_for(self.asking.purpose) if self.chosen and self.asking else ""


def asking_view(found: Conversation, now: Shown | None, asking: Asking | None) -> dict[str, SupplierBlock]:
    """For the template; `asking` is what a person typed and what was not asked yet."""
    tenant = member().tenant
    with services().database.transaction(tenant) as db:
        asked = requests_shown.of_conversation(db, tenant, found.id)
        held = [
            Held(one, walls.objection_to_words(db, tenant, one.id))
            for one in ticket_release.of_conversation(db, tenant, found.id)
        ]
        directory = suppliers.directory(db, tenant)
        ground = requests_shown.ground(db, tenant, found.id)
        if not directory.suppliers or ground is None or not may("answer"):
            return {"suppliers": SupplierBlock(asked, held)}
        is_open = asking is not None
        if asking is None:
            asking = _first(found, now, directory, ground)
            before = requests_shown.asked_before(db, tenant, _purchases(now), (asking.order_number,))
            asking = replace(asking, supplier=asking.supplier or before)
        ticket = requests_shown.ticket_of(db, tenant, asking.order_number) if asking.order_number else None
    return {
        "suppliers": SupplierBlock(asked, held, directory.suppliers, asking, is_open, has_ticket=ticket is not None)
    }


def _first(found: Conversation, now: Shown | None, directory: Directory, ground: Ground) -> Asking:
    """The form as far as the conversation says what stands in it."""
    of = directory.of(Address(found.customer_address))
    alone = directory.suppliers[0] if len(directory.suppliers) == 1 else None
    read = now.understanding if now else None
    orders = read.order_numbers if read else ()
    supplier = of or alone
    return Asking(
        supplier=supplier.id if supplier else None,
        purchase_order=next(iter(_purchases(now)), ""),
        order_number=ground.order_number or next(iter(orders), ""),
    )


def _purchases(now: Shown | None) -> tuple[str, ...]:
    return now.understanding.purchase_orders if now and now.understanding else ()
