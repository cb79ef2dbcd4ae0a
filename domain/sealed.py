"""A secret that only the vault can open."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, repr=False)
class Sealed:
    """Encrypted bytes as they lie in the database; showing one shows nothing, not even its length."""

    value: bytes

    def __repr__(self) -> str:
        return "Sealed(...)"
