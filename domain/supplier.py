"""Suppliers: who they are, whom to write to for what, and how their mail is known by its sender."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from domain.errors import BadInput
from domain.free_mail import is_free_mail
from domain.message import Address

_ADDRESS = re.compile(r"[^\s@<>,;\"()\[\]\\]{1,64}@(?P<domain>[^\s@<>,;\"()\[\]\\]{3,190})")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}")
# Under these a registry gives out domains, as under `.com`: nobody's own. The usual ones, of the public suffix list.
_SHARED = re.compile(r"(?:ac|co|com|edu|gob|gov|gouv|ltd|me|net|nom|or|org|plc|sch)\.[a-z]{2}")
LONGEST_NAME = 200


class Purpose(StrEnum):
    """What a supplier is written to about. `GENERAL` stands in where there is no contact for a purpose."""

    GENERAL = "general"
    RETURNS = "returns"
    TRACKING = "tracking"


@dataclass(frozen=True, slots=True)
class Supplier:
    """`contacts` are the addresses that we write to, `addresses` others that they write from. All in lower case.

    `language` is ISO 639-1: the one that reminders are written in.
    """

    name: str
    domains: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    contacts: Mapping[Purpose, str] = field(default_factory=dict)
    language: str = "en"
    id: UUID | None = None

    def contact_for(self, purpose: Purpose) -> str:
        """Where to write about this, or an empty string where no address is known."""
        return self.contacts.get(purpose) or self.contacts.get(Purpose.GENERAL) or ""

    @property
    def every_address(self) -> frozenset[str]:
        return frozenset((*self.addresses, *self.contacts.values()))


@dataclass(frozen=True, slots=True)
class Directory:
    """A tenant's suppliers, and how a mail's sender is found among them. Display names count for nothing."""

    suppliers: tuple[Supplier, ...] = ()

    def of(self, sender: Address | None) -> Supplier | None:
        """By exact address first, then by domain; None where nobody, or where two claim the same."""
        if sender is None:
            return None
        exact = [one for one in self.suppliers if sender.mailbox in map(_mailbox, one.every_address)]
        found = exact or [one for one in self.suppliers if _is_of(sender.domain, one.domains)]
        return found[0] if len(found) == 1 else None

    def knows(self, address: str) -> bool:
        """Whether any supplier may read what is sent to this address: the wall looks at both sides of it."""
        asked = Address(address.strip().lower())
        return any(
            asked.mailbox in map(_mailbox, one.every_address) or _is_of(asked.domain, one.domains)
            for one in self.suppliers
        )


def checked_supplier(supplier: Supplier, own_addresses: Sequence[str] = ()) -> Supplier:
    """The supplier in the form that is kept. Raises BadInput with one sentence that says what to correct."""
    name = " ".join(supplier.name.split())
    if not name or len(name) > LONGEST_NAME:
        raise BadInput("name", f"A supplier needs a name of at most {LONGEST_NAME} characters.")
    own = {address.lower() for address in own_addresses}
    kept = Supplier(
        name=name,
        domains=tuple(dict.fromkeys(_domain(one, own) for one in supplier.domains if one.strip())),
        addresses=tuple(dict.fromkeys(_address(one, own) for one in supplier.addresses if one.strip())),
        contacts={purpose: _address(one, own) for purpose, one in supplier.contacts.items() if one.strip()},
        language=supplier.language.strip().lower() or "en",
        id=supplier.id,
    )
    if not re.fullmatch(r"[a-z]{2}", kept.language):
        raise BadInput("language", f"{supplier.language!r} is no language code of two letters, such as en or de.")
    if not (kept.domains or kept.every_address):
        raise BadInput("contacts", "A supplier needs a domain or an address: nothing else says that a mail is theirs.")
    return kept


def mail_address(text: str) -> str:
    """One address in the form that is kept. Raises BadInput."""
    address = text.strip().lower()
    match = _ADDRESS.fullmatch(address)
    if match is None or not _DOMAIN.fullmatch(_ascii(match["domain"])):
        raise BadInput("address", f"{text.strip()[:100]!r} is no mail address.")
    return address


def _address(text: str, own: set[str]) -> str:
    address = mail_address(text)
    if Address(address).reaches in {Address(one).reaches for one in own}:
        raise BadInput("address", f"{address} is a mailbox of this workspace, not a supplier's.")
    return address


def _domain(text: str, own: set[str]) -> str:
    domain = _ascii(text.strip().lower().removeprefix("@").strip("."))
    if not _DOMAIN.fullmatch(domain):
        raise BadInput("domain", f"{text.strip()[:100]!r} is no domain, such as supplier.example.")
    if is_free_mail(domain):
        raise BadInput("domain", f"Anybody can have an address at {domain}: enter the supplier's addresses instead.")
    if _SHARED.fullmatch(domain):
        raise BadInput("domain", f"{domain} is shared by many companies: enter the supplier's whole domain.")
    if any(_is_of(address.rpartition("@")[2], (domain,)) for address in own):
        raise BadInput("domain", f"{domain} is this workspace's own: enter the supplier's addresses instead.")
    return domain


def _ascii(domain: str) -> str:
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


def _mailbox(address: str) -> str:
    return Address(address).mailbox


def _is_of(domain: str, domains: Sequence[str]) -> bool:
    """`mail.supplier.example` is theirs where `supplier.example` is; a free mail service's never is."""
    asked = _ascii(domain.lower())
    return not is_free_mail(asked) and any(asked == one or asked.endswith(f".{one}") for one in domains)
