"""Know the people who have an account at the sandbox Google."""

import hashlib
from dataclasses import dataclass

ROLES = ("shop", "customer", "supplier")


@dataclass(frozen=True, slots=True)
class Account:
    """One person; `sub` is Google's stable account number, derived from the address so that a fresh start keeps it."""

    email: str
    name: str
    role: str = "customer"

    @property
    def sub(self) -> str:
        return f"1{int.from_bytes(hashlib.sha256(self.email.encode()).digest()[:8], 'big'):020d}"


def new_account(email: str, name: str = "", role: str = "customer") -> Account:
    """A checked account; raises ValueError with one clear sentence."""
    address = email.strip().lower()
    local, _, domain = address.partition("@")
    if not local or not domain or any(char in address for char in ' <>,;:"\r\n/\\'):
        raise ValueError(f"{email!r} is no plain e-mail address")
    if role not in ROLES:
        raise ValueError(f"unknown role {role!r} of {address}; known are: {', '.join(ROLES)}")
    return Account(address, name or local, role)
