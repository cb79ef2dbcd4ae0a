"""Mail addresses of people, as somebody typed them."""

from domain.errors import BadInput
from web.fields import line


def mail_address(typed: str) -> str:
    """The address in small letters. Raises BadInput where it cannot be one; whether it works shows when it is used."""
    found = line(typed).lower()
    name, _, domain = found.rpartition("@")
    if not name or "@" in name or "." not in domain.strip(".") or " " in found:
        raise BadInput("email", "This is no mail address: it reads name@company.example.")
    return found
