"""What the address bar asks of the queue, and back: a filter is an address, so that it can be shared and kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from domain.category import Category
from storage.queue import Filter, State
from web.fields import line
from web.words import KINDS, LANGUAGES

ME, NOBODY = "me", "nobody"
NAMES = ("state", "category", "kind", "language", "mailbox", "assignee", "q")


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for in the words of the address, each known to be one that exists; nonsense is as good as none.

    "me" stays "me": whoever follows the address sees their own.
    """

    state: str = ""
    category: str = ""
    kind: str = ""
    language: str = ""
    mailbox: str = ""
    assignee: str = ""
    q: str = ""

    def without(self, **changed: str | None) -> dict[str, Any]:
        """The fields for an address in which these are changed; what asks nothing is left out of it."""
        return {name: changed.get(name, getattr(self, name)) or None for name in NAMES}

    @property
    def address(self) -> str:
        """What stands behind the question mark."""
        return urlencode({name: value for name, value in self.without().items() if value})

    @property
    def narrows(self) -> bool:
        """Whether it shows less than all that waits."""
        return bool(self.address)

    def filter(self, me: UUID) -> Filter:
        return Filter(
            category=self.category,
            kind=self.kind,
            language=self.language,
            mailbox=UUID(self.mailbox) if self.mailbox else None,
            assignee=str(me) if self.assignee == ME else self.assignee,
            state=State(self.state or State.WAITING),
            words=self.q,
        )


def asked(fields: Mapping[str, str]) -> Asked:
    """From the address bar, or from what was kept of one."""
    given = {name: fields.get(name, "") for name in NAMES}
    known = {
        "state": given["state"] in {State.SNOOZED, State.DONE},
        "category": given["category"] in set(Category),
        "kind": given["kind"] in KINDS,
        "language": given["language"] in LANGUAGES,
        "mailbox": _is_id(given["mailbox"]),
        "assignee": given["assignee"] in {ME, NOBODY} or _is_id(given["assignee"]),
    }
    return Asked(**{name: given[name] for name, fits in known.items() if fits}, q=line(given["q"]))


def asked_by(address: str) -> Asked:
    """From what stands behind the question mark of an address."""
    return asked(dict(parse_qsl(address)))


def _is_id(value: str) -> bool:
    try:
        return str(UUID(value)) == value
    except ValueError:
        return False
